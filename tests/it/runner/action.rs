//! What the runner reads of an `action.yml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::job::Condition;
use super::node::Node;

/// An action's manifest. Keys that the runner doesn't need are not read.
#[derive(Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    pub(crate) inputs: BTreeMap<String, Input>,
    pub(crate) runs: Runs,
}

/// One declared input. `required` is not read: the runner doesn't enforce it.
#[derive(Deserialize)]
pub(crate) struct Input {
    #[serde(default)]
    pub(crate) default: String,
    #[serde(rename = "deprecationMessage")]
    pub(crate) deprecation: Option<String>,
}

/// How an action is run. The emulator knows JavaScript actions without `pre`.
#[derive(Deserialize)]
pub(crate) struct Runs {
    pub(crate) using: String,
    pub(crate) main: String,
    pub(crate) pre: Option<String>,
    pub(crate) post: Option<String>,
    #[serde(rename = "post-if")]
    pub(crate) post_if: Option<String>,
}

impl Manifest {
    /// Reads the manifest of the action in a folder.
    ///
    /// Panics where the action needs something that the emulator doesn't have, rather than pass it over.
    pub(crate) fn read(folder: &Path) -> Self {
        let path = folder.join("action.yml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let manifest: Self =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            manifest.runs.pre.is_none(),
            "the emulator has no `pre`: it would run before every other step"
        );
        manifest
    }

    /// The Node that the action declares.
    pub(crate) fn node(&self) -> Node {
        match self.runs.using.to_lowercase().as_str() {
            // Older ones are run on Node 20 without a word.
            "node12" | "node16" | "node20" => Node::Twenty,
            "node24" => Node::TwentyFour,
            other => panic!(
                "'using: {other}' is not supported, use 'docker', 'node12', 'node16', 'node20' or 'node24' instead."
            ),
        }
    }

    /// When post runs: the runner's own default is `always()`.
    pub(crate) fn post_condition(&self) -> Condition {
        self.runs.post_if.as_deref().map_or(Condition::Always, Condition::parse)
    }

    /// The variables of the inputs: every declared one, an absent one as its default or an empty string, and those given
    /// beside them. Dashes stay in the names. `evaluate` replaces the expressions of defaults.
    pub(crate) fn variables(
        &self,
        given: &[(String, String)],
        evaluate: impl Fn(&str) -> String,
    ) -> Vec<(String, String)> {
        let declared = self
            .inputs
            .iter()
            .filter(|(name, _)| !given.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)));
        let absent = declared.map(|(name, input)| (name.clone(), evaluate(&input.default)));
        absent
            .chain(given.iter().cloned())
            .map(|(name, value)| (format!("INPUT_{}", name.replace(' ', "_").to_uppercase()), value))
            .collect()
    }

    /// The warnings about what is given: undeclared inputs (which arrive all the same) and deprecated ones.
    pub(crate) fn warnings(&self, given: &[(String, String)]) -> Vec<String> {
        let declared = |name: &str| self.inputs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let quoted = |names: Vec<&str>| {
            names
                .iter()
                .map(|name| format!("'{name}'"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let unknown: Vec<&str> = given
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| declared(name).is_none())
            .collect();
        let mut warnings = Vec::new();
        if !unknown.is_empty() {
            let valid = quoted(self.inputs.keys().map(String::as_str).collect());
            warnings.push(format!(
                "Unexpected input(s) {}, valid inputs are [{valid}]",
                quoted(unknown)
            ));
        }
        for (name, _) in given {
            if let Some(message) = declared(name).and_then(|(_, input)| input.deprecation.as_ref()) {
                warnings.push(format!("Input '{name}' has been deprecated with message: {message}"));
            }
        }
        warnings
    }
}
