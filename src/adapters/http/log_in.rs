//! Log-ins at a service: its own requests, one after the other, until there is something to carry.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::cookies::CookieJar;
use super::expiry::life;
use super::fetch::{AnswerWords, LIFE, answered};
use super::token::{Carried, NoToken, Post, Token};
use crate::config::{Action, Carry, Expiry, Login, Request};
use crate::domain::answer::Answer;
use crate::domain::said::{in_its_own_words, said};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::{EvalError, Scope, Template};
use crate::ports::{HttpMessage, Identity};

impl Token {
    pub(super) async fn by_login(
        &self,
        wire: &impl Post,
        login: &Login,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(Carried, Duration), NoToken> {
        let jar = Rc::new(CookieJar::default());
        let mut captures: Vec<(String, minijinja::Value)> = Vec::new();
        let mut seen = scope.clone();
        for step in &login.steps {
            let before = with_captures(scope, &captures);
            let answer = self.take_step(wire, step, &before, &jar, now).await?;
            for secret in jar.secrets() {
                (self.keeper)(&secret);
            }
            seen = before.answer(&answer);
            let which = if login.steps.len() == 1 {
                "the log-in"
            } else {
                step.action.source()
            };
            for (name, expression) in &step.captures {
                let value = expression.eval(&seen).map_err(|error| {
                    NoToken::Refused(format!("the answer to {which} has no `{name}`: {}", error.message).into())
                })?;
                if let Some(text) = value.as_str() {
                    (self.keeper)(&Secret::new(text));
                }
                captures.retain(|(known, _)| known != name);
                captures.push((name.clone(), value));
            }
        }
        let seen = with_captures(&seen, &captures);
        let carried = carried(&login.carried, &seen, jar).map_err(|error| {
            let place = login.steps.first().map_or("auth.login", |step| step.place.as_str());
            Why::from(error).context(format_args!("`{place}`"))
        })?;
        if carried.headers.is_empty() && carried.query.is_empty() && carried.json.is_empty() && carried.jar.is_none() {
            return Err(NoToken::Refused(Why::hinted(
                "the log-in set no cookie, and nothing else is carried",
                "say in `use` what later requests carry of its answer",
            )));
        }
        let life = match &login.expires_in {
            None => Duration::MAX / 2,
            Some(Expiry::After(life)) => *life,
            Some(Expiry::Expression(expression)) => expression
                .eval_text(&seen)
                .map_err(Why::from)
                .and_then(|text| text.map_or(Ok(LIFE), |text| Ok(life(&Value::String(text), now)?)))
                .map_err(|reason| {
                    let reason = reason.map(|reason| format!("of the log-in {reason}"));
                    NoToken::Refused(reason.or_hint("fix its `expires_in`"))
                })?,
        };
        Ok((carried, life))
    }

    /// Sends one step. An answer that isn't as it expects ends the log-in.
    async fn take_step(
        &self,
        wire: &impl Post,
        step: &Request,
        scope: &Scope,
        jar: &Rc<CookieJar>,
        now: Timestamp,
    ) -> Result<Answer, NoToken> {
        let Action::Http(action) = &step.action;
        // Nothing that it is made of will be another later, but for the moment.
        let request = HttpMessage::render(action, &scope.clone().at(now), Identity::Own)
            .map_err(|error| NoToken::Unsendable(Why::from(error).context(format_args!("`{}`", step.place))))?;
        let url = wire.below(&request.target).map_err(NoToken::Unsendable)?;
        let is_expected = |answer: &Answer| {
            let scope = scope.clone().answer(answer);
            step.expect.holds(answer, &scope).unwrap_or(false)
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let front = url.path().strip_suffix(path).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        let what = format!("the log-in at `{origin}{front}{}`", action.target.shown(scope));
        let delivery = wire.step(url, &request, jar).await;
        answered(delivery, &what, is_expected, |answer| {
            self.words_of_step(step, answer, &scope.clone().answer(answer))
        })
    }

    /// What is told of the answer to a step, which may have words of its own and a condition. `scope` has the answer.
    fn words_of_step(&self, step: &Request, answer: &Answer, scope: &Scope) -> AnswerWords {
        let Some(veil) = &self.veil else {
            return AnswerWords::default();
        };
        let own = step.error.as_ref().and_then(|error| {
            let value = error.eval_optional(scope).ok().flatten()?;
            in_its_own_words(&serde_json::to_value(&value).ok()?, veil)
        });
        AnswerWords {
            said: own.or_else(|| said(answer, veil)),
            why: step.expect.explain("expect", answer, scope, veil),
            skew: None,
        }
    }
}

fn with_captures(scope: &Scope, captures: &[(String, minijinja::Value)]) -> Scope {
    let pairs = captures.iter().map(|(name, value)| (name.clone(), value.clone()));
    scope.clone().with("capture", minijinja::Value::from_pairs(pairs))
}

/// What later requests carry. `scope` has all that was captured.
fn carried(carry: &Carry, scope: &Scope, jar: Rc<CookieJar>) -> Result<Carried, EvalError> {
    let rendered = |fields: &[(String, Template)]| {
        let fields = fields.iter();
        fields
            .map(|(name, value)| Ok((name.clone(), Secret::new(value.render(scope)?))))
            .collect::<Result<Vec<_>, EvalError>>()
    };
    let json = carry.json.iter();
    Ok(Carried {
        headers: rendered(&carry.headers)?,
        query: rendered(&carry.query)?,
        json: json
            .map(|(name, value)| Ok((name.clone(), value.render(scope)?)))
            .collect::<Result<_, EvalError>>()?,
        jar: (carry.cookies && !jar.is_empty()).then_some(jar),
        number: 0,
    })
}
