//! How the program ends.

use std::process;

use crate::domain::why::Why;

/// The exit codes; each command's help says which it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything requested is done (0).
    Success,
    /// An account could not be created, or one may be left (1).
    Failed,
    /// Wrong usage or configuration, found before any request (2).
    Usage,
    /// Stopped by a signal (128 + its number).
    Signal(i32),
    /// The code of `run`'s command.
    Command(u8),
}

impl ExitCode {
    /// This one, or where all went well the one of what came after.
    pub(super) fn and_then(self, later: Self) -> Self {
        if self == Self::Success { later } else { self }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        let number = match code {
            ExitCode::Success => 0,
            ExitCode::Failed => 1,
            ExitCode::Usage => 2,
            ExitCode::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
            ExitCode::Command(code) => code,
        };
        Self::from(number)
    }
}

/// Why a command came to no end of its own.
#[derive(Debug)]
pub(super) enum Failure {
    /// A mistake of the user's, found before any request: exit code 2.
    Usage(Why),
    /// Anything else: exit code 1.
    Failed(anyhow::Error),
}

impl Failure {
    /// A mistake of the user's.
    pub(super) fn usage(text: impl Into<Why>) -> Self {
        Self::Usage(text.into())
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<&anyhow::Error> for Why {
    fn from(error: &anyhow::Error) -> Self {
        Self::of(error.as_ref())
    }
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Usage(why) => why,
            Failure::Failed(error) => Self::from(&error),
        }
    }
}
