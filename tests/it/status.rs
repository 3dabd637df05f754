//! `status`: how accounts stand with their services, told and not changed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::ask::ask;
use crate::desk::{self, Desk, Ended};

/// A service that asks for credentials.
fn service(faults: &[&str]) -> SandboxHandle {
    let builder = Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "correct-horse"));
    let builder = faults.iter().fold(builder, |builder, fault| builder.fault(fault));
    Sandbox::spawn_thread(builder).unwrap()
}

fn desk(service: &SandboxHandle) -> Desk {
    Desk::new().with("PASSWORD", "correct-horse").configured(&format!(
        "services:
  - name: users
    url: {}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.PASSWORD }}}}' }} }}
    timeout: 2s
    probe: {{ request: GET /me }}
    after_create: [ {{ request: 'PUT /accounts/{{{{ id }}}}', json: {{ status: ready }} }} ]
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username, until: \"body.status == 'ready'\" }}
accounts: [ {{ name: alice }}, {{ name: bob }} ]
",
        service.url("users")
    ))
}

fn set_up(desk: &Desk) {
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Each account's status with its reason, as JSON tells them.
fn statuses(ended: &Ended) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(report["version"], 1);
    let accounts = report["accounts"].as_array().unwrap();
    let all_ready = accounts.iter().all(|account| account["status"] == "ready");
    assert_eq!(report["ready"], all_ready && !accounts.is_empty());
    assert_eq!(ended.code, Some(i32::from(!all_ready)), "{}", ended.stderr);
    let text = |account: &Value, key: &str| account[key].as_str().unwrap().to_owned();
    accounts
        .iter()
        .map(|account| (text(account, "status"), text(account, "reason")))
        .collect()
}

fn are(desk: &Desk, expected: [(&str, &str); 2]) {
    let ended = desk.run(&["status", "--format", "json"]);
    for ((status, reason), (expected, part)) in statuses(&ended).iter().zip(expected) {
        assert_eq!(status, expected, "{ended:?}");
        assert!(reason.contains(part), "{part}: {reason}");
        assert_eq!(reason.is_empty(), part.is_empty(), "{reason}");
    }
}

fn change(service: &SandboxHandle, account: &str, method: &str, body: &str) {
    let books = service.books("users").unwrap();
    let mut left = books.left();
    // They are created side by side, in any order.
    let id = &left.find(|held| held.username.ends_with(account)).unwrap().id;
    // qa:correct-horse
    let headers = ["Authorization: Basic cWE6Y29ycmVjdC1ob3JzZQ=="];
    let said = ask(service.port(), method, &format!("/users/accounts/{id}"), &headers, body).unwrap();
    assert!(matches!(said.status, 200 | 204), "{} {}", said.status, said.body);
}

#[test]
fn accounts_that_are_there_are_ready_and_nothing_is_changed() {
    let service = service(&[]);
    let desk = desk(&service);
    set_up(&desk);
    let before = service.requests().len();
    let ended = desk.run(&["status"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.matches(" ready").count(), 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("2 of 2 accounts ready"), "{}", ended.stderr);
    let methods: Vec<String> = service.requests()[before..]
        .iter()
        .map(|seen| seen.method.to_string())
        .collect();
    assert_eq!(methods, ["GET", "GET"]);
    let cleanup = desk.run(&["cleanup"]);
    assert!(cleanup.stderr.contains("2 deleted, 0 left"), "{}", cleanup.stderr);
}

#[test]
fn what_is_gone_or_disabled_or_renamed_is_told_with_the_reason() {
    let service = service(&[]);
    let desk = desk(&service);
    set_up(&desk);
    change(&service, "alice", "PUT", r#"{"status": "disabled"}"#);
    are(&desk, [("changed", "`until: body.status"), ("ready", "")]);
    change(&service, "alice", "PUT", r#"{"status": "ready"}"#);
    change(&service, "bob", "PUT", r#"{"username": "eve"}"#);
    are(&desk, [("ready", ""), ("changed", "another name")]);
    change(&service, "alice", "DELETE", "");
    are(&desk, [("missing", "no such account"), ("changed", "another name")]);
    let ended = desk.run(&["status"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("0 of 2 accounts ready"), "{}", ended.stderr);
}

#[test]
fn what_cannot_be_told_is_unknown_and_never_missing() {
    // Setup reads each account twice: before the step after its create, and to verify it.
    let service = service(&["users GET account 5+ vanish", "users GET me 1+ status 401"]);
    let desk = desk(&service);
    set_up(&desk);
    are(&desk, [("unknown", "nothing proves"), ("unknown", "nothing proves")]);
}

/// Two accounts that are known by a look-up alone, which asks for this.
fn found_by(service: &SandboxHandle, asks_for: &str) -> Desk {
    desk(service).configured(&format!(
        "services:
  - name: users
    url: {}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.PASSWORD }}}}' }} }}
    timeout: 1s
    probe: {{ request: GET /me }}
    verify: null
    find: {{ request: 'GET /accounts?username={{{{ {asks_for} }}}}', items: body.items, id: item.id, name: item.username, settle: 0s }}
accounts: [ {{ name: alice }}, {{ name: bob }} ]
",
        service.url("users")
    ))
}

#[test]
fn what_a_look_up_does_not_show_is_missing_only_where_it_has_shown_another() {
    let service = service(&[]);
    let desk = found_by(&service, "account.username");
    set_up(&desk);
    are(&desk, [("ready", ""), ("ready", "")]);
    change(&service, "alice", "DELETE", "");
    are(&desk, [("missing", "no account of its name"), ("ready", "")]);
    let blind = "the look-up has shown no account";
    change(&service, "bob", "DELETE", "");
    are(&desk, [("unknown", blind), ("unknown", blind)]);
}

#[test]
fn a_look_up_that_is_blind_makes_nobody_missing_and_a_witness_is_no_account_of_the_setup() {
    let service = service(&[]);
    let desk = found_by(&service, "account.email");
    let blind = "the look-up has shown no account";
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    are(&desk, [("unknown", blind), ("unknown", blind)]);
    change(&service, "alice", "DELETE", "");
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("witness"), "{}", ended.stderr);
    let ended = desk.run(&["status", "--format", "json"]);
    assert_eq!(statuses(&ended).len(), 2, "{}", ended.stdout);
}

