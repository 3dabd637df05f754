//! One request of a service's description, and what its answers mean.

mod decode;
mod step;

use std::time::Duration;

use super::action::{Action, Effect, Part, Spot};
use super::condition::{Condition, Readings};
use crate::domain::secret::lets_in;
use crate::language::{Expression, Scope, Template};

pub(super) use decode::{
    LIST_NAMES, LOGIN_ANSWER, LOGIN_NAMES, POSITIONS, SERVICE_ANSWER, SERVICE_ITEM, SERVICE_NAMES, chain, condition,
    create, find, gone, list_request, login_request, login_step, probe, service_request, verify,
};
pub use step::{Awaits, Destination, Patience};

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it stands in the document, such as `services[0].create`.
    pub place: String,
    /// What it sends.
    pub action: Action,
    /// The answers that mean success.
    pub expect: Condition,
    /// The answers that mean: there is no such account. Codes 404 and 410 where nothing is said.
    pub gone: Condition,
    /// What later requests need of the answer, by name. Never printed.
    pub captures: Vec<(String, Expression)>,
    /// What goes to the outputs.
    pub outputs: Vec<(String, Expression)>,
    /// What is masked and goes to the credentials file.
    pub secrets: Vec<(String, Expression)>,
    /// Where it goes, and with whose credentials.
    pub destination: Destination,
    /// How long it is sent again, and for what.
    pub patience: Patience,
    /// Without this it is left out.
    pub when: Option<Expression>,
    /// How its answers are read: its own way, else the service's.
    pub readings: Readings,
}

impl Request {
    /// Is it sent to the service with the service's credentials?
    pub fn is_signed(&self) -> bool {
        matches!(self.destination, Destination::Service)
    }

    /// Is anything read of its answer, for later requests or for the job?
    pub fn is_read(&self) -> bool {
        !(self.captures.is_empty() && self.outputs.is_empty() && self.secrets.is_empty())
    }

    /// Every expression that decides what is sent, where to, and what becomes of the answer.
    pub fn expressions(&self) -> Vec<&Expression> {
        let sent = self.action.parts().into_iter().map(|part| part.expression);
        let address = match &self.destination {
            Destination::Elsewhere(url) => Some(url),
            Destination::Service | Destination::Unsigned => None,
        };
        let unusual = self.readings.unusual().map(|(_, condition)| condition);
        let conditions = [&self.expect, &self.gone].into_iter().chain(&self.patience.retry);
        let claims = conditions.chain(unusual).filter_map(|condition| match condition {
            Condition::Expression(expression) => Some(expression),
            Condition::Success | Condition::Codes(_) => None,
        });
        sent.chain(address.into_iter().flat_map(Template::expressions))
            .chain(&self.when)
            .chain(&self.patience.until)
            .chain(claims)
            .collect()
    }

    /// Does the account itself ask, with what it was given? Who makes it gives its password too, and is not meant.
    pub fn is_sent_by_the_account(&self) -> bool {
        let is_own = |expression: &Expression| {
            expression
                .names()
                .iter()
                .any(|name| name == "account" || name == "capture")
        };
        let is_asked_with = |part: &Part<'_>| matches!(part.spot, Spot::Field(name) if lets_in(name));
        let mut parts = self.action.parts().into_iter();
        parts.any(|part| is_asked_with(&part) && is_own(part.expression))
    }

    /// Does it tell the account's password? One that reads and does so is a log-in, which needs no other credentials.
    pub fn logs_in(&self) -> bool {
        let is_password = |expression: &Expression| expression.paths().iter().any(|path| path == "account.password");
        let mut parts = self.action.parts().into_iter();
        parts.any(|part| matches!(part.spot, Spot::Body(_)) && is_password(part.expression))
    }
}

/// How an account is made.
#[derive(Clone, Debug)]
pub struct Create {
    /// The request.
    pub request: Request,
    /// Answers that mean: the name is taken.
    pub duplicate: Condition,
    /// Answers that mean: it certainly was not made.
    pub refused: Option<Condition>,
    /// Was `duplicate` given, so that the service is known to refuse equal names?
    pub duplicate_declared: bool,
    /// The id in the answer.
    pub id: Option<Expression>,
    /// The user name that the answer shows.
    pub name: Option<Expression>,
    /// Is it the article's convention, of which nothing is said otherwise?
    pub is_convention: bool,
    /// The header that carries a key which is the same on every try.
    pub idempotency_header: Option<String>,
}

impl Create {
    /// May a create under a name that is taken change the account of whoever has it?
    pub fn overwrites(&self) -> bool {
        let is_said =
            matches!(&self.duplicate, Condition::Codes(codes) if codes.iter().any(|code| (200..300).contains(code)));
        // Unless the service is known to refuse that.
        is_said || (self.request.action.effect() == Effect::Replaces && !self.duplicate_declared)
    }
}

/// A request that is repeated until something holds.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The request.
    pub request: Request,
    /// The user name that the answer shows.
    pub name: Option<Expression>,
    /// What has to hold. Without it: `expect` of the request, or in the service's `gone` the request's `gone`.
    pub until: Option<Expression>,
    /// How long it may take to hold.
    pub within: Duration,
}

impl Poll {
    /// Does `until` hold, where there is one? `scope` has the answer.
    pub fn holds(&self, scope: &Scope) -> bool {
        let until = self.until.as_ref();
        until.is_none_or(|until| until.eval_bool(scope).unwrap_or(false))
    }
}

/// How an account is looked up by its name.
#[derive(Clone, Debug)]
pub struct Find {
    /// The request.
    pub request: Request,
    /// The list of hits in the answer.
    pub items: Expression,
    /// The id of an `item`.
    pub id: Expression,
    /// The user name of an `item`.
    pub name: Expression,
    /// Answers that mean: there is none.
    pub absent: Condition,
    /// How long the service may take to show what was created.
    pub settle: Duration,
}
