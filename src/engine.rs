//! The only part that does things in an order: decide, write down, ask, write down.
//!
//! It drives each account by the pure decisions of `domain::decide`, through the ports alone. It is deliberately not a
//! framework for jobs: the graph here is data (an account needs an account), and there are two ways to walk it, forward
//! in [`Engine::provision`] and back in [`Engine::settle`].

mod advice;
mod away;
mod busy;
mod check;
mod copied;
mod create;
mod dead;
mod deletion;
mod ends;
mod exchange;
mod eyes;
mod fading;
mod halt;
mod inquiry;
mod keep;
mod list;
mod listing;
mod lost;
mod place;
mod prove;
mod provision;
mod ready;
mod refusals;
mod schedule;
mod settle;
mod site;
mod slots;
mod status;
mod steps;
mod stuck;
mod whose;
mod witness;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use crate::domain::account::AccountKey;
use crate::domain::decide::Powers;
use crate::domain::event::{Entry, Event};
use crate::domain::evidence::{Eye, Sight};
use crate::domain::ledger::{Ledger, Record};
use crate::domain::leftover::Reason;
use crate::domain::name::Names;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{JournalBroken, Notice, Progress, World};
use away::Away;
use dead::Acceptance;
use halt::Halt;
use slots::{Slot, Slots, Turn};

pub use ends::Settled;
pub use eyes::eye_by_id;
pub use keep::{Keeps, keeps, kept_reads, unknown_of_adopted};
pub use list::{Extent, Listed, Regard};
pub use lost::Unshown;
pub use provision::{Provisioned, Unprovisioned};
pub use site::{Site, has_auth, own_credentials};

/// What was learnt of an account beside its id.
#[derive(Clone, Default)]
pub struct Learnt {
    /// The user name as the service shows it, where that is another spelling of ours.
    pub username: Option<String>,
    /// Every such spelling that was told.
    spellings: Vec<String>,
    /// For later requests only.
    pub captures: serde_json::Map<String, serde_json::Value>,
    /// For the outputs.
    pub outputs: serde_json::Map<String, serde_json::Value>,
    /// For the credentials file.
    pub secrets: Vec<(String, Secret)>,
}

/// Whether an accepted delete has come true, or why that is not so.
type Faded = Result<(), (Reason, Why)>;

/// Drives the accounts of one ledger.
pub struct Engine<'a, W> {
    world: &'a W,
    sites: &'a [Site],
    /// The service of each account, by its place in the plan.
    places: RefCell<Vec<usize>>,
    /// How many accounts the plan had at first: those behind them were made to show what an eye sees.
    originals: usize,
    /// Of which accounts those are copies.
    copies: RefCell<Vec<copied::Copied>>,
    /// What `account` is in the templates of each account.
    account: Box<dyn Fn(usize) -> minijinja::Value + 'a>,
    /// When everything must have ended.
    deadline: Timestamp,
    /// The accounts are known by a list alone, and none can be made: as in a sweep.
    only_listed: bool,
    /// Per service, the user names of the plan.
    names: RefCell<HashMap<usize, Names>>,
    /// Per service, which eyes see.
    sights: RefCell<Vec<Sight>>,
    /// Per service, held by whoever finds that out.
    earning: Vec<Mutex<()>>,
    /// Services whose `find` did not show what it was asked for, so that their list is asked.
    blind_finds: RefCell<HashSet<usize>>,
    /// Services that showed an account under the id that its create had given.
    ids_agree: RefCell<HashSet<usize>>,
    /// Per service, its latest listing.
    listings: Vec<Mutex<Option<Rc<listing::Listing>>>>,
    /// Per service, whether its first account was missed by a look before its delete.
    before: Vec<OnceCell<bool>>,
    /// Per service, held by whoever looks whether a delete has come true.
    fading: Vec<Mutex<()>>,
    /// Of each form in which a service answers its deletes: whether they come true.
    faded: RefCell<HashMap<(usize, String), Faded>>,
    /// Refusals of one cause, by service and reason.
    refusals: RefCell<HashMap<(usize, String), refusals::Refusals>>,
    /// Services at which an account of this plan was seen in this command.
    shown_here: RefCell<HashSet<usize>>,
    /// Per service, what its `place` gives now.
    here: Vec<OnceCell<Option<String>>>,
    /// What the probe of a service was answered with, where that was no success.
    probes: RefCell<HashMap<usize, String>>,
    /// Services that throttle creates which they have done.
    throttles_lie: RefCell<HashMap<usize, bool>>,
    /// Services of which a first account was looked up.
    first_looks: RefCell<HashSet<usize>>,
    ledger: RefCell<Ledger>,
    learnt: RefCell<Vec<Learnt>>,
    /// Per service, what is kept of its accounts for other processes.
    keeps: Vec<Keeps>,
    readiness: Vec<OnceCell<Result<(), Why>>>,
    /// The requests that each service may be asked at once.
    slots: Vec<Slots>,
    /// Per service, the [`Engine::stamp`] of the latest request whose answer showed that the credentials are good.
    proofs: Vec<Cell<u64>>,
    /// How many requests were sent.
    requests: Cell<u64>,
    /// An account could not be had: no other is begun any more.
    is_ending: Cell<bool>,
    /// Whether each service is there.
    away: Vec<Away>,
    /// Whether the credentials of each are good.
    standings: Vec<Acceptance>,
    /// How long one that goes away is waited for.
    patience: Cell<Duration>,
    /// Is what is asked for a debt, so that a service that fails is asked for longer?
    persists: Cell<bool>,
    /// What would be waited for beyond the deadline is asked at this time once more.
    last_call: Cell<Option<Timestamp>>,
    /// What services answered, where somebody looks.
    heard: RefCell<Option<check::Heard>>,
}

