//! How the outside is reached: sockets, files, signals, the environment, the terminal, the CI host.
//!
//! Adapters don't decide what happens to an account; they only carry it out.

pub mod boot;
pub mod clock;
pub mod console;
pub mod entry;
pub mod environment;
pub mod hosts;
pub mod http;
pub mod journal;
pub mod journal_home;
pub mod kept;
pub mod private_dir;
pub mod signals;
pub mod small_file;
pub mod state_file;
pub mod unreadable;
pub mod world;
