//! What setup looks into beside its way: refusals that may be none, and whether `find` sees at all.

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
use crate::ports::{Progress, World};

impl<W: World> Engine<'_, W> {
    /// Is this a throttle of a create that was done all the same? Looked into at a service's first one, where nothing else would
    /// keep a second create from making a second account.
    pub(super) async fn throttle_lied(&self, place: usize, site: &Site) -> Result<bool, Trouble> {
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
    pub(super) async fn look_who_has_it(&self, place: usize, site: &Site, attempt: &Attempt) -> Result<(), Trouble> {
        let refused = || Trouble::Hopeless(attempt.reason.clone());
        let find = site.service.find.as_ref().ok_or_else(refused)?;
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
                    return self.keep_adopted(place, &site.service.create);
                }
                Ok(_) if asked.since(begun) < site.powers.settle => {}
                Err(Trouble::Halted(halt, _)) => return Err(attempt.halted(halt)),
                Ok(_) | Err(_) => return Err(refused()),
            }
            round += 1;
            let left = pause(round, 1.0).min(site.powers.settle);
            let paused = self.pause_until(place, "`find` shows new accounts", left).await;
            paused.map_err(|halt| attempt.halted(halt))?;
        }
    }

    /// Sends what follows a create, and reads the account back. Of each service's first account it is looked meanwhile whether
    /// `find` shows it: on a bad day nothing else will.
    pub(super) async fn complete(&self, place: usize, site: &Site) -> Result<(), Trouble> {
        let of = self.site_of(place);
        let is_first = place < self.originals && self.first_looks.borrow_mut().insert(of);
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let Some(find) = site.service.find.as_ref().filter(|_| is_first && !unmarked) else {
            return self.finish(place, site).await;
        };
        let looking = self.first_look(place, site, find);
        let (finished, blindness) = futures_util::future::join(self.finish(place, site), looking).await;
        if finished.is_ok() {
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
            let left = pause(round, 1.0).min(site.powers.settle);
            if self
                .pause_until(place, "`find` shows new accounts", left)
                .await
                .is_err()
            {
                return None;
            }
        }
    }

    /// Fails where the id of a new account leads to somebody else, whom the steps after the create would change. Looked into until
    /// an id of the service was read back once.
    pub(super) async fn refuse_strangers(&self, place: usize, site: &Site) -> Result<(), Trouble> {
        let id = self.record(place).ids.first().cloned();
        let is_due = !site.service.after_create.is_empty() && by_id(site).is_some() && !self.agrees(place);
        let Some(id) = id.filter(|_| is_due && !site.powers.chosen_id) else {
            return Ok(());
        };
        match self.read(place, site, &id).await {
            Ok(Look::Other) => {
                let reason = "its id now belongs to an account with another name; it is left alone".to_owned();
                self.note(place, Event::StrangerShown(reason.clone()))?;
                Err(Trouble::Useless(reason.into()))
            }
            Ok(Look::Ours) => Ok(()),
            // The eye by the name may know better.
            Ok(Look::Nameless | Look::Gone | Look::Blind { .. }) => self.refuse_found_elsewhere(place, site, &id).await,
            Err(halt) => Err(halt.into()),
        }
    }

    /// Fails where the look-up shows the account under another id than this one.
    async fn refuse_found_elsewhere(&self, place: usize, site: &Site, id: &RemoteId) -> Result<(), Trouble> {
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let Some(find) = site.service.find.as_ref().filter(|_| !unmarked) else {
            return Ok(());
        };
        match self.find(place, site, find).await {
            Ok(ids) if ids.is_empty() || ids.contains(id) => Ok(()),
            Ok(ids) => {
                let reason = format!("the look-up shows it under `{}`; `{id}` is left alone", ids[0]);
                self.note(place, Event::StrangerShown(reason.clone()))?;
                Err(Trouble::Useless(reason.into()))
            }
            Err(Trouble::Halted(halt, _)) => Err(halt.into()),
            Err(_) => Ok(()),
        }
    }
}
