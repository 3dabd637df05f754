//! The moment at which a request is made, as text, and the one-time codes that go by it.
//!
//! The language reads no clock: whoever makes a request puts the moment into its scope, so that it is the same in every part
//! of the request. Where no request is made there is none.

use jiff::fmt::strtime;
use minijinja::value::Kwargs;
use minijinja::{Error, State, Value};
use ring::hmac;

use super::encoding::from_base32;
use super::filters::{failed, on_text};
use super::nearest::nearest;
use super::scope::Scope;
use crate::domain::time::Timestamp;

/// The formats that have a name.
const FORMATS: [&str; 4] = ["rfc3339", "rfc2822", "unix", "unix_ms"];
/// The longest pattern, in bytes.
const LENGTH_LIMIT: usize = 200;
/// How many digits a one-time code has, and for how many seconds it holds, where nothing else is said.
const SIX: u32 = 6;
const PERIOD: u64 = 30;
/// The longest one-time code. RFC 4226, section 5.3, has at least six digits of 31 bits.
const DIGITS: std::ops::RangeInclusive<u32> = 6..=9;

/// The moment of the request: `now()`, `now('unix')`.
pub(super) fn now(state: &State, format: Option<&Value>) -> Result<Value, Error> {
    let moment = moment(state, "now")?;
    match format {
        None => written(moment, "rfc3339").map_err(failed),
        Some(format) => on_text(format, "now", |format| written(moment, format).map_err(failed)),
    }
}

/// A moment in a format. The error is a lower-case fragment.
pub(super) fn written(moment: Timestamp, format: &str) -> Result<Value, String> {
    let millis = moment.as_millis();
    let in_range = |_| "the moment is out of range".to_owned();
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    let instant = || jiff::Timestamp::from_second(seconds).map_err(in_range);
    Ok(match format {
        "unix" => Value::from(millis / 1000),
        "unix_ms" => Value::from(millis),
        "rfc3339" => Value::from(instant()?.to_string()),
        // The printer of this format writes `-0000`, which some readers don't know.
        "rfc2822" => Value::from(strtime::format("%a, %d %b %Y %H:%M:%S +0000", instant()?).map_err(in_range)?),
        pattern if pattern.len() > LENGTH_LIMIT => {
            return Err(format!("the format is longer than {LENGTH_LIMIT} bytes"));
        }
        pattern if pattern.contains('%') => {
            let millis = i64::try_from(millis).unwrap_or(i64::MAX);
            let instant = jiff::Timestamp::from_millisecond(millis).map_err(in_range)?;
            let text = strtime::format(pattern, instant);
            Value::from(text.map_err(|_| "`now` doesn't understand this pattern".to_owned())?)
        }
        unknown => {
            return Err(match nearest(unknown, FORMATS) {
                Some(meant) => format!("`now` knows no such format; did you mean `{meant}`?"),
                None => format!("`now` knows {}, and patterns such as `%Y-%m-%d`", FORMATS.join(", ")),
            });
        }
    })
}

/// The one-time code of the moment for a secret in Base32, by RFC 6238: with SHA-1, as authenticator apps do.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine gives keyword arguments by value"
)]
pub(super) fn totp(state: &State, secret: &Value, options: Kwargs) -> Result<Value, Error> {
    let digits = options.get::<Option<u32>>("digits")?.unwrap_or(SIX);
    let period = options.get::<Option<u64>>("period")?.unwrap_or(PERIOD);
    options.assert_all_used()?;
    if !DIGITS.contains(&digits) || period == 0 {
        return Err(failed(
            "`totp` gives 6 to 9 `digits`, for a `period` of at least a second",
        ));
    }
    let moment = moment(state, "totp")?;
    on_text(secret, "totp", |secret| {
        let secret = from_base32(secret).filter(|secret| !secret.is_empty());
        let secret = secret.ok_or_else(|| failed("the secret of `totp` is not Base32"))?;
        Ok(code(&secret, moment.as_millis() / 1000 / period, digits).into())
    })
}

/// The code of a moment for a secret in Base32, in six digits for 30 seconds; none where it is not Base32.
pub fn one_time_code(secret: &str, moment: Timestamp) -> Option<String> {
    let secret = from_base32(secret).filter(|secret| !secret.is_empty())?;
    Some(code(&secret, moment.as_millis() / 1000 / PERIOD, SIX))
}

