//! Tokens that are signed here, from the tree.

use std::time::Duration;

use super::{needed, optional};
use crate::config::auth::{Algorithm, Auth, Google, Jwt};
use crate::config::decode::Decoder;
use crate::config::keys::{self, Key};
use crate::config::request::SERVICE_NAMES;
use crate::config::tree::{Content, Node};
use crate::language::{JsonTemplate, Template};

/// A token is valid for so long where nothing is said.
const EXPIRES_IN: Duration = Duration::from_mins(5);

/// A token that is signed here; `what` is the key under which it stands.
pub(super) fn jwt(decoder: &mut Decoder, node: &Node, what: &'static str) -> Option<Jwt> {
    use keys::jwt as key;
    let mut fields = decoder.fields(node, what, &key::BLOCK)?;
    let secret = needed(decoder, &mut fields, key::KEY);
    let all = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256];
    let algorithms = all.map(|algorithm| (algorithm.name(), algorithm));
    let algorithm = fields.read_or(decoder, key::ALG, Algorithm::Rs256, |decoder, node, name| {
        decoder.word(node, name, &algorithms)
    });
    let headers = fields.entry(key::HEADERS);
    if let Some(alg) = headers.and_then(|headers| headers.value.as_map()?.iter().find(|entry| entry.key == "alg")) {
        decoder.error_with_hint(
            alg.key_span,
            "`alg` is no header that can be given",
            "write it beside `headers`",
        );
    }
    let headers = headers.map(|entry| values(decoder, &entry.value, "`headers`"));
    let claims = fields.entry(key::CLAIMS);
    let end = claims.and_then(|claims| claims.value.as_map()?.iter().find(|entry| entry.key == "exp"));
    if let (Some(end), true) = (end, fields.entry(key::EXPIRES_IN).is_some()) {
        decoder.error_with_hint(
            end.key_span,
            "`exp` and `expires_in` can't be combined",
            "keep one of them: both say when the token ends",
        );
    }
    let claims = claims.map(|entry| values(decoder, &entry.value, "`claims`"));
    let expires_in = fields.read_or(decoder, key::EXPIRES_IN, EXPIRES_IN, Decoder::positive_duration);
    fields.finish(decoder);
    Some(Jwt {
        key: secret?,
        algorithm: algorithm?,
        headers: headers.unwrap_or_default(),
        claims: claims.unwrap_or_default(),
        expires_in: expires_in?,
    })
}

/// Values of JSON that are made when the token is signed.
fn values(decoder: &mut Decoder, node: &Node, what: &'static str) -> Vec<(String, JsonTemplate)> {
    decoder.has_moment = true;
    let values = decoder.named(node, what, |decoder, entry| decoder.json(&entry.value, SERVICE_NAMES));
    decoder.has_moment = false;
    values
}

/// `google`.
pub(super) fn google(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::google as key;
    let mut fields = decoder.fields(node, "`google`", &key::BLOCK)?;
    let credentials = needed(decoder, &mut fields, key::CREDENTIALS);
    let scopes = fields.need(decoder, key::SCOPES);
    let scopes = scopes.and_then(|node| texts(decoder, node, key::SCOPES));
    let subject = optional(decoder, &mut fields, key::SUBJECT);
    fields.finish(decoder);
    Some(Auth::Google(Box::new(Google {
        credentials: credentials?,
        scopes: scopes?,
        subject,
    })))
}

/// One text, or a list of some.
fn texts(decoder: &mut Decoder, node: &Node, key: Key) -> Option<Vec<Template>> {
    let Content::List(items) = &node.kind else {
        return decoder
            .template(node, key.name, SERVICE_NAMES)
            .map(|template| vec![template]);
    };
    if items.is_empty() {
        decoder.error(node.span, format!("`{}` is empty", key.name));
        return None;
    }
    let read: Vec<_> = items
        .iter()
        .map(|item| decoder.template(item, key.name, SERVICE_NAMES))
        .collect();
    read.into_iter().collect()
}
