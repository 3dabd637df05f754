//! Log-ins, from the tree.

use super::Auth;
use crate::config::action::headers;
use crate::config::auth::{Carry, Expiry, Login};
use crate::config::decode::Decoder;
use crate::config::keys;
use crate::config::request::{LOGIN_ANSWER, LOGIN_NAMES, Request, login_request, login_step};
use crate::config::scalar;
use crate::config::tree::{Content, Node, Pair};

/// `login`. `place` is where `auth` stands.
pub(super) fn login(decoder: &mut Decoder, node: &Node, place: &str) -> Option<Auth> {
    use keys::login as key;
    let place = format!("{place}.{}", keys::auth::LOGIN.name);
    let (steps, mut fields) = if node
        .get(key::STEPS)
        .is_some_and(|steps| !matches!(steps.kind, Content::Null))
    {
        let mut fields = decoder.fields(node, "`login`", &key::BLOCK)?;
        let one: Vec<Option<&Pair>> = keys::request::BLOCK.keys().map(|key| fields.entry(key)).collect();
        if let Some(entry) = one.into_iter().flatten().next() {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` and `steps` can't be combined", entry.key),
                "move it into a step",
            );
        }
        let steps = fields.take(key::STEPS);
        (steps.and_then(|node| self::steps(decoder, node, &place)), fields)
    } else {
        let (request, mut fields) = login_request(decoder, node, place)?;
        fields.take(key::STEPS);
        (request.map(|request| vec![request]), fields)
    };
    let carried = match fields.take(key::USE) {
        Some(node) => carry(decoder, node),
        None => Some(Carry {
            headers: Vec::new(),
            query: Vec::new(),
            json: Vec::new(),
            cookies: true,
        }),
    };
    let expires_in = match fields.take(key::EXPIRES_IN) {
        None => Some(None),
        Some(node) => expiry(decoder, node).map(Some),
    };
    fields.finish(decoder);
    Some(Auth::Login(Box::new(Login {
        steps: steps?,
        carried: carried?,
        expires_in: expires_in?,
    })))
}

/// One step, or a list of some. Each sees what those before it captured.
fn steps(decoder: &mut Decoder, node: &Node, place: &str) -> Option<Vec<Request>> {
    let items = match &node.kind {
        Content::List(items) => items.as_slice(),
        Content::Null | Content::Bool(_) | Content::Number(..) | Content::String(_) | Content::Map(_) => {
            std::slice::from_ref(node)
        }
    };
    if items.is_empty() {
        decoder.error_with_hint(
            node.span,
            "`steps` is empty",
            "write the requests of the log-in into it",
        );
        return None;
    }
    let mut read = Vec::new();
    let mut begins = Vec::new();
    for (index, item) in items.iter().enumerate() {
        begins.push(decoder.reads.len());
        read.push(login_step(decoder, item, format!("{place}.steps[{index}]")));
    }
    let steps: Vec<Request> = read.into_iter().collect::<Option<_>>()?;
    too_early(decoder, &steps, &begins);
    Some(steps)
}

/// Tells what a step reads that is captured only by itself or by a later one. `begins` is where its names begin.
fn too_early(decoder: &mut Decoder, steps: &[Request], begins: &[usize]) {
    let captured_from = |name: &str| {
        steps
            .iter()
            .position(|step| step.captures.iter().any(|(known, _)| known == name))
    };
    let mut early = Vec::new();
    for (index, begin) in begins.iter().enumerate() {
        let end = begins.get(index + 1).copied().unwrap_or(decoder.reads.len());
        for read in &decoder.reads[*begin..end] {
            let name = read
                .path
                .strip_prefix("capture.")
                .and_then(|rest| rest.split('.').next());
            if let Some(name) = name.filter(|name| captured_from(name).is_some_and(|from| from >= index)) {
                early.push((read.span, name.to_owned()));
            }
        }
    }
    for (span, name) in early {
        decoder.error_with_hint(
            span,
            format!("`capture.{name}` is not there yet"),
            "a step sees what the steps before it captured: put this one behind that which captures it",
        );
    }
}

/// `use`: what later requests carry.
fn carry(decoder: &mut Decoder, node: &Node) -> Option<Carry> {
    use keys::carried as key;
    let mut fields = decoder.fields(node, "`use`", &key::BLOCK)?;
    let headers = fields
        .take(key::HEADERS)
        .map(|node| headers(decoder, node, LOGIN_NAMES));
    let query = fields
        .take(key::QUERY)
        .map(|node| decoder.templates(node, "`query`", LOGIN_NAMES));
    let json = fields
        .take(key::JSON)
        .map(|node| decoder.named(node, "`json`", |decoder, entry| decoder.json(&entry.value, LOGIN_NAMES)));
    let cookies = fields.read_or(decoder, key::COOKIES, true, Decoder::boolean);
    if headers.is_none() && query.is_none() && json.is_none() && cookies == Some(false) {
        decoder.error_with_hint(
            node.span,
            "`use` is empty: no request would carry what the log-in returned",
            "write for example `use: { headers: { Authorization: \"Bearer {{ capture.token }}\" } }`",
        );
    }
    fields.finish(decoder);
    Some(Carry {
        headers: headers.unwrap_or_default(),
        query: query.unwrap_or_default(),
        json: json.unwrap_or_default(),
        cookies: cookies?,
    })
}

fn expiry(decoder: &mut Decoder, node: &Node) -> Option<Expiry> {
    let name = keys::login::EXPIRES_IN.name;
    if let Content::Number(_, written) = &node.kind {
        decoder.error_with_hint(
            node.span,
            format!("`{name}` is a duration or an expression over the answer that gives seconds"),
            format!("write `{written}s`, or for example `body.expires_in`"),
        );
        return None;
    }
    if node.as_text().and_then(scalar::duration).is_some() {
        return decoder.positive_duration(node, name).map(Expiry::After);
    }
    decoder.expression(node, name, LOGIN_ANSWER).map(Expiry::Expression)
}