impl<'a, W: World> Engine<'a, W> {
    /// An engine over a ledger. Every service of the plan stands in `sites`, else its accounts can only be left.
    pub fn new(
        world: &'a W,
        sites: &'a [Site],
        ledger: Ledger,
        account: impl Fn(usize) -> minijinja::Value + 'a,
        deadline: Timestamp,
    ) -> Self {
        let accounts = &ledger.plan().accounts;
        let places: Vec<usize> = accounts
            .iter()
            .map(|account| {
                let known = |site: &Site| site.service.name == account.key.service;
                sites.iter().position(known).unwrap_or(usize::MAX)
            })
            .collect();
        Self {
            world,
            sites,
            originals: places.len(),
            places: RefCell::new(places),
            copies: RefCell::default(),
            account: Box::new(account),
            deadline,
            only_listed: false,
            names: RefCell::default(),
            sights: RefCell::new(vec![Sight::default(); sites.len()]),
            earning: sites.iter().map(|_| Mutex::default()).collect(),
            blind_finds: RefCell::default(),
            ids_agree: RefCell::default(),
            listings: sites.iter().map(|_| Mutex::default()).collect(),
            before: sites.iter().map(|_| OnceCell::new()).collect(),
            fading: sites.iter().map(|_| Mutex::default()).collect(),
            faded: RefCell::default(),
            refusals: RefCell::default(),
            shown_here: RefCell::default(),
            here: sites.iter().map(|_| OnceCell::new()).collect(),
            probes: RefCell::default(),
            throttles_lie: RefCell::default(),
            first_looks: RefCell::default(),
            learnt: RefCell::new(vec![Learnt::default(); accounts.len()]),
            keeps: keeps(sites.iter().map(|site| &site.service)),
            readiness: sites.iter().map(|_| OnceCell::new()).collect(),
            slots: sites
                .iter()
                .map(|site| Slots::new(site.service.limits.concurrency))
                .collect(),
            proofs: sites.iter().map(|_| Cell::new(0)).collect(),
            requests: Cell::new(0),
            is_ending: Cell::new(false),
            away: sites.iter().map(|_| Away::default()).collect(),
            standings: sites.iter().map(|_| Acceptance::default()).collect(),
            patience: Cell::new(Duration::ZERO),
            persists: Cell::new(false),
            last_call: Cell::new(None),
            heard: RefCell::default(),
            ledger: RefCell::new(ledger),
        }
    }

    /// The accounts were listed in this command: the list has shown them, nothing but their names is known, and none can be made.
    pub fn only_listed(&mut self) {
        self.only_listed = true;
        for sight in self.sights.get_mut() {
            sight.earn(Eye::Name);
        }
    }

    /// Goes on with the same ledger until another deadline: what setup made, rollback takes away.
    pub fn set_deadline(&mut self, deadline: Timestamp) {
        self.deadline = deadline;
        self.last_call.set(None);
    }

