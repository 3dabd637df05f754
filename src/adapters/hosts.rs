//! The CI hosts: which one this is, which run this is, and how data is handed to it.
//!
//! Detection is a pure function of the environment. What only one host has stands in the file of its name.

pub mod github;
pub mod gitlab;
pub mod jenkins;
pub mod journal_home;
pub mod secretless;

use super::environment::Environment;
use crate::domain::leg::Leg;

/// The system that runs the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// GitHub Actions, or a runner that speaks its protocol (act, Forgejo).
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// Azure Pipelines.
    Azure,
    /// `CircleCI`.
    CircleCi,
    /// Buildkite.
    Buildkite,
    /// None that is known: a shell.
    Plain,
}

impl Host {
    /// The host that this environment is of.
    pub fn detect(environment: &Environment) -> Self {
        if environment.get("GITHUB_ACTIONS") == Some("true") {
            return Self::GitHub;
        }
        let marks = [
            ("GITLAB_CI", Self::GitLab),
            ("JENKINS_URL", Self::Jenkins),
            ("TF_BUILD", Self::Azure),
            ("CIRCLECI", Self::CircleCi),
            ("BUILDKITE", Self::Buildkite),
        ];
        let mark = marks.into_iter().find(|(name, _)| environment.get(name).is_some());
        mark.map_or(Self::Plain, |(_, host)| host)
    }

    /// Which job of a matrix this is, where the host's variables tell. GitHub's tell nothing: there the action's input `leg` does.
    pub fn leg(self, environment: &Environment) -> Option<Leg> {
        // What the first one counts from, beside the names.
        let (first, index, total) = match self {
            Self::GitLab => (1, "CI_NODE_INDEX", "CI_NODE_TOTAL"),
            Self::Azure => (1, "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE"),
            Self::CircleCi => (0, "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),
            Self::Buildkite => (0, "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),
            Self::GitHub | Self::Jenkins | Self::Plain => return None,
        };
        let number = |name| environment.get(name)?.parse::<u32>().ok();
        Leg::new(number(index)?.checked_sub(first)?, number(total)?)
    }

    /// May a person be watching? Then a live progress line is of use, if there is a terminal too.
    pub fn may_have_a_watcher(self, environment: &Environment) -> bool {
        self == Self::Plain && !is_ci(environment) && environment.get("TERM") != Some("dumb")
    }
}

/// Is this a job of some CI, known or not?
pub fn is_ci(environment: &Environment) -> bool {
    environment
        .get("CI")
        .is_some_and(|ci| !ci.trim().is_empty() && ci != "false")
}

#[expect(
    clippy::disallowed_methods,
    reason = "outside of CI the working directory is the project"
)]
fn working_directory() -> Option<String> {
    std::env::current_dir().ok()?.to_str().map(str::to_owned)
}

/// Which run of which repository this is: what the marker is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunIdentity {
    /// The repository or project, such as `octo-org/shop`; `local:` and the working directory outside of CI.
    pub repository: String,
    /// The run's id within it; `local` outside of CI.
    pub run_id: String,
    /// The attempt at that run, from 1.
    pub attempt: u32,
    /// Where a person can look at the run.
    pub url: Option<String>,
}

/// What stands before the working directory that a repository is outside of CI.
const LOCAL: &str = "local:";
/// What stands where no variable tells it.
const NOBODYS: &str = "local";

impl RunIdentity {
    /// The working directory of its setup, if a journal's repository is that.
    pub fn directory_of(repository: &str) -> Option<&str> {
        repository.strip_prefix(LOCAL)
    }

    /// The same with what the user says of it.
    #[must_use]
    pub fn over(self, repository: Option<String>, run_id: Option<String>, attempt: Option<u32>) -> Self {
        Self {
            repository: repository.unwrap_or(self.repository),
            run_id: run_id.unwrap_or(self.run_id),
            attempt: attempt.unwrap_or(self.attempt),
            url: self.url,
        }
    }

    /// Does anybody say which repository this is?
    pub fn knows_repository(&self) -> bool {
        self.repository != NOBODYS && Self::directory_of(&self.repository).is_none()
    }

    /// Does anybody say which run of it this is?
    pub fn knows_run(&self) -> bool {
        self.run_id != NOBODYS
    }

