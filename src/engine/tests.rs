//! The engine in a world of its own: every order of events, every crash, every fault, on a clock that does not tick.
//!
//! Nothing here opens a socket or a file, or waits for real time.

mod absence;
mod book;
mod contradiction;
mod crash;
mod deletes;
mod doubt;
mod fault;
mod journal;
mod life;
mod lifecycle;
mod order;
mod persistence;
mod process;
mod slips;
mod stage;
mod world;

use crate::ports::{HttpMessage, Message, Outgoing};

/// What is sent over HTTP, as all services here are asked.
fn http(request: &Outgoing) -> &HttpMessage {
    let Message::Http(message) = &request.message;
    message
}
