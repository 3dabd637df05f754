//! A journal whose last lines may be missing, as after the death of a machine: the lists say what it can't.

use super::ends::Ends;
use super::exchange::Trouble;
use super::list::{Extent, Regard};
use super::stuck::Stuck;
use super::witness::{Likeness, Witnessed};
use super::{Engine, Halt, Site};
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::event::{Event, Mark, PlannedAccount};
use crate::domain::ledger::Status;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::why::Why;
use crate::ports::World;

/// Why a list has shown no account that was made for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unshown {
    /// None could be made.
    Unmade(Why),
    /// One was made, and is not shown.
    Hidden(Why),
}

impl<W: World> Engine<'_, W> {
    /// Says that the journal has its last line: nothing of this setup is missing in it.
    pub fn complete_journal(&self) {
        // One that can't be written has been told of where its last line failed.
        self.remark(Mark::Complete).unwrap_or_default();
    }

    /// Takes every account into the ledger that a list shows under the plan's marker. The services that can't be looked into
    /// are leftovers: anything of the plan may be there.
    pub async fn recover(&self) -> Vec<Leftover> {
        let mut left = Vec::new();
        for (of, site) in self.sites.iter().enumerate() {
            let place = self.places.borrow().iter().position(|known| *known == of);
            let Some(place) = place else { continue };
            if let Err(detail) = self.recover_one(place, site).await {
                let key = AccountKey {
                    service: site.service.name.clone(),
                    account: "*".to_owned(),
                };
                let username = format!("{}-*", self.ledger.borrow().plan().marker);
                left.push(Leftover {
                    key,
                    ids: Vec::new(),
                    username,
                    reason: Reason::LinesLost,
                    detail: detail.map(|detail| {
                        format!("the machine was restarted, the journal may lack its last lines, and {detail}")
                    }),
                });
            }
        }
        if left.is_empty() {
            self.complete_journal();
        }
        left
    }

    async fn recover_one(&self, place: usize, site: &Site) -> Result<(), Why> {
        if let Some(reason) = &site.unusable {
            return Err(reason.clone());
        }
        if site.service.list.is_none() {
            return Err("the service has no `list`".into());
        }
        let halted = |halt: Halt| Trouble::from(halt).reason();
        let listing = self.listing(place, site, self.world.now()).await.map_err(halted)?;
        for (id, name) in listing.shown() {
            self.take_up(place, site, id, name);
        }
        if let Some(reason) = listing.blind() {
            return Err(reason.clone().context("its list proves nothing"));
        }
        if listing.shown().next().is_some() {
            return Ok(());
        }
        // A list that shows nobody of this plan may never show anybody.
        let (Unshown::Unmade(why) | Unshown::Hidden(why)) =
            match Box::pin(self.show_in_list(place, Extent::Marker)).await {
                Ok(()) => return Ok(()),
                Err(unshown) => unshown,
            };
        Err(why.map(|why| format!("its list shows no account of this run and can't be trusted ({why})")))
    }

    /// Makes a witness like the account at `like`, and looks whether the list of its service shows it. Settling deletes it, as
    /// any other account.
    pub async fn show_in_list(&self, like: usize, extent: Extent) -> Result<(), Unshown> {
        let unmade = |stuck: Stuck| Unshown::Unmade(stuck.detail);
        let site = self
            .site(like)
            .ok_or_else(|| Unshown::Unmade("the configuration has no such service".into()))?;
        self.learn_place(like, site).await.map_err(unmade)?;
        self.may_witness(like, site)
            .map_err(|why| Unshown::Unmade(why.into()))?;
        let (witness, came) = self
            .witness(like, site, Likeness::Plain, &Ends::new())
            .await
            .map_err(unmade)?;
        let mut is_shown = false;
        let listed = self
            .list(witness, extent, |_, name, _| {
                is_shown |= self.is_its_name(witness, name);
                Regard::Stranger
            })
            .await;
        match (came, listed.incomplete) {
            _ if is_shown => Ok(()),
            (_, Some(why)) => Err(Unshown::Unmade(why)),
            (Witnessed::Shown(why) | Witnessed::Told(why), None) => Err(Unshown::Hidden(why.into())),
            (came, None) => Err(Unshown::Unmade(came.why().into())),
        }
    }

    /// An account that a list shows: one of the plan, or one that joins it.
    fn take_up(&self, like: usize, site: &Site, id: &RemoteId, name: &str) {
        let count = self.ledger.borrow().plan().accounts.len();
        let of = self.site_of(like);
        let known = (0..count).find(|place| self.site_of(*place) == of && self.is_its_name(*place, name));
        let place = known.unwrap_or_else(|| {
            let account = PlannedAccount::listed(&site.service.name, name.to_owned(), name.to_owned());
            self.join(like, account)
        });
        let record = self.record(place);
        if record.ids.contains(id) {
            return;
        }
        // What can't be written down is gone by in this command all the same.
        if matches!(record.status, Status::Untouched | Status::Refused | Status::Gone) {
            self.note(place, Event::CreateIntended).unwrap_or_default();
        }
        self.note(place, Event::Adopted(vec![id.clone()])).unwrap_or_default();
    }
}
