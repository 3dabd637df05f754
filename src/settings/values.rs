//! What the text of a setting means: durations, switches, counts. Each says what is wrong without the text itself.

use std::convert::Infallible;
use std::time::Duration;

use crate::domain::leg::Leg;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::nearest;

/// Longer than any job, and short enough that adding it to a point in time can't overflow.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// A shorter seed could be guessed from a password that was computed from it.
const SEED_MIN: usize = 32;

/// Says why a value can't be taken, and what to write instead.
fn wrong<T>(what: &str, hint: &str) -> Result<T, Why> {
    Err(Why::hinted(what, hint))
}

/// `true` or `false`, in the spellings of YAML.
pub(super) fn switch(text: &str) -> Result<bool, Why> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => wrong(
            "not a known value",
            match nearest(text, ["true", "false"]) {
                Some("true") => "did you mean `true`?",
                Some(_) => "did you mean `false`?",
                None => "write `true` or `false`",
            },
        ),
    }
}

/// A duration, or none at all.
pub(super) fn time(text: &str) -> Result<Duration, Why> {
    let hint = "write a time such as `500ms`, `60s`, `5m` or `1h30m`";
    match humantime::parse_duration(text) {
        Err(_) => wrong("not a duration", hint),
        Ok(duration) if duration > LONGEST => wrong("more than 30 days", hint),
        Ok(duration) => Ok(duration),
    }
}

/// A duration of more than zero.
pub(super) fn some_time(text: &str) -> Result<Duration, Why> {
    match time(text)? {
        Duration::ZERO => wrong("no time at all", "write a time such as `500ms`, `60s`, `5m` or `1h30m`"),
        duration => Ok(duration),
    }
}

/// A number from 1 to 1,000.
pub(super) fn count(text: &str) -> Result<u32, Why> {
    match text.parse() {
        Ok(count @ 1..=1000) => Ok(count),
        _ => wrong("not a count", "write a whole number from 1 to 1000"),
    }
}

/// A number of accounts.
pub(super) fn hits(text: &str) -> Result<u32, Why> {
    text.parse()
        .or_else(|_| wrong("not a number of accounts", "write a whole number, such as 500"))
}

/// A port on loopback.
pub(super) fn port(text: &str) -> Result<u16, Why> {
    let hint = "write a whole number from 0 to 65535; 0 takes any that is free";
    text.parse().or_else(|_| wrong("not a port", hint))
}

/// A job of a matrix. A runner that has no matrix at all gives the action's input as a lone `/`.
pub(super) fn leg(text: &str) -> Result<Option<Leg>, Why> {
    let hint = "write its index from 0 and how many there are, such as `3/16`";
    if text == "/" {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .or_else(|()| wrong("not a job of a matrix", hint))
}

/// A secret as it stands: of a configuration, the white space before the first line is a part.
#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that can fail")]
pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// A secret to compute others from.
pub(super) fn seed(text: &str) -> Result<Secret, Why> {
    if text.trim().chars().count() < SEED_MIN {
        return wrong(
            "has fewer than 32 characters",
            "make one with `openssl rand -base64 32`, and keep it as a secret",
        );
    }
    Ok(Secret::new(text.trim()))
}
