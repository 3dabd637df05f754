//! From the configuration's `auth` to how a token is come by.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use crate::adapters::environment::ProcessEnv;
use crate::adapters::http::{Form, FormValue, HostPolicy, IdTokenRequest, JwtSigner, SigningKey, TokenSource};
use crate::config::{Algorithm, Auth, ClientAuth, Exchange, Google, Grant, Jwt, OAuth2, Service, reads_id_token};
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{JsonTemplate, Scope, Template, glob};

/// RFC 7523, section 2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// RFC 7523, section 2.2.
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Where Google gives tokens, where a key doesn't say it.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";
/// An assertion for Google is used at once.
const GOOGLE_LIFE: Duration = Duration::from_mins(5);

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
        Auth::None | Auth::Basic { .. } | Auth::Bearer(_) | Auth::Header(_) | Auth::Aws(_) | Auth::Sign(_) => {
            return Ok(None);
        }
        Auth::OAuth2(oauth2) => oauth2_form(oauth2, base, scope, around).map(TokenSource::Form),
        Auth::Login(login) => Ok(TokenSource::Login {
            login: login.clone(),
            scope: scope.clone(),
        }),
        Auth::Jwt(jwt) => jwt_signer(jwt, Vec::new(), scope)
            .map(TokenSource::Jwt)
            .map_err(|why| why.context("`jwt.key`")),
        Auth::Google(google) => google_form(google, scope, around.policy).map(TokenSource::Form),
        Auth::GithubOidc { audience, exchange } => id_token(audience.as_ref(), base, scope, around).and_then(|ask| {
            let exchange = exchange
                .as_ref()
                .map(|exchange| exchange_form(exchange, scope, around.policy));
            let exchange = exchange.transpose()?;
            Ok(TokenSource::IdToken { ask, exchange })
        }),
    };
    grant.map(Some).map_err(in_place)
}

fn oauth2_form(oauth2: &OAuth2, base: &Url, scope: &Scope, around: &Around<'_>) -> Result<Form, Why> {
    let text = |template: &Template| template.render(scope).map_err(Why::from);
    let url = endpoint(&text(&oauth2.token_url)?, around.policy)?;
    let client_id = oauth2.client_id.as_ref().map(text).transpose()?;
    let client_secret = oauth2.client_secret.as_ref().map(text).transpose()?.map(Secret::new);
    let mut fields = vec![match oauth2.grant {
        Grant::ClientCredentials => fixed("grant_type", "client_credentials"),
        Grant::Password => fixed("grant_type", "password"),
        Grant::JwtBearer => fixed("grant_type", JWT_BEARER),
    }];
    for (name, template) in [
        ("username", &oauth2.username),
        ("password", &oauth2.password),
        ("scope", &oauth2.scope),
        ("audience", &oauth2.audience),
    ] {
        if let Some(template) = template {
            fields.push(fixed(name, &text(template)?));
        }
    }
    let issuer = || client_id.clone().map(|id| ("iss", id));
    let audience = || ("aud", url.as_str().to_owned());
    if let Some(jwt) = &oauth2.assertion {
        let usual = issuer().into_iter().chain([audience()]).collect();
        let signer = jwt_signer(jwt, usual, scope).map_err(|why| why.context("`assertion.key`"))?;
        fields.push(("assertion".to_owned(), FormValue::Jwt(signer)));
    }
    if let Some(jwt) = &oauth2.client_assertion {
        let subject = client_id.clone().map(|id| ("sub", id));
        let usual = issuer().into_iter().chain(subject).chain([audience()]).collect();
        let signer = jwt_signer(jwt, usual, scope).map_err(|why| why.context("`client_assertion.key`"))?;
        fields.push(fixed("client_assertion_type", CLIENT_ASSERTION));
        fields.push(("client_assertion".to_owned(), FormValue::Jwt(signer)));
    }
    let mut client = None;
    match (oauth2.client_auth, client_secret, client_id) {
        (ClientAuth::Basic, Some(secret), Some(id)) => client = Some((id, secret)),
        (ClientAuth::Body, Some(secret), Some(id)) => {
            fields.push(fixed("client_id", &id));
            fields.push(("client_secret".to_owned(), FormValue::Fixed(secret)));
        }
        (_, None, Some(id)) => fields.push(fixed("client_id", &id)),
        (_, _, None) => {}
    }
    let given = params(&oauth2.params, scope)?;
    fields.retain(|(name, _)| !given.iter().any(|(own, _)| own == name));
    fields.extend(given);
    let id_token = if oauth2.reads_id_token() {
        Some(id_token(oauth2.oidc_audience.as_ref(), base, scope, around)?)
    } else {
        None
    };
    Ok(Form {
        url,
        fields,
        client,
        id_token,
        scope: scope.clone(),
    })
}

