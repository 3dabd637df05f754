//! What crosses the borders of a job on GitHub: a job that sets up, jobs that use, a job that cleans up; and what is too
//! much for outputs, variables and masks.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;

use serde_json::Value;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, finish};
use crate::runner::Runner;
use crate::runner::job::{Condition, Job, Outcome, Step};
use crate::services::{errors, outputs, put, start, summary};

const PASSWORD: &str = "sesame-open-9";

fn users() -> SandboxHandle {
    start(Sandbox::builder().service(ServiceSpec::new("users").basic("qa", PASSWORD)))
}

fn configuration(sandbox: &SandboxHandle, persona: &str) -> String {
    format!(
        "services:\n  - name: users\n    url: {}\n    auth: {{ basic: {{ username: qa, password: {PASSWORD} }} }}\n    \
         find: {{ request: \"GET /accounts?username={{{{ account.username }}}}\", items: body.items, id: item.id, name: item.username }}\n    \
         list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username }}\n\
         accounts: [{persona}]\n",
        sandbox.url("users")
    )
}

/// A machine of its own with the repository on it.
fn machine(sandbox: &SandboxHandle, persona: &str) -> Runner {
    let runner = Runner::new();
    put(&runner, "standin.yml", &configuration(sandbox, persona));
    runner
}

fn accounts(sandbox: &SandboxHandle) -> (u64, usize) {
    let books = sandbox.books("users").unwrap();
    (books.created_ever, books.left().count())
}

/// The job that sets up, with what later jobs are given.
fn setup_job() -> Job {
    let setup = Step::action().id("accounts").with("cleanup", "manual");
    Job::new()
        .step(setup)
        .output("state", "${{ steps.accounts.outputs.state }}")
        .output("ids", "${{ steps.accounts.outputs.ids }}")
}

#[test]
fn a_matrix_of_jobs_uses_what_one_job_made_and_another_deletes_it() {
    let sandbox = users();
    let persona = "{ name: buyer, count: 3 }";
    let made = setup_job().run(&machine(&sandbox, persona));
    assert_eq!(made.conclusion, Outcome::Success);
    assert_eq!(accounts(&sandbox), (3, 3));
    // Job outputs pass the runner's masks, and carry all that the other jobs need.
    let (state, ids) = (made.outputs.get("state").unwrap(), made.outputs.get("ids").unwrap());
    let ids: BTreeMap<String, String> = serde_json::from_str(ids).unwrap();
    assert_eq!(ids.len(), 3);

    // One of the tests fails; the job that cleans up runs always.
    for (worker, code) in [(1, 0), (2, 1), (3, 0)] {
        let id = &ids[&format!("users/buyer-{worker}")];
        let result = Job::new()
            .step(Step::script(&format!("test -n '{id}'; exit {code}")).id("test"))
            .run(&Runner::new());
        assert_eq!(result.conclusion == Outcome::Success, code == 0);
    }
    let delete = |runner: &Runner| {
        let step = Step::action()
            .id("delete")
            .with("mode", "cleanup")
            .with("state", state)
            .when(Condition::Always);
        Job::new().step(step).run(runner)
    };
    let result = delete(&machine(&sandbox, persona));
    let log = &result.step("delete").log;
    assert_eq!(result.conclusion, Outcome::Success, "{log}");
    assert!(log.contains("3 deleted, 0 left"), "{log}");
    assert_eq!(
        result.post("delete").log.trim(),
        "Post job cleanup.",
        "post does nothing after other modes"
    );
    assert_eq!(accounts(&sandbox), (3, 0));
    assert_eq!(
        delete(&machine(&sandbox, persona)).conclusion,
        Outcome::Success,
        "twice is harmless"
    );
}

#[test]
fn without_any_state_the_last_job_sweeps_what_the_run_has_made() {
    let sandbox = users();
    let persona = "{ name: buyer, count: 2 }";
    assert_eq!(
        setup_job().run(&machine(&sandbox, persona)).conclusion,
        Outcome::Success
    );
    let sweep = Step::action().id("sweep").with("mode", "sweep").with("run", "this");
    let result = Job::new().step(sweep).run(&machine(&sandbox, persona));
    assert_eq!(result.conclusion, Outcome::Success, "{}", result.step("sweep").log);
    assert_eq!(accounts(&sandbox), (2, 0));
}