/// RFC 4226, section 5.3.
fn code(secret: &[u8], counter: u64, digits: u32) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 15);
    let bytes = tag.iter().skip(offset).take(4);
    let number = bytes.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    let width = usize::try_from(digits).unwrap_or_default();
    format!("{:0width$}", number % 10_u32.pow(digits))
}

fn moment(state: &State, word: &str) -> Result<Timestamp, Error> {
    let millis = state
        .lookup(Scope::MOMENT)
        .and_then(|millis| u64::try_from(millis).ok());
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        failed(format!(
            "`{word}` goes by the moment at which a request is sent, and none is sent here"
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::time::Timestamp;
    use crate::language::{Expression, Scope, Template};

    fn at(seconds: u64, source: &str) -> String {
        let scope = Scope::new()
            .with("secret", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
            .at(Timestamp::from_millis(seconds * 1000 + 250));
        match Expression::parse(source).unwrap().eval_text(&scope) {
            Ok(text) => text.unwrap(),
            Err(error) => error.message,
        }
    }

    #[test]
    fn the_moment_is_written_in_every_format() {
        for (source, expected) in [
            ("now()", "2026-11-23T12:00:05Z"),
            ("now('rfc3339')", "2026-11-23T12:00:05Z"),
            ("now('rfc2822')", "Mon, 23 Nov 2026 12:00:05 +0000"),
            ("now('unix')", "1795435205"),
            ("now('unix_ms')", "1795435205250"),
            ("now('%Y-%m-%d')", "2026-11-23"),
            ("now('%a, %d %b %Y %H:%M:%S GMT')", "Mon, 23 Nov 2026 12:00:05 GMT"),
            ("now('%Y%m%dT%H%M%SZ')", "20261123T120005Z"),
            ("now('%FT%T%.3fZ')", "2026-11-23T12:00:05.250Z"),
            ("now('unix') + 60", "1795435265"),
            ("now('unix') * 1000", "1795435205000"),
            ("now('unix') ~ '.x'", "1795435205.x"),
            ("'no' if now is undefined else 'yes'", "yes"),
            (
                "now('%' ~ '!')",
                "`now('%' ~ '!')`: `now` doesn't understand this pattern",
            ),
        ] {
            assert_eq!(at(1_795_435_205, source), expected, "{source}");
        }
    }

    #[test]
    fn a_lone_moment_in_seconds_is_a_number() {
        let template = Template::parse("{{ now('unix') }}").unwrap();
        let scope = Scope::new().at(Timestamp::from_millis(7000));
        assert_eq!(template.render_value(&scope).unwrap(), serde_json::json!(7));
    }

    #[test]
    fn a_format_that_is_not_known_is_found_before_anything_runs() {
        for (source, offset, message) in [
            ("now('rfc339')", 4, "did you mean `rfc3339`?"),
            (
                "1 ~ now( 'x' )",
                9,
                "`now` knows rfc3339, rfc2822, unix, unix_ms, and patterns",
            ),
            ("now('%Q!%!')", 4, "doesn't understand this pattern"),
        ] {
            let error = Expression::parse(source).unwrap_err();
            assert!(error.message.contains(message), "{source}: {error}");
            assert_eq!(error.offset, offset, "{source}");
        }
    }

    #[test]
    fn where_no_request_is_sent_there_is_no_moment() {
        for source in ["now()", "'GEZDGNBV' | totp", "['GEZDGNBV'] | map('totp') | first"] {
            let error = Expression::parse(source).unwrap().eval(&Scope::new()).unwrap_err();
            assert!(error.message.contains("none is sent here"), "{source}: {error}");
        }
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B.
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(at(seconds, "secret | totp(digits=8)"), expected, "{seconds}");
            assert_eq!(at(seconds, "secret | totp"), expected[2..], "{seconds}");
            assert_eq!(at(seconds * 2, "secret | totp(period=60)"), expected[2..], "{seconds}");
        }
        let copied = "'gezd gnbv gy3t qojq gezd gnbv gy3t qojq' | totp";
        assert_eq!(at(59, copied), "287082");
        for (source, message) in [
            ("'1' | totp", "is not Base32"),
            ("'' | totp", "is not Base32"),
            ("secret | totp(digits=12)", "6 to 9 `digits`"),
            ("secret | totp(period=0)", "6 to 9 `digits`"),
            ("secret | totp(digit=6)", "too many arguments"),
        ] {
            let told = at(59, source);
            assert!(told.contains(message), "{source}: {told}");
        }
    }
}
