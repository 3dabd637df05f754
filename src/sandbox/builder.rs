//! What a sandbox is to be like, and its start.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::fault::Fault;
use super::shared::Shared;
use super::spec::ServiceSpec;
use super::watch::{Observed, Observer};
use super::{Sandbox, View, server};
use crate::domain::why::Why;

/// How many requests are remembered if nobody says.
const KEEP_REQUESTS: usize = 100_000;

/// Collects what a sandbox is to be like. Mistakes in it are told by [`SandboxBuilder::start`].
#[derive(Clone)]
pub struct SandboxBuilder {
    port: u16,
    services: Vec<ServiceSpec>,
    faults: Vec<Fault>,
    mistake: Option<Why>,
    delay: Duration,
    refuse_for: Duration,
    observer: Option<Observer>,
    keep_requests: usize,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            services: Vec::new(),
            faults: Vec::new(),
            mistake: None,
            delay: Duration::ZERO,
            refuse_for: Duration::ZERO,
            observer: None,
            keep_requests: KEEP_REQUESTS,
        }
    }
}

impl SandboxBuilder {
    /// The port on 127.0.0.1; 0, the default, is any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// One service more.
    #[must_use]
    pub fn service(mut self, spec: ServiceSpec) -> Self {
        self.services.push(spec);
        self
    }

    /// One fault more, as a line of the fault language (see [`Fault`]).
    #[must_use]
    pub fn fault(mut self, line: &str) -> Self {
        match line.parse() {
            Ok(fault) => self.faults.push(fault),
            Err(mistake) => self.mistake = self.mistake.or(Some(mistake)),
        }
        self
    }

    /// Faults more, read already.
    #[must_use]
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// How long each request waits before it is done, where its service says nothing else.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// How long after the start connections are refused: the port is taken, but nobody listens.
    #[must_use]
    pub fn refuse_for(mut self, duration: Duration) -> Self {
        self.refuse_for = duration;
        self
    }

    /// Who is told of each moment of each request.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Fn(&Observed) + Send + Sync>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How many requests [`Sandbox::requests`] remembers: the first ones, 100,000 if not said. Memory is their only cost.
    #[must_use]
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.keep_requests = count;
        self
    }

    /// Takes the port and starts to serve on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for a bad fault line, a bad, repeated or unknown service name; else as the port can't be had.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime around it, and who awaits it has one"
    )]
    pub async fn start(self) -> io::Result<Sandbox> {
        self.check()
            .map_err(|mistake| io::Error::new(io::ErrorKind::InvalidInput, mistake))?;
        let (socket, port) = server::bind(self.port)?;
        let shared = Arc::new(Shared::new(
            self.services,
            self.faults,
            self.delay,
            self.observer,
            self.keep_requests,
        ));
        let mut tasks = JoinSet::new();
        if self.refuse_for.is_zero() {
            tasks.spawn(server::serve(server::listen(socket)?, Arc::clone(&shared)));
        } else {
            tasks.spawn(server::refuse_then_serve(socket, self.refuse_for, Arc::clone(&shared)));
        }
        Ok(Sandbox {
            view: View { shared, port },
            server: tasks,
        })
    }

    fn check(&self) -> Result<(), Why> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        let mut names = HashSet::new();
        for spec in &self.services {
            if !spec.has_good_name() {
                return Err(Why::hinted(
                    format!("`{}` can't be a service's name", spec.name),
                    "use `[a-z][a-z0-9-]*`",
                ));
            }
            if !names.insert(spec.name.as_str()) {
                return Err(Why::hinted(
                    format!("two services are named `{}`", spec.name),
                    "give each its own name",
                ));
            }
        }
        for name in self.faults.iter().filter_map(|fault| fault.service.as_deref()) {
            if !names.contains(name) {
                let known = self
                    .services
                    .iter()
                    .map(|spec| spec.name.as_str())
                    .collect::<Vec<_>>()
                    .join("`, `");
                return Err(Why::hinted(
                    format!("a fault is for `{name}`, which is no service"),
                    format!("use one of `{known}`, or `*`"),
                ));
            }
        }
        Ok(())
    }
}
