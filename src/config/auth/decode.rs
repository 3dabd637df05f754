//! `auth` from the tree.

use super::{Auth, ClientAuth, Exchange, Expiry, Grant, Login, OAuth2};
use crate::config::decode::{Decoder, Fields};
use crate::config::request::{SERVICE_NAMES, headers, login_request};
use crate::config::scalar;
use crate::config::tree::{Entry, Kind, Node};
use crate::language::Template;

/// Parameters by which a client proves itself without a `client_secret`: RFC 7523, RFC 8693, and one that names the secret itself.
const PROOFS: [&str; 3] = ["client_assertion", "subject_token", "client_secret"];

/// The kinds of `auth`, of which a service has one.
pub(in crate::config) const KINDS: [&str; 6] = ["basic", "bearer", "header", "oauth2", "login", "github_oidc"];

/// What later requests carry sees the log-in's captures.
const USE_NAMES: &[&str] = &["env", "run", "service", "with", "capture"];

/// `auth`, or `username` and `password` beside the address. `place` is where it stands.
pub(in crate::config) fn auth(decoder: &mut Decoder, fields: &mut Fields<'_>, place: &str) -> Option<Auth> {
    let auth = fields.entry("auth");
    let username = fields.entry("username");
    let password = fields.entry("password");
    match (auth, username, password) {
        (None, None, None) => Some(Auth::None),
        (Some(entry), None, None) => kind(decoder, &entry.value, place),
        (None, Some(username), Some(password)) => {
            let username = decoder.template(&username.value, "username", SERVICE_NAMES);
            let password = decoder.template(&password.value, "password", SERVICE_NAMES);
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
                format!("`{}` stands beside `auth`", entry.key),
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
    if !matches!(node.kind, Kind::Map(_)) {
        decoder.error_with_hint(
            node.span,
            "`auth` is `none`, `github_oidc` or a map with one key",
            format!("the keys are {}", KINDS.join(", ")),
        );
        return None;
    }
    let mut fields = decoder.fields(node, "`auth`")?;
    // A key without a value counts here: somebody forgot it, or a preset leaves it to the user.
    let given: Vec<&Entry> = KINDS.iter().filter_map(|key| fields.raw(key)).collect();
    let (count, span) = (fields.entries.len(), fields.span);
    fields.finish(decoder);
    let [entry] = given.as_slice() else {
        if count == given.len() {
            decoder.error_with_hint(
                span,
                format!("`auth` has {count} keys"),
                format!("give one of {}", KINDS.join(", ")),
            );
        }
        return None;
    };
    match entry.key.as_str() {
        "basic" => basic(decoder, &entry.value),
        "bearer" => {
            let token = decoder.given(entry, "auth")?;
            decoder.template(token, "bearer", SERVICE_NAMES).map(Auth::Bearer)
        }
        "header" => header(decoder, &entry.value),
        "oauth2" => oauth2(decoder, &entry.value),
        "login" => login(decoder, &entry.value, place),
        _ => github_oidc(decoder, &entry.value),
    }
}

fn basic(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    let mut fields = decoder.fields(node, "`basic`")?;
    let username = fields.need(decoder, "username");
    let password = fields.need(decoder, "password");
    fields.finish(decoder);
    let username = username.and_then(|node| decoder.template(node, "username", SERVICE_NAMES));
    let password = password.and_then(|node| decoder.template(node, "password", SERVICE_NAMES));
    Some(Auth::Basic {
        username: username?,
        password: password?,
    })
}

fn header(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    let entries = decoder.fields(node, "`header`")?.entries;
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
    let mut fields = decoder.fields(node, "`oauth2`")?;
    let token_url = token_url(decoder, &mut fields);
    let grant = match fields.take("grant") {
        None => Some(Grant::ClientCredentials),
        Some(node) => decoder.word(
            node,
            "grant",
            &[
                ("client_credentials", Grant::ClientCredentials),
                ("password", Grant::Password),
            ],
        ),
    };
    let client_id = fields
        .need(decoder, "client_id")
        .and_then(|node| decoder.template(node, "client_id", SERVICE_NAMES));
    let has_secret = fields.entry("client_secret").is_some();
    let client_secret = optional(decoder, &mut fields, "client_secret");
    let (username, password) = if grant == Some(Grant::Password) {
        let mut need = |key| {
            let node = fields.need(decoder, key)?;
            decoder.template(node, key, SERVICE_NAMES)
        };
        (need("username"), need("password"))
    } else {
        for key in ["username", "password"] {
            if let Some(entry) = fields.entry(key) {
                decoder.error_with_hint(
                    entry.key_span,
                    format!("`{key}` is of no use to the grant `client_credentials`"),
                    "say `grant: password`, or leave it out",
                );
            }
        }
        (None, None)
    };
    let scope = optional(decoder, &mut fields, "scope");
    let audience = optional(decoder, &mut fields, "audience");
    let params = params(decoder, &mut fields);
    let client_auth = match fields.take("client_auth") {
        None if has_secret => Some(ClientAuth::Basic),
        None => Some(ClientAuth::Body),
        Some(node) => decoder.word(
            node,
            "client_auth",
            &[("basic", ClientAuth::Basic), ("body", ClientAuth::Body)],
        ),
    };
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
    let (request, mut fields) = login_request(decoder, node, format!("{place}.login"))?;
    let carried = fields.need(decoder, "use").and_then(|node| carried(decoder, node));
    let expires_in = match fields.take("expires_in") {
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
    let mut fields = decoder.fields(node, "`use`")?;
    let headers = fields.take("headers").map(|node| headers(decoder, node, USE_NAMES));
    let query = fields
        .take("query")
        .map(|node| decoder.templates(node, "`query`", USE_NAMES));
    if headers.is_none() && query.is_none() {
        decoder.error_with_hint(
            node.span,
            "`use` is empty, so that no request would carry what the log-in gave",
            "write for example `use: { headers: { Authorization: \"Bearer {{ capture.token }}\" } }`",
        );
    }
    fields.finish(decoder);
    Some((headers.unwrap_or_default(), query.unwrap_or_default()))
}

fn expiry(decoder: &mut Decoder, node: &Node) -> Option<Expiry> {
    if let Kind::Number(_, written) = &node.kind {
        decoder.error_with_hint(
            node.span,
            "`expires_in` is a duration or an expression over the answer that gives seconds",
            format!("write `{written}s`, or for example `body.expires_in`"),
        );
        return None;
    }
    if node.as_text().and_then(scalar::duration).is_some() {
        return decoder.positive_duration(node, "expires_in").map(Expiry::After);
    }
    decoder
        .expression(node, "expires_in", crate::config::request::SERVICE_ANSWER)
        .map(Expiry::Expression)
}

fn github_oidc(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    if matches!(node.kind, Kind::Null) {
        return Some(Auth::GithubOidc {
            audience: None,
            exchange: None,
        });
    }
    let mut fields = decoder.fields(node, "`github_oidc`")?;
    let audience = optional(decoder, &mut fields, "audience");
    let exchange = match fields.take("exchange") {
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
    let mut fields = decoder.fields(node, "`exchange`")?;
    let token_url = token_url(decoder, &mut fields);
    let params = params(decoder, &mut fields);
    fields.finish(decoder);
    Some(Exchange {
        token_url: token_url?,
        params,
    })
}

/// The address of a token endpoint, which is a whole one: it often belongs to another host than the service.
fn token_url(decoder: &mut Decoder, fields: &mut Fields<'_>) -> Option<Template> {
    let node = fields.need(decoder, "token_url")?;
    let template = decoder.template(node, "token_url", SERVICE_NAMES)?;
    let begins_well = node
        .as_text()
        .is_some_and(|text| text.starts_with("{{") || text.starts_with("http://") || text.starts_with("https://"));
    if !begins_well {
        decoder.error_with_hint(
            node.span,
            "`token_url` begins with `http://` or `https://`",
            "write the whole address; `{{ service.url }}` is the service's own",
        );
        return None;
    }
    Some(template)
}

fn params(decoder: &mut Decoder, fields: &mut Fields<'_>) -> Pairs {
    fields
        .take("params")
        .map(|node| decoder.templates(node, "`params`", SERVICE_NAMES))
        .unwrap_or_default()
}

/// A template that may be left out. One that is wrong is told, so that nothing is made of what is left.
fn optional(decoder: &mut Decoder, fields: &mut Fields<'_>, key: &'static str) -> Option<Template> {
    let node = fields.take(key)?;
    decoder.template(node, key, SERVICE_NAMES)
}
