//! The sandbox on a thread of its own, for callers that block or that kill processes while it serves.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use super::{Books, SandboxBuilder, Seen, View};

/// A sandbox on a thread of its own. It stops when this is dropped.
#[derive(Debug)]
pub struct SandboxHandle {
    view: View,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxHandle {
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

    /// Stops at once: the port is free and every connection closed when this returns.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // A thread that ended by itself has dropped its end of both, and then all is done already.
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Drop for SandboxHandle {
    fn drop(&mut self) {
        self.end();
    }
}

pub(super) fn spawn(builder: SandboxBuilder) -> io::Result<SandboxHandle> {
    let (started, start) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = Builder::new().name("sandbox".into()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(started.send(Err(error))),
        };
        runtime.block_on(async move {
            match builder.start().await {
                Err(error) => drop(started.send(Err(error))),
                Ok(sandbox) => {
                    drop(started.send(Ok(sandbox.view.clone())));
                    // An error means that the handle is gone, which is a stop too.
                    stopped.await.ok();
                    sandbox.shutdown().await;
                }
            }
        });
    })?;
    let view = start
        .recv()
        .map_err(|_| io::Error::other("the sandbox's thread ended before it started to serve"))??;
    Ok(SandboxHandle {
        view,
        stop: Some(stop),
        thread: Some(thread),
    })
}
