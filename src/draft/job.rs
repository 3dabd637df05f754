//! The job that uses a configuration, for a CI host.

use std::fmt::Write as _;

/// A host whose job can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workflow {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

impl Workflow {
    /// Where the job is written, from the root of the repository.
    pub fn path(self) -> &'static str {
        match self {
            Self::Github => ".github/workflows/standin.yml",
            Self::Gitlab => ".gitlab-ci.yml",
        }
    }
}

/// The job, for a configuration at `config` that reads these variables. A path that could be read as anything else is quoted.
pub fn job(workflow: Workflow, config: &str, variables: &[String]) -> String {
    let mut job = String::new();
    // Writing to a string can't fail.
    match workflow {
        Workflow::Github => {
            job.push_str(GITHUB_FRONT);
            writeln!(job, "        with: {{ config-file: {} }}", quoted(config)).unwrap_or_default();
            if !variables.is_empty() {
                job.push_str("        env:\n");
            }
            for name in variables {
                let of = if name.ends_with("_URL") { "vars" } else { "secrets" };
                writeln!(job, "          {name}: \"${{{{ {of}.{name} }}}}\"").unwrap_or_default();
            }
            job.push_str(GITHUB_END);
        }
        Workflow::Gitlab => {
            job.push_str(GITLAB_FRONT);
            if !variables.is_empty() {
                writeln!(job, "  # From the project's CI/CD variables: {}.", variables.join(", ")).unwrap_or_default();
            }
            writeln!(
                job,
                "  script:\n    - {}",
                quoted(&format!("standin run --config {} -- ./run-tests.sh", shell(config)))
            )
            .unwrap_or_default();
        }
    }
    job
}

const GITHUB_FRONT: &str = "name: Tests

on: [push]

permissions: { contents: read }

jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v5
        with: { persist-credentials: false }
      - uses: standin-ci/standin@v1
        id: accounts
";

const GITHUB_END: &str =
    "      # The accounts are deleted after the last step. The file has the passwords; only this job can read it.
      - run: ./run-tests.sh
        env: { CREDENTIALS: \"${{ steps.accounts.outputs.credentials-file }}\" }
";

const GITLAB_FRONT: &str = "# `standin` must be on the runner's PATH. The accounts are in the environment of the command, and are deleted when it ends.
test:
  timeout: 15m
";

/// A text in double quotes, which YAML reads as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A word of a shell.
fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader;
    use super::*;

    #[test]
    fn jobs_are_yaml_and_name_every_variable() {
        let variables = ["SHOP_URL".to_owned(), "SHOP_TOKEN".to_owned()];
        let github = job(Workflow::Github, "qa/stand in.yml", &variables);
        let read = reader::read(&github).unwrap();
        let step = read.pointer("/jobs/test/steps/1").unwrap();
        assert_eq!(step.pointer("/with/config-file").unwrap(), "qa/stand in.yml");
        assert_eq!(step.pointer("/env/SHOP_TOKEN").unwrap(), "${{ secrets.SHOP_TOKEN }}");
        assert_eq!(step.pointer("/env/SHOP_URL").unwrap(), "${{ vars.SHOP_URL }}");
        let gitlab = reader::read(&job(Workflow::Gitlab, "it's.yml", &variables)).unwrap();
        assert_eq!(
            gitlab.pointer("/test/script/0").unwrap(),
            "standin run --config 'it'\\''s.yml' -- ./run-tests.sh"
        );
    }
}
