//! A world for the engine whose services live on when the engine dies.
//!
//! A request that was sent is on its way on its own: it arrives at its time, whether somebody still waits for the answer
//! or not. So what is in flight when an engine is dropped lands later, as it does when a process is killed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::book::{Book, Kind, answer};
use super::fault::{Fault, Planted};
use super::http;
use super::process::{Crash, Process};
use crate::domain::account::AccountKey;
use crate::domain::answer::Answer;
use crate::domain::event::{Entry, Remark};
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Kept, Notice, Outgoing, Stop, World};

/// What one request may take, in every configuration of these tests.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Any day will do.
const EPOCH: u64 = 1_800_000_000_000;

/// A request that arrives.
struct Arrival {
    at: u64,
    number: u64,
    service: usize,
    request: Outgoing,
    /// Its answer is replaced by this.
    status: Option<u16>,
    garble: Option<fn(&mut Answer)>,
}

/// A call, as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// To which service.
    pub(super) service: usize,
    /// For what.
    pub(super) kind: Kind,
    /// The time.
    pub(super) at: u64,
}

struct State {
    random: ChaCha20Rng,
    books: Vec<Book>,
    arrivals: Vec<Arrival>,
    answers: HashMap<u64, Answer>,
    number: u64,
    counts: HashMap<(usize, Kind), u32>,
    process: Process,
    open_at: Vec<u64>,
    in_flight: Vec<usize>,
    most_in_flight: Vec<usize>,
    calls: Vec<Call>,
    orphans: Vec<String>,
    faults_in_a_row: Vec<u32>,
    starts_after: u64,
}

/// The world.
pub(super) struct Fake {
    origin: Instant,
    state: RefCell<State>,
    bell: Notify,
    /// The faults that are set.
    pub(super) planted: RefCell<Vec<Planted>>,
    /// One in so many requests fails by chance; never where this is 0.
    pub(super) odds: Cell<u64>,
    /// One in so many requests takes up to its whole time; never where this is 0.
    pub(super) slow: Cell<u64>,
    /// A service, and one whose account must outlive its own.
    pub(super) needs: RefCell<Vec<(usize, usize)>>,
    /// What was told.
    pub(super) notices: RefCell<Vec<Notice>>,
}

impl Fake {
    /// A world with these services in which everything that is open is decided by `seed`.
    pub(super) fn new(seed: u64, books: Vec<Book>) -> Self {
        let services = books.len();
        Self {
            origin: Instant::now(),
            state: RefCell::new(State {
                random: ChaCha20Rng::seed_from_u64(seed),
                books,
                arrivals: Vec::new(),
                answers: HashMap::new(),
                number: 0,
                counts: HashMap::new(),
                process: Process::default(),
                open_at: vec![0; services],
                in_flight: vec![0; services],
                most_in_flight: vec![0; services],
                calls: Vec::new(),
                orphans: Vec::new(),
                faults_in_a_row: vec![0; services],
                starts_after: 0,
            }),
            bell: Notify::new(),
            planted: RefCell::default(),
            odds: Cell::new(0),
            slow: Cell::new(0),
            needs: RefCell::default(),
            notices: RefCell::default(),
        }
    }

    /// A new process begins, and may die.
    pub(super) fn be_born(&self, crash: Option<Crash>) {
        let mut state = self.state.borrow_mut();
        // A process that died leaves nothing in flight that anybody waits for.
        state.in_flight.fill(0);
        state.process.be_born(crash);
    }

    /// From this append of the present process on none succeeds.
    pub(super) fn break_journal_at(&self, append: usize) {
        self.state.borrow_mut().process.breaks_at = Some(append);
    }

    /// How many creates were sent after the journal had broken.
    pub(super) fn creates_after_break(&self) -> usize {
        self.state.borrow().process.creates_after_break
    }

    /// No service can be reached before this time.
    pub(super) fn starts_after(&self, time: u64) {
        self.state.borrow_mut().starts_after = time;
    }

    /// Nothing new may be started.
    pub(super) fn tell_to_stop(&self, stop: Stop) {
        self.state.borrow_mut().process.stop = Some(stop);
        self.bell.notify_waiters();
    }

    /// Returns once the present process has died.
    pub(super) async fn death(&self) {
        while !self.is_dead() {
            self.bell.notified().await;
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state.borrow().process.dead
    }

    /// The text of the journal.
    pub(super) fn journal(&self) -> String {
        self.state.borrow().process.journal.clone()
    }

    /// Begins the journal, with its plan.
    pub(super) fn begin_journal(&self, plan: &impl serde::Serialize) {
        let line = serde_json::to_string(plan).expect("a plan is JSON");
        self.state.borrow_mut().process.journal = line + "\n";
    }

    /// How many lines the present process has appended.
    pub(super) fn appends(&self) -> usize {
        self.state.borrow().process.appends
    }

    /// The most requests that a service had in flight at once.
    pub(super) fn most_in_flight(&self, service: usize) -> usize {
        self.state.borrow().most_in_flight[service]
    }

    /// Begins to count anew what is in flight at once.
    pub(super) fn forget_most_in_flight(&self) {
        self.state.borrow_mut().most_in_flight.fill(0);
    }

    /// Everything that was sent.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.state.borrow().calls.clone()
    }

