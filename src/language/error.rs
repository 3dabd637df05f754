//! What can be wrong with an expression: before it runs, and when it runs.
//!
//! No message holds a value of the scope, since that may be a secret.

use minijinja::ErrorKind;

use crate::domain::why::Why;

/// An expression or template that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LanguageError {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do, if that is known.
    pub hint: Option<String>,
    /// Where, in bytes from the start of the source.
    pub offset: usize,
}

impl LanguageError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            offset,
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn moved(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// Why an evaluation gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// Something that the expression reads is not there (yet).
    Undefined,
    /// A name that is in no scope of this place.
    UnknownName,
    /// The bounds on work or memory were hit.
    TooMuch,
    /// A value that can't stand where it was put: a list in text, an empty segment of a path.
    Unfit,
    /// Anything else that the expression did.
    Failed,
}

/// An evaluation that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// The class.
    pub kind: EvalErrorKind,
    /// What is wrong: a lower-case fragment that holds no value.
    pub message: String,
    /// What to do, if that is known.
    pub hint: Option<String>,
}

impl EvalError {
    pub(super) fn new(kind: EvalErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Is it only that something is not there?
    pub fn is_undefined(&self) -> bool {
        self.kind == EvalErrorKind::Undefined
    }
}

impl From<EvalError> for Why {
    fn from(error: EvalError) -> Self {
        Self::new(error.message, error.hint)
    }
}

impl From<EvalError> for minijinja::Error {
    /// For the engine, which carries it to where it is told.
    fn from(error: EvalError) -> Self {
        let kind = match error.kind {
            EvalErrorKind::Undefined => ErrorKind::UndefinedError,
            EvalErrorKind::TooMuch => ErrorKind::OutOfFuel,
            EvalErrorKind::UnknownName | EvalErrorKind::Unfit | EvalErrorKind::Failed => ErrorKind::InvalidOperation,
        };
        Self::new(kind, error.message.clone()).with_source(error)
    }
}
