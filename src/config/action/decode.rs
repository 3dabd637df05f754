//! What a request of HTTP sends, from the tree.

use super::{Action, HttpRequest, Payload};
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::request as key;
use crate::config::source::Span;
use crate::config::tree::Node;
use crate::language::{Target, Template};

/// Header fields that say how a message is carried: RFC 9110, sections 7.2 and 7.6.1, and RFC 9112.
const TRANSPORT: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The keys that say what a request sends. All else has to be the same in setup and in cleanup, or is about answers.
pub(in crate::config) fn decode(
    decoder: &mut Decoder,
    fields: &mut Fields<'_>,
    names: &'static [&'static str],
) -> Option<Action> {
    decoder.has_moment = true;
    let action = parts(decoder, fields, names);
    decoder.has_moment = false;
    action
}

fn parts(decoder: &mut Decoder, fields: &mut Fields<'_>, names: &'static [&'static str]) -> Option<Action> {
    let target = match fields.need(decoder, key::REQUEST) {
        Some(node) => target(decoder, node, names),
        None => None,
    };
    let query = fields.take(key::QUERY);
    let query = query.map(|node| decoder.templates(node, "`query`", names));
    let headers = fields.take(key::HEADERS).map(|node| headers(decoder, node, names));
    let payload = payload(decoder, fields, names);
    Some(Action::Http(HttpRequest {
        target: target?,
        query: query.unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        payload: payload?,
    }))
}

fn payload(decoder: &mut Decoder, fields: &mut Fields<'_>, names: &'static [&'static str]) -> Option<Payload> {
    let json = fields.entry(key::JSON);
    let form = fields.entry(key::FORM);
    let body = fields.entry(key::BODY);
    let given: Vec<_> = [json, form, body].into_iter().flatten().collect();
    if let [_, second, ..] = given.as_slice() {
        decoder.error_with_hint(
            second.key_span,
            format!("`{}` and `{}` can't be combined", second.key, given[0].key),
            "a request has one of `json`, `form` and `body`",
        );
        return None;
    }
    if let Some(entry) = json {
        return decoder.json(&entry.value, names).map(Payload::Json);
    }
    if let Some(entry) = form {
        return Some(Payload::Form(decoder.templates(&entry.value, "`form`", names)));
    }
    match body {
        Some(entry) => decoder.template(&entry.value, &entry.key, names).map(Payload::Text),
        None => Some(Payload::None),
    }
}

fn target(decoder: &mut Decoder, node: &Node, names: &'static [&'static str]) -> Option<Target> {
    let text = decoder.text(node, key::REQUEST.name)?;
    decoder.has_room(node)?;
    if node.is_todo() {
        return Some(Target::unwritten(text));
    }
    match Target::parse(&text) {
        Ok(target) => {
            for expression in target.expressions() {
                decoder.names(node.span, expression, names);
            }
            Some(target)
        }
        Err(error) => {
            decoder.language_error(node, &text, error);
            None
        }
    }
}

/// A map of header fields, whose names are checked.
pub(in crate::config) fn headers(
    decoder: &mut Decoder,
    node: &Node,
    names: &'static [&'static str],
) -> Vec<(String, Template)> {
    decoder.named(node, "`headers`", |decoder, entry| {
        let closes = entry.key.eq_ignore_ascii_case("connection")
            && entry
                .value
                .as_text()
                .is_some_and(|text| text.eq_ignore_ascii_case("close"));
        if !closes {
            header_name(decoder, entry.key_span, &entry.key);
        }
        decoder.template(&entry.value, &entry.key, names)
    })
}

/// A name that a configuration can give a header. What belongs to the transport it can't: `Host` would pass `allow-hosts`
/// by, and a length of its own would make the body something else.
pub(in crate::config) fn header_name(decoder: &mut Decoder, span: Span, name: &str) {
    if !is_header_name(name) {
        decoder.error(span, "invalid header name");
        return;
    }
    let lower = name.to_ascii_lowercase();
    if TRANSPORT.contains(&lower.as_str()) || lower.starts_with("proxy-") {
        decoder.error_with_hint(
            span,
            format!("`{name}` is set by the transport and can't be given"),
            "remove it; the only such field allowed is `Connection: close`",
        );
    }
}

/// A token of RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}
