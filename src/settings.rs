//! Settings: flags, inputs of the action and `STANDIN_*` variables as one typed [`Settings`].
//!
//! Errors name the source as the user wrote it, and all of them are told at once. Nothing here reads a file.

mod choices;
mod errors;
mod parse;
mod sources;
pub mod table;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::adapters::console::LogFormat;
use crate::adapters::environment::Environment;
use crate::cli::{Command, Invocation};
use crate::domain::leg::Leg;
use crate::domain::secret::Secret;
pub use choices::{CleanupWhen, ConfigSource, DataFormat, Mode, OnFailure, OnLeftover, WhenSecretsMissing};
pub use errors::{SettingError, SettingErrors};
use parse::{Reader, Zero};
use sources::Layers;

/// Everything that the user can set beside the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the configuration is.
    pub config: ConfigSource,
    /// Where journals are kept, if not in the host's default.
    pub journal: Option<PathBuf>,
    /// The `state` output of the setup that is to be settled, as given: JSON from another job.
    pub state: Option<String>,
    /// Where a setup writes its `state`, and others read it.
    pub state_file: Option<PathBuf>,
    /// The repository or project, if not as the host says.
    pub repository: Option<String>,
    /// The run within it, if not as the host says.
    pub run_id: Option<String>,
    /// The attempt at that run, if not as the host says.
    pub attempt: Option<u32>,
    /// What passwords are computed from, so that another job can compute them too; at least 32 characters.
    pub seed: Option<Secret>,
    /// What the action's main step does.
    pub mode: Mode,
    /// What setup does when an account fails.
    pub on_failure: OnFailure,
    /// What setup does when variables are missing on a pull request that is given no secrets.
    pub when_secrets_missing: WhenSecretsMissing,
    /// Which job of a matrix this is, if that is told.
    pub leg: Option<Leg>,
    /// How long a service may take to start; zero: not at all.
    pub wait: Duration,
    /// How long the whole setup may take.
    pub deadline: Duration,
    /// Only these services; empty: all.
    pub only: Vec<String>,
    /// Only these personas; empty: all.
    pub persona: Vec<String>,
    /// Also set variables for later steps.
    pub export_env: bool,
    /// Where to write a dotenv report.
    pub dotenv: Option<PathBuf>,
    /// Where to write a properties file.
    pub properties: Option<PathBuf>,
    /// Where to write the credentials, if not in the journal.
    pub credentials_file: Option<PathBuf>,
    /// The form of `plan`'s output.
    pub format: DataFormat,
    /// Look again and again.
    pub watch: bool,
    /// What `sweep` goes by.
    pub sweep: SweepSettings,
    /// What `sandbox` serves.
    pub sandbox: SandboxSettings,
    /// What is sealed for post.
    pub sealed: Sealed,
}

/// What `sweep` goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepSettings {
    /// Accounts that are younger stay, whatever their own time to live.
    pub older_than: Duration,
    /// Every account of this run instead: `this`, or a run's id.
    pub run: Option<String>,
    /// Those of every repository.
    pub all_owners: bool,
    /// User names that stay, as globs.
    pub protect: Vec<String>,
    /// With more hits nothing is deleted.
    pub max: u32,
    /// Only show them.
    pub dry_run: bool,
}

/// What `sandbox` serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxSettings {
    /// The port on loopback; 0 takes any that is free.
    pub port: u16,
    /// The services, each below a path of its name.
    pub services: Vec<String>,
    /// Lines of the fault language.
    pub faults: Vec<String>,
    /// The delay added to each answer.
    pub delay: Duration,
    /// How long the services act as if they were still starting.
    pub ready_after: Duration,
    /// How many requests in a time each service takes, as it was written.
    pub limit: Option<String>,
    /// Do its refusals say when to come back?
    pub tells_retry_after: bool,
    /// Do its answers say how many requests are left?
    pub tells_remaining: bool,
}

