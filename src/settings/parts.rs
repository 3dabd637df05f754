//! Settings of one command alone.

use std::time::Duration;

use clap::Args;

use super::choices::TellsLimit;
use super::setting::{EVERYWHERE, NOT_AN_INPUT, Reach, SANDBOX, SWEEP};
use super::values::{hits, port, time};

/// Where a setting of `sweep` comes from.
const OF_SWEEP: Reach = EVERYWHERE.of(&["sweep"]);
/// Where a setting of `sandbox` comes from.
const OF_SANDBOX: Reach = NOT_AN_INPUT.of(&["sandbox"]);

/// What `sweep` goes by.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = SWEEP)]
pub struct SweepSettings {
    /// Sweep only accounts of at least this age that have also outlived their own time to live
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time, add = OF_SWEEP)]
    pub older_than: Duration,
    /// Sweep every account of one run instead, whatever its age: `this`, or the run's id
    #[arg(long, value_name = "ID", add = OF_SWEEP)]
    pub run: Option<String>,
    /// Sweep the accounts of every repository, not only of this one
    #[arg(long, add = OF_SWEEP)]
    pub all_owners: bool,
    /// User names never to sweep
    #[arg(long, value_name = "GLOB,...", add = OF_SWEEP)]
    pub protect: Vec<String>,
    /// Delete nothing if there are more accounts than this to delete
    #[arg(long, value_name = "N", default_value = "500", value_parser = hits, add = OF_SWEEP)]
    pub max: u32,
    /// Dry run: show what would be deleted, and delete nothing
    #[arg(long, add = OF_SWEEP)]
    pub dry_run: bool,
}

/// What `sandbox` serves.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = SANDBOX)]
pub struct SandboxSettings {
    /// The port on loopback; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value = "8081", value_parser = port, add = OF_SANDBOX)]
    pub port: u16,
    /// The services; the name of each is its path
    #[arg(long, value_name = "NAME,...", default_values = ["users", "orders", "billing"], add = OF_SANDBOX)]
    pub services: Vec<String>,
    /// A fault to simulate, such as `users POST 2 lost`; may be repeated
    #[arg(long = "fault", value_name = "LINE,...", add = OF_SANDBOX)]
    pub faults: Vec<String>,
    /// Delay added to each response
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, add = OF_SANDBOX)]
    pub delay: Duration,
    /// How long the services take to start
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, add = OF_SANDBOX)]
    pub ready_after: Duration,
    /// Rate limit of each service, such as 50/s; requests beyond it get a 429 [default: no limit]
    #[arg(long, value_name = "RATE", add = OF_SANDBOX)]
    pub limit: Option<String>,
    /// The headers that tell of the rate limit
    #[arg(long, value_name = "WHICH", value_enum, default_value = "retry-after", add = OF_SANDBOX)]
    pub limit_headers: TellsLimit,
}
