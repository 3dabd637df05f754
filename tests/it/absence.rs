//! Look-ups that find nobody although somebody may be there: in another case, on another page, behind a dead key, or under
//! another e-mail.

use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Liar, answer, json as reply};

#[test]
fn an_account_that_a_service_keeps_in_another_case_is_not_absent() {
    let mut name = String::new();
    let users = Liar::start(move |asked| match asked.method.as_str() {
        "POST" => {
            name = asked.username().to_uppercase();
            answer(500, &[], b"")
        }
        _ => reply(200, &json!([{ "id": "7", "username": name }])),
    });
    let text = format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ duplicate: [409] }}
    find: {{ request: GET /accounts, items: body, id: item.id, name: item.username }}
",
        users.url()
    );
    let desk = Desk::new().configured(&text);
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("users/test_user may still exist"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("in upper and lower case alone"),
        "{}",
        ended.stderr
    );
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let creates = users.lines().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(creates, 1);
}

/// An expression that is wrong for the service reads nothing: ours may be what it does not read.
#[test]
fn an_account_whose_name_a_look_up_can_not_read_is_not_absent() {
    let mut name = String::new();
    let users = Liar::start(move |asked| match asked.method.as_str() {
        "POST" => {
            name = asked.username();
            answer(500, &[], b"")
        }
        _ => reply(200, &json!([{ "id": "7", "userName": name }])),
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ duplicate: [409] }}
    find: {{ request: GET /accounts, items: body, id: item.id, name: item.username }}
",
        users.url()
    ));
    for command in ["setup", "cleanup"] {
        let ended = desk.run(&[command]);
        assert_eq!(ended.code, Some(1), "{command}: {}", ended.stderr);
        for part in [
            "users/test_user may still exist",
            "`item.username` gives no name for what it shows",
        ] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
    let creates = users.lines().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(creates, 1);
}

