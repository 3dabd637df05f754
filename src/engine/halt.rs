//! Why nothing new is started.

use std::time::Duration;

/// Why nothing new is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    Stopped,
    Deadline,
    /// The service may be asked again so much later only, and the deadline comes first.
    Pace(Duration),
}

impl Halt {
    /// The reason, for a message.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Stopped => "it was stopped".to_owned(),
            Self::Deadline => "the deadline came".to_owned(),
            Self::Pace(wait) => format!(
                "the deadline comes before the service may be asked again, which is in {}",
                humantime::format_duration(Duration::from_secs(wait.as_secs().max(1)))
            ),
        }
    }
}
