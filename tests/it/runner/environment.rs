//! The variables of a step, apart from its own: the runner's machine gives some, and the runner sets some over all others.

use std::path::Path;

use super::Runner;
use super::file_command::FileCommands;
use super::job::Step;
use super::orphans::Tracking;

/// Where programs are found, apart from what steps add by `GITHUB_PATH`.
pub(crate) const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Names and values.
pub(crate) type Variables = Vec<(String, String)>;

/// What a step in a job container has of these: nothing of the machine is handed on, and its home is a folder of the runner's.
pub(crate) fn of_container(runner: &Runner) -> Variables {
    let home = runner.temp().join("_github_home");
    owned(&[("HOME", &text(&home)), ("PATH", SEARCH_PATH)])
}

/// The environment of the runner's own process, which steps inherit.
pub(crate) fn of_host(runner: &Runner) -> Variables {
    owned(&[
        ("HOME", &text(&runner.home())),
        ("LANG", "C.UTF-8"),
        ("PATH", SEARCH_PATH),
        ("SHELL", "/bin/sh"),
        ("TMPDIR", &text(&runner.system_temp())),
        ("USER", "runner"),
    ])
}

/// What the runner sets for each phase. A step can't change these.
pub(crate) fn of_runner(runner: &Runner, tracking: &Tracking, step: &Step, files: &FileCommands) -> Variables {
    let workflow = runner.temp().join("_github_workflow");
    std::fs::create_dir_all(&workflow).unwrap();
    let event = workflow.join("event.json");
    std::fs::write(&event, "{}").unwrap();
    let mut variables = owned(&[
        ("CI", "true"),
        ("GITHUB_ACTION", &step.id),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTION_REF", "v1"),
        ("GITHUB_ACTION_REPOSITORY", "standin-ci/standin"),
        ("GITHUB_ACTOR", "octocat"),
        ("GITHUB_API_URL", "https://api.github.com"),
        ("GITHUB_BASE_REF", ""),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", &text(&event)),
        ("GITHUB_HEAD_REF", ""),
        ("GITHUB_JOB", "test"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_REF_NAME", "main"),
        ("GITHUB_REPOSITORY", "octocat/shop"),
        ("GITHUB_REPOSITORY_ID", "1296269"),
        ("GITHUB_REPOSITORY_OWNER", "octocat"),
        ("GITHUB_REPOSITORY_OWNER_ID", "583231"),
        ("GITHUB_RETENTION_DAYS", "90"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("GITHUB_RUN_ID", "17654321098"),
        ("GITHUB_RUN_NUMBER", "42"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_SHA", "7638417db6d59f3c431d3e1f261cc637155684cd"),
        ("GITHUB_TRIGGERING_ACTOR", "octocat"),
        ("GITHUB_WORKFLOW", "test"),
        ("GITHUB_WORKSPACE", &text(&runner.workspace())),
        ("RUNNER_ARCH", "X64"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
        ("RUNNER_NAME", "GitHub Actions 1"),
        ("RUNNER_OS", "Linux"),
        ("RUNNER_TEMP", &text(&runner.temp())),
        ("RUNNER_TOOL_CACHE", &text(&runner.tool_cache())),
        ("RUNNER_TRACKING_ID", tracking.id()),
        ("RUNNER_WORKSPACE", &text(runner.workspace().parent().unwrap())),
        ("ACTIONS_RESULTS_URL", "https://results.invalid/"),
        ("ACTIONS_RUNTIME_TOKEN", "runtime-token-of-the-runner"),
        ("ACTIONS_RUNTIME_URL", "https://runtime.invalid/"),
    ]);
    variables.extend(files.variables().map(|(name, path)| (name.to_owned(), text(path))));
    variables
}

fn owned(variables: &[(&str, &str)]) -> Variables {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
