//! What happened, as the journal writes it down: one line each, in the order in which it was known.
//!
//! This is an intent log, not a debug log: it holds what cleanup needs and nothing else, and no secret by type.

use serde::{Deserialize, Serialize};

use super::account::{AccountKey, RemoteId, ServiceName};
use super::time::Timestamp;

/// The version of the journal's format. An older program that meets a newer number warns and does what it can.
pub const VERSION: u32 = 1;

/// The first line: what this setup means to create, before anything was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// When it was written.
    pub at: Timestamp,
    /// The repository or project.
    pub repository: String,
    /// The CI's id of the run.
    pub run: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The marker that every account of this setup carries.
    pub marker: String,
    /// Every account, in the order of creation.
    pub accounts: Vec<PlannedAccount>,
}

/// One account of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAccount {
    /// Which.
    #[serde(with = "super::account::as_text")]
    pub key: AccountKey,
    /// The user name that the service is given.
    pub username: String,
    /// The user name before it was cut to the service's length, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_username: Option<String>,
    /// The configuration gives the password: it was neither drawn nor computed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_password: bool,
    /// The e-mail that the service is given.
    pub email: String,
    /// How long one request may take: a create may land until then, even after the process died.
    pub timeout_ms: u64,
    /// The accounts that must be ready before this one, as places in the list; they are deleted after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<usize>,
    /// The name does not carry the marker, by the configuration's own wish: never adopted, never swept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmarked: bool,
}

impl PlannedAccount {
    /// An account that a list showed, of which its name is all that is known.
    pub fn listed(service: &ServiceName, username: String, account: String) -> Self {
        Self {
            key: AccountKey {
                service: service.clone(),
                account,
            },
            username,
            full_username: None,
            own_password: false,
            email: String::new(),
            timeout_ms: 0,
            needs: Vec::new(),
            unmarked: false,
        }
    }
}

/// Every later line: what happened to one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was known.
    pub at: Timestamp,
    /// To which.
    #[serde(with = "super::account::as_text")]
    pub account: AccountKey,
    /// What.
    pub event: Event,
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A create is about to be sent.
    CreateIntended,
    /// The service made it and gave it this id.
    Created(RemoteId),
    /// It certainly was not made.
    CreateRefused(String),
    /// It may have been made.
    CreateUnclear(String),
    /// A look-up found it under exactly our name.
    Adopted(Vec<RemoteId>),
    /// Reading it back showed what was asked for.
    Verified,
    /// Reading it back did not show what was asked for; the account is there all the same.
    VerifyFailed(String),
    /// The id leads to an account under somebody else's name: it is never deleted.
    StrangerShown(String),
    /// A delete is about to be sent.
    DeleteIntended,
    /// It could not be deleted so far.
    DeleteFailed(String),
    /// The account of this id was deleted, and seen to be gone where the service is asked.
    Deleted(RemoteId),
    /// It certainly is not there, and no create can land any more.
    Absent,
}
