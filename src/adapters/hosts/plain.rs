//! No host that is known: a shell, or a CI that says no more than that it is one.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Host, HostRun, LOCAL, Recognised, github};
use crate::adapters::environment::ProcessEnv;

/// What tells whether anybody is watching. A container may be given some variables of a job without the one that says on which
/// host it is: the limits that follow from them hold all the same.
#[derive(Default, Deserialize)]
pub(super) struct Plain {
    ci: Option<String>,
    ci_project_dir: Option<PathBuf>,
    github_event_name: Option<String>,
    github_workspace: Option<PathBuf>,
    term: Option<String>,
}

impl Recognised for Plain {
    fn is_here(_: &ProcessEnv) -> bool {
        true
    }
}

impl Host for Plain {
    /// A cleanup in one project must not take what belongs to another's.
    fn run(&self) -> HostRun {
        HostRun {
            repository: working_directory().map(|path| format!("{LOCAL}{path}")),
            ..HostRun::default()
        }
    }

    fn workspace(&self) -> Option<&Path> {
        self.github_workspace.as_deref().or(self.ci_project_dir.as_deref())
    }

    fn guarded_event(&self) -> Option<&str> {
        github::guarded(self.github_event_name.as_deref())
    }

    fn may_have_a_watcher(&self) -> bool {
        !self.is_ci() && self.term.as_deref() != Some("dumb")
    }
}

impl Plain {
    pub(super) fn is_ci(&self) -> bool {
        let ci = self.ci.as_deref();
        ci.is_some_and(|ci| !ci.trim().is_empty() && ci != "false")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "outside of CI the working directory is the project"
)]
pub(super) fn working_directory() -> Option<String> {
    std::env::current_dir().ok()?.to_str().map(str::to_owned)
}
