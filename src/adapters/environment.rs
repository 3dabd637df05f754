//! The process's environment, read once.
//!
//! The only place that reads it. What is not UTF-8 is left out: reading such a variable must not end the process.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that owns the environment")]

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use thiserror::Error;

/// The variables of the process. It has no `Debug`: values may be secrets.
#[derive(Clone, Default)]
pub struct ProcessEnv(BTreeMap<String, String>);

impl ProcessEnv {
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

    /// Fills a struct whose fields are named as variables are after the prefix, in lower case. What a field can't hold is
    /// left out, and told: a variable that somebody else has set must not keep a cleanup from its work.
    pub fn fill<T: DeserializeOwned + Default>(&self, prefix: &str) -> (T, Vec<Misfit>) {
        // To `envy` an empty value is a value, and a name in lower case is the same as one in upper case, given twice.
        let is_meant = |name: &str| name.starts_with(prefix) && !name.contains(|c: char| c.is_ascii_lowercase());
        let mut variables: BTreeMap<&str, &str> = self
            .iter()
            .filter(|(name, value)| is_meant(name) && !value.is_empty())
            .collect();
        let mut misfits = Vec::new();
        loop {
            let pairs = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let error = match envy::prefixed(prefix).from_iter(pairs) {
                Ok(filled) => return (filled, misfits),
                Err(error) => error.to_string(),
            };
            // The error ends in the name, without the prefix; before it stands the value, which is nobody's business.
            let name = error
                .rsplit_once(" provided by ")
                .map(|(_, name)| format!("{prefix}{name}"));
            match name.filter(|name| variables.remove(name.as_str()).is_some()) {
                Some(name) => misfits.push(Misfit(name)),
                None => return (T::default(), misfits),
            }
        }
    }

    /// Every variable, by name, empty ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A variable that does not hold what it should. Its value is not told: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` can't be read, and is ignored")]
pub struct Misfit(String);

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ProcessEnv {
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
        let environment: ProcessEnv = [("SET", "x"), ("EMPTY", "")].into_iter().collect();
        assert_eq!(environment.get("SET"), Some("x"));
        assert_eq!(environment.get("EMPTY"), None);
        assert!(environment.has("EMPTY") && !environment.has("ABSENT"));
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    struct Build {
        id: Option<String>,
        attempt: Option<u32>,
        total: Option<u32>,
    }

    fn filled(prefix: &str, pairs: &[(&str, &str)]) -> (Build, Vec<String>) {
        let environment: ProcessEnv = pairs.iter().copied().collect();
        let (build, misfits) = environment.fill(prefix);
        (build, misfits.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_struct_is_filled_with_what_is_set_and_has_its_names_in_upper_case() {
        let pairs = [
            ("CI_ID", "7"),
            ("CI_ATTEMPT", ""),
            ("CI_TOTAL", "3"),
            ("CI_total", "4"),
            ("ID", "8"),
            ("id", "9"),
        ];
        let build = |id: &str, total| Build {
            id: Some(id.to_owned()),
            attempt: None,
            total,
        };
        assert_eq!(filled("CI_", &pairs), (build("7", Some(3)), Vec::new()));
        assert_eq!(filled("", &pairs), (build("8", None), Vec::new()));
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_whole_name_without_its_value_and_takes_nothing_with_it() {
        let hunter = "hunter2 provided by CI_ID";
        let (build, misfits) = filled("CI_", &[("CI_ID", "7"), ("CI_ATTEMPT", hunter), ("CI_TOTAL", "-1")]);
        assert_eq!(build.id.as_deref(), Some("7"));
        assert_eq!((build.attempt, build.total), (None, None));
        assert_eq!(
            misfits,
            [
                "`CI_ATTEMPT` can't be read, and is ignored",
                "`CI_TOTAL` can't be read, and is ignored"
            ]
        );
    }
}
