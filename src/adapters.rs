//! How the outside is reached: the environment, the file system, the terminal, the CI host.
//!
//! Adapters don't decide what happens to an account; they only carry it out.

pub mod console;
pub mod environment;
pub mod hosts;
pub mod private_dir;
