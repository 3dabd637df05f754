//! Tokens that let us in: fetched once, kept in memory, renewed before they end and once a service no longer takes them.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Credentials;
use crate::config::{Expiry, Login};
use crate::domain::answer::{Answer, Body};
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::language::Scope;
use crate::ports::{Identity, Outgoing};

/// A token of which nothing says how long it lives is believed for this long; a 401 renews it before.
const LIFE: Duration = Duration::from_mins(5);
/// After this share of its life a token is renewed.
const RENEW_AFTER: f64 = 0.8;
/// The type of what is exchanged and of what is asked for (RFC 8693, section 3).
const EXCHANGE: [(&str, &str); 3] = [
    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
    ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
];

/// How a token is come by.
#[derive(Clone)]
pub enum Grant {
    /// A form is posted, and `access_token` is in the answer (RFC 6749, sections 4.3 and 4.4).
    Form(Form),
    /// A request of the service's own.
    Login {
        /// What the configuration says.
        login: Box<Login>,
        /// What its templates see.
        scope: Scope,
    },
    /// The ID token of a job on GitHub, as it is or exchanged for another (RFC 8693).
    IdToken {
        /// Where it is asked for, with the audience.
        url: Url,
        /// What lets us ask.
        token: Secret,
        /// Where it is exchanged.
        exchange: Option<Form>,
    },
}

/// A form for a token endpoint.
#[derive(Clone)]
pub struct Form {
    /// The token endpoint.
    pub url: Url,
    /// The fields.
    pub fields: Vec<(String, Secret)>,
    /// The client and its secret, where they stand in the header (RFC 6749, section 2.3.1).
    pub client: Option<(String, Secret)>,
}

impl Grant {
    /// Every secret in it.
    pub fn secrets(&self) -> Vec<Secret> {
        // Of a form only what must not be told: `client_credentials` and the like stand in every log.
        let of_form = |form: &Form| {
            let told = ["client_secret", "password", "assertion", "refresh_token"];
            let fields = form.fields.iter().filter(|(name, _)| told.contains(&name.as_str()));
            let client = form.client.iter().map(|(_, secret)| secret.clone());
            fields.map(|(_, value)| value.clone()).chain(client).collect::<Vec<_>>()
        };
        match self {
            Self::Form(form) => of_form(form),
            Self::Login { .. } => Vec::new(),
            Self::IdToken { token, exchange, .. } => {
                let mut secrets = exchange.as_ref().map(of_form).unwrap_or_default();
                secrets.push(token.clone());
                secrets
            }
        }
    }
}

/// What requests carry once a token is there.
#[derive(Clone, Default)]
pub(super) struct Carried {
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) query: Vec<(String, Secret)>,
}

/// How one request is sent: by the service itself, which has the client and the bounds.
pub(super) trait Post {
    /// Sends a request to this address with these credentials.
    fn post(&self, url: Url, request: &Outgoing, credentials: &Credentials) -> impl Future<Output = Delivery>;
    /// The address of a target below the service's own.
    fn below(&self, target: &str) -> Result<Url, String>;
}

/// The token of one service.
pub struct Token {
    grant: Grant,
    /// Is handed every secret that is learnt, before it is used.
    keeper: Box<dyn Fn(&Secret)>,
    held: Mutex<Held>,
}

/// Why there is no token.
enum NoToken {
    /// It may be had later.
    Failed(String),
    /// The credentials were not accepted.
    Refused(String),
}

impl From<String> for NoToken {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// What is held by now.
enum Held {
    /// Nothing yet, or nothing any more.
    Nothing,
    /// It could not be had this time.
    Failed(String),
    /// It was refused: asking again can't help, and could lock the user out.
    Refused(String),
    /// This, until then.
    Token(Carried, Timestamp),
}

impl Token {
    /// A token that is yet to be fetched.
    pub fn new(grant: Grant, keeper: Box<dyn Fn(&Secret)>) -> Self {
        Self {
            grant,
            keeper,
            held: Mutex::new(Held::Nothing),
        }
    }

