//! Tokens that a token endpoint gives, from the tree.

use super::jwt::jwt;
use super::{Pairs, needed, optional};
use crate::config::auth::{Auth, ClientAuth, Exchange, Grant, Jwt, OAuth2, reads_id_token};
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::{self, Key};
use crate::config::request::SERVICE_NAMES;
use crate::config::tree::{Content, Node};
use crate::language::Template;

/// Parameters by which a client proves itself without a `client_secret`: RFC 7523, RFC 8693, and one that names the secret itself.
const PROOFS: [&str; 3] = ["client_assertion", "subject_token", "client_secret"];

/// What the fields of a request for a token see.
const PARAM_NAMES: &[&str] = &["env", "run", "service", "with", "oidc"];

pub(super) fn oauth2(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::oauth2 as key;
    let mut fields = decoder.fields(node, "`oauth2`", &key::BLOCK)?;
    let token_url = token_url(decoder, &mut fields, key::TOKEN_URL);
    let grants = [
        ("client_credentials", Grant::ClientCredentials),
        ("password", Grant::Password),
        ("jwt_bearer", Grant::JwtBearer),
    ];
    let grant = fields.read_or(decoder, key::GRANT, Grant::ClientCredentials, |decoder, node, name| {
        decoder.word(node, name, &grants)
    });
    let client_id = if grant == Some(Grant::JwtBearer) {
        Some(optional(decoder, &mut fields, key::CLIENT_ID))
    } else {
        needed(decoder, &mut fields, key::CLIENT_ID).map(Some)
    };
    let has_secret = fields.entry(key::CLIENT_SECRET).is_some();
    let client_secret = optional(decoder, &mut fields, key::CLIENT_SECRET);
    let (username, password) = if grant == Some(Grant::Password) {
        (
            needed(decoder, &mut fields, key::USERNAME),
            needed(decoder, &mut fields, key::PASSWORD),
        )
    } else {
        (None, None)
    };
    let assertion = if grant == Some(Grant::JwtBearer) {
        let node = fields.need(decoder, key::ASSERTION);
        node.and_then(|node| jwt(decoder, node, "`assertion`"))
    } else {
        None
    };
    let client_assertion = assertion_of_client(decoder, &mut fields, client_id.as_ref());
    unused(decoder, &mut fields, grant);
    if let (Some(assertion), Some(None)) = (&assertion, &client_id)
        && !assertion.claims("iss")
    {
        decoder.error_with_hint(
            fields.span,
            "`assertion` has no `iss`",
            "say in `claims.iss` who asks, or give a `client_id`",
        );
    }
    let scope = optional(decoder, &mut fields, key::SCOPE);
    let audience = optional(decoder, &mut fields, key::AUDIENCE);
    let params = params(decoder, &mut fields, key::PARAMS);
    let oidc_audience = optional(decoder, &mut fields, key::OIDC_AUDIENCE);
    if let Some(entry) = fields
        .entry(key::OIDC_AUDIENCE)
        .filter(|_| !params.iter().any(|(_, value)| reads_id_token(value)))
    {
        decoder.error_with_hint(
            entry.key_span,
            format!("`{}` is for `params` that use `oidc.token`, and none does", entry.key),
            "remove it; `audience` is that of the token that is asked for",
        );
    }
    let proofs = [("basic", ClientAuth::Basic), ("body", ClientAuth::Body)];
    let usual = if has_secret {
        ClientAuth::Basic
    } else {
        ClientAuth::Body
    };
    let client_auth = fields.read_or(decoder, key::CLIENT_AUTH, usual, |decoder, node, name| {
        decoder.word(node, name, &proofs)
    });
    let proves_itself = has_secret
        || !matches!(client_assertion, Some(None))
        || params.iter().any(|(name, _)| PROOFS.contains(&name.as_str()));
    if grant == Some(Grant::ClientCredentials) && !proves_itself {
        // RFC 6749, section 4.4: the grant is for clients that can keep a secret.
        decoder.missing(fields.span, "`oauth2` has no `client_secret`");
    }
    fields.finish(decoder);
    if grant == Some(Grant::JwtBearer) && assertion.is_none() {
        return None;
    }
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
        assertion,
        client_assertion: client_assertion?,
        oidc_audience,
    })))
}

/// `client_assertion`, which stands in the place of a secret. Nothing where it is wrong, which is told.
#[expect(clippy::option_option, reason = "left out and wrong are two things")]
fn assertion_of_client(
    decoder: &mut Decoder,
    fields: &mut Fields<'_>,
    client_id: Option<&Option<Template>>,
) -> Option<Option<Jwt>> {
    use keys::oauth2 as key;
    let Some(entry) = fields.entry(key::CLIENT_ASSERTION) else {
        return Some(None);
    };
    if let Some(other) = fields.entry(key::CLIENT_SECRET).or(fields.entry(key::CLIENT_AUTH)) {
        decoder.error_with_hint(
            other.key_span,
            format!("`{}` and `{}` can't be combined", other.key, entry.key),
            "a client proves itself in one way: keep one of them",
        );
        return None;
    }
    if let Some(None) = client_id {
        decoder.missing(
            fields.span,
            "`oauth2` has no `client_id`, which `client_assertion` needs",
        );
    }
    jwt(decoder, &entry.value, "`client_assertion`").map(Some)
}

/// Tells the keys that are for another grant.
fn unused(decoder: &mut Decoder, fields: &mut Fields<'_>, grant: Option<Grant>) {
    use keys::oauth2 as key;
    for (key, user) in [
        (key::USERNAME, Grant::Password),
        (key::PASSWORD, Grant::Password),
        (key::ASSERTION, Grant::JwtBearer),
    ] {
        let given = fields.entry(key);
        let Some(grant) = grant.filter(|grant| *grant != user) else {
            continue;
        };
        if let Some(entry) = given {
            decoder.error_with_hint(
                entry.key_span,
                format!("the grant `{}` doesn't use `{}`", grant.name(), entry.key),
                format!("write `grant: {}`, or remove it", user.name()),
            );
        }
    }
}

pub(super) fn github_oidc(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
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

/// Fields of a request for a token, which see the job's ID token too.
fn params(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Pairs {
    fields
        .take(key)
        .map(|node| decoder.templates(node, "`params`", PARAM_NAMES))
        .unwrap_or_default()
}
