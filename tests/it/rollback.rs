//! A setup that fails takes back what it made, says which service failed it and how, and names what it could not take back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::runner::Runner;
use crate::runner::job::{Condition, Job, JobResult, Step};
use crate::services::{
    PASSWORD, article, errors, left, machine, made, outputs, put, read, setup, start, summary, three,
};

/// Setup has failed, said so, and left nothing, and post says that too.
fn failed_and_left_nothing(result: &JobResult, sandbox: &SandboxHandle, names: &[&str]) {
    let main = result.step("accounts");
    assert_eq!(main.exit_code, Some(1), "{}", main.log);
    assert_eq!(outputs(main)["ready"], "false");
    assert_eq!(outputs(main)["count"], "0");
    let message = errors(main).join("\n");
    for name in names {
        assert!(message.contains(name), "{name}: {message}");
    }
    assert!(main.log.contains(", 0 left in "), "{}", main.log);
    assert!(
        summary(main).contains("setup failed and left nothing"),
        "{}",
        summary(main)
    );
    assert_eq!(left(sandbox), [0; 3]);
    let post = result.post("accounts");
    assert_eq!(post.exit_code, Some(0), "{}", post.log);
    assert!(post.log.contains("nothing is left to delete"), "{}", post.log);
}

#[test]
fn a_service_that_refuses_makes_setup_take_back_what_it_made_and_say_who_refused() {
    let table = [
        ("orders POST * status 400", vec!["orders/test_user", "400"]),
        ("orders POST * status 403", vec!["orders/test_user", "403"]),
        ("orders POST * anonymous", vec!["orders/test_user", "401"]),
        ("billing POST * status 404", vec!["billing/test_user", "404"]),
        // No create of it went unanswered, and nothing shows accounts by their names: the no is believed.
        ("orders POST * refuse-duplicate", vec!["orders/test_user", "409"]),
    ];
    for (fault, names) in table {
        let sandbox = start(three(PASSWORD).fault(fault));
        let result = Job::new().step(setup()).run(&machine(&sandbox));
        failed_and_left_nothing(&result, &sandbox, &names);
    }
}

#[test]
fn an_account_that_nothing_may_read_is_named_with_its_id_in_setup_and_in_post() {
    let sandbox = start(three(PASSWORD).fault("users GET account * status 403"));
    let result = Job::new().step(setup()).run(&machine(&sandbox));
    let main = result.step("accounts");
    let state: Value = serde_json::from_str(outputs(main)["state"]).unwrap();
    let username = state["accounts"][0]["username"].as_str().unwrap();
    let books = sandbox.books("users").unwrap();
    // Whether it was deleted or not, nothing shows that it is gone.
    let known = books.left().map(|account| account.id.clone()).collect::<Vec<_>>();
    assert!(left(&sandbox)[1..] == [0, 0], "{}", main.log);
    for phase in [main, result.post("accounts")] {
        assert_eq!(phase.exit_code, Some(1), "{}", phase.log);
        let message = errors(phase).join("\n");
        let parts = ["users/test_user", username, "usr_", "nothing shows whether it is gone"];
        for part in parts.into_iter().chain(known.iter().map(String::as_str)) {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(phase.log.contains("1 left"), "{}", phase.log);
    }
    assert!(errors(main).join("\n").contains("403"), "{}", main.log);
}

#[test]
fn a_service_that_is_not_there_makes_setup_take_back_what_it_made() {
    let sandbox = start(three(PASSWORD));
    let dead = start(
        Sandbox::builder()
            .service(ServiceSpec::new("orders"))
            .refuse_for(Duration::from_hours(1)),
    );
    let runner = Runner::new();
    let config = article(&sandbox, PASSWORD).replace(&sandbox.url("orders"), &dead.url("orders"));
    put(&runner, "standin.json", &config);
    let result = Job::new().step(setup().with("wait", "300ms")).run(&runner);
    failed_and_left_nothing(
        &result,
        &sandbox,
        &["orders/test_user", "refused", "was not ready within 300ms"],
    );
}

#[test]
fn an_error_after_which_nobody_knows_is_a_leftover_that_setup_and_post_name_by_its_user_name() {
    let table = [
        ("orders POST * status-after 500", 1, "500"),
        ("orders POST * status 503", 0, "503"),
        ("orders POST * lost", 1, "unclear"),
    ];
    for (fault, there, reason) in table {
        let sandbox = start(three(PASSWORD).fault(fault));
        let result = Job::new().step(setup()).run(&machine(&sandbox));
        let main = result.step("accounts");
        let state: Value = serde_json::from_str(outputs(main)["state"]).unwrap();
        let username = state["accounts"][1]["username"].as_str().unwrap();
        assert_eq!(left(&sandbox), [0, there, 0], "{fault}");
        for phase in [main, result.post("accounts")] {
            assert_eq!(phase.exit_code, Some(1), "{fault}: {}", phase.log);
            let message = errors(phase).join("\n");
            for part in ["orders/test_user", username, "hint: add a `find` to `orders`"] {
                assert!(message.contains(part), "{fault}: {part}: {message}");
            }
            assert!(phase.log.contains("1 left"), "{fault}: {}", phase.log);
            let row = format!("| orders/test&#95;user | {username} |  |");
            assert!(summary(phase).contains(&row), "{fault}: {}", summary(phase));
        }
        assert!(errors(main).join("\n").contains(reason), "{fault}: {}", main.log);
    }
}

#[test]
fn a_failed_setup_may_keep_what_it_made_for_the_steps_that_look_for_the_fault() {
    let sandbox = start(three(PASSWORD).fault("orders POST * status 403"));
    let look = Step::script("cp '${{ steps.accounts.outputs.accounts-file }}' kept.json").when(Condition::Always);
    let runner = machine(&sandbox);
    let result = Job::new()
        .step(setup().with("on-failure", "keep"))
        .step(look)
        .run(&runner);
    let main = result.step("accounts");
    assert_eq!(main.exit_code, Some(1));
    let outputs = outputs(main);
    assert_eq!((outputs["ready"], outputs["count"]), ("false", "2"));
    assert_eq!(read(&runner, "kept.json"), outputs["accounts"]);
    let ids: BTreeMap<String, String> = serde_json::from_str(outputs["ids"]).unwrap();
    assert_eq!(ids.keys().collect::<Vec<_>>(), ["billing/test_user", "users/test_user"]);
    assert!(result.post("accounts").log.contains("2 deleted, 0 left"));
    assert_eq!((made(&sandbox), left(&sandbox)), ([1, 0, 1], [0; 3]));
}