    /// Fetches the token if there is none, or none that will last. Whoever asks meanwhile waits for the same one.
    pub(super) async fn refresh(&self, wire: &impl Post, now: impl Fn() -> Timestamp) {
        let mut held = self.held.lock().await;
        match &*held {
            Held::Token(_, renew_at) if now() < *renew_at => return,
            Held::Refused(_) => return,
            Held::Token(..) | Held::Failed(_) | Held::Nothing => {}
        }
        let asked = now();
        *held = match self.fetch(wire).await {
            Ok((carried, life)) => {
                for (_, secret) in carried.headers.iter().chain(&carried.query) {
                    (self.keeper)(secret);
                }
                Held::Token(carried, asked + life.mul_f64(RENEW_AFTER))
            }
            Err(NoToken::Failed(reason)) => Held::Failed(reason),
            Err(NoToken::Refused(reason)) => Held::Refused(reason),
        };
    }

    /// What requests carry, or why nothing can be sent.
    pub(super) async fn carried(&self) -> Result<Carried, Delivery> {
        match &*self.held.lock().await {
            Held::Token(carried, _) => Ok(carried.clone()),
            Held::Failed(reason) => Err(Delivery::NotSent(format!("there is no token: {reason}"))),
            Held::Refused(reason) => Err(Delivery::Barred(format!("there is no token: {reason}"))),
            Held::Nothing => Err(Delivery::NotSent("there is no token yet".to_owned())),
        }
    }

    /// Forgets the token that a service has not taken, unless it was replaced meanwhile.
    pub(super) async fn forget(&self, refused: &Carried) {
        let mut held = self.held.lock().await;
        if matches!(&*held, Held::Token(carried, _) if carried.headers == refused.headers) {
            *held = Held::Nothing;
        }
    }

    async fn fetch(&self, wire: &impl Post) -> Result<(Carried, Duration), NoToken> {
        match &self.grant {
            Grant::Form(form) => self.by_form(wire, form, &[]).await,
            Grant::Login { login, scope } => self.by_login(wire, login, scope).await,
            Grant::IdToken { url, token, exchange } => {
                let id_token = id_token(wire, url, token).await?;
                (self.keeper)(&id_token);
                match exchange {
                    None => Ok((bearer(&id_token), LIFE)),
                    Some(form) => {
                        let mut fields: Vec<(String, Secret)> = EXCHANGE
                            .iter()
                            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
                            .collect();
                        fields.push(("subject_token".to_owned(), id_token));
                        self.by_form(wire, form, &fields).await
                    }
                }
            }
        }
    }

    async fn by_form(
        &self,
        wire: &impl Post,
        form: &Form,
        always: &[(String, Secret)],
    ) -> Result<(Carried, Duration), NoToken> {
        let replaced = |name: &str| form.fields.iter().any(|(given, _)| given == name);
        let fields = always
            .iter()
            .filter(|(name, _)| !replaced(name))
            .chain(&form.fields)
            .map(|(name, value)| (name, value.expose()));
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Outgoing {
            method: "POST".to_owned(),
            target: String::new(),
            next: None,
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            payload: Some(("application/x-www-form-urlencoded".to_owned(), body.into_bytes())),
            identity: Identity::Own,
        };
        let credentials = form
            .client
            .as_ref()
            .map_or(Credentials::None, |(client, secret)| Credentials::Basic {
                // Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
                username: encoded(client),
                password: Secret::new(encoded(secret.expose())),
            });
        let answer = answered(
            wire.post(form.url.clone(), &request, &credentials).await,
            "the token request",
        )?;
        let token = text_of(&answer, "access_token")
            .ok_or_else(|| "the token endpoint's answer has no `access_token`".to_owned())?;
        let token = Secret::new(token);
        (self.keeper)(&token);
        Ok((bearer(&token), life_of(&answer)))
    }

