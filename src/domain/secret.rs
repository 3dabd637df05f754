//! The one type that may hold a password, a token or a key, and the names under which such values stand.
//!
//! It can't be printed or serialised by accident: no `Display`, no `Serialize`, and a `Debug` that shows nothing.

use std::fmt;

use zeroize::Zeroizing;

/// Parts of names whose values are secrets, in lower case and without `_` and `-`.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "authorization",
    "cookie",
    "bearer",
    "credential",
    "apikey",
];

/// Does a key or field of this name hold a secret?
pub fn is_sensitive(name: &str) -> bool {
    let plain = plain(name);
    WORDS.iter().any(|word| plain.contains(word)) || plain.ends_with("token")
}

/// So many letters and digits of a secret are changed in order to spoil it: one alone may be padding.
const SPOILT: usize = 8;

/// A secret with something wrong in it, in the form of the right one: its last letters and digits are each another.
pub fn spoilt(secret: &str) -> String {
    let mut left = SPOILT;
    let mut spoil = |c: char| {
        if left == 0 || !c.is_ascii_alphanumeric() {
            return c;
        }
        left -= 1;
        match c {
            'z' => 'a',
            'Z' => 'A',
            '9' => '0',
            _ => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        }
    };
    let spoilt: Vec<char> = secret.chars().rev().map(&mut spoil).collect();
    spoilt.into_iter().rev().collect()
}

/// Does a field or parameter of this name let its sender in? A request without credentials has none of them.
pub fn lets_in(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_sensitive(&name)
        || name == "key"
        || ["access_key", "accesskey", "signature"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// A name in lower case, without `_` and `-`.
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A value that must never reach a log, an output, an error or the journal. Its memory is zeroed when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
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
