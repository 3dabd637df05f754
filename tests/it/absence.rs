//! Look-ups that find nobody although somebody may be there: in another case, on another page, behind a dead key, or under
//! another e-mail.

use std::collections::BTreeSet;

use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Liar, answer, json as reply};

#[test]
fn an_account_that_a_service_keeps_in_another_case_is_not_absent() {
    let mut name = String::new();
    let users = Liar::start(move |asked| match asked.line().as_str() {
        "POST /accounts" => {
            name = asked.username().to_uppercase();
            answer(500, &[], b"")
        }
        "DELETE /accounts/7" if !name.is_empty() => {
            name.clear();
            answer(204, &[], b"")
        }
        "GET /accounts" if name.is_empty() => reply(200, &json!([])),
        "GET /accounts" => reply(200, &json!([{ "id": "7", "username": name }])),
        "GET /accounts/7" if !name.is_empty() => reply(200, &json!({ "id": "7", "username": name })),
        _ => answer(404, &[], b""),
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
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let accounts: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let shown = accounts[0]["username"].as_str().unwrap();
    assert!(
        shown.starts_with("SD-") && shown.ends_with("-TEST-USER"),
        "outputs carry the name as it is shown: {shown}"
    );
    assert_eq!(accounts[0]["id"], "7");
    for part in [
        format!("the service keeps its user name as `{shown}`"),
        "users/test_user: found as `7`: it had been created, and is adopted".to_owned(),
    ] {
        assert!(ended.stderr.contains(&part), "{part}: {}", ended.stderr);
    }
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    let sent = |method: &str| users.lines().iter().filter(|line| line.starts_with(method)).count();
    assert_eq!((sent("POST"), sent("DELETE")), (1, 1), "{:?}", users.lines());
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

/// A look-up that is no more than the first page shows nobody to be absent, nor does a list that leads to itself.
#[test]
fn a_page_with_more_behind_it_shows_nobody_to_be_absent() {
    let link = "Link: </accounts?page=2>; rel=\"next\"";
    let stranger = json!([{"id": "1", "username": "maria"}]);
    for (list, fields, body) in [
        ("", link, json!({"items": stranger})),
        (BY_CURSOR, "X-Other: 1", json!({"items": stranger, "after": "b2"})),
        (
            "list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: { url: body.next } }",
            "X-Other: 1",
            json!({"items": stranger, "next": "/accounts?page=2"}),
        ),
    ] {
        shows_a_part(list, fields, &body);
    }
}

/// A cursor beside an empty page points to another; one that never ends is not followed for ever.
#[test]
fn an_empty_page_that_points_to_itself_shows_nobody_to_be_absent() {
    shows_a_part(BY_CURSOR, "X-Other: 1", &json!({"items": [], "after": "b2"}));
}

const BY_CURSOR: &str = "list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: { cursor: body.after, param: after } }";

/// Every look is answered so, and every create with a status that leaves it open whether it was done, or that the name is taken.
fn shows_a_part(list: &str, field: &str, body: &serde_json::Value) {
    for status in [500, 409] {
        let (field, text) = (field.to_owned(), body.to_string());
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
        let blind = if list.is_empty() {
            "only part of"
        } else {
            "the list does not show it, and"
        };
        // A name that is taken at the first create is a refusal, which a look that says nothing does not clear.
        let said = if status == 409 {
            "-test-user` is taken"
        } else {
            "only part of"
        };
        for (command, told) in [("setup", said), ("cleanup", "0 deleted, 1 left")] {
            let ended = desk.run(&[command]);
            assert_eq!(ended.code, Some(1), "{command}: {}", ended.stderr);
            for part in ["users/test_user may still exist", blind, told] {
                assert!(
                    ended.stderr.contains(part),
                    "{status} {command}: {part}: {}",
                    ended.stderr
                );
            }
        }
        // Neither a second create, nor a witness for a look-up that is not understood.
        let sent = users.lines().iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(sent, 1, "{status}: {:?}", users.lines());
        assert!(!users.lines().iter().any(|line| line.starts_with("DELETE")), "{status}");
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

/// A create that is not known to have been done, and a look-up that sees, and finds nobody, with a key and without.
fn looked_for_by(find: &str, strangers: u16, code: i32) {
    let is_open = find.contains("account.username");
    let mut creates = 0;
    let mut there: Option<String> = None;
    let users = Liar::start(move |asked| {
        let text = asked.target.clone() + &asked.body + &asked.headers.join("\n");
        let has_key = ["key-of-the-service", "one-that-is-written-down"]
            .iter()
            .any(|key| text.contains(key));
        match asked.line().as_str() {
            "POST /accounts" => {
                creates += 1;
                if creates == 1 {
                    return answer(500, &[], b"");
                }
                there = Some(asked.username());
                reply(201, &json!({"id": "9", "username": asked.username()}))
            }
            "DELETE /accounts/9" if there.take().is_some() => answer(204, &[], b""),
            "DELETE /accounts/9" => answer(404, &[], b""),
            _ if has_key || is_open => {
                let items: Vec<_> = there.iter().map(|name| json!({"id": "9", "username": name})).collect();
                reply(200, &json!(items))
            }
            _ if strangers == 200 => reply(200, &json!([])),
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
    let unproved = ended.stderr.contains("nothing proves that the credentials still work");
    assert_eq!(unproved, code == 1, "{when}");
    // The account that showed that the look-up sees is gone, whatever came of the other.
    let sent = |method: &str| users.lines().iter().filter(|line| line.starts_with(method)).count();
    assert_eq!((sent("POST /accounts"), sent("DELETE")), (2, 1), "{when}");
    assert!(ended.stderr.contains(&format!(", {code} left")), "{when}");
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

/// A service that keeps no names, but the ids that its clients choose.
#[test]
fn an_account_under_the_uuid_of_its_name_is_found_by_another_process() {
    let mut there = BTreeSet::new();
    let users = Liar::start(move |asked| {
        let id = asked.target.trim_start_matches("/users/").to_owned();
        match asked.method.as_str() {
            "PUT" => {
                there.insert(id);
                // Done, and not said.
                answer(500, &[], b"")
            }
            "GET" if there.contains(&id) => reply(200, &json!({ "uuid": id })),
            "DELETE" if there.remove(&id) => answer(204, &[], b""),
            _ => answer(404, &[], b""),
        }
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    create: {{ request: 'PUT /users/{{{{ account.uuid }}}}', id: account.uuid }}
    find: {{ request: 'GET /users/{{{{ account.uuid }}}}', items: '[body]', id: item.uuid, name: item.uuid, absent: [404] }}
    verify: {{ request: 'GET /users/{{{{ account.uuid }}}}' }}
    delete: {{ request: 'DELETE /users/{{{{ account.uuid }}}}' }}
    list: null
",
        users.url()
    ));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    let lines = users.lines();
    let of = |method: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(method))
            .unwrap()
            .to_owned()
    };
    assert_eq!(of("PUT"), of("DELETE"));
    assert!(lines.iter().all(|line| line.ends_with(&of("PUT"))), "{lines:?}");
}