#[test]
fn without_good_credentials_all_is_unknown() {
    let service = service(&[]);
    let desk = desk(&service);
    set_up(&desk);
    let desk = desk.with("PASSWORD", "wrong");
    are(&desk, [("unknown", "401"), ("unknown", "401")]);
    let desk = desk.with("PASSWORD", "");
    are(
        &desk,
        [
            ("unknown", "`PASSWORD` is not set"),
            ("unknown", "`PASSWORD` is not set"),
        ],
    );
}

#[test]
fn after_a_cleanup_and_before_a_setup_there_are_no_accounts() {
    let service = service(&[]);
    let desk = desk(&service);
    let none = |ended: Ended| {
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("there are no accounts"), "{}", ended.stderr);
    };
    none(desk.run(&["status"]));
    set_up(&desk);
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    none(desk.run(&["status"]));
}

#[test]
fn a_watch_ends_when_an_account_is_gone_and_quietly_when_it_is_stopped() {
    let service = service(&[]);
    let desk = desk(&service);
    set_up(&desk);
    let start = || -> (Child, String) {
        let mut child = desk
            .command(
                env!("CARGO_BIN_EXE_standin"),
                &["status", "--watch", "--format", "json"],
            )
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::with_capacity(1, child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        (child, line)
    };
    let (stopped, line) = start();
    assert!(line.contains(r#""ready":true"#), "{line}");
    kill_process(Pid::from_child(&stopped), Signal::TERM).unwrap();
    let ended = desk::finish(stopped);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (watch, _) = start();
    change(&service, "alice", "DELETE", "");
    let ended = desk::finish(watch);
    assert_eq!(statuses(&ended)[0].0, "missing");
}

/// Another setup of the same run is ready, and what is not known of the first one keeps it from being all.
#[test]
fn beside_a_setup_that_can_not_be_looked_into_nothing_is_ready() {
    let spoil: [fn(&Path); 2] = [
        |entry| fs::write(entry.join("journal.jsonl"), "nonsense\n").unwrap(),
        |entry| fs::set_permissions(entry, fs::Permissions::from_mode(0o755)).unwrap(),
    ];
    for spoil in spoil {
        let service = service(&[]);
        let desk = desk(&service);
        set_up(&desk);
        let first = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
        set_up(&desk);
        assert_eq!(desk.run(&["status"]).code, Some(0));
        spoil(&first.path());
        let ended = desk.run(&["status", "--format", "json"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stdout.contains("\"ready\":false"), "{}", ended.stdout);
        assert!(ended.stderr.contains("warning: "), "{}", ended.stderr);
    }
}

#[test]
fn a_journal_that_cannot_be_read_is_named() {
    let service = service(&[]);
    let desk = desk(&service);
    set_up(&desk);
    for entry in fs::read_dir(desk.journals()).unwrap() {
        fs::write(entry.unwrap().path().join("journal.jsonl"), "nonsense\n").unwrap();
    }
    let ended = desk.run(&["status"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("can't be read"), "{}", ended.stderr);
}