    /// Where each account stands, and what was learnt of it.
    pub fn into_parts(self) -> (Ledger, Vec<Learnt>) {
        (self.ledger.into_inner(), self.learnt.into_inner())
    }

    /// How many requests were sent so far.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Where each account stands by now.
    pub fn ledger(&self) -> std::cell::Ref<'_, Ledger> {
        self.ledger.borrow()
    }

    fn site(&self, place: usize) -> Option<&'a Site> {
        self.sites.get(self.site_of(place))
    }

    /// The place of an account's service; beyond all of them where the configuration has it no more.
    fn site_of(&self, place: usize) -> usize {
        self.places.borrow().get(place).copied().unwrap_or(usize::MAX)
    }

    fn key(&self, place: usize) -> AccountKey {
        self.ledger.borrow().account(place).key.clone()
    }

    fn username(&self, place: usize) -> String {
        self.ledger.borrow().account(place).username.clone()
    }

    fn record(&self, place: usize) -> Record {
        self.ledger.borrow().record(place).clone()
    }

    /// What can be done for this account.
    fn powers(&self, place: usize, site: &Site) -> Powers {
        let is_chosen = self.is_chosen(place, site);
        let ledger = self.ledger.borrow();
        let account = ledger.account(place);
        let record = ledger.record(place);
        let is_only_found = !self.only_listed
            && record
                .ids
                .first()
                .is_some_and(|id| record.found.contains(id) && !record.was_read(id));
        let planned = Duration::from_millis(account.timeout_ms);
        Powers {
            // Whoever bears a name without our marker may be somebody else: it is never gone by.
            find: site.powers.find && !account.unmarked && !self.only_listed,
            by_name: site.powers.by_name && !account.unmarked,
            chosen_id: site.powers.chosen_id && !account.unmarked && !self.only_listed && is_chosen,
            ids_proved: !is_only_found && (self.agrees(place) || site.powers.chosen_id || !record.read.is_empty()),
            elsewhere: self.differs(place, &ledger).is_some(),
            // An expression that gives two accounts one id gives the wrong thing.
            shared: ledger
                .record(place)
                .ids
                .first()
                .is_some_and(|id| ledger.is_shared(place, id)),
            // What was in flight when its process died had the time that it was sent with.
            request_timeout: site.powers.request_timeout.max(planned),
            ..site.powers
        }
    }

    /// The names that a template of this account sees.
    fn scope(&self, place: usize, site: &Site) -> Scope {
        let ledger = self.ledger.borrow();
        let needs = ledger.account(place).needs.iter().map(|need| {
            let account = ledger.account(*need);
            (account.key.service.as_str().to_owned(), self.needed(&ledger, *need))
        });
        let scope = site
            .scope
            .clone()
            .with("account", self.account_value(place))
            .with("needs", minijinja::Value::from_pairs(needs));
        let learnt = self.learnt.borrow();
        let scope = with_captures(scope, &learnt[place].captures);
        match ledger.record(place).ids.first() {
            Some(id) => scope.with("id", id.as_str()),
            None => scope,
        }
    }

    fn needed(&self, ledger: &Ledger, place: usize) -> minijinja::Value {
        let learnt = &self.learnt.borrow()[place];
        let own = [("username".to_owned(), ledger.account(place).username.clone())];
        let id = ledger
            .record(place)
            .ids
            .first()
            .map(|id| ("id".to_owned(), id.as_str().to_owned()));
        let learnt = learnt.captures.iter().chain(&learnt.outputs);
        minijinja::Value::from_pairs(
            learnt
                .map(|(name, value)| (name.clone(), minijinja::Value::from(minijinja::value::Serde(value))))
                .chain(
                    own.into_iter()
                        .chain(id)
                        .map(|(name, value)| (name, minijinja::Value::from(value))),
                ),
        )
    }

    /// Writes an intent down: only when this succeeds may it be carried out.
    fn intend(&self, place: usize, event: Event) -> Result<(), JournalBroken> {
        let entry = self.entry(place, event);
        self.world.append(&entry)?;
        self.take_in(&entry);
        Ok(())
    }

    /// Writes a result down. It is known whether the journal can be written or not, so memory comes first.
    fn note(&self, place: usize, event: Event) -> Result<(), JournalBroken> {
        let entry = self.entry(place, event);
        self.take_in(&entry);
        self.world.append(&entry)
    }

    fn entry(&self, place: usize, event: Event) -> Entry {
        Entry {
            at: self.world.now(),
            account: self.key(place),
            event,
        }
    }

    fn take_in(&self, entry: &Entry) {
        let taken = self.ledger.borrow_mut().apply(entry);
        debug_assert!(
            taken.is_ok(),
            "the engine takes only steps that the table has: {taken:?}"
        );
    }

    /// The work on an account: what is told meanwhile is told of it.
    fn told_of<F: Future>(&self, place: usize, work: F) -> Instrumented<F> {
        let ledger = self.ledger.borrow();
        let key = &ledger.account(place).key;
        work.instrument(tracing::info_span!(
            "account",
            service = key.service.as_str(),
            account = key.account.as_str()
        ))
    }

    fn tell(&self, place: usize, progress: Progress) {
        let key = self.key(place);
        self.world.tell(Notice::Account { key, progress });
    }

    /// What is left until the deadline.
    fn time_left(&self) -> Duration {
        self.deadline.since(self.world.now())
    }

    /// Lets time pass, unless nothing new may start any more. Where the deadline comes first, it is shortly before it that the
    /// time is over, but once only.
    async fn pause(&self, duration: Duration) -> Result<(), Halt> {
        let left = self.time_left();
        let duration = if duration <= left {
            duration
        } else {
            let now = self.world.now();
            let last_call = self
                .last_call
                .get()
                .unwrap_or_else(|| now + left.saturating_sub(self.for_last_call(left)));
            self.last_call.set(Some(last_call));
            if last_call <= now {
                return Err(Halt::Deadline);
            }
            last_call.since(now)
        };
        self.unless_halted(self.world.sleep(duration)).await
    }

    /// How much of what is left before the deadline is kept for asking once more.
    fn for_last_call(&self, left: Duration) -> Duration {
        let timeouts = self.sites.iter().map(|site| site.service.timeout / 2);
        timeouts.min().unwrap_or(left).min(left / 10)
    }

    /// Waits until the service may be asked: it may for as long as the place is held. There is none of a service that the
    /// configuration does not have.
    async fn slot(&self, place: usize, turn: Turn) -> Result<Option<Slot>, Halt> {
        let slot = match self.slots.get(self.site_of(place)) {
            Some(slots) => Some(self.unless_halted(slots.take(turn)).await?),
            None => None,
        };
        self.unless_halted(self.world.admit(self.site_of(place))).await?;
        while let Err(wait) = self.world.turn(self.site_of(place)) {
            self.paced(place, wait);
            if wait > self.time_left() {
                self.last_call(place, wait).await?;
                break;
            }
            self.pause(wait).await?;
        }
        Ok(slot)
    }

    /// How many accounts of each service are under way at once: half as many again as requests. Where there is one request
    /// at a time there is one account.
    fn lanes(&self) -> Vec<usize> {
        let requests = self.sites.iter().map(|site| site.service.limits.concurrency);
        requests.map(|most| most.saturating_add(most / 2)).collect()
    }

    async fn unless_halted<T>(&self, waiting: impl Future<Output = T>) -> Result<T, Halt> {
        // What need not be waited for would else always be in time.
        if self.time_left().is_zero() {
            return Err(self.world.stop().map_or(Halt::Deadline, |_| Halt::Stopped));
        }
        tokio::select! {
            biased;
            // It mostly has nothing to wait for, and then the others, which cost a look at a file and two timers, aren't begun.
            waited = waiting => match self.world.stop() {
                Some(_) => Err(Halt::Stopped),
                None => Ok(waited),
            },
            () = self.world.stopped() => Err(Halt::Stopped),
            () = self.world.sleep(self.time_left()) => Err(Halt::Deadline),
        }
    }
}

fn with_captures(scope: Scope, captures: &serde_json::Map<String, serde_json::Value>) -> Scope {
    scope.with(
        "capture",
        minijinja::Value::from_pairs(
            captures
                .iter()
                .map(|(name, value)| (name.clone(), minijinja::Value::from(minijinja::value::Serde(value)))),
        ),
    )
}

#[cfg(test)]
mod tests;
