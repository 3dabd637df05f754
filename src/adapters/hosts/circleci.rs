//! `CircleCI`.

use serde::Deserialize;

use super::{FORK, Host, HostRun, Recognised, leg};
use crate::adapters::environment::ProcessEnv;
use crate::domain::leg::Leg;

/// Its variables, without their `CIRCLE_`.
#[derive(Default, Deserialize)]
pub(super) struct CircleCi {
    build_url: Option<String>,
    node_index: Option<u32>,
    node_total: Option<u32>,
    pr_username: Option<String>,
    project_reponame: Option<String>,
    project_username: Option<String>,
    workflow_id: Option<String>,
}

impl Recognised for CircleCi {
    const PREFIX: &'static str = "CIRCLE_";

    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("CIRCLECI").is_some()
    }
}

impl Host for CircleCi {
    fn run(&self) -> HostRun {
        let repository = match (&self.project_username, &self.project_reponame) {
            (Some(owner), Some(name)) => Some(format!("{owner}/{name}")),
            (None, one) | (one, None) => one.clone(),
        };
        HostRun {
            repository,
            id: self.workflow_id.clone(),
            attempt: None,
            url: self.build_url.clone(),
        }
    }

    fn leg(&self) -> Option<Leg> {
        leg(0, self.node_index, self.node_total)
    }

    fn why_secretless(&self) -> Option<&'static str> {
        self.pr_username.as_ref().map(|_| FORK)
    }
}
