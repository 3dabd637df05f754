//! Settings: flags, inputs of the action and `STANDIN_*` variables as one typed [`Settings`].
//!
//! Each field here, or of a part, is the one declaration of a setting: clap parses it, and everything that names settings
//! follows it. Errors name the source as the user wrote it, and are reported together. Nothing here reads a file.

mod choices;
mod parts;
mod sealed;
mod setting;
mod sources;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::adapters::environment::ProcessEnv;
use crate::cli::Invocation;
use crate::domain::leg::Leg;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
pub use choices::{
    CleanupMarked, CleanupWhen, DataFormat, JobHost, Mode, OnFailure, OnLeftover, TellsLimit, WhenSecretsMissing,
};
pub use parts::{InitSettings, SandboxSettings, SweepSettings};
pub use sealed::Sealed;
use setting::{ACCOUNTS, CONFIGURATION, JOURNAL, LIMITS, OUTPUT};
use setting::{
    EVERYWHERE, GIVERS, GUARDED, HAVE_JOURNAL, HAVE_STATE, IDENTIFIED, JOURNALED, MAKERS, NOT_AN_INPUT, SELECTING,
    WITH_CONFIG,
};
pub use setting::{Reach, Setting, Variable};
use sources::GivenText;
use values::{count, leg, secret, seed, some_time, time};

/// Everything that the user can set beside the configuration. The comments are the help.
#[derive(Clone, Debug, PartialEq, Args)]
pub struct Settings {
    /// What the action does
    #[arg(long, value_name = "MODE", value_enum, default_value = "setup")]
    #[arg(add = Reach { flag: false, variable: Variable::Never, ..EVERYWHERE })]
    pub mode: Mode,
    /// The configuration file; several are merged, and later ones win [default: standin.yml, .yaml or .json in the working
    /// directory]
    #[arg(long, visible_alias = "config", value_name = "FILE,...")]
    #[arg(help_heading = CONFIGURATION, add = GUARDED.of(WITH_CONFIG))]
    pub config_file: Vec<PathBuf>,
    /// The configuration itself, as YAML or JSON, in place of `config-file`
    #[arg(long, value_name = "TEXT", value_parser = secret)]
    #[arg(help_heading = CONFIGURATION, add = GUARDED.of(WITH_CONFIG).secret())]
    pub config: Option<Secret>,
    /// Only these services [default: all]
    #[arg(long, value_name = "SERVICE,...")]
    #[arg(help_heading = ACCOUNTS, add = EVERYWHERE.of(SELECTING))]
    pub only: Vec<String>,
    /// Only these personas [default: all]
    #[arg(long, value_name = "NAME,...")]
    #[arg(help_heading = ACCOUNTS, add = EVERYWHERE.of(SELECTING))]
    pub persona: Vec<String>,
    /// A secret of at least 32 characters that passwords are computed from, in any job that has it; it also signs `state`
    #[arg(long, value_name = "SECRET", value_parser = seed)]
    #[arg(help_heading = ACCOUNTS, add = EVERYWHERE.of(JOURNALED).secret())]
    pub seed: Option<Secret>,
    /// Which of the N jobs of a matrix this is, counted from 0; no two of them share a marker [default: from the CI host]
    #[arg(long, value_name = "I/N", value_parser = leg, default_value = "/", hide_default_value = true)]
    #[arg(help_heading = ACCOUNTS, add = Reach { given: Some(LEG), ..EVERYWHERE.of(MAKERS) })]
    // The long name, since clap takes an `Option` for an argument that may be missing; here a lone `/` is none.
    pub leg: std::option::Option<Leg>,
    /// How long to wait for a service that is still starting
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(MAKERS))]
    pub wait: Duration,
    /// How long the whole setup may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = some_time)]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(MAKERS))]
    pub deadline: Duration,
    /// What to do when an account fails
    #[arg(long, value_name = "WHAT", value_enum, default_value = "rollback")]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(&["setup"]))]
    pub on_failure: OnFailure,
    /// What to do when variables are missing on a pull request from a fork or from Dependabot
    #[arg(long, value_name = "WHAT", value_enum, default_value = "fail")]
    #[arg(help_heading = LIMITS, add = EVERYWHERE.of(&["setup"]))]
    pub when_secrets_missing: WhenSecretsMissing,
    /// Where journals are kept [default: the CI host's temporary directory, else ~/.local/state/standin]
    #[arg(long, value_name = "DIR", help_heading = JOURNAL, add = Reach { input: false, ..GUARDED.of(HAVE_JOURNAL) })]
    pub journal: Option<PathBuf>,
    /// The `state` output of one setup [default: every unsettled journal of this run]
    #[arg(long, value_name = "JSON", help_heading = JOURNAL, add = GUARDED.of(&["cleanup", "status", "credentials", "otp"]))]
    pub state: Option<String>,
    /// Where setup writes its `state`, and where cleanup, status, credentials and otp read it
    #[arg(long, value_name = "FILE", help_heading = JOURNAL, add = GUARDED.of(HAVE_STATE))]
    pub state_file: Option<PathBuf>,
    /// The repository or project that owns the accounts [default: from the CI host]
    #[arg(long, value_name = "NAME", help_heading = JOURNAL, add = GUARDED.of(IDENTIFIED))]
    pub repository: Option<String>,
    /// The run that owns the accounts, such as a pipeline's number [default: from the CI host]
    #[arg(long, value_name = "ID", help_heading = JOURNAL, add = GUARDED.of(IDENTIFIED))]
    pub run_id: Option<String>,
    /// The attempt of that run, counted from 1 [default: from the CI host]
    #[arg(long, value_name = "N", value_parser = count, help_heading = JOURNAL, add = GUARDED.of(IDENTIFIED))]
    pub attempt: Option<u32>,
    /// What `sweep` goes by.
    #[command(flatten)]
    pub sweep: SweepSettings,
    /// What `sandbox` serves.
    #[command(flatten)]
    pub sandbox: SandboxSettings,
    /// What `init` reads and writes.
    #[command(flatten)]
    pub init: InitSettings,
    /// Output format
    ///
    /// `credentials` prints json, its default, or dotenv; the others print text or json
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    #[arg(help_heading = OUTPUT, add = EVERYWHERE.of(&["sweep", "status", "credentials", "plan", "check"]))]
    pub format: DataFormat,
    /// Treat notes on what a configuration lacks as errors
    #[arg(long, help_heading = LIMITS, add = EVERYWHERE.of(&["plan"]))]
    pub strict: bool,
    /// Check again every 30 s until an account is not ready
    #[arg(long, help_heading = OUTPUT, add = EVERYWHERE.of(&["status"]))]
    pub watch: bool,
    /// Also set `STANDIN_SERVICE_ACCOUNT_ID`, `_USERNAME`, `_EMAIL` and `_PASSWORD` for later steps
    #[arg(long, help_heading = OUTPUT, add = EVERYWHERE.of(GIVERS))]
    pub export_env: bool,
    /// Write the ids as a dotenv report for GitLab
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, add = EVERYWHERE.of(GIVERS))]
    pub dotenv: Option<PathBuf>,
    /// Write the ids as a properties file for Jenkins
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, add = EVERYWHERE.of(GIVERS))]
    pub properties: Option<PathBuf>,
    /// Where to write user names and passwords, readable only by you [default: next to the journal]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, add = NOT_AN_INPUT.of(GIVERS))]
    pub credentials_file: Option<PathBuf>,
    /// What is sealed for post.
    #[command(flatten)]
    pub sealed: Sealed,
}

