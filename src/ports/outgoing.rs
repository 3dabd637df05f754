//! A request as it will be sent, and how one of the configuration becomes it.

mod http;
mod shown;

use crate::config::{Action, Carrier, Destination, Readings, Request};
use crate::domain::outcome::Delivery;
use crate::domain::time::Timestamp;
use crate::language::{EvalError, Expression, Scope};

pub use http::HttpMessage;
pub use shown::ShownRequest;

/// With which credentials a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Those of the service's `auth`, unless the request brings an `Authorization` of its own.
    Own,
    /// None at all, to see whether the service refuses a stranger.
    Anonymous,
    /// The service's own with something wrong in them, to see whether it refuses those.
    Spoilt,
    /// None of the service's, but those that the request brings.
    Unsigned,
}

/// A request as it will be sent, rendered and safe. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Outgoing {
    /// What is sent.
    pub message: Message,
    /// With which credentials.
    pub identity: Identity,
    /// The address below which it goes, where that is not the service's: nothing of the service's goes there.
    pub elsewhere: Option<String>,
    /// How its answer is read, where its protocol alone does not say what that means.
    judge: Option<Box<Judge>>,
    /// It may be sent twice in a row: whoever knows that says so.
    pub repeatable: bool,
    /// Its answer tells whether the service's credentials are good, and not those of an account.
    pub tells_of_credentials: bool,
    /// What is known of its answer before that comes; only where somebody reads logs that show it.
    pub reads: Option<Box<Reads>>,
}

/// How an answer is read.
#[derive(Clone)]
struct Judge {
    readings: Readings,
    scope: Scope,
}

/// What is read of an answer, so that it is known what may be shown of it.
#[derive(Clone)]
pub struct Reads {
    /// Where the request stands in the document.
    pub place: String,
    /// What is captured, which is never printed.
    pub captures: Vec<Expression>,
    /// The names that the request saw.
    pub scope: Scope,
}

/// What is sent, by the kind of protocol: the rendered form of an [`Action`].
#[derive(Clone)]
pub enum Message {
    /// Over HTTP.
    Http(HttpMessage),
}

impl Outgoing {
    /// A message to the service itself, whose answer means what its protocol says.
    pub fn new(message: Message, identity: Identity) -> Self {
        Self {
            message,
            identity,
            elsewhere: None,
            judge: None,
            repeatable: false,
            tells_of_credentials: true,
            reads: None,
        }
    }

    /// Puts the values in, and the moment. A value that would lead a path elsewhere is an error here, before anything is sent.
    pub fn render(request: &Request, scope: &Scope, identity: Identity, now: Timestamp) -> Result<Self, EvalError> {
        let scope = &scope.clone().at(now);
        let elsewhere = match &request.destination {
            Destination::Elsewhere(url) => Some(url.render(scope)?),
            Destination::Service | Destination::Unsigned => None,
        };
        let identity = match identity {
            Identity::Own | Identity::Spoilt if !request.is_signed() => Identity::Unsigned,
            Identity::Own | Identity::Anonymous | Identity::Spoilt | Identity::Unsigned => identity,
        };
        let message = match &request.action {
            Action::Http(action) => Message::Http(HttpMessage::render(action, scope, identity)?),
        };
        Ok(Self {
            elsewhere,
            judge: request.readings.unusual().next().map(|_| {
                Box::new(Judge {
                    readings: request.readings.clone(),
                    scope: scope.clone(),
                })
            }),
            tells_of_credentials: request.is_signed(),
            reads: tracing::enabled!(tracing::Level::DEBUG).then(|| {
                let captures = request.captures.iter().map(|(_, expression)| expression.clone());
                Box::new(Reads {
                    place: request.place.clone(),
                    captures: captures.collect(),
                    scope: scope.clone(),
                })
            }),
            ..Self::new(message, identity)
        })
    }

    /// What a stranger would send to look at what a request looks at.
    pub fn of_a_stranger(request: &Request, scope: &Scope, now: Timestamp) -> Result<Self, EvalError> {
        let mut outgoing = Self::render(request, scope, Identity::Anonymous, now)?;
        match &mut outgoing.message {
            Message::Http(message) => message.only_look(),
        }
        outgoing.repeatable = true;
        Ok(outgoing)
    }

    /// Has the answer mean what the service's description says that it means.
    pub fn judge(&self, delivery: &mut Delivery) {
        if let (Some(judge), Delivery::Answered(answer)) = (&self.judge, delivery)
            && !answer.is_judged()
        {
            let meaning = judge.readings.meaning(answer, &judge.scope);
            answer.set_meaning(meaning);
        }
    }

    /// Asks for what is there now, and not for what a cache has kept.
    pub fn set_fresh(&mut self) {
        match &mut self.message {
            Message::Http(message) => message.set_fresh(),
        }
    }

    /// Has a key with it that is the same on every try, in a field of this name.
    pub fn set_key(&mut self, field: &str, key: String) {
        match &mut self.message {
            Message::Http(message) => message.set_field(field, key),
        }
    }

    /// Has it ask for another page. `Err` says why it can't.
    pub fn set_page(&mut self, carrier: Carrier, param: &str, value: serde_json::Value) -> Result<(), String> {
        match &mut self.message {
            Message::Http(message) => message.set_page(carrier, param, value),
        }
    }

    /// Has it follow a reference to the next page. Is there one?
    pub fn follow(&mut self, reference: Option<String>) -> bool {
        let is_given = reference.is_some();
        match &mut self.message {
            Message::Http(message) => message.follow(reference),
        }
        is_given
    }

    /// Does it bring what lets its sender in itself?
    pub fn brings_credentials(&self) -> bool {
        match &self.message {
            Message::Http(message) => message.brings_credentials(),
        }
    }
}
