//! The Node programs that a runner brings along.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A Node version that runners have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// `using: node20`, and what `node24` falls back to on 32-bit ARM.
    Twenty,
    /// `using: node24`.
    TwentyFour,
}

impl Node {
    /// Where its program is: as a variable says, else `node` of the search path if it is of this version.
    ///
    /// Panics where there is none. A test that skips itself would prove nothing and say nothing.
    pub(crate) fn program(self) -> PathBuf {
        static TWENTY: OnceLock<PathBuf> = OnceLock::new();
        static TWENTY_FOUR: OnceLock<PathBuf> = OnceLock::new();
        let (found, variable, major) = match self {
            Self::Twenty => (&TWENTY, "STANDIN_TEST_NODE20", "v20."),
            Self::TwentyFour => (&TWENTY_FOUR, "STANDIN_TEST_NODE24", "v24."),
        };
        found.get_or_init(|| locate(variable, major)).clone()
    }
}

fn locate(variable: &str, major: &str) -> PathBuf {
    let program = env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let answer = Command::new(&program)
        .args(["-p", "process.version + ' ' + process.execPath"])
        .output();
    let answer = answer.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    match answer.trim().split_once(' ') {
        Some((version, path)) if version.starts_with(major) => PathBuf::from(path),
        Some(_) | None => panic!(
            "no Node {major}x: `{}` answers `{}`\nhint: run `scripts/test`, which installs it and sets `{variable}`",
            program.display(),
            answer.trim()
        ),
    }
}
