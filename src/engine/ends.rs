//! What settling comes to: one delete, all accounts that are settled at once, and the whole.

use std::cell::{Cell, RefCell};

use crate::domain::account::RemoteId;
use crate::domain::leftover::Leftover;
use crate::ports::{JournalBroken, Stop};

/// What cleanup came to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// How many accounts were deleted; several under one name count each.
    pub deleted: usize,
    /// How many were looked for and are not there.
    pub absent: usize,
    /// Those that may still exist.
    pub leftovers: Vec<Leftover>,
    /// It was told to stop.
    pub stopped: Option<Stop>,
    /// The journal could not be written on the way.
    pub journal_broken: Option<JournalBroken>,
}

/// What the accounts that are settled at once have in common.
pub(super) struct Ends {
    pub(super) settled: RefCell<Settled>,
    pub(super) broken: Cell<Option<JournalBroken>>,
}

impl Ends {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            settled: RefCell::default(),
            broken: Cell::new(None),
        }
    }

    /// A journal that can't be written any more does not stop a deletion: the next cleanup looks again.
    pub(super) fn write(&self, noted: Result<(), JournalBroken>) {
        if let Err(error) = noted {
            self.broken.set(Some(error));
        }
    }
}

/// What a delete came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delete {
    /// It was accepted, and no eye shows the account any more.
    Done,
    /// It was accepted, and the look-up shows the account under these ids, which are others.
    Under(Vec<RemoteId>),
    /// It says that there is no such account.
    Denied,
}
