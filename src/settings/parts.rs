//! Settings of one command alone.

use std::time::Duration;

use clap::Args;

use super::choices::TellsLimit;
use super::setting::{EVERYWHERE, NOT_AN_INPUT, SANDBOX, SWEEP, Scope};
use super::values::{hits, port, time};

/// Where a setting of `sweep` comes from.
const OF_SWEEP: Scope = EVERYWHERE.of(&["sweep"]);
/// Where a setting of `sandbox` comes from.
const OF_SANDBOX: Scope = NOT_AN_INPUT.of(&["sandbox"]);

/// What `sweep` goes by.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = SWEEP)]
pub struct SweepSettings {
    /// Sweep only accounts of at least this age, whatever their own time to live
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time, add = OF_SWEEP)]
    pub older_than: Duration,
    /// Sweep every account of this run instead, however young: `this`, or the run's id
    #[arg(long, value_name = "ID", add = OF_SWEEP)]
    pub run: Option<String>,
    /// Sweep the accounts of every repository, not of this one alone
    #[arg(long, add = OF_SWEEP)]
    pub all_owners: bool,
    /// User names that are never swept
    #[arg(long, value_name = "GLOB,...", add = OF_SWEEP)]
    pub protect: Vec<String>,
    /// Delete nothing at all when more accounts than this would go
    #[arg(long, value_name = "N", default_value = "500", value_parser = hits, add = OF_SWEEP)]
    pub max: u32,
    /// Only show what would be swept
    #[arg(long, add = OF_SWEEP)]
    pub dry_run: bool,
}

/// What `sandbox` serves.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = SANDBOX)]
pub struct SandboxSettings {
    /// Where it serves, on loopback alone; 0 takes any free port
    #[arg(long, value_name = "PORT", default_value = "8081", value_parser = port, add = OF_SANDBOX)]
    pub port: u16,
    /// The services, each below a path of its name
    #[arg(long, value_name = "NAME,...", default_values = ["users", "orders", "billing"], add = OF_SANDBOX)]
    pub services: Vec<String>,
    /// A fault to strike with, such as `users POST 2 lost`; may be repeated
    #[arg(long = "fault", value_name = "LINE,...", add = OF_SANDBOX)]
    pub faults: Vec<String>,
    /// Delay added to each answer
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, add = OF_SANDBOX)]
    pub delay: Duration,
    /// How long the services act as if they were still starting
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, add = OF_SANDBOX)]
    pub ready_after: Duration,
    /// How many requests each service takes, such as 50/s; beyond that it answers 429 [default: no limit]
    #[arg(long, value_name = "RATE", add = OF_SANDBOX)]
    pub limit: Option<String>,
    /// What a limit tells of itself
    #[arg(long, value_name = "WHICH", value_enum, default_value = "retry-after", add = OF_SANDBOX)]
    pub limit_headers: TellsLimit,
}
