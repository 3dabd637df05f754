//! How a token is fetched from whoever gives it, or signed here.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::Credentials;
use super::expiry::life;
use super::jwt::JwtSigner;
use super::skew::{SET_CLOCK, skew};
use super::source::{Form, FormValue, IdTokenRequest, TokenSource};
use super::token::{Carried, NoToken, Post, Token};
use crate::domain::answer::{Answer, Body};
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::said::said;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::HttpMessage;

/// A token of which nothing says how long it lives is believed for this long; a 401 renews it before.
pub(super) const LIFE: Duration = Duration::from_mins(5);
/// What to do where a token can't be had at the address that was asked.
const ELSEWHERE: &str = "check that address in `auth`, a realm or tenant in its path too";
/// The type of what is exchanged and of what is asked for (RFC 8693, section 3).
const EXCHANGE: [(&str, &str); 3] = [
    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
    ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
];

impl Token {
    pub(super) async fn fetch(&self, wire: &impl Post, now: Timestamp) -> Result<(Carried, Duration), NoToken> {
        match &self.source {
            TokenSource::Form(form) => {
                let id_token = match &form.id_token {
                    Some(ask) => Some(self.id_token(wire, ask, now).await?),
                    None => None,
                };
                self.by_form(wire, form, &[], id_token.as_ref(), now).await
            }
            TokenSource::Login { login, scope } => self.by_login(wire, login, scope, now).await,
            TokenSource::Jwt(jwt) => Ok(self
                .signed(jwt, now)
                .map(|(token, life)| (Carried::bearer(&token), life))?),
            TokenSource::IdToken { ask, exchange } => {
                let id_token = self.id_token(wire, ask, now).await?;
                match exchange {
                    None => Ok((Carried::bearer(&id_token), LIFE)),
                    Some(form) => {
                        let mut fields: Vec<(String, Secret)> = EXCHANGE
                            .iter()
                            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
                            .collect();
                        fields.push(("subject_token".to_owned(), id_token.clone()));
                        self.by_form(wire, form, &fields, Some(&id_token), now).await
                    }
                }
            }
        }
    }

    /// A token that is signed here, which nobody sees before it is known for a secret.
    fn signed(&self, jwt: &JwtSigner, now: Timestamp) -> Result<(Secret, Duration), NoToken> {
        let (token, life) = jwt.sign(now).map_err(NoToken::Unsendable)?;
        (self.keeper)(&token);
        Ok((token, life))
    }

    /// The values of a form's fields.
    fn fields(&self, form: &Form, id_token: Option<&Secret>, now: Timestamp) -> Result<Vec<(String, Secret)>, NoToken> {
        let oidc = id_token.map(|token| minijinja::Value::from_pairs([("token", token.expose())]));
        let scope = match oidc {
            Some(oidc) => form.scope.clone().with("oidc", oidc),
            None => form.scope.clone(),
        };
        let mut fields = Vec::new();
        for (name, value) in &form.fields {
            let value = match value {
                FormValue::Fixed(value) => value.clone(),
                FormValue::Jwt(jwt) => self.signed(jwt, now)?.0,
                FormValue::OfIdToken(template) => {
                    let value = template.render(&scope);
                    let value = Secret::new(value.map_err(|error| NoToken::Unsendable(Why::from(error)))?);
                    (self.keeper)(&value);
                    value
                }
            };
            fields.push((name.clone(), value));
        }
        Ok(fields)
    }

    async fn by_form(
        &self,
        wire: &impl Post,
        form: &Form,
        always: &[(String, Secret)],
        id_token: Option<&Secret>,
        now: Timestamp,
    ) -> Result<(Carried, Duration), NoToken> {
        let own = self.fields(form, id_token, now)?;
        let replaced = |name: &str| own.iter().any(|(given, _)| given == name);
        let fields = always
            .iter()
            .filter(|(name, _)| !replaced(name))
            .chain(&own)
            .map(|(name, value)| (name, value.expose()));
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = HttpMessage {
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            payload: Some(("application/x-www-form-urlencoded".to_owned(), body.into_bytes())),
            ..HttpMessage::new("POST")
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
            &format!("the token request to `{}`", address(&form.url)),
            Answer::is_success,
            |answer| self.words(answer, now),
        )?;
        let token = text_of(&answer, "access_token").ok_or("the token endpoint's answer has no `access_token`")?;
        let token = Secret::new(token);
        (self.keeper)(&token);
        let life = match field(&answer, "expires_in") {
            None | Some(Value::Null) => LIFE,
            Some(value) => life(value, now).map_err(|reason| {
                NoToken::Refused(Why::hinted(
                    format!("of the token endpoint's answer {reason}"),
                    "fix the token endpoint",
                ))
            })?,
        };
        Ok((Carried::bearer(&token), life))
    }

