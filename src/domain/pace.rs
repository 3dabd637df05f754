//! How fast a service may be asked: its configured rate, what it asks for itself, and what it has refused.
//!
//! The pace belongs to the whole service: one answer that says "too many" slows every request to it, and every answer
//! that does not lets it recover a little. Where a service tells how much is left, it is slowed before the limit.

use std::time::Duration;

use super::answer::{Answer, Body};
use super::outcome::pause;
use super::time::Timestamp;

/// Longer waits than this are not believed.
const WAIT_MAX: Duration = Duration::from_hours(1);
/// The distance between requests after a first refusal; it doubles with each further one.
const FIRST_DISTANCE: Duration = Duration::from_millis(25);
/// The longest distance that refusals lead to.
const DISTANCE_MAX: Duration = Duration::from_secs(5);
/// A number at least this large is a point in time in seconds (2001), not a span.
const EPOCH_SECONDS: f64 = 1e9;
/// A number at least this large is a point in time in milliseconds.
const EPOCH_MILLIS: f64 = 1e12;
/// When this share of a window's requests is left, they are spread over what is left of the window.
const SPREAD_BELOW: f64 = 0.2;

/// The pace of one service.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The configured distance between requests.
    configured: Duration,
    /// The distance that refusals have led to.
    learnt: Duration,
    /// When the next request may start.
    next: Timestamp,
    /// How many answers in a row said "too many".
    refusals: u32,
}

impl Pace {
    /// A pace of one request an `interval`, or as fast as it goes.
    pub fn new(interval: Option<Duration>) -> Self {
        Self {
            configured: interval.unwrap_or_default(),
            learnt: Duration::ZERO,
            next: Timestamp::from_millis(0),
            refusals: 0,
        }
    }

    /// Takes a turn, or says how long to wait before asking for one again.
    pub fn turn(&mut self, now: Timestamp) -> Result<(), Duration> {
        if now < self.next {
            return Err(self.next.since(now));
        }
        // A rate is a distance from turn to turn: time that went by unused is no credit.
        self.next = now + self.configured.max(self.learnt);
        Ok(())
    }

    /// Learns from an answer. `random` lies in 0..1 and keeps many jobs from coming back at the same moment.
    pub fn learn(&mut self, answer: &Answer, now: Timestamp, random: f64) {
        let throttled = matches!(answer.status, 425 | 429);
        if throttled {
            self.refusals = self.refusals.saturating_add(1);
            self.learnt = (self.learnt * 2).clamp(FIRST_DISTANCE, DISTANCE_MAX);
        } else {
            self.refusals = 0;
            self.learnt = self.learnt.mul_f64(0.9);
            if self.learnt < Duration::from_millis(1) {
                self.learnt = Duration::ZERO;
            }
        }
        let told = Told::by(answer, now);
        let wait = if throttled || answer.status == 503 {
            let asked = told.retry_after.or(if throttled { told.reset } else { None });
            match asked {
                Some(asked) => Some(asked + FIRST_DISTANCE.mul_f64(random)),
                None if throttled => Some(pause(self.refusals, random)),
                None => None,
            }
        } else {
            told.spread()
        };
        if let Some(wait) = wait {
            self.next = self.next.max(now + wait.min(WAIT_MAX));
        }
    }
}

/// What an answer tells of the service's own limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    /// How long to wait, said outright.
    retry_after: Option<Duration>,
    /// How many requests are left in this window.
    remaining: Option<f64>,
    /// How many a window has.
    limit: Option<f64>,
    /// How long until the next window.
    reset: Option<Duration>,
}

impl Told {
    fn by(answer: &Answer, now: Timestamp) -> Self {
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
        told
    }

