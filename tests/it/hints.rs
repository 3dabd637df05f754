//! What a hint says is done, and then it works.

mod followed;

use serde_json::json;
use standin::sandbox::{Sandbox, ServiceSpec};

use crate::desk::Desk;
use crate::liar::{Asked, Liar, answer, json as reply};

/// A service that makes each account and never says so.
fn silent() -> Liar {
    let mut there: Option<String> = None;
    Liar::start(move |asked: &Asked| match asked.method.as_str() {
        "POST" => {
            there = Some(asked.username());
            answer(500, &[], b"")
        }
        "DELETE" => {
            there = None;
            answer(204, &[], b"")
        }
        _ => match (&there, asked.target.split_once("?name=")) {
            (Some(name), Some(_)) => reply(200, &json!([{ "id": "7", "username": name }])),
            (None, Some(_)) => reply(200, &json!([])),
            (Some(name), None) => reply(200, &json!({ "username": name })),
            (None, None) => answer(404, &[], b""),
        },
    })
}

/// The command that the hint of a log gives, as it is run here.
fn command_of(log: &str, config: &str) -> Vec<String> {
    let hint = log.lines().find(|line| line.contains("hint:")).unwrap();
    let (_, command) = hint.split_once("run `standin ").unwrap_or_else(|| panic!("{hint}"));
    let (command, _) = command.split_once('`').unwrap();
    command
        .split_whitespace()
        .map(|word| if word == "FILE" { config } else { word }.to_owned())
        .collect()
}

#[test]
fn whoever_adds_a_find_and_runs_what_the_hint_says_has_nothing_left() {
    let users = silent();
    let config = |more: &str| {
        format!(
            "services:\n  - name: users\n    url: {}\n    timeout: 1s\n{more}",
            users.url()
        )
    };
    let desk = Desk::new().configured(&config(""));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("hint: add a `find` to `users`"),
        "{}",
        ended.stderr
    );
    desk.write(
        "mended.yml",
        &config("    find: { request: 'GET /accounts?name={{ account.username }}', items: body, id: item.id, name: item.username }\n"),
    );
    let command = command_of(&ended.stderr, "mended.yml");
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let ended = desk.run(&words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    assert!(users.lines().iter().any(|line| line == "DELETE /accounts/7"));
}

/// A CI that is not known says neither which repository nor which run this is, and a sweep by mistake would take the living
/// accounts of others: the hint names both.
#[test]
fn on_a_ci_that_is_not_known_the_hint_of_a_cleanup_without_a_journal_names_whose_accounts_it_means() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let desk = Desk::new().with("CI", "true").configured(&format!(
        "services:
  - name: users
    url: {}
    list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username }}
accounts: [{{ name: alice }}]
",
        users.url("users")
    ));
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    std::fs::remove_dir_all(desk.journals()).unwrap();
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("1 account of this run may still exist"),
        "{}",
        ended.stderr
    );
    let command = command_of(&ended.stderr, "");
    assert!(command.contains(&"--repository".to_owned()), "{command:?}");
    let command: Vec<&str> = command.iter().map(|word| word.trim_matches('\'')).collect();
    let ended = desk.run(&command);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    assert_eq!(users.books("users").unwrap().left().count(), 0);
}

/// A slip in the path and a service that has nobody of that name are answered alike.
#[test]
fn a_look_up_that_is_not_found_is_first_held_for_a_wrong_path() {
    let users = Liar::start(|asked: &Asked| match asked.method.as_str() {
        "POST" => answer(500, &[], b""),
        _ => answer(404, &[], b""),
    });
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    find: {{ request: 'GET /acounts/{{{{ account.username }}}}', items: body, id: item.id, name: item.username }}
",
        users.url()
    ));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let hint =
        "hint: check the path of `find`; if that is how the service says that there is none, write `absent: [404]`";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
}
