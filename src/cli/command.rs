//! The commands: what each does, how it is called and how it exits.
//!
//! A new command is a new variant here; the settings say for themselves which commands take them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};
use clap_complete::Shell;

/// What is to be done. The comments are the help.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Create and verify every account
    ///
    /// Creates and verifies every account of the configuration and writes the outputs. If an account fails, deletes what it
    /// created (unless `--on-failure keep`) and fails. After a signal it deletes nothing; `standin cleanup` does.
    #[command(
        after_help = "Exit codes: 0 all are ready; 1 failed; 2 wrong arguments, configuration or variables; \
                            130, 143 stopped by a signal"
    )]
    Setup,
    /// Delete what setup created, and name what may be left
    ///
    /// Deletes every account of this run's unsettled journals, confirms that each is gone, and names what may be left.
    /// Running it twice is harmless.
    #[command(
        after_help = "Exit codes: 0 nothing is left; 1 something may be left; 2 wrong arguments or configuration; \
                            130, 143 stopped by a signal"
    )]
    Cleanup,
    /// Set up, run a command with the accounts in its environment, clean up
    ///
    /// Sets up, runs CMD with `STANDIN_SERVICE_ACCOUNT_ID`, `_USERNAME`, `_EMAIL` and `_PASSWORD` in its environment, and
    /// cleans up whatever happens. Passes signals on to CMD.
    #[command(override_usage = "standin run [OPTIONS] -- CMD [ARGUMENTS]")]
    #[command(
        after_help = "Exit codes: CMD's own, 128+N if signal N ended it, 126 not executable, 127 not found; \
                            else 1 setup failed or something may be left; 2 wrong arguments, configuration or variables"
    )]
    Run {
        /// The command and its arguments
        #[arg(value_name = "CMD", required = true, trailing_var_arg = true, value_hint = ValueHint::CommandWithArguments)]
        words: Vec<OsString>,
    },
    /// Find and delete old marked accounts
    ///
    /// Lists the accounts of each service and deletes those that carry this repository's marker and have outlived both their
    /// own time to live and `--older-than`; with `--run this`, every account of this run. Never touches an account without a
    /// marker.
    #[command(after_help = "Exit codes: 0 done; 1 something is left, or a list is incomplete; \
                            2 wrong arguments, configuration or variables; 130, 143 stopped by a signal")]
    Sweep,
    /// Show whether the accounts of a setup exist and are ready
    ///
    /// Asks the services for every account of this run's journals, or of `state`, and shows which are ready, missing or
    /// changed: renamed, disabled, locked. Changes nothing. With `--watch`, checks every 30 s until one is not ready.
    #[command(after_help = "Exit codes: 0 all are ready; 1 one is not; 2 wrong arguments or configuration")]
    Status,
    /// Print the names and passwords of the run's accounts
    ///
    /// Prints the contents of this run's credentials files as JSON or, with `--format dotenv`, as shell variables. With
    /// `STANDIN_SEED` and `--state` it computes the passwords of a setup that another job ran with the same seed. Redirect the
    /// output: anyone who sees it has the passwords.
    #[command(after_help = "Exit codes: 0 printed; 2 wrong arguments, or there is nothing to print")]
    Credentials,
    /// Print the one-time code of an account
    ///
    /// Prints the code of this moment, of six digits for 30 seconds as authenticator apps show it. Needs an account whose
    /// service reads `account.totp_secret`. With `STANDIN_SEED` and `--state` it works in another job too, as `credentials`
    /// does.
    #[command(after_help = "Exit codes: 0 printed; 2 wrong arguments, or the account has no one-time codes")]
    Otp {
        /// The account, such as `users/alice`
        #[arg(value_name = "SERVICE/ACCOUNT")]
        account: String,
    },
    /// Have cleanup also delete an account that the tests made themselves
    ///
    /// Writes the account into the journal of this run's last setup. Sends nothing. Cleanup looks an account up by its name
    /// if that carries the setup's marker, which is the output `marker` and the variable `STANDIN_MARKER` of `run`. Any other
    /// is deleted only by the id that is given, and only if the service shows this name for it. Doing it twice is harmless.
    #[command(after_help = "Exit codes: 0 adopted; 2 wrong arguments, or no journal of this run")]
    Adopt {
        /// The service of the configuration
        service: String,
        /// The user name that the service shows
        #[arg(long)]
        name: String,
        /// The id in the service; needed where the name doesn't carry the marker
        #[arg(long, allow_hyphen_values = true)]
        id: Option<String>,
    },
    /// Show the accounts, their order and each request; send nothing
    ///
    /// Shows what setup would do. Needs no network and no variables: shows each `env.X` by name and lists those that are not
    /// set. With `--verbose` or `--format json`, shows all that is sent and read, but no secret that stands in the
    /// configuration. Notes say what it lacks if something goes wrong, each with the line to write; `--strict` makes them
    /// errors. With FILE, checks each file by itself, and one with a mistake doesn't hide those of the others.
    #[command(override_usage = "standin plan [OPTIONS] [FILE]...")]
    #[command(after_help = "Exit codes: 0 planned; 2 wrong arguments or configuration, or notes with `--strict`")]
    Plan {
        /// The configurations to check, each by itself [default: as `--config-file` says]
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Prove the configuration on the real services
    ///
    /// Creates one account in each service, asks every block of the description for what cleanup will rely on, deletes the
    /// account, and says what is proved, what is open, what is wrong and how to mend it.
    #[command(
        after_help = "Exit codes: 0 nothing is wrong; 1 a block is wrong, or something may be left; \
                            2 wrong arguments, configuration or variables; 130, 143 stopped by a signal"
    )]
    Check,
    /// List the presets, or print one as a configuration to copy and change
    ///
    /// Lists the systems that have a preset, each with the version it was tried on, or `untried`. With NAME, prints the
    /// preset as a complete configuration.
    #[command(after_help = "Exit codes: 0 printed; 2 no preset has this name")]
    Presets {
        /// The preset to print
        name: Option<String>,
    },
    /// Write a configuration from a preset, an OpenAPI document or curl commands
    ///
    /// Writes a commented configuration. A comment says where each value was read and which ones are guesses; a value that only
    /// you know is `TODO`, which every command except `plan` refuses. On a terminal and without `--preset`, `--openapi` or
    /// `--curl`, it asks. Never overwrites a file.
    #[command(after_help = "Exit codes: 0 written; 2 wrong arguments, an unusable document, or the file exists")]
    Init,
    /// Print the configuration's JSON Schema, for editors
    Schema,
    /// Show a whole life cycle on three built-in services
    ///
    /// Starts three sandbox services on loopback, with delays and faults, creates accounts in them, deletes them and shows
    /// that none is left.
    #[command(after_help = "Exit codes: 0 nothing is left; 1 failed")]
    Demo,
    /// Serve the demo's account service, to try a configuration against
    ///
    /// Serves the account service of `demo` on loopback until it is stopped.
    #[command(after_help = "Exit codes: 0 stopped; 1 failed")]
    Sandbox,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
    /// What the image's entry point was given, which is no command of ours: another program of the image. Never empty.
    #[command(skip)]
    Program(Vec<OsString>),
    /// A phase of the GitHub action, where other rules hold for variables. Its shim calls it, nobody else.
    #[command(subcommand, hide = true)]
    Action(ActionPhase),
}

/// A step of the GitHub action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum ActionPhase {
    /// The main step; its `mode` says what that is.
    Main,
    /// The post step.
    Post,
}
