//! What is told where something failed: what was asked, the service's own words, the condition that did not hold, and once.

use serde_json::{Value, json};

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as reply};

/// A service whose creates are answered with this, and that shows nobody.
fn refusing(status: u16, body: Value) -> Liar {
    Liar::start(move |asked: &Asked| match asked.method.as_str() {
        "POST" => reply(status, &body),
        _ => answer(404, &[], b""),
    })
}

fn configuration(service: &Liar, more: &str) -> String {
    format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
{more}
",
        service.url()
    )
}

fn setup(service: &Liar, more: &str) -> (Desk, Ended) {
    let desk = Desk::new().configured(&configuration(service, more));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    (desk, ended)
}

fn holds(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

/// All that is written below a directory.
fn written(directory: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &written(&path);
        } else {
            text += &String::from_utf8_lossy(&std::fs::read(&path).unwrap());
        }
    }
    text
}

#[test]
fn a_refusal_is_told_in_the_services_own_words_and_not_written_down() {
    let users = refusing(422, json!({"errors": {"email": ["is already in use"]}, "request": 7}));
    let (desk, ended) = setup(&users, "");
    holds(
        &ended,
        &[
            "users/test_user: `create` (POST /accounts) was answered with 422: email: is already in use",
            "hint: correct what the `create` of `users` sends",
        ],
    );
    assert!(!written(&desk.journals()).contains("already in use"));
}

#[test]
fn what_an_error_expression_gives_is_told_and_nothing_else() {
    let users = refusing(
        400,
        json!({"message": "see fault", "fault": {"text": "the tenant is full"}}),
    );
    let (_, ended) = setup(&users, "    error: body.fault.text");
    holds(&ended, &["was answered with 400: the tenant is full"]);
    assert!(!ended.stderr.contains("see fault"), "{}", ended.stderr);
    let (_, ended) = setup(&users, "    create: { error: body.none }");
    holds(&ended, &["was answered with 400: see fault"]);
}

#[test]
fn a_condition_that_does_not_hold_is_told_with_what_it_read() {
    let users = refusing(200, json!({"okay": true, "id": 7}));
    let (_, ended) = setup(&users, "    create: { expect: status == 200 and body.ok }");
    holds(
        &ended,
        &["`expect: status == 200 and body.ok` did not hold: `status` was 200, `body.ok` was undefined (`body` has "],
    );
    let users = refusing(202, json!({"job": 7}));
    let (_, ended) = setup(&users, "    create: { expect: [200, 201] }");
    holds(&ended, &["`expect: [200, 201]` did not hold: `status` was 202"]);
}

#[test]
fn what_does_not_come_to_hold_is_told_with_what_it_read() {
    let users = Liar::start(|asked: &Asked| match asked.method.as_str() {
        "POST" => reply(201, &json!({"id": 7, "username": asked.username()})),
        "GET" => reply(200, &json!({"state": "pending", "session_token": "t-1"})),
        _ => answer(204, &[], b""),
    });
    let (_, ended) = setup(
        &users,
        "    verify: { request: 'GET /accounts/{{ id }}', until: body.state == 'active' and body.session_token == 'x', within: 0s }",
    );
    holds(
        &ended,
        &["did not hold: `body.session_token` was ***, `body.state` was \"pending\""],
    );
}

#[test]
fn an_error_in_an_answer_that_is_200_is_told() {
    let body = json!({"errors": [{"message": "quota reached", "path": ["createUser"]}], "data": null});
    let users = refusing(200, body);
    let (_, ended) = setup(
        &users,
        "    create: { expect: body.errors is undefined, id: body.data.createUser.id }",
    );
    holds(
        &ended,
        &[
            "`create` (POST /accounts) was answered with 200: quota reached",
            "`expect: body.errors is undefined` did not hold",
        ],
    );
}

#[test]
fn nothing_secret_of_an_answer_is_told() {
    let known = "correct-horse-battery";
    let users = refusing(
        403,
        json!({
            "message": format!("denied to {known}, or Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"),
            "errors": {"password": "tr0ub4dor", "api_key": {"given": "k-1-of-somebody"}},
            "details": ["https://qa:letmein@internal/x?access_token=opensesame"],
        }),
    );
    let config = configuration(&users, "    auth: { bearer: '{{ env.KEY }}' }");
    let desk = Desk::new().with("KEY", known).configured(&config);
    let ended = desk.run(&["setup", "--verbose"]);
    holds(&ended, &["was answered with 403: denied to ***", "password: ***"]);
    for secret in [
        known,
        "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5",
        "tr0ub4dor",
        "k-1-of-somebody",
        "letmein",
        "opensesame",
    ] {
        assert!(!ended.stderr.contains(secret), "{secret}: {}", ended.stderr);
    }
}

