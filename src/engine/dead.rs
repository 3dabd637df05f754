//! Credentials that a service does not take: it is not asked with them again, since asking can't help and may lock a user out.

use std::cell::{Cell, RefCell};

use super::Engine;
use super::advice::check_credentials;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::why::Why;
use crate::ports::{Identity, Outgoing, World};

/// What one refusal says of credentials that were good before. The second in a row is no chance.
const REFUSALS: u32 = 2;

/// What the answers of a service say of its credentials.
#[derive(Default)]
pub(super) struct Acceptance {
    /// They were good for something.
    were_good: Cell<bool>,
    /// So many requests in a row were answered with 401.
    refused: Cell<u32>,
    /// How the last of these was answered.
    said: RefCell<String>,
}

impl<W: World> Engine<'_, W> {
    /// Why a request is not sent: it would carry credentials that are dead.
    pub(super) fn barred(&self, place: usize, outgoing: &Outgoing) -> Option<Why> {
        let standing = self.standings.get(self.site_of(place))?;
        let bar = if standing.were_good.get() { REFUSALS } else { 1 };
        let carries = outgoing.identity == Identity::Own && !outgoing.brings_credentials();
        (carries && standing.refused.get() >= bar).then(|| {
            Why::hinted(
                format!("not asked again after it was answered with {}", standing.said.borrow()),
                check_credentials(&self.key(place).service),
            )
        })
    }

    /// Takes in what an answer says of the credentials. Those that are renewed are never dead: who gives the new ones says so.
    pub(super) fn judge_credentials(&self, place: usize, outgoing: &Outgoing, delivery: &Delivery) {
        let (Some(standing), Delivery::Answered(answer)) = (self.standings.get(self.site_of(place)), delivery) else {
            return;
        };
        if outgoing.identity != Identity::Own
            || !outgoing.tells_of_credentials
            || self.world.renews(self.site_of(place))
        {
            return;
        }
        if answer.is_success() {
            standing.were_good.set(true);
            standing.refused.set(0);
        } else if answer.meaning() == Meaning::Unauthorized {
            standing.refused.set(standing.refused.get().saturating_add(1));
            standing.said.replace(self.describe(delivery).what);
        }
    }
}
