//! What keeps a service busy, told to whoever watches.

use std::time::Duration;

use super::{Engine, Halt};
use crate::config::Rate;
use crate::ports::{Doing, Notice, World};

/// A shorter wait for a turn is over before anybody wonders.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

impl<W: World> Engine<'_, W> {
    /// Tells what keeps the service of the account at `place` busy; `None` once it is over.
    pub(super) fn busy(&self, place: usize, doing: impl Into<Option<Doing>>) {
        if let Some(site) = self.site(place) {
            let service = site.service.name.clone();
            let doing = doing.into();
            self.world.tell(Notice::Busy { service, doing });
        }
    }

    /// Lets time pass for the service to catch up with what was done; `what` says with what, behind the word "until".
    pub(super) async fn pause_until(&self, place: usize, what: &'static str, pause: Duration) -> Result<(), Halt> {
        self.busy(place, Doing::Until(what));
        self.pause(pause).await
    }

    /// The next request to the service has no turn before this has passed.
    pub(super) fn paced(&self, place: usize, wait: Duration) {
        if wait < WORTH_A_WORD {
            return;
        }
        let configured = self
            .site(place)
            .and_then(|site| site.service.limits.rate)
            .map(Rate::interval);
        self.busy(
            place,
            Doing::Paced {
                until: self.world.now() + wait,
                is_asked: configured.is_none_or(|interval| wait > interval),
            },
        );
    }
}
