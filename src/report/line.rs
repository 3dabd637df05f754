//! One line for whoever watches.

use crate::domain::level::Level;
use crate::domain::why::Why;

/// A line and how loud it is. Its text may hold foreign text: whoever prints it makes it harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How loud.
    pub level: Level,
    /// What is said.
    pub text: Why,
}

impl Line {
    /// A line of the story.
    pub fn info(text: impl Into<Why>) -> Self {
        Self::new(Level::Info, text)
    }

    /// An error.
    pub fn error(text: impl Into<Why>) -> Self {
        Self::new(Level::Error, text)
    }

    /// A line of any level.
    pub fn new(level: Level, text: impl Into<Why>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }
}
