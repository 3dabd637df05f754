//! The settings that main seals for post: post must not believe what later steps changed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::choices::{CleanupMarked, CleanupWhen, OnLeftover};
use super::setting::{ALL, ASKERS, DELETERS, EVERYWHERE, GUARDED, JOBS, NOT_AN_INPUT, Reach, WITH_CONFIG};
use super::setting::{CONFIGURATION, LIMITS, OUTPUT};
use super::values::{count, some_time};
use crate::adapters::console::LogFormat;

/// The part of the settings that main seals for post. What an older setup has not sealed stands at its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Args)]
#[serde(default, deny_unknown_fields)]
pub struct Sealed {
    /// When the action deletes what a successful setup created
    #[arg(long, value_name = "WHEN", value_enum, default_value = "post", add = Reach { flag: false, ..EVERYWHERE })]
    pub cleanup: CleanupWhen,
    /// What to do when an account may remain
    #[arg(long, value_name = "WHAT", value_enum, default_value = "fail")]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(&["cleanup", "run"]))]
    pub on_leftover: OnLeftover,
    /// Also delete accounts that carry this setup's marker and are in no journal, such as those that the tests signed up
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(&["cleanup", "run"]))]
    pub cleanup_marked: CleanupMarked,
    /// How long the whole cleanup may take
    ///
    /// The default fits into the time that GitHub gives a cancelled job
    #[arg(long, value_name = "TIME", default_value = "4m", value_parser = some_time)]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(DELETERS))]
    pub cleanup_deadline: Duration,
    /// The only variables that the configuration may read [default: all]
    #[arg(long, value_name = "GLOB,...", help_heading = CONFIGURATION, add = GUARDED.of(WITH_CONFIG))]
    pub allow_env: Option<Vec<String>>,
    /// The only hosts that requests may go to [default: all but link-local and cloud metadata addresses]
    #[arg(long, value_name = "GLOB,...", help_heading = CONFIGURATION, add = GUARDED.of(WITH_CONFIG))]
    pub allow_hosts: Option<Vec<String>>,
    /// Audiences that a GitHub ID token may be requested for, besides a service's own origin
    #[arg(long, value_name = "GLOB,...", help_heading = CONFIGURATION, add = GUARDED.of(WITH_CONFIG))]
    pub allow_audience: Option<Vec<String>>,
    /// Concurrent requests per service, from 1 to 1,000 [default: from the configuration]
    #[arg(long, value_name = "N", value_parser = count, help_heading = LIMITS, add = EVERYWHERE.of(WITH_CONFIG))]
    pub concurrency: Option<u32>,
    /// How long one request may take [default: from the configuration]
    #[arg(long, value_name = "TIME", value_parser = some_time, help_heading = LIMITS, add = EVERYWHERE.of(WITH_CONFIG))]
    pub timeout: Option<Duration>,
    /// Write a report as JSON: what was done and what is left
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, add = EVERYWHERE.of(JOBS))]
    pub report: Option<PathBuf>,
    /// Show the service's error message when something fails
    ///
    /// At most 300 characters, with secrets hidden
    #[arg(long, default_value = "true", help_heading = OUTPUT, add = EVERYWHERE.of(ASKERS))]
    pub show_answers: bool,
    /// Write the job summary, if the host has one
    #[arg(long, default_value = "true", help_heading = OUTPUT, add = EVERYWHERE.of(ASKERS))]
    pub summary: bool,
    /// Log format
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    #[arg(help_heading = OUTPUT, add = NOT_AN_INPUT.of(ALL))]
    pub log_format: LogFormat,
    /// Verbose output
    ///
    /// Shows each request and its answer without secrets, each create with its id, and every account even if there are many.
    /// `RUNNER_DEBUG=1` turns it on too
    #[arg(long, help_heading = OUTPUT, add = EVERYWHERE.of(ALL))]
    pub verbose: bool,
}

impl Default for Sealed {
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new("sealed").no_binary_name(true));
        super::defaults(command)
    }
}
