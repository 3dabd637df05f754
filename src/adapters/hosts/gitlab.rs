//! GitLab CI: its variables, dotenv reports and collapsible sections.
//!
//! It makes texts; it writes no file and no line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FORK, Host, HostRun, Recognised, absolute, beside, leg};
use crate::adapters::environment::ProcessEnv;
use crate::domain::leg::Leg;
use crate::domain::why::Why;

/// GitLab's own default limits: 20 variables, and a report smaller than 5 KiB. Ours is under the smaller number.
const MOST_LINES: usize = 20;
const BYTES_UNDER: usize = 5_000;

/// The one variable of a report that can't carry the ids.
pub const ACCOUNTS_FILE: &str = "STANDIN_ACCOUNTS_FILE";

/// Its variables.
#[derive(Default, Deserialize)]
pub(super) struct GitLab {
    ci_merge_request_project_id: Option<String>,
    ci_merge_request_source_project_id: Option<String>,
    /// From 1, and only in a job with `parallel`.
    ci_node_index: Option<u32>,
    ci_node_total: Option<u32>,
    ci_pipeline_id: Option<String>,
    ci_pipeline_url: Option<String>,
    ci_project_dir: Option<String>,
    ci_project_path: Option<String>,
    runner_temp_project_dir: Option<PathBuf>,
}

impl Recognised for GitLab {
    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("GITLAB_CI").is_some()
    }
}

impl Host for GitLab {
    fn run(&self) -> HostRun {
        HostRun {
            repository: self.ci_project_path.clone(),
            id: self.ci_pipeline_id.clone(),
            attempt: None,
            url: self.ci_pipeline_url.clone(),
        }
    }

    fn leg(&self) -> Option<Leg> {
        leg(1, self.ci_node_index, self.ci_node_total)
    }

    /// Both lie on the builds volume: a cancelled job's container, with its temporary directory, is removed.
    fn journals(&self) -> Option<PathBuf> {
        absolute(self.runner_temp_project_dir.as_deref()).or_else(|| beside(self.ci_project_dir.as_deref(), ".tmp"))
    }

    fn workspace(&self) -> Option<&Path> {
        self.ci_project_dir.as_deref().map(Path::new)
    }

    fn why_secretless(&self) -> Option<&'static str> {
        let source = self.ci_merge_request_source_project_id.as_ref()?;
        (source != self.ci_merge_request_project_id.as_ref()?).then_some(FORK)
    }

    fn group(&self, title: &str, at: u64) -> String {
        section_start(title, title, at)
    }

    fn group_end(&self, title: &str, at: u64) -> Option<String> {
        Some(section_end(title, at))
    }
}

/// A dotenv report of these variables, or, if GitLab would refuse or change one of them, of the one line that names the
/// file with all accounts.
///
/// GitLab takes `KEY=VALUE` lines only, keys of `[A-Za-z0-9_]`, no blank line and no comment; quotes stay in the value,
/// and `$` is expanded by jobs that use it (`Ci::ParseDotenvArtifactService`).
pub fn dotenv_report(variables: &[(String, String)], accounts_file: &str) -> Result<String, Why> {
    let lines: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    let all = lines.concat();
    let is_taken = variables.iter().all(|(name, value)| is_key(name) && is_value(value));
    if is_taken && (1..=MOST_LINES).contains(&variables.len()) && all.len() < BYTES_UNDER {
        return Ok(all);
    }
    if !is_value(accounts_file) {
        let path = accounts_file.escape_debug();
        return Err(Why::hinted(
            format!("the path `{path}` can't stand in a dotenv report"),
            "give `--dotenv` and the journal paths without `$`, line breaks or white space at the ends",
        ));
    }
    Ok(format!("{ACCOUNTS_FILE}={accounts_file}\n"))
}

fn is_key(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_value(value: &str) -> bool {
    value.trim() == value && !value.contains('$') && !value.chars().any(char::is_control)
}

/// The line that opens a section, collapsed. `at` is in seconds since the epoch, `title` already harmless.
fn section_start(name: &str, title: &str, at: u64) -> String {
    format!(
        "\x1b[0Ksection_start:{at}:{}[collapsed=true]\r\x1b[0K{title}\n",
        section_name(name)
    )
}

/// The line that closes it.
fn section_end(name: &str, at: u64) -> String {
    format!("\x1b[0Ksection_end:{at}:{}\r\x1b[0K\n", section_name(name))
}

/// GitLab allows `[a-zA-Z0-9_.-]` (lib/gitlab/regex.rb).
fn section_name(name: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || "_.-".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_holds_the_ids_as_long_as_gitlab_takes_them_as_they_are() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let many = |n: usize, length: usize| (0..n).map(|i| pair(&format!("V{i:02}"), &"x".repeat(length))).collect();
        let fallback = "STANDIN_ACCOUNTS_FILE=/tmp/a.json\n";
        let table: [(Vec<(String, String)>, bool); 12] = [
            (vec![pair("STANDIN_USERS_ALICE_ID", "7")], true),
            (vec![pair("A", "\"quoted\" = # x")], true),
            (vec![pair("A", "")], true),
            (many(20, 10), true),
            (many(21, 10), false),
            (many(20, 244), true),
            (many(20, 250), false),
            (vec![pair("A", "$HOME")], false),
            (vec![pair("A", "x\ny")], false),
            (vec![pair("A", " x")], false),
            (vec![pair("A-B", "x")], false),
            (vec![], false),
        ];
        for (variables, is_taken) in table {
            let report = dotenv_report(&variables, "/tmp/a.json").expect("a report");
            assert_eq!(report != fallback, is_taken, "{variables:?}");
            assert!(report.lines().all(|line| line.contains('=')) && report.ends_with('\n') && report.len() < 5_120);
        }
    }

    #[test]
    fn a_path_that_gitlab_would_expand_is_refused() {
        assert!(dotenv_report(&[], "/builds/$USER/a.json").is_err());
    }

    #[test]
    fn sections_are_in_the_form_that_gitlab_recognises() {
        assert_eq!(
            section_start("set up!", "Set up", 12),
            "\x1b[0Ksection_start:12:set_up_[collapsed=true]\r\x1b[0KSet up\n"
        );
        assert_eq!(section_end("set up!", 13), "\x1b[0Ksection_end:13:set_up_\r\x1b[0K\n");
    }
}
