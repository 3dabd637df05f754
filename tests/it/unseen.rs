//! What nothing shows is named with the cause: another place, a right that is missing; and what was refused owes nothing.

use std::fs;

use serde_json::json;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, answer, json as says};

/// A service that lets in whom it wants.
fn service(mut lets: impl FnMut(&Asked) -> u16 + Send + 'static) -> Liar {
    let mut there: Option<String> = None;
    Liar::start(move |asked| {
        let status = lets(asked);
        if status != 200 {
            return says(status, &json!({"error": "no right"}));
        }
        let items: Vec<_> = there.iter().map(|name| json!({"id": "u1", "username": name})).collect();
        match asked.method.as_str() {
            "POST" => {
                there = Some(asked.username());
                says(201, &json!({"id": "u1", "username": asked.username()}))
            }
            "GET" if asked.target.starts_with("/accounts/") => match items.first() {
                Some(item) => says(200, item),
                None => answer(404, &[], b""),
            },
            "GET" => says(200, &json!({ "items": items })),
            _ => answer(if there.take().is_some() { 204 } else { 404 }, &[], b""),
        }
    })
}

fn desk(url: &str, more: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:\n  - name: users\n    url: \"{url}\"\n    timeout: 1s\n{more}"
    ))
}

const LIST: &str = "    list: { request: GET /accounts, items: body.items, id: item.id, name: item.username }\n";
const FIND: &str = "    find: { request: 'GET /accounts?name={{ account.username }}', items: body.items, id: item.id, name: item.username }\n";

#[test]
fn who_is_refused_the_create_and_the_look_owes_nothing() {
    for eye in [LIST, FIND] {
        for status in [401, 403] {
            let users = service(move |_| status);
            let desk = desk(&users.url(), eye);
            let ended = desk.run(&["setup"]);
            assert_eq!(ended.code, Some(1), "{status}, {eye}: {}", ended.stderr);
            assert!(
                !ended.stderr.contains("may still exist"),
                "{status}, {eye}: {}",
                ended.stderr
            );
            let ended = desk.run(&["cleanup"]);
            assert_eq!(ended.code, Some(0), "{status}, {eye}: {}", ended.stderr);
        }
    }
}

#[test]
fn who_is_looked_for_at_another_address_is_named_with_the_address_for_the_cause() {
    for eye in [LIST, FIND, ""] {
        let (there, elsewhere) = (service(|_| 200), service(|_| 200));
        let desk = desk("{{ env.BASE_URL }}", eye).with("BASE_URL", &there.url());
        let ended = desk.run(&["setup"]);
        assert_eq!(ended.code, Some(0), "{eye}: {}", ended.stderr);
        let desk = desk.with("BASE_URL", &elsewhere.url());
        let ended = desk.run(&["cleanup", "--report", "r.json"]);
        assert_eq!(ended.code, Some(1), "{eye}: {}", ended.stderr);
        for part in [
            "this is not where it was created",
            "run it with the same values as setup",
        ] {
            assert!(ended.stderr.contains(part), "{eye}: {}", ended.stderr);
        }
        let report: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(desk.work().join("r.json")).unwrap()).unwrap();
        assert_eq!(report["leftovers"][0]["reason"], "elsewhere", "{eye}: {report}");
    }
}

#[test]
fn a_delete_that_nobody_may_look_at_is_told_with_what_was_refused() {
    let users = service(|asked| if asked.method == "GET" { 403 } else { 200 });
    let desk = desk(&users.url(), &format!("    verify: null\n{FIND}"));
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("403: no right"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("give the service `verify`"), "{}", ended.stderr);
}
