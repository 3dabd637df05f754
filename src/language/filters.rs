//! The filters that stand beside Jinja's own, and the names of all of them.

use minijinja::{Environment, Error, ErrorKind, Value};
use percent_encoding::percent_decode_str;
use ring::{digest, hmac};

use super::convert::to_json;
use super::encoding::{b32encode, b64decode, b64encode, fromjson, hex, in_hex, urldecode, urlencode};
use super::error::{EvalError, EvalErrorKind};
use super::moment::{now, totp};
use super::pattern::regex;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("b64encode", b64encode);
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("b32encode", b32encode);
    environment.add_filter("hex", hex);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("urldecode", urldecode);
    environment.add_filter("last_segment", last_segment);
    environment.add_filter("regex", regex);
    environment.add_filter("sha256", sha256);
    environment.add_filter("sha512", sha512);
    environment.add_filter("hmac_sha1", hmac_sha1);
    environment.add_filter("hmac_sha256", hmac_sha256);
    environment.add_filter("hmac_sha512", hmac_sha512);
    environment.add_filter("totp", totp);
    environment.add_filter("tojson", tojson);
    environment.add_filter("fromjson", fromjson);
    environment.add_function("now", now);
}

/// Works on a text. What is not there gives nothing, so that `default` can stand in for it.
pub(super) fn on_text(
    value: &Value,
    filter: &str,
    work: impl FnOnce(&str) -> Result<Value, Error>,
) -> Result<Value, Error> {
    match value.as_str() {
        _ if value.is_undefined() => Ok(Value::UNDEFINED),
        Some(text) => work(text),
        // The engine's own word for it is that of another language.
        None if value.is_none() => Err(failed(format!("`{filter}` takes text, not null"))),
        None => Err(failed(format!("`{filter}` takes text, not a {}", value.kind()))),
    }
}

/// An error that holds no value, so that it is told as it is.
pub(super) fn failed(message: impl Into<String>) -> Error {
    EvalError::new(EvalErrorKind::Failed, message).into()
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
    in_hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn sha512(value: &Value) -> Result<Value, Error> {
    on_text(value, "sha512", |text| {
        Ok(in_hex(digest::digest(&digest::SHA512, text.as_bytes()).as_ref()).into())
    })
}

fn hmac_sha256(text: &str, key: &str) -> String {
    sign(hmac::HMAC_SHA256, text, key)
}

fn hmac_sha512(value: &Value, key: &Value) -> Result<Value, Error> {
    on_text(value, "hmac_sha512", |text| {
        on_text(key, "hmac_sha512", |key| Ok(sign(hmac::HMAC_SHA512, text, key).into()))
    })
}

fn hmac_sha1(text: &str, key: &str) -> String {
    sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, text, key)
}

fn sign(algorithm: hmac::Algorithm, text: &str, key: &str) -> String {
    let key = hmac::Key::new(algorithm, key.as_bytes());
    in_hex(hmac::sign(&key, text.as_bytes()).as_ref())
}

/// Compact JSON, as every other tool writes it: no spaces, and no escapes for HTML.
fn tojson(value: &Value) -> Result<String, Error> {
    let json = to_json(value)?;
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
            (
                "'abc' | sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            // RFC 4231, test case 2.
            (
                "'what do ya want for nothing?' | hmac_sha512('Jefe')",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            ("body.none | hmac_sha512('k')", "-"),
            ("'t' | hmac_sha512(body.none)", "-"),
            ("body.none | sha512", "-"),
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
