//! Waiting for services that are still starting.

use std::time::Duration;

use super::advice;
use super::exchange::unsendable;
use super::steps::applies;
use super::{Engine, Halt, Site};
use crate::config::Awaits;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::why::Why;
use crate::ports::{Identity, Notice, Outgoing, World};

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a wait says what it waits for.
pub(super) const WORD: Duration = Duration::from_secs(10);

impl<W: World> Engine<'_, W> {
    /// Waits until the account's service answers, once for all accounts of it.
    pub(super) async fn ready(&self, place: usize, site: &Site, wait: Duration) -> Result<(), Why> {
        self.readiness[self.site_of(place)]
            .get_or_init(|| self.wait_for(place, site, wait))
            .await
            .clone()
    }

    async fn wait_for(&self, place: usize, site: &Site, wait: Duration) -> Result<(), Why> {
        let begun = self.world.now();
        let service = &site.service.name;
        let (mut said, mut unmet) = (None, None);
        loop {
            let reason = match self.try_once(place, site).await {
                Ok(()) => break,
                Err(NotReady::ForNow(reason)) => reason,
                Err(NotReady::Unmet(reason)) => {
                    let since = *unmet.get_or_insert_with(|| self.world.now());
                    let within = site.service.ready.as_ref().map(|request| request.patience.within);
                    if let Some(within) = within.filter(|within| self.world.now().since(since) >= *within) {
                        let within = format!("it was not ready within {}", humantime::format_duration(within));
                        return Err(reason.context(within).or_hint("raise `within` of its `ready`"));
                    }
                    reason
                }
                Err(NotReady::ForGood(reason)) => return Err(reason),
            };
            let waited = self.world.now().since(begun);
            if waited >= wait {
                let within = format!("it was not ready within {}", humantime::format_duration(wait));
                let hint = format!("start `{service}` first, check its `url`, or raise `wait`");
                return Err(reason.context(within).or_hint(hint));
            }
            if said.is_none_or(|at| self.world.now().since(at) >= WORD) {
                said = Some(self.world.now());
                self.world.tell(Notice::Waiting {
                    service: service.clone(),
                    reason,
                    waited,
                });
            }
            match self.pause(PAUSE).await {
                Ok(()) => {}
                Err(halt) => return Err(halted(halt)),
            }
        }
        if said.is_some() {
            self.world.tell(Notice::Answers {
                service: service.clone(),
                waited: self.world.now().since(begun),
            });
        }
        Ok(())
    }

    async fn try_once(&self, place: usize, site: &Site) -> Result<(), NotReady> {
        let Some(request) = &site.service.ready else {
            return self.world.reach(self.site_of(place)).await.map_err(NotReady::ForNow);
        };
        let scope = &site.scope;
        match applies(request, scope) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(trouble) => return Err(NotReady::ForGood(trouble.reason())),
        }
        let mut outgoing = Outgoing::render(request, scope, Identity::Own, self.world.now())
            .map_err(|error| NotReady::ForGood(unsendable(request, error)))?;
        outgoing.repeatable = true;
        // A request of the service's own carries its credentials, and a token has to be fetched first. Whoever gives it may
        // still be starting too: then the request is not sent, and says so.
        if let Err(halt) = self.unless_halted(self.world.admit(self.site_of(place))).await {
            return Err(NotReady::ForGood(halted(halt)));
        }
        let delivery = self.send(place, &outgoing).await;
        match &delivery {
            Delivery::NotSent(reason) | Delivery::Lost(reason) => Err(NotReady::ForNow(reason.clone())),
            Delivery::Unsendable(reason) => Err(NotReady::ForGood(unsendable(request, reason))),
            Delivery::Barred(reason) => Err(NotReady::ForGood(advice::on_refusal(
                Meaning::Unauthorized,
                None,
                &site.service.name,
                reason.clone(),
            ))),
            Delivery::Answered(answer) if answer.meaning() == Meaning::Unavailable => {
                Err(NotReady::ForNow(self.describe(&delivery)))
            }
            Delivery::Answered(answer) => {
                let seen = scope.clone().answer(answer);
                match request.patience.awaits(answer, &seen) {
                    None => {}
                    Some(Awaits::Recovery) => return Err(NotReady::Unmet(self.describe(&delivery))),
                    Some(Awaits::Condition(until)) => {
                        let what = self.answered(request, answer, scope);
                        let why = self.why_not_yet(until, &seen);
                        return Err(NotReady::Unmet(format!("{what}; {why}").into()));
                    }
                }
                match request.expect.holds(answer, &seen) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(NotReady::ForGood(self.unexpected(request, answer, scope).into())),
                    Err(error) => Err(NotReady::ForGood(
                        Why::from(error).context(format_args!("`{}`", request.place)),
                    )),
                }
            }
        }
    }
}

fn halted(halt: Halt) -> Why {
    format!("{} while it waited for the service", halt.reason()).into()
}

enum NotReady {
    ForNow(Why),
    /// It answers, and what it is waited for does not hold yet.
    Unmet(Why),
    ForGood(Why),
}
