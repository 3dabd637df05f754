//! What a pace learns from answers.

mod exact;

use super::*;
use crate::domain::answer::Body;

const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Answer::http(status, headers, Body::Text(String::new()))
}

/// How long the next turn is away after an answer.
fn wait_after(answer: &Answer) -> Duration {
    let mut pace = Pace::new(None, 8);
    pace.turn(NOW).expect("the first turn");
    pace.learn(answer, NOW, NOW, 0.0);
    pace.turn(NOW).err().unwrap_or_default()
}

#[test]
fn a_wait_is_read_in_every_form() {
    let seconds = Duration::from_secs;
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_millis(NOW.as_millis()) + seconds(30));
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
    let mut pace = Pace::new(None, 8);
    pace.learn(&answer(429, &[("retry-after", "soon")]), NOW, NOW, 0.999);
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
    let mut pace = Pace::new(Some(Duration::from_millis(100)), 8);
    let mut now = NOW;
    for _ in 0..5 {
        while let Err(wait) = pace.turn(now) {
            now = now + wait;
        }
    }
    assert_eq!(now.since(NOW), Duration::from_millis(400));
}

/// Sends whenever it may for so many seconds, where every answer comes at once and `accepts` decides on it; says how many
/// were accepted and refused.
fn drive(pace: &mut Pace, seconds: u64, mut accepts: impl FnMut(Timestamp) -> bool) -> (u32, u32) {
    let (mut accepted, mut refused) = (0, 0);
    let mut now = NOW;
    while now.since(NOW) < Duration::from_secs(seconds) {
        match pace.turn(now) {
            Err(wait) => now = now + wait.max(Duration::from_millis(1)),
            Ok(()) if accepts(now) => {
                accepted += 1;
                pace.learn(&answer(201, &[]), now, now, 0.5);
                now = now + Duration::from_millis(1);
            }
            Ok(()) => {
                refused += 1;
                pace.learn(&answer(429, &[("retry-after", "1")]), now, now, 0.5);
            }
        }
    }
    (accepted, refused)
}

#[test]
fn refusals_slow_the_service_down_and_it_recovers() {
    let mut pace = Pace::new(None, 8);
    let mut now = NOW;
    for _ in 0..4 {
        now = now + Duration::from_millis(1);
        pace.learn(&answer(429, &[]), now, now, 0.0);
    }
    assert_eq!(pace.learnt, DISTANCE_MAX);
    for _ in 0..100 {
        pace.learn(&answer(201, &[]), now, now, 0.0);
    }
    assert_eq!(pace.learnt, Duration::ZERO);
}

#[test]
fn the_longest_wait_that_can_be_written_is_an_hour_however_often_it_comes() {
    for header in ["retry-after", "x-ratelimit-reset"] {
        for text in ["9223372036854775807", "18446744073709549568", "9999999999999", "1e308"] {
            let mut pace = Pace::new(None, 8);
            let mut now = NOW;
            for _ in 0..5 {
                pace.learn(&answer(429, &[(header, text)]), now, now, 0.999);
                now = now + Duration::from_millis(1);
            }
            let wait = pace.turn(now).err().unwrap_or_default();
            assert!(wait <= WAIT_MAX, "{header}: {text}: {wait:?}");
        }
    }
}

#[test]
fn another_phase_begins_at_once_with_the_distance_that_was_learnt() {
    let mut pace = Pace::new(Some(Duration::from_millis(10)), 8);
    pace.turn(NOW).expect("the first turn");
    pace.learn(&answer(429, &[("retry-after", "600")]), NOW, NOW, 0.0);
    assert!(pace.turn(NOW).is_err());
    let later = NOW + Duration::from_mins(20);
    pace.resume(None);
    assert_eq!(pace.turn(NOW), Ok(()));
    assert_eq!(pace.learnt, FIRST_DISTANCE);
    // One refusal after a long time without any request is no crowd either.
    pace.resume(None);
    pace.turn(later).expect("a turn");
    pace.learn(&answer(429, &[]), later, later, 0.0);
    assert!(pace.learnt <= FIRST_DISTANCE * 2, "{:?}", pace.learnt);
}

#[test]
fn one_refusal_is_no_crowd() {
    let mut pace = Pace::new(None, 8);
    pace.turn(NOW).expect("the first turn");
    pace.learn(&answer(429, &[("retry-after", "0")]), NOW, NOW, 0.0);
    assert_eq!(pace.learnt, FIRST_DISTANCE);
}

#[test]
fn refusals_of_one_moment_are_heeded_once() {
    let mut pace = Pace::new(None, 64);
    for _ in 0..60 {
        pace.turn(NOW).expect("nothing slows it yet");
    }
    let later = NOW + Duration::from_millis(20);
    for _ in 0..50 {
        pace.learn(&answer(201, &[]), NOW, later, 0.0);
    }
    for _ in 0..10 {
        pace.learn(&answer(429, &[("retry-after", "1")]), NOW, later, 0.0);
    }
    assert_eq!(pace.refusals, 1);
    assert_eq!(pace.learnt, FIRST_DISTANCE);
}

#[test]
fn a_limit_is_nearly_reached_by_one_who_has_it_alone() {
    // A bucket of fifty that fills with fifty a second.
    let (mut tokens, mut filled) = (50.0, NOW);
    let (accepted, refused) = drive(&mut Pace::new(None, 8), 60, |now| {
        tokens = f64::min(tokens + now.since(filled).as_secs_f64() * 50.0, 50.0);
        filled = now;
        let accepts = tokens >= 1.0;
        tokens -= f64::from(u8::from(accepts));
        accepts
    });
    assert!(accepted > 2500, "{accepted} of 3,050 were accepted");
    assert!(refused < accepted / 10, "{refused} were refused beside {accepted}");
}

#[test]
fn a_service_that_refuses_everything_is_hardly_asked() {
    let (_, refused) = drive(&mut Pace::new(None, 8), 60, |_| false);
    assert!(refused <= 20, "{refused} in a minute");
}

#[test]
fn a_pace_begins_with_a_few_requests() {
    for (at_once, first) in [(1, 1), (3, 1), (8, 2), (16, 10)] {
        let mut pace = Pace::new(None, at_once);
        for _ in 0..first {
            assert!(!pace.waits_for_answer());
            pace.turn(NOW).expect("one of the first");
        }
        assert!(pace.waits_for_answer());
        pace.open();
        assert!(!pace.waits_for_answer());
    }
}
