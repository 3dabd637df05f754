//! The article's own file, which has no look-up: what is not known to be gone is named.

use standin::sandbox::{Moment, Observed, Sandbox, ServiceSpec};

use super::stage::{Phase, Stage, assert_cleaned, errors, run};
use crate::runner::console::Level;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{JobResult, Outcome, Step};

/// Kills setup at one moment of its create and lets post clean up.
fn killed_at(moment: Moment, action: Step) -> (Stage, JobResult) {
    let trigger = Trigger::new(Interruption::Kill);
    let watch = {
        let trigger = trigger.clone();
        move |phase, observed: &Observed| {
            if phase == Phase::Main && observed.method == "POST" && observed.moment == moment {
                trigger.fire();
            }
        }
    };
    let mut users = ServiceSpec::new("users").basic("qa", "pw");
    users.humans = vec!["alice".to_owned()];
    let stage = Stage::new(Sandbox::builder().service(users), watch);
    let url = stage.services.url("users");
    stage.configure(&format!(
        "{{\"services\": [{{\"name\": \"users\", \"endpoint\": \"{url}\", \"username\": \"qa\", \"password\": \"pw\"}}]}}"
    ));
    let result = run(&stage, Stage::job_of(action), &[&trigger]);
    assert_eq!(result.step("accounts").exit_code, Some(137));
    (stage, result)
}

/// The one leftover is named, with its user name and what to do.
fn assert_named(stage: &Stage, result: &JobResult, level: Level) {
    let journal = stage.journal();
    let username = journal.usernames()[0];
    let post = result.post("accounts");
    let of_level = post.annotations.iter().filter(|annotation| annotation.level == level);
    let naming: Vec<&str> = of_level
        .map(|annotation| annotation.message.as_str())
        .filter(|message| message.contains(username))
        .collect();
    assert_eq!(naming.len(), 1, "{}", post.log);
    assert!(
        naming[0].starts_with("users/test_user may still exist"),
        "{}",
        naming[0]
    );
    assert!(post.log.contains("1 left"), "{}", post.log);
    assert!(!journal.is_settled());
    assert_eq!(stage.services.books("users").unwrap().humans().count(), 1);
}

#[test]
fn without_a_look_up_a_create_in_flight_is_the_one_leftover_named_by_its_user_name() {
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        let (stage, result) = killed_at(moment, Step::action());
        assert_eq!(result.post("accounts").exit_code, Some(1), "{moment:?}");
        assert_named(&stage, &result, Level::Error);
        assert_eq!(stage.created_ever(), 1);
    }
}

#[test]
fn a_leftover_that_is_only_to_be_warned_of_is_named_all_the_same() {
    let (stage, result) = killed_at(Moment::AfterApply, Step::action().with("on-leftover", "warn"));
    let post = result.post("accounts");
    assert_eq!(
        (post.outcome, post.exit_code),
        (Outcome::Success, Some(0)),
        "{}",
        post.log
    );
    assert_named(&stage, &result, Level::Warning);
    assert!(errors(post).is_empty(), "{}", post.log);
}

#[test]
fn once_the_answer_was_written_down_the_same_file_leaves_nothing() {
    let trigger = Trigger::new(Interruption::Kill);
    let watch = {
        let trigger = trigger.clone();
        move |phase, observed: &Observed| {
            if phase == Phase::Main && observed.method == "GET" {
                trigger.fire();
            }
        }
    };
    let stage = Stage::new(
        Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "pw")),
        watch,
    );
    let url = stage.services.url("users");
    stage.configure(&format!(
        "{{\"services\": [{{\"name\": \"users\", \"endpoint\": \"{url}\", \"username\": \"qa\", \"password\": \"pw\"}}]}}"
    ));
    let result = run(&stage, Stage::job(), &[&trigger]);
    assert_eq!(result.step("accounts").exit_code, Some(137));
    assert_cleaned(&result, "killed while it reads the account back");
    assert_eq!(stage.services.books("users").unwrap().left().count(), 0);
}
