//! What is said of an answer that was not as asked for: what was asked, the status, the service's own words, and the condition
//! that did not hold.
//!
//! Words for people alone. What goes into the journal is [`plainly`]: a service's words never do.

use super::Engine;
use crate::config::{Condition, Request, did_not_hold, gave_nothing};
use crate::domain::answer::Answer;
use crate::domain::outcome::Delivery;
use crate::domain::said::{in_its_own_words, said};
use crate::domain::why::Why;
use crate::language::{Expression, Scope};
use crate::ports::World;

/// What was asked, such as "`create` (POST /users)".
pub(super) fn asked(request: &Request) -> String {
    // `services[0].create`
    let (_, step) = request.place.split_once("].").unwrap_or(("", &request.place));
    format!("`{step}` ({})", request.action.source())
}

/// The same with the status of its answer, and nothing of what the service said.
pub(super) fn plainly(request: &Request, answer: &Answer) -> String {
    format!("{} was answered with {}", asked(request), answer.told())
}

/// A reason as it may be written down: up to what a service said, or what was in its answer.
pub(super) fn without_words(reason: &str) -> &str {
    let ends = ["was answered with ", "did not hold: ", "gave nothing of use: "].into_iter();
    let end = ends.filter_map(|front| {
        let from = reason.find(front)? + front.len();
        let status = reason[from..].bytes().take_while(u8::is_ascii_digit).count();
        // Without words of the service's own it is "status 422".
        let is_ours = front.starts_with("was") && status == 0;
        (!is_ours).then_some(from + status)
    });
    reason[..end.min().unwrap_or(reason.len())].trim_end_matches([' ', ':'])
}

impl<W: World> Engine<'_, W> {
    /// What a service said in an answer. `scope` may hold what its `error` reads beside the answer.
    pub(super) fn words(&self, request: &Request, answer: &Answer, scope: &Scope) -> Option<String> {
        if !self.world.shows_answers() {
            return None;
        }
        let veil = |text: &str| self.world.hide(text);
        let own = request.readings.error.as_ref().and_then(|error| {
            let value = error.eval_optional(&scope.clone().answer(answer)).ok().flatten()?;
            in_its_own_words(&serde_json::to_value(&value).ok()?, &veil)
        });
        own.or_else(|| said(answer, &veil))
    }

    /// "422: email: is taken", or the status with its meaning where the service said nothing.
    pub(super) fn status_in_words(&self, request: &Request, answer: &Answer, scope: &Scope) -> String {
        match self.words(request, answer, scope) {
            Some(words) => format!("{}: {words}", answer.code()),
            None => answer.told(),
        }
    }

    /// "`create` (POST /users) was answered with 422: email: is taken".
    pub(super) fn answered(&self, request: &Request, answer: &Answer, scope: &Scope) -> String {
        let what = self.status_in_words(request, answer, scope);
        format!("{} was answered with {what}", asked(request))
    }

    /// The same of an answer that `expect` did not take, with why it did not.
    pub(super) fn unexpected(&self, request: &Request, answer: &Answer, scope: &Scope) -> String {
        let text = self.answered(request, answer, scope);
        match self.why_not("expect", &request.expect, answer, scope) {
            Some(why) => format!("{text}; {why}"),
            None => text,
        }
    }

    /// Why a condition does not hold, where it says more than the status.
    pub(super) fn why_not(&self, key: &str, condition: &Condition, answer: &Answer, scope: &Scope) -> Option<String> {
        let veil = |text: &str| self.world.hide(text);
        match condition {
            Condition::Expression(expression) if !self.world.shows_answers() => Some(not_shown(key, expression)),
            Condition::Expression(_) | Condition::Codes(_) | Condition::Success => {
                condition.explain(key, answer, scope, &veil)
            }
        }
    }

    /// Why `until` does not hold. `scope` has the answer.
    pub(super) fn why_not_yet(&self, until: &Expression, scope: &Scope) -> String {
        if !self.world.shows_answers() {
            return not_shown("until", until);
        }
        did_not_hold("until", until, scope, &|text| self.world.hide(text))
    }

    /// Why an expression such as `items` gave nothing that is of use. `scope` has the answer.
    pub(super) fn why_nothing(&self, key: &str, expression: &Expression, scope: &Scope) -> String {
        if !self.world.shows_answers() {
            return format!("`{key}: {}` gave nothing of use", expression.told());
        }
        gave_nothing(key, expression, scope, &|text| self.world.hide(text))
    }

    /// What came back to a request that is sent again.
    pub(super) fn describe(&self, delivery: &Delivery) -> Why {
        match delivery {
            Delivery::NotSent(reason)
            | Delivery::Unsendable(reason)
            | Delivery::Barred(reason)
            | Delivery::Lost(reason) => reason.clone(),
            Delivery::Answered(answer) => {
                let shown = self.world.shows_answers();
                let words = shown.then(|| said(answer, &|text| self.world.hide(text))).flatten();
                match words {
                    Some(words) => format!("{}: {words}", answer.code()).into(),
                    None => answer.told().into(),
                }
            }
        }
    }
}

fn not_shown(key: &str, condition: &Expression) -> String {
    format!("`{key}: {}` did not hold", condition.told())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_answer_is_in_what_is_written_down() {
        for (reason, noted) in [
            ("connection refused", "connection refused"),
            (
                "`delete` (DELETE /u/{{ id }}) was answered with 500: status: secret",
                "`delete` (DELETE /u/{{ id }}) was answered with 500",
            ),
            (
                "`delete` (DELETE /u) was answered with status 500 (the service failed)",
                "`delete` (DELETE /u) was answered with status 500 (the service failed)",
            ),
            (
                "`verify` (GET /u) was answered with status 200; `until: body.a` did not hold: `body.a` was \"x\"",
                "`verify` (GET /u) was answered with status 200; `until: body.a` did not hold",
            ),
        ] {
            assert_eq!(without_words(reason), noted);
        }
    }
}
