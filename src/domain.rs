//! What Standin knows and decides, as plain data and pure functions.
//!
//! Nothing here does I/O: no async, no clock, no file, no environment, no HTTP type, no logging.

pub mod account;
pub mod answer;
pub mod decide;
pub mod event;
pub mod evidence;
pub mod ledger;
pub mod leftover;
pub mod leg;
pub mod marker;
pub mod meaning;
pub mod name;
pub mod outcome;
pub mod owner;
pub mod pace;
pub mod paging;
pub mod place;
pub mod said;
pub mod secret;
pub mod standing;
pub mod sweep;
pub mod time;
pub mod why;
