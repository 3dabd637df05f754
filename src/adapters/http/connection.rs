//! Which connection a request went over, and whether others were answered on it before.
//!
//! A server may close an idle connection without a word. What is sent at that moment is lost, though nothing is wrong with
//! the service. The client's pool can't tell; its errors name the connection's ends.

use std::collections::HashSet;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::http::Extensions;
use hyper_util::client::legacy::Error;
use hyper_util::client::legacy::connect::HttpInfo;

/// Both ends of a connection, ours first.
type Ends = (SocketAddr, SocketAddr);

/// The connections on which an answer came. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashSet<Ends>>>);

impl Connections {
    /// An answer came.
    pub(super) fn answered(&self, response: &reqwest::Response) {
        if let Some(ends) = response.extensions().get().map(ends) {
            self.known().insert(ends);
        }
    }

    /// Was a request lost on a connection on which an earlier one had been answered? It is of no use any more.
    pub(super) fn had_answered(&self, error: &reqwest::Error) -> bool {
        lost(error).is_some_and(|ends| self.known().remove(&ends))
    }

    fn known(&self) -> MutexGuard<'_, HashSet<Ends>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection on which a request was lost.
fn lost(error: &reqwest::Error) -> Option<Ends> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<Error>() {
            let mut extras = Extensions::new();
            error.connect_info()?.get_extras(&mut extras);
            return extras.get().map(ends);
        }
        cause = error.source();
    }
    None
}

fn ends(info: &HttpInfo) -> Ends {
    (info.local_addr(), info.remote_addr())
}