/// A look-up that is no more than the first page shows nobody to be absent.
#[test]
fn a_page_with_more_behind_it_shows_nobody_to_be_absent() {
    let link = "Link: </accounts?page=2>; rel=\"next\"";
    for (list, fields, body) in [
        ("", link, json!({"items": [{"id": "1", "username": "maria"}]})),
        (
            "list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: { cursor: body.after, param: after } }",
            "X-Other: 1",
            json!({"items": [], "after": "b2"}),
        ),
        (
            "list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: { url: body.next } }",
            "X-Other: 1",
            json!({"items": [{"id": "1", "username": "maria"}], "next": "/accounts?page=2"}),
        ),
    ] {
        for (status, creates) in [(500, 1), (409, 1)] {
            let (field, text) = (fields.to_owned(), body.to_string());
            let users = Liar::start(move |asked| match asked.method.as_str() {
                "POST" => answer(status, &[], b""),
                _ => answer(200, &["Content-Type: application/json", &field], text.as_bytes()),
            });
            let desk = Desk::new().configured(&format!(
                "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ duplicate: [409] }}
    find: {{ request: 'GET /accounts?name={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    {list}
",
                users.url()
            ));
            for command in ["setup", "cleanup"] {
                let ended = desk.run(&[command]);
                assert_eq!(ended.code, Some(1), "{command}: {}", ended.stderr);
                assert!(ended.stderr.contains("may still exist"), "{command}: {}", ended.stderr);
                assert!(ended.stderr.contains("only a part of"), "{command}: {}", ended.stderr);
            }
            let sent = users.lines().iter().filter(|line| line.starts_with("POST")).count();
            assert_eq!(sent, creates, "{status}");
        }
    }
}

/// A key in the query lets us in as one in a header does: where it may be dead, an empty list proves nothing.
#[test]
fn a_key_in_a_query_or_a_body_needs_proof_too() {
    // They wait more than they work.
    std::thread::scope(|scope| {
        for (find, strangers, code) in [
            ("request: 'GET /accounts?api_key={{ env.KEY }}'", 200, 1),
            (
                "request: GET /accounts, query: { access_token: '{{ env.KEY }}' }",
                200,
                1,
            ),
            (
                "request: GET /accounts, headers: { X-Api-Key: one-that-is-written-down }",
                200,
                1,
            ),
            (
                "request: POST /search, json: { auth: { token: '{{ env.KEY }}' } }",
                200,
                1,
            ),
            ("request: POST /search, form: { password: '{{ env.KEY }}' }", 200, 1),
            (
                "request: GET /accounts, query: { access_token: '{{ env.KEY }}' }",
                401,
                0,
            ),
            ("request: 'GET /accounts?limit=100&api_key={{ env.KEY }}'", 401, 0),
            (
                "request: GET /accounts, headers: { X-Api-Key: one-that-is-written-down }",
                401,
                0,
            ),
            (
                "request: GET /accounts, query: { key: '{{ account.username }}' }",
                200,
                0,
            ),
        ] {
            scope.spawn(move || looked_for_by(find, strangers, code));
        }
    });
}

/// A create that is not known to have been done, and a look-up that finds nobody, with a key and without.
fn looked_for_by(find: &str, strangers: u16, code: i32) {
    let users = Liar::start(move |asked| {
        let text = asked.target.clone() + &asked.body + &asked.headers.join("\n");
        let has_key = ["key-of-the-service", "one-that-is-written-down"]
            .iter()
            .any(|key| text.contains(key));
        match asked.line().as_str() {
            "POST /accounts" => answer(500, &[], b""),
            _ if has_key || strangers == 200 => reply(200, &json!([])),
            _ => answer(strangers, &[], b""),
        }
    });
    let desk = Desk::new().with("KEY", "key-of-the-service").configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    verify: null
    find: {{ {find}, items: body, id: item.id, name: item.username }}
",
        users.url()
    ));
    assert_eq!(desk.run(&["setup", "--on-failure", "keep"]).code, Some(1));
    let ended = desk.run(&["cleanup"]);
    let when = format!("{find}, strangers {strangers}: {}", ended.stderr);
    assert_eq!(ended.code, Some(code), "{when}");
    let unproved = ended.stderr.contains("nothing proves that the credentials still hold");
    assert_eq!(unproved, code == 1, "{when}");
}

/// A look-up may go by anything of an account, also by what its state does not tell.
#[test]
fn another_job_looks_up_by_the_e_mail_that_the_configuration_gives() {
    let mut there: Option<(String, String)> = None;
    let users = Liar::start(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", _) => {
            let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            let text = |key: &str| body[key].as_str().unwrap().to_owned();
            there = Some((text("username"), text("email")));
            reply(201, &json!({"id": "7"}))
        }
        ("GET", target) => {
            let known = there
                .iter()
                .filter(|(_, email)| target.ends_with(&email.replace('@', "%40")));
            let items: Vec<_> = known.map(|(name, _)| json!({"id": "7", "username": name})).collect();
            reply(200, &json!(items))
        }
        _ => {
            there = None;
            answer(204, &[], b"")
        }
    });
    let text = format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    verify: null
    find: {{ request: 'GET /accounts?email={{{{ account.email }}}}', items: body, id: item.id, name: item.username }}
accounts:
  - {{ name: alice, email: '{{{{ run.marker }}}}.qa@example.org' }}
",
        users.url()
    );
    let job = || {
        Desk::new()
            .configured(&text)
            .with("CIRCLECI", "true")
            .with("CIRCLE_WORKFLOW_ID", "7")
    };
    let desk = job();
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let accounts: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let username = accounts[0]["username"].as_str().unwrap();
    let marker = username.strip_suffix("-alice").unwrap();
    let state = json!({"version": 1, "repository": "", "run": "7", "attempt": 1, "marker": marker,
        "accounts": [{"service": "users", "account": "alice", "username": username}]});
    let ended = job().run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
}
