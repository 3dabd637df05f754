//! One request of a service's description, and what its answers mean.

mod decode;

use std::time::Duration;

use super::action::{Action, Effect, Part, Spot};
use crate::domain::answer::Answer;
use crate::domain::said::Veil;
use crate::domain::secret::lets_in;
use crate::language::{EvalError, Expression, Scope};

pub(super) use decode::{
    LOGIN_ANSWER, LOGIN_NAMES, SERVICE_ANSWER, SERVICE_ITEM, SERVICE_NAMES, chain, create, find, list_request,
    login_request, login_step, poll, probe, service_request,
};

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
    /// What the answer itself says is wrong, where it fails: the request's own, else the service's.
    pub error: Option<Expression>,
}

impl Request {
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

/// A class of answers.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Any 2xx.
    Success,
    /// One of these status codes.
    Codes(Vec<u16>),
    /// This expression over `status`, `headers` and `body` is true.
    Expression(Expression),
}

impl Condition {
    /// Is the answer one of these? What an expression reads and the answer lacks makes it false.
    pub fn holds(&self, answer: &Answer, scope: &Scope) -> Result<bool, EvalError> {
        match self {
            Self::Success => Ok(answer.is_success()),
            Self::Codes(codes) => Ok(codes.contains(&answer.code())),
            Self::Expression(expression) => expression.eval_bool(&scope.clone().answer(answer)),
        }
    }

    /// Why it does not hold of an answer, in words, for a key such as `expect`. Nothing where any 2xx would do: the status says it.
    pub fn explain(&self, key: &str, answer: &Answer, scope: &Scope, veil: Veil<'_>) -> Option<String> {
        match self {
            Self::Success => None,
            Self::Codes(codes) => {
                let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
                let (codes, status) = (codes.join(", "), answer.code());
                Some(format!("`{key}: [{codes}]` did not hold: `status` was {status}"))
            }
            Self::Expression(expression) => {
                let scope = scope.clone().answer(answer);
                Some(did_not_hold(key, expression, &scope, veil))
            }
        }
    }
}

/// Why a condition does not hold, in words. `scope` has the answer.
pub fn did_not_hold(key: &str, condition: &Expression, scope: &Scope, veil: Veil<'_>) -> String {
    explained(key, condition, "did not hold", scope, veil)
}

/// Why an expression, such as `id` or `items`, gave nothing that is of use, in words. `scope` has the answer.
pub fn gave_nothing(key: &str, expression: &Expression, scope: &Scope, veil: Veil<'_>) -> String {
    explained(key, expression, "gave nothing of use", scope, veil)
}

fn explained(key: &str, expression: &Expression, what: &str, scope: &Scope, veil: Veil<'_>) -> String {
    let source = expression.told();
    // What fails otherwise than by what isn't there says itself why.
    let why = match expression.eval(scope) {
        Err(error) if !error.is_undefined() => error.message,
        Ok(_) | Err(_) => expression.readings(scope, veil),
    };
    if why.is_empty() {
        format!("`{key}: {source}` {what}")
    } else {
        format!("`{key}: {source}` {what}: {why}")
    }
}

/// How an account is made.
#[derive(Clone, Debug)]
pub struct Create {
    /// The request.
    pub request: Request,
    /// Answers that mean: the name is taken.
    pub duplicate: Condition,
    /// Was `duplicate` given, so that the service is known to refuse equal names?
    pub duplicate_declared: bool,
    /// The id in the answer.
    pub id: Option<Expression>,
    /// The user name that the answer shows.
    pub name: Option<Expression>,
    /// Is it the article's convention, of which nothing is said otherwise?
    pub is_convention: bool,
    /// What goes to the outputs.
    pub outputs: Vec<(String, Expression)>,
    /// What is masked and goes to the credentials file.
    pub secrets: Vec<(String, Expression)>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::answer::Body;

    fn explained(condition: &Condition) -> Option<String> {
        let answer = Answer::http(422, Vec::new(), Body::Json(json!({"okay": true})));
        condition.explain("expect", &answer, &Scope::new(), &str::to_owned)
    }

    #[test]
    fn a_condition_says_why_it_does_not_hold() {
        let expression = |source| Condition::Expression(Expression::parse(source).expect("an expression"));
        for (condition, expected) in [
            (Condition::Success, None),
            (
                Condition::Codes(vec![200, 201]),
                Some("`expect: [200, 201]` did not hold: `status` was 422"),
            ),
            (
                expression("status == 200 and body.ok"),
                Some(
                    "`expect: status == 200 and body.ok` did not hold: `status` was 422, `body.ok` was undefined (`body` has `okay`)",
                ),
            ),
            (
                expression("body.okay.nothing()"),
                Some(
                    "`expect: body.okay.nothing()` did not hold: `body.okay.nothing()`: unknown method: bool has no method named nothing",
                ),
            ),
        ] {
            assert_eq!(explained(&condition).as_deref(), expected);
        }
    }

    #[test]
    fn an_expression_says_why_it_gave_nothing() {
        let scope = Scope::new().with_json("body", &json!({"uid": 7}));
        let id = Expression::parse("body.data.id").expect("an expression");
        assert_eq!(
            gave_nothing("id", &id, &scope, &str::to_owned),
            "`id: body.data.id` gave nothing of use: `body.data.id` was undefined (`body` has `uid`)"
        );
    }
}
