//! What happened, as the journal writes it down: one line each, in the order in which it was known.
//!
//! This is an intent log, not a debug log: it holds what cleanup needs and nothing else, and no secret by type.

use serde::{Deserialize, Serialize};

use super::account::{AccountKey, RemoteId, ServiceName};
use super::place::Places;
use super::time::Timestamp;

/// The version of the journal's format. An older program that meets a newer number warns and does what it can.
pub const VERSION: u32 = 2;

/// From this version on [`Event::Created`] says that the id is known to be ours, and the last line of a setup is written.
pub const WITH_EVIDENCE: u32 = 2;

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
    /// Where each service was: what a later command must find the same.
    #[serde(default, skip_serializing_if = "Places::is_empty")]
    pub places: Places,
    /// The machine's boot, where the system tells it: lines that were not synced are lost with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
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
    /// Its service has a secret of one-time codes from us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub totp: bool,
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
    /// Is its name all that is known of it, since a list showed it or somebody else made it?
    pub fn is_listed(&self) -> bool {
        self.timeout_ms == 0
    }

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
            totp: false,
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
    /// It joins the plan: an account that shows whether a look-up sees, or one that somebody else made for this run.
    Added(Box<PlannedAccount>),
    /// A create is about to be sent.
    CreateIntended,
    /// The service made it and gave it this id, which is known to be its own.
    Created(RemoteId),
    /// The service made it and gave this id, which can be nothing else: by `Location`, or as the only value that could be one.
    Sole(RemoteId),
    /// The service made it and gave this id, of which nothing shows yet that it is its own.
    Given(RemoteId),
    /// Nothing of the create reached the service, or it was sent elsewhere: it certainly was not made.
    CreateUnsent(String),
    /// The service said no. One look has to show that it meant it.
    CreateRefused(String),
    /// It may have been made.
    CreateUnclear(String),
    /// Its name is taken, after a create of it that was not answered: it exists.
    NameTaken(String),
    /// An eye of the service showed it under exactly our name, with these ids.
    Adopted(Vec<RemoteId>),
    /// Reading it back showed what was asked for.
    Verified,
    /// Nothing reads it back: the answer to its create is taken for it.
    Trusted,
    /// Reading it back did not show what was asked for; the account is there all the same.
    VerifyFailed(String),
    /// The id leads to an account under somebody else's name: it is never deleted.
    StrangerShown(String),
    /// A delete is about to be sent.
    DeleteIntended,
    /// A step of the delete was answered as expected.
    DeleteAccepted,
    /// It could not be deleted so far.
    DeleteFailed(String),
    /// The account of this id was deleted, and seen to be gone where the service is asked.
    Deleted(RemoteId),
    /// It is not there, as an eye says that sees, and no create can land any more.
    Absent,
}

impl Event {
    /// What it is called in a journal, without what it says.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(serde_json::Value::Object(map)) => map.keys().next().cloned().unwrap_or_default(),
            Ok(_) | Err(_) => String::new(),
        }
    }
}

/// A line that is about the whole setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// When it was known.
    pub at: Timestamp,
    /// What.
    pub remark: Mark,
}

/// What is remarked of a whole setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The setup has ended in its own way: no line is missing.
    Complete,
    /// What a service's `place` gave.
    Place {
        /// Which service.
        service: ServiceName,
        /// The digest of it.
        digest: String,
    },
    /// Whether a look-up of the service showed an account that is known to be there.
    Sight {
        /// Which service.
        service: ServiceName,
        /// Did it?
        sees: bool,
    },
}
