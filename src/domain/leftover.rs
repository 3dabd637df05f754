//! An account that may still exist after cleanup, and why.

use serde::Serialize;

use super::account::{AccountKey, RemoteId};
use super::why::Why;

/// An account that may still exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Which.
    pub key: AccountKey,
    /// Its ids, where they are known.
    pub ids: Vec<RemoteId>,
    /// Its user name.
    pub username: String,
    /// The class of the reason.
    pub reason: Reason,
    /// The reason in words.
    pub detail: Why,
}

/// Why an account is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It may have been created, and the service has no look-up.
    NoLookUp,
    /// It was not found, and that could not be proved.
    Unproved,
    /// It was not found, and no eye that would show it is known to see.
    Blind,
    /// It was not found, but the service is not where it was when the account was made.
    Elsewhere,
    /// Its delete was accepted, and it is still shown.
    StillShown,
    /// Nothing shows that the id is its own.
    Doubtful,
    /// Its id leads to an account under another name.
    Stranger,
    /// The journal may lack its last lines, and the service can't be looked into.
    LinesLost,
    /// The service did not delete it.
    Failed,
    /// The service can't be asked: a variable is missing, or the configuration no longer has it.
    Unusable,
    /// The deadline came first.
    Deadline,
    /// Cleanup was stopped.
    Stopped,
}
