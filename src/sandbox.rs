//! The sandbox: several account services on one loopback port, with delays and faults on demand, and books that say
//! what really happened. `demo` and `sandbox` show it to people; the tests use it as the faulty service and as the judge.
//!
//! It follows the convention of a service without a preset. Under `/NAME` each service has:
//!
//! | request | answer |
//! |---|---|
//! | `POST /accounts` | 201 with `Location` and the account; 409 for a taken name; 400. Heeds `Idempotency-Key` |
//! | `GET /accounts/ID` | 200 or 404 |
//! | `GET /accounts` | `{"items": [...], "total": n}`; `username`, `limit` and `offset` or `page` and `per_page`; `Link: rel=next` |
//! | `PUT /accounts/ID` | 200, 404, or 409 for a taken name |
//! | `DELETE /accounts/ID` | 204 or 404 |
//! | `GET /me` | whom the credentials stand for; an account's own name and password do too |
//! | `GET /health` | 200, open to all |
//!
//! It must not know anything of the rest of Standin but how secrets are kept, or it could not judge it.

mod answer;
mod book;
mod builder;
mod call;
mod delay;
mod fault;
mod handler;
mod options;
mod server;
mod service;
mod shared;
mod spec;
#[cfg(test)]
mod tests;
mod thread;
mod watch;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use tokio::task::JoinSet;

pub use book::{Account, Books};
pub use builder::SandboxBuilder;
pub use fault::{Fault, Nth, PathKind, Strike};
pub use options::{SandboxOptions, serve_until};
pub use spec::{AuthSpec, Filter, LimitHeaders, RateLimit, ServiceSpec, Unready};
pub use thread::SandboxHandle;
pub use watch::{Moment, Observed, Observer, Seen};

use shared::Shared;

/// A running sandbox. It serves on the runtime that it was started on, and stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    view: View,
    server: JoinSet<io::Result<Infallible>>,
}

impl Sandbox {
    /// A sandbox without services, to be filled and started.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Starts a sandbox on a thread and a runtime of its own.
    ///
    /// # Errors
    ///
    /// As [`SandboxBuilder::start`], and when no thread or runtime can be had.
    pub fn spawn_thread(builder: SandboxBuilder) -> io::Result<SandboxHandle> {
        thread::spawn(builder)
    }

    /// Where a service is, without a slash at the end: `http://127.0.0.1:PORT/NAME`.
    pub fn url(&self, service: &str) -> String {
        self.view.url(service)
    }

    /// The port of all services.
    pub fn port(&self) -> u16 {
        self.view.port
    }

    /// What the books of a service say now; `None` if there is no such service.
    pub fn books(&self, service: &str) -> Option<Books> {
        self.view.shared.books(service)
    }

    /// The requests that are over, in the order they came; as many as the builder's `keep_requests`.
    pub fn requests(&self) -> Vec<Seen> {
        self.view.shared.requests()
    }

    /// Waits for the server to end by itself, which it does only for a reason.
    async fn failed(&mut self) -> io::Error {
        match self.server.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(error)) => error.into(),
            None => io::Error::other("the sandbox has ended already"),
        }
    }

    /// Stops at once: the port is free and every connection closed when this returns.
    pub async fn shutdown(mut self) {
        self.server.shutdown().await;
    }
}

/// What a running sandbox and its handle have in common.
#[derive(Clone)]
struct View {
    shared: Arc<Shared>,
    port: u16,
}

impl View {
    fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}/{service}", self.port)
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
