//! Where journals are kept when the user says nothing: never in a workspace, and where they outlive what the host takes
//! away when it cancels a job.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that chooses where journals go"
)]

use std::path::{Path, PathBuf};

use super::Host;
use crate::adapters::environment::Environment;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};

/// Opens the journals' directory, and makes it if need be: `configured`, or the host's default.
///
/// Outside of CI a home that can't be written is passed over for a directory of the user's own in the temporary one:
/// containers run as any uid, and need no home. A directory that is there but is not ours is an error, never passed over.
pub fn open(configured: Option<&Path>, host: Host, environment: &Environment) -> Result<PrivateDir, PrivateDirError> {
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
pub fn candidates(host: Host, environment: &Environment) -> Vec<PathBuf> {
    let get = |name: &str| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let beside = |name: &str, suffix: &str| {
        environment
            .get(name)
            .map(|path| PathBuf::from(format!("{}{suffix}", path.trim_end_matches('/'))))
    };
    let of_host = match host {
        Host::GitHub => get("RUNNER_TEMP"),
        // Both lie on the builds volume: a cancelled job's container, with its temporary directory, is removed.
        Host::GitLab => get("RUNNER_TEMP_PROJECT_DIR").or_else(|| beside("CI_PROJECT_DIR", ".tmp")),
        Host::Jenkins => get("WORKSPACE_TMP").or_else(|| beside("WORKSPACE", "@tmp")),
        Host::Azure | Host::CircleCi | Host::Buildkite | Host::Plain => None,
    };
    if let Some(directory) = of_host {
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

    type Variables = &'static [(&'static str, &'static str)];

    #[test]
    fn each_host_keeps_journals_where_they_outlive_a_cancelled_job() {
        let table: [(Host, Variables, &str); 9] = [
            (
                Host::GitHub,
                &[("RUNNER_TEMP", "/r/_temp"), ("HOME", "/h")],
                "/r/_temp/standin",
            ),
            (Host::GitHub, &[("HOME", "/h")], "/h/.local/state/standin"),
            (
                Host::GitLab,
                &[("RUNNER_TEMP_PROJECT_DIR", "/b/p.tmp"), ("CI_PROJECT_DIR", "/x")],
                "/b/p.tmp/standin",
            ),
            (Host::GitLab, &[("CI_PROJECT_DIR", "/b/p/")], "/b/p.tmp/standin"),
            (
                Host::Jenkins,
                &[("WORKSPACE_TMP", "/w@tmp"), ("WORKSPACE", "/x")],
                "/w@tmp/standin",
            ),
            (Host::Jenkins, &[("WORKSPACE", "/w")], "/w@tmp/standin"),
            (Host::Plain, &[("XDG_STATE_HOME", "/s"), ("HOME", "/h")], "/s/standin"),
            (
                Host::Plain,
                &[("XDG_STATE_HOME", "s"), ("HOME", "/h")],
                "/h/.local/state/standin",
            ),
            (
                Host::Azure,
                &[("RUNNER_TEMP", "/r"), ("HOME", "/h")],
                "/h/.local/state/standin",
            ),
        ];
        for (host, pairs, expected) in table {
            let environment = pairs.iter().copied().collect();
            assert_eq!(
                candidates(host, &environment)[0],
                Path::new(expected),
                "{host:?} {pairs:?}"
            );
        }
        assert_eq!(candidates(Host::Plain, &Environment::default()), [temporary()]);
    }

    #[test]
    fn a_home_that_cannot_be_written_is_passed_over_but_a_configured_directory_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        std::fs::write(&file, "").expect("written");
        let good = directory.path().join("good");
        let opened = first_usable(&[file.join("x"), good.clone()]).expect("the second one");
        assert_eq!(opened.path(), good);
        assert!(open(Some(&file.join("x")), Host::Plain, &Environment::default()).is_err());
    }
}
