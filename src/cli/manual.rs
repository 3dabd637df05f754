//! Completions for shells and the manual page, from the same declaration as the help.

use std::io::{self, Write as _};

use clap_complete::Shell;
use clap_mangen::Man;

use super::documented;
use crate::settings::Setting;

/// The script that makes a shell complete commands, settings and their values.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    let whole = documented(&Setting::all());
    // Clap completes hidden commands too.
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set());
    let mut program = clap::Command::new("standin")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(shown.cloned());
    clap_complete::generate(shell, &mut program, "standin", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page: every command and every setting on one page.
pub fn man() -> io::Result<String> {
    let settings = Setting::all();
    let mut program = documented(&settings).override_usage("standin COMMAND [SETTINGS]");
    // Only then are the commands' own names in their usage.
    program.build();
    let commands: Vec<clap::Command> = program.get_subcommands().cloned().collect();
    let mut page = Vec::new();
    let whole = Man::new(program.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    writeln!(page, ".SH COMMANDS")?;
    for command in commands {
        if command.is_hide_set() || command.get_name() == "help" {
            continue;
        }
        let mut text = Vec::new();
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: standin ").replace("[OPTIONS] ", "");
        let usage = usage.trim_end_matches(" [OPTIONS]").replace('-', "\\-");
        let one = Man::new(command);
        one.render_description_section(&mut text)?;
        one.render_extra_section(&mut text)?;
        let heading = format!(".SS {usage}");
        let text = String::from_utf8_lossy(&text).replace(".SH DESCRIPTION", &heading);
        let text = text
            .replace(".SH EXTRA", ".PP")
            .replace("\nSTANDIN_", "\n.br\nSTANDIN_");
        page.write_all(text.as_bytes())?;
    }
    let flags = settings.iter().filter(|setting| setting.scope.flag).map(|setting| {
        let commands = setting.scope.commands.join(", ");
        let arg = setting.told();
        let help = arg.get_long_help().map(ToString::to_string).unwrap_or_default();
        arg.long_help(format!("{help} (of {commands})"))
    });
    Man::new(clap::Command::new("standin").disable_help_flag(true).args(flags)).render_options_section(&mut page)?;
    whole.render_extra_section(&mut page)?;
    Ok(String::from_utf8_lossy(&page).replace(".SH EXTRA", ".SH NOTES"))
}
