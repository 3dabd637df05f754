//! How much a line of the log matters.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For somebody who looks for a fault: only with `verbose`.
    Debug,
    /// The story.
    Info,
    /// Worth a mark on the run's page.
    Notice,
    /// Something that somebody should look at.
    Warning,
    /// Something that failed.
    Error,
}

impl Level {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
