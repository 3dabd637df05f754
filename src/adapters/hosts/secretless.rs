//! Runs that a host gives no secrets: pull requests from forks, and what Dependabot starts.

use std::path::Path;

use serde_json::Value;

use super::Host;
use crate::adapters::environment::Environment;
use crate::adapters::small_file::{self, Workspace};

/// An event is read up to here; GitHub's own limit is 25 MB.
const SIZE_MAX: u64 = 32 * 1024 * 1024;
/// Who starts Dependabot's runs.
const DEPENDABOT: &str = "dependabot[bot]";

/// Why this run is given no secrets, if it is such a run, to be read after "this is".
pub fn reason(host: Host, environment: &Environment) -> Option<&'static str> {
    let get = |name| environment.get(name);
    if host == Host::GitHub && get("GITHUB_ACTOR") == Some(DEPENDABOT) {
        return Some("a run of Dependabot");
    }
    let is_fork = match host {
        Host::GitHub => {
            get("GITHUB_EVENT_NAME") == Some("pull_request") && event(environment).is_some_and(|it| is_fork(&it))
        }
        Host::GitLab => match (
            get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"),
            get("CI_MERGE_REQUEST_PROJECT_ID"),
        ) {
            (Some(source), Some(target)) => source != target,
            _ => false,
        },
        Host::Jenkins => get("CHANGE_FORK").is_some(),
        Host::Azure => get("SYSTEM_PULLREQUEST_ISFORK").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        Host::CircleCi => get("CIRCLE_PR_USERNAME").is_some(),
        Host::Buildkite => match (get("BUILDKITE_PULL_REQUEST_REPO"), get("BUILDKITE_REPO")) {
            (Some(source), Some(target)) => super::repository_of_remote(source) != super::repository_of_remote(target),
            _ => false,
        },
        Host::Plain => false,
    };
    is_fork.then_some("a pull request from a fork")
}

/// The payload of the event, where it can be read: without it nothing is skipped.
fn event(environment: &Environment) -> Option<Value> {
    let path = Path::new(environment.get("GITHUB_EVENT_PATH")?);
    let bytes = small_file::read(path, &Workspace::of(environment), SIZE_MAX).ok()?;
    serde_json::from_slice(&bytes).ok()
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

    #[test]
    fn each_host_tells_a_fork_in_its_own_way() {
        type Variables = &'static [(&'static str, &'static str)];
        let table: [(Host, Variables, bool); 13] = [
            (Host::GitHub, &[("GITHUB_ACTOR", "dependabot[bot]")], true),
            (
                Host::GitHub,
                &[("GITHUB_ACTOR", "octocat"), ("GITHUB_EVENT_NAME", "pull_request")],
                false,
            ),
            (
                Host::GitLab,
                &[
                    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
                ],
                true,
            ),
            (
                Host::GitLab,
                &[
                    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
                ],
                false,
            ),
            (Host::Jenkins, &[("CHANGE_FORK", "eve/shop")], true),
            (Host::Jenkins, &[("CHANGE_ID", "7")], false),
            (Host::Azure, &[("SYSTEM_PULLREQUEST_ISFORK", "True")], true),
            (Host::Azure, &[("SYSTEM_PULLREQUEST_ISFORK", "False")], false),
            (Host::CircleCi, &[("CIRCLE_PR_USERNAME", "eve")], true),
            (Host::CircleCi, &[], false),
            (
                Host::Buildkite,
                &[
                    ("BUILDKITE_PULL_REQUEST_REPO", "https://host.test/eve/shop.git"),
                    ("BUILDKITE_REPO", "git@host.test:o/shop.git"),
                ],
                true,
            ),
            (
                Host::Buildkite,
                &[
                    ("BUILDKITE_PULL_REQUEST_REPO", "https://host.test/o/shop.git"),
                    ("BUILDKITE_REPO", "git@host.test:o/shop.git"),
                ],
                false,
            ),
            (
                Host::Plain,
                &[("GITHUB_ACTOR", "dependabot[bot]"), ("CHANGE_FORK", "x")],
                false,
            ),
        ];
        for (host, variables, expected) in table {
            let environment = variables.iter().copied().collect();
            assert_eq!(reason(host, &environment).is_some(), expected, "{host:?} {variables:?}");
        }
    }
}