/// Only the runner knows which job of its matrix it runs.
const LEG: &str = "${{ strategy.job-index }}/${{ strategy.job-total }}";

impl Settings {
    /// The settings of an invocation, and everything that is wrong with them. What is wrong stands at its default: cleanup
    /// must not stop at a bad setting.
    pub fn read(invocation: &Invocation, environment: &ProcessEnv) -> (Self, Vec<Why>) {
        Self::read_over(invocation, environment, Sealed::default())
    }

    /// As [`Settings::read`], but what is not given is as a setup has sealed it.
    pub fn read_over(invocation: &Invocation, environment: &ProcessEnv, sealed: Sealed) -> (Self, Vec<Why>) {
        let command = reader(Setting::all().iter().map(|setting| setting.arg_of(&invocation.name)));
        let mut settings = Self {
            sealed,
            ..defaults(command.clone())
        };
        let command = command.mut_args(|arg| arg.default_value(None::<&str>));
        let mut given = sources::given(invocation, environment);
        let mut errors = one_configuration(&mut given);
        if parse(&command, &given).is_err() {
            // Clap stops at the first mistake, so each value is tried alone.
            given.retain(|one| match parse(&command, std::slice::from_ref(one)) {
                Ok(_) => true,
                Err(error) => {
                    errors.push(one.wrong(&error));
                    false
                }
            });
        }
        let read = parse(&command, &given).and_then(|matches| settings.update_from_arg_matches(&matches));
        let bug = "this is a bug in Standin; please report it";
        errors.extend(read.err().map(|_| Why::hinted("the settings can't be read", bug)));
        (settings, errors)
    }
}

/// The configuration is given as files, at least one, or as text. Where it is both, the files count.
fn one_configuration(given: &mut Vec<GivenText>) -> Vec<Why> {
    let place = |name| given.iter().position(|one: &GivenText| one.setting.name() == name);
    let Some(files) = place("config-file").map(|place| &given[place]) else {
        return Vec::new();
    };
    let source = &files.source;
    let none = files.arguments().is_empty().then(|| {
        let hint = "name one, or several in the order in which they are merged";
        Why::hinted(format!("{source} names no file"), hint)
    });
    let both = place("config").map(|text| {
        let message = format!("{source} and {} are both given", given[text].source);
        Why::hinted(message, "give the configuration as files or as text, not both")
    });
    if both.is_some() {
        given.retain(|one| one.setting.name() != "config");
    }
    none.into_iter().chain(both).collect()
}

/// A command of settings alone, each by its name.
fn reader(settings: impl IntoIterator<Item = clap::Arg>) -> Command {
    // `--config` is short for `--config-file` where people write it; here it is the setting of that name.
    let settings = settings.into_iter().map(|arg| arg.alias(None::<&str>));
    Command::new("settings")
        .no_binary_name(true)
        .disable_help_flag(true)
        .args(settings)
}

fn parse(command: &Command, given: &[GivenText]) -> Result<ArgMatches, clap::Error> {
    command
        .clone()
        .try_get_matches_from(given.iter().flat_map(GivenText::arguments))
}

/// What holds where nothing is given.
fn defaults<T: FromArgMatches>(command: Command) -> T {
    let nothing = command.try_get_matches_from(None::<&str>);
    let read = nothing.and_then(|matches| T::from_arg_matches(&matches));
    read.expect("each field has a default or may be missing, which every test relies on")
}

#[cfg(test)]
mod tests;
