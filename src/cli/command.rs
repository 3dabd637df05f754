//! The table of commands: name, what it does, how it is called, how it exits.
//!
//! A new command is a new row here and a new arm in [`Command`].

use std::ffi::OsString;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Create and verify every account.
    Setup,
    /// Delete what a setup made.
    Cleanup,
    /// Set up, run this command with the accounts in its environment, clean up. Never empty.
    Run(Vec<OsString>),
    /// Print the names and passwords of the run's accounts.
    Credentials,
    /// Show what a setup would do.
    Plan,
    /// List the presets, or print the one of this name.
    Presets(Option<String>),
    /// Delete old marked accounts by listing the services.
    Sweep,
    /// Show how the accounts of a setup stand.
    Status,
    /// Print the configuration's JSON Schema.
    Schema,
    /// Show a life cycle on services of our own.
    Demo,
    /// Serve the sandbox service.
    Sandbox,
    /// What the image's entry point was given, which is no command of ours: another program of the image. Never empty.
    Program(Vec<OsString>),
    /// The action's main step; its `mode` says what that is.
    ActionMain,
    /// The action's post step.
    ActionPost,
}

impl Command {
    /// Its name, without what it carries.
    pub fn name(&self) -> CommandName {
        match self {
            Self::Setup => CommandName::Setup,
            Self::Cleanup => CommandName::Cleanup,
            Self::Run(_) => CommandName::Run,
            Self::Credentials => CommandName::Credentials,
            Self::Plan => CommandName::Plan,
            Self::Presets(_) => CommandName::Presets,
            Self::Sweep => CommandName::Sweep,
            Self::Status => CommandName::Status,
            Self::Schema => CommandName::Schema,
            Self::Demo => CommandName::Demo,
            Self::Sandbox => CommandName::Sandbox,
            Self::Program(_) => CommandName::Program,
            Self::ActionMain => CommandName::ActionMain,
            Self::ActionPost => CommandName::ActionPost,
        }
    }

    /// Is it a phase of the GitHub action, where other rules hold for variables?
    pub fn is_action(&self) -> bool {
        matches!(self, Self::ActionMain | Self::ActionPost)
    }
}

/// The name of a command, as the tables use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandName {
    /// `setup`
    Setup,
    /// `cleanup`
    Cleanup,
    /// `run`
    Run,
    /// `credentials`
    Credentials,
    /// `plan`
    Plan,
    /// `presets`
    Presets,
    /// `sweep`
    Sweep,
    /// `status`
    Status,
    /// `schema`
    Schema,
    /// `demo`
    Demo,
    /// `sandbox`
    Sandbox,
    /// `container PROGRAM`, called by the image only
    Program,
    /// `action main`, called by the action's shim only
    ActionMain,
    /// `action post`, called by the action's shim only
    ActionPost,
}

/// A row of the table: a command that people call.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) command: CommandName,
    pub(super) name: &'static str,
    /// After `standin`.
    pub(super) usage: &'static str,
    /// One line of the overall help.
    pub(super) summary: &'static str,
    /// The paragraph of its own help.
    pub(super) about: &'static str,
    pub(super) exit_codes: &'static str,
}

