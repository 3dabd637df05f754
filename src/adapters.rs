//! How the outside is reached: sockets, files, signals, the runner's own channels.

pub mod http;
pub mod journal;
