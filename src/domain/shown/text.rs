//! A text of a request or an answer without what looks secret in it: by the names in it, and by its own look.

use crate::domain::account::is_written_as_uuid;
use crate::domain::marker::Marker;
use crate::domain::said::{complains, without_secrets};
use crate::domain::secret::looks_secret;

use super::HIDDEN;

/// Words before a secret that say what kind it is.
const SCHEMES: [&str; 4] = ["bearer", "basic", "token", "negotiate"];
/// A secret behind such a word is as long as this.
const AFTER_SCHEME: usize = 8;
/// Fronts of the tokens of vendors, which have no other form in common.
const VENDORS: [&str; 17] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "glrt-",
    "sk_live_",
    "sk_test_",
    "sk-",
    "rk_live_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "hvs.",
];
/// A token of a vendor is as long as this.
const VENDOR_MIN: usize = 16;
/// Letters of both cases and digits, this many without a break, are chance's work.
const RANDOM_MIN: usize = 32;
/// The longest word of a sentence.
const WORD_MAX: usize = 20;

/// The text without what looks secret, with its lines and spaces. A name that looks like a secret's hides all that is behind
/// it in its line. `is_secret` knows words by their value.
pub fn hushed(text: &str, is_secret: &dyn Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    // A name may stand in a line of its own, above its value; a key has many lines.
    let (mut is_open, mut in_key) = (false, false);
    for (at, line) in text.split('\n').enumerate() {
        if in_key {
            in_key = !line.contains("-----END");
            continue;
        }
        if at > 0 {
            shown.push('\n');
        }
        let key = line.find("-----BEGIN");
        let before = &line[..key.unwrap_or(line.len())];
        if is_open && before.contains(char::is_alphanumeric) {
            shown.push_str(HIDDEN);
            is_open = false;
        } else {
            is_open |= push_line(&mut shown, before, is_secret);
        }
        if let Some(key) = key {
            shown.push_str(HIDDEN);
            in_key = !line[key..].contains("-----END");
        }
    }
    shown
}

/// Adds a line without what looks secret. Does it end in a name, so that the value may be in the next one?
fn push_line(shown: &mut String, line: &str, is_secret: &dyn Fn(&str) -> bool) -> bool {
    if line.contains('%') && hides_a_name(line) {
        shown.push_str(HIDDEN);
        return false;
    }
    let Some((_, end)) = name(line).filter(|_| !is_complaint(line)) else {
        push_words(shown, line, is_secret);
        return false;
    };
    let (before, value) = line.split_at(end);
    push_words(shown, before, is_secret);
    if !value.contains(char::is_alphanumeric) {
        shown.push_str(value);
        return true;
    }
    let sign = value.find(|c: char| !matches!(c, '=' | ':' | ' ' | '"' | '\''));
    shown.push_str(&value[..sign.unwrap_or(0)]);
    shown.push_str(HIDDEN);
    false
}

/// Where the first name that looks like a secret's stands.
fn name(line: &str) -> Option<(usize, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut from = 0;
    while let Some(start) = line[from..].find(is_part) {
        let start = from + start;
        let end = line[start..]
            .find(|c| !is_part(c))
            .map_or(line.len(), |end| start + end);
        // `code` lets in where an address carries it.
        let is_code = &line[start..end] == "code" && line[..start].ends_with(['?', '&', '#']);
        // What is behind the end of an element is no value of it.
        let ends_an_element = line[..start].ends_with("</");
        if !ends_an_element && (is_code || looks_like_a_name(&line[start..end])) {
            return Some((start, end));
        }
        from = end;
    }
    None
}

/// A name of ours may hold any word, and a word of chance's any letters.
fn looks_like_a_name(word: &str) -> bool {
    word.len() <= 100 && looks_secret(word) && Marker::within(word).is_none()
}

/// Is there a name that is written in percent escapes?
fn hides_a_name(line: &str) -> bool {
    let plain = percent_encoding::percent_decode_str(line).decode_utf8_lossy();
    plain != line && name(&plain).is_some() && name(line).is_none()
}

/// Is it a sentence that says what is wrong with a secret?
fn is_complaint(line: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let is_lower = word.chars().skip(1).all(|c| !c.is_uppercase());
        word.chars().count() <= WORD_MAX && (is_lower || word.chars().all(|c| !c.is_lowercase()))
    };
    complains(line) && line.split_whitespace().count() > 2 && line.split_whitespace().all(is_word)
}

/// Adds words, each without what looks secret by itself.
fn push_words(shown: &mut String, line: &str, is_secret: &dyn Fn(&str) -> bool) {
    let mut previous = String::new();
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        // `Basic realm="users"` asks for one.
        let is_given = SCHEMES.contains(&previous.as_str()) && word.len() >= AFTER_SCHEME && !word.contains("=\"");
        // One address in a word is looked at.
        let is_twice = word.contains('@') && word.matches("://").nth(1).is_some();
        if is_given || is_twice || holds_secret(word, is_secret) {
            shown.push_str(HIDDEN);
        } else {
            push_tokens(shown, &without_secrets(word));
        }
        shown.push_str(&piece[word.len()..]);
        if !word.is_empty() {
            previous = if word.len() <= AFTER_SCHEME + 2 {
                word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase()
            } else {
                String::new()
            };
        }
    }
}

/// Is a word a secret that is known by its value, or a part of it between signs, as in `a=secret&b`?
fn holds_secret(word: &str, is_secret: &dyn Fn(&str) -> bool) -> bool {
    let is_sign = |c: char| {
        matches!(
            c,
            '=' | '&' | ':' | ',' | ';' | '"' | '\'' | '<' | '>' | '(' | ')' | '{' | '}'
        )
    };
    let is_known = |part: &str| part.len() >= AFTER_SCHEME && is_secret(part);
    is_known(word) || word.contains(is_sign) && word.split(is_sign).any(is_known)
}

/// Adds a word without what is a token by its look.
fn push_tokens(shown: &mut String, word: &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..]
            .find(|c| !is_part(c))
            .map_or(rest.len(), |end| start + end);
        let token = &rest[start..end];
        shown.push_str(&rest[..start]);
        shown.push_str(if looks_made(token) { HIDDEN } else { token });
        rest = &rest[end..];
    }
    shown.push_str(rest);
}

fn looks_made(token: &str) -> bool {
    let has = |is: fn(&char) -> bool| token.chars().any(|c| is(&c));
    let is_vendors = token.len() >= VENDOR_MIN && VENDORS.iter().any(|front| token.starts_with(front));
    let is_random = token.len() >= RANDOM_MIN
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit);
    (is_vendors || is_random) && !is_written_as_uuid(token) && Marker::within(token).is_none()
}

/// The front and the end of a text, where it has more bytes than both, and how many are between.
pub(super) fn windows(text: &str, window: usize) -> Option<(&str, &str, usize)> {
    if text.len() <= 2 * window {
        return None;
    }
    let (mut front, mut back) = (window, text.len() - window);
    while !text.is_char_boundary(front) {
        front -= 1;
    }
    while !text.is_char_boundary(back) {
        back += 1;
    }
    Some((&text[..front], &text[back..], back - front))
}

/// The first characters.
pub(super) fn first(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// The last characters.
pub(super) fn last(text: &str, most: usize) -> &str {
    match most.checked_sub(1) {
        None => "",
        Some(before) => text.char_indices().nth_back(before).map_or(text, |(at, _)| &text[at..]),
    }
}
