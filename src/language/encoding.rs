//! Filters between text and the ways in which others write it: Base64, Base32, hexadecimal, percent-encoding and JSON.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use minijinja::value::Serde;
use minijinja::{Error, State, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::convert::TEXT_LIMIT;
use super::error::{EvalError, EvalErrorKind};
use super::filters::{failed, on_text};

/// All but RFC 3986's unreserved characters.
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Takes what others write: padding or none, and bits behind the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The alphabet of RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn b64encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// Text from Base64 in either alphabet of RFC 4648; space in it is ignored, since some wrap its lines.
pub(super) fn b64decode(value: &Value) -> Result<Value, Error> {
    on_text(value, "b64decode", |text| {
        let standard: String = text
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                c => c,
            })
            .collect();
        let bytes = LENIENT
            .decode(standard)
            .map_err(|_| failed("the input of `b64decode` is not Base64"))?;
        String::from_utf8(bytes)
            .map(Value::from)
            .map_err(|_| failed("the input of `b64decode` doesn't decode to text"))
    })
}

pub(super) fn b32encode(value: &Value) -> Result<Value, Error> {
    on_text(value, "b32encode", |text| Ok(in_base32(text.as_bytes()).into()))
}

/// Bytes in Base32, as RFC 4648 writes it.
pub fn in_base32(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for chunk in bytes.chunks(5) {
        let mut padded = [0; 8];
        padded[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(padded);
        // Each character stands for five bits; one that has none of the text's is padding.
        let used = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = usize::try_from((bits >> (35 - 5 * at)) & 31).unwrap_or_default();
            encoded.push(if at < used { char::from(BASE32[digit]) } else { '=' });
        }
    }
    encoded
}

/// The bytes of Base32, as people copy it: in any case, with spaces and hyphens, and without its padding.
pub(super) fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    let text = text.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'-') {
        let digit = BASE32.iter().position(|known| *known == c.to_ascii_uppercase())?;
        bits = (bits << 5) | u32::try_from(digit).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Bytes in lower-case hexadecimal.
pub(super) fn in_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

pub(super) fn hex(value: &Value) -> Result<Value, Error> {
    on_text(value, "hex", |text| Ok(in_hex(text.as_bytes()).into()))
}

pub(super) fn urlencode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Text without its percent-encoding. A `+` stays one: it stands for a space in forms alone.
pub(super) fn urldecode(value: &Value) -> Result<Value, Error> {
    on_text(value, "urldecode", |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded
            .map(|text| text.into_owned().into())
            .map_err(|_| failed("the input of `urldecode` doesn't decode to text"))
    })
}

/// The value of a text in JSON, with its numbers as those of an answer.
pub(super) fn fromjson(state: &State, value: &Value) -> Result<Value, Error> {
    on_text(value, "fromjson", |text| {
        if text.len() > TEXT_LIMIT {
            let message = "the input of `fromjson` is longer than 1 MiB";
            return Err(EvalError::new(EvalErrorKind::TooMuch, message).into());
        }
        // What is made is far larger than the text: each of these may begin a value, of about the size that a unit pays for.
        let begins = |byte: &u8| matches!(byte, b',' | b':' | b'[' | b'{');
        let values = text.as_bytes().iter().filter(|byte| begins(byte)).count();
        state.consume_fuel(u64::try_from(values + text.len() / 64).unwrap_or(u64::MAX))?;
        let json: serde_json::Value = serde_json::from_str(text).map_err(|error| failed(not_json(&error)))?;
        Ok(Value::from(Serde(&json)))
    })
}

