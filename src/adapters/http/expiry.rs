//! How long a token lives, by what its giver says.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use crate::domain::time::Timestamp;

/// What `expires_in` means where it is seconds, as a number or in text, or a time (RFC 3339). The value itself is not shown.
pub(super) fn life(value: &Value, now: Timestamp) -> Result<Duration, String> {
    let found = match value {
        Value::Number(number) => number.as_f64().and_then(seconds),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .and_then(seconds)
            .or_else(|| until(text.trim(), now)),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    found.ok_or_else(|| {
        "`expires_in` is neither a number of seconds nor a time such as `2030-01-01T00:00:00Z`".to_owned()
    })
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

/// The time until a moment; none where it is over.
fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let (local, ahead) = offset(text)?;
    let at = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let millis = i128::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    let left = millis - ahead - i128::from(now.as_millis());
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

/// The local time, and by how many milliseconds it is ahead of UTC.
fn offset(text: &str) -> Option<(&str, i128)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, 0));
    }
    let (local, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = hours.parse::<u8>().ok().map(i128::from)? * 60 + minutes.parse::<u8>().ok().map(i128::from)?;
    match zone.as_bytes()[0] {
        b'+' => Some((local, minutes * 60_000)),
        b'-' => Some((local, -minutes * 60_000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_life_is_a_number_of_seconds_or_lasts_until_a_time_and_anything_else_is_an_error() {
        // 2027-01-15T08:00:00Z
        let now = Timestamp::from_millis(1_800_000_000_000);
        for (value, expected) in [
            (json!(300), Some(300)),
            (json!(299.0), Some(299)),
            (json!("300"), Some(300)),
            (json!(" 300 "), Some(300)),
            (json!("2027-01-15T08:05:00Z"), Some(300)),
            (json!("2027-01-15T08:05:00.000Z"), Some(300)),
            (json!("2027-01-15T10:05:00+02:00"), Some(300)),
            (json!("2027-01-15T03:35:00-04:30"), Some(300)),
            // It is over already.
            (json!("2020-01-01T00:00:00Z"), Some(0)),
            (json!("an hour"), None),
            (json!("2027-01-15"), None),
            (json!("2027-01-15T08:05:00é2:00"), None),
            (json!(-1), None),
            (json!(""), None),
            (json!(true), None),
            (json!({"seconds": 300}), None),
        ] {
            let life = life(&value, now);
            assert_eq!(life.ok(), expected.map(Duration::from_secs), "{value}");
        }
    }
}
