//! How a service is entered: the kind, what carries it, and never a secret that stands in the configuration.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{time, veil};
use crate::config::{Algorithm, Auth, Aws, ClientAuth, Exchange, Expiry, Google, Grant, Jwt, Login, OAuth2, Sign};
use crate::language::{JsonTemplate, Template};

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
            Grant::JwtBearer => "oauth2 (jwt_bearer)",
        },
        Auth::Login(_) => "login",
        Auth::Jwt(jwt) => match jwt.algorithm {
            Algorithm::Rs256 => "jwt (RS256)",
            Algorithm::Es256 => "jwt (ES256)",
            Algorithm::EdDsa => "jwt (EdDSA)",
            Algorithm::Hs256 => "jwt (HS256)",
        },
        Auth::Google(_) => "google",
        Auth::Aws(_) => "aws",
        Auth::Sign(_) => "sign",
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
        Auth::Login(login) => {
            let mut headers = names(&login.carried.headers);
            let query = names(&login.carried.query);
            // They go beside anything else, where there are any.
            if headers.is_empty() && query.is_empty() && login.carried.cookies {
                headers.push("Cookie".to_owned());
            }
            (headers, query, of_login(login))
        }
        Auth::Jwt(jwt) => (authorization(), Vec::new(), of_jwt(jwt)),
        Auth::Google(google) => (authorization(), Vec::new(), of_google(google)),
        Auth::Aws(aws) => {
            let fields = ["Authorization", "X-Amz-Date"];
            (fields.map(str::to_owned).into(), Vec::new(), of_aws(aws))
        }
        Auth::Sign(sign) => (names(&sign.headers), names(&sign.query), of_sign(sign)),
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
        ("client_id", oauth2.client_id.as_ref()),
        ("client_secret", oauth2.client_secret.as_ref()),
        ("username", oauth2.username.as_ref()),
        ("password", oauth2.password.as_ref()),
        ("scope", oauth2.scope.as_ref()),
        ("audience", oauth2.audience.as_ref()),
    ]);
    from.extend(named([("oidc_audience", oauth2.oidc_audience.as_ref())]));
    let client_auth = match oauth2.client_auth {
        ClientAuth::Basic => "basic",
        ClientAuth::Body => "body",
    };
    if oauth2.client_assertion.is_none() && oauth2.client_id.is_some() {
        from.insert("client_auth".to_owned(), client_auth.into());
    }
    for (name, jwt) in [
        ("assertion", &oauth2.assertion),
        ("client_assertion", &oauth2.client_assertion),
    ] {
        if let Some(jwt) = jwt {
            from.insert(name.to_owned(), Value::Object(of_jwt(jwt)));
        }
    }
    if !oauth2.params.is_empty() {
        from.insert("params".to_owned(), Value::Object(veil::values(&oauth2.params)));
    }
    from
}

fn of_jwt(jwt: &Jwt) -> Map<String, Value> {
    let values = |pairs: &[(String, JsonTemplate)]| -> Value {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), veil::named(name, value)))
            .collect()
    };
    let mut from = Map::new();
    from.insert("key".to_owned(), jwt.key.veiled().into());
    from.insert("alg".to_owned(), jwt.algorithm.name().into());
    for (name, pairs) in [("headers", &jwt.headers), ("claims", &jwt.claims)] {
        if !pairs.is_empty() {
            from.insert(name.to_owned(), values(pairs));
        }
    }
    if !jwt.claims("exp") {
        from.insert("expires_in".to_owned(), time(jwt.expires_in).into());
    }
    from
}

fn of_google(google: &Google) -> Map<String, Value> {
    let mut from = Map::new();
    from.insert("credentials".to_owned(), google.credentials.veiled().into());
    let scopes: Vec<String> = google.scopes.iter().map(veil::text).collect();
    from.insert("scopes".to_owned(), scopes.into());
    from.extend(named([("subject", google.subject.as_ref())]));
    from
}

fn of_aws(aws: &Aws) -> Map<String, Value> {
    let mut from = named([("region", Some(&aws.region)), ("service", Some(&aws.service))]);
    from.insert("access_key_id".to_owned(), veil::text(&aws.access_key_id).into());
    from.insert("secret_access_key".to_owned(), aws.secret_access_key.veiled().into());
    if let Some(token) = &aws.session_token {
        from.insert("session_token".to_owned(), token.veiled().into());
    }
    from
}

/// A literal in it may be a key.
fn of_sign(sign: &Sign) -> Map<String, Value> {
    let pairs = sign.headers.iter().chain(&sign.query);
    pairs
        .map(|(name, value)| (name.clone(), value.veiled().into()))
        .collect()
}

/// Its requests are shown with the others.
fn of_login(login: &Login) -> Map<String, Value> {
    let veiled = |fields: &[(String, Template)]| -> Map<String, Value> {
        let fields = fields.iter();
        fields
            .map(|(name, value)| (name.clone(), value.veiled().into()))
            .collect()
    };
    let mut from = veiled(&login.carried.headers);
    from.extend(veiled(&login.carried.query));
    for (name, value) in &login.carried.json {
        from.insert(format!("json.{name}"), veil::named("secret", value));
    }
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
