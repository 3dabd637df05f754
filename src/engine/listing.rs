//! The list as an eye by the name: one listing of a service serves all of its accounts.

use std::collections::HashSet;
use std::rc::Rc;

use minijinja::Value;

use super::exchange::Trouble;
use super::eyes::Found;
use super::list::{Extent, Regard};
use super::{Engine, Halt, Site};
use crate::domain::account::RemoteId;
use crate::domain::evidence::Eye;
use crate::domain::ledger::Status;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::World;

/// What a service listed of this plan's accounts.
pub(super) struct Listing {
    /// When it was begun.
    began: Timestamp,
    /// Ids and names of those that may be ours.
    shown: Vec<(RemoteId, String)>,
    /// The places of those that a nameless account may be, since it shows an e-mail address or another text of theirs.
    nameless: HashSet<usize>,
    /// Why it proves nothing, if so.
    blind: Option<Why>,
    /// Was it refused?
    barred: bool,
}

impl Listing {
    /// Those that may be ours.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&RemoteId, &str)> {
        self.shown.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// Why it proves nothing, if so.
    pub(super) fn blind(&self) -> Option<&Why> {
        self.blind.as_ref()
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
        // Of a create that was refused it may be the person who has our address.
        if listing.nameless.contains(&place) && self.record(place).status != Status::Refused {
            let said = Why::hinted(
                "the list shows an account without a name, with its e-mail address or another of its values",
                "check in the service whose account it is",
            );
            return Ok(Found::Unread(Trouble::Nameless(said)));
        }
        Ok(match &listing.blind {
            Some(reason) if listing.barred => Found::Unread(Trouble::Refused(reason.clone())),
            Some(reason) => {
                let unshown = |reason| format!("the list does not show it, and {reason}");
                Found::Unread(Trouble::Unanswered(reason.clone().map(unshown)))
            }
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
        let (marker, names, texts) = {
            let ledger = self.ledger.borrow();
            let plan = ledger.plan();
            let service = &site.service.name;
            let of_service = || plan.accounts.iter().filter(|account| account.key.service == *service);
            let names: HashSet<String> = of_service().map(|account| account.username.clone()).collect();
            // Most addresses are made of the user name, which has the marker.
            let emails = of_service().map(|account| account.email.to_lowercase());
            let texts = emails.filter(|email| !email.is_empty() && !email.contains(&plan.marker));
            let texts: HashSet<String> = texts.chain([plan.marker.clone()]).collect();
            (plan.marker.clone(), names, texts)
        };
        let mut shown = Vec::new();
        let mut nameless = HashSet::new();
        let listed = self
            .list(place, Extent::Marker, |id, name, item| {
                if name.is_empty() {
                    nameless.extend(self.whose_texts(place, item, &texts));
                    return Regard::Stranger;
                }
                let is_marked = || Marker::within(name).is_some_and(|found| found.as_str() == marker);
                if !names.contains(name) && !is_marked() && !name_may_be_spelled(name, &marker) {
                    return Regard::Stranger;
                }
                shown.push((id.clone(), name.to_owned()));
                Regard::Wanted
            })
            .await;
        let blind = listed.incomplete.or(listed.doubt);
        let listing = Rc::new(Listing {
            began,
            shown,
            nameless,
            blind,
            barred: listed.barred,
        });
        *known = Some(Rc::clone(&listing));
        Ok(listing)
    }

    /// The places in this service of those accounts of which an item has a text, where it has one of `texts` at all.
    fn whose_texts(&self, like: usize, item: &Value, texts: &HashSet<String>) -> Vec<usize> {
        let all = item.to_string().to_lowercase();
        if !texts.iter().any(|text| all.contains(text.as_str())) {
            return Vec::new();
        }
        let of = self.site_of(like);
        let count = self.ledger.borrow().plan().accounts.len();
        let places = (0..count).filter(|place| self.site_of(*place) == of);
        places.filter(|place| self.stands_in_item(*place, item)).collect()
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
