//! What the events add up to: the status of each account, and what is owed to the outside.
//!
//! The one transition table stands in `next`. Replaying can't fail: cleanup never refuses to start because of its
//! own diary. What does not fit is told beside the ledger, and the account is then held to be unclear.

mod added;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use super::account::{AccountKey, RemoteId, ServiceName};
use super::event::{Entry, Event, Mark, Planned, PlannedAccount, WITH_EVIDENCE};
use super::time::Timestamp;

/// Where an account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nothing was sent. Owes nothing.
    #[default]
    Untouched,
    /// A create was intended and nothing is known of it: look, then delete.
    Creating,
    /// The service said no: one look, and it owes nothing.
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

    /// Is there anything left to do about the account?
    pub fn is_open(self) -> bool {
        self.is_debt() || self == Self::Refused
    }

    /// May the account exist? An ordinary refusal is none, although one look is due.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub status: Status,
    /// The ids under which it is known to exist; several where equal names were found.
    pub ids: Vec<RemoteId>,
    /// Those of them that are known to be its own.
    pub owned: Vec<RemoteId>,
    /// Those of them that were given and can be nothing else, but under which our name was not seen yet.
    pub sole: Vec<RemoteId>,
    /// Those of them that a look-up alone has given.
    pub found: Vec<RemoteId>,
    /// Ids that led to somebody else's account, and are left alone.
    pub strange: Vec<RemoteId>,
    /// The service said or showed that it existed.
    pub existed: bool,
    /// The ids under which reading it back showed it.
    pub read: Vec<RemoteId>,
    /// A step of its delete was accepted, in whatever command.
    pub delete_accepted: bool,
    /// Why the service refused to make it, the last time that it did.
    pub refusal: Option<String>,
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
        if next.is_none() {
            self.owned.clear();
            self.sole.clear();
        }
        self.status = next.unwrap_or(Status::Unclear);
        next.is_some()
    }

    /// Keeps the ids, the open intents, and what was shown.
    fn account(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::CreateIntended => {
                self.open_intents += 1;
                self.last_intent = Some(at);
                self.delete_accepted = false;
            }
            Event::Created(id) => {
                self.answered(id);
                self.own(id);
                self.last_seen = Some(at);
            }
            Event::Sole(id) => {
                self.answered(id);
                self.sole.push(id.clone());
            }
            Event::Given(id) => self.answered(id),
            Event::CreateUnsent(_) => self.open_intents = self.open_intents.saturating_sub(1),
            Event::CreateRefused(reason) => {
                self.open_intents = self.open_intents.saturating_sub(1);
                self.refusal = Some(reason.clone());
            }
            Event::NameTaken(_) => self.existed = true,
            Event::Verified => {
                self.last_seen = Some(at);
                self.read.extend(self.ids.first().cloned());
                for id in std::mem::take(&mut self.sole) {
                    self.own(&id);
                }
            }
            Event::Adopted(ids) => {
                self.last_seen = Some(at);
                self.existed = true;
                for id in ids {
                    if self.learn(id) {
                        self.found.push(id.clone());
                        self.open_intents = self.open_intents.saturating_sub(1);
                    }
                    self.own(id);
                }
            }
            Event::StrangerShown(_) => {
                self.strange.append(&mut self.ids);
                self.owned.clear();
                self.sole.clear();
                self.open_intents += 1;
            }
            Event::DeleteAccepted => self.delete_accepted = true,
            Event::Deleted(id) => {
                self.ids.retain(|known| known != id);
                self.owned.retain(|known| known != id);
            }
            Event::Absent => {
                self.ids.clear();
                self.owned.clear();
                self.open_intents = 0;
            }
            Event::Added(_)
            | Event::CreateUnclear(_)
            | Event::Trusted
            | Event::VerifyFailed(_)
            | Event::DeleteIntended
            | Event::DeleteFailed(_) => {}
        }
    }

    /// The ids under which it is known to exist, and those that led to somebody else, each once.
    pub fn every_id(&self) -> Vec<RemoteId> {
        let strange = self.strange.iter().filter(|id| !self.ids.contains(id));
        self.ids.iter().chain(strange).cloned().collect()
    }

    /// Was this id given, and can it be nothing else?
    pub fn is_sole(&self, id: &RemoteId) -> bool {
        self.sole.contains(id)
    }

    /// Did reading it back by this id show it?
    pub fn was_read(&self, id: &RemoteId) -> bool {
        self.read.contains(id)
    }

    /// Is this id known to be its own?
    pub fn owns(&self, id: &RemoteId) -> bool {
        self.owned.contains(id)
    }

    fn answered(&mut self, id: &RemoteId) {
        self.open_intents = self.open_intents.saturating_sub(1);
        self.existed = true;
        self.learn(id);
    }

    fn own(&mut self, id: &RemoteId) {
        if !self.owned.contains(id) {
            self.owned.push(id.clone());
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

/// The transition table. `after` is the record with the event's ids and intents already counted. A check creates once more.
fn next(status: Status, event: &Event, after: &Record) -> Option<Status> {
    use Status::{Creating, Deleting, Gone, Live, Refused, Rejected, Stranger, Unclear, Untouched, Verified};
    let next = match (status, event) {
        (Untouched | Refused | Unclear | Gone | Live | Verified, Event::CreateIntended) => Creating,
        (Creating, Event::CreateRefused(_) | Event::CreateUnsent(_)) if after.open_intents > 0 => Unclear,
        (Creating, Event::CreateRefused(_) | Event::CreateUnsent(_)) if !after.ids.is_empty() => Live,
        (Creating, Event::CreateRefused(_)) => Refused,
        (Creating, Event::CreateUnsent(_)) if after.refusal.is_some() => Refused,
        (Untouched, Event::Added(_)) | (Creating, Event::CreateUnsent(_)) => Untouched,
        (Creating, Event::CreateUnclear(_) | Event::NameTaken(_)) => Unclear,
        (Creating, Event::Created(_) | Event::Sole(_) | Event::Given(_))
        | (Creating | Refused | Unclear | Stranger | Deleting, Event::Adopted(_)) => Live,
        // Another eye shows it, or another id of it.
        (Live | Verified | Rejected, Event::Adopted(_)) => status,
        (Live, Event::Verified | Event::Trusted) => Verified,
        (Live, Event::VerifyFailed(_)) => Rejected,
        (Creating | Unclear | Live | Verified | Rejected | Deleting, Event::StrangerShown(_)) => Stranger,
        (Creating | Unclear | Stranger | Live | Verified | Rejected | Deleting, Event::DeleteIntended)
        | (Deleting, Event::DeleteFailed(_) | Event::DeleteAccepted) => Deleting,
        (Deleting, Event::Deleted(_)) if !after.ids.is_empty() => Deleting,
        (Deleting, Event::Deleted(_)) if after.open_intents > 0 => Unclear,
        (Deleting, Event::Deleted(_))
        | (Creating | Refused | Unclear | Stranger | Live | Verified | Rejected | Deleting, Event::Absent) => Gone,
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
    /// Who bears an id, where several do.
    bearers: HashMap<(ServiceName, RemoteId), Vec<usize>>,
    is_complete: bool,
    told_places: BTreeMap<ServiceName, String>,
    /// How many accounts the plan had when it was drawn up.
    drawn_up: usize,
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
        let drawn_up = plan.accounts.len();
        let records = vec![Record::default(); drawn_up];
        let places = plan
            .accounts
            .iter()
            .enumerate()
            .map(|(place, account)| (account.key.clone(), place))
            .collect();
        Self {
            plan,
            records,
            places,
            bearers: HashMap::new(),
            is_complete: false,
            told_places: BTreeMap::new(),
            drawn_up,
        }
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
        if let Event::Added(account) = &entry.event {
            self.add((**account).clone());
        }
        let Some(place) = self.place(&entry.account) else {
            return Err(illegal("the plan has no such account".to_owned()));
        };
        if self.plan.version < WITH_EVIDENCE
            && let Event::Created(id) = &entry.event
        {
            return self.apply(&Entry {
                event: Event::Given(id.clone()),
                ..entry.clone()
            });
        }
        self.believe_the_old(place, &entry.event);
        self.bear(place, &entry.event);
        let record = &mut self.records[place];
        let before = record.status;
        if record.apply(entry.at, &entry.event) {
            Ok(())
        } else {
            Err(illegal(format!("`{}` can't follow `{before}`", entry.event.name())))
        }
    }

    /// Takes in what is said of the whole setup.
    pub fn remark(&mut self, mark: &Mark) {
        match mark {
            Mark::Complete => self.is_complete = true,
            Mark::Place { service, digest } => {
                self.told_places.insert(service.clone(), digest.clone());
            }
            Mark::Sight { .. } => {}
        }
    }

    /// Has the setup ended in its own way, so that no line of it is missing? Journals of the first version don't say.
    pub fn is_complete(&self) -> bool {
        self.is_complete || self.plan.version < WITH_EVIDENCE
    }

    /// What the `place` of a service gave at setup.
    pub fn place_of(&self, service: &ServiceName) -> Option<&str> {
        self.told_places.get(service).map(String::as_str)
    }

    /// What the `place` of each service gave at setup.
    pub fn told_places(&self) -> BTreeMap<ServiceName, String> {
        self.told_places.clone()
    }

    /// Is this id that of another account of the same service, too? Some services give the id of a deleted account again.
    pub fn is_shared(&self, place: usize, id: &RemoteId) -> bool {
        let key = (self.account(place).key.service.clone(), id.clone());
        let has_it = |bearer: &usize| {
            let record = self.record(*bearer);
            record.ids.contains(id) || record.strange.contains(id)
        };
        self.bearers
            .get(&key)
            .is_some_and(|bearers| bearers.iter().any(|bearer| *bearer != place && has_it(bearer)))
    }

    fn bear(&mut self, place: usize, event: &Event) {
        let ids: &[RemoteId] = match event {
            Event::Created(id) | Event::Sole(id) | Event::Given(id) => std::slice::from_ref(id),
            Event::Adopted(ids) => ids,
            Event::Added(_)
            | Event::CreateIntended
            | Event::CreateUnsent(_)
            | Event::CreateRefused(_)
            | Event::CreateUnclear(_)
            | Event::NameTaken(_)
            | Event::Verified
            | Event::Trusted
            | Event::VerifyFailed(_)
            | Event::StrangerShown(_)
            | Event::DeleteIntended
            | Event::DeleteAccepted
            | Event::DeleteFailed(_)
            | Event::Deleted(_)
            | Event::Absent => return,
        };
        for id in ids {
            let key = (self.plan.accounts[place].key.service.clone(), id.clone());
            let bearers = self.bearers.entry(key).or_default();
            if !bearers.contains(&place) {
                bearers.push(place);
            }
        }
    }

    /// Journals of the first version wrote down every id alike, and deleted by those that had been verified.
    fn believe_the_old(&mut self, place: usize, event: &Event) {
        if self.plan.version < WITH_EVIDENCE && *event == Event::Verified {
            let record = &mut self.records[place];
            record.owned.clone_from(&record.ids);
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

    /// The places of all accounts about which something is left to do: the debts, and refusals that nobody has looked into.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.records.len()).filter(|place| self.records[*place].status.is_open())
    }

    /// Is nothing left to do?
    pub fn is_settled(&self) -> bool {
        self.open().next().is_none()
    }
}

#[cfg(test)]
mod tests;
