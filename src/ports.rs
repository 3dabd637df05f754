//! What the engine may ask for, and what it tells.
//!
//! The engine knows the outside only through [`World`]. The real one stands in `adapters`; the tests have one of their
//! own, so that every order of events and every crash can be played without a socket, a clock or a disk.

mod kept;
mod outgoing;

use std::future::Future;
use std::time::Duration;

use crate::domain::account::{AccountKey, RemoteId, ServiceName};
use crate::domain::event::{Entry, Remark};
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;

pub use crate::domain::secret::lets_in;
pub use kept::Kept;
pub use outgoing::{HttpMessage, Identity, Message, Outgoing, Reads, ShownRequest};

/// Why work ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A signal, by its number.
    Signal(i32),
    /// A cleanup of the same accounts has begun.
    Superseded,
}

/// The journal can't be written: no create may be sent any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal can't be written: {0}")]
pub struct JournalBroken(pub String);

/// Everything outside that the engine needs.
///
/// Services are named by their place in the configuration.
pub trait World {
    /// Takes a turn at the pace of a service, or says how long to wait before asking for one again.
    fn turn(&self, service: usize) -> Result<(), Duration>;
    /// Has the service's credentials at hand, fetched or renewed where they have to be, and waits while the first few requests
    /// to it have no answer yet. Where something fails, the next request says so.
    fn admit(&self, service: usize) -> impl Future<Output = ()>;
    /// May a request that was answered with 401 work with new credentials?
    fn renews(&self, service: usize) -> bool;
    /// Sends one request once, within the service's time-out.
    fn send(&self, service: usize, request: &Outgoing) -> impl Future<Output = Delivery>;
    /// Opens a connection to the service and closes it again.
    fn reach(&self, service: usize) -> impl Future<Output = Result<(), Why>>;
    /// Writes a line to the journal; it is out of the process when this returns.
    fn append(&self, entry: &Entry) -> Result<(), JournalBroken>;
    /// Writes a line about the whole setup to the journal.
    fn remark(&self, remark: &Remark) -> Result<(), JournalBroken>;
    /// Keeps what later requests of an account read for other processes; it is out of this one when this returns.
    fn keep(&self, account: &AccountKey, kept: &Kept) -> Result<(), JournalBroken>;
    /// Returns once every line of the journal is on disk: the loss of the machine takes none of them any more.
    fn sync(&self) -> Result<(), JournalBroken>;
    /// The time.
    fn now(&self) -> Timestamp;
    /// Lets time pass.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
    /// A number in 0..1 for jitter.
    fn random(&self) -> f64;
    /// Must nothing new be started?
    fn stop(&self) -> Option<Stop>;
    /// Returns once nothing new must be started.
    fn stopped(&self) -> impl Future<Output = ()>;
    /// Returns once it was told to stop a second time: then nothing is awaited any more either.
    fn hurried(&self) -> impl Future<Output = ()>;
    /// A password that nobody else knows.
    fn password(&self) -> Secret;

    /// A secret of one-time codes that nobody else knows.
    fn totp_secret(&self) -> Secret;
    /// Keeps a secret that was learnt just now out of everything that is told from here on.
    fn keep_secret(&self, secret: &Secret);
    /// Foreign text without what is known to be secret.
    fn hide(&self, text: &str) -> String;
    /// May what a service said be told?
    fn shows_answers(&self) -> bool;
    /// Is this text such a secret, which must stand in no journal and no output?
    fn is_secret(&self, _text: &str) -> bool {
        false
    }
    /// Tells whoever watches.
    fn tell(&self, notice: Notice);
}

/// What the engine tells while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The service does not answer yet.
    Waiting {
        /// Which.
        service: ServiceName,
        /// What was tried and how it failed.
        reason: Why,
        /// For how long so far.
        waited: Duration,
    },
    /// The service answers, after it had to be waited for.
    Answers {
        /// Which.
        service: ServiceName,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// A service is at something that takes longer than a request does.
    Busy {
        /// Which.
        service: ServiceName,
        /// With what; `None` once it is over.
        doing: Option<Doing>,
    },
    /// Something happened to an account.
    Account {
        /// Which.
        key: AccountKey,
        /// What.
        progress: Progress,
    },
}

/// What keeps a service busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Its list is read.
    Listing {
        /// Pages so far.
        pages: usize,
        /// Accounts so far.
        accounts: usize,
    },
    /// Its next request has no turn yet.
    Paced {
        /// When it has.
        until: Timestamp,
        /// Did the service ask for it, or do the configuration's limits?
        is_asked: bool,
    },
    /// What was done is not to be seen yet.
    Until(&'static str),
    /// Its description is proved: so many checks so far.
    Checked(usize),
}

/// What happened to an account, in the words of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The create was sent and answered.
    Created {
        /// The id that the service gave.
        id: RemoteId,
        /// From the intent to the answer.
        took: Duration,
    },
    /// The create may have worked.
    Unclear {
        /// Why it is not known.
        reason: Why,
    },
    /// It is looked up by its user name.
    LookingUp,
    /// It was found under its user name.
    Adopted {
        /// The ids; more than one where equal names were found.
        ids: Vec<RemoteId>,
    },
    /// It was looked for and is not there.
    NotThere,
    /// The service keeps its user name in another spelling.
    Spelled {
        /// The name as it is shown.
        username: String,
    },
    /// A look-up does not show an account that is known to be there.
    Unseen {
        /// What was seen in its place.
        reason: Why,
    },
    /// A request failed and is sent again.
    Again {
        /// What was asked, such as `create` or `delete`.
        what: &'static str,
        /// Why it failed.
        reason: Why,
        /// How long is waited before.
        pause: Duration,
    },
    /// Created and read back.
    Ready {
        /// From the first intent to here.
        took: Duration,
    },
    /// It can't be had.
    Failed {
        /// Why.
        reason: Why,
    },
    /// Deleted, and seen to be gone where the service is asked.
    Deleted {
        /// Its id.
        id: RemoteId,
    },
    /// There was nothing to delete: an eye that sees did not show it.
    Absent {
        /// How that was proved.
        proof: Proof,
    },
    /// It was looked at, and nothing was done.
    LookedAt,
    /// It may still exist.
    Left {
        /// Why it could not be deleted.
        reason: Why,
    },
}

/// How an absence was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The service asks for no credentials.
    Open,
    /// The same credentials had a success after the answer.
    Credentials,
    /// A request without credentials was refused where ours was not; rights were not proved.
    StrangersRefused,
}
