//! How a service is entered: the kind, what carries it, and never a secret that stands in the configuration.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{time, veil};
use crate::config::{Auth, ClientAuth, Exchange, Expiry, Grant, Login, OAuth2};
use crate::language::Template;

/// How requests authenticate.
#[derive(Serialize)]
pub(super) struct ShownCredentials {
    pub(super) kind: &'static str,
    /// The names of the header fields that carry it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<String>,
    /// The names of the query parameters that carry it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) query: Vec<String>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) from: Map<String, Value>,
}

/// Its short name.
pub(super) fn kind(auth: &Auth) -> &'static str {
    match auth {
        Auth::None => "none",
        Auth::Basic { .. } => "basic",
        Auth::Bearer(_) => "bearer",
        Auth::Header(_) => "header",
        Auth::OAuth2(oauth2) => match oauth2.grant {
            Grant::ClientCredentials => "oauth2 (client_credentials)",
            Grant::Password => "oauth2 (password)",
        },
        Auth::Login(_) => "login",
        Auth::GithubOidc { exchange: None, .. } => "github_oidc",
        Auth::GithubOidc { exchange: Some(_), .. } => "github_oidc (exchanged)",
    }
}

/// All of it that may be shown.
pub(super) fn credentials(auth: &Auth) -> ShownCredentials {
    let authorization = || vec!["Authorization".to_owned()];
    let (headers, query, from) = match auth {
        Auth::None => (Vec::new(), Vec::new(), Map::new()),
        Auth::Basic { username, password } => (authorization(), Vec::new(), {
            named([("username", Some(username)), ("password", Some(password))])
        }),
        Auth::Bearer(token) => (authorization(), Vec::new(), named([("bearer", Some(token))])),
        Auth::Header(fields) => {
            // Each is a secret, whatever it is called.
            let from = fields.iter().map(|(name, value)| (name.clone(), value.veiled().into()));
            (names(fields), Vec::new(), from.collect())
        }
        Auth::OAuth2(oauth2) => (authorization(), Vec::new(), of_oauth2(oauth2)),
        Auth::Login(login) => (names(&login.use_headers), names(&login.use_query), of_login(login)),
        Auth::GithubOidc { audience, exchange } => {
            let mut from = named([("audience", audience.as_ref())]);
            if let Some(Exchange { token_url, params }) = exchange {
                from.extend(named([("token_url", Some(token_url))]));
                from.extend(veil::values(params));
            }
            (authorization(), Vec::new(), from)
        }
    };
    ShownCredentials {
        kind: kind(auth),
        headers,
        query,
        from,
    }
}

fn names(fields: &[(String, Template)]) -> Vec<String> {
    fields.iter().map(|(name, _)| name.clone()).collect()
}

fn named<const N: usize>(pairs: [(&str, Option<&Template>); N]) -> Map<String, Value> {
    let given = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), veil::value(name, value?).into())));
    given.collect()
}

fn of_oauth2(oauth2: &OAuth2) -> Map<String, Value> {
    // The address is no secret, though its name ends as that of one might.
    let mut from = named([
        ("token_url", Some(&oauth2.token_url)),
        ("client_id", Some(&oauth2.client_id)),
        ("client_secret", oauth2.client_secret.as_ref()),
        ("username", oauth2.username.as_ref()),
        ("password", oauth2.password.as_ref()),
        ("scope", oauth2.scope.as_ref()),
        ("audience", oauth2.audience.as_ref()),
    ]);
    let client_auth = match oauth2.client_auth {
        ClientAuth::Basic => "basic",
        ClientAuth::Body => "body",
    };
    from.insert("client_auth".to_owned(), client_auth.into());
    if !oauth2.params.is_empty() {
        from.insert("params".to_owned(), Value::Object(veil::values(&oauth2.params)));
    }
    from
}

/// Its request is shown with the others.
fn of_login(login: &Login) -> Map<String, Value> {
    let veiled = |fields: &[(String, Template)]| -> Map<String, Value> {
        let fields = fields.iter();
        fields
            .map(|(name, value)| (name.clone(), value.veiled().into()))
            .collect()
    };
    let mut from = veiled(&login.use_headers);
    from.extend(veiled(&login.use_query));
    let expires_in = match &login.expires_in {
        Some(Expiry::After(duration)) => Some(time(*duration)),
        Some(Expiry::Expression(expression)) => Some(veil::expression(expression)),
        None => None,
    };
    if let Some(expires_in) = expires_in {
        from.insert("expires_in".to_owned(), expires_in.into());
    }
    from
}
