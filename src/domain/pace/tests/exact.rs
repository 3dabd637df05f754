//! What refusals and acceptances come to, in figures that can be worked out by hand.

use super::super::*;
use crate::domain::answer::Body;

const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

fn after(millis: u64) -> Timestamp {
    NOW + Duration::from_millis(millis)
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Answer::http(status, headers.collect(), Body::Text(String::new()))
}

/// A pace whose first turn was taken, and of which so many requests were accepted at once.
fn accepted(count: usize, interval: Option<Duration>) -> Pace {
    let mut pace = Pace::new(interval, 8);
    pace.turn(NOW).expect("the first turn");
    for _ in 0..count {
        pace.learn(&answer(200, &[]), NOW, NOW, 0.0);
    }
    pace
}

/// A refusal of a request that was sent and answered at once.
fn refuse(pace: &mut Pace, millis: u64, headers: &[(&str, &str)]) {
    pace.learn(&answer(429, headers), after(millis), after(millis), 0.0);
}

/// The distance between two turns, in milliseconds.
fn distance(pace: &mut Pace) -> u128 {
    let late = after(100_000_000);
    pace.turn(late).expect("nothing asks to wait so long");
    pace.turn(late).err().unwrap_or_default().as_millis()
}

fn left(pace: &mut Pace, millis: u64) -> u128 {
    pace.turn(after(millis)).err().unwrap_or_default().as_millis()
}

#[test]
fn a_wait_is_over_once_a_request_that_was_sent_after_it_is_let_in() {
    const ASKED: (&str, &str) = ("retry-after", "10");
    for (status, sent, answered, expected) in [
        // 25 ms after the refusal, less a tenth.
        (200, 500, 1_000, 22),
        (404, 500, 1_000, 9_000),
        (200, 0, 1_000, 9_000),
        (200, 500, 10_000, 0),
        (200, 500, 12_000, 0),
    ] {
        let mut pace = accepted(0, None);
        refuse(&mut pace, 0, &[ASKED]);
        pace.learn(&answer(status, &[]), after(sent), after(answered), 0.0);
        assert_eq!(left(&mut pace, answered), expected, "{status} {sent} {answered}");
    }
}

#[test]
fn a_configured_distance_is_not_begun_again_by_what_is_let_in() {
    let mut pace = accepted(0, Some(Duration::from_secs(5)));
    pace.learn(&answer(200, &[]), after(500), after(1_000), 0.0);
    assert_eq!(left(&mut pace, 1_000), 4_000);
    refuse(&mut pace, 1_000, &[("retry-after", "60")]);
    pace.learn(&answer(200, &[]), after(1_500), after(2_000), 0.0);
    assert_eq!(left(&mut pace, 2_000), 5_000);
    pace.learn(&answer(200, &[]), after(2_500), after(3_000), 0.0);
    assert_eq!(left(&mut pace, 3_000), 4_000);
}

#[test]
fn only_who_is_throttled_waits_without_being_told_how_long() {
    for (status, waits) in [(429, true), (503, false)] {
        let mut pace = accepted(0, None);
        pace.learn(&answer(status, &[]), NOW, NOW, 0.999);
        assert_eq!(left(&mut pace, 0) > 0, waits, "{status}");
    }
}

#[test]
fn a_refusal_leads_to_the_share_of_what_was_accepted_and_the_next_to_twice_that() {
    let mut pace = accepted(3, None);
    refuse(&mut pace, 8_000, &[]);
    // 8 s for three accepted and this one.
    assert_eq!(distance(&mut pace.clone()), 2_000);
    refuse(&mut pace, 12_000, &[]);
    assert_eq!(distance(&mut pace), 4_000);
}

#[test]
fn a_second_refusal_is_counted_over_a_time_that_means_something() {
    for (before, headers, expected) in [
        // Of nothing accepted: 5 s, and of the time that is asked for five times as much at most.
        (0, vec![], 5_000),
        (0, vec![("retry-after", "0.2")], 1_000),
        // Of four accepted half are left: 5 s by one and a quarter, for three.
        (4, vec![], 1_333),
    ] {
        let mut pace = accepted(before, None);
        refuse(&mut pace, 0, &[]);
        assert_eq!(distance(&mut pace.clone()), 25);
        refuse(&mut pace, 1, &headers);
        assert_eq!(distance(&mut pace), expected, "{before} {headers:?}");
    }
}

#[test]
fn half_of_what_was_accepted_in_half_of_the_time_is_kept() {
    let mut pace = accepted(79, None);
    refuse(&mut pace, 8_000, &[]);
    assert_eq!(distance(&mut pace.clone()), 100);
    // 20 s since the middle of those 8, for 39.5 accepted and this one.
    refuse(&mut pace, 24_000, &[]);
    assert_eq!(distance(&mut pace), 493);
}

#[test]
fn more_refusals_of_one_moment_count_where_nothing_was_accepted() {
    for (before, expected) in [(0, 5_000), (2, 25)] {
        let mut pace = accepted(before, None);
        refuse(&mut pace, 0, &[]);
        refuse(&mut pace, 0, &[]);
        assert_eq!(distance(&mut pace), expected, "{before}");
    }
}

#[test]
fn each_that_is_accepted_lets_it_go_faster_and_the_fifth_in_a_row_twice_as_much() {
    for (accepts, expected) in [(1, 1_818), (4, 1_366), (5, 1_138)] {
        let mut pace = accepted(3, None);
        refuse(&mut pace, 8_000, &[]);
        for _ in 0..accepts {
            pace.learn(&answer(200, &[]), after(8_000), after(8_000), 0.0);
        }
        assert_eq!(distance(&mut pace), expected, "{accepts}");
    }
}

#[test]
fn what_is_left_of_a_window_is_spread_once_it_is_little() {
    for (limit, remaining, random, expected) in [
        (Some("100"), "20", 0.0, 0),
        (Some("100"), "19", 0.0, 500),
        (Some("100"), "1", 0.0, 5_000),
        (Some("100"), "0.5", 0.0, 10_000),
        (Some("100"), "0", 1.0, 10_025),
        (None, "6", 0.0, 0),
        (None, "5", 0.0, 1_666),
    ] {
        let mut fields = vec![("ratelimit-remaining", remaining), ("ratelimit-reset", "10")];
        fields.extend(limit.map(|limit| ("ratelimit-limit", limit)));
        let mut pace = accepted(0, None);
        pace.learn(&answer(200, &fields), NOW, NOW, random);
        assert_eq!(left(&mut pace, 0), expected, "{limit:?} {remaining}");
    }
}

#[test]
fn a_time_that_is_none_and_one_in_the_body_of_another_answer_are_not_believed() {
    let mut pace = accepted(0, None);
    refuse(&mut pace, 0, &[("retry-after", "7 apples")]);
    assert_eq!(left(&mut pace, 0), 0);
    let body = Body::Json(serde_json::json!({"retry_after_ms": 1_500}));
    let mut pace = accepted(0, None);
    pace.learn(&Answer::http(503, Vec::new(), body), NOW, NOW, 0.0);
    assert_eq!(left(&mut pace, 0), 0);
}
