//! Buildkite.

use serde::Deserialize;

use super::{FORK, Host, HostRun, Recognised, leg};
use crate::adapters::environment::ProcessEnv;
use crate::domain::leg::Leg;

/// Its variables, without their `BUILDKITE_`.
#[derive(Default, Deserialize)]
pub(super) struct Buildkite {
    build_id: Option<String>,
    build_url: Option<String>,
    parallel_job: Option<u32>,
    parallel_job_count: Option<u32>,
    pull_request_repo: Option<String>,
    repo: Option<String>,
    /// It counts from 0.
    retry_count: Option<u32>,
}

impl Recognised for Buildkite {
    const PREFIX: &'static str = "BUILDKITE_";

    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("BUILDKITE").is_some()
    }
}

impl Host for Buildkite {
    fn run(&self) -> HostRun {
        HostRun {
            repository: self.repo.as_deref().map(repository_of_remote),
            id: self.build_id.clone(),
            attempt: self.retry_count.and_then(|retries| retries.checked_add(1)),
            url: self.build_url.clone(),
        }
    }

    fn leg(&self) -> Option<Leg> {
        leg(0, self.parallel_job, self.parallel_job_count)
    }

    fn why_secretless(&self) -> Option<&'static str> {
        let (source, target) = (self.pull_request_repo.as_deref()?, self.repo.as_deref()?);
        (repository_of_remote(source) != repository_of_remote(target)).then_some(FORK)
    }
}

/// `OWNER/NAME` of a git remote. The remote itself may hold a token as user information, so none of its front is kept.
fn repository_of_remote(remote: &str) -> String {
    let remote = remote.trim_end_matches('/');
    let remote = remote.strip_suffix(".git").unwrap_or(remote);
    let mut parts = remote.rsplit(['/', ':']);
    let name = parts.next().unwrap_or_default();
    let owner = parts.next().unwrap_or_default();
    // `https://host/name` has no owner: what stands there is a host, with user information perhaps.
    if owner.is_empty() || owner.contains(['@', '.']) {
        return name.to_owned();
    }
    format!("{owner}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_remote_is_not_kept() {
        for (remote, expected) in [
            ("https://user:t0ken@host.test/o/shop.git", "o/shop"),
            ("https://t0ken@host.test/shop", "shop"),
            ("https://user:t0ken@host/shop", "shop"),
            ("git@host.test:shop.git", "shop"),
            ("ssh://git@host.test/a/o/shop/", "o/shop"),
        ] {
            assert_eq!(repository_of_remote(remote), expected, "{remote}");
        }
    }
}
