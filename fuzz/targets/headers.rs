//! Any headers about limits: what is learnt from them is a wait, and never one without an end.
//!
//! The input is a byte for the status, then lines of `name: value`, then an empty line and the body.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use standin::domain::answer::{Answer, Body};
use standin::domain::pace::Pace;
use standin::domain::time::Timestamp;

const STATUSES: [u16; 6] = [200, 201, 404, 425, 429, 503];
/// No answer makes anybody wait longer than this, its jitter included.
const LONGEST: Duration = Duration::from_secs(3_601);

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.to_owned()));
    let answer = Answer::http(
        STATUSES[usize::from(*first) % STATUSES.len()],
        headers.collect(),
        serde_json::from_str(body).map_or_else(|_| Body::Text(body.to_owned()), Body::Json),
    );
    let mut pace = Pace::new(None, 8);
    let mut now = Timestamp::from_millis(1_795_420_800_000);
    for random in [0.0, 0.5, 0.999] {
        let sent = now;
        now = now + Duration::from_millis(20);
        pace.learn(&answer, sent, now, random);
        if let Err(wait) = pace.turn(now) {
            assert!(wait <= LONGEST, "a wait of {wait:?}");
            now = now + wait;
            assert!(pace.turn(now).is_ok(), "a wait that does not end");
        }
    }
});
