//! The socket: accepts connections, serves each as HTTP/1.1, and does what faults put off.
//!
//! It owns every task of the sandbox; when it ends, they all do.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::handler::{Late, apply_late, handle};
use super::shared::Shared;

/// How many connections are open at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4096;
/// How many connections the kernel keeps waiting.
const BACKLOG: u32 = 1024;

/// A loopback port that is taken but refuses connections until it is listened on.
pub(super) fn bind(port: u16) -> io::Result<(TcpSocket, u16)> {
    let socket = TcpSocket::new_v4()?;
    // Else a port that was used a moment ago can't be taken again.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    // With it another process could take the port too, for as long as nobody listens.
    socket.set_reuseaddr(false)?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

/// Starts to listen.
pub(super) fn listen(socket: TcpSocket) -> io::Result<TcpListener> {
    // Connections inherit it, and the port of one that has just ended can be taken again only if they had it.
    socket.set_reuseaddr(true)?;
    socket.listen(BACKLOG)
}

/// Refuses connections for a while, then serves them for ever.
pub(super) async fn refuse_then_serve(
    socket: TcpSocket,
    refuse_for: Duration,
    shared: Arc<Shared>,
) -> io::Result<Infallible> {
    tokio::time::sleep(refuse_for).await;
    serve(listen(socket)?, shared).await
}

/// Serves connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Infallible> {
    let mut tasks = JoinSet::new();
    let (late_sender, mut late) = unbounded_channel::<Late>();
    loop {
        tokio::select! {
            accepted = listener.accept(), if tasks.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    tasks.spawn(converse(stream, Arc::clone(&shared), late_sender.clone()));
                }
                // Out of descriptors, or the client is gone already: neither is a reason to stop, nor to spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(late) = late.recv() => {
                let shared = Arc::clone(&shared);
                tasks.spawn(async move {
                    tokio::time::sleep(late.after).await;
                    apply_late(&shared, &late);
                });
            }
            Some(_ended) = tasks.join_next() => {}
        }
    }
}

/// Serves one connection to its end.
fn converse(stream: TcpStream, shared: Arc<Shared>, late: UnboundedSender<Late>) -> impl Future<Output = ()> + Send {
    // Without it the kernel may hold a small answer back for 40 ms; that it can't be set costs only time.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| handle(Arc::clone(&shared), late.clone(), request));
    let connection = http1::Builder::new()
        // A client that is gone does not stop a request that it has sent, as it does not in real services.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    async move {
        // Connections that end badly are what this server is for.
        connection.await.ok();
    }
}
