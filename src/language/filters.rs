//! The filters that stand beside Jinja's own, and the names of all of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Error, ErrorKind, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};

use super::convert::to_json;
use super::error::EvalErrorKind;

/// All but RFC 3986's unreserved characters.
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("b64encode", b64encode);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("last_segment", last_segment);
    environment.add_filter("sha256", sha256);
    environment.add_filter("hmac_sha256", hmac_sha256);
    environment.add_filter("hmac_sha1", hmac_sha1);
    environment.add_filter("tojson", tojson);
}

fn b64encode(text: &str) -> String {
    STANDARD.encode(text)
}

fn urlencode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The last segment of an address's path, decoded, so that it can be put into a path again. Undefined where there is none.
fn last_segment(address: &Value) -> Result<Value, Error> {
    if address.is_undefined() || address.is_none() {
        return Ok(Value::UNDEFINED);
    }
    let Some(text) = address.as_str() else {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "`last_segment` takes the text of an address",
        ));
    };
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let path = match text.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            rest.split_once('/').map_or("", |(_, path)| path)
        }
        _ => text,
    };
    let segment = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if segment.is_empty() {
        return Ok(Value::UNDEFINED);
    }
    Ok(Value::from(
        percent_decode_str(segment)
            .decode_utf8()
            .map_or_else(|_| segment.to_owned(), std::borrow::Cow::into_owned),
    ))
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hmac_sha256(text: &str, key: &str) -> String {
    sign(hmac::HMAC_SHA256, text, key)
}

fn hmac_sha1(text: &str, key: &str) -> String {
    sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, text, key)
}

fn sign(algorithm: hmac::Algorithm, text: &str, key: &str) -> String {
    let key = hmac::Key::new(algorithm, key.as_bytes());
    hex(hmac::sign(&key, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Compact JSON, as every other tool writes it: no spaces, and no escapes for HTML.
fn tojson(value: &Value) -> Result<String, Error> {
    let json = to_json(value).map_err(|error| {
        let kind = match error.kind {
            EvalErrorKind::Undefined => ErrorKind::UndefinedError,
            EvalErrorKind::TooMuch => ErrorKind::OutOfFuel,
            EvalErrorKind::UnknownName | EvalErrorKind::Unfit | EvalErrorKind::Failed => ErrorKind::BadSerialization,
        };
        Error::new(kind, error.message)
    })?;
    Ok(json.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::language::{Expression, Scope};

    fn show(expression: &Expression) -> String {
        let scope = Scope::new().with_json("body", &json!({"data": {"id": "d"}}));
        let text = expression.eval_text(&scope).unwrap();
        text.unwrap_or_else(|| "-".to_owned())
    }

    #[test]
    fn the_filters_give_what_other_tools_give() {
        for (source, expected) in [
            ("'a:b' | b64encode", "YTpi"),
            ("'a b/ä~' | urlencode", "a%20b%2F%C3%A4~"),
            (
                "'abc' | sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "'what do ya want for nothing?' | hmac_sha256('Jefe')",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "'what do ya want for nothing?' | hmac_sha1('Jefe')",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            ("body.data | tojson", r#"{"id":"d"}"#),
            ("'</a>&' | tojson", r#""</a>&""#),
            ("'/a/7/' | last_segment", "7"),
            ("'https://host' | last_segment", "-"),
            ("'7' | last_segment", "7"),
        ] {
            let expression = Expression::parse(source).unwrap();
            assert_eq!(show(&expression), expected, "{source}");
        }
    }
}
