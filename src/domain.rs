//! What Standin knows and decides, as plain data and pure functions.
//!
//! Nothing here does I/O: no async, no clock, no file, no environment, no HTTP type, no logging.

pub mod account;
pub mod answer;
pub(crate) mod decide;
pub mod event;
pub(crate) mod evidence;
pub(crate) mod finding;
pub mod ledger;
pub(crate) mod leftover;
pub mod leg;
pub(crate) mod level;
pub mod marker;
pub mod meaning;
pub(crate) mod name;
pub(crate) mod outcome;
pub(crate) mod owner;
pub mod pace;
pub(crate) mod paging;
pub mod place;
pub(crate) mod said;
pub(crate) mod secret;
pub(crate) mod shown;
pub(crate) mod standing;
pub(crate) mod sweep;
pub mod time;
pub(crate) mod why;
