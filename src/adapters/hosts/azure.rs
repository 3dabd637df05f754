//! Azure Pipelines.

use serde::Deserialize;

use super::{FORK, Host, HostRun, Recognised, leg};
use crate::adapters::environment::ProcessEnv;
use crate::domain::leg::Leg;

/// Its variables.
#[derive(Default, Deserialize)]
pub(super) struct Azure {
    build_buildid: Option<String>,
    build_repository_name: Option<String>,
    system_jobattempt: Option<u32>,
    system_jobpositioninphase: Option<u32>,
    /// `True` or `False`, which is no boolean to a parser.
    system_pullrequest_isfork: Option<String>,
    system_teamfoundationcollectionuri: Option<String>,
    system_teamproject: Option<String>,
    system_totaljobsinphase: Option<u32>,
}

impl Recognised for Azure {
    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("TF_BUILD").is_some()
    }
}

impl Host for Azure {
    fn run(&self) -> HostRun {
        HostRun {
            repository: self.build_repository_name.clone(),
            id: self.build_buildid.clone(),
            attempt: self.system_jobattempt,
            url: self.url(),
        }
    }

    fn leg(&self) -> Option<Leg> {
        leg(1, self.system_jobpositioninphase, self.system_totaljobsinphase)
    }

    fn why_secretless(&self) -> Option<&'static str> {
        let is_fork = self.system_pullrequest_isfork.as_deref();
        is_fork
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
            .then_some(FORK)
    }

    fn reads_data(&self) -> bool {
        true
    }
}

impl Azure {
    fn url(&self) -> Option<String> {
        let collection = self
            .system_teamfoundationcollectionuri
            .as_deref()?
            .trim_end_matches('/');
        let (project, build) = (self.system_teamproject.as_ref()?, self.build_buildid.as_ref()?);
        Some(format!("{collection}/{project}/_build/results?buildId={build}"))
    }
}
