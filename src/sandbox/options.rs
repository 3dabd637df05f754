//! The sandbox as a command: plain options in, one line for each request out, until told to stop.
//!
//! It prints nothing itself; whoever calls it owns the streams.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::Sandbox;
use super::fault::Fault;
use super::spec::{AuthSpec, ServiceSpec, Unready};
use super::watch::{Moment, Observed};

/// What `standin sandbox` can be told.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// The port on 127.0.0.1; 0 is any that is free.
    pub port: u16,
    /// The services.
    pub services: Vec<ServiceSpec>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// How long each request waits before it is done.
    pub delay: Duration,
    /// How long after the start no service is ready; a service's own `ready_after` counts where it is longer.
    pub ready_after: Duration,
    /// What is done until then: 503, or connections refused.
    pub unready: Option<Unready>,
    /// Whether each request has a line.
    pub log: bool,
}

/// Serves a sandbox until `stop` comes. `on_line` gets a line for each service at the start (`users http://127.0.0.1:8081/users
/// (basic auth as qa)`) and, with `log`, one for each request (`users POST /accounts 201 12 ms`).
///
/// # Errors
///
/// As [`super::SandboxBuilder::start`], and when the sandbox can't go on.
pub async fn serve_until(
    options: SandboxOptions,
    stop: impl Future<Output = ()>,
    on_line: impl Fn(String) + Send + Sync + 'static,
) -> io::Result<()> {
    let SandboxOptions {
        port,
        mut services,
        faults,
        delay,
        ready_after,
        unready,
        log,
    } = options;
    // Requests are shown, not kept: this may run for days.
    let mut builder = Sandbox::builder()
        .port(port)
        .faults(faults)
        .delay(delay)
        .keep_requests(0);
    if unready == Some(Unready::Refuse) {
        builder = builder.refuse_for(ready_after);
    } else {
        for spec in &mut services {
            spec.ready_after = spec.ready_after.max(ready_after);
        }
    }
    for spec in &services {
        builder = builder.service(spec.clone());
    }
    let on_line = Arc::new(on_line);
    if log {
        let on_line = Arc::clone(&on_line);
        builder = builder.observer(Arc::new(move |observed: &Observed| {
            if observed.moment == Moment::Answered {
                on_line(observed.to_string());
            }
        }));
    }
    let mut sandbox = builder.start().await?;
    for spec in &services {
        let auth = match &spec.auth {
            AuthSpec::None => "no auth".to_owned(),
            AuthSpec::Basic { user, .. } => format!("basic auth as {user}"),
            AuthSpec::Bearer(_) => "bearer token".to_owned(),
        };
        on_line(format!("{} {} ({auth})", spec.name, sandbox.url(&spec.name)));
    }
    tokio::select! {
        () = stop => {
            sandbox.shutdown().await;
            Ok(())
        }
        error = sandbox.failed() => Err(error),
    }
}
