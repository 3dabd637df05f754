//! Tokens that let us in: fetched once, kept in memory, renewed before they end and once a service no longer takes them.

use std::cell::RefCell;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Credentials;
use super::expiry::life;
use super::source::{Form, TokenSource};
use crate::config::{Action, Expiry, Login};
use crate::domain::answer::{Answer, Body};
use crate::domain::outcome::Delivery;
use crate::domain::said::{Hider, in_its_own_words, said};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{HttpMessage, Identity};

/// A token of which nothing says how long it lives is believed for this long; a 401 renews it before.
const LIFE: Duration = Duration::from_mins(5);
/// After this share of its life a token is renewed.
const RENEW_AFTER: f64 = 0.8;
/// What to do where a token can't be had at the address that was asked.
const ELSEWHERE: &str = "check that address in `auth`, a realm or tenant in its path too";
/// The type of what is exchanged and of what is asked for (RFC 8693, section 3).
const EXCHANGE: [(&str, &str); 3] = [
    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
    ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
];

/// What requests carry once a token is there.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) query: Vec<(String, Secret)>,
}

/// How one request is sent: by the service itself, which has the client and the bounds.
pub(super) trait Post {
    /// Sends a request to this address with these credentials.
    fn post(&self, url: Url, request: &HttpMessage, credentials: &Credentials) -> impl Future<Output = Delivery>;
    /// The address of a target below the service's own.
    fn below(&self, target: &str) -> Result<Url, Why>;
}

/// The token of one service.
pub struct Token {
    grant: TokenSource,
    /// Is handed every secret that is learnt, before it is used.
    keeper: Box<dyn Fn(&Secret)>,
    /// Hides every secret that is known in what a service said; `None` where that is not to be told.
    veil: Option<Hider<'static>>,
    /// Never borrowed while something is waited for: a request whose intent is written down must not wait for a token.
    held: RefCell<Held>,
    /// Whoever has it fetches.
    fetching: Mutex<()>,
}

/// Why there is no token.
enum NoToken {
    /// It may be had later.
    Failed(Why),
    /// The credentials were not accepted.
    Refused(Why),
    /// What would be sent for it fits in no request.
    Unsendable(Why),
}

impl<T: Into<Why>> From<T> for NoToken {
    fn from(reason: T) -> Self {
        Self::Failed(reason.into())
    }
}

/// What is held by now.
enum Held {
    /// Nothing yet, or nothing any more.
    Nothing,
    /// It could not be had this time.
    Failed(Why),
    /// It was refused: asking again can't help, and could lock the user out.
    Refused(Why),
    /// It can't be asked for, now or later.
    Unsendable(Why),
    /// This, until then.
    Token(Carried, Timestamp),
}

impl Token {
    /// A token that is yet to be fetched.
    pub fn new(grant: TokenSource, keeper: Box<dyn Fn(&Secret)>, veil: Option<Hider<'static>>) -> Self {
        Self {
            grant,
            keeper,
            veil,
            held: RefCell::new(Held::Nothing),
            fetching: Mutex::new(()),
        }
    }

    /// Fetches the token if there is none, or none that will last. Whoever asks meanwhile waits for the same one.
    pub(super) async fn refresh(&self, wire: &impl Post, now: impl Fn() -> Timestamp) {
        let _turn = self.fetching.lock().await;
        let asked = now();
        match &*self.held.borrow() {
            Held::Token(_, renew_at) if asked < *renew_at => return,
            Held::Refused(_) | Held::Unsendable(_) => return,
            Held::Token(..) | Held::Failed(_) | Held::Nothing => {}
        }
        let fetched = match self.fetch(wire, asked).await {
            Ok((carried, life)) => {
                for (_, secret) in carried.headers.iter().chain(&carried.query) {
                    (self.keeper)(secret);
                }
                Held::Token(carried, asked + life.mul_f64(RENEW_AFTER))
            }
            Err(NoToken::Failed(reason)) => Held::Failed(reason),
            Err(NoToken::Refused(reason)) => Held::Refused(reason),
            Err(NoToken::Unsendable(reason)) => Held::Unsendable(reason),
        };
        self.held.replace(fetched);
    }

