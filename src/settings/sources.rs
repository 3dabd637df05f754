//! Where settings come from: flags, inputs, variables. The first that has a value wins.
//!
//! Which source counts is decided here and nowhere else; what a text means is decided by the setting's declaration.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue};

use super::setting::{Setting, Variable};
use crate::adapters::environment::ProcessEnv;
use crate::cli::{Invocation, one_of};
use crate::domain::why::Why;

/// The text of a setting and the name under which the user gave it.
pub(super) struct GivenText {
    pub(super) setting: Setting,
    /// `--deadline`, input `deadline` or `STANDIN_DEADLINE`, ready for a message.
    pub(super) source: String,
    value: String,
}

/// Every setting that is given, each from its first source. Empty values are ignored: the runner sets every unset input to "".
pub(super) fn given(invocation: &Invocation, environment: &ProcessEnv) -> Vec<GivenText> {
    let mut found = Vec::new();
    for setting in Setting::all() {
        let name = setting.name();
        // What is switched on in the runner for one run need not be written into the workflow.
        let is_debug_run = name == "verbose" && environment.get("RUNNER_DEBUG") == Some("1");
        let sources = [
            (format!("`--{name}`"), invocation.flags.get(name).map(String::as_str)),
            (format!("input `{name}`"), input(&setting, environment)),
            (
                format!("`{}`", setting.variable()),
                variable(&setting, invocation, environment),
            ),
            ("`RUNNER_DEBUG`".to_owned(), is_debug_run.then_some("true")),
        ];
        let given = sources.into_iter().find_map(|(source, value)| {
            let value = value.filter(|value| !value.trim().is_empty())?;
            Some((source, value.to_owned()))
        });
        found.extend(given.map(|(source, value)| GivenText { setting, source, value }));
    }
    found
}

fn input<'e>(setting: &Setting, environment: &'e ProcessEnv) -> Option<&'e str> {
    // Elsewhere `INPUT_` may be anybody's prefix.
    if !setting.scope.input || environment.get("GITHUB_ACTIONS") != Some("true") {
        return None;
    }
    // The runner keeps dashes. Underscores count only where the dashed name is not there at all: the runner sets it,
    // if only to "", and so an earlier step can't slip in `INPUT_CONFIG_FILE` for an input that was left out.
    let dashed = format!("INPUT_{}", setting.name().to_ascii_uppercase());
    let name = if environment.has(&dashed) {
        dashed
    } else {
        dashed.replace('-', "_")
    };
    environment.get(&name)
}

/// Those of the command's own settings: a job sets variables for all its commands, and what is meant for one, and no value of
/// another's, must not keep that from its work.
fn variable<'e>(setting: &Setting, invocation: &Invocation, environment: &'e ProcessEnv) -> Option<&'e str> {
    let is_action = invocation.is_action();
    let counts = match setting.scope.variable {
        Variable::Counts => is_action || setting.is_of(&invocation.name),
        Variable::NotInAction => !is_action && setting.is_of(&invocation.name),
        Variable::Never => false,
    };
    environment.get(&setting.variable()).filter(|_| counts)
}

impl GivenText {
    /// As clap reads it: a list is a flag that is repeated.
    pub(super) fn arguments(&self) -> Vec<String> {
        let argument = |value: &str| format!("--{}={value}", self.setting.name());
        if self.setting.is_list() {
            let items = self.value.split([',', '\n']).map(str::trim);
            items.filter(|item| !item.is_empty()).map(argument).collect()
        } else if self.setting.scope.is_secret {
            vec![argument(&self.value)]
        } else {
            vec![argument(self.value.trim())]
        }
    }

    /// What is wrong with it, by the name that the user wrote: clap knows flags alone.
    pub(super) fn wrong(&self, error: &clap::Error) -> Why {
        let reason = error.source().and_then(|source| source.downcast_ref::<Why>());
        let why = match (reason, error.get(ContextKind::ValidValue)) {
            (Some(why), _) => why.clone(),
            (None, Some(ContextValue::Strings(names))) => {
                Why::hinted("not a known value", one_of(self.value.trim(), names))
            }
            _ => Why::hinted("not taken", "see `standin --help`"),
        };
        let value: String = self.value.trim().chars().take(80).collect();
        if self.setting.scope.is_secret {
            why.map(|what| format!("{} {what}", self.source))
        } else {
            why.context(format_args!("{} is `{}`", self.source, value.escape_debug()))
        }
    }
}
