//! How the outside is reached: sockets, files, signals, the environment, the terminal, the CI host.
//!
//! Adapters don't decide what happens to an account; they only carry it out.

pub mod boot;
pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod entry;
pub mod environment;
pub(crate) mod exchange;
pub mod hosts;
pub(crate) mod http;
pub mod journal;
pub(crate) mod journal_home;
pub(crate) mod kept;
pub(crate) mod private_dir;
pub(crate) mod signals;
pub(crate) mod small_file;
pub(crate) mod state_file;
pub(crate) mod unreadable;
pub(crate) mod world;
