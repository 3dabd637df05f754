//! What the events add up to: the status of each account, and what is owed to the outside.
//!
//! The one transition table stands in `next`. Replaying can't fail: cleanup never refuses to start because of its
//! own diary. What does not fit is told beside the ledger, and the account is then held to be unclear.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::account::{AccountKey, RemoteId};
use super::event::{Entry, Event, Planned, PlannedAccount};
use super::time::Timestamp;

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nothing was sent. Owes nothing.
    Untouched,
    /// A create was intended and nothing is known of it: look, then delete.
    Creating,
    /// It was not made. Owes nothing.
    Refused,
    /// It may have been made: look, then delete.
    Unclear,
    /// It was made: delete.
    Live,
    /// It was made and reads back as asked: delete.
    Verified,
    /// It was made and does not read back as asked: delete.
    Rejected,
    /// The service showed somebody else's account for ours: look for ours by name, never delete what was shown.
    Stranger,
    /// A delete was intended: delete again.
    Deleting,
    /// It is not there. Owes nothing.
    Gone,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Untouched,
        Self::Creating,
        Self::Refused,
        Self::Unclear,
        Self::Live,
        Self::Verified,
        Self::Rejected,
        Self::Stranger,
        Self::Deleting,
        Self::Gone,
    ];

    /// May the account exist?
    pub fn is_debt(self) -> bool {
        match self {
            Self::Untouched | Self::Refused | Self::Gone => false,
            Self::Creating
            | Self::Unclear
            | Self::Live
            | Self::Verified
            | Self::Rejected
            | Self::Stranger
            | Self::Deleting => true,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untouched => "untouched",
            Self::Creating => "creating",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
            Self::Live => "live",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Stranger => "stranger",
            Self::Deleting => "deleting",
            Self::Gone => "gone",
        })
    }
}

/// All that is known of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub status: Status,
    /// The ids under which it is known to exist; several where equal names were found.
    pub ids: Vec<RemoteId>,
    /// How many creates were sent of which nothing certain is known: each may still land.
    pub open_intents: u32,
    /// When the last create was intended.
    pub last_intent: Option<Timestamp>,
    /// When its ids were last seen to be those of our name.
    pub last_seen: Option<Timestamp>,
    /// The first id that it was known under, kept for reports when it is long gone.
    pub known_as: Option<RemoteId>,
}

impl Record {
    const fn untouched() -> Self {
        Self {
            status: Status::Untouched,
            ids: Vec::new(),
            open_intents: 0,
            last_intent: None,
            last_seen: None,
            known_as: None,
        }
    }

    /// When no create of this account can land any more: the last intent and what a request may take.
    pub fn window_closes(&self, request_timeout: Duration) -> Timestamp {
        self.last_intent
            .map_or(Timestamp::from_millis(0), |intent| intent + request_timeout)
    }

    /// Takes one event in; says whether the table has a place for it. What has none leaves the account unclear, with
    /// all that is known of it kept.
    pub fn apply(&mut self, at: Timestamp, event: &Event) -> bool {
        self.account(at, event);
        let next = next(self.status, event, self);
        self.status = next.unwrap_or(Status::Unclear);
        next.is_some()
    }

    /// Keeps the ids and the open intents.
    fn account(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::CreateIntended => {
                self.open_intents += 1;
                self.last_intent = Some(at);
            }
            Event::Created(id) => {
                self.open_intents = self.open_intents.saturating_sub(1);
                self.learn(id);
            }
            Event::CreateRefused(_) => self.open_intents = self.open_intents.saturating_sub(1),
            Event::Verified => self.last_seen = Some(at),
            Event::Adopted(ids) => {
                self.last_seen = Some(at);
                for id in ids {
                    if self.learn(id) {
                        self.open_intents = self.open_intents.saturating_sub(1);
                    }
                }
            }
            Event::StrangerShown(_) => {
                self.ids.clear();
                self.open_intents += 1;
            }
            Event::Deleted(id) => self.ids.retain(|known| known != id),
            Event::Absent => {
                self.ids.clear();
                self.open_intents = 0;
            }
            Event::CreateUnclear(_) | Event::VerifyFailed(_) | Event::DeleteIntended | Event::DeleteFailed(_) => {}
        }
    }

    fn learn(&mut self, id: &RemoteId) -> bool {
        let new = !self.ids.contains(id);
        if new {
            self.ids.push(id.clone());
            self.known_as.get_or_insert_with(|| id.clone());
        }
        new
    }
}

