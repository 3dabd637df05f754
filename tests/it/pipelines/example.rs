//! The pipelines as their files say: which steps, with which variables, and which of them run after a failure.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Cancel, jenkinsfile};

/// A pipeline, and how its host treats it.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// The shell that the host runs a step's script with, and its flags.
    pub(crate) shell: &'static [&'static str],
    pub(crate) cancel: Cancel,
    /// What the host itself sets; `ROOT` is the machine's folder.
    pub(crate) host: &'static [(&'static str, &'static str)],
}

/// One process of a job.
pub(crate) struct Step {
    pub(crate) script: String,
    pub(crate) variables: Vec<(String, String)>,
    /// Also after a failure and, but on `CircleCI`, after a cancellation.
    pub(crate) always: bool,
}

pub(crate) fn every_example() -> Vec<Example> {
    vec![
        Example {
            name: "GitLab",
            steps: gitlab(),
            shell: &["/bin/bash", "-eo", "pipefail"],
            cancel: Cancel::Group,
            host: &[
                ("GITLAB_CI", "true"),
                ("CI_PROJECT_DIR", "ROOT/work"),
                ("CI_PROJECT_PATH", "octocat/shop"),
                ("CI_PIPELINE_ID", "7301"),
            ],
        },
        Example {
            name: "Jenkins",
            steps: jenkinsfile::steps(&read("examples/ci/Jenkinsfile")),
            shell: &["/bin/sh", "-xe"],
            cancel: Cancel::Cookie,
            host: &[
                ("JENKINS_URL", "http://jenkins.test/"),
                ("JOB_NAME", "shop/main"),
                ("BUILD_NUMBER", "12"),
                ("WORKSPACE", "ROOT/work"),
                ("WORKSPACE_TMP", "ROOT/work@tmp"),
            ],
        },
        Example {
            name: "Azure Pipelines",
            steps: azure(),
            shell: &["/bin/bash", "-e"],
            cancel: Cancel::Entry,
            host: &[
                ("TF_BUILD", "True"),
                ("BUILD_REPOSITORY_NAME", "octocat/shop"),
                ("BUILD_BUILDID", "8"),
            ],
        },
        Example {
            name: "CircleCI",
            steps: circle(),
            shell: &["/bin/bash", "-eo", "pipefail"],
            cancel: Cancel::Group,
            host: &[
                ("CIRCLECI", "true"),
                ("CIRCLE_PROJECT_USERNAME", "octocat"),
                ("CIRCLE_PROJECT_REPONAME", "shop"),
                ("CIRCLE_WORKFLOW_ID", "5c6e"),
            ],
        },
        Example {
            name: "Buildkite",
            steps: buildkite(),
            shell: &["/bin/bash", "-e"],
            cancel: Cancel::Group,
            host: &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_REPO", "git@host.test:octocat/shop.git"),
                ("BUILDKITE_BUILD_ID", "0190"),
            ],
        },
    ]
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap()
}

/// A component with its inputs at their defaults.
pub(crate) fn component(name: &str) -> Value {
    let text = read(&format!("templates/{name}.yml"));
    let (head, mut body) = text
        .split_once("\n---\n")
        .map(|(head, body)| (head, body.to_owned()))
        .unwrap();
    let spec: Value = serde_saphyr::from_str(head).unwrap();
    for (input, about) in spec["spec"]["inputs"].as_object().unwrap() {
        body = body.replace(&format!("$[[ inputs.{input} ]]"), about["default"].as_str().unwrap());
    }
    assert!(!body.contains("$[["), "an input that is not declared: {body}");
    serde_saphyr::from_str(&body).unwrap()
}

fn strings(map: &Value) -> Vec<(String, String)> {
    let pairs = map.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

fn lines(list: &Value) -> String {
    let lines: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    lines.join("\n")
}

/// The job of the example over that of the component: one shell for what stands before and in `script`, one for what comes after.
fn gitlab() -> Vec<Step> {
    let (component, job) = (component("accounts"), yaml("examples/ci/gitlab.yml"));
    let base = &component[".standin"];
    let variables = strings(&base["variables"]);
    let script = [lines(&base["before_script"]), lines(&job["end-to-end"]["script"])].join("\n");
    vec![
        Step {
            script,
            variables: variables.clone(),
            always: false,
        },
        Step {
            script: lines(&base["after_script"]),
            variables,
            always: true,
        },
    ]
}

fn azure() -> Vec<Step> {
    let pipeline = yaml("examples/ci/azure-pipelines.yml");
    let steps = pipeline["jobs"][0]["steps"].as_array().unwrap();
    let step = |step: &Value| Step {
        script: step["bash"].as_str().unwrap().to_owned(),
        variables: [strings(&pipeline["variables"]), secrets(&step["env"])].concat(),
        always: step["condition"] == "always()",
    };
    steps.iter().map(step).collect()
}

/// The variables of a step that name the one secret there is.
fn secrets(env: &Value) -> Vec<(String, String)> {
    let secret = |(name, value): (String, String)| {
        assert_eq!(value, "$(qaPassword)");
        (name, "sandbox-pw".to_owned())
    };
    strings(env).into_iter().map(secret).collect()
}

fn circle() -> Vec<Step> {
    let pipeline = yaml("examples/ci/circleci.yml");
    let steps = pipeline["jobs"]["test"]["steps"].as_array().unwrap();
    let runs = steps.iter().filter_map(|step| step.get("run"));
    let step = |run: &Value| Step {
        script: run["command"].as_str().unwrap().to_owned(),
        variables: Vec::new(),
        always: run["when"] == "always",
    };
    runs.map(step).collect()
}

fn buildkite() -> Vec<Step> {
    let pipeline = yaml("examples/ci/buildkite.yml");
    let steps = pipeline["steps"].as_array().unwrap();
    let step = |step: &Value| Step {
        script: step["command"].as_str().unwrap().to_owned(),
        variables: Vec::new(),
        always: false,
    };
    // The other step is of the schedule alone.
    steps.iter().filter(|it| it["label"] == "Test").map(step).collect()
}
