//! GitHub Actions, and runners that speak its protocol (act, Gitea, Forgejo).

mod file_commands;
mod workflow;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{FORK, Host, HostRun, Recognised, absolute};
use crate::adapters::environment::ProcessEnv;
use crate::adapters::small_file::{self, Workspace};

pub use file_commands::{FileCommands, OUTPUT_MAX, VARIABLE_MAX};

/// The runner records this many annotations of each kind a step, and logs the rest (`_maxCountPerIssueType`).
const ANNOTATIONS: usize = 10;
/// An event is read up to here; GitHub's own limit is 25 MB.
const EVENT_MAX: u64 = 32 * 1024 * 1024;
/// Who starts Dependabot's runs.
const DEPENDABOT: &str = "dependabot[bot]";
/// Events on which a workflow runs with its secrets on what a stranger may have written.
const GUARDED_EVENTS: [&str; 3] = ["pull_request_target", "workflow_run", "issue_comment"];

/// Its variables, those of its file commands included.
#[derive(Default, Deserialize)]
pub(super) struct GitHub {
    github_actor: Option<String>,
    github_env: Option<PathBuf>,
    github_event_name: Option<String>,
    github_event_path: Option<PathBuf>,
    github_output: Option<PathBuf>,
    github_repository: Option<String>,
    github_run_attempt: Option<u32>,
    github_run_id: Option<String>,
    github_server_url: Option<String>,
    github_state: Option<PathBuf>,
    github_step_summary: Option<PathBuf>,
    github_workspace: Option<PathBuf>,
    runner_debug: Option<String>,
    runner_temp: Option<PathBuf>,
}

impl Recognised for GitHub {
    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("GITHUB_ACTIONS") == Some("true")
    }
}

impl Host for GitHub {
    fn run(&self) -> HostRun {
        HostRun {
            repository: self.github_repository.clone(),
            id: self.github_run_id.clone(),
            attempt: self.github_run_attempt,
            url: self.url(),
        }
    }

    fn journals(&self) -> Option<PathBuf> {
        absolute(self.runner_temp.as_deref())
    }

    fn keeps_journals(&self) -> bool {
        false
    }

    fn workspace(&self) -> Option<&Path> {
        self.github_workspace.as_deref()
    }

    fn why_secretless(&self) -> Option<&'static str> {
        if self.github_actor.as_deref() == Some(DEPENDABOT) {
            return Some("a run of Dependabot");
        }
        let is_pull_request = self.github_event_name.as_deref() == Some("pull_request");
        (is_pull_request && self.event().is_some_and(|event| is_fork(&event))).then_some(FORK)
    }

    fn guarded_event(&self) -> Option<&str> {
        guarded(self.github_event_name.as_deref())
    }

    fn files(&self) -> Option<FileCommands> {
        Some(FileCommands {
            output: self.github_output.clone(),
            state: self.github_state.clone(),
            env: self.github_env.clone(),
            summary: self.github_step_summary.clone(),
        })
    }

    fn has_post(&self) -> bool {
        self.github_state.is_some()
    }

    fn reads_data(&self) -> bool {
        true
    }

    fn mask(&self, value: &str) -> Option<String> {
        Some(workflow::command("add-mask", None, value))
    }

    fn annotation(&self, level: &str, before: usize, title: Option<&str>, text: &str) -> Option<String> {
        let is_shown = if level == "debug" {
            self.runner_debug.as_deref() == Some("1")
        } else {
            before < ANNOTATIONS
        };
        is_shown.then(|| workflow::command(level, title, text))
    }

    fn group(&self, title: &str, _: u64) -> String {
        workflow::command("group", None, title)
    }

    fn group_end(&self, _: &str, _: u64) -> Option<String> {
        Some(workflow::command("endgroup", None, ""))
    }
}

impl GitHub {
    fn url(&self) -> Option<String> {
        let (server, repository) = (self.github_server_url.as_ref()?, self.github_repository.as_ref()?);
        let run = self.github_run_id.as_ref()?;
        let attempt = self.github_run_attempt.unwrap_or(1);
        Some(format!("{server}/{repository}/actions/runs/{run}/attempts/{attempt}"))
    }

    /// The payload of the event, where it can be read: without it nothing is skipped.
    fn event(&self) -> Option<Value> {
        let workspace = Workspace::of(self.workspace());
        let bytes = small_file::read(self.github_event_path.as_ref()?, &workspace, EVENT_MAX).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// The event, if a stranger can start it and it has the workflow's secrets.
pub(super) fn guarded(event: Option<&str>) -> Option<&str> {
    event.filter(|event| GUARDED_EVENTS.contains(event))
}

/// Compared by the repositories' names: `fork` is true of a fork's own pull requests within itself too. A head that was
/// deleted since was a fork's.
fn is_fork(event: &Value) -> bool {
    let name = |side: &str| event["pull_request"][side]["repo"]["full_name"].as_str();
    name("base").is_some_and(|base| name("head") != Some(base))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fork_is_known_by_the_two_repositories_of_the_event() {
        let event =
            |head: Value| json!({"pull_request": {"base": {"repo": {"full_name": "o/shop"}}, "head": {"repo": head}}});
        assert!(is_fork(&event(json!({"full_name": "eve/shop", "fork": true}))));
        assert!(is_fork(&event(Value::Null)));
        assert!(!is_fork(&event(json!({"full_name": "o/shop", "fork": true}))));
        assert!(!is_fork(&json!({"ref": "refs/heads/main"})));
    }
}
