//! Conditions on answers, and how a service's answers are read by them.

use crate::domain::answer::Answer;
use crate::domain::meaning::Meaning;
use crate::domain::said::Veil;
use crate::language::{EvalError, Expression, Scope};

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
    ///
    /// An answer that the description calls busy or dead, whatever its protocol says, is none of any other.
    pub fn holds(&self, answer: &Answer, scope: &Scope) -> Result<bool, EvalError> {
        if answer.is_overruled() {
            return Ok(false);
        }
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

/// How a service's answers are read where the protocol itself says it otherwise, or not at all.
#[derive(Clone, Debug)]
pub struct Readings {
    /// The answers that mean: too many requests.
    pub busy: Condition,
    /// The answers that mean: these credentials are no longer taken.
    pub dead: Condition,
    /// The service's own words in a failed answer.
    pub error: Option<Expression>,
}

/// RFC 8470, section 5.2, and RFC 6585, section 4.
const BUSY: [u16; 2] = [425, 429];
/// RFC 9110, section 15.5.2.
const DEAD: [u16; 1] = [401];

impl Default for Readings {
    fn default() -> Self {
        Self {
            busy: Condition::Codes(BUSY.to_vec()),
            dead: Condition::Codes(DEAD.to_vec()),
            error: None,
        }
    }
}

impl Readings {
    /// The conditions that are not those of the protocol, by their keys.
    pub fn unusual(&self) -> impl Iterator<Item = (&'static str, &Condition)> {
        let known = [("busy", &self.busy, &BUSY[..]), ("dead", &self.dead, &DEAD[..])];
        let unusual = known
            .into_iter()
            .filter(|(_, condition, usual)| !matches!(condition, Condition::Codes(codes) if codes == usual));
        unusual.map(|(key, condition, _)| (key, condition))
    }

    /// What an answer means. A condition that can't be evaluated does not hold.
    pub fn meaning(&self, answer: &Answer, scope: &Scope) -> Meaning {
        let holds = |condition: &Condition| condition.holds(answer, scope).unwrap_or(false);
        if holds(&self.dead) {
            return Meaning::Unauthorized;
        }
        if holds(&self.busy) {
            return Meaning::Throttled;
        }
        // What the protocol calls so, and the description does not.
        let usual = answer.usual_meaning();
        if usual == Meaning::Unauthorized {
            Meaning::Forbidden
        } else if usual == Meaning::Throttled {
            Meaning::Refused
        } else {
            usual
        }
    }
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
