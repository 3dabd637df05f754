//! What a setting can be, where that is one of a few.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;

/// Where the configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// In one of the default files of the working directory.
    Default,
    /// In these files, each merged over those before it. Never empty.
    Files(Vec<PathBuf>),
    /// Given as it stands. It may hold literal secrets.
    Inline(Secret),
}

/// What the action's main step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `setup`; post cleans up.
    Setup,
    /// `cleanup` of another job's state.
    Cleanup,
    /// `sweep`
    Sweep,
    /// `status`
    Status,
    /// `plan`
    Plan,
}

/// Who deletes what a successful setup of the action made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CleanupWhen {
    /// The post step.
    Post,
    /// A later `mode: cleanup`.
    Manual,
}

/// What setup does when an account fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Delete what was made.
    Rollback,
    /// Leave it, to be looked at.
    Keep,
}

/// Does a leftover fail the cleanup?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLeftover {
    /// Exit 1.
    Fail,
    /// A warning, exit 0.
    Warn,
}

/// The form of data on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For shells; of `credentials` alone.
    Dotenv,
}

/// What becomes of a setup whose variables are missing where no secrets are given?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenSecretsMissing {
    /// Exit 2, as everywhere.
    Fail,
    /// A notice, exit 0, and nothing is created.
    Skip,
}
