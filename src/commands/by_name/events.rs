//! What is taken to have happened to accounts without a journal, as events of their ledger.

use crate::commands::context::Context;
use crate::domain::event::{Entry, Event};
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;

/// The account may have been created, just now.
pub(super) fn intend(context: &Context, ledger: &mut Ledger, place: usize) {
    apply_at(context, ledger, place, Event::CreateIntended, context.clock.now());
}

/// What is known to have happened at that time.
pub(super) fn apply_at(context: &Context, ledger: &mut Ledger, place: usize, event: Event, at: Timestamp) {
    let entry = Entry {
        at,
        account: ledger.account(place).key.clone(),
        event,
    };
    if let Err(illegal) = ledger.apply(&entry) {
        context
            .console
            .warning(format!("`{}`: {}", illegal.account, illegal.reason));
    }
}
