//! The examples of a scheduled sweep, run as they stand: what they say finds the orphans of the jobs before them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};

fn read(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/examples/ci/{name}")).unwrap()
}

/// A service with a person and an orphan of this repository, whose time is long over.
fn orphaned(repository: &str) -> SandboxHandle {
    let origin = Origin {
        repository,
        run: "6",
        attempt: 1,
    };
    let made = Timestamp::from_millis(1_767_225_600_000);
    let marker = Marker::new("sd", made, std::time::Duration::from_hours(24), &origin, "k3x9q");
    let mut users = ServiceSpec::new("users").basic("qa", "sandbox-pw");
    users.humans = vec!["maria".to_owned(), format!("{marker}-test-user")];
    Sandbox::spawn_thread(Sandbox::builder().service(users)).unwrap()
}

fn configuration(service: &SandboxHandle) -> String {
    let url = service.url("users");
    format!(
        "services:
  - name: users
    url: {url}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.QA_PASSWORD }}}}' }} }}
    list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username, next: link }}
"
    )
}

fn assert_swept(service: &SandboxHandle) {
    let names: Vec<_> = service.books("users").unwrap().alive;
    let names: Vec<&str> = names.iter().map(|account| account.username.as_str()).collect();
    assert_eq!(names, ["maria"]);
}

/// A machine of a host where the command of an example is run, for a repository that the host names in its own way.
fn run(commands: &[&str], host: &[(&str, &str)], repository: &str) {
    let service = orphaned(repository);
    let desk = Desk::new().configured(&configuration(&service));
    let desk = host.iter().fold(desk, |desk, (name, value)| desk.with(name, value));
    let desk = desk
        .with("QA_PASSWORD", "sandbox-pw")
        .with("STANDIN_CONFIG_FILE", "standin.yml");
    for command in commands {
        let words: Vec<&str> = command.split(" > ").next().unwrap().split(' ').collect();
        assert_eq!(words[..2], ["standin", "sweep"], "{command}");
        let ended = desk.run(&words[1..]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        if words.contains(&"json") {
            let report: Value = serde_json::from_str(&ended.stdout).unwrap();
            assert_eq!(report["accounts"].as_array().unwrap().len(), 1, "{report}");
        }
    }
    assert_swept(&service);
}

#[test]
fn the_scheduled_pipeline_of_gitlab_sweeps_its_project() {
    let pipeline: Value = serde_saphyr::from_str(&read("sweep.gitlab.yml")).unwrap();
    let script = pipeline["sweep"]["script"].as_array().unwrap();
    let commands: Vec<&str> = script.iter().map(|line| line.as_str().unwrap()).collect();
    let host = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "octocat/shop"),
        ("CI_PIPELINE_ID", "7301"),
    ];
    run(&commands, &host, "octocat/shop");
}

#[test]
fn the_jenkins_job_with_a_timer_sweeps_what_other_jobs_left() {
    let text = read("sweep.Jenkinsfile");
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("sh '")?.strip_suffix('\''))
        .collect();
    assert_eq!(commands.len(), 1, "{text}");
    let host = [
        ("JENKINS_URL", "http://jenkins.test/"),
        ("JOB_NAME", "sweep"),
        ("BUILD_NUMBER", "12"),
    ];
    run(&commands, &host, "shop/a-branch-that-is-gone");
}

#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, WorkflowJob>,
}

#[derive(Deserialize)]
struct WorkflowJob {
    steps: Vec<WorkflowStep>,
}

#[derive(Deserialize)]
struct WorkflowStep {
    uses: String,
    #[serde(default, rename = "with")]
    inputs: BTreeMap<String, String>,
}

/// What `${{ inputs.NAME || 'DEFAULT' }}` is on a schedule, where there are no inputs.
fn by_default(text: &str) -> &str {
    match text.strip_prefix("${{ inputs.") {
        Some(_) => text.split('\'').nth(1).unwrap(),
        None => text,
    }
}

#[test]
fn the_scheduled_workflow_sweeps_its_repository() {
    let workflow: Workflow = serde_saphyr::from_str(&read("sweep.workflow.yml")).unwrap();
    let steps = &workflow.jobs["sweep"].steps;
    let shown = steps
        .iter()
        .find(|step| step.uses.starts_with("standin-ci/standin@"))
        .unwrap();
    let runner = Runner::new();
    let service = orphaned("octocat/shop");
    let mut step = Step::action().id("sweep").env("QA_PASSWORD", "sandbox-pw");
    for (name, value) in &shown.inputs {
        step = step.with(name, by_default(value));
    }
    let file = runner.workspace().join(by_default(&shown.inputs["config-file"]));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, configuration(&service)).unwrap();
    let result = Job::new().step(step).run(&runner);
    let main = result.step("sweep");
    assert_eq!(main.outcome, Outcome::Success, "{}", main.log);
    assert!(main.log.contains("1 deleted"), "{}", main.log);
    assert_swept(&service);
}
