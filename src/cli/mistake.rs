//! Mistakes in arguments and settings: what is wrong in one line, what to do in another.
//!
//! Clap's own texts quote values, some of which are secrets, and name flags alone.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{documented, words};
use crate::domain::why::Why;
use crate::language::nearest;
use crate::settings::Setting;

pub(super) fn twice(flag: &str) -> Why {
    Why::hinted(format!("`--{flag}` is given twice"), "give it once")
}

pub(super) fn unfilled(setting: &Setting) -> Why {
    let value = setting.arg.get_value_names().unwrap_or_default().join(" ");
    let name = setting.name();
    Why::hinted(format!("`--{name}` needs a value"), format!("write `--{name} {value}`"))
}

pub(super) fn not_of(flag: &str, command: &str) -> Why {
    if command == "action" {
        return Why::hinted("`action` takes no flags", "set the inputs of the action");
    }
    let message = format!("`--{flag}` is not a setting of `{command}`");
    Why::hinted(message, format!("see `standin {command} --help`"))
}

/// What clap says of these words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others can't happen here, and more may come"
)]
pub(super) fn of(error: &clap::Error, words: &[OsString], settings: &[Setting]) -> Why {
    let place = words::command(words, settings);
    let named = place.map(|place| words[place].to_string_lossy()).unwrap_or_default();
    if named == "action" {
        let hint = "it is called by the GitHub action; call `standin setup` and `standin cleanup` elsewhere";
        return Why::hinted("`action` needs `main` or `post` and nothing else", hint);
    }
    let program = documented(settings);
    let commands = || {
        program
            .get_subcommands()
            .filter(|it| !it.is_hide_set())
            .map(clap::Command::get_name)
    };
    let command = commands().find(|name| *name == named);
    let see = command.map_or("see `standin --help`".to_owned(), |name| {
        format!("see `standin {name} --help`")
    });
    let usage = || match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().replacen("Usage", "usage", 1),
        _ => see.clone(),
    };
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => std::slice::from_ref(text),
        Some(ContextValue::Strings(texts)) => texts.as_slice(),
        _ => &[],
    };
    let text = |kind| texts(kind).first().map_or("", String::as_str);
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    // Of `--deadline <TIME>` the name.
    let flag = argument.split([' ', '=', '[']).next().unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand);
            if commands().any(|name| name == word) {
                return Why::hinted(format!("unexpected argument `{word}`"), see);
            }
            Why::hinted(format!("unknown command `{word}`"), meant(word, commands(), &see))
        }
        ErrorKind::MissingSubcommand => Why::hinted("no command is given", see),
        ErrorKind::UnknownArgument if flag.starts_with("--") => unknown(flag, command, settings, &see),
        ErrorKind::UnknownArgument if flag.starts_with('-') && flag != "-" => {
            let hint = "settings have long names; see `standin --help`";
            Why::hinted(format!("unknown option `{flag}`"), hint)
        }
        ErrorKind::UnknownArgument => Why::hinted(format!("unexpected argument `{argument}`"), usage()),
        ErrorKind::ArgumentConflict => twice(flag.trim_start_matches("--")),
        ErrorKind::ValueValidation => Why::hinted(format!("`{flag}` is empty"), "give it a value, or leave it out"),
        ErrorKind::InvalidValue if value.is_empty() => {
            let shown = argument.replace(['<', '>'], "");
            Why::hinted(format!("`{flag}` needs a value"), format!("write `{shown}`"))
        }
        ErrorKind::InvalidValue => {
            let hint = one_of(value, texts(ContextKind::ValidValue));
            Why::hinted(format!("`{value}` is not a known value"), hint)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = if named == "run" {
                "a command to run"
            } else {
                "an argument"
            };
            Why::hinted(format!("`{named}` needs {missing}"), usage())
        }
        ErrorKind::InvalidUtf8 => Why::hinted(not_text(words), "give it as UTF-8"),
        _ => Why::hinted("the arguments can't be understood", see),
    }
}

/// What of these words is not UTF-8, by the flag before it.
fn not_text(words: &[OsString]) -> String {
    let place = words
        .iter()
        .position(|word| word.to_str().is_none())
        .unwrap_or_default();
    let shown = |place: usize| words.get(place).map(|word| word.to_string_lossy()).unwrap_or_default();
    let (word, before) = (shown(place), place.checked_sub(1).map(shown).unwrap_or_default());
    match (word.split_once('='), before.starts_with("--")) {
        (Some((flag, _)), _) if flag.starts_with("--") => format!("the value of `{flag}` is not UTF-8"),
        (_, true) => format!("the value of `{before}` is not UTF-8"),
        _ => format!("`{word}` is not UTF-8"),
    }
}

/// A flag that the command does not have: of a setting that has none, of another command, or of nothing.
fn unknown(flag: &str, command: Option<&str>, settings: &[Setting], see: &str) -> Why {
    let name = flag.trim_start_matches("--");
    match (settings.iter().find(|setting| setting.name() == name), command) {
        (Some(setting), _) if !setting.scope.flag => Why::hinted(
            format!("`{name}` has no flag"),
            format!(
                "set the input `{name}` of the action, or elsewhere the variable `{}` where there is one",
                setting.variable()
            ),
        ),
        (Some(_), Some(command)) => not_of(name, command),
        _ => {
            let flags = settings.iter().filter(|setting| setting.scope.flag).map(Setting::name);
            let hint = nearest(name, flags.chain(["help", "version"]));
            let hint = hint.map_or_else(|| see.to_owned(), |name| format!("did you mean `--{name}`?"));
            Why::hinted(format!("unknown flag `{flag}`"), hint)
        }
    }
}

/// What to write in place of a value that is none of these.
pub(crate) fn one_of(value: &str, known: &[String]) -> String {
    let otherwise = format!("write one of `{}`", known.join("`, `"));
    meant(value, known.iter().map(String::as_str), &otherwise)
}

fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(word, known).map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}
