//! The real world behind the engine's ports.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use tracing::Instrument as _;

use super::clock::Clock;
use super::console::Console;
use super::exchange::{self, ShownAnswer};
use super::http::HttpService;
use super::journal::Journal;
use super::kept::KeptFile;
use super::signals::Signals;
use crate::domain::account::AccountKey;
use crate::domain::event::{Entry, Remark};
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Kept, Message, Notice, Outgoing, Stop, World};

/// How often a waiting engine looks whether a cleanup has begun beside it.
const STOP_LOOK: Duration = Duration::from_millis(500);

/// How long the answer to that look holds for those that don't wait: a cleanup deletes nothing before setup has ended, so
/// that it costs time alone, and a look for each request would cost one system call in eight.
const STOP_HOLDS: Duration = Duration::from_millis(5);

/// A file whose presence means that a cleanup of the same accounts has begun.
pub struct StopFile {
    path: PathBuf,
    /// When it was last looked for and not there.
    missed: Cell<Option<Timestamp>>,
}

impl StopFile {
    /// The file of this name, which was not looked for yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            missed: Cell::new(None),
        }
    }

    fn is_there(&self, now: Timestamp) -> bool {
        if self.missed.get().is_some_and(|missed| now.since(missed) < STOP_HOLDS) {
            return false;
        }
        let is_there = self.path.exists();
        self.missed.set((!is_there).then_some(now));
        is_there
    }
}

/// Services over HTTP, the journal on disk, the system's clock, and somebody to tell.
pub struct LiveWorld<'a> {
    /// The services, by their place in the configuration; `None` for one that can't be asked.
    pub services: Vec<Option<HttpService>>,
    /// The journal; `None` where there is none to write, as when a journal was lost.
    pub journal: Option<Journal>,
    /// Where what later requests read is kept; `None` where nobody comes later.
    pub kept: Option<KeptFile>,
    /// The time.
    pub clock: Clock,
    /// The signals that end the work.
    pub signals: &'a Signals,
    /// What a cleanup of the same accounts puts there when it begins.
    pub stop_file: Option<StopFile>,
    /// Hears of everything.
    pub listener: Box<dyn Fn(Notice) + 'a>,
    /// Makes passwords.
    pub passwords: fn() -> Secret,
    /// Makes secrets of one-time codes.
    pub totp_secrets: fn() -> Secret,
    /// Knows every secret, and is handed those that are learnt.
    pub console: Console,
    /// May be told what a service said?
    pub shows_answers: bool,
}

impl LiveWorld<'_> {
    /// Begins another phase at all services, such as taking back what a setup has made.
    pub fn begin_phase(&self) {
        self.services.iter().flatten().for_each(HttpService::begin_phase);
    }
}

impl World for LiveWorld<'_> {
    fn turn(&self, service: usize) -> Result<(), Duration> {
        self.service(service).map_or(Ok(()), HttpService::turn)
    }

    async fn admit(&self, service: usize) {
        if let Some(service) = self.service(service) {
            service.admit().await;
        }
    }

    fn renews(&self, service: usize) -> bool {
        self.service(service).is_some_and(HttpService::renews)
    }

    async fn send(&self, service: usize, request: &Outgoing) -> Delivery {
        let Some(service) = self.service(service) else {
            return Delivery::Unsendable("the service can't be asked".into());
        };
        let Message::Http(message) = &request.message;
        // What may hold a secret is left out: the query, the fields, the bodies, the address of a next page, and of the path
        // all but ids and names.
        let span = tracing::debug_span!(
            "request",
            service = service.name(),
            method = message.method.as_str(),
            path = message.shown.as_ref().map(|shown| shown.path.as_str())
        );
        let exchange = async {
            let begun = self.clock.now();
            let delivery = service.send(message, request).await;
            if tracing::enabled!(tracing::Level::DEBUG) {
                let sent = exchange::request(message, service, request);
                let answer = match &delivery {
                    Delivery::Answered(answer) if self.shows_answers => {
                        ShownAnswer::of(answer, service, request, &self.console)
                    }
                    Delivery::Answered(_)
                    | Delivery::NotSent(_)
                    | Delivery::Unsendable(_)
                    | Delivery::Barred(_)
                    | Delivery::Lost(_) => ShownAnswer::default(),
                };
                let took = self.clock.now().since(begun);
                exchange::tell(&delivery, took, sent.as_deref(), &answer);
            }
            delivery
        };
        exchange.instrument(span).await
    }

    async fn reach(&self, service: usize) -> Result<(), Why> {
        match self.service(service) {
            Some(service) => service.reach().await,
            None => Err("the service can't be asked".into()),
        }
    }

    fn append(&self, entry: &Entry) -> Result<(), JournalBroken> {
        self.journal.as_ref().map_or(Ok(()), |journal| journal.append(entry))
    }

    fn remark(&self, remark: &Remark) -> Result<(), JournalBroken> {
        self.journal.as_ref().map_or(Ok(()), |journal| journal.remark(remark))
    }

    fn keep(&self, account: &AccountKey, kept: &Kept) -> Result<(), JournalBroken> {
        self.kept.as_ref().map_or(Ok(()), |file| file.write(account, kept))
    }

    fn sync(&self) -> Result<(), JournalBroken> {
        self.journal.as_ref().map_or(Ok(()), Journal::sync)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn random(&self) -> f64 {
        rand::random()
    }

    fn stop(&self) -> Option<Stop> {
        if let Some(signal) = self.signals.first() {
            return Some(Stop::Signal(signal));
        }
        let now = self.clock.now();
        let superseded = self.stop_file.as_ref().is_some_and(|file| file.is_there(now));
        superseded.then_some(Stop::Superseded)
    }

    async fn stopped(&self) {
        let superseded = async {
            while self.stop().is_none() {
                tokio::time::sleep(STOP_LOOK).await;
            }
        };
        tokio::select! {
            _ = self.signals.nth(0) => {}
            () = superseded => {}
        }
    }

    async fn hurried(&self) {
        self.signals.nth(1).await;
    }

    fn password(&self) -> Secret {
        (self.passwords)()
    }

    fn totp_secret(&self) -> Secret {
        (self.totp_secrets)()
    }

    fn keep_secret(&self, secret: &Secret) {
        self.console.mask(secret);
    }

    fn hide(&self, text: &str) -> String {
        if self.shows_answers {
            self.console.redact(text).into_owned()
        } else {
            String::new()
        }
    }

    fn shows_answers(&self) -> bool {
        self.shows_answers
    }

    fn is_secret(&self, text: &str) -> bool {
        self.console.is_secret(text)
    }

    fn tell(&self, notice: Notice) {
        (self.listener)(notice);
    }
}

impl LiveWorld<'_> {
    fn service(&self, place: usize) -> Option<&HttpService> {
        self.services.get(place)?.as_ref()
    }
}
