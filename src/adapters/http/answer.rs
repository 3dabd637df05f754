//! From what the client saw to what the core is told: bounded, and no more certain than it is.

use std::error::Error as _;

use super::long::LongRead;
use crate::domain::answer::{Answer, Body};
use crate::domain::outcome::Delivery;
use crate::domain::why::{Hint, Why};

/// Bodies are read up to here, after decompression.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// A value takes some hundred bytes once it is read, and so does a key, however short they are in the body: with more of both a
/// sweep would need over 64 MB.
const VALUES_MAX: usize = 200_000;

/// A body grows by so much at most: doubled it would take twice its length in the end.
const GROWTH: usize = 1024 * 1024;

/// What became of a request that the client gave up on.
///
/// Only a failure to connect is certain: reqwest counts name resolution, TCP and TLS as connecting (`is_connect`), and
/// nothing of the request is written before they are done. A request that can't be built never will be sent.
pub(super) fn failure(error: reqwest::Error) -> Delivery {
    let (is_unsent, is_unsendable) = (error.is_connect(), error.is_builder());
    let reason = explain(&error.without_url());
    if is_unsendable {
        Delivery::Unsendable(reason)
    } else if is_unsent {
        Delivery::NotSent(reason)
    } else {
        Delivery::Lost(reason)
    }
}

/// Reads the whole answer.
pub(super) async fn read(mut response: reqwest::Response, reading: &LongRead) -> Delivery {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let mut bytes = Vec::new();
    // Held to the end: what is understood of an answer takes more than its bytes.
    let mut turn = None;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > BODY_MAX => {
                return Delivery::Lost(format!("status {status} with a body of over {} MiB", BODY_MAX >> 20).into());
            }
            Ok(Some(chunk)) => {
                reading.take_turn(bytes.len() + chunk.len(), &mut turn).await;
                if bytes.capacity() - bytes.len() < chunk.len() {
                    bytes.reserve_exact(chunk.len().max(bytes.len().min(GROWTH)));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(None) => break,
            Err(error) => {
                let why = explain(&error.without_url());
                return Delivery::Lost(why.map(|why| format!("status {status}, then {why}")));
            }
        }
    }
    if values(&bytes) > VALUES_MAX {
        return Delivery::Lost(format!("status {status} with a body of over {VALUES_MAX} keys and values").into());
    }
    Delivery::Answered(Answer::http(status, headers, body(bytes)))
}

/// How many keys and values a body of JSON has at most: what stands between them is counted, outside of strings.
fn values(bytes: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b':' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

fn body(bytes: Vec<u8>) -> Body {
    serde_json::from_slice(&bytes).map_or_else(|_| Body::Text(text(bytes)), Body::Json)
}

/// Text of about the bytes' length, whatever they are: U+FFFD takes three.
fn text(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let broken = if bytes.len() > GROWTH { "?" } else { "\u{fffd}" };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(broken);
        }
    }
    text
}

/// The chain of causes, outermost last: reqwest's own text only says that something failed.
fn explain(error: &reqwest::Error) -> Why {
    let mut parts = Vec::new();
    let mut hint = None;
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if error.is::<Hint>() {
            hint = Some(text);
            break;
        }
        // `client error (Connect)` and the like only repeat what the next cause says.
        if text.starts_with("client error (") {
            cause = error.source();
            continue;
        }
        if !parts.last().is_some_and(|last: &String| last.contains(&text)) {
            parts.push(text);
        }
        cause = error.source();
    }
    if parts.is_empty() {
        parts.push(error.to_string());
    }
    Why::new(parts.join(": "), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_body_are_counted_before_it_is_read() {
        for (text, expected) in [
            (r#"{"a": [1, 2, {}], "b": ",,[{\",["}"#, 8),
            ("[]", 1),
            ("text, and more", 1),
        ] {
            assert_eq!(values(text.as_bytes()), expected, "{text}");
        }
        let map: Vec<String> = (0..149_000).map(|at| format!("\"k{at}\":1")).collect();
        assert!(values(format!("{{{}}}", map.join(",")).as_bytes()) > VALUES_MAX);
        assert!(values("[{},".repeat(200_000).as_bytes()) > VALUES_MAX);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_grow_by_being_read() {
        assert_eq!(text(b"caf\xe9 \xff".to_vec()), "caf\u{fffd} \u{fffd}");
        let long = text(b"\xff\xfe".repeat(GROWTH));
        assert_eq!((long.len(), long.capacity()), (2 * GROWTH, 2 * GROWTH));
    }
}
