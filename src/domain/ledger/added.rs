//! Accounts that come to a plan after it was drawn up.

use super::{Ledger, Record};
use crate::domain::event::PlannedAccount;

impl Ledger {
    /// Adds an account to the plan, unless it has it; gives its place.
    pub fn add(&mut self, account: PlannedAccount) -> usize {
        if let Some(place) = self.place(&account.key) {
            return place;
        }
        let place = self.records.len();
        self.places.insert(account.key.clone(), place);
        self.records.push(Record::default());
        self.plan.accounts.push(account);
        place
    }

    /// Did it come to the plan later, as a witness does and what the tests made themselves?
    pub fn is_added(&self, place: usize) -> bool {
        place >= self.drawn_up
    }
}
