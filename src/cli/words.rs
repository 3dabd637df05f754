//! Words of the command line before clap sorts them: which of them names the command, and which flag lacks its value.

use std::ffi::OsString;

use crate::settings::Setting;

/// The place of the word that names the command, right or wrong: the first that is no flag, no flag's value and not `help`.
pub(super) fn command(words: &[OsString], settings: &[Setting]) -> Option<usize> {
    let mut is_value = false;
    words.iter().position(|word| {
        let word = word.to_string_lossy();
        if std::mem::take(&mut is_value) {
            return false;
        }
        is_value = wants_a_word(&word, settings).is_some();
        !word.starts_with('-') && word != "help"
    })
}

/// Without a `--` before the command, which says no more than that the command is no flag; clap would look for none after it.
pub(super) fn plain(words: &[OsString], settings: &[Setting]) -> Vec<OsString> {
    let before = command(words, settings).unwrap_or(0);
    let ends = words[..before].iter().position(|word| word == "--");
    let kept = words.iter().enumerate().filter(|(place, _)| Some(*place) != ends);
    kept.map(|(_, word)| word.clone()).collect()
}

/// The first setting whose flag is followed by another flag. Clap would take that for its value, as it has to: a value may
/// begin with a dash.
pub(super) fn unfilled<'s>(words: &[OsString], settings: &'s [Setting]) -> Option<&'s Setting> {
    let named = command(words, settings);
    let runs = named.filter(|place| words[*place] == "run");
    let mut wanting = None;
    for (place, word) in words.iter().enumerate() {
        let word = word.to_string_lossy();
        match wanting.take() {
            Some(setting) if is_flag(&word, settings) => return Some(setting),
            Some(_) => {}
            None if word == "--" => return None,
            // What follows is the other program's own.
            None if runs.is_some_and(|run| run < place) && !word.starts_with('-') => return None,
            None => wanting = wants_a_word(&word, settings),
        }
    }
    None
}

fn is_flag(word: &str, settings: &[Setting]) -> bool {
    let name = word.strip_prefix("--").and_then(|rest| rest.split('=').next());
    name.is_some_and(|name| ["", "help", "version"].contains(&name) || flag(name, settings).is_some())
}

fn wants_a_word<'s>(word: &str, settings: &'s [Setting]) -> Option<&'s Setting> {
    flag(word.strip_prefix("--")?, settings).filter(|setting| !setting.is_switch())
}

fn flag<'s>(name: &str, settings: &'s [Setting]) -> Option<&'s Setting> {
    // `--config` is short for `--config-file`.
    let name = if name == "config" { "config-file" } else { name };
    let mut flags = settings.iter().filter(|setting| setting.scope.flag);
    flags.find(|setting| setting.name() == name)
}

/// A flag's value. An input that is not set is empty, but nobody writes a flag for nothing: what should stand there was not set.
pub(super) fn value(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("empty");
    }
    Ok(text.to_owned())
}