pub(super) static COMMANDS: &[Row] = &[
    Row {
        command: CommandName::Setup,
        name: "setup",
        usage: "setup [SETTINGS]",
        summary: "create and verify every account",
        about: "Creates and verifies every account of the configuration and writes the outputs.\n\
                If one fails, deletes what was made (unless `--on-failure keep`) and fails.\n\
                After a signal it deletes nothing: `standin cleanup` does.",
        exit_codes: "0 all ready; 1 failed; 2 wrong arguments, configuration or variables; 130, 143 stopped by a signal",
    },
    Row {
        command: CommandName::Cleanup,
        name: "cleanup",
        usage: "cleanup [SETTINGS]",
        summary: "delete what setup made, and name what may be left",
        about: "Deletes every account of this run's unsettled journals, sees that each is gone, and names\n\
                what may be left. Calling it twice is harmless.",
        exit_codes: "0 nothing left; 1 something may be left; 2 wrong arguments or configuration;\n\
                     130, 143 stopped by a signal",
    },
    Row {
        command: CommandName::Run,
        name: "run",
        usage: "run [SETTINGS] -- CMD [ARGUMENTS]",
        summary: "setup, then a command with the accounts in its environment, then cleanup",
        about: "Sets up, runs CMD with STANDIN_SERVICE_ACCOUNT_ID, _USERNAME, _EMAIL and _PASSWORD in its\n\
                environment, and cleans up whatever happens. Signals are passed on to CMD.",
        exit_codes: "CMD's own, 128+N if signal N ended it, 126 not executable, 127 not found; else 1 setup failed or\n\
                     something may be left; 2 wrong arguments, configuration or variables",
    },
    Row {
        command: CommandName::Sweep,
        name: "sweep",
        usage: "sweep [SETTINGS]",
        summary: "find and delete old marked accounts, by listing the services",
        about: "Lists each service and deletes the accounts whose names carry the marker of this repository and\n\
                whose own time to live and `--older-than` are over, or every account of `--run this`. What\n\
                carries no marker is never touched.",
        exit_codes: "0; 1 something is left, or a list is incomplete; 2 wrong arguments, configuration or\n\
                     variables; 130, 143 stopped by a signal",
    },
    Row {
        command: CommandName::Status,
        name: "status",
        usage: "status [SETTINGS]",
        summary: "ask whether the accounts of a setup are alive and ready; changes nothing",
        about: "Asks the services for every account of this run's journals, or of `state`, and shows which are\n\
                ready, missing, or changed: renamed, disabled, locked. With `--watch` it looks every 30 s until\n\
                one is not ready or it is stopped.",
        exit_codes: "0 all are ready; 1 one is not; 2 wrong arguments or configuration",
    },
    Row {
        command: CommandName::Credentials,
        name: "credentials",
        usage: "credentials [SETTINGS]",
        summary: "print names and passwords of the run's accounts",
        about: "Prints what the credentials files of this run's setups hold, as JSON or, with `--format dotenv`,\n\
                as lines for a shell. With STANDIN_SEED and `--state` it computes the passwords of a setup that\n\
                another job made with the same seed. Redirect it: whoever sees the output has the passwords.",
        exit_codes: "0; 2 wrong arguments, or there is nothing to print",
    },
    Row {
        command: CommandName::Plan,
        name: "plan",
        usage: "plan [SETTINGS]",
        summary: "show the accounts, their order and each request; sends nothing",
        about: "Shows what a setup would do. Needs no network and no variable: `env.X` is shown by name, and\n\
                those that are not set are listed.",
        exit_codes: "0; 2 wrong arguments or configuration",
    },
    Row {
        command: CommandName::Presets,
        name: "presets",
        usage: "presets [NAME]",
        summary: "list the presets, or print one as a configuration to copy and change",
        about: "Lists the systems that `preset: NAME` describes, each with the version it was tried on, or\n\
                `untried`. With NAME prints a whole configuration that says all that the preset says.",
        exit_codes: "0; 2 there is no preset of this name",
    },
    Row {
        command: CommandName::Schema,
        name: "schema",
        usage: "schema",
        summary: "print the configuration's JSON Schema, for editors",
        about: "Prints the JSON Schema (draft 2020-12) of the configuration.",
        exit_codes: "0",
    },
    Row {
        command: CommandName::Demo,
        name: "demo",
        usage: "demo [SETTINGS]",
        summary: "show a whole life cycle on three services of its own; needs nothing",
        about: "Starts three sandbox services on loopback, with delays and faults, creates accounts in them,\n\
                deletes the accounts and shows that none is left.",
        exit_codes: "0; 1 failed",
    },
    Row {
        command: CommandName::Sandbox,
        name: "sandbox",
        usage: "sandbox [SETTINGS]",
        summary: "serve the demo's account service, to try a configuration against",
        about: "Serves the account service of `demo` on loopback until it is stopped.",
        exit_codes: "0; 1 failed",
    },
];
