//! The table of settings: names, where each may come from, which commands take it, and its line of help.
//!
//! The command line, the help, the inputs and the variables all follow this table. It parses nothing.

mod source;

use crate::cli::CommandName;

use source::{EVERYWHERE, GUARDED, NOT_AN_INPUT};
pub use source::{Sources, Variable};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The name with dashes: the flag is `--NAME`, the input `INPUT_NAME`, the variable `STANDIN_NAME`.
    pub name: &'static str,
    /// What shape its value has.
    pub kind: Kind,
    /// What stands for the value in the help.
    pub placeholder: &'static str,
    /// What it does and what holds without it.
    pub help: &'static str,
    /// Where it may come from.
    pub sources: Sources,
    /// The commands that take it.
    pub commands: &'static [CommandName],
}

/// The shape of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A flag alone means `true`.
    Switch,
    /// One value; given twice on the command line it is an error.
    Value,
    /// Values divided by commas or newlines; a flag may be repeated.
    List,
}

use CommandName::{Cleanup, Credentials, Demo, Plan, Presets, Run, Sandbox, Schema, Setup, Status, Sweep};

const WITH_CONFIG: &[CommandName] = &[Setup, Cleanup, Run, Sweep, Status, Plan];
const MAKERS: &[CommandName] = &[Setup, Run];
const JOBS: &[CommandName] = &[Setup, Cleanup, Run, Sweep];
const ASKERS: &[CommandName] = &[Setup, Cleanup, Run, Sweep, Status];
const IDENTIFIED: &[CommandName] = &[Setup, Cleanup, Run, Sweep, Status, Credentials, Plan];
const ALL: &[CommandName] = &[
    Setup,
    Cleanup,
    Run,
    Sweep,
    Status,
    Credentials,
    Plan,
    Presets,
    Schema,
    Demo,
    Sandbox,
];