/// Why a text is no JSON. The reader's own words may quote it.
fn not_json(error: &serde_json::Error) -> &'static str {
    if error.is_eof() {
        "the input of `fromjson` is JSON that is cut off"
    } else if error.to_string().starts_with("recursion limit") {
        "the input of `fromjson` is nested too deeply"
    } else {
        "the input of `fromjson` is not JSON"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::language::{Expression, Scope};

    fn eval(source: &str, given: &serde_json::Value) -> String {
        let expression = Expression::parse(source).unwrap();
        match expression.eval_text(&Scope::new().with_json("x", given)) {
            Ok(text) => text.unwrap_or_else(|| "-".to_owned()),
            Err(error) => format!("{:?}: {}", error.kind, error.message),
        }
    }

    #[test]
    fn base64_is_read_in_either_alphabet_with_or_without_padding() {
        // RFC 4648, section 10.
        for (encoded, text) in [
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zg", "f"),
            ("Zm9vYmE", "fooba"),
            (" Zm9v\r\nYmFy\n", "foobar"),
            ("8J+YgPCfmIA/", "😀😀?"),
            ("8J-YgPCfmIA_", "😀😀?"),
        ] {
            assert_eq!(eval("x | b64decode", &json!(encoded)), text, "{encoded}");
        }
        assert_eq!(eval("x | b64decode", &json!("")), "-");
        for (encoded, message) in [
            (json!("a.b"), "is not Base64"),
            (json!("Z"), "is not Base64"),
            (json!("Zg==Zg=="), "is not Base64"),
            (json!("/w=="), "doesn't decode to text"),
            (json!(7), "takes text, not a number"),
        ] {
            let error = eval("x | b64decode", &encoded);
            assert!(error.starts_with("Failed: ") && error.contains(message), "{error}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        for (text, encoded) in [
            ("", "-"),
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            assert_eq!(eval("x | b32encode", &json!(text)), encoded);
            if !text.is_empty() {
                let as_copied = encoded.to_lowercase().replace('z', "z ");
                for written in [encoded, encoded.trim_end_matches('='), &as_copied] {
                    assert_eq!(from_base32(written).unwrap(), text.as_bytes(), "{written}");
                }
            }
        }
        assert_eq!(from_base32("MY1"), None);
        assert_eq!(from_base32("M=Y"), None);
    }

    #[test]
    fn hexadecimal_and_percent_encoding_are_of_bytes() {
        for (source, expected) in [
            ("'äb' | hex", "c3a462"),
            ("'a%20b%2F%C3%A4+c' | urldecode", "a b/ä+c"),
            ("'100%' | urldecode", "100%"),
            ("x.none | hex", "-"),
            ("x.none | urldecode | default('d')", "d"),
            (
                "'%FF' | urldecode",
                "Failed: `'%FF' | urldecode`: the input of `urldecode` doesn't decode to text",
            ),
            ("x | hex", "Failed: `x | hex`: `hex` takes text, not a map"),
        ] {
            assert_eq!(eval(source, &json!({})), expected, "{source}");
        }
    }

    #[test]
    fn json_in_a_text_keeps_its_numbers() {
        let text = json!(r#"{"id": 9007199254740993, "u": 18446744073709551615, "d": 1.5, "list": [1, {"b": null}]}"#);
        for (source, expected) in [
            ("(x | fromjson).id", "9007199254740993"),
            ("(x | fromjson).u", "18446744073709551615"),
            ("(x | fromjson).d", "1.5"),
            ("(x | fromjson).list | tojson", r#"[1,{"b":null}]"#),
            ("(x | fromjson).none", "-"),
            (
                "('1e30' | fromjson)",
                "Unfit: `('1e30' | fromjson)`: the number has more digits than can be kept",
            ),
            (
                "'[1' | fromjson",
                "Failed: `'[1' | fromjson`: the input of `fromjson` is JSON that is cut off",
            ),
            (
                "'no' | fromjson",
                "Failed: `'no' | fromjson`: the input of `fromjson` is not JSON",
            ),
            (
                "[1] | fromjson",
                "Failed: `[1] | fromjson`: `fromjson` takes text, not a sequence",
            ),
        ] {
            assert_eq!(eval(source, &text), expected, "{source}");
        }
    }

    #[test]
    fn json_that_would_fill_the_memory_is_refused() {
        let long = format!("\"{}\"", "a".repeat(1_100_000));
        for (text, expected) in [
            ("[".repeat(100_000), "nested too deeply"),
            (
                format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
                "nested too deeply",
            ),
            (r#"{"a":"#.repeat(100_000), "nested too deeply"),
            (format!("[{}0]", "0,".repeat(600_000)), "longer than 1 MiB"),
            (format!("[{}0]", "0,".repeat(510_000)), "too much work"),
            (long, "longer than 1 MiB"),
        ] {
            let expression = Expression::parse("x | fromjson").unwrap();
            let error = expression.eval(&Scope::new().with("x", text)).unwrap_err();
            assert!(error.message.contains(expected), "{error}");
            assert!(matches!(error.kind, EvalErrorKind::TooMuch | EvalErrorKind::Failed));
        }
        let twice = Expression::parse("[x, x] | map('fromjson') | list | length").unwrap();
        let text = format!("[{}0]", "0,".repeat(300_000));
        let error = twice.eval(&Scope::new().with("x", text)).unwrap_err();
        assert_eq!(error.kind, EvalErrorKind::TooMuch);
    }
}