/// The part of the settings that main seals for post: post must not believe what later steps changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sealed {
    /// Who deletes after a successful setup.
    pub cleanup: CleanupWhen,
    /// Does a leftover fail the cleanup?
    pub on_leftover: OnLeftover,
    /// How long the whole cleanup may take.
    pub cleanup_deadline: Duration,
    /// The only variables that the configuration may read, as globs; `None`: no limit.
    pub allow_env: Option<Vec<String>>,
    /// The only hosts that requests may go to, as globs; `None`: no limit.
    pub allow_hosts: Option<Vec<String>>,
    /// Audiences that an ID token may be asked for, as globs; `None`: none but the service's own origin.
    pub allow_audience: Option<Vec<String>>,
    /// Requests at once in one service, if not as configured; 1 to 1,000.
    pub concurrency: Option<u32>,
    /// How long one request may take, if not as configured.
    pub timeout: Option<Duration>,
    /// Where to write the report.
    pub report: Option<PathBuf>,
    /// Show what a service said where something failed?
    pub show_answers: bool,
    /// Write the job summary?
    pub summary: bool,
    /// The form of the log.
    pub log_format: LogFormat,
    /// Say more?
    pub verbose: bool,
}

impl Default for Sealed {
    fn default() -> Self {
        Self {
            cleanup: CleanupWhen::Post,
            on_leftover: OnLeftover::Fail,
            cleanup_deadline: Duration::from_mins(4),
            allow_env: None,
            allow_hosts: None,
            allow_audience: None,
            concurrency: None,
            timeout: None,
            report: None,
            show_answers: true,
            summary: true,
            log_format: LogFormat::Text,
            verbose: false,
        }
    }
}

impl Settings {
    /// The settings of an invocation, or everything that is wrong with them.
    pub fn load(invocation: &Invocation, environment: &Environment) -> Result<Self, SettingErrors> {
        let (settings, errors) = Self::read(invocation, environment);
        if errors.is_empty() {
            Ok(settings)
        } else {
            Err(SettingErrors(errors))
        }
    }

    /// As [`Settings::load`], but what is wrong stands at its default: cleanup must not stop at a bad setting.
    pub fn read(invocation: &Invocation, environment: &Environment) -> (Self, Vec<SettingError>) {
        Self::read_over(invocation, environment, Sealed::default())
    }

