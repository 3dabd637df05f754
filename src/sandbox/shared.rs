//! What all connections of a sandbox share: its services, its faults and its books, behind one lock that is never held
//! while anything waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::answer::Reply;
use super::book::{Book, Books, Ids};
use super::call::{Call, Resource};
use super::fault::{Fault, Strike};
use super::service::{Principal, apply, created, principal};
use super::spec::{Admission, Bucket, ServiceSpec};
use super::watch::{Moment, Observed, Observer, Seen};

/// The person that is seeded where a fault needs one.
const STRANGER: &str = "maria.keller";

/// The sandbox, as its connections see it.
pub(super) struct Shared {
    pub(super) services: Vec<ServiceSpec>,
    pub(super) delay: Duration,
    faults: Vec<Fault>,
    observer: Option<Observer>,
    keep_requests: usize,
    started: Instant,
    state: Mutex<SharedState>,
}

struct SharedState {
    ids: Ids,
    books: Vec<Book>,
    buckets: Vec<Option<Bucket>>,
    /// How many requests each fault has counted.
    counted: Vec<u64>,
    requests: u64,
    seen: Vec<Seen>,
}

/// What the faults have in store for one request.
#[derive(Debug, Default)]
pub(super) struct Struck {
    pub(super) strike: Option<Strike>,
    /// Whether its credentials count for nothing.
    pub(super) anonymous: bool,
    /// The fault in words.
    pub(super) words: Option<String>,
}

impl Shared {
    pub(super) fn new(
        services: Vec<ServiceSpec>,
        faults: Vec<Fault>,
        delay: Duration,
        observer: Option<Observer>,
        keep_requests: usize,
    ) -> Self {
        let mut ids = Ids::default();
        let mut books: Vec<Book> = services.iter().map(|spec| Book::new(spec.unique_names)).collect();
        for (spec, book) in services.iter().zip(&mut books) {
            for human in &spec.humans {
                book.seed(&mut ids, human);
            }
            let needs_human = faults.iter().any(|fault| {
                fault.strike == Strike::Stranger && fault.service.as_ref().is_none_or(|name| *name == spec.name)
            });
            if needs_human && spec.humans.is_empty() {
                book.seed(&mut ids, STRANGER);
            }
        }
        let state = SharedState {
            ids,
            books,
            buckets: services.iter().map(|spec| spec.rate_limit.map(Bucket::new)).collect(),
            counted: vec![0; faults.len()],
            requests: 0,
            seen: Vec::new(),
        };
        Self {
            services,
            delay,
            faults,
            observer,
            keep_requests,
            started: Instant::now(),
            state: Mutex::new(state),
        }
    }

    /// A panic of an observer can poison the lock, but never between two halves of a change to the books.
    fn state(&self) -> MutexGuard<'_, SharedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time since the start.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The number of a request that has just come.
    pub(super) fn arrive(&self) -> u64 {
        let mut state = self.state();
        state.requests += 1;
        state.requests
    }

    /// Asks for a token of the service's rate limit, if it has one.
    pub(super) fn admit(&self, service: usize) -> Option<Admission> {
        let now = self.now();
        let mut state = self.state();
        let bucket = state.buckets.get_mut(service)?.as_mut()?;
        Some(bucket.admit(now))
    }

    /// Counts the request with every fault that means it, and says which of them strikes.
    pub(super) fn strike(&self, service: usize, call: &Call) -> Struck {
        let mut struck = Struck::default();
        let (Some(spec), false) = (self.services.get(service), self.faults.is_empty()) else {
            return struck;
        };
        let mut state = self.state();
        let SharedState { books, counted, .. } = &mut *state;
        let Some(book) = books.get(service) else { return struck };
        let of_path = match &call.target {
            Resource::Account(id) => book.get(id).map(|account| account.username.as_str()),
            Resource::Accounts | Resource::Me | Resource::Health | Resource::Unknown => None,
        };
        for (fault, count) in self.faults.iter().zip(counted) {
            if !call.is_meant_by(fault, &spec.name, of_path.or_else(|| call.username())) {
                continue;
            }
            let strikes = if let Strike::TokenDies(after) = fault.strike {
                if principal(spec, book, call) == Principal::Nobody {
                    continue;
                }
                *count += 1;
                *count > after
            } else {
                *count += 1;
                fault.nth.strikes(*count)
            };
            if !strikes {
                continue;
            }
            if fault.strike.is_about_credentials() {
                struck.anonymous = true;
            } else if struck.strike.is_none() {
                struck.strike = Some(fault.strike.clone());
            } else {
                continue;
            }
            struck.words.get_or_insert_with(|| fault.strike.to_string());
        }
        struck
    }

    /// Does what the request asks.
    pub(super) fn apply(&self, service: usize, call: &Call, anonymous: bool) -> Reply {
        let mut state = self.state();
        let SharedState { ids, books, .. } = &mut *state;
        let (Some(spec), Some(book)) = (self.services.get(service), books.get_mut(service)) else {
            return no_such_service();
        };
        let asks = if anonymous {
            Principal::Nobody
        } else {
            principal(spec, book, call)
        };
        apply(spec, book, ids, call, &asks)
    }

    /// The answer to a create that shows a human's id under the name that was asked for.
    pub(super) fn stranger(&self, service: usize, call: &Call) -> Reply {
        let state = self.state();
        let human = state.books.get(service).and_then(Book::first_human);
        let (Some(spec), Some(human)) = (self.services.get(service), human) else {
            return no_such_service();
        };
        let mut answer = created(spec, human);
        answer.rename(call.username().unwrap_or_default());
        answer
    }

    /// Tells the observer.
    pub(super) fn observe(&self, observed: impl FnOnce() -> Observed) {
        if let Some(observer) = &self.observer {
            observer(&observed());
        }
    }

    /// Notes a request that is over, while there is room.
    pub(super) fn note(&self, seen: impl FnOnce() -> Seen) {
        let mut state = self.state();
        if state.seen.len() < self.keep_requests {
            state.seen.push(seen());
        }
    }

    /// The books of a service, if there is one of that name.
    pub(super) fn books(&self, service: &str) -> Option<Books> {
        let index = self.services.iter().position(|spec| spec.name == service)?;
        self.state().books.get(index).map(Book::books)
    }

    /// The requests that are over, in the order they came.
    pub(super) fn requests(&self) -> Vec<Seen> {
        let mut seen = self.state().seen.clone();
        seen.sort_by_key(|seen| seen.n);
        seen
    }
}

/// One request at one moment, for the observer.
pub(super) fn observed(shared: &Shared, service: usize, call: &Call, moment: Moment, words: Option<&str>) -> Observed {
    Observed {
        n: call.n,
        moment,
        service: shared
            .services
            .get(service)
            .map(|spec| spec.name.clone())
            .unwrap_or_default(),
        method: call.method.clone(),
        path: call.path.clone(),
        username: call.username().map(str::to_owned),
        status: None,
        fault: words.map(str::to_owned),
        took: shared.now().saturating_sub(call.came),
    }
}

pub(super) fn no_such_service() -> Reply {
    Reply::error(hyper::StatusCode::NOT_FOUND, "no such service")
}
