//! What is to be known before a plan is carried out: each with a stable code, its place and what to write.

use std::fmt;

use serde::Serialize;

use crate::config::{Diagnostic, Position};
use crate::domain::why::Why;
use crate::lint::Note;

/// The code of a value that is still to be written.
const TODO: &str = "todo";

/// One finding.
#[derive(Serialize)]
pub(super) struct ShownFinding {
    /// What kind it is; never changes.
    pub(super) code: &'static str,
    /// The service that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// Where the value, or the service, is in the document.
    pub(super) at: ShownPosition,
    /// The keys that lead to what is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<String>,
    /// What is found.
    pub(super) message: String,
    /// The line to write at the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) write: Option<String>,
}

impl ShownFinding {
    /// A value that is still to be written.
    pub(super) fn todo(todo: &Diagnostic) -> Self {
        Self {
            code: TODO,
            service: None,
            at: ShownPosition::of(&todo.place),
            place: None,
            message: todo.message.clone(),
            write: None,
        }
    }

    /// What a service lacks.
    pub(super) fn note(service: &str, at: &Position, note: Note) -> Self {
        Self {
            code: note.code,
            service: Some(service.to_owned()),
            at: ShownPosition::of(at),
            place: Some(note.place),
            message: note.text,
            write: note.write,
        }
    }

    /// What it says, with its code.
    pub(super) fn told(&self) -> String {
        format!("{} [{}]", self.message, self.code)
    }

    /// What to write, and where.
    pub(super) fn mend(&self) -> Option<String> {
        let (place, write) = (self.place.as_ref()?, self.write.as_ref()?);
        Some(format!("in {place}: {write}"))
    }
}

/// A place in a document.
#[derive(Clone, Serialize)]
pub(super) struct ShownPosition {
    source: String,
    line: usize,
    column: usize,
}

impl ShownPosition {
    fn of(position: &Position) -> Self {
        Self {
            source: position.source.clone(),
            line: position.line,
            column: position.column,
        }
    }
}

impl fmt::Display for ShownPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// A mistake of a file.
#[derive(Clone, Serialize)]
pub(super) struct ShownMistake {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<ShownPosition>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl ShownMistake {
    /// One with its place.
    pub(super) fn of(mistake: &Diagnostic) -> Self {
        Self {
            at: Some(ShownPosition::of(&mistake.place)),
            message: mistake.message.clone(),
            hint: mistake.hint.clone(),
        }
    }

    /// One of the whole file.
    pub(super) fn without_place(why: &Why) -> Self {
        Self {
            at: None,
            message: why.what.clone(),
            hint: why.hint().map(str::to_owned),
        }
    }
}
