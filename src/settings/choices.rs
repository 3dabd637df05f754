//! What a setting can be, where that is one of a few.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What the action's main step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Create the accounts; post deletes them
    Setup,
    /// Delete the accounts of another job by its `state`
    Cleanup,
    /// Find and delete old accounts by listing the services
    Sweep,
    /// Check whether the accounts exist and are ready
    Status,
    /// Show what setup would do; send nothing
    Plan,
    /// Prove the configuration on the real services
    Check,
}

/// Who deletes what a successful setup of the action made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum CleanupWhen {
    /// After the job's steps
    Post,
    /// In a later `mode: cleanup`
    Manual,
}

/// What setup does when an account fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    /// Delete what was created
    Rollback,
    /// Leave it to cleanup
    Keep,
}

/// Does a leftover fail the cleanup?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum OnLeftover {
    /// Fail with exit code 1
    Fail,
    /// Warn and exit 0
    Warn,
}

/// Does cleanup look for accounts under the setup's marker that are in no journal?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum CleanupMarked {
    /// In services whose `list` has a `filter`
    Auto,
    /// In every service that has a `list`
    True,
    /// No
    False,
}

/// The form of data on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For shells
    Dotenv,
}

/// What becomes of a setup whose variables are missing where no secrets are given?
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhenSecretsMissing {
    /// Fail with exit code 2
    Fail,
    /// Create nothing, and exit 0 with a notice
    Skip,
}

/// What a limit of the sandbox tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TellsLimit {
    /// `Retry-After` on each 429
    RetryAfter,
    /// The number of requests left, on each response
    Remaining,
    /// Both
    Both,
    /// Neither
    None,
}

/// The CI host that `init` writes a job for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JobHost {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
}
