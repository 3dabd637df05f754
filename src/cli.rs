//! The command line: arguments into an [`Invocation`], or a text to print.
//!
//! It only sorts arguments; what a setting's value means is decided in `settings`, where its other sources are known.

mod command;
mod manual;
mod mistake;
mod words;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches as _, Subcommand as _};

pub use command::{ActionPhase, Command};
pub use manual::{completions, man};
pub(crate) use mistake::one_of;

use crate::domain::why::Why;
use crate::settings::Setting;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Do this.
    Do(Invocation),
    /// Print this to standard output and exit 0: the help or the version. Ends with a newline.
    Show(String),
}

/// A command with its flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What is to be done.
    pub command: Command,
    /// The command's name, as settings use it.
    pub name: String,
    /// The settings that were given as flags, by name with dashes, as text. A list's values are joined by newlines.
    pub flags: BTreeMap<String, String>,
}

impl Invocation {
    /// Is it a phase of the GitHub action, where other rules hold for variables?
    pub fn is_action(&self) -> bool {
        matches!(self.command, Command::Action(_))
    }
}

/// Sorts the arguments (without the program's own name).
///
/// Flags may stand before or after the command. After `run`, the first argument that is no flag begins its command,
/// and all that follows is the command's own.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, Why> {
    let words: Vec<OsString> = arguments.into_iter().collect();
    match words.split_first() {
        Some((first, rest)) if first == "container" => container(rest),
        _ => sorted(&words),
    }
}

/// `container WORDS`, which is the image's entry point: a command of ours, or any other program. GitLab and Jenkins start a
/// shell or `cat` in an image, and an entry point that is a shell itself would drop variables with dashes in their names.
fn container(words: &[OsString]) -> Result<Parsed, Why> {
    let Some(first) = words.first().map(|word| word.to_string_lossy()) else {
        return sorted(&["--help".into()]);
    };
    let program = program(&Setting::all(), |_| false);
    let ours = program.find_subcommand(&*first).is_some_and(|it| !it.is_hide_set());
    if ours || first.starts_with('-') || first == "help" {
        return sorted(words);
    }
    Ok(Parsed::Do(Invocation {
        command: Command::Program(words.to_vec()),
        name: "container".to_owned(),
        flags: BTreeMap::new(),
    }))
}

fn sorted(words: &[OsString]) -> Result<Parsed, Why> {
    let settings = Setting::all();
    let words = &words::plain(words, &settings);
    if let Some(setting) = words::unfilled(words, &settings) {
        return Err(mistake::unfilled(setting));
    }
    let named = words::command(words, &settings).map(|place| words[place].to_string_lossy());
    let matches = match read(&settings, named.as_deref()).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => return Ok(Parsed::Show(help(words, &settings))),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            return Ok(Parsed::Show(format!("standin {VERSION}\n")));
        }
        Err(error) => return Err(mistake::of(&error, words, &settings)),
    };
    let command = Command::from_arg_matches(&matches).map_err(|error| mistake::of(&error, words, &settings))?;
    // Clap has insisted on a command.
    let (name, below) = matches.subcommand().unwrap_or(("", &matches));
    let mut flags = BTreeMap::new();
    for setting in &settings {
        add(&mut flags, setting, &matches)?;
        add(&mut flags, setting, below)?;
        if flags.contains_key(setting.name()) && !setting.is_of(name) {
            return Err(mistake::not_of(setting.name(), name));
        }
    }
    Ok(Parsed::Do(Invocation {
        command,
        name: name.to_owned(),
        flags,
    }))
}

/// The help that is asked for, wherever among the words: of the command that they name, or of the program.
fn help(words: &[OsString], settings: &[Setting]) -> String {
    let mut program = documented(settings);
    // Only then are the commands' own names in their usage.
    program.build();
    let is_short = words
        .iter()
        .find(|word| *word == "-h" || *word == "--help" || *word == "help");
    let is_short = is_short.is_some_and(|word| word == "-h");
    let named = words::command(words, settings).map(|place| words[place].to_string_lossy());
    let command = named.and_then(|name| program.find_subcommand(&*name).cloned());
    let mut command = command.filter(|command| !command.is_hide_set()).unwrap_or(program);
    let text = if is_short {
        command.render_help()
    } else {
        command.render_long_help()
    };
    text.to_string()
}

fn add(flags: &mut BTreeMap<String, String>, setting: &Setting, matches: &ArgMatches) -> Result<(), Why> {
    let Ok(Some(values)) = matches.try_get_many::<String>(setting.arg.get_id().as_str()) else {
        return Ok(());
    };
    let values = values.map(String::as_str).collect::<Vec<_>>().join("\n");
    match flags.get_mut(setting.name()) {
        None => {
            flags.insert(setting.name().to_owned(), values);
        }
        Some(present) if setting.is_list() => *present = format!("{present}\n{values}"),
        Some(_) => return Err(mistake::twice(setting.name())),
    }
    Ok(())
}

/// The program as its help, its completions and its manual page tell of it.
fn documented(settings: &[Setting]) -> clap::Command {
    program(settings, |_| true)
}

/// The program. Only commands that are wanted by their name have their settings: to make those of all takes longer than
/// most commands do.
fn program(settings: &[Setting], is_wanted: impl Fn(&str) -> bool) -> clap::Command {
    let program = Command::augment_subcommands(clap::Command::new("standin"))
        .no_binary_name(true)
        .bin_name("standin")
        .version(VERSION)
        .about("Test accounts for CI jobs: created and verified in every service, and gone afterwards whatever happens")
        .after_help(
            "A setting is a flag (`--deadline 3m`), an input of the GitHub action (`deadline`) or a variable \
             (`STANDIN_DEADLINE`), in that order. Empty inputs and variables are ignored. Standard output carries data only; \
             logs go to standard error.\n\nTo see it work: standin demo",
        )
        .max_term_width(100)
        .subcommand_required(true);
    program.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        if !is_wanted(&name) {
            return command;
        }
        let own = || settings.iter().filter(|setting| setting.is_of(&name));
        let flags = own()
            .filter(|setting| setting.scope.flag)
            .map(|setting| setting.arg_of(&name));
        let variables = own().filter(|setting| !setting.scope.flag);
        let variables: Vec<String> = variables
            .map(|setting| format!("{}: {}", setting.variable(), setting.help()))
            .collect();
        let codes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let notes = if variables.is_empty() {
            codes
        } else {
            let head = "Only as variables, since arguments are visible to every process:";
            format!("{head}\n{}\n\n{codes}", variables.join("\n"))
        };
        command.args(flags).after_help(notes)
    })
}

/// The program as arguments are read that name this command: settings are texts, and may stand before the command too.
fn read(settings: &[Setting], named: Option<&str>) -> clap::Command {
    let flags = settings.iter().filter(|setting| setting.scope.flag);
    let as_text = |arg: clap::Arg| {
        let Some(setting) = settings.iter().find(|setting| setting.arg.get_id() == arg.get_id()) else {
            return arg;
        };
        arg.default_value(None::<&str>)
            // Of `--max -5` the value is wrong, and not the flag unknown.
            .allow_hyphen_values(!setting.is_switch())
            .value_parser(words::value)
    };
    program(settings, |name| named == Some(name))
        .propagate_version(true)
        .args(flags.map(|setting| setting.arg.clone()))
        .mut_args(as_text)
        .mut_subcommands(|command| command.mut_args(as_text))
}

#[cfg(test)]
mod tests;