#[test]
fn nothing_of_an_answer_is_told_where_nobody_wants_it() {
    let users = refusing(200, json!({"message": "quota reached", "state": "full"}));
    let config = configuration(&users, "    create: { expect: body.state == 'free' }");
    for (variable, arguments) in [
        ("STANDIN_SHOW_ANSWERS", vec!["setup"]),
        ("NONE", vec!["setup", "--show-answers=false"]),
    ] {
        let desk = Desk::new().with(variable, "false").configured(&config);
        let ended = desk.run(&arguments);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        holds(&ended, &["`expect: body.state == 'free'` did not hold"]);
        for told in ["quota", "full"] {
            assert!(!ended.stderr.contains(told), "{told}: {}", ended.stderr);
        }
        // As setup sealed it.
        let ended = desk.run(&["cleanup", "--verbose"]);
        assert!(!ended.stderr.contains("quota"), "{}", ended.stderr);
    }
}

#[test]
fn a_limit_is_not_told_to_be_a_matter_of_rights() {
    let users = refusing(
        403,
        json!({"error": "quota_exceeded", "message": "Your plan allows 5 users"}),
    );
    let (_, ended) = setup(&users, "");
    holds(
        &ended,
        &["hint: raise the limit that `users` names, or delete what uses it up"],
    );
    let users = refusing(403, json!({"error_code": "bad_jwt", "msg": "invalid JWT"}));
    let (_, ended) = setup(&users, "");
    holds(
        &ended,
        &["403: bad_jwt: invalid JWT", "hint: check the credentials of `users`"],
    );
}

/// A service whose key is taken back when somebody deletes.
fn dying() -> Liar {
    let mut dead = false;
    Liar::start(move |asked: &Asked| -> Reply {
        dead |= asked.method == "DELETE";
        match asked.method.as_str() {
            _ if dead => reply(401, &json!({"message": "this key was revoked"})),
            "POST" => reply(201, &json!({"id": asked.username(), "username": asked.username()})),
            _ => reply(200, &json!({"username": asked.target.trim_start_matches("/accounts/")})),
        }
    })
}

#[test]
fn one_dead_key_and_thirty_accounts_are_one_line_with_a_count() {
    let users = dying();
    let config = format!(
        "{}accounts: [{{ name: buyer, count: 30 }}]\n",
        configuration(&users, "    auth: { bearer: '{{ env.KEY }}' }")
    );
    let desk = Desk::new().with("KEY", "k-77777777").configured(&config);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let told: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains("this key was revoked"))
        .collect();
    assert_eq!(told.len(), 1, "{}", ended.stderr);
    assert!(told[0].contains("users: 30 accounts may still exist: "), "{}", told[0]);
    assert_eq!(ended.stderr.matches("hint:").count(), 1, "{}", ended.stderr);
    for number in 1..=30 {
        assert!(ended.stderr.contains(&format!("-buyer-{number}`")), "{}", ended.stderr);
    }
    assert!(ended.stderr.lines().count() < 12, "{}", ended.stderr);
}

#[test]
fn thirty_creates_that_are_refused_for_one_reason_are_one_line_with_a_count() {
    let users = Liar::start(|_: &Asked| reply(401, &json!({"message": "this key was revoked"})));
    let config = format!(
        "{}accounts: [{{ name: buyer, count: 30 }}]\n",
        configuration(&users, "    auth: { bearer: '{{ env.KEY }}' }")
    );
    let desk = Desk::new().with("KEY", "k-77777777").configured(&config);
    let ended = desk.run(&["setup", "--on-failure", "keep"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    holds(
        &ended,
        &["users: 30 accounts failed: `create` (POST /accounts) was answered with 401: this key was revoked"],
    );
    assert_eq!(
        ended.stderr.matches("this key was revoked").count(),
        1,
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.matches("hint:").count(), 1, "{}", ended.stderr);
}

/// What is taken is not said by every service, and often it is the e-mail address.
#[test]
fn a_duplicate_is_not_said_to_be_of_the_user_name_alone() {
    let service = refusing(409, json!({"error": "User exists with same email"}));
    let (_, ended) = setup(&service, "accounts: [{ name: buyer, email: buyer@example.org }]");
    holds(
        &ended,
        &[
            "409: User exists with same email",
            "a duplicate, by what it says: the user name `sd-",
            "-buyer` is taken, or another unique value, such as the e-mail address `buyer@example.org`",
        ],
    );
}
