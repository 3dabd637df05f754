//! A service that was there and goes away in mid-setup, as one that is restarted or has lost its database: it is waited for
//! as one that is still starting.

use std::cell::Cell;
use std::time::Duration;

use super::Engine;
use super::ready::WORD;
use crate::domain::outcome::Delivery;
use crate::domain::time::Timestamp;
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
}

/// Was nobody there to answer, or a gateway alone?
fn is_away(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::NotSent(_) | Delivery::Lost(_) => true,
        Delivery::Unsendable(_) | Delivery::Barred(_) => false,
        Delivery::Answered(answer) => matches!(answer.status, 502..=504),
    }
}

impl<W: World> Engine<'_, W> {
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
        if is_away(delivery) {
            away.since.set(away.since.get().or(Some(now)));
            return;
        }
        away.answered.set(away.answered.get().max(Some(sent)));
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
    pub(super) fn waits_for(&self, place: usize, failing: Timestamp, delivery: &Delivery) -> bool {
        let Some(away) = self.away.get(self.site_of(place)) else {
            return false;
        };
        let waited = self.world.now().since(failing);
        let waits = is_away(delivery)
            && waited < self.patience.get()
            && !self.is_ending.get()
            && away.answered.get().is_none_or(|sent| sent <= failing);
        if waits {
            self.say_away(place, away, self.describe(delivery));
        }
        waits
    }

    fn say_away(&self, place: usize, away: &Away, reason: String) {
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
