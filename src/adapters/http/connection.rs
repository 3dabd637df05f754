//! Which connection a request went over, and whether others were answered on it before.
//!
//! A server may close an idle connection without a word. What is sent at that moment is lost, though nothing is wrong with
//! the service. The client's pool can't tell; its errors name the connection's ends.

use std::collections::HashSet;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::http::Extensions;
use hyper_util::client::legacy::Error;
use hyper_util::client::legacy::connect::HttpInfo;
use tokio::net::TcpStream;

/// A port of this machine to which nobody listens may be given to the very connection that is made to it.
pub(super) const NOBODY: &str = "connection refused: nothing listens there";

/// Both ends of a connection, ours first.
type OwnEnds = (SocketAddr, SocketAddr);

/// The connections on which an answer came. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashSet<OwnEnds>>>);

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

    fn known(&self) -> MutexGuard<'_, HashSet<OwnEnds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection and closes it again.
pub(super) async fn open(address: SocketAddr) -> io::Result<()> {
    without_itself(&TcpStream::connect(address).await?)
}

/// Is there another end? A connection to itself would hold the service's port for a minute after it is closed, so that the
/// service could not start: it is broken off.
fn without_itself(stream: &TcpStream) -> io::Result<()> {
    if stream.local_addr()? == stream.peer_addr()? {
        stream.set_zero_linger()?;
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, NOBODY));
    }
    Ok(())
}

/// Was a request sent to itself, so that nobody has it?
pub(super) fn led_to_itself(error: &reqwest::Error) -> bool {
    lost(error).is_some_and(|(ours, theirs)| ours == theirs)
}

/// The connection on which a request was lost.
fn lost(error: &reqwest::Error) -> Option<OwnEnds> {
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

fn ends(info: &HttpInfo) -> OwnEnds {
    (info.local_addr(), info.remote_addr())
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn a_connection_to_itself_is_refused_and_leaves_the_port_to_the_service() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let stream = socket.connect(address).await.unwrap();
        let refused = without_itself(&stream).expect_err("it has no other end");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        drop(stream);
        // A connection that was closed in order would keep a socket without `SO_REUSEADDR` from this port for a minute.
        let service = TcpSocket::new_v4().unwrap();
        service.bind(address).expect("the port is free at once");
    }

    #[tokio::test]
    async fn a_connection_to_somebody_else_is_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(open(listener.local_addr().unwrap()).await.is_ok());
    }
}