/// The transition table. `after` is the record with the event's ids and intents already counted.
fn next(status: Status, event: &Event, after: &Record) -> Option<Status> {
    use Status::{Creating, Deleting, Gone, Live, Refused, Rejected, Stranger, Unclear, Untouched, Verified};
    let next = match (status, event) {
        (Untouched | Refused | Unclear | Gone, Event::CreateIntended) => Creating,
        (Creating, Event::CreateRefused(_)) if after.open_intents > 0 => Unclear,
        (Creating, Event::CreateRefused(_)) => Refused,
        (Creating, Event::CreateUnclear(_)) => Unclear,
        (Creating, Event::Created(_)) | (Creating | Unclear | Stranger | Deleting, Event::Adopted(_)) => Live,
        (Live, Event::Verified) => Verified,
        (Live, Event::VerifyFailed(_)) => Rejected,
        (Creating | Unclear | Live | Verified | Rejected | Deleting, Event::StrangerShown(_)) => Stranger,
        (Creating | Unclear | Stranger | Live | Verified | Rejected | Deleting, Event::DeleteIntended)
        | (Deleting, Event::DeleteFailed(_)) => Deleting,
        (Deleting, Event::Deleted(_)) if !after.ids.is_empty() => Deleting,
        (Deleting, Event::Deleted(_)) if after.open_intents > 0 => Unclear,
        (Deleting, Event::Deleted(_))
        | (Creating | Unclear | Stranger | Live | Verified | Rejected | Deleting, Event::Absent) => Gone,
        (Untouched | Creating | Refused | Unclear | Live | Verified | Rejected | Stranger | Deleting | Gone, _) => {
            return None;
        }
    };
    Some(next)
}

/// The plan of one setup and where each of its accounts stands.
#[derive(Clone, Debug)]
pub struct Ledger {
    plan: Planned,
    records: Vec<Record>,
    places: HashMap<AccountKey, usize>,
}

/// A line of a journal that did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalEvent {
    /// The account it spoke of.
    pub account: AccountKey,
    /// Why it did not fit.
    pub reason: String,
}

impl Ledger {
    /// The ledger of a plan of which nothing has happened yet.
    pub fn new(plan: Planned) -> Self {
        let records = vec![Record::untouched(); plan.accounts.len()];
        let places = plan
            .accounts
            .iter()
            .enumerate()
            .map(|(place, account)| (account.key.clone(), place))
            .collect();
        Self { plan, records, places }
    }

    /// Adds up a journal's lines.
    pub fn replay(plan: Planned, entries: &[Entry]) -> (Self, Vec<IllegalEvent>) {
        let mut ledger = Self::new(plan);
        let illegal = entries.iter().filter_map(|entry| ledger.apply(entry).err()).collect();
        (ledger, illegal)
    }

    /// Takes one event in.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), IllegalEvent> {
        let illegal = |reason| IllegalEvent {
            account: entry.account.clone(),
            reason,
        };
        let Some(place) = self.place(&entry.account) else {
            return Err(illegal("the plan has no such account".to_owned()));
        };
        let record = &mut self.records[place];
        let before = record.status;
        if record.apply(entry.at, &entry.event) {
            Ok(())
        } else {
            Err(illegal(format!("{:?} can't follow `{before}`", entry.event)))
        }
    }

    /// Holds an account to be unclear, of which a line could not be read.
    pub fn doubt(&mut self, account: &AccountKey) {
        if let Some(place) = self.place(account) {
            let record = &mut self.records[place];
            record.open_intents = record.open_intents.max(1);
            if record.ids.is_empty() {
                record.status = Status::Unclear;
            }
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Planned {
        &self.plan
    }

    /// The account at a place of the plan.
    pub fn account(&self, place: usize) -> &PlannedAccount {
        &self.plan.accounts[place]
    }

    /// What is known of the account at a place of the plan.
    pub fn record(&self, place: usize) -> &Record {
        &self.records[place]
    }

    /// The place of an account in the plan.
    pub fn place(&self, account: &AccountKey) -> Option<usize> {
        self.places.get(account).copied()
    }

    /// The places of all accounts that may exist.
    pub fn debts(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.records.len()).filter(|place| self.records[*place].status.is_debt())
    }

    /// Does nothing that was planned exist any more?
    pub fn is_settled(&self) -> bool {
        self.debts().next().is_none()
    }
}

#[cfg(test)]
mod tests;
