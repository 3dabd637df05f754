//! The variables that a configuration may read.
//!
//! It never holds the runner's own variables or tokens, so that no expression, however it is written, can send them anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

use crate::domain::secret::Secret;

/// Variables that begin like this are the host's own.
const FAMILIES: [&str; 5] = ["ACTIONS_", "INPUT_", "STATE_", "CIRCLE_OIDC_TOKEN", "CI_JOB_JWT"];
/// Tokens of hosts, an address that holds one, and our own seed.
const HIDDEN: [&str; 8] = [
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "CI_JOB_TOKEN",
    "CI_REPOSITORY_URL",
    "FORGEJO_TOKEN",
    "GITEA_TOKEN",
    "GITHUB_TOKEN",
    "STANDIN_SEED",
    "SYSTEM_ACCESSTOKEN",
];
/// A value shorter than this may stand in another by chance.
const BORROWED_MIN: usize = 8;

/// May a configuration read this variable, and is it there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It has a value.
    Set,
    /// It is unset or empty.
    Unset,
    /// It belongs to the host or to Standin and is never given to a configuration.
    Hidden,
    /// It holds the value of such a variable.
    Borrowed,
    /// `allow-env` doesn't name it.
    NotAllowed,
}

/// A view of some process's variables, cheap to clone. Empty ones count as unset.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Arc<BTreeMap<String, Secret>>,
    /// Names of variables that hold a hidden one's value.
    borrowed: Arc<BTreeSet<String>>,
    allowed: Option<Arc<[String]>>,
    placeholders: bool,
    /// Names that have no placeholder, since their defaults hold.
    defaulted: Arc<BTreeSet<String>>,
}