    /// The identity that the host's variables tell; what is missing is `local` and 1.
    pub fn detect(host: Host, environment: &Environment) -> Self {
        let get = |name| environment.get(name).map(str::to_owned);
        let (repository, run_id, attempt, url) = match host {
            Host::GitHub => (
                get("GITHUB_REPOSITORY"),
                get("GITHUB_RUN_ID"),
                get("GITHUB_RUN_ATTEMPT"),
                github_url(environment),
            ),
            Host::GitLab => (
                get("CI_PROJECT_PATH"),
                get("CI_PIPELINE_ID"),
                None,
                get("CI_PIPELINE_URL"),
            ),
            // BUILD_TAG is `jenkins-JOB-NUMBER`: unique on the server, but a number is what people look for.
            Host::Jenkins => (
                get("JOB_NAME"),
                get("BUILD_NUMBER").or_else(|| get("BUILD_TAG")),
                None,
                get("BUILD_URL"),
            ),
            Host::Azure => (
                get("BUILD_REPOSITORY_NAME"),
                get("BUILD_BUILDID"),
                get("SYSTEM_JOBATTEMPT"),
                azure_url(environment),
            ),
            Host::CircleCi => (
                joined(get("CIRCLE_PROJECT_USERNAME"), get("CIRCLE_PROJECT_REPONAME")),
                get("CIRCLE_WORKFLOW_ID"),
                None,
                get("CIRCLE_BUILD_URL"),
            ),
            Host::Buildkite => (
                environment.get("BUILDKITE_REPO").map(repository_of_remote),
                get("BUILDKITE_BUILD_ID"),
                // It counts retries, from 0.
                get("BUILDKITE_RETRY_COUNT").and_then(|n| Some(n.parse::<u32>().ok()?.checked_add(1)?.to_string())),
                get("BUILDKITE_BUILD_URL"),
            ),
            // A cleanup in one project must not take what belongs to another's.
            Host::Plain => (
                working_directory().map(|path| format!("{LOCAL}{path}")),
                None,
                None,
                None,
            ),
        };
        Self {
            repository: repository.unwrap_or_else(|| NOBODYS.to_owned()),
            run_id: run_id.unwrap_or_else(|| NOBODYS.to_owned()),
            attempt: attempt
                .and_then(|text| text.parse().ok())
                .filter(|attempt| *attempt > 0)
                .unwrap_or(1),
            url,
        }
    }
}

fn github_url(environment: &Environment) -> Option<String> {
    let server = environment.get("GITHUB_SERVER_URL")?;
    let repository = environment.get("GITHUB_REPOSITORY")?;
    let run = environment.get("GITHUB_RUN_ID")?;
    let attempt = environment.get("GITHUB_RUN_ATTEMPT").unwrap_or("1");
    Some(format!("{server}/{repository}/actions/runs/{run}/attempts/{attempt}"))
}

fn azure_url(environment: &Environment) -> Option<String> {
    let collection = environment
        .get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")?
        .trim_end_matches('/');
    let project = environment.get("SYSTEM_TEAMPROJECT")?;
    let build = environment.get("BUILD_BUILDID")?;
    Some(format!("{collection}/{project}/_build/results?buildId={build}"))
}

