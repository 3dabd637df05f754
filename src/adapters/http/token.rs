//! Tokens that let us in: fetched once, kept in memory, renewed before they end and once a service no longer takes them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use reqwest::Url;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Credentials;
use super::cookies::CookieJar;
use super::source::TokenSource;
use crate::config::Destination;
use crate::domain::outcome::Delivery;
use crate::domain::said::Hider;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::HttpMessage;

/// After this share of its life a token is renewed.
const RENEW_AFTER: f64 = 0.8;
/// What requests carry once a token is there.
#[derive(Clone, Default)]
pub(super) struct Carried {
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) query: Vec<(String, Secret)>,
    /// What is merged into bodies of JSON.
    pub(super) json: Vec<(String, Value)>,
    pub(super) jar: Option<Rc<CookieJar>>,
    /// Which fetch it is of.
    pub(super) number: u64,
}

impl Carried {
    /// A token as RFC 6750 has it.
    pub(super) fn bearer(token: &Secret) -> Self {
        Self {
            headers: vec![(
                "authorization".to_owned(),
                Secret::new(format!("Bearer {}", token.expose())),
            )],
            ..Self::default()
        }
    }
}

/// How one request is sent: by the service itself, which has the client and the bounds.
pub(super) trait Post {
    /// Sends a request to this address with these credentials.
    fn post(&self, url: Url, request: &HttpMessage, credentials: &Credentials) -> impl Future<Output = Delivery>;
    /// Sends a step of a log-in, with what the steps before it set, and keeps what this one sets. Where it goes says which of
    /// the service's fields it carries.
    fn step(
        &self,
        url: Url,
        request: &HttpMessage,
        jar: &Rc<CookieJar>,
        destination: &Destination,
    ) -> impl Future<Output = Delivery>;
    /// The address of a target below the service's own, or below another.
    fn below(&self, elsewhere: Option<&str>, target: &str) -> Result<Url, Why>;
}

/// The token of one service.
pub struct Token {
    pub(super) source: TokenSource,
    /// Is handed every secret that is learnt, before it is used.
    pub(super) keeper: Box<dyn Fn(&Secret)>,
    /// Hides every secret that is known in what a service said; `None` where that is not to be told.
    pub(super) veil: Option<Hider<'static>>,
    /// Never borrowed while something is waited for: a request whose intent is written down must not wait for a token.
    held: RefCell<Held>,
    /// Whoever has it fetches.
    fetching: Mutex<()>,
    fetched: Cell<u64>,
}

/// Why there is no token.
pub(super) enum NoToken {
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
    pub fn new(source: TokenSource, keeper: Box<dyn Fn(&Secret)>, veil: Option<Hider<'static>>) -> Self {
        Self {
            source,
            keeper,
            veil,
            held: RefCell::new(Held::Nothing),
            fetching: Mutex::new(()),
            fetched: Cell::new(0),
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
                for (_, value) in &carried.json {
                    keep_scalars(value, &self.keeper);
                }
                let number = self.fetched.get() + 1;
                self.fetched.set(number);
                Held::Token(Carried { number, ..carried }, asked + life.mul_f64(RENEW_AFTER))
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
        if matches!(&*held, Held::Token(carried, _) if carried.number == refused.number) {
            *held = Held::Nothing;
        }
    }

    /// Does it hold for a time by our clock?
    pub(super) fn goes_by_time(&self) -> bool {
        self.source.goes_by_time()
    }
}

/// What stands in a body to let somebody in is secret, at whatever depth.
pub(super) fn keep_scalars(value: &serde_json::Value, keeper: &impl Fn(&Secret)) {
    match value {
        serde_json::Value::String(text) => keeper(&Secret::new(text.as_str())),
        serde_json::Value::Number(number) => keeper(&Secret::new(number.to_string())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| keep_scalars(item, keeper)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| keep_scalars(field, keeper)),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::Notify;

    use super::super::source::Form;
    use super::*;
    use crate::domain::answer::{Answer, Body};
    use crate::language::Scope;

    /// A token endpoint that answers from the second time on only when it is told to.
    #[derive(Default)]
    struct Slow {
        asked: Cell<u32>,
        may_answer: Notify,
    }

    impl Post for Slow {
        async fn step(
            &self,
            url: Url,
            request: &HttpMessage,
            _jar: &Rc<CookieJar>,
            _destination: &Destination,
        ) -> Delivery {
            self.post(url, request, &Credentials::None).await
        }

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

        fn below(&self, _elsewhere: Option<&str>, _target: &str) -> Result<Url, Why> {
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
            id_token: None,
            scope: Scope::new(),
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
