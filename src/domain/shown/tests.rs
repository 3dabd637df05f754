//! Bodies and header fields, and what of them is shown.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

/// Shows it where `known secret` is known, and `hinted` is the name of a field that somebody described.
fn shown(answer: &Answer) -> String {
    let names = vec!["hinted".to_owned()];
    let cover = Cover {
        names: &names,
        veil: &|text| text.replace("known secret", "***"),
        is_secret: &|text| text == "4711" || text == "one-word",
    };
    super::answer(answer, &cover).join("\n")
}

fn of_json(body: Value) -> String {
    shown(&Answer::http(200, Vec::new(), Body::Json(body)))
}

fn of_text(body: &str) -> String {
    shown(&Answer::http(200, Vec::new(), Body::Text(body.to_owned())))
}

fn of_field(name: &str, value: &str) -> String {
    let fields = vec![(name.to_owned(), value.to_owned())];
    shown(&Answer::http(200, fields, Body::Text(String::new())))
}

#[test]
fn a_body_of_json_is_shown_without_what_is_or_looks_secret() {
    for (body, expected) in [
        (
            json!({"id": 7, "name": "alice", "ok": true, "none": null}),
            json!({"id": 7, "name": "alice", "ok": true, "none": null}),
        ),
        (
            json!({"apiKey": "k", "recovery_code": "r", "pin": 1}),
            json!({"apiKey": "***", "recovery_code": "***", "pin": "***"}),
        ),
        (
            json!({"credentials": {"a": ["x", {"b": 1}], "temporary": false, "hint": ""}}),
            json!({"credentials": {"a": ["***", {"b": "***"}], "temporary": false, "hint": ""}}),
        ),
        (
            json!({"Hinted": "x", "other": ["hinted", "x"]}),
            json!({"Hinted": "***", "other": ["hinted", "***"]}),
        ),
        (
            json!({"note": "a known secret", "n": 4711, "t": "4711"}),
            json!({"note": "a ***", "n": "***", "t": "***"}),
        ),
        (json!({"known secret": 1, "one-word": 2}), json!({"***": 2})),
        (
            json!({"note": JWT, "x": format!("see {JWT}!")}),
            json!({"note": "***", "x": "see ***!"}),
        ),
        (
            json!({"x": "ghp_0123456789abcdef", "y": "sk_live_0123456789"}),
            json!({"x": "***", "y": "***"}),
        ),
        (json!({"x": "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF"}), json!({"x": "***"})),
        (
            json!({"x": "5f7c8ec7c33c6c004bbafe82", "y": "550E8400-e29b-41d4-a716-446655440000"}),
            json!({"x": "5f7c8ec7c33c6c004bbafe82", "y": "550E8400-e29b-41d4-a716-446655440000"}),
        ),
        (
            json!({"x": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nso"}),
            json!({"x": "***\nso"}),
        ),
        (
            json!({"x": "https://qa:pw@host/x", "y": "https://host/x?access_token=abc&b=c"}),
            json!({"x": "https://***@host/x", "y": "https://host/x?access_token=***"}),
        ),
        (
            json!({"x": "https://host/cb?code=abc"}),
            json!({"x": "https://host/cb?code=***"}),
        ),
        (
            json!({"type": "password", "value": "hunter2"}),
            json!({"type": "password", "value": "***"}),
        ),
        (
            json!([["set-cookie", "sid=1"], ["etag", "1"]]),
            json!([["set-cookie", "***"], ["etag", "1"]]),
        ),
        (
            json!({"message": "password must be at least 8 characters", "m": "your password is hunter2"}),
            json!({"message": "password must be at least 8 characters", "m": "your password ***"}),
        ),
        (
            json!({"inner": "{\"password\":\"hunter2\",\"a\":1}"}),
            json!({"inner": "{\"password\":\"***"}),
        ),
        (json!({"x": "say one-word now"}), json!({"x": "say *** now"})),
    ] {
        let told: Value = serde_json::from_str(&of_json(body.clone())).unwrap();
        assert_eq!(told, expected, "{body}");
    }
}

#[test]
fn a_body_of_text_is_shown_without_what_is_or_looks_secret() {
    for (body, expected) in [
        ("", ""),
        ("created 7", "created 7"),
        ("a=b&token=abc&c=d", "a=b&token=***"),
        (
            "user: qa\npassword: correct horse\nid: 7",
            "user: qa\npassword: ***\nid: 7",
        ),
        ("<id>7</id>\n<password>hunter2</password>", "<id>7</id>\n<password***"),
        ("<secret>\n  hunter2\n</secret>\nso", "<secret>\n***\n</secret>\nso"),
        ("api_key\n\nk-1\nso", "api_key\n\n***\nso"),
        ("access%5Ftoken=abc", "access%5Ftoken=***"),
        ("p%61ssword=abc", "***"),
        ("a known secret is known", "a *** is known"),
        ("Authorization: Bearer abcdefgh", "Authorization: ***"),
        ("use Bearer abcdefghij", "use Bearer ***"),
        ("-----BEGIN PGP MESSAGE-----\nabc\n\nso", "***\n\n"),
    ] {
        assert_eq!(of_text(body).trim_end(), expected.trim_end(), "{body}");
    }
}

#[test]
fn header_fields_that_help_are_shown() {
    for (name, value, expected) in [
        ("location", "/accounts/7", "location: /accounts/7"),
        ("location", "/cb?token=abc&a=b", "location: /cb?token=***"),
        (
            "link",
            "<http://x/u?page=2>; rel=\"next\"",
            "link: <http://x/u?page=2>; rel=\"next\"",
        ),
        ("set-cookie", "sid=1", "set-cookie: ***"),
        ("x-auth-token", "abc", "x-auth-token: ***"),
        ("x-request-id", "r-1", "x-request-id: r-1"),
        (
            "www-authenticate",
            "Basic realm=\"users\"",
            "www-authenticate: Basic realm=\"users\"",
        ),
        ("retry-after", "7", "retry-after: 7"),
        ("date", "today", ""),
        ("access-control-allow-origin", "*", ""),
    ] {
        assert_eq!(of_field(name, value), expected, "{name}");
    }
    let many: Vec<(String, String)> = (0..100).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let told = shown(&Answer::http(200, many, Body::Text(String::new())));
    assert_eq!(told.lines().count(), FIELDS_MAX + 1);
    assert!(told.ends_with("… 60 more header fields …"), "{told}");
}

#[test]
fn a_long_body_is_cut_in_its_middle_after_its_secrets_are_hidden() {
    let text = format!("front {} known secret end", "x ".repeat(1_000_000));
    let told = of_text(&text);
    assert!(told.starts_with("front x x") && told.ends_with("x  *** end"), "{told}");
    assert!(told.contains("characters left out") && told.chars().count() < 4_000);
    let told = of_text(&"known secret".repeat(1_000));
    assert!(!told.contains("known") && !told.contains("secret"), "{told}");
    assert_eq!(cut("abcdefghij", 6), "abcd… 4 characters left out …ij");
    assert_eq!(grouped(1_234_567), "1,234,567");
    let told = of_text(&"line\n".repeat(5_000));
    assert!(told.lines().count() <= LINES_MAX + 1, "{told}");
}

#[test]
fn a_page_of_a_list_stays_readable() {
    let items: Vec<Value> = (0..1_000)
        .map(|id| json!({"id": id, "name": "alice", "token": "t"}))
        .collect();
    let told = of_json(json!({ "items": items }));
    assert!(
        told.contains("… 991 items left out …") && told.contains("\"id\":999"),
        "{told}"
    );
    assert!(told.chars().count() < 600 && !told.contains("\"t\""), "{told}");
}

#[test]
fn a_deep_or_a_wide_body_takes_no_long_time() {
    let deep = (0..100).fold(json!("x"), |inner, _| json!({ "a": [inner] }));
    assert!(of_json(deep).contains('…'));
    let fields = (0..100_000).map(|n| (format!("field-{n}"), json!(n)));
    let told = of_json(Value::Object(fields.collect()));
    assert!(told.ends_with("\"…\":\"99,940 fields left out\"}"), "{told}");
    let wide: Vec<Value> = (0..50).map(|_| json!(vec![vec!["x"; 50]; 50])).collect();
    assert!(of_json(json!(wide)).chars().count() < 4_000);
    let long = format!("{{{}", "\"password\":".repeat(1_000_000));
    assert!(of_text(&long).chars().count() < 4_000);
    for piece in ["a=", "e.", "%61", "-", "eyJ.", "ä"] {
        assert!(of_text(&piece.repeat(1_000_000)).chars().count() < 4_000, "{piece}");
    }
}

proptest! {
    #[test]
    fn nothing_below_a_name_that_looks_secret_is_shown(front in "[ -~]{0,8}", sign in "[=: \"'>]{1,3}", value in "[a-z0-9]{8,12}zq") {
        for name in ["password", "api_key", "session_token", "recovery-code"] {
            let text = format!("{front} {name}{sign}{value}");
            let json = json!({ "a": [{ (name): { "b": [value] } }, text] });
            for told in [of_text(&text), of_json(json), of_field("x-a", &text)] {
                prop_assert!(!told.contains(&value), "{text:?} -> {told}");
            }
        }
    }
}
