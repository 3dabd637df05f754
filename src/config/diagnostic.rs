//! One mistake of a configuration, as it is told to the person who has to mend it.

use std::fmt;

use crate::domain::why::Why;

/// The most mistakes that are told: whoever made more mends these first.
pub(super) const SHOWN_LIMIT: usize = 50;

/// A place in a document, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The document's name.
    pub source: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// One mistake, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Position,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do, if that is known.
    pub hint: Option<String>,
    pub(super) excerpt: Option<Excerpt>,
}

/// A line of the document and the part of it that is meant, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) line: String,
    pub(super) caret: usize,
    pub(super) width: usize,
}

/// What it says but for the hint.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if let Some(excerpt) = &self.excerpt {
            let number = self.place.line.to_string();
            let space = " ".repeat(number.len());
            let before = " ".repeat(excerpt.caret);
            let marks = "^".repeat(excerpt.width);
            write!(f, "\n {number} | {}\n {space} | {before}{marks}", excerpt.line)?;
        }
        Ok(())
    }
}

/// Two kinds of mistakes as one list in the order of the document, whose own come before those of what it names.
pub(super) fn in_order(mut mistakes: Vec<Diagnostic>, more: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for one in more {
        let of_same = |known: &&Diagnostic| known.place.source == one.place.source;
        let before = |known: &&Diagnostic| (known.place.line, known.place.column) <= (one.place.line, one.place.column);
        // Behind the last one of its document that comes before it, else before its document's first.
        let behind = mistakes.iter().rposition(|known| of_same(&known) && before(&known));
        let at = behind.map_or_else(
            || {
                mistakes
                    .iter()
                    .position(|known| of_same(&known))
                    .unwrap_or(mistakes.len())
            },
            |behind| behind + 1,
        );
        mistakes.insert(at, one);
    }
    mistakes
}

/// All of them as one, each after an empty line.
pub fn render(diagnostics: &[Diagnostic]) -> Why {
    let why = |one: &Diagnostic| Why::new(one.to_string(), one.hint.clone());
    Why::all("\n\n", diagnostics.iter().map(why))
}

#[cfg(test)]
mod tests;
