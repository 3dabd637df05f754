//! An address as it is written: below it requests go.

use super::decode::Decoder;
use super::tree::{Content, Pair};
use crate::language::Template;

/// The whole address of something that speaks HTTP.
pub(in crate::config) fn http_address(
    decoder: &mut Decoder,
    entry: &Pair,
    names: &'static [&'static str],
) -> Option<Template> {
    let template = decoder.template(&entry.value, &entry.key, names)?;
    if entry.value.is_todo() {
        return Some(template);
    }
    let Content::String(text) = &entry.value.kind else {
        decoder.error_with_hint(
            entry.value.span,
            "this is not an address",
            "write the whole address, such as `http://localhost:8080`",
        );
        return None;
    };
    let problem = if has_userinfo(text) {
        Some((
            "an address with credentials in it",
            "put them into `auth: { basic: { username: ..., password: ... } }`",
        ))
    } else if text.contains(['?', '#']) && template.expressions().next().is_none() {
        Some((
            "an address here has no query and no fragment",
            "put them into the `request`",
        ))
    } else if !text.starts_with("{{") && !is_http(text) {
        Some((
            "an address begins with `http://` or `https://`",
            "write the whole address, such as `http://localhost:8081`",
        ))
    } else {
        None
    };
    if let Some((message, hint)) = problem {
        decoder.error_with_hint(entry.value.span, message, hint);
        return None;
    }
    Some(template)
}

/// Has an address a scheme that is spoken, and a host behind it?
fn is_http(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace) || rest.starts_with("{{")
        })
    })
}

/// Is it an address with a password in it?
fn has_userinfo(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.chars().all(|c| c.is_ascii_alphanumeric()) && authority.contains('@')
}
