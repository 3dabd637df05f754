//! Durations and rates as they are written.

use crate::domain::why::Why;
use std::time::Duration;

/// So many requests in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many, 1 at least.
    pub count: u32,
    /// In which time: a second or a minute.
    pub per: Duration,
}

impl Rate {
    /// The time from one request to the next.
    pub fn interval(self) -> Duration {
        self.per / self.count
    }
}

impl std::str::FromStr for Rate {
    type Err = Why;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        rate(text).ok_or_else(|| Why::hinted("not a rate", "write requests in a time, such as `50/s` or `600/m`"))
    }
}

/// `500ms`, `10s`, `1h30m`, `2d`: whole numbers with a unit each.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let length = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let millis = match &rest[..length] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        rest = &rest[length..];
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
    }
    Some(total)
}

/// `50/s`, `600/m`.
pub(super) fn rate(text: &str) -> Option<Rate> {
    let (count, unit) = text.split_once('/')?;
    let per = match unit.trim() {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        _ => return None,
    };
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    Some(Rate { count, per })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("10s", Some(10_000)),
            ("1h30m", Some(5_400_000)),
            ("30d", Some(2_592_000_000)),
            ("0s", Some(0)),
            ("10", None),
            ("", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("10 s", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn rates_are_by_second_or_minute() {
        for (text, expected) in [
            ("50/s", Some(Duration::from_millis(20))),
            ("600/m", Some(Duration::from_millis(100))),
            ("0/s", None),
            ("50", None),
            ("50/h", None),
            ("-1/s", None),
        ] {
            assert_eq!(rate(text).map(Rate::interval), expected, "{text}");
        }
    }
}
