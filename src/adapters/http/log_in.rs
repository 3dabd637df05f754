//! Log-ins at a service: its own requests, one after the other, until there is something to carry.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::cookies::CookieJar;
use super::expiry::life;
use super::fetch::{AnswerWords, LIFE, answered};
use super::token::{Carried, NoToken, Post, Token, keep_scalars};
use crate::config::{Action, Awaits, Carry, Destination, Expiry, Login, Request, did_not_hold};
use crate::domain::answer::Answer;
use crate::domain::outcome::{Delivery, pause};
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
        let begun = tokio::time::Instant::now();
        let jar = Rc::new(CookieJar::default());
        let mut captures: Vec<(String, minijinja::Value)> = Vec::new();
        let mut seen = scope.clone();
        for step in &login.steps {
            let before = with_captures(scope, &captures);
            let cannot = |error| Why::from(error).context(format_args!("`{}`", step.place));
            let when = step.when.as_ref().map(|when| when.eval_bool(&before));
            if !when
                .unwrap_or(Ok(true))
                .map_err(|error| NoToken::Refused(cannot(error)))?
            {
                continue;
            }
            let answer = self
                .insist(wire, step, &before, &jar, &|| now + begun.elapsed())
                .await?;
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
                if let Ok(value) = serde_json::to_value(&value) {
                    keep_scalars(&value, &self.keeper);
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

    /// Sends a step until what it waits for holds, for as long as it says.
    async fn insist(
        &self,
        wire: &impl Post,
        step: &Request,
        scope: &Scope,
        jar: &Rc<CookieJar>,
        now: &impl Fn() -> Timestamp,
    ) -> Result<Answer, NoToken> {
        let (begun, mut round) = (tokio::time::Instant::now(), 0);
        loop {
            let taken = self.take_step(wire, step, scope, jar, now()).await;
            let (Ok(answer) | Err((_, Some(answer)))) = &taken else {
                return taken.map_err(|(why, _)| why);
            };
            let seen = scope.clone().answer(answer);
            let Some(awaits) = step.patience.awaits(answer, &seen) else {
                return taken.map_err(|(why, _)| why);
            };
            let left = step.patience.within.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let (Awaits::Condition(until), true) = (awaits, taken.is_ok()) else {
                    return taken.map_err(|(why, _)| why);
                };
                let hide = |text: &str| self.veil.as_ref().map_or_else(|| "***".to_owned(), |veil| veil(text));
                let why = did_not_hold("until", until, &seen, &hide);
                let within = humantime::format_duration(step.patience.within);
                let step = step.action.source();
                return Err(NoToken::Refused(
                    format!("the log-in at `{step}`: within {within}, {why}").into(),
                ));
            }
            round += 1;
            tokio::time::sleep(pause(round, 1.0).min(left)).await;
        }
    }

    /// Sends one step. An answer that isn't as it expects ends the log-in, and is handed over.
    async fn take_step(
        &self,
        wire: &impl Post,
        step: &Request,
        scope: &Scope,
        jar: &Rc<CookieJar>,
        now: Timestamp,
    ) -> Result<Answer, (NoToken, Option<Answer>)> {
        let Action::Http(action) = &step.action;
        let scope = &scope.clone().at(now);
        let cannot = |error| {
            let why = Why::from(error).context(format_args!("`{}`", step.place));
            (NoToken::Unsendable(why), None)
        };
        // Nothing that it is made of will be another later, but for the moment.
        let request = HttpMessage::render(action, scope, Identity::Own).map_err(cannot)?;
        let elsewhere = match &step.destination {
            Destination::Elsewhere(url) => Some(url.render(scope).map_err(cannot)?),
            Destination::Service | Destination::Unsigned => None,
        };
        let url = wire
            .below(elsewhere.as_deref(), &request.target)
            .map_err(|why| (NoToken::Unsendable(why), None))?;
        let is_expected = |answer: &Answer| {
            let scope = scope.clone().answer(answer);
            step.expect.holds(answer, &scope).unwrap_or(false)
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let front = url.path().strip_suffix(path).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        let what = format!("the log-in at `{origin}{front}{}`", action.target.shown(scope));
        let mut delivery = wire.step(url, &request, jar, &step.destination).await;
        let mut answer = None;
        if let Delivery::Answered(given) = &mut delivery {
            given.set_meaning(step.readings.meaning(given, scope));
            answer = Some(given.clone());
        }
        answered(delivery, &what, is_expected, |answer| {
            self.words_of_step(step, answer, &scope.clone().answer(answer))
        })
        .map_err(|why| (why, answer))
    }

    /// What is told of the answer to a step, which may have words of its own and a condition. `scope` has the answer.
    fn words_of_step(&self, step: &Request, answer: &Answer, scope: &Scope) -> AnswerWords {
        let Some(veil) = &self.veil else {
            return AnswerWords::default();
        };
        let own = step.readings.error.as_ref().and_then(|error| {
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
