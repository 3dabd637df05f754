//! The world of these histories: services that are played, one process after another, and the journal.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::super::http;
use super::history::Mishap;
use super::service::{HOSTS, Service};
use super::stage::{EPOCH, Endpoint};
use crate::domain::account::AccountKey;
use crate::domain::answer::{Answer, Body};
use crate::domain::event::{Entry, Remark};
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Kept, Message, Notice, Outgoing, Stop, World};

/// What one request may take: the default of a configuration.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a process dies: with its request of this number, counted from 1, which arrives or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) at: usize,
    pub(super) arrives: bool,
}

/// A request that comes to its service after its sender has given it up.
struct Late {
    at: u64,
    service: usize,
    endpoint: Endpoint,
    request: Outgoing,
    target: String,
}

/// The world.
pub(super) struct Played {
    origin: Instant,
    services: RefCell<Vec<Service>>,
    endpoints: RefCell<Vec<Option<Endpoint>>>,
    pub(super) journal: RefCell<String>,
    /// So much of it survives the loss of the machine.
    pub(super) synced: Cell<usize>,
    late: RefCell<Vec<Late>>,
    mishap: Cell<Mishap>,
    kill: Cell<Option<Kill>>,
    dead: Cell<bool>,
    bell: Notify,
    /// How many requests the present process has sent.
    pub(super) sent: Cell<usize>,
    creates: Cell<usize>,
    open_at: Cell<u64>,
    random: RefCell<ChaCha20Rng>,
    /// What was asked and answered, where somebody wants to read it.
    pub(super) trace: Option<RefCell<Vec<String>>>,
}

impl Played {
    pub(super) fn new(services: Vec<Service>, traced: bool) -> Self {
        Self {
            origin: Instant::now(),
            services: RefCell::new(services),
            endpoints: RefCell::default(),
            journal: RefCell::default(),
            synced: Cell::new(0),
            late: RefCell::default(),
            mishap: Cell::new(Mishap::None),
            kill: Cell::new(None),
            dead: Cell::new(false),
            bell: Notify::new(),
            sent: Cell::new(0),
            creates: Cell::new(0),
            open_at: Cell::new(0),
            random: RefCell::new(ChaCha20Rng::seed_from_u64(1)),
            trace: traced.then(RefCell::default),
        }
    }

    /// A process begins, and may die.
    pub(super) fn be_born(&self, name: &str, endpoints: &[Option<Endpoint>], mishap: Mishap, kill: Option<Kill>) {
        *self.endpoints.borrow_mut() = endpoints.to_vec();
        let kill = if let Mishap::Killed(kill) = mishap {
            Some(kill)
        } else {
            kill
        };
        self.mishap.set(mishap);
        self.kill.set(kill);
        self.dead.set(false);
        self.sent.set(0);
        self.creates.set(0);
        self.note(|| format!("--- {name}"));
    }

    /// Returns once the present process has died.
    pub(super) async fn death(&self) {
        while !self.dead.get() {
            self.bell.notified().await;
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// Milliseconds since the beginning.
    pub(super) fn time(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Looks at the services, as they are by now.
    pub(super) fn services<T>(&self, look: impl FnOnce(&mut Vec<Service>) -> T) -> T {
        self.catch_up();
        look(&mut self.services.borrow_mut())
    }

    /// Writes down what happened, if that is wanted.
    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let line = format!("{:>7} {}", self.time(), line());
            trace.borrow_mut().push(line);
        }
    }

    fn catch_up(&self) {
        let now = self.time();
        let due: Vec<Late> = self.late.borrow_mut().extract_if(.., |late| late.at <= now).collect();
        for late in due {
            let answer = self.carry_out(late.at, late.service, &late.endpoint, &late.request, &late.target);
            self.note(|| format!("   late: {}", tell(&late.request, &late.target, &answer)));
        }
    }

    fn carry_out(&self, now: u64, service: usize, endpoint: &Endpoint, request: &Outgoing, target: &str) -> Answer {
        let own = http(request)
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let credential = own.map(|(_, value)| value.as_str()).or(endpoint.credential.as_deref());
        let mut services = self.services.borrow_mut();
        let service = &mut services[service];
        if endpoint.headers.is_empty() {
            return service.apply(now, &endpoint.host, credential, request, target);
        }
        let mut request = request.clone();
        let Message::Http(message) = &mut request.message;
        message.headers.extend(endpoint.headers.iter().cloned());
        service.apply(now, &endpoint.host, credential, &request, target)
    }

    fn write(&self, line: &impl serde::Serialize) -> Result<(), JournalBroken> {
        if self.is_dead() {
            return Err(JournalBroken("it died".to_owned()));
        }
        let line = serde_json::to_string(line).expect("a line is JSON") + "\n";
        self.journal.borrow_mut().push_str(&line);
        Ok(())
    }

    fn die(&self) {
        self.dead.set(true);
        self.bell.notify_waiters();
        self.note(|| "it dies".to_owned());
    }
}

/// The path and query of a request, with what stands in front of every path.
fn whole(endpoint: &Endpoint, request: &Outgoing) -> String {
    let target = format!("{}{}", endpoint.path, http(request).target);
    let Some(next) = &http(request).next else { return target };
    let base = url::Url::parse(&format!("http://{}{target}", endpoint.host)).expect("an address");
    let joined = base.join(next).expect("a reference");
    match joined.query() {
        Some(query) => format!("{}?{query}", joined.path()),
        None => joined.path().to_owned(),
    }
}

fn tell(request: &Outgoing, target: &str, answer: &Answer) -> String {
    let body = http(request)
        .payload
        .as_ref()
        .map_or(String::new(), |(_, body)| format!(" {}", String::from_utf8_lossy(body)));
    let identity = match request.identity {
        crate::ports::Identity::Own => "",
        crate::ports::Identity::Anonymous => " (anonymous)",
        crate::ports::Identity::Spoilt => " (spoilt)",
        crate::ports::Identity::Unsigned => " (unsigned)",
    };
    let said = match &answer.body {
        Body::Json(value) => value.to_string(),
        Body::Text(text) => text.clone(),
    };
    format!(
        "{} {target}{identity}{body} -> {} {said}",
        http(request).method,
        answer.code()
    )
}

impl World for Played {
    fn turn(&self, _service: usize) -> Result<(), Duration> {
        match self.open_at.get().saturating_sub(self.time()) {
            0 => Ok(()),
            wait => Err(Duration::from_millis(wait)),
        }
    }

