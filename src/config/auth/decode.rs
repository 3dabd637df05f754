//! `auth` from the tree.

use super::{Auth, ClientAuth, Exchange, Expiry, Grant, Login, OAuth2};
use crate::config::action::headers;
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::auth as key;
use crate::config::keys::{self, Key};
use crate::config::request::{SERVICE_NAMES, login_request};
use crate::config::scalar;
use crate::config::tree::{Content, Node, Pair};
use crate::language::Template;

/// Parameters by which a client proves itself without a `client_secret`: RFC 7523, RFC 8693, and one that names the secret itself.
const PROOFS: [&str; 3] = ["client_assertion", "subject_token", "client_secret"];

/// What reads the value of a kind of `auth`. The text is where `auth` stands.
type AuthReader = fn(&mut Decoder, &Pair, &str) -> Option<Auth>;

/// The kinds of `auth`, of which a service has one.
const KINDS: [(Key, AuthReader); 6] = [
    (key::BASIC, |decoder, entry, _| basic(decoder, &entry.value)),
    (key::BEARER, |decoder, entry, _| bearer(decoder, entry)),
    (key::HEADER, |decoder, entry, _| header(decoder, &entry.value)),
    (key::OAUTH2, |decoder, entry, _| oauth2(decoder, &entry.value)),
    (key::LOGIN, |decoder, entry, place| login(decoder, &entry.value, place)),
    (key::GITHUB_OIDC, |decoder, entry, _| github_oidc(decoder, &entry.value)),
];

/// What later requests carry sees the log-in's captures.
const USE_NAMES: &[&str] = &["env", "run", "service", "with", "capture"];

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

fn oauth2(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::oauth2 as key;
    let mut fields = decoder.fields(node, "`oauth2`", &key::BLOCK)?;
    let token_url = token_url(decoder, &mut fields, key::TOKEN_URL);
    let grants = [
        ("client_credentials", Grant::ClientCredentials),
        ("password", Grant::Password),
    ];
    let grant = fields.read_or(decoder, key::GRANT, Grant::ClientCredentials, |decoder, node, name| {
        decoder.word(node, name, &grants)
    });
    let client_id = needed(decoder, &mut fields, key::CLIENT_ID);
    let has_secret = fields.entry(key::CLIENT_SECRET).is_some();
    let client_secret = optional(decoder, &mut fields, key::CLIENT_SECRET);
    let (username, password) = if grant == Some(Grant::Password) {
        (
            needed(decoder, &mut fields, key::USERNAME),
            needed(decoder, &mut fields, key::PASSWORD),
        )
    } else {
        for key in [key::USERNAME, key::PASSWORD] {
            if let Some(entry) = fields.entry(key) {
                decoder.error_with_hint(
                    entry.key_span,
                    format!("the grant `client_credentials` doesn't use `{}`", entry.key),
                    "write `grant: password`, or remove it",
                );
            }
        }
        (None, None)
    };
    let scope = optional(decoder, &mut fields, key::SCOPE);
    let audience = optional(decoder, &mut fields, key::AUDIENCE);
    let params = params(decoder, &mut fields, key::PARAMS);
    let proofs = [("basic", ClientAuth::Basic), ("body", ClientAuth::Body)];
    let usual = if has_secret {
        ClientAuth::Basic
    } else {
        ClientAuth::Body
    };
    let client_auth = fields.read_or(decoder, key::CLIENT_AUTH, usual, |decoder, node, name| {
        decoder.word(node, name, &proofs)
    });
    let proves_itself = has_secret || params.iter().any(|(name, _)| PROOFS.contains(&name.as_str()));
    if grant == Some(Grant::ClientCredentials) && !proves_itself {
        // RFC 6749, section 4.4: the grant is for clients that can keep a secret.
        decoder.missing(fields.span, "`oauth2` has no `client_secret`");
    }
    fields.finish(decoder);
    Some(Auth::OAuth2(Box::new(OAuth2 {
        token_url: token_url?,
        grant: grant?,
        client_id: client_id?,
        client_secret,
        username,
        password,
        scope,
        audience,
        params,
        client_auth: client_auth?,
    })))
}

