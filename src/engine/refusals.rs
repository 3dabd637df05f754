//! A no that may be a yes: services refuse what they have done. One look is enough, and not one for each of a thousand.

use super::{Engine, Site};
use crate::domain::ledger::Record;
use crate::ports::World;

/// So many accounts that were refused for one cause are looked up; where none of them is there, neither are the others.
const LOOKS: u32 = 3;

/// The looks into refusals of one cause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refusals {
    looks: u32,
    lied: bool,
}

impl<W: World> Engine<'_, W> {
    /// Is this refusal looked into, or have others of its cause answered for it?
    pub(super) fn is_worth_a_look(&self, place: usize, site: &Site, record: &Record) -> bool {
        if has_cheap_list(site) {
            return true;
        }
        let mut refusals = self.refusals.borrow_mut();
        let known = refusals.entry(self.cause(place, record)).or_default();
        known.looks += 1;
        known.lied || known.looks <= LOOKS
    }

    /// An account was there although it had been refused: all of that cause are looked up.
    pub(super) fn doubt_refusals(&self, place: usize, record: &Record) {
        self.refusals
            .borrow_mut()
            .entry(self.cause(place, record))
            .or_default()
            .lied = true;
    }

    /// The service, and what it said but for the account's own name.
    fn cause(&self, place: usize, record: &Record) -> (usize, String) {
        let said = record.refusal.clone().unwrap_or_default();
        let ledger = self.ledger.borrow();
        let account = ledger.account(place);
        let said = said.replace(&account.username, "").replace(&account.email, "");
        (self.site_of(place), said)
    }
}

/// Can the accounts of this run be listed alone?
pub(super) fn has_cheap_list(site: &Site) -> bool {
    site.service.list.as_ref().is_some_and(|list| list.filter.is_some())
}
