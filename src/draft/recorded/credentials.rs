//! Credentials of a command as `auth`, without their values.

use super::super::block::{Block, Item, open};
use super::super::curl::Recorded;
use super::super::foreign::is_plain_value;
use super::recording::{Recording, looks_random};

impl Recording<'_> {
    /// Credentials as `auth`, and the header fields that are none.
    pub(super) fn credentials(&mut self, one: &Recorded) -> (Option<Item>, Block) {
        let mut auth: Option<Item> = None;
        let mut secret = Block::default();
        let mut headers = Block::default();
        if one.has_user {
            auth = Some(self.basic());
        }
        for (name, value) in &one.headers {
            let lower = name.to_ascii_lowercase();
            let is_token = !name.is_empty()
                && name.len() <= 60
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if !is_token || is_noise(&lower) {
                continue;
            }
            if lower == "authorization" && auth.is_none() {
                let (front, rest) = value.split_once(' ').unwrap_or(("", value));
                let is_word = !front.is_empty()
                    && front.len() <= 16
                    && front.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
                    && !rest.trim().contains(' ');
                if front.eq_ignore_ascii_case("basic") {
                    auth = Some(self.basic());
                } else if front.eq_ignore_ascii_case("bearer") {
                    let mut bearer = Block::default();
                    bearer.put("bearer", self.token(name));
                    auth = Some(bearer.into());
                } else {
                    let token = self.token(name);
                    secret.put(name, if is_word { format!("{front} {token}") } else { token });
                }
            } else if is_secret(&lower, value) {
                secret.put(name, self.token(name));
            } else if lower == "content-type"
                && (one.is_json || one.body.as_deref().is_none_or(|_| value.contains("form")))
                && !value.contains('+')
            {
                // The payload says it.
            } else {
                headers.put(
                    name,
                    if is_plain_value(value) && !self.is_secret(value) {
                        Item::from(value.as_str())
                    } else {
                        open()
                    },
                );
            }
        }
        if !secret.is_empty() {
            if auth.is_none() {
                let mut header = Block::default();
                header.put("header", secret);
                auth = Some(header.into());
            } else {
                // `auth` has one kind: what else is secret goes with the create.
                for (name, _) in &one.headers {
                    if let Some(value) = secret.get(name) {
                        headers.put(name, value.clone());
                    }
                }
            }
        }
        (auth, headers)
    }
}

/// Header fields that say how a client is made, or what the payload says.
fn is_noise(lower: &str) -> bool {
    const NOISE: [&str; 24] = [
        "accept-encoding",
        "accept-language",
        "user-agent",
        "origin",
        "referer",
        "priority",
        "dnt",
        "pragma",
        "cache-control",
        "connection",
        "host",
        "content-length",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "http2-settings",
        "if-none-match",
        "if-modified-since",
        "expect",
        "accept-charset",
        "upgrade-insecure-requests",
        "x-request-id",
    ];
    NOISE.contains(&lower) || lower.starts_with("sec-") || lower.starts_with("proxy-") || lower.starts_with(':')
}

/// Does a header field let its sender in, by its name or by the look of its value?
fn is_secret(lower: &str, value: &str) -> bool {
    const PARTS: [&str; 12] = [
        "auth",
        "token",
        "key",
        "secret",
        "session",
        "csrf",
        "xsrf",
        "signature",
        "cookie",
        "cred",
        "jwt",
        "pass",
    ];
    // `Accept: application/vnd.example.v3+json` is long, and has a digit.
    let is_kind = ["accept", "content-type"].contains(&lower);
    PARTS.iter().any(|part| lower.contains(part)) || looks_random(value) && !is_kind
}
