//! Log-ins of several requests, and what they leave for those that follow: cookies, and keys of bodies.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as says};
use crate::register::{Register, field};

const PASSWORD: &str = "c4nary horse";
const SESSION: &str = "c4nary-session-0001";
const CSRF: &str = "c4nary%3Dcsrf-0002";

fn desk(url: &str, auth: &str) -> Desk {
    Desk::new().with("QA_PASSWORD", PASSWORD).configured(&format!(
        "services:\n  - name: users\n    url: {url}\n    headers: {{ X-Env: test }}\n    auth: {{ login: {auth} }}\naccounts: [{{ name: buyer, count: 2 }}]\n"
    ))
}

fn lives(desk: &Desk, register: &Mutex<Register>) {
    for command in ["setup", "cleanup"] {
        let ended = desk.run(&[command, "--verbose"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.contains("c4nary"), "{said}");
        let count = if command == "setup" { 2 } else { 0 };
        assert_eq!(register.lock().unwrap().len(), count);
    }
}

/// A service as Laravel's Sanctum is: a cookie and the token in it first, then the password with both, then a session.
fn with_form(asked: &Asked, register: &Mutex<Register>) -> Reply {
    let cookies = field(asked, "cookie").unwrap_or_default();
    let token = field(asked, "x-xsrf-token").unwrap_or_default();
    assert_eq!(field(asked, "x-env"), Some("test"), "{}", asked.line());
    match asked.line().as_str() {
        "GET /csrf" => {
            // A redirect sets one too.
            answer(
                302,
                &["Location: /csrf/2", "Set-Cookie: way=c4nary-of-the-way; Path=/"],
                b"",
            )
        }
        "GET /csrf/2" => {
            assert_eq!(cookies, "way=c4nary-of-the-way");
            let set = format!("Set-Cookie: XSRF-TOKEN={CSRF}; Path=/; SameSite=Lax");
            answer(204, &[&set, "Set-Cookie: foreign=c4nary; Domain=example.com"], b"")
        }
        "POST /login" => {
            let is_good = cookies.contains(CSRF) && token == "c4nary=csrf-0002" && asked.body.contains(PASSWORD);
            let set = format!("Set-Cookie: session={SESSION}; Path=/; HttpOnly; Secure");
            if is_good {
                answer(
                    302,
                    &["Location: /home", &set, "Set-Cookie: way=; Max-Age=0; Path=/"],
                    b"",
                )
            } else {
                answer(419, &[], b"")
            }
        }
        _ if cookies == format!("XSRF-TOKEN={CSRF}; session={SESSION}") && token == "c4nary=csrf-0002" => {
            register.lock().unwrap().reply(asked)
        }
        _ => says(401, &json!({"given": cookies})),
    }
}

#[test]
fn a_form_is_answered_with_the_cookie_and_the_token_of_its_page() {
    let register = Arc::new(Mutex::new(Register::default()));
    let inner = Arc::clone(&register);
    let users = Liar::start(move |asked| with_form(asked, &inner));
    let desk = desk(
        &users.url(),
        "{ steps: [ { request: GET /csrf, capture: { csrf: \"cookies['XSRF-TOKEN'] | urldecode\" } }, { request: POST /login, headers: { X-XSRF-TOKEN: '{{ capture.csrf }}' }, json: { password: '{{ env.QA_PASSWORD }}' }, expect: [302] } ], use: { headers: { X-XSRF-TOKEN: '{{ capture.csrf }}' } } }",
    );
    lives(&desk, &register);
    let plan = desk.run(&["plan", "--verbose"]);
    assert_eq!(plan.stdout.matches("  login").count(), 2, "{}", plan.stdout);
}

#[test]
fn cookies_alone_are_enough_and_can_be_left_out() {
    for (login, code) in [
        (
            "{ request: POST /login, form: { password: '{{ env.QA_PASSWORD }}' } }",
            0,
        ),
        (
            "{ request: POST /login, form: { password: '{{ env.QA_PASSWORD }}' }, use: { headers: { X-A: b }, cookies: false } }",
            1,
        ),
    ] {
        let register = Arc::new(Mutex::new(Register::default()));
        let inner = Arc::clone(&register);
        let users = Liar::start(move |asked| match field(asked, "cookie") {
            None if asked.target == "/login" => answer(200, &[&format!("Set-Cookie: session={SESSION}")], b""),
            Some(given) if given == format!("session={SESSION}") => inner.lock().unwrap().reply(asked),
            _ => answer(401, &[], b""),
        });
        let desk = desk(&users.url(), login);
        if code == 0 {
            lives(&desk, &register);
        } else {
            let ended = desk.run(&["setup"]);
            assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_log_in_that_leaves_nothing_to_carry_is_told() {
    let users = Liar::start(|_| answer(204, &[], b""));
    let ended = desk(&users.url(), "{ request: POST /login }").run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("the log-in set no cookie, and nothing else is carried"),
        "{}",
        ended.stderr
    );
    assert_eq!(users.lines(), ["POST /login"]);
}

#[test]
fn what_a_log_in_gives_stands_in_every_body() {
    let register = Arc::new(Mutex::new(Register::default()));
    let inner = Arc::clone(&register);
    let users = Liar::start(move |asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let is_read = asked.method != "POST" || asked.target == "/login";
        let has_token = body["auth"] == SESSION && body["meta"] == json!({"a": 1, "b": 2}) && body["role"] == "tester";
        match asked.target.as_str() {
            "/login" => says(200, &json!({"token": SESSION, "until": "2100-01-01T00:00:00Z"})),
            _ if is_read || has_token => inner.lock().unwrap().reply(asked),
            _ => says(401, &json!({"given": body})),
        }
    });
    let desk = Desk::new().with("QA_PASSWORD", PASSWORD).configured(&format!(
        "services:
  - name: users
    url: {}
    auth: {{ login: {{ request: POST /login, capture: {{ token: body.token }}, use: {{ json: {{ auth: '{{{{ capture.token }}}}', role: never, meta: {{ a: 1, b: 7 }} }} }}, expires_in: body.until }} }}
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}', role: '{{{{ account.role }}}}', meta: {{ b: 2 }} }}, id: body.id, name: body.username }}
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
accounts: [{{ name: buyer, count: 2 }}]
",
        users.url()
    ));
    lives(&desk, &register);
}

#[test]
fn a_step_that_is_refused_ends_it() {
    for status in [400, 401, 403, 404] {
        let users = Liar::start(move |asked| match asked.target.as_str() {
            "/one" => answer(200, &["Set-Cookie: a=0123456789"], b""),
            _ => answer(status, &[], b""),
        });
        let ended = desk(&users.url(), "{ steps: [GET /one, POST /two, GET /three] }").run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(users.lines(), ["GET /one", "POST /two"], "{status}");
        assert!(
            ended
                .stderr
                .contains(&format!("/two` was answered with status {status}")),
            "{}",
            ended.stderr
        );
    }
}