    /// As [`Settings::read`], but what is not given is as a setup has sealed it.
    pub fn read_over(
        invocation: &Invocation,
        environment: &Environment,
        defaults: Sealed,
    ) -> (Self, Vec<SettingError>) {
        let (layers, broken) = match Layers::collect(invocation, environment) {
            Ok(layers) => (layers, None),
            Err(error) => (Layers::default(), Some(error)),
        };
        let mut reader = Reader {
            layers: &layers,
            errors: Vec::new(),
        };
        let config = config_source(&mut reader);
        let path = |name, field| reader.text(name, field).map(PathBuf::from);
        let journal = path("journal", |texts| texts.journal.as_deref());
        let dotenv = path("dotenv", |texts| texts.dotenv.as_deref());
        let properties = path("properties", |texts| texts.properties.as_deref());
        let credentials_file = path("credentials-file", |texts| texts.credentials_file.as_deref());
        let state_file = path("state-file", |texts| texts.state_file.as_deref());
        let settings = Self {
            config,
            journal,
            state_file,
            repository: reader.text("repository", |texts| texts.repository.as_deref()),
            run_id: reader.text("run-id", |texts| texts.run_id.as_deref()),
            attempt: reader.count("attempt", |texts| texts.attempt.as_deref()),
            state: reader.text("state", |texts| texts.state.as_deref()),
            seed: reader.seed("seed", |texts| texts.seed.as_deref()),
            mode: reader
                .one_of(
                    "mode",
                    |texts| texts.mode.as_deref(),
                    &[
                        ("setup", Mode::Setup),
                        ("cleanup", Mode::Cleanup),
                        ("sweep", Mode::Sweep),
                        ("status", Mode::Status),
                        ("plan", Mode::Plan),
                    ],
                )
                .unwrap_or(Mode::Setup),
            on_failure: reader
                .one_of(
                    "on-failure",
                    |texts| texts.on_failure.as_deref(),
                    &[("rollback", OnFailure::Rollback), ("keep", OnFailure::Keep)],
                )
                .unwrap_or(OnFailure::Rollback),
            when_secrets_missing: reader
                .one_of(
                    "when-secrets-missing",
                    |texts| texts.when_secrets_missing.as_deref(),
                    &[("fail", WhenSecretsMissing::Fail), ("skip", WhenSecretsMissing::Skip)],
                )
                .unwrap_or(WhenSecretsMissing::Fail),
            leg: reader.leg("leg", |texts| texts.leg.as_deref()),
            wait: reader
                .duration("wait", |texts| texts.wait.as_deref(), Zero::Allowed)
                .unwrap_or(Duration::from_mins(1)),
            deadline: reader
                .duration("deadline", |texts| texts.deadline.as_deref(), Zero::Refused)
                .unwrap_or(Duration::from_mins(5)),
            only: reader.list("only", |texts| texts.only.as_deref()),
            persona: reader.list("persona", |texts| texts.persona.as_deref()),
            export_env: reader
                .switch("export-env", |texts| texts.export_env.as_deref())
                .unwrap_or(false),
            dotenv,
            properties,
            credentials_file,
            format: format(&mut reader, &invocation.command),
            watch: reader.switch("watch", |texts| texts.watch.as_deref()).unwrap_or(false),
            sweep: sweep(&mut reader),
            sandbox: sandbox(&mut reader),
            sealed: sealed(&mut reader, environment, defaults),
        };
        let mut errors = reader.errors;
        errors.extend(broken.map(|_| SettingError {
            message: "the settings can't be read".to_owned(),
            hint: "this is a bug in Standin; please report it".to_owned(),
        }));
        (settings, errors)
    }
}

fn config_source(reader: &mut Reader<'_>) -> ConfigSource {
    let given = reader.found("config-file", |texts| texts.config_file.as_deref());
    let files = reader.list("config-file", |texts| texts.config_file.as_deref());
    let files = files.into_iter().map(PathBuf::from).collect();
    let inline = reader.found("config", |texts| texts.config.as_deref());
    match (given, inline) {
        (None, None) => ConfigSource::Default,
        (Some(_), None) => ConfigSource::Files(files),
        // Not trimmed: the first line's indentation is part of the document, and so are the line numbers.
        (None, Some(inline)) => ConfigSource::Inline(Secret::new(inline.value)),
        (Some(given), Some(inline)) => {
            reader.errors.push(SettingError {
                message: format!("{} and {} are both given", given.source, inline.source),
                hint: "give the configuration as files or as text, not both".to_owned(),
            });
            ConfigSource::Files(files)
        }
    }
}

/// What the command can print, and what it prints where nothing is said.
fn format(reader: &mut Reader<'_>, command: &Command) -> DataFormat {
    let (other, default) = if *command == Command::Credentials {
        (("dotenv", DataFormat::Dotenv), DataFormat::Json)
    } else {
        (("text", DataFormat::Text), DataFormat::Text)
    };
    let choices = [other, ("json", DataFormat::Json)];
    reader
        .one_of("format", |texts| texts.format.as_deref(), &choices)
        .unwrap_or(default)
}

fn sweep(reader: &mut Reader<'_>) -> SweepSettings {
    SweepSettings {
        older_than: reader
            .duration("older-than", |texts| texts.older_than.as_deref(), Zero::Allowed)
            .unwrap_or(Duration::from_hours(24)),
        run: reader.text("run", |texts| texts.run.as_deref()),
        all_owners: reader
            .switch("all-owners", |texts| texts.all_owners.as_deref())
            .unwrap_or(false),
        protect: reader.list("protect", |texts| texts.protect.as_deref()),
        max: reader.hits("max", |texts| texts.max.as_deref()).unwrap_or(500),
        dry_run: reader
            .switch("dry-run", |texts| texts.dry_run.as_deref())
            .unwrap_or(false),
    }
}

