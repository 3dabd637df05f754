//! The one type that may hold a password, a token or a key.
//!
//! It can't be printed or serialised by accident: no `Display`, no `Serialize`, and a `Debug` that shows nothing.

use std::fmt;

use zeroize::Zeroizing;

/// A value that must never reach a log, an output, an error or the journal. Its memory is zeroed when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over; the caller keeps no copy.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself. Each call is a place where it could leave: look at what is done with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter22"))), "Some(Secret(***))");
    }
}
