//! What is told, in words: lines, tables and the summary. Pure: it neither writes nor knows where it is read.

mod cause;
mod check;
mod line;
mod narrator;
mod outcome;
mod pulse;
mod summary;
mod table;
mod timeline;

pub use check::{check_summary, check_table};
pub use line::Line;
pub use narrator::{Narrator, Phase};
pub use outcome::{Ended, after_setup, hint, plural};
pub use pulse::Pulse;
pub use summary::{AccountRow, cleanup_summary, setup_summary, status_summary, sweep_summary};
pub use table::{seen, table};
pub use timeline::Timeline;