    /// What requests carry by now, or why nothing can be sent. A token that is being renewed is not waited for, since the
    /// time in which a create may land counts from its intent.
    pub(super) fn carried(&self) -> Result<Carried, Delivery> {
        let none = |reason: &Why| reason.clone().context("there is no token");
        match &*self.held.borrow() {
            Held::Token(carried, _) => Ok(carried.clone()),
            Held::Failed(reason) => Err(Delivery::NotSent(none(reason))),
            Held::Refused(reason) => Err(Delivery::Barred(none(reason))),
            Held::Unsendable(reason) => Err(Delivery::Unsendable(none(reason))),
            Held::Nothing => Err(Delivery::NotSent("there is no token yet".into())),
        }
    }

    /// Forgets the token that a service has not taken, unless it was replaced meanwhile.
    pub(super) fn forget(&self, refused: &Carried) {
        let mut held = self.held.borrow_mut();
        if matches!(&*held, Held::Token(carried, _) if carried == refused) {
            *held = Held::Nothing;
        }
    }

    async fn fetch(&self, wire: &impl Post, now: Timestamp) -> Result<(Carried, Duration), NoToken> {
        match &self.grant {
            TokenSource::Form(form) => self.by_form(wire, form, &[], now).await,
            TokenSource::Login { login, scope } => self.by_login(wire, login, scope, now).await,
            TokenSource::IdToken { url, token, exchange } => {
                let id_token = id_token(wire, url, token, |answer| self.words(answer)).await?;
                (self.keeper)(&id_token);
                match exchange {
                    None => Ok((bearer(&id_token), LIFE)),
                    Some(form) => {
                        let mut fields: Vec<(String, Secret)> = EXCHANGE
                            .iter()
                            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
                            .collect();
                        fields.push(("subject_token".to_owned(), id_token));
                        self.by_form(wire, form, &fields, now).await
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
        now: Timestamp,
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
            |answer| self.words(answer),
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
        Ok((bearer(&token), life))
    }

    async fn by_login(
        &self,
        wire: &impl Post,
        login: &Login,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(Carried, Duration), NoToken> {
        let cannot = |error| Why::from(error).context(format_args!("`{}`", login.request.place));
        let Action::Http(action) = &login.request.action;
        // Nothing that it is made of will be another later, but for the moment.
        let request = HttpMessage::render(action, &scope.clone().at(now), Identity::Own)
            .map_err(|error| NoToken::Unsendable(cannot(error)))?;
        let url = wire.below(&request.target).map_err(NoToken::Unsendable)?;
        let is_expected = |answer: &Answer| {
            let scope = scope.clone().answer(answer);
            login.request.expect.holds(answer, &scope).unwrap_or(false)
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let front = url.path().strip_suffix(path).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        let what = format!("the log-in at `{origin}{front}{}`", action.target.shown(scope));
        let delivery = wire.post(url, &request, &Credentials::None).await;
        let answer = answered(delivery, &what, is_expected, |answer| {
            self.words_of_login(login, answer, &scope.clone().answer(answer))
        })?;
        let scope = scope.clone().answer(&answer);
        let mut captures = Vec::new();
        for (name, expression) in &login.request.captures {
            let value = expression.eval(&scope).map_err(|error| {
                NoToken::Refused(format!("the answer to the log-in has no `{name}`: {}", error.message).into())
            })?;
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
                .map_err(cannot)
        };
        let carried = Carried {
            headers: carry(&login.use_headers)?,
            query: carry(&login.use_query)?,
        };
        let life = match &login.expires_in {
            None => Duration::MAX / 2,
            Some(Expiry::After(life)) => *life,
            Some(Expiry::Expression(expression)) => expression
                .eval_text(&scope)
                .map_err(Why::from)
                .and_then(|text| text.map_or(Ok(LIFE), |text| Ok(life(&Value::String(text), now)?)))
                .map_err(|reason| {
                    let reason = reason.map(|reason| format!("of the log-in {reason}"));
                    NoToken::Refused(reason.or_hint("fix its `expires_in`"))
                })?,
        };
        Ok((carried, life))
    }
}

/// What is told of an answer that is not fine.
#[derive(Default)]
struct AnswerWords {
    /// What it said.
    said: Option<String>,
    /// Why it is not what `expect` takes.
    why: Option<String>,
}

impl Token {
    fn words(&self, answer: &Answer) -> AnswerWords {
        AnswerWords {
            said: self.veil.as_ref().and_then(|veil| said(answer, veil)),
            why: None,
        }
    }

    /// The same of a log-in, which may have words of its own and a condition. `scope` has the answer.
    fn words_of_login(&self, login: &Login, answer: &Answer, scope: &Scope) -> AnswerWords {
        let Some(veil) = &self.veil else {
            return AnswerWords::default();
        };
        let own = login.request.readings.error.as_ref().and_then(|error| {
            let value = error.eval_optional(scope).ok().flatten()?;
            in_its_own_words(&serde_json::to_value(&value).ok()?, veil)
        });
        AnswerWords {
            said: own.or_else(|| said(answer, veil)),
            why: login.request.expect.explain("expect", answer, scope, veil),
        }
    }
}

/// Asks for an ID token; the runner's address has a query already.
async fn id_token(
    wire: &impl Post,
    url: &Url,
    token: &Secret,
    words: impl Fn(&Answer) -> AnswerWords,
) -> Result<Secret, NoToken> {
    let request = HttpMessage::new("GET");
    let credentials = Credentials::Bearer(token.clone());
    let answer = answered(
        wire.post(url.clone(), &request, &credentials).await,
        &format!("the request for an ID token to `{}`", address(url)),
        Answer::is_success,
        words,
    )?;
    text_of(&answer, "value")
        .map(Secret::new)
        .ok_or_else(|| NoToken::Failed("the answer to the request for an ID token has no `value`".into()))
}

/// An answer that is fine; of any other it is told what it said.
fn answered(
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
            let refused = meant || matches!(answer.code(), 400 | 401 | 403 | 404 | 405 | 410 | 422);
            // Whoever answers so gives tokens to nobody.
            let is_elsewhere = matches!(answer.code(), 404 | 405 | 410);
            let AnswerWords { said, why } = words(&answer);
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

fn bearer(token: &Secret) -> Carried {
    Carried {
        headers: vec![(
            "authorization".to_owned(),
            Secret::new(format!("Bearer {}", token.expose())),
        )],
        query: Vec::new(),
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
fn address(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::Notify;

    use super::*;

    /// A token endpoint that answers from the second time on only when it is told to.
    #[derive(Default)]
    struct Slow {
        asked: Cell<u32>,
        may_answer: Notify,
    }

    impl Post for Slow {
        async fn post(&self, _url: Url, _request: &HttpMessage, _credentials: &Credentials) -> Delivery {
            self.asked.set(self.asked.get() + 1);
            if self.asked.get() > 1 {
                self.may_answer.notified().await;
            }
            Delivery::Answered(Answer::http(
                200,
                Vec::new(),
                Body::Json(serde_json::json!({ "access_token": format!("t{}", self.asked.get()), "expires_in": 100 })),
            ))
        }

        fn below(&self, _target: &str) -> Result<Url, Why> {
            Err("nothing is below a token endpoint".into())
        }
    }

    fn header(token: &Token) -> Option<String> {
        let carried = token.carried().ok()?;
        Some(carried.headers.first()?.1.expose().to_owned())
    }

    #[tokio::test]
    async fn whoever_has_written_an_intent_down_does_not_wait_for_a_token_that_is_renewed() {
        let endpoint = Slow::default();
        let form = Form {
            url: Url::parse("http://auth.test/token").expect("a URL"),
            fields: Vec::new(),
            client: None,
        };
        let token = Token::new(TokenSource::Form(form), Box::new(|_| {}), None);
        token.refresh(&endpoint, || Timestamp::from_millis(0)).await;
        assert_eq!(header(&token).as_deref(), Some("Bearer t1"));
        let late = || Timestamp::from_millis(90_000);
        let (during, ()) =
            tokio::join!(biased; token_while_fetching(&endpoint, &token), token.refresh(&endpoint, late));
        assert_eq!(during.as_deref(), Some("Bearer t1"));
        assert_eq!(header(&token).as_deref(), Some("Bearer t2"));
    }

    async fn token_while_fetching(endpoint: &Slow, token: &Token) -> Option<String> {
        while endpoint.asked.get() < 2 {
            tokio::task::yield_now().await;
        }
        let during = header(token);
        endpoint.may_answer.notify_one();
        during
    }
}
