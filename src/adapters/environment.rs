//! The process's environment, read once.
//!
//! The only place that reads it. What is not UTF-8 is left out: reading such a variable must not end the process.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that owns the environment")]

use std::collections::BTreeMap;

/// The variables of the process. It has no `Debug`: values may be secrets.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process whose name and value are UTF-8.
    pub fn capture() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable. An empty one counts as absent: the GitHub runner sets every unset input to "".
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Is there a variable of this name, if only an empty one?
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every variable, by name, empty ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let environment: Environment = [("SET", "x"), ("EMPTY", "")].into_iter().collect();
        assert_eq!(environment.get("SET"), Some("x"));
        assert_eq!(environment.get("EMPTY"), None);
        assert!(environment.has("EMPTY") && !environment.has("ABSENT"));
    }
}