fn joined(owner: Option<String>, name: Option<String>) -> Option<String> {
    match (owner, name) {
        (Some(owner), Some(name)) => Some(format!("{owner}/{name}")),
        (None, one) | (one, None) => one,
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

    type Variables = &'static [(&'static str, &'static str)];

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().copied().collect()
    }

    fn assert_run(pairs: Variables, host: Host, (repository, run_id, attempt): (&str, &str, u32), url: Option<&str>) {
        let environment = environment(pairs);
        assert_eq!(Host::detect(&environment), host, "{pairs:?}");
        let expected = RunIdentity {
            repository: repository.to_owned(),
            run_id: run_id.to_owned(),
            attempt,
            url: url.map(str::to_owned),
        };
        assert_eq!(RunIdentity::detect(host, &environment), expected);
    }

    #[test]
    fn github_and_gitlab_are_known_by_their_variables_and_so_is_the_run() {
        let github: Variables = &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "octo/shop"),
            ("GITHUB_RUN_ID", "991"),
            ("GITHUB_RUN_ATTEMPT", "3"),
            ("CI", "true"),
        ];
        let url = "https://github.com/octo/shop/actions/runs/991/attempts/3";
        assert_run(github, Host::GitHub, ("octo/shop", "991", 3), Some(url));
        let bare: Variables = &[("GITHUB_ACTIONS", "true"), ("GITHUB_RUN_ATTEMPT", "0")];
        assert_run(bare, Host::GitHub, ("local", "local", 1), None);
        let gitlab: Variables = &[
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "g/p"),
            ("CI_PIPELINE_ID", "5"),
            ("CI_PIPELINE_URL", "u"),
        ];
        assert_run(gitlab, Host::GitLab, ("g/p", "5", 1), Some("u"));
    }

    #[test]
    fn the_other_hosts_are_known_by_their_variables_and_so_is_the_run() {
        let jenkins: Variables = &[
            ("JENKINS_URL", "http://j"),
            ("JOB_NAME", "shop/main"),
            ("BUILD_NUMBER", "12"),
            ("BUILD_TAG", "t"),
        ];
        assert_run(jenkins, Host::Jenkins, ("shop/main", "12", 1), None);
        let tagged: Variables = &[("JENKINS_URL", "http://j"), ("BUILD_TAG", "t")];
        assert_run(tagged, Host::Jenkins, ("local", "t", 1), None);
        let azure: Variables = &[
            ("TF_BUILD", "True"),
            ("BUILD_REPOSITORY_NAME", "shop"),
            ("BUILD_BUILDID", "8"),
            ("SYSTEM_JOBATTEMPT", "2"),
            ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.com/o/"),
            ("SYSTEM_TEAMPROJECT", "p"),
        ];
        let url = "https://dev.azure.com/o/p/_build/results?buildId=8";
        assert_run(azure, Host::Azure, ("shop", "8", 2), Some(url));
        let circle: Variables = &[
            ("CIRCLECI", "true"),
            ("CIRCLE_PROJECT_USERNAME", "o"),
            ("CIRCLE_PROJECT_REPONAME", "shop"),
            ("CIRCLE_WORKFLOW_ID", "w"),
        ];
        assert_run(circle, Host::CircleCi, ("o/shop", "w", 1), None);
        let buildkite: Variables = &[
            ("BUILDKITE", "true"),
            ("BUILDKITE_REPO", "git@github.com:o/shop.git"),
            ("BUILDKITE_BUILD_ID", "b"),
            ("BUILDKITE_RETRY_COUNT", "1"),
        ];
        assert_run(buildkite, Host::Buildkite, ("o/shop", "b", 2), None);
        let here = format!("local:{}", working_directory().unwrap());
        assert_run(&[("CI", "true")], Host::Plain, (&here, "local", 1), None);
        let none: Variables = &[("GITHUB_ACTIONS", "false"), ("GITLAB_CI", "")];
        assert_run(none, Host::Plain, (&here, "local", 1), None);
    }

    #[test]
    fn the_hosts_that_number_the_legs_of_a_matrix_are_believed() {
        let of = |pairs: Variables| {
            let environment = environment(pairs);
            Host::detect(&environment).leg(&environment)
        };
        let gitlab: Variables = &[("GITLAB_CI", "true"), ("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "5")];
        assert_eq!(of(gitlab), Leg::new(0, 5));
        let azure: Variables = &[
            ("TF_BUILD", "True"),
            ("SYSTEM_JOBPOSITIONINPHASE", "5"),
            ("SYSTEM_TOTALJOBSINPHASE", "5"),
        ];
        assert_eq!(of(azure), Leg::new(4, 5));
        let circle: Variables = &[
            ("CIRCLECI", "true"),
            ("CIRCLE_NODE_INDEX", "0"),
            ("CIRCLE_NODE_TOTAL", "2"),
        ];
        assert_eq!(of(circle), Leg::new(0, 2));
        let buildkite: Variables = &[
            ("BUILDKITE", "true"),
            ("BUILDKITE_PARALLEL_JOB", "3"),
            ("BUILDKITE_PARALLEL_JOB_COUNT", "4"),
        ];
        assert_eq!(of(buildkite), Leg::new(3, 4));
        // Without `parallel` GitLab has no index, and what makes no sense is no leg.
        let alone: [Variables; 3] = [
            &[("GITLAB_CI", "true"), ("CI_NODE_TOTAL", "1")],
            &[("GITLAB_CI", "true"), ("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "5")],
            &[
                ("CIRCLECI", "true"),
                ("CIRCLE_NODE_INDEX", "2"),
                ("CIRCLE_NODE_TOTAL", "2"),
            ],
        ];
        for pairs in alone {
            assert_eq!(of(pairs), None, "{pairs:?}");
        }
    }

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

    #[test]
    fn nobody_watches_a_ci_log() {
        assert!(Host::Plain.may_have_a_watcher(&environment(&[("TERM", "xterm")])));
        assert!(!Host::Plain.may_have_a_watcher(&environment(&[("CI", "true")])));
        assert!(!Host::Plain.may_have_a_watcher(&environment(&[("TERM", "dumb")])));
        assert!(!Host::GitLab.may_have_a_watcher(&environment(&[])));
    }
}
