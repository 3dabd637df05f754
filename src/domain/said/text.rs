//! Foreign text as a piece of one of our lines: what a page for people says, and what must not be seen in it.

/// More of a text is not looked at.
const MOST: usize = 16_384;
/// What stands in the place of what is hidden.
const HIDDEN: &str = "***";

/// Words by which a text about a secret is known to be a complaint, and not the secret.
const COMPLAINTS: [&str; 30] = [
    "must",
    "short",
    "long",
    "weak",
    "required",
    "invalid",
    "least",
    "most",
    "minimum",
    "maximum",
    "character",
    "blank",
    "empty",
    "missing",
    "contain",
    "match",
    "common",
    "allowed",
    "taken",
    "exist",
    "wrong",
    "incorrect",
    "expired",
    "policy",
    "length",
    "similar",
    "not ",
    "digit",
    "valid",
    "reuse",
];

/// What a body that is no JSON says: of a page for people its title, or its text without tags.
pub(super) fn of_page(text: &str) -> String {
    let text = start_of(text.trim_start(), MOST);
    if !text.starts_with('<') {
        return text.to_owned();
    }
    // Offsets must hold in both, and `to_lowercase` may change the length.
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let from = at + lower[at..].find('>')? + 1;
        let to = from + lower[from..].find('<')?;
        Some(unescaped(&text[from..to]))
    });
    title
        .filter(|title| !title.trim().is_empty())
        .unwrap_or_else(|| unescaped(&without_tags(text, &lower)))
}

fn without_tags(text: &str, lower: &str) -> String {
    let mut plain = String::new();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<') {
        let open = at + open;
        plain.push_str(&text[at..open]);
        plain.push(' ');
        // What stands between these is not for people.
        let hidden = ["script", "style"]
            .into_iter()
            .find(|name| lower[open + 1..].starts_with(name));
        let end = match hidden {
            Some(name) => lower[open..].find(&format!("</{name}")).map(|end| open + end),
            None => Some(open),
        };
        let Some(close) = end.and_then(|end| lower[end..].find('>').map(|close| end + close)) else {
            return plain;
        };
        at = close + 1;
    }
    plain.push_str(&text[at..]);
    plain
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    // `&amp;` comes last, or `&amp;lt;` would be unescaped twice.
    for (name, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        text = text.replace(name, sign);
    }
    text
}

/// Foreign text in one line, with all of it to be seen but what is secret by its look or known to be.
pub fn harmless(text: &str, veil: super::Veil<'_>) -> String {
    let text = veil(start_of(text, MOST));
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        let is_after_scheme = line.ends_with("Bearer ") || line.ends_with("bearer ");
        if is_after_scheme && word.len() >= 8 || is_after_name(&line) {
            line.push_str(HIDDEN);
        } else {
            line.extend(without_secrets(word).chars().map(seen));
        }
    }
    line
}

/// Ends a line in the name of a field that lets somebody in, as in `"password": `?
fn is_after_name(line: &str) -> bool {
    let line = line.trim_end();
    let Some(name) = line.strip_suffix("\":").or_else(|| line.strip_suffix("':")) else {
        return false;
    };
    let from = name.rfind(['"', '\'']).map_or(0, |at| at + 1);
    super::lets_in(&name[from..])
}

/// At most so many characters, and a sign that there were more. It is cut between words where there are any: of a secret that
/// nobody knows of, no half is to be taken for a word.
pub fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let (room, _) = text.char_indices().nth(most - 1).unwrap_or((end, ' '));
    let kept = &text[..room];
    let shorter = kept.rfind(' ').filter(|at| *at > room / 2);
    format!("{}…", kept[..shorter.unwrap_or(room)].trim_end())
}

/// Does a text say what is wrong with a secret, in words and not by showing it?
pub(in crate::domain) fn complains(text: &str) -> bool {
    let is_plain = text.split(|c: char| !c.is_alphanumeric()).all(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits == 0 || digits == word.len() && digits <= 4
    });
    let lower = text.to_lowercase();
    is_plain && !text.contains(['=', '$', '%', '^', '\\']) && COMPLAINTS.iter().any(|word| lower.contains(word))
}

/// A word without tokens, without values of fields that let somebody in, and without the credentials of an address.
pub(in crate::domain) fn without_secrets(word: &str) -> String {
    let word = without_credentials(word);
    let word = without_values(&word);
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    let mut safe = String::new();
    let mut rest = word.as_str();
    while let Some(start) = rest.find(is_token) {
        let length = rest[start..].find(|c| !is_token(c)).unwrap_or(rest.len() - start);
        let (before, token) = (&rest[..start], &rest[start..start + length]);
        safe.push_str(before);
        safe.push_str(if looks_like_a_token(token) { HIDDEN } else { token });
        rest = &rest[start + length..];
    }
    safe + rest
}

/// Three parts of base64url with dots between (RFC 7519), whole or cut off.
fn looks_like_a_token(text: &str) -> bool {
    let parts: Vec<&str> = text.trim_matches(['.', '=', '-']).split('.').take(6).collect();
    let is_header = text.contains("eyJ") && text.len() >= 16;
    let is_long =
        |part: &&str| part.len() >= 10 && part.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
    is_header || matches!(parts.len(), 3 | 5) && parts.iter().filter(|part| !part.is_empty()).all(is_long)
}

/// `token=...`, `"password":"..."`.
fn without_values(word: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut safe = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(['=', ':']) {
        let (name, value) = rest.split_at(at + 1);
        let is_quoted = name.ends_with("\":") || name.ends_with("':");
        let end_of_name = name[..at].trim_end_matches(['"', '\'']);
        let from = end_of_name.rfind(|c| !is_name(c)).map_or(0, |before| {
            before + end_of_name[before..].chars().next().map_or(1, char::len_utf8)
        });
        safe.push_str(name);
        rest = value;
        let has_value = name.ends_with('=') || is_quoted;
        if has_value && super::lets_in(&end_of_name[from..]) {
            let value = rest.trim_start_matches(['"', '\'']);
            let length = value
                .find(['&', '"', '\'', '<', '>', ',', ';', ')', '}'])
                .unwrap_or(value.len());
            if length > 0 {
                safe.push_str(HIDDEN);
                rest = &value[length..];
            }
        }
    }
    safe + rest
}

/// `https://user:password@host`.
fn without_credentials(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}{}", &rest[at..]),
        None => word.to_owned(),
    }
}

/// A sign in the place of what a terminal would obey, what is not seen, and what turns the direction of the text around it.
fn seen(c: char) -> char {
    let is_unseen = c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
    if is_unseen { char::REPLACEMENT_CHARACTER } else { c }
}

/// The first bytes of a text, whole characters only.
fn start_of(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
