//! A service that was there and goes away, as one that is restarted or has lost its database. Setup waits for it as for one
//! that is still starting. What is to be deleted is a debt, so that cleanup goes on asking for longer, and for more kinds of
//! failure; it asks on behalf of one account at a time, and a service that is given up is given up for all of them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::exchange::TRIES;
use super::ready::WORD;
use super::{Engine, Halt};
use crate::domain::meaning::Meaning;
use crate::domain::outcome::{Again, Delivery, again};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{Notice, World};

/// What is known of a service's absence.
#[derive(Default)]
pub(super) struct Away {
    /// When the latest request was sent to which the service itself had an answer.
    answered: Cell<Option<Timestamp>>,
    /// Since when it has had none.
    since: Cell<Option<Timestamp>>,
    /// When it was last said that it is waited for.
    said: Cell<Option<Timestamp>>,
    /// Held by the account that is next to ask whether it is back.
    probe: Mutex<()>,
    /// How its requests of one kind have fared in cleanup: it may read accounts, and not delete any.
    kinds: RefCell<HashMap<&'static str, Question>>,
    /// Since when all its requests have failed in cleanup, of whatever kind.
    failing: Cell<Option<Timestamp>>,
    /// When it is asked once more, although it has asked for a wait that goes beyond the deadline.
    last_call: Cell<Option<Timestamp>>,
}

/// How the requests of one kind have fared, such as deletes.
#[derive(Clone, Copy, Default)]
struct Question {
    /// When the latest one was answered.
    answered: Option<Timestamp>,
    /// Since when all of them have failed.
    failing: Option<Timestamp>,
    /// They were sent for as long as they may be, and are given up until one is answered.
    is_given_up: bool,
}

/// For so long cleanup goes on asking a service that fails, unless the deadline comes first.
const PERSISTENCE: Duration = Duration::from_mins(1);

/// Was nobody there to answer, or a gateway alone?
fn is_away(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::NotSent(_) | Delivery::Lost(_) => true,
        Delivery::Unsendable(_) | Delivery::Barred(_) => false,
        Delivery::Answered(answer) => answer.meaning() == Meaning::Unavailable,
    }
}

/// Did it fail in a way that may pass?
fn is_failing(delivery: &Delivery) -> bool {
    let is_throttle = matches!(delivery, Delivery::Answered(answer) if answer.meaning() == Meaning::Throttled);
    again(delivery) == Again::Later && !is_throttle
}