    /// The distance that makes what is left last until the next window, once little is left.
    fn spread(&self) -> Option<Duration> {
        let (remaining, reset) = (self.remaining?, self.reset?);
        if remaining < 1.0 {
            return Some(reset);
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
        Body::Json(body) if answer.status == 429 => body
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

    fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
        Answer {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Body::Text(String::new()),
        }
    }

    /// How long the next turn is away after an answer.
    fn wait_after(answer: &Answer) -> Duration {
        let mut pace = Pace::new(None);
        pace.turn(NOW).expect("the first turn");
        pace.learn(answer, NOW, 0.0);
        pace.turn(NOW).err().unwrap_or_default()
    }

    #[test]
    fn a_wait_is_read_in_every_form() {
        let seconds = Duration::from_secs;
        let date =
            httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_millis(NOW.as_millis()) + seconds(30));
        for (status, headers, expected) in [
            (429, vec![("retry-after", "7")], seconds(7)),
            (429, vec![("retry-after", "0.5")], Duration::from_millis(500)),
            (429, vec![("retry-after", date.as_str())], seconds(30)),
            (
                429,
                vec![("retry-after", "Mon, 23 Nov 2020 07:00:00 GMT")],
                Duration::ZERO,
            ),
            (503, vec![("retry-after", "3")], seconds(3)),
            (429, vec![("x-ratelimit-reset", "1795420812")], seconds(12)),
            (429, vec![("x-rate-limit-reset", "1795420812")], seconds(12)),
            (429, vec![("x-ratelimit-reset", "1795420812000")], seconds(12)),
            (429, vec![("ratelimit-reset", "12")], seconds(12)),
            (429, vec![("ratelimit", "limit=10, remaining=0, reset=4")], seconds(4)),
            (429, vec![("ratelimit", "\"default\";r=0;t=4")], seconds(4)),
            (429, vec![("retry-after", "999999999")], WAIT_MAX),
            (200, vec![("retry-after", "7")], Duration::ZERO),
            (503, vec![("x-ratelimit-reset", "12")], Duration::ZERO),
        ] {
            let answer = answer(status, &headers);
            let waited = wait_after(&answer);
            assert!(
                waited >= expected && waited <= expected.max(FIRST_DISTANCE),
                "{headers:?}: {waited:?}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_wait() {
        for text in ["soon", "-1", "", "1e400", "nan", "99999999999999999999999999"] {
            let waited = wait_after(&answer(
                200,
                &[("x-ratelimit-reset", text), ("x-ratelimit-remaining", "x")],
            ));
            assert_eq!(waited, Duration::ZERO, "{text}");
        }
        // Without a time that can be read a refusal still backs off, by chance from nothing upwards.
        let mut pace = Pace::new(None);
        pace.learn(&answer(429, &[("retry-after", "soon")]), NOW, 0.999);
        assert!(pace.turn(NOW).is_err());
    }

    #[test]
    fn matrix_tells_milliseconds_in_the_body() {
        let mut throttled = answer(429, &[]);
        throttled.body = Body::Json(serde_json::json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500}));
        assert_eq!(wait_after(&throttled), Duration::from_millis(1500));
    }

    #[test]
    fn the_slowing_starts_before_the_limit() {
        let plenty = [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "80"),
            ("x-ratelimit-reset", "10"),
        ];
        assert_eq!(wait_after(&answer(201, &plenty)), Duration::ZERO);
        let low = [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "9"),
            ("x-ratelimit-reset", "10"),
        ];
        assert_eq!(wait_after(&answer(201, &low)), Duration::from_secs(1));
        let none = [("ratelimit-remaining", "0"), ("ratelimit-reset", "10")];
        assert_eq!(wait_after(&answer(201, &none)), Duration::from_secs(10));
    }

    #[test]
    fn a_rate_is_a_distance() {
        let mut pace = Pace::new(Some(Duration::from_millis(100)));
        let mut now = NOW;
        for _ in 0..5 {
            while let Err(wait) = pace.turn(now) {
                now = now + wait;
            }
        }
        assert_eq!(now.since(NOW), Duration::from_millis(400));
    }

    #[test]
    fn refusals_slow_the_service_down_and_it_recovers() {
        let mut pace = Pace::new(None);
        for _ in 0..4 {
            pace.learn(&answer(429, &[("retry-after", "0")]), NOW, 0.0);
        }
        assert_eq!(pace.learnt, Duration::from_millis(200));
        for _ in 0..100 {
            pace.learn(&answer(201, &[]), NOW, 0.0);
        }
        assert_eq!(pace.learnt, Duration::ZERO);
    }
}
