//! How an account stands with its service after it was made.

use super::why::Why;

/// What a later look at an account shows. A reason is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is there, under our name, and as it was asked for.
    Ready,
    /// It is there, and no longer what it was: renamed, disabled, locked.
    Changed(String),
    /// It is not there, which is proved, or was never made.
    Missing(String),
    /// The service does not say, or can't be asked.
    Unknown(Why),
}

impl Standing {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Changed(_) => "changed",
            Self::Missing(_) => "missing",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why, where it is not ready, in one line.
    pub fn reason(&self) -> String {
        match self {
            Self::Ready => String::new(),
            Self::Changed(reason) | Self::Missing(reason) => reason.clone(),
            Self::Unknown(why) => why.in_line(),
        }
    }
}
