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
