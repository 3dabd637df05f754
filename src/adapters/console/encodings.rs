//! The other spellings of a secret: how it would look in a request, an error or a file that quotes it.
//!
//! The runner masks a value in these forms too (`ValueEncoders` of actions/runner); we look for more, since our own
//! sinks are not all masked by it. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

/// Shorter values are not looked for inside of words: they stand there by chance. In characters for a secret, in bytes
/// for a spelling of it.
pub(super) const SHORTEST: usize = 6;

/// What `Uri.EscapeDataString` and form encoders leave as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What `encodeURIComponent` leaves beside that.
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// What forms leave (the URL standard of the WHATWG).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');
/// What a segment of a path may hold as it stands (RFC 3986, 3.3).
const PATH: &AsciiSet = &COMPONENT
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// What a whole path or query may hold beside that.
const URL_PATH: &AsciiSet = &PATH.remove(b'/').remove(b'?');
/// What a query of the URL standard may.
const QUERY: &AsciiSet = &URL_PATH.add(b'\'');

/// The spellings of a secret that are long enough to be looked for, itself included; some more than once.
pub(super) fn of(secret: &str) -> Vec<Zeroizing<String>> {
    let mut spellings = Vec::new();
    add(&mut spellings, secret);
    // A log shows one line at a time, and so the lines of a key are looked for one by one.
    if secret.contains(['\n', '\r']) {
        for line in secret.split(['\n', '\r']) {
            add(&mut spellings, line.trim());
        }
    }
    spellings.retain(|spelling| spelling.len() >= SHORTEST);
    spellings
}

fn add(spellings: &mut Vec<Zeroizing<String>>, text: &str) {
    if text.chars().count() < SHORTEST {
        return;
    }
    let mut push = |spelling: String| spellings.push(Zeroizing::new(spelling));
    push(text.to_owned());
    push(text.trim().to_owned());
    base64_of(text.as_bytes(), &mut push);
    push(text.replace('"', "\\\""));
    push(text.replace('\'', "''"));
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    push(json.replace('/', "\\/"));
    push(ascii_json(&json));
    push(json);
    push(xml(text, "&#39;"));
    push(xml(text, "&apos;"));
    for kept in [UNRESERVED, COMPONENT, FORM, PATH, URL_PATH, QUERY] {
        let percent = utf8_percent_encode(text, kept).to_string();
        if percent != text {
            push(lower_percent(&percent));
            push(lower_percent(&percent).replace("%20", "+"));
            push(percent.replace("%20", "+"));
            push(percent);
        }
    }
    // The quotes around a value are easily lost.
    let bare = text.trim_matches(['"', '\'']);
    if text.len() > 8 {
        push(bare.to_owned());
    }
    // `PowerShell` shows what stands before and after a call operator on its own.
    for part in text.split('&').filter(|part| part.chars().count() >= SHORTEST) {
        push(part.to_owned());
    }
    let hex: String = text
        .bytes()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect();
    push(hex.to_ascii_uppercase());
    push(hex);
    // A host is written in lower case, whatever was given.
    push(text.to_ascii_lowercase());
    // Debug output of Rust and its like.
    push(text.escape_debug().to_string());
}

/// In base64 a text looks different by its place in what was encoded, and its last character by what follows. Of each of
/// the three places the whole is looked for, and the part that doesn't depend on what follows.
fn base64_of(bytes: &[u8], push: &mut impl FnMut(String)) {
    for skipped in 0..3.min(bytes.len()) {
        let part = &bytes[skipped..];
        for engine in [STANDARD, URL_SAFE] {
            let whole = engine.encode(part);
            push(whole.trim_end_matches('=').to_owned());
            push(whole[..part.len() * 8 / 6].to_owned());
            push(whole);
        }
    }
}

/// JSON as ASCII, as Python and others write it.
fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            ascii.extend(["\\u".to_owned(), format!("{unit:04x}")]);
        }
    }
    ascii
}

fn xml(text: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

/// The digits of percent escapes in lower case, which some encoders write.
fn lower_percent(percent: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        let is_digit = left > 0;
        left = if c == '%' { 2 } else { left - usize::from(is_digit) };
        if is_digit { c.to_ascii_lowercase() } else { c }
    };
    percent.chars().map(lower).collect()
}

fn digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}
