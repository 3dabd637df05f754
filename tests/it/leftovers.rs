//! What may still be there is named, where a service or a state of another job makes it look as if it were not.

use serde_json::json;
use standin::sandbox::{Sandbox, ServiceSpec};

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

/// The runner takes ten annotations a step: the count comes first, and every one is told in the log, the summary and the report.
#[test]
fn of_many_leftovers_each_is_named_and_ten_annotations_begin_with_their_count() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users DELETE * status 403");
    let users = Sandbox::spawn_thread(builder).unwrap();
    let text = format!(
        "services:\n  - {{ name: users, url: {} }}\naccounts: [ {{ name: buyer, count: 15 }} ]\n",
        users.url("users")
    );
    let desk = Desk::new().configured(&text).with("GITHUB_ACTIONS", "true");
    let file = |name: &str| {
        let path = desk.root().join(name);
        std::fs::write(&path, "").unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (output, summary) = (file("output"), file("summary"));
    let desk = desk
        .with("GITHUB_OUTPUT", &output)
        .with("GITHUB_STEP_SUMMARY", &summary);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    std::fs::write(&summary, "").unwrap();
    let ended = desk.run(&["cleanup", "--report", "report.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let annotations: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("::error"))
        .collect();
    assert_eq!(annotations.len(), 10, "{}", ended.stderr);
    assert!(annotations[0].contains("0 deleted, 15 left"), "{}", annotations[0]);
    let summary = std::fs::read_to_string(&summary).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(desk.work().join("report.json")).unwrap()).unwrap();
    let named = report["leftovers"].as_array().unwrap();
    assert_eq!(named.len(), 15);
    for (place, account) in users.books("users").unwrap().left().enumerate() {
        assert!(
            ended.stderr.contains(&format!("the user name `{}`", account.username)),
            "{place}"
        );
        assert!(
            summary.contains(&format!("| {} |", account.username)),
            "{place}: {summary}"
        );
        assert!(
            named.iter().any(|one| one["username"] == account.username.as_str()),
            "{place}"
        );
    }
}

/// "Too many" is no refusal: it is asked again for as long as there is time, however often it is said.
#[test]
fn a_service_that_says_too_many_many_times_is_asked_again() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users POST 1-7 retry-after 429 0s")
        .fault("users DELETE 1-7 retry-after 429 0s");
    let users = Sandbox::spawn_thread(builder).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let ended = Desk::new().configured(&text).run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    let sent = users
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "DELETE")
        .count();
    assert_eq!(sent, 8, "{}", ended.stderr);
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

#[test]
fn an_unmarked_account_of_another_jobs_state_is_named() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!(
        "services:
  - {{ name: users, url: {}, timeout: 1s }}
accounts:
  - {{ name: fixed, username: fixed-for-tests, unmarked: true }}
",
        users.url("users")
    );
    let job = || {
        let desk = Desk::new()
            .with("GITHUB_ACTIONS", "true")
            .with("GITHUB_REPOSITORY", "standin-ci/standin")
            .with("GITHUB_RUN_ID", "77")
            .configured(&text);
        let output = desk.root().join("output");
        std::fs::write(&output, "").unwrap();
        desk.with("GITHUB_OUTPUT", output.to_str().unwrap())
            .with("STANDIN_SUMMARY", "false")
    };
    let desk = job();
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let output = std::fs::read_to_string(desk.root().join("output")).unwrap();
    let state = output
        .lines()
        .rfind(|line| line.starts_with('{') && line.contains("\"marker\""))
        .unwrap();
    let ended = job().run(&["cleanup", "--state", state]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("users/fixed may still exist"), "{}", ended.stderr);
    assert!(ended.stderr.contains("fixed-for-tests"), "{}", ended.stderr);
}

#[test]
fn accounts_whose_report_can_not_be_written_are_taken_back() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let desk = Desk::new().configured(&text);
    let ended = desk.run(&["setup", "--report", "no-such-folder/report.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("the report can't be written"), "{}", ended.stderr);
    let books = users.books("users").unwrap();
    assert_eq!((books.created_ever, books.left().count()), (1, 0), "{}", ended.stderr);
}

#[test]
fn a_file_that_setup_did_not_come_to_replace_is_the_users_own() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let setup = ["setup", "--wait", "0s", "--credentials-file", "mine.json"];
    let desk = Desk::new().configured("services:\n  - { name: users, url: \"http://127.0.0.1:1\" }\n");
    desk.write("mine.json", "mine");
    assert_eq!(desk.run(&setup).code, Some(1));
    let mine = desk.work().join("mine.json");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    // One that was replaced goes.
    let desk = desk.configured(&text);
    assert_eq!(desk.run(&setup).code, Some(0));
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    assert!(!mine.exists());
}
