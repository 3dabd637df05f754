//! What setup looks into beside its way: refusals that may be none, and whether `find` sees at all.

use super::end::{End, halted, troubled};
use super::exchange::Trouble;
use super::eyes::by_id;
use super::provision::Attempt;
use super::{Engine, Site};
use crate::config::Find;
use crate::domain::account::RemoteId;
use crate::domain::event::{Event, Mark};
use crate::domain::evidence::{Eye, Look};
use crate::domain::outcome::pause;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Progress, World};

impl<W: World> Engine<'_, W> {
    /// Is this a throttle of a create that was done all the same? Looked into at a service's first one, where nothing else would
    /// keep a second create from making a second account.
    pub(super) async fn throttle_lied(&self, place: usize, site: &Site) -> Result<bool, JournalBroken> {
        let of = self.site_of(place);
        let is_new = !self.throttles_lie.borrow().contains_key(&of);
        let Some(find) = site.service.find.as_ref().filter(|_| is_new && !site.powers.repeatable) else {
            return Ok(false);
        };
        let lied = match self.find(place, site, find).await {
            Ok(ids) if !ids.is_empty() => {
                self.earn(place, Eye::Name);
                self.note(place, Event::Adopted(ids.clone()))?;
                self.tell(place, Progress::Adopted { ids });
                true
            }
            Ok(_) => false,
            // It is looked into at the next one.
            Err(_) => return Ok(false),
        };
        self.throttles_lie.borrow_mut().insert(of, lied);
        Ok(lied)
    }

    /// Looks once who has a name that is taken although no create of it went unanswered: a proxy may have sent it twice.
    pub(super) async fn look_who_has_it(
        &self,
        place: usize,
        site: &Site,
        attempt: &Attempt,
    ) -> Result<Option<End>, JournalBroken> {
        let refused = || Some(End::Failed(attempt.reason.clone()));
        let Some(find) = site.service.find.as_ref() else {
            return Ok(refused());
        };
        self.tell(place, Progress::LookingUp);
        let begun = self.world.now();
        let mut round = 0;
        loop {
            let asked = self.world.now();
            match self.find(place, site, find).await {
                Ok(ids) if !ids.is_empty() => {
                    self.earn(place, Eye::Name);
                    self.note(place, Event::Adopted(ids.clone()))?;
                    self.tell(place, Progress::Adopted { ids });
                    return Ok(match self.keep_adopted(place, &site.service.create)? {
                        Ok(_) => None,
                        Err(trouble) => Some(troubled(&trouble)),
                    });
                }
                Ok(_) if asked.since(begun) < site.powers.settle => {}
                Err(Trouble::Halted(halt, _)) => return Ok(Some(halted(halt, &attempt.reason))),
                Ok(_) | Err(_) => return Ok(refused()),
            }
            round += 1;
            if let Err(halt) = self.pause(pause(round, 1.0).min(site.powers.settle)).await {
                return Ok(Some(halted(halt, &attempt.reason)));
            }
        }
    }

    /// Sends what follows a create, and reads the account back. Of each service's first account it is looked meanwhile whether
    /// `find` shows it: on a bad day nothing else will.
    pub(super) async fn complete(&self, place: usize, site: &Site) -> Result<Result<(), Trouble>, JournalBroken> {
        let of = self.site_of(place);
        let is_first = place < self.originals && self.first_looks.borrow_mut().insert(of);
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let Some(find) = site.service.find.as_ref().filter(|_| is_first && !unmarked) else {
            return self.finish(place, site).await;
        };
        let looking = self.first_look(place, site, find);
        let (finished, blindness) = futures_util::future::join(self.finish(place, site), looking).await;
        if let Ok(Ok(())) = &finished {
            let service = site.service.name.clone();
            let sees = blindness.is_none();
            self.remark(Mark::Sight { service, sees })?;
            if let Some(reason) = blindness {
                self.tell(place, Progress::Unseen { reason });
            }
        }
        finished
    }

    /// Does `find` show the first account of a service, within the time that it may lag? `None` if it does, or where nothing
    /// new may be started.
    async fn first_look(&self, place: usize, site: &Site, find: &Find) -> Option<Why> {
        let begun = self.world.now();
        let mut round = 0;
        loop {
            let asked = self.world.now();
            let reason = match self.find(place, site, find).await {
                Ok(ids) if !ids.is_empty() => {
                    self.earn(place, Eye::Name);
                    if self.record(place).ids.first().is_some_and(|id| ids.contains(id)) {
                        self.agree(place);
                    }
                    return None;
                }
                Ok(_) => "it shows no account of this name".into(),
                Err(Trouble::Halted(_, _)) => return None,
                Err(trouble) => trouble.reason(),
            };
            if asked.since(begun) >= site.powers.settle {
                return Some(reason);
            }
            round += 1;
            if self.pause(pause(round, 1.0).min(site.powers.settle)).await.is_err() {
                return None;
            }
        }
    }

    /// Does the id of a new account lead to somebody else, whom the steps after the create would change? Looked into until an id
    /// of the service was read back once.
    pub(super) async fn is_strangers(&self, place: usize, site: &Site) -> Result<Option<Trouble>, JournalBroken> {
        let id = self.record(place).ids.first().cloned();
        let is_due = !site.service.after_create.is_empty() && by_id(site).is_some() && !self.agrees(place);
        let Some(id) = id.filter(|_| is_due && !site.powers.chosen_id) else {
            return Ok(None);
        };
        match self.read(place, site, &id).await {
            Ok(Look::Other) => {
                let reason = "its id now belongs to an account with another name; it is left alone".to_owned();
                self.note(place, Event::StrangerShown(reason.clone()))?;
                Ok(Some(Trouble::Useless(reason.into())))
            }
            Ok(Look::Ours) => Ok(None),
            // The eye by the name may know better.
            Ok(Look::Nameless | Look::Gone | Look::Blind { .. }) => self.is_found_elsewhere(place, site, &id).await,
            Err(halt) => Ok(Some(halt.into())),
        }
    }

    /// Does the look-up show the account under another id than this one?
    async fn is_found_elsewhere(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
    ) -> Result<Option<Trouble>, JournalBroken> {
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let Some(find) = site.service.find.as_ref().filter(|_| !unmarked) else {
            return Ok(None);
        };
        match self.find(place, site, find).await {
            Ok(ids) if ids.is_empty() || ids.contains(id) => Ok(None),
            Ok(ids) => {
                let reason = format!("the look-up shows it under `{}`; `{id}` is left alone", ids[0]);
                self.note(place, Event::StrangerShown(reason.clone()))?;
                Ok(Some(Trouble::Useless(reason.into())))
            }
            Err(Trouble::Halted(halt, _)) => Ok(Some(halt.into())),
            Err(_) => Ok(None),
        }
    }
}
