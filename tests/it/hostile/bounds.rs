//! Redirects, bodies, headers and time have an end.

use std::time::Duration;

use serde_json::json;
use standin::sandbox::{Sandbox, ServiceSpec};

use super::{created, of_one, try_reply};
use crate::liar::{Liar, Reply, answer, json as says};

#[test]
fn no_request_follows_to_another_origin() {
    let trap = Liar::start(|_| says(200, &json!({"id": 1})));
    let away = format!("Location: {}/accounts/1", trap.url());
    for status in [301, 302, 303, 307, 308] {
        let away = away.clone();
        let tried = try_reply(move |asked| match asked.method.as_str() {
            "POST" => created(asked, "7"),
            _ => answer(status, &[&away], b""),
        });
        assert_eq!(tried.cleanup.code, Some(1), "{status}: {}", tried.told());
        let away = format!("Location: {}/accounts", trap.url());
        let tried = try_reply(move |_| answer(status, &[&away], b""));
        assert_eq!(tried.asked, ["POST /accounts"], "{status}: {}", tried.told());
    }
    assert!(trap.lines().is_empty(), "{:?}", trap.lines());
}

#[test]
fn five_redirects_are_followed_and_six_are_not() {
    for (hops, code) in [(5, 0), (6, 1)] {
        let tried = try_reply(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", _) => created(asked, "7"),
            ("DELETE", _) => answer(204, &[], b""),
            (_, "/accounts/7") => answer(302, &["Location: /hop/1"], b""),
            (_, hop) => {
                let hop: u32 = hop.trim_start_matches("/hop/").parse().unwrap();
                if hop == hops {
                    says(200, &json!({}))
                } else {
                    answer(302, &[&format!("Location: /hop/{}", hop + 1)], b"")
                }
            }
        });
        assert_eq!(tried.setup.code, Some(code), "{hops}: {}", tried.told());
    }
}

/// No answer is read without an end: bodies, headers and time are bounded, whatever the service does.
#[test]
fn answers_without_an_end_end() {
    let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let long = format!("{head}Content-Length: 99999999\r\n\r\n");
    let drip = Duration::from_millis(50);
    let endless = [
        ("a body of any length", chunked.clone(), chunk, Duration::ZERO),
        (
            "headers",
            head.to_owned(),
            "X-More: and more\r\n".repeat(100),
            Duration::ZERO,
        ),
        (
            "one header",
            format!("{head}X-Long: "),
            "x".repeat(4096),
            Duration::ZERO,
        ),
        ("a declared length", long, "x".repeat(65536), Duration::ZERO),
        ("a dripping body", chunked, "1\r\nx\r\n".to_owned(), drip),
        ("dripping headers", head.to_owned(), "X: y\r\n".to_owned(), drip),
        ("a dripping status", String::new(), "H".to_owned(), drip),
        (
            "informational answers",
            String::new(),
            "HTTP/1.1 103 Early Hints\r\n\r\n".to_owned(),
            Duration::from_millis(1),
        ),
    ];
    // They wait more than they work.
    std::thread::scope(|scope| {
        for (name, first, again, pause) in endless {
            scope.spawn(move || ends(name, &first, &again, pause));
        }
    });
}

fn ends(name: &str, first: &str, again: &str, pause: Duration) {
    let (first, again) = (first.as_bytes().to_vec(), again.as_bytes().to_vec());
    let tried = try_reply(move |_| Reply::Endless(first.clone(), again.clone(), pause));
    assert_eq!(
        (tried.setup.code, tried.cleanup.code),
        (Some(1), Some(1)),
        "{name}: {}",
        tried.told()
    );
    assert!(
        tried.cleanup.stderr.contains("may still exist"),
        "{name}: {}",
        tried.told()
    );
    assert!(tried.took < Duration::from_secs(25), "{name} took {:?}", tried.took);
}

#[test]
fn a_small_body_that_unfolds_is_cut_off() {
    for fault in ["gzip-bomb", "huge"] {
        let sandbox = Sandbox::spawn_thread(
            Sandbox::builder()
                .service(ServiceSpec::new("users"))
                .fault(&format!("users POST * {fault}")),
        )
        .unwrap();
        let ended = of_one(&sandbox.url("users")).run(&["setup"]);
        assert_eq!(ended.code, Some(1), "{fault}: {}", ended.stderr);
        assert!(ended.stderr.contains("8 MiB"), "{fault}: {}", ended.stderr);
    }
}