fn sandbox(reader: &mut Reader<'_>) -> SandboxSettings {
    let services = reader.list("services", |texts| texts.services.as_deref());
    let (tells_retry_after, tells_remaining) = reader
        .one_of(
            "limit-headers",
            |texts| texts.limit_headers.as_deref(),
            &[
                ("retry-after", (true, false)),
                ("remaining", (false, true)),
                ("both", (true, true)),
                ("none", (false, false)),
            ],
        )
        .unwrap_or((true, false));
    SandboxSettings {
        port: reader.port("port", |texts| texts.port.as_deref()).unwrap_or(8081),
        services: if services.is_empty() {
            ["users", "orders", "billing"].map(str::to_owned).to_vec()
        } else {
            services
        },
        faults: reader.list("fault", |texts| texts.fault.as_deref()),
        delay: reader
            .duration("delay", |texts| texts.delay.as_deref(), Zero::Allowed)
            .unwrap_or_default(),
        ready_after: reader
            .duration("ready-after", |texts| texts.ready_after.as_deref(), Zero::Allowed)
            .unwrap_or_default(),
        limit: reader.text("limit", |texts| texts.limit.as_deref()),
        tells_retry_after,
        tells_remaining,
    }
}

/// The sealed part; what is not given is as in `defaults`.
fn sealed(reader: &mut Reader<'_>, environment: &Environment, defaults: Sealed) -> Sealed {
    let globs = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let is_debug_run = environment.get("RUNNER_DEBUG") == Some("1");
    Sealed {
        cleanup: reader
            .one_of(
                "cleanup",
                |texts| texts.cleanup.as_deref(),
                &[("post", CleanupWhen::Post), ("manual", CleanupWhen::Manual)],
            )
            .unwrap_or(defaults.cleanup),
        on_leftover: reader
            .one_of(
                "on-leftover",
                |texts| texts.on_leftover.as_deref(),
                &[("fail", OnLeftover::Fail), ("warn", OnLeftover::Warn)],
            )
            .unwrap_or(defaults.on_leftover),
        cleanup_deadline: reader
            .duration(
                "cleanup-deadline",
                |texts| texts.cleanup_deadline.as_deref(),
                Zero::Refused,
            )
            .unwrap_or(defaults.cleanup_deadline),
        allow_env: globs(reader.list("allow-env", |texts| texts.allow_env.as_deref())).or(defaults.allow_env),
        allow_hosts: globs(reader.list("allow-hosts", |texts| texts.allow_hosts.as_deref())).or(defaults.allow_hosts),
        allow_audience: globs(reader.list("allow-audience", |texts| texts.allow_audience.as_deref()))
            .or(defaults.allow_audience),
        concurrency: reader
            .count("concurrency", |texts| texts.concurrency.as_deref())
            .or(defaults.concurrency),
        timeout: reader
            .duration("timeout", |texts| texts.timeout.as_deref(), Zero::Refused)
            .or(defaults.timeout),
        report: reader
            .text("report", |texts| texts.report.as_deref())
            .map(PathBuf::from)
            .or(defaults.report),
        show_answers: reader
            .switch("show-answers", |texts| texts.show_answers.as_deref())
            .unwrap_or(defaults.show_answers),
        summary: reader
            .switch("summary", |texts| texts.summary.as_deref())
            .unwrap_or(defaults.summary),
        log_format: reader
            .one_of(
                "log-format",
                |texts| texts.log_format.as_deref(),
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )
            .unwrap_or(defaults.log_format),
        verbose: reader
            .switch("verbose", |texts| texts.verbose.as_deref())
            .unwrap_or(is_debug_run || defaults.verbose),
    }
}

#[cfg(test)]
mod tests;
