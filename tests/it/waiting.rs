//! Services that are still starting when the job needs them are waited for, with a word, and not for ever.

use std::time::Duration;

use standin::sandbox::{Sandbox, SandboxBuilder, ServiceSpec};

use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step, StepResult};
use crate::services::{errors, put, start, summary};

/// A job with one service, which has a `ready` request or not, and what became of its setup and its books.
fn setup(builder: SandboxBuilder, ready: &str, wait: &str) -> (StepResult, Outcome, u64, usize) {
    let sandbox = start(builder);
    let runner = Runner::new();
    let config = format!("services: [{{ name: users, url: '{}'{ready} }}]", sandbox.url("users"));
    put(&runner, "standin.yml", &config);
    let step = Step::action().id("accounts").with("wait", wait);
    let mut result = Job::new().step(step).run(&runner);
    let books = sandbox.books("users").unwrap();
    let post = result.post("accounts").outcome;
    (result.steps.remove(0), post, books.created_ever, books.left().count())
}

fn users() -> ServiceSpec {
    ServiceSpec::new("users")
}

#[test]
fn a_service_that_refuses_connections_at_first_is_waited_for_with_a_word() {
    let starting = Sandbox::builder()
        .service(users())
        .refuse_for(Duration::from_millis(1500));
    let (main, post, made, left) = setup(starting, "", "30s");
    assert_eq!(main.exit_code, Some(0), "{}", main.log);
    assert!(main.log.contains("users: waiting for it to answer, "), "{}", main.log);
    assert!(main.log.contains("refused"), "{}", main.log);
    assert!(main.log.contains("users: answers after "), "{}", main.log);
    assert_eq!((post, made, left), (Outcome::Success, 1, 0));
}

#[test]
fn a_service_whose_ready_request_says_unavailable_is_waited_for_with_a_word() {
    for code in [502, 503, 504] {
        let starting = Sandbox::builder()
            .service(users())
            .fault(&format!("users GET health 1-3 status {code}"));
        let (main, post, made, left) = setup(starting, ", ready: { request: GET /health }", "30s");
        assert_eq!(main.exit_code, Some(0), "{}", main.log);
        assert!(main.log.contains("users: waiting for it to answer, "), "{}", main.log);
        assert!(main.log.contains(&format!(": {code}: ")), "{}", main.log);
        assert!(main.log.contains("users: answers after "), "{}", main.log);
        assert_eq!((post, made, left), (Outcome::Success, 1, 0));
    }
}

#[test]
fn a_service_that_is_there_at_once_is_not_worth_a_word() {
    let (main, _, _, _) = setup(
        Sandbox::builder().service(users()),
        ", ready: { request: GET /health }",
        "30s",
    );
    assert_eq!(main.exit_code, Some(0), "{}", main.log);
    assert!(
        !main.log.contains("waiting") && !main.log.contains("answers after"),
        "{}",
        main.log
    );
}

#[test]
fn a_wait_that_is_over_fails_with_what_was_waited_for() {
    let never = Duration::from_hours(1);
    let slow = ServiceSpec {
        ready_after: never,
        ..users()
    };
    let ready = ", ready: { request: GET /health }";
    let table = [
        (Sandbox::builder().service(users()).refuse_for(never), "", "refused"),
        (Sandbox::builder().service(users()).refuse_for(never), ready, "refused"),
        (Sandbox::builder().service(slow), ready, "503: "),
    ];
    for (builder, ready, reason) in table {
        let (main, post, made, left) = setup(builder, ready, "600ms");
        assert_eq!(main.exit_code, Some(1), "{}", main.log);
        let messages = errors(&main).join("\n");
        for part in ["users/test_user: it was not ready within 600ms: ", reason] {
            assert!(messages.contains(part), "{part}: {messages}");
        }
        assert!(main.log.contains("users: waiting for it to answer, "), "{}", main.log);
        assert!(main.log.contains("0 left"), "{}", main.log);
        assert!(
            summary(&main).contains("setup failed and left nothing"),
            "{}",
            summary(&main)
        );
        assert_eq!((post, made, left), (Outcome::Success, 0, 0));
    }
}

#[test]
fn a_ready_request_that_is_refused_is_not_waited_for() {
    let closed = Sandbox::builder()
        .service(users())
        .fault("users GET health * status 404");
    let (main, _, made, _) = setup(closed, ", ready: { request: GET /health }", "1h");
    assert_eq!((main.exit_code, made), (Some(1), 0), "{}", main.log);
    let messages = errors(&main).join("\n");
    assert!(
        messages.contains("ready") && messages.contains("answered with 404"),
        "{messages}"
    );
    assert!(!main.log.contains("waiting"), "{}", main.log);
}

#[test]
fn one_service_that_starts_late_holds_up_only_its_own_accounts() {
    let sandbox = start(
        Sandbox::builder()
            .service(users())
            .service(ServiceSpec::new("orders"))
            .fault("orders GET health 1-2 status 503"),
    );
    let runner = Runner::new();
    let config = format!(
        "services:
  - {{ name: orders, url: '{}', ready: {{ request: GET /health }} }}
  - {{ name: users, url: '{}' }}
accounts: [{{ name: alice, count: 3 }}]",
        sandbox.url("orders"),
        sandbox.url("users")
    );
    put(&runner, "standin.yml", &config);
    let result = Job::new().step(Step::action().id("accounts")).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{result:?}");
    let requests = sandbox.requests();
    let at = |service: &str, method: &str| {
        let found = requests
            .iter()
            .find(|seen| seen.service == service && seen.method == method);
        found.unwrap().n
    };
    let ready = requests
        .iter()
        .filter(|seen| seen.path == "/health")
        .map(|seen| seen.n)
        .max()
        .unwrap();
    assert!(
        at("users", "POST") < ready && ready < at("orders", "POST"),
        "{requests:?}"
    );
    assert_eq!(
        requests.iter().filter(|seen| seen.path == "/health").count(),
        3,
        "one wait for all three accounts"
    );
}
