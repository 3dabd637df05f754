//! A clock that is wrong: what goes by time is refused then, and services seldom say why.

use std::time::{Duration, UNIX_EPOCH};

use crate::domain::answer::Answer;
use crate::domain::time::Timestamp;

/// So much is no reason to refuse anything: most services allow five minutes.
const FINE: Duration = Duration::from_mins(2);

/// What to do about it.
pub(super) const SET_CLOCK: &str = "set this machine's clock, such as by NTP";

/// By how much our clock is off, in words, by the `Date` of an answer. Nothing where it is about right.
pub(super) fn skew(answer: &Answer, now: Timestamp) -> Option<String> {
    let date = httpdate::parse_http_date(answer.header("date")?).ok()?;
    let theirs = u64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    let theirs = Timestamp::from_millis(theirs);
    let (off, side) = match (theirs.since(now), now.since(theirs)) {
        (behind, _) if !behind.is_zero() => (behind, "behind"),
        (_, ahead) => (ahead, "ahead of"),
    };
    (off > FINE).then(|| {
        let minutes = (off.as_secs() + 30) / 60;
        let off = match minutes {
            0..120 => format!("{minutes} minutes"),
            120..2880 => format!("{} hours", minutes / 60),
            _ => format!("{} days", minutes / 1440),
        };
        format!("your clock is {off} {side} the service's `Date`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::answer::Body;

    #[test]
    fn a_clock_that_is_off_by_more_than_two_minutes_is_told() {
        // Tue, 15 Nov 1994 08:12:31 GMT
        let theirs = 784_887_151_000_u64;
        for (ours, expected) in [
            (theirs, None),
            (theirs - 119_000, None),
            (theirs + 120_000, None),
            (
                theirs - 7 * 60_000,
                Some("your clock is 7 minutes behind the service's `Date`"),
            ),
            (
                theirs + 130_000,
                Some("your clock is 2 minutes ahead of the service's `Date`"),
            ),
            (
                theirs - 5 * 3_600_000,
                Some("your clock is 5 hours behind the service's `Date`"),
            ),
            (0, Some("your clock is 9084 days behind the service's `Date`")),
        ] {
            let headers = vec![("date".to_owned(), "Tue, 15 Nov 1994 08:12:31 GMT".to_owned())];
            let answer = Answer::http(403, headers, Body::Text(String::new()));
            assert_eq!(
                skew(&answer, Timestamp::from_millis(ours)).as_deref(),
                expected,
                "{ours}"
            );
        }
        let silent = Answer::http(403, Vec::new(), Body::Text(String::new()));
        assert_eq!(skew(&silent, Timestamp::from_millis(0)), None);
    }
}
