//! What reaches a step that is cut short, and what runs after it.

use std::time::Duration;

use super::action;
use crate::runner::Runner;
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{Condition, Job, JobResult, Outcome, Step};
use crate::runner::pipe::pull_when_written;

/// A process that prints the signals that it gets and goes on.
const STUBBORN: &str =
    "for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, () => fs.writeSync(1, s + '\\n'));
    setInterval(() => {}, 1000);
    fs.writeFileSync(process.env.READY, 'x');";

/// Runs the stubborn action, a step that needs success and one that doesn't, and interrupts the action.
fn interrupted(interruption: Interruption) -> JobResult {
    let runner = Runner::new().at_pace(0.2);
    let trigger = Trigger::new(interruption);
    let pipe = pull_when_written(&runner, &trigger);
    let job = Job::new()
        .env("READY", &pipe)
        .step(Step::uses(&action(&runner, "stubborn", STUBBORN, "console.log('post')")).id("a"))
        .step(Step::script("echo success").id("success"))
        .step(
            Step::script("echo cancelled")
                .id("cancelled")
                .when(Condition::Cancelled),
        )
        .step(Step::script("echo always").id("always").when(Condition::Always))
        .interrupted_by(&trigger);
    job.run(&runner)
}

fn ran(result: &JobResult, id: &str) -> bool {
    result.step(id).outcome != Outcome::Skipped
}

#[test]
fn a_cancel_sends_interrupt_then_terminate_then_kill() {
    let result = interrupted(Interruption::Cancel);
    let step = result.step("a");
    assert_eq!((step.outcome, step.exit_code), (Outcome::Cancelled, Some(137)));
    assert_eq!(step.stdout, "SIGINT\nSIGTERM\n");
    assert_eq!(step.annotations[0].message, "The operation was canceled.");
    assert_eq!(
        ["success", "cancelled", "always"].map(|id| ran(&result, id)),
        [false, true, true]
    );
    assert_eq!(result.post("a").log, "Post job cleanup.\npost\n");
    assert_eq!(result.conclusion, Outcome::Cancelled);
}

#[test]
fn a_step_that_times_out_fails_and_the_job_goes_on() {
    let result = interrupted(Interruption::Timeout);
    assert_eq!(result.step("a").outcome, Outcome::Failure);
    assert_eq!(result.step("a").stdout, "SIGINT\nSIGTERM\n");
    assert_eq!(
        ["success", "cancelled", "always"].map(|id| ran(&result, id)),
        [false, false, true]
    );
    assert_eq!(result.post("a").log, "Post job cleanup.\npost\n");
    assert_eq!(result.conclusion, Outcome::Failure);
}

#[test]
fn nothing_runs_after_the_runner_was_shut_down() {
    let result = interrupted(Interruption::Shutdown);
    assert_eq!(result.step("a").stdout, "SIGINT\nSIGTERM\n");
    assert_eq!(
        ["success", "cancelled", "always"].map(|id| ran(&result, id)),
        [false, false, false]
    );
    assert_eq!(result.post("a").outcome, Outcome::Skipped);
    assert_eq!(result.conclusion, Outcome::Failure);
}

#[test]
fn a_kill_is_a_failure_of_the_step_alone() {
    let result = interrupted(Interruption::Kill);
    assert_eq!(
        (result.step("a").outcome, result.step("a").exit_code),
        (Outcome::Failure, Some(137))
    );
    assert_eq!(result.step("a").stdout, "");
    assert_eq!(result.post("a").log, "Post job cleanup.\npost\n");
    assert_eq!(result.conclusion, Outcome::Failure);
}

#[test]
fn what_is_left_of_the_posts_of_a_cancelled_job_ends_with_the_worker() {
    let runner = Runner::new().at_pace(0.02).ending_within(Duration::from_millis(1500));
    let trigger = Trigger::new(Interruption::Cancel);
    let pipe = pull_when_written(&runner, &trigger);
    let uses = |name, main, post| Step::uses(&action(&runner, name, main, post)).id(name);
    let save = "fs.appendFileSync(process.env.GITHUB_STATE, 'a=b\\n');";
    // It says that it has begun, and never ends; nobody takes what it saves.
    let endless = format!("{save} console.log('post'); setInterval(() => console.log('more'), 10);");
    let job = Job::new()
        .env("READY", &pipe)
        .step(uses("first", "", "console.log('post')"))
        .step(uses("second", "", &endless))
        .step(Step::script("echo x > $READY; sleep 600").id("s"))
        .output("done", "yes")
        .interrupted_by(&trigger);
    let result = job.run(&runner);
    assert_eq!(result.step("s").outcome, Outcome::Cancelled);
    let post = result.post("second");
    assert_eq!((post.outcome, post.exit_code), (Outcome::Cancelled, None));
    assert_eq!(post.state.get("a"), None);
    assert_eq!(result.post("first").outcome, Outcome::Skipped);
    assert_eq!(result.outputs.get("done"), None);
    // What it prints goes to a stream that nobody has open any more.
    let end = result.left_behind.expect("the post is still there").wait();
    assert_eq!(end, Some(1), "Node ends at EPIPE");
}

#[test]
fn a_step_that_runs_always_is_not_told_of_a_cancel() {
    let runner = Runner::new();
    let trigger = Trigger::new(Interruption::Cancel);
    let pipe = pull_when_written(&runner, &trigger);
    let script = "trap 'echo signal' INT TERM; echo x > $READY; read answer < $READY; echo done";
    let job = Job::new()
        .env("READY", &pipe)
        .step(Step::script(script).id("a").when(Condition::Always))
        .step(Step::script("echo later").id("later"))
        .interrupted_by(&trigger);
    let result = job.run(&runner);
    assert_eq!(
        (result.step("a").outcome, result.step("a").log.as_str()),
        (Outcome::Success, "done\n")
    );
}

#[test]
fn what_holds_the_streams_is_not_waited_for_and_ends_with_the_job() {
    let runner = Runner::new().at_pace(0.02);
    let result = Job::new()
        .step(Step::script("sleep 600 & echo done").id("s"))
        .step(Step::script("exit 0"))
        .run(&runner);
    assert_eq!(result.step("s").log, "done\n");
    assert_eq!(result.orphans, ["sleep 600"]);
    assert_eq!(result.conclusion, Outcome::Success);
}
