//! Where journals are kept when the user says nothing: never in a workspace, and where they outlive what the host takes
//! away when it cancels a job.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that chooses where journals go"
)]

use std::path::{Path, PathBuf};

use super::environment::ProcessEnv;
use super::hosts::Host;
use super::private_dir::{PrivateDir, PrivateDirError};

/// Opens the journals' directory, and makes it if need be: `configured`, or the host's default.
///
/// Outside of CI a home that can't be written is passed over for a directory of the user's own in the temporary one:
/// containers run as any uid, and need no home. A directory that is there but is not ours is an error, never passed over.
pub fn open(
    configured: Option<&Path>,
    host: &dyn Host,
    environment: &ProcessEnv,
) -> Result<PrivateDir, PrivateDirError> {
    if let Some(path) = configured {
        return PrivateDir::create(path);
    }
    first_usable(&candidates(host, environment))
}

fn first_usable(candidates: &[PathBuf]) -> Result<PrivateDir, PrivateDirError> {
    let mut result = Err(PrivateDirError::nowhere());
    for path in candidates {
        result = PrivateDir::create(path);
        if !matches!(result, Err(PrivateDirError::Io { .. })) {
            break;
        }
    }
    result
}

/// The default directories in the order in which they are tried; the last is always there.
fn candidates(host: &dyn Host, environment: &ProcessEnv) -> Vec<PathBuf> {
    let get = |name: &str| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(directory) = host.journals() {
        return vec![directory.join("standin")];
    }
    let state = get("XDG_STATE_HOME")
        .or_else(|| get("HOME").map(|home| home.join(".local/state")))
        .or_else(|| get("LOCALAPPDATA"));
    state
        .map(|state| state.join("standin"))
        .into_iter()
        .chain([temporary()])
        .collect()
}

/// A directory of the user's own in the temporary one, which all users share.
fn temporary() -> PathBuf {
    #[cfg(unix)]
    let name = format!("standin-{}", rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    let name = "standin".to_owned();
    std::env::temp_dir().join(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::hosts;

    type Marks = &'static [(&'static str, &'static str)];

    #[test]
    fn each_host_keeps_journals_where_they_outlive_a_cancelled_job() {
        let table: [(Marks, &str); 9] = [
            (
                &[("GITHUB_ACTIONS", "true"), ("RUNNER_TEMP", "/r/_temp"), ("HOME", "/h")],
                "/r/_temp/standin",
            ),
            (&[("GITHUB_ACTIONS", "true"), ("HOME", "/h")], "/h/.local/state/standin"),
            (
                &[
                    ("GITLAB_CI", "true"),
                    ("RUNNER_TEMP_PROJECT_DIR", "/b/p.tmp"),
                    ("CI_PROJECT_DIR", "/x"),
                ],
                "/b/p.tmp/standin",
            ),
            (
                &[("GITLAB_CI", "true"), ("CI_PROJECT_DIR", "/b/p/")],
                "/b/p.tmp/standin",
            ),
            (
                &[
                    ("JENKINS_URL", "http://j"),
                    ("WORKSPACE_TMP", "/w@tmp"),
                    ("WORKSPACE", "/x"),
                ],
                "/w@tmp/standin",
            ),
            (&[("JENKINS_URL", "http://j"), ("WORKSPACE", "/w")], "/w@tmp/standin"),
            (&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")], "/s/standin"),
            (&[("XDG_STATE_HOME", "s"), ("HOME", "/h")], "/h/.local/state/standin"),
            (
                &[("TF_BUILD", "True"), ("RUNNER_TEMP", "/r"), ("HOME", "/h")],
                "/h/.local/state/standin",
            ),
        ];
        for (pairs, expected) in table {
            let environment = pairs.iter().copied().collect();
            let host = hosts::detect(&environment).host;
            assert_eq!(candidates(&*host, &environment)[0], Path::new(expected), "{pairs:?}");
        }
        assert_eq!(candidates(&*hosts::plain(), &ProcessEnv::default()), [temporary()]);
    }

    #[test]
    fn a_home_that_cannot_be_written_is_passed_over_but_a_configured_directory_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        std::fs::write(&file, "").expect("written");
        let good = directory.path().join("good");
        let opened = first_usable(&[file.join("x"), good.clone()]).expect("the second one");
        assert_eq!(opened.path(), good);
        assert!(open(Some(&file.join("x")), &*hosts::plain(), &ProcessEnv::default()).is_err());
    }
}