impl Environment {
    /// Takes what a configuration may see of these variables. `allow` is the setting `allow-env`: globs with `*` and `?`, of
    /// which one must match; without it every variable that isn't hidden may be read. A hidden one may be read that is
    /// named there exactly.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, allow: Option<Vec<String>>) -> Self {
        let mut environment = Self {
            allowed: allow.map(Arc::from),
            ..Self::default()
        };
        let variables: Vec<(String, Secret)> = variables
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect();
        let hidden: Vec<&str> = variables
            .iter()
            .filter(|(name, _)| is_hidden(name) && holds_secret(name) && !environment.names_exactly(name))
            .map(|(_, value)| value.expose())
            .filter(|value| value.len() >= BORROWED_MIN)
            .collect();
        let borrows = |value: &Secret| hidden.iter().any(|hidden| value.expose().contains(hidden));
        let borrowed = variables
            .iter()
            .filter(|(name, value)| !is_hidden(name) && !environment.names_exactly(name) && borrows(value))
            .map(|(name, _)| name.clone())
            .collect();
        environment.borrowed = Arc::new(borrowed);
        let variables = variables
            .into_iter()
            .filter(|(name, value)| !value.expose().is_empty() && environment.permits(name).is_none())
            .collect();
        environment.variables = Arc::new(variables);
        environment
    }

    /// For `plan`: every variable that may be read is there, and its value is `${NAME}`.
    pub fn placeholders(allow: Option<Vec<String>>) -> Self {
        Self {
            allowed: allow.map(Arc::from),
            placeholders: true,
            ..Self::default()
        }
    }

    /// The same without these variables, so that what is said of their absence holds.
    #[must_use]
    pub fn without(self, names: BTreeSet<String>) -> Self {
        Self {
            defaulted: Arc::new(names),
            ..self
        }
    }

    /// The value, if it may be read and is set.
    pub fn get(&self, name: &str) -> Option<Secret> {
        if self.placeholders {
            return (self.permits(name).is_none() && !self.defaulted.contains(name))
                .then(|| Secret::new(format!("${{{name}}}")));
        }
        self.variables.get(name).cloned()
    }

    /// May it be read, and is it there?
    pub fn access(&self, name: &str) -> Access {
        match self.permits(name) {
            Some(refusal) => refusal,
            None if self.placeholders || self.variables.contains_key(name) => Access::Set,
            None => Access::Unset,
        }
    }

    /// Why this name may not be read, if so.
    fn permits(&self, name: &str) -> Option<Access> {
        if self.names_exactly(name) {
            return None;
        }
        if is_hidden(name) {
            return Some(Access::Hidden);
        }
        if self.borrowed.contains(name) {
            return Some(Access::Borrowed);
        }
        match &self.allowed {
            Some(globs) if !globs.iter().any(|glob| self::glob(glob, name)) => Some(Access::NotAllowed),
            _ => None,
        }
    }

    /// Does `allow-env` name it, and not by a glob?
    fn names_exactly(&self, name: &str) -> bool {
        self.allowed
            .iter()
            .flat_map(|globs| globs.iter())
            .any(|glob| glob == name)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Object for Environment {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let secret = self.get(key.as_str()?)?;
        Some(Value::from(secret.expose()))
    }

    // It can be asked for a name, and never be listed.
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// Variables that stay with the host and with Standin. Windows takes names in any case, so this does too.
fn is_hidden(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_ci_password = name.strip_prefix("CI_").is_some_and(|rest| rest.ends_with("_PASSWORD"));
    is_ci_password || FAMILIES.iter().any(|prefix| name.starts_with(prefix)) || HIDDEN.contains(&name.as_str())
}

/// Is the value of a hidden variable a secret? Most inputs and saved states are words such as `localhost`, which others may
/// hold as well.
fn holds_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_told = ["ACTIONS_", "INPUT_", "STATE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    !is_told
        || ["TOKEN", "SEED", "SECRET", "PASSWORD", "_KEY"]
            .iter()
            .any(|word| name.contains(word))
}

/// Does a glob of `*` (any characters) and `?` (one) match the whole name? Linear in space, at most quadratic in time.
pub fn glob(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut g, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    g = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(names: &[&str], allow: Option<&[&str]>) -> Environment {
        Environment::new(
            names.iter().map(|name| ((*name).to_owned(), "x".to_owned())),
            allow.map(|globs| globs.iter().map(|glob| (*glob).to_owned()).collect()),
        )
    }

    #[test]
    fn the_runners_own_variables_are_never_there() {
        let hidden = [
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "INPUT_CONFIG",
            "STATE_journal",
            "GITHUB_TOKEN",
            "CI_JOB_TOKEN",
            "CI_REGISTRY_PASSWORD",
            "CI_DEPLOY_PASSWORD",
            "STANDIN_SEED",
            "github_token",
            "Actions_Runtime_Token",
            "SYSTEM_ACCESSTOKEN",
            "BUILDKITE_AGENT_ACCESS_TOKEN",
            "CIRCLE_OIDC_TOKEN",
            "CIRCLE_OIDC_TOKEN_V2",
            "FORGEJO_TOKEN",
            "GITEA_TOKEN",
            "CI_JOB_JWT",
            "CI_JOB_JWT_V2",
            "CI_REPOSITORY_URL",
        ];
        let environment = all(&hidden, None);
        for name in hidden {
            assert!(environment.get(name).is_none(), "{name}");
            assert_eq!(environment.access(name), Access::Hidden, "{name}");
            assert!(Environment::placeholders(None).get(name).is_none(), "{name}");
        }
        for name in ["GITHUB_RUN_ID", "CI_PASSWORD", "KC_SECRET", "MY_INPUT_X"] {
            assert_eq!(all(&[name], None).access(name), Access::Set, "{name}");
        }
    }

    #[test]
    fn a_variable_that_holds_the_value_of_a_hidden_one_is_not_there_either() {
        let pairs = [
            ("CI_JOB_TOKEN", "glcbt-64_x1"),
            ("REMOTE", "https://ci:glcbt-64_x1@git.example.com"),
            ("CI_JOB_JWT", "short"),
            ("WORD", "shorter"),
            ("INPUT_ALLOW-HOSTS", "localhost"),
            ("USERS_URL", "http://localhost:8081"),
            ("INPUT_SEED", "a seed of 32 characters, or more"),
            ("COPY", "a seed of 32 characters, or more"),
        ];
        let environment = |allow: Option<&[&str]>| {
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Environment::new(
                pairs,
                allow.map(|globs| globs.iter().map(|glob| (*glob).to_owned()).collect()),
            )
        };
        let free = environment(None);
        for name in ["REMOTE", "COPY"] {
            assert_eq!(free.access(name), Access::Borrowed, "{name}");
            assert!(free.get(name).is_none(), "{name}");
        }
        for name in ["USERS_URL", "WORD"] {
            assert!(free.get(name).is_some(), "{name}");
        }
        let named = environment(Some(&["REMOTE", "C*"]));
        assert!(named.get("REMOTE").is_some() && named.get("COPY").is_none());
    }

    #[test]
    fn allow_env_lets_a_hidden_variable_in_by_its_whole_name_alone() {
        let names = ["GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"];
        assert_eq!(all(&names, Some(&["GITHUB_TOKEN"])).access("GITHUB_TOKEN"), Access::Set);
        for globs in [&["*"], &["GITHUB_*"]] {
            assert_eq!(all(&names, Some(globs)).access("GITHUB_TOKEN"), Access::Hidden);
        }
    }

    #[test]
    fn allow_env_limits_what_is_left() {
        let environment = all(&["QA_USER", "QA_PW", "HOME"], Some(&["QA_*"]));
        assert_eq!(environment.access("QA_USER"), Access::Set);
        assert_eq!(environment.access("HOME"), Access::NotAllowed);
        assert!(environment.get("HOME").is_none());
        assert_eq!(all(&["A"], Some(&[])).access("A"), Access::NotAllowed);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::new([("A".to_owned(), String::new())], None);
        assert_eq!(environment.access("A"), Access::Unset);
    }

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("QA_*", "QA_", true),
            ("QA_*", "XQA_A", false),
            ("*_PW", "A_PW_PW", true),
            ("*_PW", "A_PWX", false),
            ("A?C", "ABC", true),
            ("A?C", "AC", false),
            ("", "A", false),
        ] {
            assert_eq!(super::glob(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn debug_shows_names_alone() {
        let environment = Environment::new([("A".to_owned(), "hunter2".to_owned())], None);
        assert_eq!(format!("{environment:?}"), r#"{"A"}"#);
    }
}