#[test]
fn a_plan_in_a_workflow_asks_nobody_and_has_no_post() {
    let sandbox = users();
    let plan = Step::action().id("plan").with("mode", "plan");
    let result = Job::new().step(plan).run(&machine(&sandbox, "{ name: alice }"));
    let step = result.step("plan");
    assert_eq!(result.conclusion, Outcome::Success, "{}", step.log);
    assert!(step.stdout.contains("POST /accounts"), "{}", step.stdout);
    assert_eq!(result.post("plan").log.trim(), "Post job cleanup.");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_debug_run_says_more_without_being_asked() {
    let sandbox = users();
    for (debug, says_more) in [("", false), ("1", true)] {
        let setup = Step::action().id("accounts").env("RUNNER_DEBUG", debug);
        let result = Job::new().step(setup).run(&machine(&sandbox, "{ name: alice }"));
        let log = &result.step("accounts").stderr;
        assert_eq!(log.contains("::debug::"), says_more, "{log}");
    }
}

#[test]
fn the_summary_has_a_timeline_of_those_that_are_ready_and_those_that_failed() {
    let sandbox = start(
        Sandbox::builder()
            .service(ServiceSpec::new("users").basic("qa", PASSWORD))
            .fault("users POST 2 status 403"),
    );
    let runner = machine(&sandbox, "{ name: alice }, { name: eve }");
    let result = Job::new().step(Step::action().id("accounts")).run(&runner);
    let text = summary(result.step("accounts"));
    let (_, chart) = text.split_once("```mermaid\ngantt\n").unwrap();
    let (chart, _) = chart.split_once("```").unwrap();
    assert!(chart.contains("    users/alice :done, "), "{text}");
    assert!(chart.contains("    users/eve :crit, "), "{text}");
}

#[test]
fn what_is_too_much_for_outputs_variables_or_masks_is_in_the_files() {
    let sandbox = users();
    // Long addresses make as much of these as thousands of accounts would.
    let email = "x".repeat(900);
    let persona = format!("{{ name: buyer, count: 1100, email: \"{{{{ account.username }}}}-{email}@qa.test\" }}");
    let runner = machine(&sandbox, &persona);
    let result = Job::new()
        .step(Step::action().id("accounts").with("export-env", "true"))
        .step(Step::script("env | grep -c ^STANDIN_ || true").id("later"))
        .run(&runner);
    let main = result.step("accounts");
    assert_eq!(result.conclusion, Outcome::Success, "{:?}", errors(main));
    let outputs = outputs(main);
    let units: usize = outputs.values().map(|value| value.encode_utf16().count() * 2).sum();
    assert!(
        units < 1024 * 1024,
        "the outputs are {units} bytes as GitHub counts them"
    );
    assert_eq!(outputs["count"], "1100");
    assert!(!outputs.contains_key("accounts"));
    let file = |name: &str| -> Value { serde_json::from_str(&fs::read_to_string(outputs[name]).unwrap()).unwrap() };
    assert_eq!(file("accounts-file").as_array().unwrap().len(), 1100);
    for word in [
        "over what a job's outputs can carry",
        "with which no later step could start",
        "there are more than 1000 secrets",
    ] {
        assert!(main.log.contains(word), "nothing says: {word}");
    }
    // The next step could start, and has none of the variables.
    assert_eq!(result.step("later").stdout.trim(), "0");
    assert!(main.stderr.matches("::add-mask::").count() <= 1000);
    assert!(summary(main).len() < 1_000_000);
    assert_eq!(accounts(&sandbox), (1100, 0));
}

#[test]
fn files_of_the_runner_that_belong_to_another_user_are_explained_before_any_request() {
    let sandbox = users();
    let desk = Desk::new()
        .with("GITHUB_ACTIONS", "true")
        .configured(&configuration(&sandbox, "{ name: alice }"));
    let state = desk.root().join("state");
    fs::write(&state, "").unwrap();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    let desk = desk.with("GITHUB_STATE", state.to_str().unwrap());
    let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["action", "main"]);
    if rustix::process::geteuid().is_root() {
        // As in a container whose user is not the runner's.
        command.uid(12_345).gid(12_345);
        for folder in [desk.root().to_owned(), desk.work()] {
            fs::set_permissions(folder, mode(0o755)).unwrap();
        }
        fs::set_permissions(&state, mode(0o644)).unwrap();
    } else {
        fs::set_permissions(&state, mode(0o400)).unwrap();
    }
    let ended = finish(command.spawn().unwrap());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for word in [
        "no account was created: post could not be told what to clean up",
        "may not write the file that `GITHUB_STATE` names",
        "run the container as the runner's user or as root (`options: --user 0`)",
    ] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_value_that_no_variable_can_hold_is_left_out_or_ends_the_command_with_advice() {
    let sandbox = users();
    let email = "x".repeat(140_000);
    let persona = format!("{{ name: alice, email: \"{{{{ account.username }}}}-{email}@qa.test\" }}");
    let result = Job::new()
        .step(Step::action().id("accounts").with("export-env", "true"))
        .step(Step::script("env | grep ^STANDIN_USERS_ALICE_ | cut -d= -f1 | sort").id("later"))
        .run(&machine(&sandbox, &persona));
    let log = &result.step("accounts").log;
    assert_eq!(result.conclusion, Outcome::Success, "{log:.2000}");
    assert!(log.contains("`STANDIN_USERS_ALICE_EMAIL` would be longer than a variable can be"));
    let names = "STANDIN_USERS_ALICE_ID\nSTANDIN_USERS_ALICE_PASSWORD\nSTANDIN_USERS_ALICE_USERNAME\n";
    assert_eq!(result.step("later").stdout, names);

    let desk = Desk::new().configured(&configuration(&sandbox, &persona));
    let ended = desk.run(&["run", "--", "/bin/true"]);
    assert_eq!(ended.code, Some(126), "{:.2000}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("hint: the environment can't hold so many accounts")
    );
    assert_eq!(accounts(&sandbox), (2, 0));
}
