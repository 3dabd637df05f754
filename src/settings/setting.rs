//! What a setting is beside its clap argument: which commands take it, where it may come from, what documents say of it.
//!
//! A setting is declared once, as a field of [`Settings`] or of a part of it. The command line, the inputs, the variables,
//! the help, `action.yml` and the tables of the documents all read that declaration here.

use clap::builder::{ArgExt, PossibleValuesParser, TypedValueParser as _};
use clap::{Arg, ArgAction, Args as _, ValueEnum as _};

use super::{DataFormat, Settings, values};

/// What clap has no word for. It travels with the argument, so that a field declares the whole of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Is it a flag? Not what may hold a secret, since arguments are visible to every process.
    pub flag: bool,
    /// Is it an input of the action?
    pub input: bool,
    /// When does its variable count?
    pub variable: Variable,
    /// What `action.yml` gives where a workflow gives nothing: what only the runner knows.
    pub given: Option<&'static str>,
    /// Must its value not be shown?
    pub is_secret: bool,
    /// The commands that take it; none: the action alone.
    pub commands: &'static [&'static str],
}

impl ArgExt for Reach {}

/// When a `STANDIN_*` variable counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Always.
    Counts,
    /// Not in the action, where any earlier step can set variables for later ones.
    NotInAction,
    /// Never.
    Never,
}

/// From everywhere.
pub(super) const EVERYWHERE: Reach = Reach {
    flag: true,
    input: true,
    variable: Variable::Counts,
    given: None,
    is_secret: false,
    commands: &[],
};
/// Decides what is run or where it may reach, so a variable of an earlier step must not set it.
pub(super) const GUARDED: Reach = Reach {
    variable: Variable::NotInAction,
    ..EVERYWHERE
};
/// What a workflow has no use for.
pub(super) const NOT_AN_INPUT: Reach = Reach {
    input: false,
    ..EVERYWHERE
};

impl Reach {
    /// Of these commands.
    pub(super) const fn of(self, commands: &'static [&'static str]) -> Self {
        Self { commands, ..self }
    }

    /// With no flag, and never shown.
    pub(super) const fn secret(self) -> Self {
        Self {
            flag: false,
            is_secret: true,
            ..self
        }
    }
}

pub(super) const WITH_CONFIG: &[&str] = &["setup", "cleanup", "run", "sweep", "status", "plan", "check"];
/// Those to which a part of the configuration can be given.
pub(super) const SELECTING: &[&str] = &["setup", "run", "sweep", "plan", "check"];
/// Those that create accounts.
pub(super) const MAKERS: &[&str] = &["setup", "run", "check"];
/// Those that create accounts for others.
pub(super) const GIVERS: &[&str] = &["setup", "run"];
/// Those that delete accounts.
pub(super) const DELETERS: &[&str] = &["setup", "cleanup", "run", "sweep", "check"];
pub(super) const JOBS: &[&str] = &["setup", "cleanup", "run", "sweep"];
pub(super) const ASKERS: &[&str] = &["setup", "cleanup", "run", "sweep", "status", "check"];
pub(super) const HAVE_STATE: &[&str] = &["setup", "cleanup", "run", "status", "credentials", "otp"];
pub(super) const JOURNALED: &[&str] = &["setup", "cleanup", "run", "status", "credentials", "otp", "check"];
/// Those that read or write journals.
pub(super) const HAVE_JOURNAL: &[&str] = &[
    "setup",
    "cleanup",
    "run",
    "status",
    "credentials",
    "otp",
    "adopt",
    "check",
];
pub(super) const IDENTIFIED: &[&str] = &[
    "setup",
    "cleanup",
    "run",
    "sweep",
    "status",
    "credentials",
    "otp",
    "adopt",
    "plan",
    "check",
];
pub(super) const ALL: &[&str] = &[
    "setup",
    "cleanup",
    "run",
    "sweep",
    "status",
    "credentials",
    "otp",
    "adopt",
    "plan",
    "check",
    "presets",
    "init",
    "schema",
    "demo",
    "sandbox",
];

