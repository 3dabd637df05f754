//! Sending a create: the intent first, then the request, then what its answer means.

use std::fmt::Write as _;

use ring::digest;

use super::advice;
use super::exchange::{Trouble, unsendable};
use super::slots::Turn;
use super::words::plainly;
use super::{Engine, Halt, Site};
use crate::config::{Condition, Create};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::domain::event::Event;
use crate::domain::ledger::Status;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::{CreateOutcome, Delivery, Reading, Refusal, of_create};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::{Expression, Scope};
use crate::ports::{Identity, JournalBroken, Outgoing, Progress, World};

/// What a create came to, beside what the ledger now says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It happened, and the ledger says so.
    Noted,
    /// It may have happened.
    Unclear {
        /// The answer, or what became of it.
        reason: Why,
        /// Was it answered with a yes (2xx) or a no? Nothing where it was not answered.
        said: Option<bool>,
    },
    /// The name is taken and carries our marker; the answer.
    Taken(String),
    /// It did not happen, and may be sent again.
    Again {
        /// Why it did not.
        reason: Why,
        /// The service asked to wait, and its pace will.
        throttled: bool,
    },
    /// It did not happen, and may with new credentials.
    Renewable(Why),
    /// It did not happen, and won't.
    Refused(Why),
}

impl<W: World> Engine<'_, W> {
    /// Sends a create once.
    pub(super) async fn create(&self, place: usize, site: &Site) -> Result<Sent, Trouble> {
        let create = &site.service.create;
        let before = &site.service.before_create;
        match self.steps(place, "step before the create", before).await {
            Ok(()) => {}
            Err(trouble @ (Trouble::Halted(..) | Trouble::Journal(_))) => return Err(trouble),
            Err(trouble) => return Ok(Sent::Refused(trouble.reason())),
        }
        let scope = self.scope(place, site);
        let username = self.username(place);
        let mut outgoing = match Outgoing::render(&create.request, &scope, Identity::Own, self.world.now()) {
            Ok(outgoing) => outgoing,
            Err(error) => return Ok(Sent::Refused(unsendable(&create.request, error))),
        };
        outgoing.tells_of_credentials &= !create.request.is_sent_by_the_account();
        if let Some(header) = &create.idempotency_header {
            let key = idempotency_key([
                self.ledger.borrow().plan().marker.as_str(),
                site.service.name.as_str(),
                &username,
            ]);
            outgoing.set_key(header, key);
        }
        let slot = self.slot(place, Turn::First).await?;
        let is_planned = place < self.originals;
        if is_planned && self.is_ending.get() && self.ledger.borrow().record(place).status == Status::Untouched {
            return Err(Halt::Stopped.into());
        }
        self.keep(place)?;
        self.intend(place, Event::CreateIntended)?;
        // No plan names a witness: where its lines are lost, nothing does.
        if !is_planned {
            self.world.sync()?;
        }
        let intended = self.world.now();
        let asked = self.stamp();
        let delivery = self.send(place, &outgoing).await;
        drop(slot);
        let noted = match &delivery {
            Delivery::NotSent(reason) => self.unsent(place, reason.what.clone()).map(|()| Sent::Again {
                reason: reason.clone(),
                throttled: false,
            }),
            Delivery::Unsendable(reason) => self
                .unsent(place, reason.what.clone())
                .map(|()| Sent::Refused(unsendable(&create.request, reason))),
            Delivery::Barred(reason) => self.unsent(place, reason.what.clone()).map(|()| {
                Sent::Refused(advice::on_refusal(
                    Meaning::Unauthorized,
                    None,
                    &site.service.name,
                    reason.clone(),
                ))
            }),
            Delivery::Lost(reason) => self.unclear(place, reason.what.clone(), reason.clone(), None),
            Delivery::Answered(answer) => self.judge_answer((place, site), answer, scope, (asked, intended)),
        };
        Ok(noted?)
    }

    /// Writes down what an answer means.
    fn judge_answer(
        &self,
        (place, site): (usize, &Site),
        answer: &Answer,
        scope: Scope,
        (asked, intended): (u64, Timestamp),
    ) -> Result<Sent, JournalBroken> {
        let create = &site.service.create;
        self.hear_created(place, answer);
        let scope = scope.answer(answer);
        let reading = self.reading(place, create, answer, &scope);
        if reading.expected {
            self.prove_credentials(place, asked, &create.request, answer);
        }
        // What the service said is told, and not written down.
        let plain = plainly(&create.request, answer);
        let told = if reading.expected {
            self.answered(&create.request, answer, &scope)
        } else if reading.refused {
            format!("{}; `refused` holds", self.answered(&create.request, answer, &scope))
        } else {
            self.unexpected(&create.request, answer, &scope)
        };
        match of_create(&reading) {
            CreateOutcome::Happened(id) => {
                let made = self.gave(place, site, answer, id.clone());
                self.happened(place, create, &scope, (id, made), intended)
            }
            CreateOutcome::Shown(id) => {
                // What the body shows is known, whatever else does not hold.
                let event = self.gave(place, site, answer, id);
                let told = advice::why_unclear(&reading, answer, &told, None);
                self.note(place, event)
                    .and_then(|()| self.note(place, Event::VerifyFailed(plain)))
                    .map(|()| Sent::Refused(told.into()))
            }
            CreateOutcome::Elsewhere => {
                let told = advice::on_redirect(answer, &told);
                self.unsent(place, plain).map(|()| Sent::Refused(told))
            }
            CreateOutcome::Throttled if self.throttles_lie.borrow().get(&self.site_of(place)) == Some(&true) => {
                self.unclear(place, plain, told.into(), Some(false))
            }
            CreateOutcome::Throttled => self.refuse(place, plain).map(|()| Sent::Again {
                reason: self.status_in_words(&create.request, answer, &scope).into(),
                throttled: true,
            }),
            outcome @ (CreateOutcome::Unauthorized | CreateOutcome::Refused(Refusal::Status)) => {
                let renews = outcome == CreateOutcome::Unauthorized && self.world.renews(self.site_of(place));
                self.refuse(place, plain).map(|()| {
                    let words = self.words(&create.request, answer, &scope);
                    let told = self.with_duplicate(create, answer, &scope, told);
                    let advised =
                        advice::on_refusal(answer.meaning(), words.as_deref(), &site.service.name, told.into());
                    if renews {
                        Sent::Renewable(advised)
                    } else {
                        Sent::Refused(advised)
                    }
                })
            }
            CreateOutcome::Refused(Refusal::NameTaken) => {
                let told = format!("{told}; `duplicate` holds: {}", self.who_is_taken(place));
                self.refuse(place, plain).map(|()| Sent::Refused(told.into()))
            }
            CreateOutcome::Refused(Refusal::Stranger) => {
                let username = self.username(place);
                let told = format!(
                    "{told}: the answer shows an account under another name than `{username}`; it is left alone"
                );
                // What was shown is left alone. What was asked for may exist all the same, under our name.
                let shown = reading.id.map_or(Ok(()), |id| self.note(place, Event::Given(id)));
                shown
                    .and_then(|()| self.note(place, Event::StrangerShown(plain)))
                    .map(|()| Sent::Refused(told.into()))
            }
            CreateOutcome::Unclear => {
                let no_id = if id(create.id.as_ref(), &scope).is_some() {
                    Some("its value is a secret, which can't be an id".to_owned())
                } else {
                    // Where no name is near to the one that was meant, those that are there help.
                    advice::why_no_id(create.id.as_ref(), &scope).map(|why| match &create.id {
                        Some(id) if why.ends_with("is undefined") => self.why_nothing("id", id, &scope),
                        Some(_) | None => why,
                    })
                };
                let told = advice::why_unclear(&reading, answer, &told, no_id);
                self.unclear(place, plain, told.into(), Some(answer.is_success()))
            }
            // Only after a create of it that was not answered is it surely ours.
            CreateOutcome::Taken if self.record(place).open_intents > 1 => {
                let noted = self.note(place, Event::NameTaken(plain));
                let reason = told.as_str().into();
                self.tell(place, Progress::Unclear { reason });
                noted.map(|()| Sent::Taken(told))
            }
            CreateOutcome::Taken => self.refuse(place, plain).map(|()| Sent::Taken(told)),
        }
    }

    fn happened(
        &self,
        place: usize,
        create: &Create,
        scope: &Scope,
        (id, made): (RemoteId, Event),
        intended: Timestamp,
    ) -> Result<Sent, JournalBroken> {
        let took = self.world.now().since(intended);
        let noted = self.note(place, made);
        self.tell(place, Progress::Created { id, took });
        // What can't be written down can still be deleted, and that may need what the answer says.
        let learnt = self.learn(place, &create.request, scope);
        noted?;
        match learnt {
            Ok(()) => Ok(Sent::Noted),
            Err(reason) => {
                self.note(place, Event::VerifyFailed(reason.what.clone()))?;
                Ok(Sent::Refused(reason))
            }
        }
    }

    fn unsent(&self, place: usize, reason: String) -> Result<(), JournalBroken> {
        self.note(place, Event::CreateUnsent(reason))
    }

    fn refuse(&self, place: usize, reason: String) -> Result<(), JournalBroken> {
        self.note(place, Event::CreateRefused(reason))
    }

    /// It may have happened: `plain` is written down, and `reason` is told.
    fn unclear(&self, place: usize, plain: String, reason: Why, said: Option<bool>) -> Result<Sent, JournalBroken> {
        let noted = self.note(place, Event::CreateUnclear(plain));
        self.tell(place, Progress::Unclear { reason: reason.clone() });
        noted.map(|()| Sent::Unclear { reason, said })
    }

    /// What a service may mean that says "duplicate": most have more than the name once only.
    pub(super) fn who_is_taken(&self, place: usize) -> String {
        let ledger = self.ledger.borrow();
        let account = ledger.account(place);
        format!(
            "the user name `{}` is taken, or another unique value, such as the e-mail address `{}`",
            account.username, account.email
        )
    }

    /// A refusal with why it is not the one of a name that is taken, where the service has an expression for that.
    fn with_duplicate(&self, create: &Create, answer: &Answer, scope: &Scope, told: String) -> String {
        if !matches!(create.duplicate, Condition::Expression(_)) {
            return told;
        }
        match self.why_not("duplicate", &create.duplicate, answer, scope) {
            Some(why) => format!("{told}; {why}"),
            None => told,
        }
    }

    fn reading(&self, place: usize, create: &Create, answer: &Answer, scope: &Scope) -> Reading {
        let marked = !self.ledger.borrow().account(place).unmarked;
        // A condition that can't be evaluated on this answer does not hold.
        let holds = |condition: &Condition| condition.holds(answer, scope).unwrap_or(false);
        let refused = create.refused.as_ref().is_some_and(holds);
        let expected = !refused && holds(&create.request.expect);
        Reading {
            meaning: answer.meaning(),
            expected,
            refused,
            duplicate: !expected && holds(&create.duplicate),
            // Some services send a Location with a refusal too.
            id: answer
                .is_success()
                .then(|| id(create.id.as_ref(), scope))
                .flatten()
                .filter(|id| !self.world.is_secret(id.as_str())),
            shown: self.shown(place, create.name.as_ref(), scope),
            named: self.stands_in(place, answer),
            marked,
        }
    }
}

