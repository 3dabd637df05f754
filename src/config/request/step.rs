//! What a request has beside what it sends, as a step of something: where it goes, when it is left out, and how long it insists.

use std::time::Duration;

use super::decode::{claim, condition};
use crate::config::action::{Action, Effect};
use crate::config::address::http_address;
use crate::config::condition::Condition;
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::request as key;
use crate::domain::answer::Answer;
use crate::language::{Expression, Scope, Template};

/// Where a request goes, and with whose credentials.
#[derive(Clone, Debug, Default)]
pub enum Destination {
    /// To the service, with its credentials.
    #[default]
    Service,
    /// To the service, without its credentials.
    Unsigned,
    /// To another address, which gets nothing of the service's.
    Elsewhere(Template),
}

/// How long a step is sent again, and for what.
#[derive(Clone, Debug)]
pub struct Patience {
    /// What has to hold of the answer.
    pub until: Option<Expression>,
    /// The answers that are failures which pass.
    pub retry: Option<Condition>,
    /// For how long.
    pub within: Duration,
}

/// What a step waits for, after an answer.
#[derive(Clone, Copy, Debug)]
pub enum Awaits<'p> {
    /// That a failure passes.
    Recovery,
    /// That this holds.
    Condition(&'p Expression),
}

impl Patience {
    /// Does it wait for nothing, whatever the answer?
    pub fn is_none(&self) -> bool {
        self.until.is_none() && self.retry.is_none()
    }

    /// What it still waits for, if anything. `seen` has the answer. One that is busy or dead says nothing of either.
    pub fn awaits(&self, answer: &Answer, seen: &Scope) -> Option<Awaits<'_>> {
        if answer.is_overruled() {
            return None;
        }
        let until = self.until.as_ref();
        if let Some(until) = until.filter(|until| !until.eval_bool(seen).unwrap_or(false)) {
            return Some(Awaits::Condition(until));
        }
        let retry = self.retry.as_ref();
        let fails = retry.is_some_and(|retry| retry.holds(answer, seen).unwrap_or(false));
        fails.then_some(Awaits::Recovery)
    }
}

/// How long is waited where nothing is said.
const WITHIN: Duration = Duration::from_secs(30);

impl Default for Patience {
    fn default() -> Self {
        Self {
            until: None,
            retry: None,
            within: WITHIN,
        }
    }
}

/// `url` and `auth`.
pub(super) fn destination(
    decoder: &mut Decoder,
    fields: &mut Fields<'_>,
    names: &'static [&'static str],
) -> Option<Destination> {
    let own = [("own", true), ("none", false)];
    let [auth, url] = [key::AUTH, key::URL].map(|key| fields.entry(key));
    let signs = match auth {
        None => None,
        Some(entry) => Some(decoder.word(&entry.value, &entry.key, &own)?),
    };
    let Some(entry) = url else {
        return Some(if signs == Some(false) {
            Destination::Unsigned
        } else {
            Destination::Service
        });
    };
    if let (Some(auth), Some(true)) = (auth, signs) {
        decoder.error_with_hint(
            auth.key_span,
            "the service's credentials don't go to another address",
            "remove `auth`, or give the request an `Authorization` header of its own",
        );
        return None;
    }
    http_address(decoder, entry, names).map(Destination::Elsewhere)
}

/// `until`, `retry`, `within` and `repeatable`. `is_look` says that it only looks, whatever it is sent by.
pub(super) fn patience(
    decoder: &mut Decoder,
    fields: &mut Fields<'_>,
    (is_look, action): (bool, Option<&Action>),
    answer: &'static [&'static str],
) -> Option<Patience> {
    for key in [key::UNTIL, key::RETRY, key::WITHIN] {
        if let Some(entry) = fields.misplaced(key) {
            decoder.error_with_hint(
                entry.key_span,
                format!(
                    "`create` has no `{}`: sent twice, it could make two accounts",
                    entry.key
                ),
                "say in `busy` which answers mean \"later\", or wait in `verify` or `after_create`",
            );
        }
    }
    if !fields.has(key::UNTIL) {
        return Some(Patience::default());
    }
    // Each key is read, whatever is wrong with another.
    let repeatable = if fields.has(key::REPEATABLE) {
        fields.read_or(decoder, key::REPEATABLE, false, Decoder::boolean)
    } else {
        Some(true)
    };
    let [until_entry, within_entry] = [key::UNTIL, key::WITHIN].map(|key| fields.entry(key));
    let until = fields.read_or(decoder, key::UNTIL, None, |decoder, node, name| {
        claim(decoder, node, name, answer).map(Some)
    });
    let retry = fields.read_or(decoder, key::RETRY, None, |decoder, node, name| {
        condition(decoder, node, name, answer).map(Some)
    });
    let within = fields.read_or(decoder, key::WITHIN, WITHIN, Decoder::duration);
    let (repeatable, until, retry, within) = (repeatable?, until?, retry?, within?);
    let reads = is_look || action.is_none_or(|action| action.effect() == Effect::Reads);
    if let Some(entry) = until_entry.filter(|_| !reads && !repeatable) {
        decoder.error_with_hint(
            entry.key_span,
            "`until` sends a request again that may change something each time",
            "write `repeatable: true` if that is harmless",
        );
        return None;
    }
    // `verify` and `gone` wait for `expect` too.
    let waits = until.is_some() || retry.is_some() || is_look;
    if let Some(entry) = within_entry.filter(|_| !waits) {
        decoder.error_with_hint(
            entry.key_span,
            "`within` says how long to wait, but not for what",
            "add `until` or `retry`",
        );
        return None;
    }
    Some(Patience { until, retry, within })
}

/// `when`. What creates or looks is never left out.
pub(super) fn when(
    decoder: &mut Decoder,
    fields: &mut Fields<'_>,
    names: &'static [&'static str],
) -> Option<Expression> {
    if let Some(entry) = fields.misplaced(key::WHEN) {
        decoder.error_with_hint(
            entry.key_span,
            "`when` can't leave this request out: accounts are created, or looked for, by it",
            "use it in `before_create`, `after_create`, `verify` or `delete`",
        );
    }
    if !fields.has(key::WHEN) {
        return None;
    }
    fields.read(decoder, key::WHEN, |decoder, node, name| {
        decoder.expression(node, name, names)
    })
}