fn login(decoder: &mut Decoder, node: &Node, place: &str) -> Option<Auth> {
    use keys::login as key;
    let (request, mut fields) = login_request(decoder, node, format!("{place}.{}", keys::auth::LOGIN.name))?;
    let carried = fields.need(decoder, key::USE).and_then(|node| carried(decoder, node));
    let expires_in = match fields.take(key::EXPIRES_IN) {
        None => Some(None),
        Some(node) => expiry(decoder, node).map(Some),
    };
    fields.finish(decoder);
    let (use_headers, use_query) = carried?;
    Some(Auth::Login(Box::new(Login {
        request: request?,
        use_headers,
        use_query,
        expires_in: expires_in?,
    })))
}

type Pairs = Vec<(String, Template)>;

/// `use`: what later requests carry.
fn carried(decoder: &mut Decoder, node: &Node) -> Option<(Pairs, Pairs)> {
    use keys::carried as key;
    let mut fields = decoder.fields(node, "`use`", &key::BLOCK)?;
    let headers = fields.take(key::HEADERS).map(|node| headers(decoder, node, USE_NAMES));
    let query = fields
        .take(key::QUERY)
        .map(|node| decoder.templates(node, "`query`", USE_NAMES));
    if headers.is_none() && query.is_none() {
        decoder.error_with_hint(
            node.span,
            "`use` is empty: no request would carry what the log-in returned",
            "write for example `use: { headers: { Authorization: \"Bearer {{ capture.token }}\" } }`",
        );
    }
    fields.finish(decoder);
    Some((headers.unwrap_or_default(), query.unwrap_or_default()))
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
    decoder
        .expression(node, name, crate::config::request::SERVICE_ANSWER)
        .map(Expiry::Expression)
}

fn github_oidc(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::github_oidc as key;
    if matches!(node.kind, Content::Null) {
        return Some(Auth::GithubOidc {
            audience: None,
            exchange: None,
        });
    }
    let mut fields = decoder.fields(node, "`github_oidc`", &key::BLOCK)?;
    let audience = optional(decoder, &mut fields, key::AUDIENCE);
    let exchange = match fields.take(key::EXCHANGE) {
        None => Some(None),
        Some(node) => exchange(decoder, node).map(Some),
    };
    fields.finish(decoder);
    Some(Auth::GithubOidc {
        audience,
        exchange: exchange?,
    })
}

fn exchange(decoder: &mut Decoder, node: &Node) -> Option<Exchange> {
    use keys::exchange as key;
    let mut fields = decoder.fields(node, "`exchange`", &key::BLOCK)?;
    let token_url = token_url(decoder, &mut fields, key::TOKEN_URL);
    let params = params(decoder, &mut fields, key::PARAMS);
    fields.finish(decoder);
    Some(Exchange {
        token_url: token_url?,
        params,
    })
}

/// The address of a token endpoint, which is a whole one: it often belongs to another host than the service.
fn token_url(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Option<Template> {
    let node = fields.need(decoder, key)?;
    let template = decoder.template(node, key.name, SERVICE_NAMES)?;
    let begins_well = node
        .as_text()
        .is_some_and(|text| text.starts_with("{{") || text.starts_with("http://") || text.starts_with("https://"));
    if !begins_well {
        decoder.error_with_hint(
            node.span,
            format!("`{}` begins with `http://` or `https://`", key.name),
            "write the whole address; `{{ service.url }}` is the service's own",
        );
        return None;
    }
    Some(template)
}

fn params(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Pairs {
    fields
        .take(key)
        .map(|node| decoder.templates(node, "`params`", SERVICE_NAMES))
        .unwrap_or_default()
}

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