    /// Accounts that were there without what they need.
    pub(super) fn orphans(&self) -> Vec<String> {
        self.state.borrow().orphans.clone()
    }

    /// Looks into the books of a service, as they are by now.
    pub(super) fn book<T>(&self, service: usize, look: impl FnOnce(&mut Book) -> T) -> T {
        self.catch_up();
        look(&mut self.state.borrow_mut().books[service])
    }

    /// Milliseconds since the beginning.
    pub(super) fn time(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Carries out what has arrived by now, in the order of arrival.
    fn catch_up(&self) {
        let now = self.time();
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        loop {
            let due = state
                .arrivals
                .iter()
                .enumerate()
                .filter(|(_, arrival)| arrival.at <= now);
            let Some((place, _)) = due.min_by_key(|(_, arrival)| (arrival.at, arrival.number)) else {
                break;
            };
            let arrival = state.arrivals.remove(place);
            self.look_for_orphans(state, &arrival);
            let mut given = state.books[arrival.service].apply(arrival.at, &arrival.request);
            if let Some(status) = arrival.status {
                given = answer(status, serde_json::Value::Null);
            }
            if let Some(garble) = arrival.garble {
                garble(&mut given);
            }
            state.answers.insert(arrival.number, given);
        }
    }

    fn look_for_orphans(&self, state: &mut State, arrival: &Arrival) {
        if Kind::of(&arrival.request) != Kind::Delete {
            return;
        }
        let id = http(&arrival.request).target.rsplit('/').next().unwrap_or_default();
        let Some(name) = state.books[arrival.service].name_of(id) else {
            return;
        };
        for (dependent, needed) in &*self.needs.borrow() {
            if *needed == arrival.service && state.books[*dependent].has(&name) {
                state.orphans.push(format!("{name} in service {dependent}"));
            }
        }
    }

    /// Puts a request on its way: when which end comes back is then fixed.
    fn dispatch(&self, service: usize, request: &Outgoing) -> (u64, Option<u64>, Delivery) {
        let now = self.time();
        let mut state = self.state.borrow_mut();
        let kind = Kind::of(request);
        state.calls.push(Call { service, kind, at: now });
        if kind == Kind::Create && state.process.broken {
            state.process.creates_after_break += 1;
        }
        let count = state.counts.entry((service, kind)).or_insert(0);
        *count += 1;
        let count = *count;
        let timeout = u64::try_from(TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        let slow = self.slow.get() > 0 && state.random.next_u64().is_multiple_of(self.slow.get());
        let span = if slow { timeout } else { 40 };
        let mut arrives = now + 1 + state.random.next_u64() % span;
        let mut back = arrives + 1 + state.random.next_u64() % span;
        let fault = self.fault(&mut state, service, kind, count);
        let lost = |reason: &str| Delivery::Lost(reason.into());
        let (carried_out, mut end) = match fault {
            Fault::Refuse => (false, Some(Delivery::NotSent("connection refused".into()))),
            Fault::LostBefore => (false, Some(lost("the connection was lost"))),
            Fault::Takes(millis) => {
                back = arrives + millis;
                (true, None)
            }
            Fault::LostAfter | Fault::Twice => (true, Some(lost("the connection was lost"))),
            Fault::Late => {
                back = now + 1;
                arrives = now + timeout;
                (true, Some(lost("the connection was lost")))
            }
            Fault::Before(status) => (false, Some(Delivery::Answered(answer(status, serde_json::Value::Null)))),
            Fault::None | Fault::After(_) | Fault::Garble(_) => (true, None),
        };
        if end.is_none() && back > now + timeout {
            back = now + timeout;
            end = Some(lost("no answer in time"));
        }
        let number = state.number;
        state.number += 1;
        for _ in 0..u32::from(carried_out) + u32::from(matches!(fault, Fault::Twice)) {
            state.arrivals.push(Arrival {
                at: arrives,
                number,
                service,
                request: request.clone(),
                status: if let Fault::After(status) = fault {
                    Some(status)
                } else {
                    None
                },
                garble: if let Fault::Garble(garble) = fault {
                    Some(garble)
                } else {
                    None
                },
            });
        }
        if let Some(Delivery::Answered(answer)) = &end
            && answer.meaning() == Meaning::Throttled
        {
            state.open_at[service] = back + 1_000;
        }
        if state.process.dies_when_sent {
            state.process.dead = true;
            self.bell.notify_waiters();
        }
        match end {
            Some(end) => (back, None, end),
            None => (back, Some(number), lost("never seen")),
        }
    }

    fn fault(&self, state: &mut State, service: usize, kind: Kind, count: u32) -> Fault {
        let planted = self.planted.borrow();
        let meets = |planted: &&Planted| {
            planted.service == service && planted.kind == kind && (planted.first..=planted.last).contains(&count)
        };
        if let Some(planted) = planted.iter().find(meets) {
            return planted.fault;
        }
        if self.odds.get() == 0 || !state.random.next_u64().is_multiple_of(self.odds.get()) {
            state.faults_in_a_row[service] = 0;
            return Fault::None;
        }
        // Chance is not allowed to use up all tries of one request.
        state.faults_in_a_row[service] += 1;
        if state.faults_in_a_row[service] > 2 {
            return Fault::None;
        }
        Fault::passing(state.random.next_u64())
    }
}

impl Fake {
    /// Appends a line to the journal.
    fn write(&self, value: &impl serde::Serialize) -> Result<(), JournalBroken> {
        let line = serde_json::to_string(value).expect("a line is JSON") + "\n";
        let mut state = self.state.borrow_mut();
        let appended = state.process.append(&line);
        if state.process.dead {
            self.bell.notify_waiters();
        }
        if appended {
            Ok(())
        } else {
            Err(JournalBroken("the disk is full".to_owned()))
        }
    }
}

impl World for Fake {
    fn turn(&self, service: usize) -> Result<(), Duration> {
        let open_at = self.state.borrow().open_at[service];
        match open_at.saturating_sub(self.time()) {
            0 => Ok(()),
            wait => Err(Duration::from_millis(wait)),
        }
    }

    async fn admit(&self, _service: usize) {}

    fn sync(&self) -> Result<(), JournalBroken> {
        Ok(())
    }

    fn renews(&self, _service: usize) -> bool {
        false
    }

    async fn send(&self, service: usize, request: &Outgoing) -> Delivery {
        if self.is_dead() {
            return pending().await;
        }
        let (back, number, end) = self.dispatch(service, request);
        let _flight = Flight::begin(&self.state, service);
        sleep_until(self.origin + Duration::from_millis(back)).await;
        let Some(number) = number else { return end };
        self.catch_up();
        let answered = self.state.borrow_mut().answers.remove(&number);
        Delivery::Answered(answered.expect("an answer comes after its request has arrived"))
    }

    async fn reach(&self, _service: usize) -> Result<(), Why> {
        sleep(Duration::from_millis(1)).await;
        if self.time() < self.state.borrow().starts_after {
            return Err("connection refused".into());
        }
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<(), JournalBroken> {
        self.write(entry)
    }

    fn remark(&self, remark: &Remark) -> Result<(), JournalBroken> {
        self.write(remark)
    }

    fn keep(&self, _account: &AccountKey, _kept: &Kept) -> Result<(), JournalBroken> {
        Ok(())
    }

    fn password(&self) -> Secret {
        Secret::new("Witness-1.password")
    }

    fn totp_secret(&self) -> Secret {
        Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH + self.time())
    }

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn random(&self) -> f64 {
        let number = u32::try_from(self.state.borrow_mut().random.next_u64() % 1_000).unwrap_or(0);
        f64::from(number) / 1_000.0
    }

    fn stop(&self) -> Option<Stop> {
        self.state.borrow().process.stop
    }

    async fn stopped(&self) {
        while self.stop().is_none() {
            self.bell.notified().await;
        }
    }

    async fn hurried(&self) {
        std::future::pending::<()>().await;
    }

    fn keep_secret(&self, _secret: &Secret) {}

    fn hide(&self, text: &str) -> String {
        text.to_owned()
    }

    fn shows_answers(&self) -> bool {
        true
    }

    fn tell(&self, notice: Notice) {
        self.notices.borrow_mut().push(notice);
    }
}

/// A request in flight, for as long as somebody waits for it.
struct Flight<'a> {
    state: &'a RefCell<State>,
    service: usize,
}

impl<'a> Flight<'a> {
    fn begin(state: &'a RefCell<State>, service: usize) -> Self {
        let mut open = state.borrow_mut();
        open.in_flight[service] += 1;
        open.most_in_flight[service] = open.most_in_flight[service].max(open.in_flight[service]);
        drop(open);
        Self { state, service }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.in_flight[self.service] = state.in_flight[self.service].saturating_sub(1);
    }
}
