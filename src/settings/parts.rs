//! Settings of one command alone.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::choices::{JobHost, TellsLimit};
use super::setting::{EVERYWHERE, NOT_AN_INPUT, Reach, SANDBOX, SOURCE, SWEEP};
use super::values::{hits, port, time};

/// Where a setting of `sweep` comes from.
const OF_SWEEP: Reach = EVERYWHERE.of(&["sweep"]);
/// Where a setting of `sandbox` comes from.
const OF_SANDBOX: Reach = NOT_AN_INPUT.of(&["sandbox"]);
/// Where a setting of `init` comes from.
const OF_INIT: Reach = NOT_AN_INPUT.of(&["init"]);

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

/// What `init` reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = SOURCE)]
pub struct InitSettings {
    /// Use this preset; `standin presets` lists them
    #[arg(long, value_name = "NAME", add = OF_INIT)]
    pub preset: Option<String>,
    /// Read this OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0 document, as JSON or YAML; `-` is standard input
    #[arg(long, value_name = "FILE", add = OF_INIT)]
    pub openapi: Option<PathBuf>,
    /// The operation of the document that creates accounts, such as `/users` or `PUT /users/{name}` [default: the likeliest]
    #[arg(long, value_name = "PATH", add = OF_INIT)]
    pub path: Option<String>,
    /// Read these curl commands: one that creates an account, and others that read, find, list and delete it; `-` is standard
    /// input
    #[arg(long, value_name = "FILE", add = OF_INIT)]
    pub curl: Option<PathBuf>,
    /// Where to write the configuration; `-` prints it
    #[arg(long, value_name = "FILE", default_value = "standin.yml", add = OF_INIT)]
    pub out: PathBuf,
    /// Also write a job that uses the configuration [default: none]
    #[arg(long, value_name = "HOST", value_enum, add = OF_INIT)]
    pub workflow: Option<JobHost>,
}
