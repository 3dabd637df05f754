//! What a hint says is done, and then it works.

use serde_json::json;

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