pub(super) const CONFIGURATION: &str = "Configuration";
pub(super) const ACCOUNTS: &str = "Accounts";
pub(super) const SWEEP: &str = "Sweep";
pub(super) const SANDBOX: &str = "Sandbox";
pub(super) const SOURCE: &str = "Source and target";
pub(super) const LIMITS: &str = "Limits and failures";
pub(super) const OUTPUT: &str = "Output";
pub(super) const JOURNAL: &str = "Journal and run";
/// In the order of the help.
const HEADINGS: [&str; 8] = [CONFIGURATION, ACCOUNTS, SWEEP, SANDBOX, SOURCE, LIMITS, OUTPUT, JOURNAL];

/// One setting, as it is declared.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name, help, value and default.
    pub arg: Arg,
    /// Whose it is and where it comes from.
    pub scope: Reach,
}

impl Setting {
    /// Every setting, in the order of the help.
    pub fn all() -> Vec<Self> {
        let declared = Settings::augment_args(clap::Command::new("settings"));
        let setting = |arg: &Arg| {
            Some(Self {
                scope: *arg.get()?,
                arg: shaped(arg.clone()),
            })
        };
        let mut settings: Vec<Self> = declared.get_arguments().filter_map(setting).collect();
        settings.sort_by_key(|it| {
            HEADINGS
                .iter()
                .position(|name| it.arg.get_help_heading() == Some(*name))
        });
        settings
    }

    /// The name with dashes: the flag is `--NAME`, the input `INPUT_NAME`, the variable `STANDIN_NAME`.
    pub fn name(&self) -> &str {
        self.arg.get_long().unwrap_or_default()
    }

    /// The name of its variable.
    pub fn variable(&self) -> String {
        format!("STANDIN_{}", self.name().replace('-', "_").to_ascii_uppercase())
    }

    /// Does this command take it?
    pub fn is_of(&self, command: &str) -> bool {
        self.scope.commands.contains(&command)
    }

    /// Does it hold values that are divided by commas or newlines? Its flag may be repeated.
    pub fn is_list(&self) -> bool {
        matches!(self.arg.get_action(), ArgAction::Append)
    }

    /// Does the flag alone mean `true`?
    pub fn is_switch(&self) -> bool {
        self.arg.is_require_equals_set()
    }

    /// What it does, at full length.
    pub fn help(&self) -> String {
        let help = self.arg.get_long_help().or(self.arg.get_help());
        help.map(ToString::to_string).unwrap_or_default()
    }

    /// The setting as a command has it.
    #[must_use]
    pub fn of(mut self, command: &str) -> Self {
        if self.name() == "format" {
            // What a command can print is its own.
            let arg = self.arg.long_help(None::<&str>);
            self.arg = if command == "credentials" {
                arg.value_parser(formats(&[DataFormat::Json, DataFormat::Dotenv]))
                    .default_value("json")
            } else {
                arg.value_parser(formats(&[DataFormat::Text, DataFormat::Json]))
            };
        }
        self
    }

    /// The argument as a command has it.
    pub fn arg_of(&self, command: &str) -> Arg {
        self.clone().of(command).told()
    }

    /// The argument as its help tells of it.
    pub fn told(&self) -> Arg {
        // Not clap's own `env`: it reads the process behind our back, takes empty variables for values, and blames the flag.
        let help = format!("{}\n\n[env: {}]", self.help(), self.variable());
        self.arg.clone().long_help(help)
    }
}

fn formats(some: &[DataFormat]) -> impl clap::builder::TypedValueParser<Value = DataFormat> {
    PossibleValuesParser::new(some.iter().filter_map(DataFormat::to_possible_value))
        .try_map(|name| DataFormat::from_str(&name, false))
}

/// A `bool` is a switch that can also be turned off: `--summary=false`.
fn shaped(arg: Arg) -> Arg {
    if !matches!(arg.get_action(), ArgAction::SetTrue) {
        return arg;
    }
    let is_on = !arg.get_default_values().is_empty();
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .value_name("true|false")
        .value_parser(values::switch)
        .default_missing_value("true")
        .default_value(if is_on { "true" } else { "false" })
        .hide_default_value(!is_on)
}