/// The text of an expression, if it is given and gives one.
pub(super) fn text(expression: Option<&Expression>, scope: &Scope) -> Option<String> {
    expression?.eval_text(scope).ok().flatten()
}

/// Does an item say itself that it has no name, by null or empty text, or does the expression say so for it? What leads
/// nowhere says nothing.
pub(super) fn is_nameless(name: &Expression, scope: &Scope) -> bool {
    let is_null_or_empty = |value: &minijinja::Value| value.is_none() || value.as_str().is_some_and(str::is_empty);
    name.eval(scope).is_ok_and(|value| is_null_or_empty(&value)) || name.paths().iter().all(|path| name.guards(path))
}

/// The id that an expression gives, if it is given and gives one that can be kept digit by digit.
pub(super) fn id(expression: Option<&Expression>, scope: &Scope) -> Option<RemoteId> {
    expression?.eval_id(scope).ok().flatten().and_then(RemoteId::new)
}

/// A UUID (RFC 9562, version 8) that is the same on every try of the same account and differs between all others, those of
/// another invocation under a name without a marker too.
fn idempotency_key(of: [&str; 3]) -> String {
    let hash = digest::digest(&digest::SHA256, of.join("\n").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string can't fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_a_uuid_fixed_by_the_account() {
        let key = idempotency_key(["sd-x", "users", "alice"]);
        assert_eq!(key, idempotency_key(["sd-x", "users", "alice"]));
        for other in [
            ["sd-y", "users", "alice"],
            ["sd-x", "orders", "alice"],
            ["sd-x", "users", "bob"],
        ] {
            assert_ne!(key, idempotency_key(other));
        }
        assert_eq!(key.len(), 36);
        assert_eq!(&key[14..15], "8");
        assert!(matches!(&key[19..20], "8" | "9" | "a" | "b"));
    }
}
