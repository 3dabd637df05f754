//! What an answer tells of the service's own limits, in the fields that are met.

use std::time::Duration;

use super::WAIT_MAX;
use crate::domain::answer::{Answer, Body};
use crate::domain::time::Timestamp;

/// A number at least this large is a point in time in seconds (2001), not a span.
const EPOCH_SECONDS: f64 = 1e9;
/// A number at least this large is a point in time in milliseconds.
const EPOCH_MILLIS: f64 = 1e12;
/// When this share of a window's requests is left, they are spread over what is left of the window.
const SPREAD_BELOW: f64 = 0.2;

/// What an answer tells of the service's own limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// How long to wait, said outright.
    pub retry_after: Option<Duration>,
    /// How many requests are left in this window.
    pub remaining: Option<f64>,
    /// How many a window has.
    pub limit: Option<f64>,
    /// How long until the next window.
    pub reset: Option<Duration>,
}

impl Allowance {
    /// Reads it out of an answer that came now.
    pub fn by(answer: &Answer, now: Timestamp) -> Self {
        let number = |names: &[&str]| names.iter().find_map(|name| first_number(answer.header(name)?));
        let mut told = Self {
            retry_after: retry_after(answer, now),
            // The names that are met: X-RateLimit-* (GitHub, Auth0), X-Rate-Limit-* (Okta), RateLimit-* (GitLab).
            remaining: number(&["x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"]),
            limit: number(&["x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit"]),
            reset: number(&["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"]).and_then(|n| until(n, now)),
        };
        // One field with parameters (draft-ietf-httpapi-ratelimit-headers): `limit=100, remaining=50, reset=30` in its
        // older form, `"default";r=50;t=30` in its newer one.
        if let Some(field) = answer.header("ratelimit") {
            let parameter = |names: [&str; 2]| {
                field.split([',', ';']).find_map(|part| {
                    let (name, value) = part.split_once('=')?;
                    names.contains(&name.trim()).then(|| first_number(value)).flatten()
                })
            };
            told.remaining = told.remaining.or(parameter(["remaining", "r"]));
            told.limit = told.limit.or(parameter(["limit", "q"]));
            told.reset = told.reset.or(parameter(["reset", "t"]).and_then(|n| until(n, now)));
        }
        // The largest that can be written would overflow where it is added to anything.
        let believed = |told: Option<Duration>| told.map(|told| told.min(WAIT_MAX));
        told.retry_after = believed(told.retry_after);
        told.reset = believed(told.reset);
        told
    }

    /// The distance that makes what is left last until the next window, once little is left. Where nothing is left, everybody
    /// waits for that window, and comes `apart` from it.
    pub(super) fn spread(&self, apart: Duration) -> Option<Duration> {
        let (remaining, reset) = (self.remaining?, self.reset?);
        if remaining < 1.0 {
            return Some(reset + apart);
        }
        let is_low = self
            .limit
            .map_or(remaining <= 5.0, |limit| remaining < limit * SPREAD_BELOW);
        is_low.then(|| reset.div_f64(remaining + 1.0))
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else `retry_after_ms` of the body (Matrix, 3.4 of its
/// client-server API).
fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let told = answer.header("retry-after").and_then(|text| {
        let text = text.trim();
        match first_number(text) {
            Some(number) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => span(number),
            _ => {
                let date = httpdate::parse_http_date(text).ok()?;
                let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
                let at = Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).ok()?);
                Some(at.since(now))
            }
        }
    });
    told.or_else(|| match &answer.body {
        Body::Json(body) if answer.code() == 429 => body
            .get("retry_after_ms")
            .and_then(serde_json::Value::as_u64)
            .map(Duration::from_millis),
        Body::Json(_) | Body::Text(_) => None,
    })
}

/// A reset: a point in time in seconds or milliseconds, or a span in seconds.
fn until(number: f64, now: Timestamp) -> Option<Duration> {
    let at = |millis: f64| {
        let millis = Duration::try_from_secs_f64(millis / 1_000.0).ok()?.as_millis();
        Some(Timestamp::from_millis(u64::try_from(millis).ok()?).since(now))
    };
    if number >= EPOCH_MILLIS {
        at(number)
    } else if number >= EPOCH_SECONDS {
        at(number * 1_000.0)
    } else {
        span(number)
    }
}

fn span(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// The number that a field begins with: `100`, or the first of `100, 100;w=60`.
fn first_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text[..end].parse().ok()
}
