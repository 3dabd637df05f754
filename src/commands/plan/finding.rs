//! What is to be known before a plan is carried out: each with a stable code, its place and what to write.

use serde::Serialize;

use crate::config::{Diagnostic, Position};

/// The code of a value that is still to be written.
const TODO: &str = "todo";

/// One finding.
#[derive(Serialize)]
pub(super) struct ShownFinding {
    /// What kind it is; never changes.
    pub(super) code: &'static str,
    /// Where it is in the document.
    pub(super) at: ShownPosition,
    /// What is found.
    pub(super) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
}

/// A place in a document.
#[derive(Serialize)]
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

impl std::fmt::Display for ShownPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// A value that is still to be written.
pub(super) fn todo(todo: &Diagnostic) -> ShownFinding {
    ShownFinding {
        code: TODO,
        at: ShownPosition::of(&todo.place),
        message: todo.message.clone(),
        hint: todo.hint.clone(),
    }
}