    /// Asks for an ID token; the runner's address has a query already.
    async fn id_token(&self, wire: &impl Post, ask: &IdTokenRequest, now: Timestamp) -> Result<Secret, NoToken> {
        let request = HttpMessage::new("GET");
        let credentials = Credentials::Bearer(ask.token.clone());
        let answer = answered(
            wire.post(ask.url.clone(), &request, &credentials).await,
            &format!("the request for an ID token to `{}`", address(&ask.url)),
            Answer::is_success,
            |answer| self.words(answer, now),
        )?;
        let token = text_of(&answer, "value").map(Secret::new);
        let token =
            token.ok_or_else(|| NoToken::Failed("the answer to the request for an ID token has no `value`".into()))?;
        (self.keeper)(&token);
        Ok(token)
    }

    fn words(&self, answer: &Answer, now: Timestamp) -> AnswerWords {
        AnswerWords {
            said: self.veil.as_ref().and_then(|veil| said(answer, veil)),
            why: None,
            skew: skew(answer, now).filter(|_| self.goes_by_time()),
        }
    }
}

/// What is told of an answer that is not fine.
#[derive(Default)]
pub(super) struct AnswerWords {
    /// What it said.
    pub(super) said: Option<String>,
    /// Why it is not what `expect` takes.
    pub(super) why: Option<String>,
    /// How wrong our clock is, where that may be the reason.
    pub(super) skew: Option<String>,
}

/// An answer that is fine; of any other it is told what it said.
pub(super) fn answered(
    delivery: Delivery,
    what: &str,
    is_fine: impl Fn(&Answer) -> bool,
    words: impl Fn(&Answer) -> AnswerWords,
) -> Result<Answer, NoToken> {
    match delivery {
        Delivery::Answered(answer) if is_fine(&answer) => Ok(answer),
        Delivery::Answered(answer) => {
            // Some services refuse under a status that means success, and a wrong password that is tried often locks people out.
            let meant = answer.is_success();
            // The description may say so in its own way.
            let is_throttled = answer.meaning() == Meaning::Throttled;
            let is_refused = answer.meaning() == Meaning::Unauthorized
                || matches!(answer.code(), 400 | 401 | 403 | 404 | 405 | 410 | 422);
            let refused = (meant || is_refused) && !is_throttled;
            // Whoever answers so gives tokens to nobody.
            let is_elsewhere = matches!(answer.code(), 404 | 405 | 410);
            let AnswerWords { said, why, skew } = words(&answer);
            let status = answer.code();
            let told = match said {
                Some(said) => format!("{status}: {said}"),
                None if meant => format!("status {status} (which is not what its `expect` takes)"),
                None if is_elsewhere => format!("status {status} (nothing is there)"),
                None if refused => format!("status {status} (the credentials were not accepted)"),
                None => format!("status {status}"),
            };
            let why = why.map(|why| format!("; {why}")).unwrap_or_default();
            let reason = format!("{what} was answered with {told}{why}");
            if let Some(skew) = skew.filter(|_| refused && !is_elsewhere) {
                let reason = format!("{reason}; {skew}");
                return Err(NoToken::Refused(Why::hinted(reason, SET_CLOCK)));
            }
            Err(if is_elsewhere {
                NoToken::Refused(Why::hinted(reason, ELSEWHERE))
            } else if refused {
                NoToken::Refused(reason.into())
            } else {
                NoToken::Failed(reason.into())
            })
        }
        Delivery::Unsendable(reason) => Err(NoToken::Unsendable(
            reason.context(format_args!("{what} can't be sent")),
        )),
        Delivery::NotSent(reason) | Delivery::Barred(reason) | Delivery::Lost(reason) => {
            Err(NoToken::Failed(reason.context(format_args!("{what} failed"))))
        }
    }
}

fn field<'a>(answer: &'a Answer, key: &str) -> Option<&'a Value> {
    match &answer.body {
        Body::Json(body) => body.get(key),
        Body::Text(_) => None,
    }
}

fn text_of(answer: &Answer, key: &str) -> Option<String> {
    field(answer, key)?.as_str().map(str::to_owned)
}

/// An address as it may be shown: without its query, which may hold anything.
pub(super) fn address(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
