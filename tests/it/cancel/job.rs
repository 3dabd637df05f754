//! A cancelled job: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL, to main alone. Setup must be out before the SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use standin::sandbox::{Moment, Observed, SandboxBuilder, Unready};

use crate::kill::stage::{Phase, Stage, assert_cleaned, each, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::job::{JobResult, Outcome, Step};

/// One account after the other in one service: while a request waits, nothing else is under way.
fn one_by_one() -> Step {
    Step::action().with("only", "users").with("concurrency", "1")
}

/// A job that is cancelled once.
struct Cancelled {
    stage: Stage,
    result: JobResult,
    /// How many requests of main came after the signal.
    came_later: usize,
}

/// Cancels a job at a moment of a request of main.
fn cancelled(
    services: SandboxBuilder,
    action: Step,
    pace: f64,
    when: impl Fn(&Observed) -> bool + Send + Sync + 'static,
) -> Cancelled {
    let trigger = Trigger::new(Interruption::Cancel);
    let came_later = Arc::new(AtomicUsize::new(0));
    let watch = {
        let (trigger, came_later) = (trigger.clone(), Arc::clone(&came_later));
        move |phase, observed: &Observed| {
            if phase == Phase::Main && trigger.fired() && observed.moment == Moment::BeforeApply {
                came_later.fetch_add(1, Ordering::Relaxed);
            }
            if phase == Phase::Main && when(observed) {
                trigger.fire();
            }
        }
    };
    let stage = Stage::new(services, watch).at_pace(pace);
    let result = run(&stage, Stage::job_of(action), &[&trigger]);
    assert_eq!(result.step("accounts").outcome, Outcome::Cancelled);
    let came_later = came_later.load(Ordering::Relaxed);
    Cancelled {
        stage,
        result,
        came_later,
    }
}

impl Cancelled {
    fn assert_ends(&self, code: i32, when: &str) {
        let main = self.result.step("accounts");
        assert_eq!(main.exit_code, Some(code), "{when}: {}", main.log);
        assert!(!main.stderr.contains("panicked"), "{when}: {}", main.stderr);
        assert_eq!(self.came_later, 0, "{when}: {}", main.log);
        self.stage.kept().expect("a journal").assert_whole(when);
        assert_cleaned(&self.result, when);
        self.stage.assert_nothing_left(when);
        assert!(self.stage.journal().is_settled(), "{when}");
        assert!(self.result.orphans.is_empty(), "{when}: {:?}", self.result.orphans);
    }
}

#[test]
fn the_answer_in_flight_is_awaited_and_written_down_and_nothing_new_starts() {
    // POST, PUT and GET of two accounts, one after the other; of the first the id is read before the PUT, and it is looked up by
    // its name before it is read back. Then how many were created, and how many verified, when the last of these is answered.
    let requests = [
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 0),
        (4, 1, 0),
        (5, 1, 1),
        (6, 2, 1),
        (7, 2, 1),
        (8, 2, 2),
    ];
    each(&requests, |_, &(n, creates, reads)| {
        let when = format!("cancelled at request {n}");
        // So late that the signal has arrived when the answer does.
        let services = services().fault(&format!("users * {n} slow 600ms"));
        let cancelled = cancelled(services, one_by_one(), 1.0, |observed| {
            observed.fault.is_some() && observed.moment == Moment::AfterApply
        });
        cancelled.assert_ends(130, &when);
        let kept = cancelled.stage.kept().unwrap();
        let [intended, created, verified] = ["create_intended", "created", "verified"].map(|event| kept.count(event));
        assert_eq!((intended, created), (creates, creates), "{when}");
        assert_eq!(verified, reads, "{when}");
    });
}

#[test]
fn a_service_that_is_not_ready_is_waited_for_no_longer() {
    for unready in [Unready::Unavailable, Unready::Refuse] {
        let mut late = standin::sandbox::ServiceSpec::new("users");
        late.ready_after = std::time::Duration::from_hours(1);
        late.unready = unready;
        let services = standin::sandbox::Sandbox::builder().service(late);
        let second = nth(2);
        let trigger = Trigger::new(Interruption::Cancel);
        let watch = {
            let trigger = trigger.clone();
            move |_, observed: &Observed| {
                if second(observed.moment == Moment::Answered) {
                    trigger.fire();
                }
            }
        };
        let stage = Stage::new(services, watch);
        let url = stage.services.url("users");
        stage.configure(&format!(
            "services: [ {{ name: users, url: {url}, ready: {{ request: GET /health }} }} ]\n"
        ));
        let result = run(&stage, Stage::job(), &[&trigger]);
        let main = result.step("accounts");
        assert_eq!(main.exit_code, Some(130), "{}", main.log);
        assert_cleaned(&result, "cancelled while it waits");
        assert!(stage.services.requests().iter().all(|seen| seen.path == "/health"));
    }
}

#[test]
fn a_wait_that_the_service_asked_for_ends_with_the_signal() {
    let services = services().fault("users POST 1 retry-after 429 60s");
    let cancelled = cancelled(services, one_by_one(), 1.0, |observed| {
        observed.fault.is_some() && observed.moment == Moment::Answered
    });
    cancelled.assert_ends(130, "asked to wait");
    assert_eq!(cancelled.stage.created_ever(), 0);
}