impl<W: World> Engine<'_, W> {
    /// From here on, or no more, what fails is asked for again for as long as a debt is.
    pub(super) fn persist(&self, persists: bool) {
        self.persists.set(persists);
        for away in &self.away {
            away.kinds.borrow_mut().clear();
            away.failing.set(None);
            away.last_call.set(None);
        }
    }

    /// Takes in how a request of this kind has fared.
    pub(super) fn follow(&self, place: usize, what: &'static str, delivery: &Delivery) {
        let Some(away) = self.away.get(self.site_of(place)) else {
            return;
        };
        let now = self.world.now();
        let mut kinds = away.kinds.borrow_mut();
        let kind = kinds.entry(what).or_default();
        if is_failing(delivery) {
            kind.failing = kind.failing.or(Some(now));
            away.failing.set(away.failing.get().or(Some(now)));
        } else {
            away.failing.set(None);
            *kind = Question {
                answered: Some(now),
                ..Question::default()
            };
        }
    }

    fn kind(&self, place: usize, what: &'static str) -> Question {
        let away = self.away.get(self.site_of(place));
        let kind = away.and_then(|away| away.kinds.borrow().get(what).copied());
        kind.unwrap_or_default()
    }

    /// So often a request is sent that fails, before it is asked whether the service is waited for.
    pub(super) fn tries(&self, place: usize, what: &'static str) -> u32 {
        let away = self.away.get(self.site_of(place)).filter(|_| self.persists.get());
        let is_dead = away
            .and_then(|away| away.failing.get())
            .is_some_and(|since| self.is_over(since));
        let is_given_up = is_dead || (away.is_some() && self.kind(place, what).is_given_up);
        if is_given_up { 1 } else { TRIES }
    }

    /// Waits until it is this account's turn to ask whether a failing service is back; nothing where it is waited for otherwise.
    pub(super) async fn probe(&self, place: usize) -> Result<Option<MutexGuard<'_, ()>>, Halt> {
        match self.away.get(self.site_of(place)).filter(|_| self.persists.get()) {
            Some(away) => self.unless_halted(away.probe.lock()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Has the service answered a request of this kind since it failed?
    pub(super) fn is_back(&self, place: usize, what: &'static str) -> bool {
        self.persists.get() && self.kind(place, what).failing.is_none()
    }

    /// Waits before a service is asked once more that has asked for a wait beyond the deadline. It is so once: what is
    /// refused then is given up.
    pub(super) async fn last_call(&self, place: usize, wait: Duration) -> Result<(), Halt> {
        let over = Halt::Pace(wait);
        let Some(away) = self.away.get(self.site_of(place)).filter(|_| self.persists.get()) else {
            return Err(over);
        };
        let now = self.world.now();
        let left = self.time_left();
        let wait = PERSISTENCE.min(left.saturating_sub(self.for_last_call(left)));
        let at = away.last_call.get().unwrap_or(now + wait);
        away.last_call.set(Some(at));
        if at <= now {
            return Err(over);
        }
        self.unless_halted(self.world.sleep(at.since(now))).await
    }

    /// From here on a service that goes away is waited for so long.
    pub(super) fn set_patience(&self, patience: Duration) {
        self.patience.set(patience);
    }

    /// Takes in whether the service was there for a request that was sent at this time.
    pub(super) fn watch(&self, place: usize, sent: Timestamp, delivery: &Delivery) {
        let Some(away) = self.away.get(self.site_of(place)) else {
            return;
        };
        let now = self.world.now();
        if is_away(delivery) || (self.persists.get() && is_failing(delivery)) {
            away.since.set(away.since.get().or(Some(now)));
            return;
        }
        away.answered.set(away.answered.get().max(Some(sent)));
        if again(delivery) == Again::No {
            away.last_call.set(None);
        }
        let since = away.since.take();
        if away.said.take().is_some() {
            self.world.tell(Notice::Answers {
                service: self.key(place).service,
                waited: now.since(since.unwrap_or(now)),
            });
        }
    }

    /// May a request that was tried as often as usual be sent again all the same, since the service is away? It has failed
    /// since `failing`. Where others were answered meanwhile the service is there, and waiting won't help.
    pub(super) fn waits_for(&self, place: usize, what: &'static str, failing: Timestamp, delivery: &Delivery) -> bool {
        let Some(away) = self.away.get(self.site_of(place)) else {
            return false;
        };
        let now = self.world.now();
        let waits = if self.persists.get() {
            self.persists_with(away, what, failing)
        } else {
            is_away(delivery)
                && now.since(failing) < self.patience.get()
                && !self.is_ending.get()
                && away.answered.get().is_none_or(|sent| sent <= failing)
        };
        if waits {
            self.say_away(place, away, self.describe(delivery));
        }
        waits
    }

    /// May what is a debt be asked for again? Where others were answered since it failed, it is the matter of one account.
    fn persists_with(&self, away: &Away, what: &'static str, failing: Timestamp) -> bool {
        let mut kinds = away.kinds.borrow_mut();
        let kind = kinds.entry(what).or_default();
        if kind.answered.is_some_and(|at| at > failing) {
            return false;
        }
        let all = [kind.failing, away.failing.get(), Some(failing)];
        let since = all.into_iter().flatten().min();
        kind.is_given_up |= since.is_some_and(|since| self.is_over(since));
        !kind.is_given_up
    }

    /// Has it failed for as long as it may?
    fn is_over(&self, since: Timestamp) -> bool {
        // One that is stuck must leave some time for those that wait for its place.
        let most = PERSISTENCE.min(self.deadline.since(since) * 4 / 5);
        self.world.now().since(since) >= most
    }

    fn say_away(&self, place: usize, away: &Away, reason: Why) {
        let now = self.world.now();
        if away.said.get().is_none_or(|at| now.since(at) >= WORD) {
            away.said.set(Some(now));
            self.world.tell(Notice::Waiting {
                service: self.key(place).service,
                reason,
                waited: now.since(away.since.get().unwrap_or(now)),
            });
        }
    }
}
