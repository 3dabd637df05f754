//! The workflows that the documents show, as the runner runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use super::{blocks, here, read, sandbox};
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};

#[derive(Deserialize)]
struct Shown {
    uses: Option<String>,
    #[serde(default)]
    id: String,
    #[serde(default, rename = "with")]
    inputs: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    run: Option<String>,
}

#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, ShownJob>,
}

#[derive(Deserialize)]
struct ShownJob {
    steps: Vec<Shown>,
}

/// The names after `steps.accounts.outputs.`.
fn outputs_used(text: &str) -> BTreeSet<String> {
    text.split("steps.accounts.outputs.")
        .skip(1)
        .map(|rest| rest.split([' ', '}']).next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_lines_of_the_readme_work_when_they_are_pasted() {
    let lines = blocks(&read("README.md"), "yaml").swap_remove(0);
    assert!(lines.lines().count() <= 6, "the README promises few lines");
    let sandbox = sandbox();
    let steps: Vec<Shown> = serde_saphyr::from_str(&lines).unwrap();
    let runner = Runner::new();
    let mut job = Job::new().secret("QA_PASSWORD", "sandbox-pw");
    for (index, shown) in steps.iter().enumerate() {
        let mut step = match (&shown.uses, &shown.run) {
            (Some(uses), None) => {
                assert!(uses.starts_with("standin-ci/standin@"), "{uses}");
                Step::action().id(&shown.id)
            }
            (None, Some(run)) => Step::script(run).id(&format!("script-{index}")),
            other => panic!("{other:?}"),
        };
        for (name, value) in &shown.inputs {
            let value = value.replace("http://localhost:8081", &sandbox.url("users"));
            step = step.with(name, &value);
        }
        for (name, value) in &shown.env {
            step = step.env(name, &value.replace("${{ secrets.QA_PASSWORD }}", "sandbox-pw"));
        }
        job = job.step(step);
    }
    let result = job.run(&runner);
    let main = result.step("accounts");
    assert_eq!(
        result.conclusion,
        Outcome::Success,
        "{}\n{}",
        main.log,
        result.post("accounts").log
    );
    let id = main.outputs.get("users-test_user-id").unwrap_or_default().to_owned();
    assert!(id.starts_with("usr_"), "{}", main.log);
    assert!(result.step("script-1").log.contains(&id));
    let books = sandbox.books("users").unwrap();
    assert_eq!((books.created_ever, books.left().count()), (1, 0));
}

#[test]
fn the_lines_for_ones_own_service_are_a_configuration_that_lacks_nothing() {
    let lines = blocks(&read("README.md"), "yaml").swap_remove(1);
    assert!(lines.lines().count() <= 11, "the README promises few lines");
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("standin.yml"), &lines).unwrap();
    let output = super::standin(folder.path(), &["plan"], &[]);
    assert!(output.status.success(), "{output:?}");
    let plan = String::from_utf8(output.stdout).unwrap();
    // A note tells what can't be looked up or swept.
    assert!(!plan.contains("  note "), "{plan}");
    for request in ["POST /users", "GET /users?login=", "DELETE /users/{{ id }}"] {
        assert!(plan.contains(request), "{request}:\n{plan}");
    }
    assert!(!plan.contains("/accounts"), "{plan}");
}

/// A block of YAML as a whole configuration: it is one, or what one service says. Steps and pipelines of a CI are none.
fn configuration(block: &str) -> Option<String> {
    let first = block.lines().next().unwrap_or_default();
    let key = first.split(':').next().unwrap_or_default();
    match key {
        "services" => Some(block.to_owned()),
        "auth" | "create" | "list" => {
            let lines = block.lines().map(|line| format!("    {line}\n"));
            Some(format!(
                "services:\n  - name: a\n    url: http://x\n{}",
                lines.collect::<String>()
            ))
        }
        _ => None,
    }
}

#[test]
fn every_configuration_that_is_shown_can_be_planned() {
    let pages = ["README.md", "docs/configuration.md", "docs/presets.md"];
    let folder = tempfile::TempDir::new().unwrap();
    let mut seen = 0;
    for block in pages.iter().flat_map(|page| blocks(&read(page), "yaml")) {
        let Some(text) = configuration(&block) else {
            continue;
        };
        fs::write(folder.path().join("standin.yml"), &text).unwrap();
        let output = super::standin(folder.path(), &["plan"], &[]);
        assert!(output.status.success(), "{text}\n{output:?}");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} configurations were found");
}

#[test]
fn every_output_that_is_used_is_one_that_is_set() {
    let text = read("examples/article.workflow.yml");
    let workflow: Workflow = serde_saphyr::from_str(&text).unwrap();
    let sandbox = sandbox();
    let runner = Runner::new();
    let config = runner.workspace().join("examples/article.json");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(config, here(&read("examples/article.json"), &sandbox)).unwrap();
    let shown = workflow
        .jobs
        .values()
        .flat_map(|job| &job.steps)
        .find(|step| step.id == "accounts")
        .unwrap();
    let step = shown
        .inputs
        .iter()
        .fold(Step::action().id("accounts"), |step, (name, value)| {
            step.with(name, value)
        });
    let result = Job::new().step(step).run(&runner);
    let main = result.step("accounts");
    assert_eq!(result.conclusion, Outcome::Success, "{}", main.log);
    let used: BTreeSet<String> = outputs_used(&text)
        .into_iter()
        .chain(outputs_used(&read("README.md")))
        .collect();
    assert!(used.len() >= 3, "{used:?}");
    for name in used {
        assert!(main.outputs.get(&name).is_some(), "the output `{name}` is not set");
    }
    for service in ["users", "orders", "billing"] {
        assert_eq!(sandbox.books(service).unwrap().left().count(), 0, "{service}");
    }
}
