//! Ids of every kind that a service may answer a create with.

use serde_json::{Value, json};

use super::{created, try_reply};
use crate::liar::{answer, json as says};

/// Ids that would lead a path elsewhere: nothing but the create may be asked with them, or, where they can be written as
/// one segment, that segment alone.
#[test]
fn an_id_never_leads_a_path_elsewhere() {
    for (id, segment) in [
        ("\"..\"", None),
        ("\".\"", None),
        ("\"\"", None),
        ("\"../admin\"", Some("..%2Fadmin")),
        ("\"a/b?c\"", Some("a%2Fb%3Fc")),
        ("\"a#b\"", Some("a%23b")),
        ("\"%2e%2e\"", Some("%252e%252e")),
        ("\"%0A\"", Some("%250A")),
        ("\"a\\r\\nX-Evil: 1\"", Some("a%0D%0AX-Evil%3A%201")),
        ("\"a\\u0000b\"", Some("a%00b")),
        ("\" \"", Some("%20")),
        ("\"..;/\"", Some("..%3B%2F")),
        ("\"http://127.0.0.1:1/\"", Some("http%3A%2F%2F127.0.0.1%3A1%2F")),
    ] {
        let tried = try_reply(move |asked| {
            if asked.method == "POST" {
                created(asked, id)
            } else {
                says(404, &json!({}))
            }
        });
        assert_ne!(tried.cleanup.code, Some(2), "{id}: {}", tried.told());
        let others: Vec<_> = tried.asked.iter().filter(|line| *line != "POST /accounts").collect();
        let allowed = segment.map(|segment| {
            [
                format!("GET /accounts/{segment}"),
                format!("DELETE /accounts/{segment}"),
            ]
        });
        for line in &others {
            assert!(allowed.iter().flatten().any(|one| one == *line), "{id}: asked `{line}`");
        }
        assert_eq!(others.is_empty(), segment.is_none(), "{id}: {others:?}");
        if segment.is_none() {
            assert_eq!(
                (tried.setup.code, tried.cleanup.code),
                (Some(1), Some(1)),
                "{id}: {}",
                tried.told()
            );
            assert!(tried.cleanup.stderr.contains("-alice"), "{id}: {}", tried.told());
        }
    }
}

/// Ids that are no readable scalar, or whose digits would not survive: it is not known which account was made.
#[test]
fn an_id_that_can_not_be_kept_digit_by_digit_is_unclear() {
    for id in [
        "12345678901234567890123",
        "-9223372036854775809",
        "1e400",
        "1e2",
        "1E22",
        "0.10",
        "1.00",
        "-0",
        "0.30000000000000001",
        "12345678901234567.5",
        "null",
        "[1]",
        "{\"$ne\": 1}",
    ] {
        let tried = try_reply(move |asked| created(asked, id));
        assert_eq!(tried.asked, ["POST /accounts"], "{id}: {}", tried.told());
        assert_eq!(
            (tried.setup.code, tried.cleanup.code),
            (Some(1), Some(1)),
            "{id}: {}",
            tried.told()
        );
        assert!(
            tried.setup.stderr.contains("unclear whether it was created"),
            "{id}: {}",
            tried.told()
        );
        assert!(
            tried.cleanup.stderr.contains("may still exist"),
            "{id}: {}",
            tried.told()
        );
    }
}

#[test]
fn whole_numbers_of_64_bits_are_ids() {
    for id in ["7", "0", "-3", "9223372036854775807", "18446744073709551615"] {
        let mut there: Option<String> = None;
        let tried = try_reply(move |asked| match (asked.method.as_str(), &there) {
            ("POST", _) => {
                there = Some(asked.username());
                created(asked, id)
            }
            ("GET", Some(name)) => says(200, &json!({ "username": name })),
            ("DELETE", Some(_)) => {
                there = None;
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        });
        let (read, delete) = (format!("GET /accounts/{id}"), format!("DELETE /accounts/{id}"));
        assert_eq!(
            tried.asked,
            ["POST /accounts", &read, &read, &delete, &read],
            "{id}: {}",
            tried.told()
        );
        assert_eq!(
            (tried.setup.code, tried.cleanup.code),
            (Some(0), Some(0)),
            "{id}: {}",
            tried.told()
        );
    }
}

#[test]
fn an_id_of_a_megabyte_stays_short_in_the_log() {
    let tried = try_reply(|asked| match asked.method.as_str() {
        "POST" => created(asked, &Value::from("x".repeat(1 << 20)).to_string()),
        _ => says(404, &json!({})),
    });
    assert!(
        tried.told().lines().all(|line| line.len() < 20_000),
        "{}",
        tried.told().len()
    );
    assert!(tried.asked.iter().all(|line| line.len() < 70_000));
    assert_eq!(tried.setup.code, Some(1));
}