/// Every setting, in the order of the help.
pub static SETTINGS: &[Setting] = &[
    Setting {
        name: "config-file",
        kind: Kind::List,
        placeholder: "FILE",
        help: "the configuration; of several files each is merged over those before; `--config FILE` is short for it [default: standin.yml, standin.yaml or standin.json here]",
        sources: GUARDED,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "config",
        kind: Kind::Value,
        placeholder: "TEXT",
        help: "the configuration itself",
        sources: Sources { flag: false, ..GUARDED },
        commands: WITH_CONFIG,
    },
    Setting {
        name: "journal",
        kind: Kind::Value,
        placeholder: "DIR",
        help: "where journals are kept [default: the CI host's own directory for temporary data, else ~/.local/state/standin]",
        sources: Sources {
            input: false,
            ..GUARDED
        },
        commands: &[Setup, Cleanup, Run, Status, Credentials],
    },
    Setting {
        name: "state",
        kind: Kind::Value,
        placeholder: "JSON",
        help: "the `state` output of a setup, to deal with that one only [default: every unsettled journal of this run]",
        sources: GUARDED,
        commands: &[Cleanup, Status, Credentials],
    },
    Setting {
        name: "state-file",
        kind: Kind::Value,
        placeholder: "FILE",
        help: "where setup writes its `state`, and where cleanup, status and credentials read it",
        sources: GUARDED,
        commands: &[Setup, Cleanup, Run, Status, Credentials],
    },
    Setting {
        name: "repository",
        kind: Kind::Value,
        placeholder: "NAME",
        help: "whose accounts these are: of this repository or project [default: as the CI host says]",
        sources: GUARDED,
        commands: IDENTIFIED,
    },
    Setting {
        name: "run-id",
        kind: Kind::Value,
        placeholder: "ID",
        help: "the run that they are of, such as a pipeline's number [default: as the CI host says]",
        sources: GUARDED,
        commands: IDENTIFIED,
    },
    Setting {
        name: "attempt",
        kind: Kind::Value,
        placeholder: "N",
        help: "which attempt at that run this is, from 1 on [default: as the CI host says]",
        sources: GUARDED,
        commands: IDENTIFIED,
    },
    Setting {
        name: "seed",
        kind: Kind::Value,
        placeholder: "SECRET",
        help: "a secret of at least 32 characters, from which passwords are computed, in another job too",
        sources: Sources {
            flag: false,
            ..EVERYWHERE
        },
        commands: &[Setup, Cleanup, Run, Status, Credentials],
    },
    Setting {
        name: "mode",
        kind: Kind::Value,
        placeholder: "MODE",
        help: "what the action does: setup, cleanup, sweep, status or plan [default: setup]",
        sources: Sources {
            flag: false,
            input: true,
            variable: Variable::Never,
        },
        commands: &[],
    },
    Setting {
        name: "cleanup",
        kind: Kind::Value,
        placeholder: "WHEN",
        help: "when the action deletes what a successful setup made: post or manual [default: post]",
        sources: Sources {
            flag: false,
            ..EVERYWHERE
        },
        commands: &[],
    },
    Setting {
        name: "on-failure",
        kind: Kind::Value,
        placeholder: "WHAT",
        help: "when an account fails: rollback deletes the others, keep leaves them [default: rollback]",
        sources: EVERYWHERE,
        commands: &[Setup],
    },
    Setting {
        name: "on-leftover",
        kind: Kind::Value,
        placeholder: "WHAT",
        help: "when an account may remain: fail or warn [default: fail]",
        sources: EVERYWHERE,
        commands: &[Cleanup, Run],
    },
    Setting {
        name: "when-secrets-missing",
        kind: Kind::Value,
        placeholder: "WHAT",
        help: "when variables are missing on a fork's pull request or for Dependabot: fail or skip [default: fail]",
        sources: EVERYWHERE,
        commands: &[Setup],
    },
    Setting {
        name: "leg",
        kind: Kind::Value,
        placeholder: "I/N",
        help: "which job of a matrix this is, from 0/N on: no two of its N jobs then share a marker [default: as the CI host says]",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "wait",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "how long a service may take to start [default: 60s]",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "deadline",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "how long the whole setup may take [default: 5m]",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "cleanup-deadline",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "how long the whole cleanup may take [default: 4m]",
        sources: EVERYWHERE,
        commands: JOBS,
    },
    Setting {
        name: "only",
        kind: Kind::List,
        placeholder: "SERVICE",
        help: "only these services [default: all]",
        sources: EVERYWHERE,
        commands: &[Setup, Run, Sweep, Plan],
    },
    Setting {
        name: "persona",
        kind: Kind::List,
        placeholder: "NAME",
        help: "only these personas [default: all]",
        sources: EVERYWHERE,
        commands: &[Setup, Run, Plan, Sweep],
    },
    Setting {
        name: "concurrency",
        kind: Kind::Value,
        placeholder: "N",
        help: "requests at once in one service [default: of the configuration]",
        sources: EVERYWHERE,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "timeout",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "how long one request may take [default: of the configuration]",
        sources: EVERYWHERE,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "export-env",
        kind: Kind::Switch,
        placeholder: "",
        help: "also set STANDIN_SERVICE_ACCOUNT_ID, _USERNAME, _EMAIL and _PASSWORD for later steps",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "dotenv",
        kind: Kind::Value,
        placeholder: "FILE",
        help: "write the ids as a dotenv report, as GitLab reads it",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "properties",
        kind: Kind::Value,
        placeholder: "FILE",
        help: "write the ids as a properties file, as Jenkins reads it",
        sources: EVERYWHERE,
        commands: MAKERS,
    },
    Setting {
        name: "credentials-file",
        kind: Kind::Value,
        placeholder: "FILE",
        help: "where names and passwords are written, for you alone to read [default: in the journal]",
        sources: NOT_AN_INPUT,
        commands: MAKERS,
    },
    Setting {
        name: "report",
        kind: Kind::Value,
        placeholder: "FILE",
        help: "write what was done and what is left as JSON",
        sources: EVERYWHERE,
        commands: JOBS,
    },
    Setting {
        name: "allow-env",
        kind: Kind::List,
        placeholder: "GLOB",
        help: "the only variables that the configuration may read",
        sources: GUARDED,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "allow-hosts",
        kind: Kind::List,
        placeholder: "GLOB",
        help: "the only hosts that requests may go to",
        sources: GUARDED,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "allow-audience",
        kind: Kind::List,
        placeholder: "GLOB",
        help: "audiences that a GitHub ID token may be asked for, beside the service's own origin",
        sources: GUARDED,
        commands: WITH_CONFIG,
    },
    Setting {
        name: "format",
        kind: Kind::Value,
        placeholder: "FORMAT",
        help: "text or json [default: text]; of `credentials` json or dotenv [default: json]",
        sources: EVERYWHERE,
        commands: &[Sweep, Status, Credentials, Plan],
    },
    Setting {
        name: "older-than",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "sweep only accounts that are at least so old, beside their own time to live [default: 24h]",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "run",
        kind: Kind::Value,
        placeholder: "ID",
        help: "sweep every account of this run, however young: `this`, or the run's id",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "all-owners",
        kind: Kind::Switch,
        placeholder: "",
        help: "sweep the accounts of every repository, not of this one alone",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "protect",
        kind: Kind::List,
        placeholder: "GLOB",
        help: "user names that are never swept",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "max",
        kind: Kind::Value,
        placeholder: "N",
        help: "delete nothing at all when more accounts than this would go [default: 500]",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "dry-run",
        kind: Kind::Switch,
        placeholder: "",
        help: "only show what would be swept",
        sources: EVERYWHERE,
        commands: &[Sweep],
    },
    Setting {
        name: "watch",
        kind: Kind::Switch,
        placeholder: "",
        help: "look again every 30 s until an account is not ready or it is stopped",
        sources: EVERYWHERE,
        commands: &[Status],
    },
    Setting {
        name: "port",
        kind: Kind::Value,
        placeholder: "PORT",
        help: "where it serves, on loopback alone; 0 takes any free port [default: 8081]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "services",
        kind: Kind::List,
        placeholder: "NAME",
        help: "the services, each below a path of its name [default: users,orders,billing]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "fault",
        kind: Kind::List,
        placeholder: "LINE",
        help: "a fault to strike with, such as `users POST 2 lost`; may be repeated",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "delay",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "delay added to each answer [default: 0s]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "ready-after",
        kind: Kind::Value,
        placeholder: "TIME",
        help: "how long the services act as if they were still starting [default: 0s]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "limit",
        kind: Kind::Value,
        placeholder: "RATE",
        help: "how many requests each service takes, such as 50/s; beyond that it answers 429 [default: no limit]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "limit-headers",
        kind: Kind::Value,
        placeholder: "WHICH",
        help: "what a limit tells of itself: retry-after, remaining, both or none [default: retry-after]",
        sources: NOT_AN_INPUT,
        commands: &[Sandbox],
    },
    Setting {
        name: "show-answers",
        kind: Kind::Switch,
        placeholder: "",
        help: "show what a service said where something failed, short and with secrets hidden; `--show-answers=false` doesn't [default: true]",
        sources: EVERYWHERE,
        commands: ASKERS,
    },
    Setting {
        name: "summary",
        kind: Kind::Switch,
        placeholder: "",
        help: "write the job summary where the host has one; `--summary=false` doesn't [default: true]",
        sources: EVERYWHERE,
        commands: ASKERS,
    },
    Setting {
        name: "log-format",
        kind: Kind::Value,
        placeholder: "FORMAT",
        help: "text or json, one object a line [default: text]",
        sources: NOT_AN_INPUT,
        commands: ALL,
    },
    Setting {
        name: "verbose",
        kind: Kind::Switch,
        placeholder: "",
        help: "verbose output; RUNNER_DEBUG=1 turns it on too",
        sources: EVERYWHERE,
        commands: ALL,
    },
];

/// The setting of this name (with dashes).
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
