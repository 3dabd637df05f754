//! What others see of the requests: moments for an observer, a list for a judge, lines for a person.
//!
//! Never a body and never a header's value, since those hold credentials.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, StatusCode};

/// Called at each [`Moment`] of each request, on the sandbox's own thread, while that request (and every other one) waits.
pub type Observer = Arc<dyn Fn(&Observed) + Send + Sync>;

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It was read whole, nothing was done yet. It follows that it may still be dropped by a fault.
    BeforeApply,
    /// It was done, well or badly. A request that a fault keeps from being done has no such moment; one that is
    /// done `late` has it after [`Moment::Answered`].
    AfterApply,
    /// The answer is on its way, or the connection is about to be closed.
    Answered,
}

/// One request at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The request's place among all requests of the sandbox, from 1.
    pub n: u64,
    /// Where it is.
    pub moment: Moment,
    /// The service it is for.
    pub service: String,
    /// Its method.
    pub method: Method,
    /// Its path and query inside the service, as they came, cut to 300 characters.
    pub path: String,
    /// The user name that it is about, where it shows one.
    pub username: Option<String>,
    /// The status that it was answered with; `None` before that, and where the connection is closed without an answer.
    pub status: Option<StatusCode>,
    /// The fault that struck it, in words.
    pub fault: Option<String>,
    /// How long it has taken so far, the delay included.
    pub took: Duration,
}

impl fmt::Display for Observed {
    /// One line: `users POST /accounts 201 12 ms`, and `fault: answer lost` where one struck.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            method,
            path,
            status,
            fault,
            took,
            ..
        } = self;
        write!(f, "{service} {method} {path} ")?;
        match status {
            Some(status) => write!(f, "{}", status.as_u16())?,
            None => f.write_str("---")?,
        }
        write!(f, " {} ms", took.as_millis())?;
        match fault {
            Some(fault) => write!(f, " fault: {fault}"),
            None => Ok(()),
        }
    }
}

/// One request that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its place among all requests of the sandbox, from 1.
    pub n: u64,
    /// The service it was for.
    pub service: String,
    /// Its method.
    pub method: Method,
    /// Its path and query inside the service, as they came, cut to 300 characters.
    pub path: String,
    /// The status that it was answered with; `None` where the connection was closed without an answer.
    pub status: Option<StatusCode>,
    /// The fault that struck it, in words.
    pub fault: Option<String>,
    /// The names of its headers, in lower case, in the order they came.
    pub headers: Vec<String>,
    /// When it was over, since the start of the sandbox.
    pub at: Duration,
}
