//! The time, the only place that asks the system for it.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that owns the time")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// Wall-clock time that never goes backwards within one process: deadlines and windows must not jump with the system's
/// clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    at_start: Timestamp,
}

impl Clock {
    /// A clock that agrees with the system's at this moment.
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            at_start: Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(0)),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.at_start + self.started.elapsed()
    }
}
