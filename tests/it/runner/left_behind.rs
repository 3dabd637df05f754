//! A phase whose worker was killed: on a machine that lives on it runs on, and nobody is left to end it.

use super::orphans::Tracking;
use super::process::Unseen;

/// The process, and all that it has started, which end with this at the latest.
#[derive(Debug)]
pub(crate) struct LeftBehind {
    process: Unseen,
    _tracking: Tracking,
}

impl LeftBehind {
    pub(super) fn new(process: Unseen, tracking: Tracking) -> Self {
        Self {
            process,
            _tracking: tracking,
        }
    }

    /// Waits for its end, and gives its exit code; none after a signal.
    pub(crate) fn wait(&self) -> Option<i32> {
        self.process.wait().code()
    }
}
