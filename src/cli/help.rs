//! The texts of `--help` and `--version`, made from the tables of commands and settings.

use super::command::{COMMANDS, Row};
use crate::settings::table::{Kind, SETTINGS, Setting, Variable};

/// Where the second column begins.
const COLUMN: usize = 28;
/// The width of a help line.
const WIDTH: usize = 100;

pub(super) fn version() -> String {
    format!("standin {}\n", env!("CARGO_PKG_VERSION"))
}

pub(super) fn overall() -> String {
    let mut text = String::from(
        "Test accounts for CI jobs: created and verified in every service, and gone afterwards whatever happens.\n\n\
         Usage: standin COMMAND [SETTINGS]\n\nCommands:\n",
    );
    for row in COMMANDS {
        entry(&mut text, row.name, row.summary);
    }
    text.push_str("\nOptions:\n");
    entry(
        &mut text,
        "-h, --help",
        "this text, or that of a command: `standin setup --help`",
    );
    entry(&mut text, "-V, --version", "the version");
    text.push_str(
        "\nA setting is a flag (`--deadline 3m`), an input of the GitHub action (`deadline`) or a variable\n\
         (`STANDIN_DEADLINE`), in that order. Standard output carries data only; logs go to standard error.\n\
         To see it work: standin demo\n",
    );
    text
}

pub(super) fn of_command(row: &Row) -> String {
    let mut text = format!("{}\n\nUsage: standin {}\n\nSettings:\n", row.about, row.usage);
    for setting in SETTINGS
        .iter()
        .filter(|setting| setting.commands.contains(&row.command))
    {
        entry(&mut text, &left(setting), &right(setting));
    }
    entry(&mut text, "-h, --help", "this text");
    text.push_str(
        "\nEach is also a variable (`--on-leftover` is STANDIN_ON_LEFTOVER); a flag wins. Empty values are ignored.\n",
    );
    text.extend(["\nExit codes: ", row.exit_codes, "\n"]);
    text
}

fn left(setting: &Setting) -> String {
    if !setting.sources.flag {
        return variable(setting);
    }
    match setting.kind {
        Kind::Switch => format!("--{}", setting.name),
        Kind::Value => format!("--{} {}", setting.name, setting.placeholder),
        Kind::List => format!("--{} {},...", setting.name, setting.placeholder),
    }
}

fn right(setting: &Setting) -> String {
    if setting.sources.flag {
        return setting.help.to_owned();
    }
    format!(
        "{}; a variable only, since arguments are visible to every process",
        setting.help
    )
}

fn variable(setting: &Setting) -> String {
    debug_assert!(
        setting.sources.variable != Variable::Never,
        "a setting of a command has a variable"
    );
    format!("STANDIN_{}", setting.name.replace('-', "_").to_ascii_uppercase())
}

/// A line of two columns; the right one is wrapped.
fn entry(text: &mut String, left: &str, right: &str) {
    let mut line = format!("  {left:<width$}", width = COLUMN - 2);
    if left.len() + 3 > COLUMN {
        text.push_str(line.trim_end());
        text.push('\n');
        line = " ".repeat(COLUMN);
    }
    let mut is_first = true;
    for word in right.split(' ') {
        if !is_first && line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(COLUMN);
            is_first = true;
        }
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    text.push_str(&line);
    text.push('\n');
}
