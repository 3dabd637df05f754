//! Why something failed, and what to do about it: two fields, so that nobody has to look for the one in the other.

use std::error::Error;
use std::fmt::{self, Display};

/// A reason, and what would mend it where that is known. Both may hold foreign text.
///
/// As text it is the reason alone; whoever shows it to a person shows the hint too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// What failed: a fragment in lower case, without a full stop.
    pub what: String,
    hint: Option<Hint>,
}

/// What to do about an error, in the imperative: the last of its causes, so that it passes through whatever is put around it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Hint(String);

impl Why {
    /// A reason, with what to do about it where that is known.
    pub fn new(what: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.map(Hint),
        }
    }

    /// A reason with what to do about it.
    pub fn hinted(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(what, Some(hint.into()))
    }

    /// Several as one: a single one as it is, else a text in which each has its hint below it.
    pub fn all(separator: &str, all: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = all.into_iter().collect();
        if all.len() == 1 {
            return all.remove(0);
        }
        let texts: Vec<String> = all.iter().map(Self::in_full).collect();
        texts.join(separator).into()
    }

    /// An error with its causes, and the hint of the innermost that has one.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut parts = Vec::new();
        let mut hint = None;
        let mut cause = Some(error);
        while let Some(error) = cause {
            match error.downcast_ref::<Hint>() {
                Some(found) => hint = Some(found.clone()),
                None => parts.push(error.to_string()),
            }
            cause = error.source();
        }
        let what = parts.join(": ");
        Self { what, hint }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(|Hint(hint)| hint.as_str())
    }

    /// With this hint, unless it has one: whoever was nearer knows better.
    #[must_use]
    pub fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| Hint(hint.into()));
        self
    }

    /// The reason within a longer one, with the same hint.
    #[must_use]
    pub fn map(self, longer: impl FnOnce(String) -> String) -> Self {
        let Self { what, hint } = self;
        let what = longer(what);
        Self { what, hint }
    }

    /// The reason after what it is the reason of.
    #[must_use]
    pub fn context(self, of: impl Display) -> Self {
        self.map(|what| format!("{of}: {what}"))
    }

    /// Is nothing said?
    pub fn is_empty(&self) -> bool {
        self.what.is_empty()
    }

    /// The reason, and the hint on a line of its own.
    pub fn in_full(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}\nhint: {hint}", self.what),
            None => self.what.clone(),
        }
    }

    /// The same for a cell of a table or a value of a report, which is one line.
    pub fn in_line(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; hint: {hint}", self.what),
            None => self.what.clone(),
        }
    }
}

impl Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Why {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.hint.as_ref().map(|hint| hint as _)
    }
}

impl From<String> for Why {
    fn from(what: String) -> Self {
        Self::new(what, None)
    }
}

impl From<&str> for Why {
    fn from(what: &str) -> Self {
        Self::new(what, None)
    }
}

impl From<&String> for Why {
    fn from(what: &String) -> Self {
        Self::new(what, None)
    }
}

impl From<&Self> for Why {
    fn from(why: &Self) -> Self {
        why.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Wrapped {
        #[error(transparent)]
        Bare(Why),
        #[error("the file can't be read")]
        Inside(#[source] io::Error),
    }

    #[test]
    fn a_hint_passes_through_whatever_is_put_around_it() {
        let why = || Why::hinted("it is a link", "name what it leads to");
        let hint = Some("name what it leads to");
        let bare = Why::of(&Wrapped::Bare(why()));
        assert_eq!((bare.what.as_str(), bare.hint()), ("it is a link", hint));
        let inside = Why::of(&Wrapped::Inside(io::Error::other(why())));
        assert_eq!(
            (inside.what.as_str(), inside.hint()),
            ("the file can't be read: it is a link", hint)
        );
        let error = anyhow::Error::from(why()).context("no journal").context("no account");
        let above = Why::of(error.as_ref());
        assert_eq!(
            (above.what.as_str(), above.hint()),
            ("no account: no journal: it is a link", hint)
        );
    }

    #[test]
    fn the_innermost_hint_is_kept_alone() {
        let outer = Why::hinted("no", "do this").context("failed").or_hint("do that");
        assert_eq!(outer, Why::hinted("failed: no", "do this"));
        assert!(outer.in_full().lines().eq(["failed: no", "hint: do this"]));
        assert_eq!(outer.in_line(), "failed: no; hint: do this");
    }

    #[test]
    fn several_are_one_text_and_a_single_one_is_itself() {
        let one = Why::hinted("no", "do this");
        assert_eq!(Why::all("\n", [one.clone()]), one);
        assert_eq!(
            Why::all("\n", [one, "never".into()]),
            Why::from(["no", "hint: do this", "never"].join("\n"))
        );
    }

    #[test]
    fn nothing_is_said_by_an_empty_text_alone() {
        assert!(Why::default().is_empty() && !Why::from("no").is_empty());
        let why = Why::hinted("no", "look");
        assert_eq!(Why::from(&why), why);
        assert_eq!(Why::from(&"no".to_owned()), Why::from("no"));
    }
}