#[test]
fn an_answer_that_never_comes_is_awaited_for_five_seconds_and_the_account_is_found_by_post() {
    let services = services().fault("users POST 1 slow 1h");
    // So long that the request itself does not end the wait.
    let action = one_by_one().with("timeout", "100s");
    let cancelled = cancelled(services, action, 1.0, |observed| {
        observed.fault.is_some() && observed.moment == Moment::AfterApply
    });
    cancelled.assert_ends(130, "no answer");
    assert_eq!(cancelled.stage.created_ever(), 1);
    assert!(cancelled.stage.kept().unwrap().has_open_intent());
}

#[test]
fn a_second_signal_ends_the_wait_for_an_answer_at_once() {
    let services = services().fault("users POST 1 slow 1h");
    let action = one_by_one().with("timeout", "100s");
    let cancelled = cancelled(services, action, 0.1, |observed| {
        observed.fault.is_some() && observed.moment == Moment::AfterApply
    });
    let main = cancelled.result.step("accounts");
    assert!(matches!(main.exit_code, Some(130 | 143)), "{:?}", main.exit_code);
    cancelled.assert_ends(main.exit_code.unwrap(), "two signals");
}

#[test]
fn a_cancelled_post_goes_on() {
    let trigger = Trigger::new(Interruption::Cancel);
    let watch = {
        let trigger = trigger.clone();
        move |phase, observed: &Observed| {
            if phase == Phase::Post && observed.method == "DELETE" {
                trigger.fire();
            }
        }
    };
    let stage = Stage::new(services(), watch).at_pace(0.01);
    let result = run(&stage, Stage::job(), &[&trigger]);
    assert!(trigger.fired());
    assert_eq!(result.step("accounts").outcome, Outcome::Success);
    assert_cleaned(&result, "cancelled in post");
    stage.assert_nothing_left("cancelled in post");
    assert_eq!(stage.created_ever(), 6);
}

#[test]
fn a_post_that_the_runner_has_given_up_goes_on_where_the_machine_does() {
    let trigger = Trigger::new(Interruption::WorkerKilled);
    let watch = {
        let trigger = trigger.clone();
        move |phase, observed: &Observed| {
            if phase == Phase::Post && observed.method == "DELETE" {
                trigger.fire();
            }
        }
    };
    // Many accounts, and so a line for each: what it prints must not end it.
    let stage = Stage::new(services(), watch);
    stage.configure_copies(10);
    let result = run(
        &stage,
        Stage::job_of(Step::action().with("verbose", "true")),
        &[&trigger],
    );
    let post = result.post("accounts");
    assert_eq!((post.outcome, post.exit_code), (Outcome::Cancelled, None));
    let code = result.left_behind.as_ref().expect("post is still there").wait();
    assert_eq!(code, Some(0), "{}", post.log);
    stage.assert_nothing_left("given up in post");
    assert_eq!(stage.created_ever(), 33);
    assert!(stage.journal().is_settled());
}

#[test]
fn in_a_job_container_post_stops_main_before_it_deletes() {
    let trigger = Trigger::new(Interruption::Cancel);
    let deleted = Arc::new(AtomicBool::new(false));
    let created_after_delete = Arc::new(AtomicBool::new(false));
    let watch = {
        let (trigger, second) = (trigger.clone(), nth(2));
        let (deleted, created_after_delete) = (Arc::clone(&deleted), Arc::clone(&created_after_delete));
        move |_, observed: &Observed| {
            let creates = observed.method == "POST" && observed.moment == Moment::AfterApply;
            if creates && deleted.load(Ordering::Relaxed) {
                created_after_delete.store(true, Ordering::Relaxed);
            }
            if observed.method == "DELETE" {
                deleted.store(true, Ordering::Relaxed);
            }
            if second(creates) {
                trigger.fire();
            }
        }
    };
    let services = services().delay(std::time::Duration::from_millis(200));
    let stage = Stage::new(services, watch).at_pace(0.001).in_container();
    stage.configure_copies(20);
    let result = run(&stage, Stage::job_of(one_by_one()), &[&trigger]);
    let main = result.step("accounts");
    assert_eq!(main.outcome, Outcome::Cancelled);
    // What the signals end is the process before the container, by the first of them that the system delivers.
    assert!(matches!(main.exit_code, Some(130 | 143)), "{:?}", main.exit_code);
    assert!(!main.log.contains("stopped by signal"), "{}", main.log);
    assert_cleaned(&result, "beside main");
    stage.assert_nothing_left("beside main");
    assert!(result.orphans.is_empty(), "{:?}", result.orphans);
    assert!(
        stage.created_ever() < 20,
        "main has gone on: {} were created",
        stage.created_ever()
    );
    assert!(deleted.load(Ordering::Relaxed) && !created_after_delete.load(Ordering::Relaxed));
    assert!(stage.journal().is_settled());
}
