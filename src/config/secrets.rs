//! Where a document itself holds secrets, so that they are masked in what is shown and the document is kept as one.

use std::ops::Range;

use super::tree::{Kind, Node};
use crate::domain::secret::{is_sensitive, plain};
use crate::language::{Expression, Template};

/// Keys under `auth` that hold no secret, nor does what is below them.
const PUBLIC: [&str; 10] = [
    "username",
    "clientid",
    "scope",
    "tokenurl",
    "audience",
    "grant",
    "clientauth",
    "expect",
    "error",
    "expiresin",
];

/// Names of expressions, which say where something is and not what it is.
const EXPRESSIONS: [&str; 3] = ["capture", "outputs", "secrets"];

/// The ranges of a document's scalars that are secrets of its own: not those that only read variables.
pub(super) fn find(node: &Node) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    walk(node, false, &mut found);
    found
}

/// The same for a text that can't be parsed, by its look alone: it rather hides too much.
pub(super) fn guess(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    // Lines indented deeper than this belong to a secret that began above them.
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim_end();
        if block.is_some_and(|outer| indent > outer && !content.is_empty()) {
            found.push(start..start + content.len());
        } else if !content.is_empty() {
            block = None;
            for (colon, _) in content.match_indices(':') {
                let key = content[..colon].trim_end_matches(['"', '\'', ' ']);
                let from = key
                    .rfind(|c: char| !(c.is_alphanumeric() || "_-".contains(c)))
                    .map_or(0, |at| at + key[at..].chars().next().map_or(1, char::len_utf8));
                if !(is_sensitive(&key[from..]) || &key[from..] == "header") {
                    continue;
                }
                let value = content[colon + 1..].trim_start();
                let begin = start + content.len() - value.len();
                if value.is_empty() || value.starts_with(['|', '>']) {
                    block = Some(indent);
                }
                if !is_reference(value.trim_matches(['"', '\'', ' ', '}', ',']).trim()) {
                    // In a line of several values the end is uncertain, so the rest of the line goes.
                    found.push(begin..start + content.len());
                    break;
                }
            }
        }
        start += line.len();
    }
    found
}

fn is_reference(text: &str) -> bool {
    text.starts_with("{{ env.") && text.matches("{{").count() == 1 && !text.contains(['"', '\'', ':'])
}

fn walk(node: &Node, sensitive: bool, found: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::String(text) => {
            if sensitive && is_secret(text) || has_userinfo(text) {
                found.push(node.span.start..node.span.end);
            }
        }
        Kind::Number(..) if sensitive => found.push(node.span.start..node.span.end),
        Kind::List(items) => items.iter().for_each(|item| walk(item, sensitive, found)),
        Kind::Map(entries) => {
            for entry in entries {
                if EXPRESSIONS.contains(&entry.key.as_str()) {
                    continue;
                }
                let plain = plain(&entry.key);
                let inner = match entry.key.as_str() {
                    "auth" => !matches!(&entry.value.kind, Kind::String(text) if text == "none"),
                    "tls" => {
                        // These are paths of files.
                        continue;
                    }
                    "token_url" => false,
                    // `POST /login` is none, but what stands in a query may be.
                    "request" if sensitive => entry.value.as_text().is_some_and(|text| text.contains('?')),
                    _ if sensitive => !PUBLIC.contains(&plain.as_str()),
                    _ => is_sensitive(&entry.key),
                };
                walk(&entry.value, inner, found);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(..) => {}
    }
}

/// Has a text letters or digits of its own, beside the name of a scheme?
fn is_secret(text: &str) -> bool {
    let Ok(template) = Template::parse(text) else {
        return true;
    };
    let has_literal = template.literals().any(|literal| {
        let scheme = ["bearer", "basic", "token", "apikey", "key"];
        let word = literal.trim().to_lowercase();
        !scheme.contains(&word.as_str()) && word.chars().any(char::is_alphanumeric)
    });
    has_literal || template.expressions().any(Expression::has_literal)
}

/// Is it an address with a password in it?
pub(super) fn has_userinfo(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.chars().all(|c| c.is_ascii_alphanumeric()) && authority.contains('@')
}
