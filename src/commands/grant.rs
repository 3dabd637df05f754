//! From the configuration's `auth` to how a token is come by.

use reqwest::Url;

use crate::adapters::environment::ProcessEnv;
use crate::adapters::http::{Form, HostPolicy, TokenSource};
use crate::config::{Auth, ClientAuth, Exchange, Grant, OAuth2, Service};
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{Scope, Template, glob};

/// What a grant may need beside the configuration.
pub(super) struct Around<'a> {
    pub(super) environment: &'a ProcessEnv,
    pub(super) policy: &'a HostPolicy,
    /// The setting `allow-audience`.
    pub(super) audiences: Option<&'a [String]>,
}

/// How the service's token is come by; `None` where it needs none.
pub(super) fn grant(
    service: &Service,
    base: &Url,
    scope: &Scope,
    around: &Around<'_>,
) -> Result<Option<TokenSource>, Why> {
    let in_place = |why: Why| why.context(format_args!("`auth` of `{}`", service.name));
    let grant = match &service.auth {
        Auth::None | Auth::Basic { .. } | Auth::Bearer(_) | Auth::Header(_) => return Ok(None),
        Auth::OAuth2(oauth2) => oauth2_form(oauth2, scope, around.policy).map(TokenSource::Form),
        Auth::Login(login) => Ok(TokenSource::Login {
            login: login.clone(),
            scope: scope.clone(),
        }),
        Auth::GithubOidc { audience, exchange } => id_token(audience.as_ref(), exchange.as_ref(), base, scope, around),
    };
    grant.map(Some).map_err(in_place)
}

fn oauth2_form(oauth2: &OAuth2, scope: &Scope, policy: &HostPolicy) -> Result<Form, Why> {
    let text = |template: &Template| template.render(scope).map_err(Why::from);
    let client_id = text(&oauth2.client_id)?;
    let client_secret = oauth2.client_secret.as_ref().map(text).transpose()?.map(Secret::new);
    let plain = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let mut fields = vec![match oauth2.grant {
        Grant::ClientCredentials => plain("grant_type", "client_credentials"),
        Grant::Password => plain("grant_type", "password"),
    }];
    for (name, template) in [
        ("username", &oauth2.username),
        ("password", &oauth2.password),
        ("scope", &oauth2.scope),
        ("audience", &oauth2.audience),
    ] {
        if let Some(template) = template {
            fields.push(plain(name, &text(template)?));
        }
    }
    for (name, template) in &oauth2.params {
        fields.push(plain(name, &text(template)?));
    }
    let mut client = None;
    match (oauth2.client_auth, client_secret) {
        (ClientAuth::Basic, Some(secret)) => client = Some((client_id, secret)),
        (ClientAuth::Body, Some(secret)) => {
            fields.push(plain("client_id", &client_id));
            fields.push(("client_secret".to_owned(), secret));
        }
        (ClientAuth::Basic | ClientAuth::Body, None) => fields.push(plain("client_id", &client_id)),
    }
    Ok(Form {
        url: endpoint(&text(&oauth2.token_url)?, policy)?,
        fields,
        client,
    })
}

/// A job's ID token is asked for the service's own origin, or an audience that the workflow's owner has allowed: else a
/// configuration could have the job prove itself to anybody.
fn id_token(
    audience: Option<&Template>,
    exchange: Option<&Exchange>,
    base: &Url,
    scope: &Scope,
    around: &Around<'_>,
) -> Result<TokenSource, Why> {
    let text = |template: &Template| template.render(scope).map_err(Why::from);
    let variable = |name: &str| {
        around.environment.get(name).ok_or_else(|| {
            Why::hinted(
                format!("the job can't ask for an ID token: `{name}` is not set"),
                "give the job `permissions: id-token: write`",
            )
        })
    };
    let origin = base.origin().ascii_serialization();
    let audience = audience.map(text).transpose()?.unwrap_or_else(|| origin.clone());
    let allowed = around
        .audiences
        .unwrap_or_default()
        .iter()
        .any(|pattern| glob(pattern, &audience));
    if audience != origin && !allowed {
        return Err(Why::hinted(
            format!("Standin doesn't request an ID token for `{audience}`"),
            "to allow it, list it in the setting `allow-audience`",
        ));
    }
    let mut url = Url::parse(variable("ACTIONS_ID_TOKEN_REQUEST_URL")?)
        .map_err(|error| format!("`ACTIONS_ID_TOKEN_REQUEST_URL` is not a URL: {error}"))?;
    url.query_pairs_mut().append_pair("audience", &audience);
    let exchange = match exchange {
        None => None,
        Some(exchange) => {
            let fields: Result<Vec<(String, Secret)>, Why> = exchange
                .params
                .iter()
                .map(|(name, template)| Ok((name.clone(), Secret::new(text(template)?))))
                .collect();
            Some(Form {
                url: endpoint(&text(&exchange.token_url)?, around.policy)?,
                fields: fields?,
                client: None,
            })
        }
    };
    Ok(TokenSource::IdToken {
        url,
        token: Secret::new(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?),
        exchange,
    })
}

fn endpoint(text: &str, policy: &HostPolicy) -> Result<Url, Why> {
    let url = Url::parse(text).map_err(|error| format!("`token_url` is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("`token_url` must begin with `http://` or `https://`".into());
    }
    policy.check(&url)?;
    Ok(url)
}