fn fixed(name: &str, value: &str) -> (String, FormValue) {
    (name.to_owned(), FormValue::Fixed(Secret::new(value)))
}

/// Fields of the configuration's own. What reads the ID token waits for it.
fn params(params: &[(String, Template)], scope: &Scope) -> Result<Vec<(String, FormValue)>, Why> {
    params
        .iter()
        .map(|(name, template)| {
            if reads_id_token(template) {
                return Ok((name.clone(), FormValue::OfIdToken(template.clone())));
            }
            Ok(fixed(name, &template.render(scope).map_err(Why::from)?))
        })
        .collect()
}

/// What signs a token here. Its key is tried now.
fn jwt_signer(jwt: &Jwt, usual: Vec<(&'static str, String)>, scope: &Scope) -> Result<JwtSigner, Why> {
    let key = Secret::new(jwt.key.render(scope)?);
    Ok(JwtSigner {
        key: SigningKey::new(jwt.algorithm, key.expose())?,
        headers: jwt.headers.clone(),
        claims: jwt.claims.clone(),
        usual,
        expires_in: jwt.expires_in,
        scope: scope.clone(),
    })
}

/// What Google gives for a key of a service account. There is more in it.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

/// A token for a service account: RFC 7523 as Google has it.
fn google_form(google: &Google, scope: &Scope, policy: &HostPolicy) -> Result<Form, Why> {
    let text = |template: &Template| template.render(scope).map_err(Why::from);
    let credentials = Secret::new(text(&google.credentials)?);
    let account: ServiceAccount = serde_json::from_str(credentials.expose()).map_err(|_| {
        Why::hinted(
            "`google.credentials` is no key of a service account",
            "give the JSON that Google made for the key, which has `client_email` and `private_key`",
        )
    })?;
    let private_key = Secret::new(account.private_key);
    let key = SigningKey::new(Algorithm::Rs256, private_key.expose())
        .map_err(|why| why.context("`private_key` of `google.credentials`"))?;
    let uri = account.token_uri.as_deref().unwrap_or(GOOGLE_TOKENS);
    let url = endpoint(uri, policy)?;
    let scopes: Vec<String> = google.scopes.iter().map(text).collect::<Result<_, _>>()?;
    let mut usual = vec![
        ("iss", account.client_email),
        ("scope", scopes.join(" ")),
        ("aud", uri.to_owned()),
    ];
    if let Some(subject) = &google.subject {
        usual.push(("sub", text(subject)?));
    }
    let id = account.private_key_id;
    let assertion = JwtSigner {
        key,
        headers: id
            .map(|id| ("kid".to_owned(), JsonTemplate::Scalar(id.into())))
            .into_iter()
            .collect(),
        claims: Vec::new(),
        usual,
        expires_in: GOOGLE_LIFE,
        scope: scope.clone(),
    };
    Ok(Form {
        url,
        fields: vec![
            fixed("grant_type", JWT_BEARER),
            ("assertion".to_owned(), FormValue::Jwt(assertion)),
        ],
        client: None,
        id_token: None,
        scope: scope.clone(),
    })
}

/// Where an ID token is exchanged for another.
fn exchange_form(exchange: &Exchange, scope: &Scope, policy: &HostPolicy) -> Result<Form, Why> {
    Ok(Form {
        url: endpoint(&exchange.token_url.render(scope)?, policy)?,
        fields: params(&exchange.params, scope)?,
        client: None,
        id_token: None,
        scope: scope.clone(),
    })
}

/// A job's ID token is asked for the service's own origin, or an audience that the workflow's owner has allowed: else a
/// configuration could have the job prove itself to anybody.
fn id_token(
    audience: Option<&Template>,
    base: &Url,
    scope: &Scope,
    around: &Around<'_>,
) -> Result<IdTokenRequest, Why> {
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
    Ok(IdTokenRequest {
        url,
        token: Secret::new(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?),
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
