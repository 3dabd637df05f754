//! Jenkins: its variables, and a properties file for `readProperties` of pipeline-utility-steps.
//!
//! It makes the text; it writes no file.

use std::path::PathBuf;

use serde::Deserialize;

use super::{FORK, Host, HostRun, Recognised, absolute, beside};
use crate::adapters::environment::ProcessEnv;

/// Its variables.
#[derive(Default, Deserialize)]
pub(super) struct Jenkins {
    build_number: Option<String>,
    build_tag: Option<String>,
    build_url: Option<String>,
    change_fork: Option<String>,
    job_name: Option<String>,
    workspace: Option<String>,
    workspace_tmp: Option<PathBuf>,
}

impl Recognised for Jenkins {
    fn is_here(environment: &ProcessEnv) -> bool {
        environment.get("JENKINS_URL").is_some()
    }
}

impl Host for Jenkins {
    fn run(&self) -> HostRun {
        HostRun {
            repository: self.job_name.clone(),
            // BUILD_TAG is `jenkins-JOB-NUMBER`: unique on the server, but a number is what people look for.
            id: self.build_number.clone().or_else(|| self.build_tag.clone()),
            attempt: None,
            url: self.build_url.clone(),
        }
    }

    fn journals(&self) -> Option<PathBuf> {
        absolute(self.workspace_tmp.as_deref()).or_else(|| beside(self.workspace.as_deref(), "@tmp"))
    }

    fn why_secretless(&self) -> Option<&'static str> {
        self.change_fork.as_ref().map(|_| FORK)
    }
}

/// The pairs as a Java properties file (`java.util.Properties.load`): ASCII, everything else as `\uXXXX`.
pub fn properties(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        escape(&mut text, name, true);
        text.push('=');
        escape(&mut text, value, false);
        text.push('\n');
    }
    text
}

fn escape(text: &mut String, part: &str, is_key: bool) {
    for (index, c) in part.chars().enumerate() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' ' if is_key || index == 0 => text.push_str("\\ "),
            '=' | ':' | '#' | '!' if is_key => {
                text.push('\\');
                text.push(c);
            }
            ' '..='~' => text.push(c),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    text.extend(["\\u".to_owned(), format!("{unit:04x}")]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_and_values_stay_one_line_each() {
        for (name, value, expected) in [
            ("STANDIN_USERS_ALICE_ID", "7", "STANDIN_USERS_ALICE_ID=7\n"),
            ("a b=c:d#", "x", "a\\ b\\=c\\:d\\#=x\n"),
            ("a", " x y#=", "a=\\ x y#=\n"),
            ("a", "1\n2\r3\t4\\", "a=1\\n2\\r3\\t4\\\\\n"),
            ("a", "ä😀\u{7}", "a=\\u00e4\\ud83d\\ude00\\u0007\n"),
        ] {
            assert_eq!(properties(&[(name.to_owned(), value.to_owned())]), expected);
        }
    }
}
