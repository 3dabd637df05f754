//! Where settings come from: flags, inputs, variables; collected as text by name.
//!
//! Which source counts is decided here and nowhere else; what a text means is decided in `parse`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::table::{SETTINGS, Setting, Variable};
use crate::adapters::environment::Environment;
use crate::cli::{Command, Invocation};

/// Every setting as text, from one source. `envy` fills it, with names in lower case and dashes as underscores.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Texts {
    pub(super) config_file: Option<String>,
    pub(super) config: Option<String>,
    pub(super) journal: Option<String>,
    pub(super) state: Option<String>,
    pub(super) state_file: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) run_id: Option<String>,
    pub(super) attempt: Option<String>,
    pub(super) seed: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) cleanup: Option<String>,
    pub(super) on_failure: Option<String>,
    pub(super) on_leftover: Option<String>,
    pub(super) when_secrets_missing: Option<String>,
    pub(super) leg: Option<String>,
    pub(super) wait: Option<String>,
    pub(super) deadline: Option<String>,
    pub(super) cleanup_deadline: Option<String>,
    pub(super) only: Option<String>,
    pub(super) persona: Option<String>,
    pub(super) concurrency: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) export_env: Option<String>,
    pub(super) dotenv: Option<String>,
    pub(super) properties: Option<String>,
    pub(super) credentials_file: Option<String>,
    pub(super) report: Option<String>,
    pub(super) allow_env: Option<String>,
    pub(super) allow_hosts: Option<String>,
    pub(super) allow_audience: Option<String>,
    pub(super) format: Option<String>,
    pub(super) show_answers: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) log_format: Option<String>,
    pub(super) verbose: Option<String>,
    pub(super) older_than: Option<String>,
    pub(super) run: Option<String>,
    pub(super) all_owners: Option<String>,
    pub(super) protect: Option<String>,
    pub(super) max: Option<String>,
    pub(super) dry_run: Option<String>,
    pub(super) watch: Option<String>,
    pub(super) port: Option<String>,
    pub(super) services: Option<String>,
    pub(super) fault: Option<String>,
    pub(super) delay: Option<String>,
    pub(super) ready_after: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) limit_headers: Option<String>,
}

/// The three sources; the first that has a value wins.
#[derive(Default)]
pub(super) struct Layers {
    flags: Texts,
    inputs: Texts,
    variables: Texts,
}

/// A value and the name under which the user gave it.
pub(super) struct Found<'a> {
    pub(super) value: &'a str,
    /// `--deadline`, input `deadline` or `STANDIN_DEADLINE`, ready for a message.
    pub(super) source: String,
}

impl Layers {
    pub(super) fn collect(invocation: &Invocation, environment: &Environment) -> Result<Self, envy::Error> {
        let flags = invocation
            .flags
            .iter()
            .map(|(name, value)| (key(name), value.to_owned()));
        // Elsewhere `INPUT_` may be anybody's prefix.
        let on_github = environment.get("GITHUB_ACTIONS") == Some("true");
        Ok(Self {
            flags: texts(flags.collect())?,
            inputs: if on_github {
                texts(inputs(environment))?
            } else {
                Texts::default()
            },
            variables: texts(variables(environment, &invocation.command))?,
        })
    }

    /// The value of a setting (name with dashes), from the first source that has one.
    pub(super) fn find(&self, name: &str, field: fn(&Texts) -> Option<&str>) -> Option<Found<'_>> {
        let sources = [
            (&self.flags, format!("`--{name}`")),
            (&self.inputs, format!("input `{name}`")),
            (&self.variables, format!("`STANDIN_{}`", key(name).to_ascii_uppercase())),
        ];
        sources
            .into_iter()
            .find_map(|(texts, source)| field(texts).map(|value| Found { value, source }))
    }
}

fn key(name: &str) -> String {
    name.replace('-', "_")
}

/// Empty values go before `envy` sees them: to it they are values, and the runner sets every unset input to "".
fn texts(pairs: BTreeMap<String, String>) -> Result<Texts, envy::Error> {
    envy::from_iter(pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()))
}

fn inputs(environment: &Environment) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    for setting in SETTINGS.iter().filter(|setting| setting.sources.input) {
        // The runner keeps dashes. Underscores count only where the dashed name is not there at all: the runner sets it,
        // if only to "", and so an earlier step can't slip in `INPUT_CONFIG_FILE` for an input that was left out.
        let dashed = format!("INPUT_{}", setting.name.to_ascii_uppercase());
        let name = if environment.has(&dashed) { dashed } else { key(&dashed) };
        if let Some(value) = environment.get(&name) {
            pairs.insert(key(setting.name), value.to_owned());
        }
    }
    pairs
}

/// Those of the command's own settings: a job sets variables for all its commands, and what is meant for one, and no value of
/// another's, must not keep that from its work.
fn variables(environment: &Environment, command: &Command) -> BTreeMap<String, String> {
    let is_action = command.is_action();
    let mut pairs = BTreeMap::new();
    let taken = |setting: &&Setting| is_action || setting.commands.contains(&command.name());
    for setting in SETTINGS.iter().filter(taken) {
        let counts = match setting.sources.variable {
            Variable::Counts => true,
            Variable::NotInAction => !is_action,
            Variable::Never => false,
        };
        let name = format!("STANDIN_{}", key(setting.name).to_ascii_uppercase());
        if let Some(value) = environment.get(&name).filter(|_| counts) {
            pairs.insert(key(setting.name), value.to_owned());
        }
    }
    pairs
}