    async fn admit(&self, _service: usize) {}

    fn renews(&self, _service: usize) -> bool {
        false
    }

    async fn send(&self, service: usize, request: &Outgoing) -> Delivery {
        if self.is_dead() {
            return pending().await;
        }
        self.catch_up();
        self.sent.set(self.sent.get() + 1);
        let kill = self.kill.get().filter(|kill| kill.at == self.sent.get());
        let endpoint = self.endpoints.borrow()[service].clone();
        let endpoint = endpoint.filter(|endpoint| HOSTS.contains(&endpoint.host.as_str()));
        let Some(endpoint) = endpoint.filter(|_| kill.is_none_or(|kill| kill.arrives)) else {
            if kill.is_some() {
                self.die();
                return pending().await;
            }
            self.note(|| format!("{} {} -> refused", http(request).method, http(request).target));
            sleep(Duration::from_millis(1)).await;
            return Delivery::NotSent("connection refused".into());
        };
        let target = whole(&endpoint, request);
        let creates = self.services.borrow()[service].creates(request, &target);
        if creates {
            self.creates.set(self.creates.get() + 1);
        }
        let fate = self.mishap.get().befalls(creates, self.creates.get());
        let now = self.time();
        match fate {
            Fate::LostBefore => {
                self.note(|| format!("{} {target} -> lost on the way", http(request).method));
                sleep(Duration::from_millis(2)).await;
                return Delivery::Lost("the connection was lost".into());
            }
            Fate::Late => {
                self.note(|| format!("{} {target} -> comes late", http(request).method));
                self.late.borrow_mut().push(Late {
                    at: now + u64::try_from(TIMEOUT.as_millis()).unwrap_or(u64::MAX) - 1,
                    service,
                    endpoint,
                    request: request.clone(),
                    target,
                });
                sleep(Duration::from_millis(2)).await;
                return Delivery::Lost("the connection was lost".into());
            }
            Fate::Answers | Fate::LostAfter | Fate::Refused(_) => {}
        }
        let answer = if let Fate::Refused(status) = fate {
            self.services.borrow()[service].error(status, "not now")
        } else {
            self.carry_out(now, service, &endpoint, request, &target)
        };
        self.note(|| tell(request, &target, &answer));
        if kill.is_some() {
            self.die();
            return pending().await;
        }
        sleep(Duration::from_millis(2)).await;
        if answer.meaning() == Meaning::Throttled {
            self.open_at.set(self.time() + 1_000);
        }
        if matches!(fate, Fate::LostAfter) {
            self.note(|| "its answer is lost".to_owned());
            return Delivery::Lost("the connection was lost".into());
        }
        Delivery::Answered(answer)
    }

    async fn reach(&self, service: usize) -> Result<(), Why> {
        sleep(Duration::from_millis(1)).await;
        let endpoints = self.endpoints.borrow();
        match &endpoints[service] {
            Some(endpoint) if HOSTS.contains(&endpoint.host.as_str()) => Ok(()),
            _ => Err("connection refused".into()),
        }
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

    fn sync(&self) -> Result<(), JournalBroken> {
        self.synced.set(self.journal.borrow().len());
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
        let number = u32::try_from(self.random.borrow_mut().next_u64() % 1_000).unwrap_or(0);
        f64::from(number) / 1_000.0
    }

    fn stop(&self) -> Option<Stop> {
        None
    }

    async fn stopped(&self) {
        pending::<()>().await;
    }

    async fn hurried(&self) {
        pending::<()>().await;
    }

    fn keep_secret(&self, _secret: &Secret) {}

    fn hide(&self, text: &str) -> String {
        text.to_owned()
    }

    fn shows_answers(&self) -> bool {
        true
    }

    fn tell(&self, notice: Notice) {
        self.note(|| format!("  says {notice:?}"));
    }
}

/// What befalls one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing.
    Answers,
    /// It never arrives.
    LostBefore,
    /// It is carried out, and its answer is lost.
    LostAfter,
    /// It arrives when its time is nearly over.
    Late,
    /// It is answered so, and not carried out.
    Refused(u16),
}
