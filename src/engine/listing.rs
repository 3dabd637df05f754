//! The list as an eye by the name: one listing of a service serves all of its accounts.

use std::rc::Rc;

use super::exchange::Trouble;
use super::eyes::Found;
use super::list::{Extent, Regard};
use super::{Engine, Halt, Site};
use crate::domain::account::RemoteId;
use crate::domain::evidence::Eye;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::ports::World;

/// What a service listed of this plan's accounts.
pub(super) struct Listing {
    /// When it was begun.
    began: Timestamp,
    /// Ids and names of those that may be ours.
    shown: Vec<(RemoteId, String)>,
    /// Why it proves nothing, if so.
    blind: Option<String>,
    /// Was it refused?
    barred: bool,
}

impl Listing {
    /// Those that may be ours.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&RemoteId, &str)> {
        self.shown.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// Why it proves nothing, if so.
    pub(super) fn blind(&self) -> Option<&str> {
        self.blind.as_deref()
    }

    /// The ids of all accounts that bear a name.
    fn of(&self, is_its_name: impl Fn(&str) -> bool) -> Vec<RemoteId> {
        let ours = self.shown.iter().filter(|(_, name)| is_its_name(name));
        ours.map(|(id, _)| id.clone()).collect()
    }
}

impl<W: World> Engine<'_, W> {
    /// Looks an account up in the list of its service.
    /// What landed, or was deleted, after a list was begun may be missing in it, or shown: one that was begun before `since` is
    /// none for it.
    pub(super) async fn find_in_list(&self, place: usize, site: &Site, since: Timestamp) -> Result<Found, Halt> {
        let listing = self.listing(place, site, since).await?;
        let ids = listing.of(|name| self.is_its_name(place, name));
        if !ids.is_empty() {
            self.earn(place, Eye::Name);
            return Ok(Found::Ours(ids));
        }
        Ok(match &listing.blind {
            Some(reason) if listing.barred => Found::Unread(Trouble::Refused(reason.clone())),
            Some(reason) => Found::Unread(Trouble::Unanswered(format!("the list does not show it, and {reason}"))),
            None => Found::Nobody,
        })
    }

    /// A listing that was begun at this time or later. Those who wait for one share it.
    pub(super) async fn listing(&self, place: usize, site: &Site, since: Timestamp) -> Result<Rc<Listing>, Halt> {
        let Some(known) = self.listings.get(self.site_of(place)) else {
            return Err(Halt::Stopped);
        };
        let mut known = known.lock().await;
        if let Some(listing) = known.as_ref().filter(|listing| listing.began >= since) {
            return Ok(Rc::clone(listing));
        }
        self.unless_halted(std::future::ready(())).await?;
        let began = self.world.now();
        let (marker, names) = {
            let ledger = self.ledger.borrow();
            let plan = ledger.plan();
            let service = &site.service.name;
            let accounts = plan.accounts.iter().filter(|account| account.key.service == *service);
            let names: std::collections::HashSet<String> = accounts.map(|account| account.username.clone()).collect();
            (plan.marker.clone(), names)
        };
        let mut shown = Vec::new();
        let listed = self
            .list(place, Extent::Marker, |id, name, _| {
                let is_marked = || Marker::within(name).is_some_and(|found| found.as_str() == marker);
                if !names.contains(name) && !is_marked() && !name_may_be_spelled(name, &marker) {
                    return Regard::Stranger;
                }
                shown.push((id.clone(), name.to_owned()));
                Regard::Wanted
            })
            .await;
        let blind = listed.incomplete.or_else(|| {
            let said = "it may be one page of a longer list\nhint: give `list` its `next`, or its `total`";
            (!listed.ended).then(|| said.to_owned())
        });
        let listing = Rc::new(Listing {
            began,
            shown,
            blind,
            barred: listed.barred,
        });
        *known = Some(Rc::clone(&listing));
        Ok(listing)
    }
}

/// May this be a name with our marker, without its separators or in another case?
fn name_may_be_spelled(name: &str, marker: &str) -> bool {
    let bare = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    name.len() >= 20 && bare(name).contains(&bare(marker))
}
