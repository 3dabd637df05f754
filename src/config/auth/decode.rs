//! `auth` from the tree.

mod jwt;
mod login;
mod oauth2;
mod signed;

use super::Auth;
use crate::config::action::headers;
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::auth as key;
use crate::config::keys::{self, Key};
use crate::config::request::SERVICE_NAMES;
use crate::config::tree::{Content, Node, Pair};
use crate::language::Template;

/// What reads the value of a kind of `auth`. The text is where `auth` stands.
type AuthReader = fn(&mut Decoder, &Pair, &str) -> Option<Auth>;

/// The kinds of `auth`, of which a service has one.
const KINDS: [(Key, AuthReader); 10] = [
    (key::BASIC, |decoder, entry, _| basic(decoder, &entry.value)),
    (key::BEARER, |decoder, entry, _| bearer(decoder, entry)),
    (key::HEADER, |decoder, entry, _| header(decoder, &entry.value)),
    (key::OAUTH2, |decoder, entry, _| oauth2::oauth2(decoder, &entry.value)),
    (key::LOGIN, |decoder, entry, place| {
        login::login(decoder, &entry.value, place)
    }),
    (key::JWT, |decoder, entry, _| {
        let jwt = jwt::jwt(decoder, &entry.value, "`jwt`")?;
        Some(Auth::Jwt(Box::new(jwt)))
    }),
    (key::GOOGLE, |decoder, entry, _| jwt::google(decoder, &entry.value)),
    (key::AWS, |decoder, entry, _| signed::aws(decoder, &entry.value)),
    (key::SIGN, |decoder, entry, _| signed::sign(decoder, &entry.value)),
    (key::GITHUB_OIDC, |decoder, entry, _| {
        oauth2::github_oidc(decoder, &entry.value)
    }),
];

/// `auth`, or `username` and `password` beside the address. `place` is where it stands.
pub(in crate::config) fn auth(decoder: &mut Decoder, fields: &mut Fields<'_>, place: &str) -> Option<Auth> {
    let auth = fields.entry(keys::service::AUTH);
    let username = fields.entry(keys::service::USERNAME);
    let password = fields.entry(keys::service::PASSWORD);
    match (auth, username, password) {
        (None, None, None) => Some(Auth::None),
        (Some(entry), None, None) => kind(decoder, &entry.value, place),
        (None, Some(username), Some(password)) => {
            let username = decoder.template(&username.value, &username.key, SERVICE_NAMES);
            let password = decoder.template(&password.value, &password.key, SERVICE_NAMES);
            Some(Auth::Basic {
                username: username?,
                password: password?,
            })
        }
        (None, Some(entry), None) | (None, None, Some(entry)) => {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` stands alone", entry.key),
                "basic auth takes both `username` and `password`",
            );
            None
        }
        (Some(_), Some(entry), _) | (Some(_), _, Some(entry)) => {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` and `auth` can't be combined", entry.key),
                "it is short for `auth: { basic: ... }`: keep one of them",
            );
            None
        }
    }
}

fn kind(decoder: &mut Decoder, node: &Node, place: &str) -> Option<Auth> {
    match node.as_text() {
        Some("none") => return Some(Auth::None),
        Some("github_oidc") => {
            return Some(Auth::GithubOidc {
                audience: None,
                exchange: None,
            });
        }
        _ => {}
    }
    if !matches!(node.kind, Content::Map(_)) {
        decoder.error_with_hint(
            node.span,
            "`auth` is `none`, `github_oidc` or a map with one key",
            format!("the keys are {}", names()),
        );
        return None;
    }
    let mut fields = decoder.fields(node, "`auth`", &key::BLOCK)?;
    // A key without a value counts here: somebody forgot it, or a preset leaves it to the user.
    let given: Vec<(&Pair, AuthReader)> = KINDS
        .iter()
        .filter_map(|(key, read)| Some((fields.raw(*key)?, *read)))
        .collect();
    let (count, span) = (fields.entries.len(), fields.span);
    fields.finish(decoder);
    let [(entry, read)] = given.as_slice() else {
        if count == given.len() {
            decoder.error_with_hint(
                span,
                format!("`auth` has {count} keys"),
                format!("give one of {}", names()),
            );
        }
        return None;
    };
    read(decoder, entry, place)
}

/// The kinds, for messages.
fn names() -> String {
    KINDS.map(|(key, _)| key.name).join(", ")
}

fn basic(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    let mut fields = decoder.fields(node, "`basic`", &keys::basic::BLOCK)?;
    let username = fields.need(decoder, keys::basic::USERNAME);
    let password = fields.need(decoder, keys::basic::PASSWORD);
    fields.finish(decoder);
    let username = username.and_then(|node| decoder.template(node, keys::basic::USERNAME.name, SERVICE_NAMES));
    let password = password.and_then(|node| decoder.template(node, keys::basic::PASSWORD.name, SERVICE_NAMES));
    Some(Auth::Basic {
        username: username?,
        password: password?,
    })
}

fn bearer(decoder: &mut Decoder, entry: &Pair) -> Option<Auth> {
    let token = decoder.given(entry, keys::service::AUTH.name)?;
    decoder.template(token, &entry.key, SERVICE_NAMES).map(Auth::Bearer)
}

fn header(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    let entries = decoder.map(node, "`header`")?;
    let given: Vec<_> = entries
        .iter()
        .map(|entry| decoder.given(entry, "auth.header"))
        .collect();
    if entries.is_empty() {
        decoder.error_with_hint(node.span, "`header` is empty", "write `{ NAME: VALUE }`");
        return None;
    }
    given.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Auth::Header(headers(decoder, node, SERVICE_NAMES)))
}

type Pairs = Vec<(String, Template)>;

fn needed(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Option<Template> {
    let node = fields.need(decoder, key)?;
    decoder.template(node, key.name, SERVICE_NAMES)
}

/// A template that may be left out. One that is wrong is told, so that nothing is made of what is left.
fn optional(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Option<Template> {
    fields.read(decoder, key, |decoder, node, name| {
        decoder.template(node, name, SERVICE_NAMES)
    })
}
