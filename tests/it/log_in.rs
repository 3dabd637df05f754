//! Services that are let into by a request of their own: it comes before everything else, and a refusal of it ends the matter.

use serde_json::json as value;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json};

/// What the log-in of the configuration is.
const LOG_IN: &str = "POST /log-in";

/// Three accounts in a service behind a log-in.
fn configuration(service: &Liar, more: &str) -> String {
    format!(
        "services:
  - name: users
    url: '{}'
    auth:
      login:
        request: {LOG_IN}
        json: {{ password: '{{{{ env.QA_PASSWORD }}}}' }}
        capture: {{ token: body.token }}
        use: {{ headers: {{ X-Token: '{{{{ capture.token }}}}' }} }}
{more}
accounts: [{{ name: buyer, count: 3 }}]
",
        service.url()
    )
}

/// A service that takes one password, and answers every other request only with the token that it gave for it.
fn service() -> Liar {
    Liar::start(|asked: &Asked| -> Reply {
        if asked.line() == LOG_IN {
            return if asked.body.contains("correct-horse") {
                json(200, &value!({ "token": "t-17-of-the-log-in" }))
            } else {
                answer(401, &[], b"")
            };
        }
        let has_token = asked
            .headers
            .iter()
            .any(|field| field.eq_ignore_ascii_case("x-token: t-17-of-the-log-in"));
        match (has_token, asked.method.as_str()) {
            (false, _) => answer(401, &[], b""),
            (true, "POST") => json(201, &value!({ "id": asked.username(), "username": asked.username() })),
            (true, "GET") => json(
                200,
                &value!({ "username": asked.target.trim_start_matches("/accounts/") }),
            ),
            (true, _) => answer(204, &[], b""),
        }
    })
}

fn log_ins(service: &Liar) -> usize {
    service.lines().iter().filter(|line| *line == LOG_IN).count()
}

#[test]
fn a_ready_request_carries_the_token_of_the_log_in() {
    let service = service();
    let config = configuration(&service, "    ready: { request: GET /health }");
    let desk = Desk::new().with("QA_PASSWORD", "correct-horse").configured(&config);
    let ended = desk.run(&["setup", "--wait", "2s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(service.lines()[..2], [LOG_IN, "GET /health"], "{:?}", service.lines());
    assert_eq!(log_ins(&service), 1, "{:?}", service.lines());
}

#[test]
fn a_log_in_that_is_refused_is_not_tried_again() {
    for more in ["", "    ready: { request: GET /health }"] {
        let service = service();
        let config = configuration(&service, more);
        let desk = Desk::new().with("QA_PASSWORD", "wrong").configured(&config);
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(service.lines(), [LOG_IN], "{}", ended.stderr);
        for part in [
            "/log-in` was answered with status 401 (the credentials were not accepted)",
            "hint: check the credentials of `users`",
            "nothing to delete, 0 left",
        ] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("again in"), "{}", ended.stderr);
    }
}

#[test]
fn a_log_in_that_is_refused_under_a_status_of_success_is_not_tried_again_either() {
    for (more, told) in [
        (
            "        expect: body.status == \"ok\"",
            "/log-in` was answered with status 200 (which is not what its `expect` takes)",
        ),
        ("", "the answer to the log-in has no `token`: `body.token` is undefined"),
    ] {
        let service = Liar::start(|_| json(200, &value!({ "status": "failed", "code": 40 })));
        let config = configuration(&service, more);
        let desk = Desk::new().with("QA_PASSWORD", "wrong").configured(&config);
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(service.lines(), [LOG_IN], "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        assert!(ended.stderr.contains("nothing to delete, 0 left"), "{}", ended.stderr);
    }
}

#[test]
fn a_cleanup_whose_log_in_is_refused_names_what_is_left_and_may_be_run_again() {
    let service = service();
    let config = configuration(&service, "");
    let desk = Desk::new().with("QA_PASSWORD", "correct-horse").configured(&config);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let desk = desk.with("QA_PASSWORD", "wrong");
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("0 deleted, 3 left"), "{}", ended.stderr);
    assert_eq!(log_ins(&service), 2, "{:?}", service.lines());
    let desk = desk.with("QA_PASSWORD", "correct-horse");
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("3 deleted, 0 left"), "{}", ended.stderr);
}

#[test]
fn a_password_that_is_dead_is_tried_once_and_not_for_each_account() {
    let lively = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let good = std::sync::Arc::clone(&lively);
    let service = Liar::start(move |asked| {
        let name = asked.target.trim_start_matches("/accounts/").to_owned();
        match (good.load(std::sync::atomic::Ordering::SeqCst), asked.method.as_str()) {
            (false, _) => answer(401, &[], b""),
            (true, "POST") => json(201, &value!({ "id": asked.username(), "username": asked.username() })),
            (true, "GET") => json(200, &value!({ "username": name })),
            (true, _) => answer(204, &[], b""),
        }
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - {{ name: users, url: '{}', username: qa, password: '{{{{ env.QA_PASSWORD }}}}', limits: {{ concurrency: 1 }} }}
accounts: [{{ name: alice, count: 30 }}]",
        service.url()
    ));
    let desk = desk.with("QA_PASSWORD", "correct-horse");
    let ended = desk.run(&["setup", "--on-failure", "keep"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(service.lines(), ["POST /accounts"], "{}", ended.stderr);
    lively.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    lively.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = service.lines().len();
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("0 deleted, 30 left"), "{}", ended.stderr);
    assert_eq!(service.lines().len(), before + 1, "{:?}", service.lines());
}
