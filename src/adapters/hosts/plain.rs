//! No host that is known: a shell, or a CI that says no more than that it is one.

use serde::Deserialize;

use super::{Host, LOCAL, Recognised, Run, github};
use crate::adapters::environment::Environment;

/// What tells whether anybody is watching, or may have sent us here.
#[derive(Default, Deserialize)]
pub(super) struct Plain {
    ci: Option<String>,
    github_event_name: Option<String>,
    term: Option<String>,
}

impl Recognised for Plain {
    fn is_here(_: &Environment) -> bool {
        true
    }
}

impl Host for Plain {
    /// A cleanup in one project must not take what belongs to another's.
    fn run(&self) -> Run {
        Run {
            repository: working_directory().map(|path| format!("{LOCAL}{path}")),
            ..Run::default()
        }
    }

    /// A container may be given some variables of a workflow without the one that says where it is.
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