    async fn by_login(&self, wire: &impl Post, login: &Login, scope: &Scope) -> Result<(Carried, Duration), NoToken> {
        let cannot = |error: &dyn std::fmt::Display| format!("`{}`: {error}", login.request.place);
        let request = Outgoing::render(&login.request, scope, Identity::Own).map_err(|error| cannot(&error))?;
        let url = wire.below(&request.target)?;
        let answer = answered(wire.post(url, &request, &Credentials::None).await, "the log-in")?;
        let scope = scope.clone().answer(&answer);
        if !login.request.expect.holds(&answer, &scope).unwrap_or(false) {
            return Err(NoToken::Failed(format!(
                "the log-in was answered with status {}",
                answer.status
            )));
        }
        let mut captures = Vec::new();
        for (name, expression) in &login.request.captures {
            let value = expression.eval(&scope).map_err(|error| cannot(&error))?;
            if let Some(text) = value.as_str() {
                (self.keeper)(&Secret::new(text));
            }
            captures.push((name.clone(), value));
        }
        let scope = scope.with("capture", minijinja::Value::from_pairs(captures));
        let carry = |fields: &[(String, crate::language::Template)]| {
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), Secret::new(value.render(&scope)?))))
                .collect::<Result<Vec<_>, crate::language::EvalError>>()
                .map_err(|error| cannot(&error))
        };
        let carried = Carried {
            headers: carry(&login.use_headers)?,
            query: carry(&login.use_query)?,
        };
        let life = match &login.expires_in {
            None => Duration::MAX / 2,
            Some(Expiry::After(life)) => *life,
            Some(Expiry::Expression(seconds)) => seconds
                .eval_text(&scope)
                .ok()
                .flatten()
                .and_then(|text| text.parse().ok())
                .map_or(LIFE, Duration::from_secs),
        };
        Ok((carried, life))
    }
}

/// Asks for an ID token; the runner's address has a query already.
async fn id_token(wire: &impl Post, url: &Url, token: &Secret) -> Result<Secret, NoToken> {
    let request = Outgoing {
        method: "GET".to_owned(),
        target: String::new(),
        next: None,
        headers: Vec::new(),
        payload: None,
        identity: Identity::Own,
    };
    let credentials = Credentials::Bearer(token.clone());
    let answer = answered(
        wire.post(url.clone(), &request, &credentials).await,
        "the request for an ID token",
    )?;
    text_of(&answer, "value")
        .map(Secret::new)
        .ok_or_else(|| NoToken::Failed("the answer to the request for an ID token has no `value`".to_owned()))
}

/// A body is not shown: it may hold the secret that was sent.
fn answered(delivery: Delivery, what: &str) -> Result<Answer, NoToken> {
    match delivery {
        Delivery::Answered(answer) if !matches!(answer.status, 400 | 401 | 403 | 500..) => Ok(answer),
        Delivery::Answered(answer) => {
            let refused = answer.status < 500;
            let code = text_of(&answer, "error").filter(|code| is_code(code));
            let meaning = code.or_else(|| refused.then(|| "the credentials were not accepted".to_owned()));
            let meaning = meaning.map(|meaning| format!(" ({meaning})")).unwrap_or_default();
            let reason = format!("{what} was answered with status {}{meaning}", answer.status);
            Err(if refused {
                NoToken::Refused(reason)
            } else {
                NoToken::Failed(reason)
            })
        }
        Delivery::NotSent(reason) | Delivery::Barred(reason) | Delivery::Lost(reason) => {
            Err(NoToken::Failed(format!("{what} failed: {reason}")))
        }
    }
}

/// The error codes of RFC 6749 (section 5.2) and their like: nothing else of a refusal is shown.
fn is_code(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn bearer(token: &Secret) -> Carried {
    Carried {
        headers: vec![(
            "authorization".to_owned(),
            Secret::new(format!("Bearer {}", token.expose())),
        )],
        query: Vec::new(),
    }
}

fn text_of(answer: &Answer, key: &str) -> Option<String> {
    match &answer.body {
        Body::Json(body) => body.get(key)?.as_str().map(str::to_owned),
        Body::Text(_) => None,
    }
}

/// `expires_in` in seconds; some servers send it as text.
fn life_of(answer: &Answer) -> Duration {
    let Body::Json(body) = &answer.body else { return LIFE };
    let seconds = match body.get("expires_in") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    seconds.map_or(LIFE, Duration::from_secs)
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
