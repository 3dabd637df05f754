//! The command line: arguments into an [`Invocation`], or a text to print.
//!
//! It only sorts arguments by the tables; what a setting's value means is decided in `settings`.

mod command;
mod help;

use std::ffi::OsString;
use std::fmt;

use lexopt::Arg;

pub use command::{Command, CommandName};

use crate::language::nearest;
use crate::settings::table::{Kind, SETTINGS, Setting, setting};
use command::{COMMANDS, Row};

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
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
    /// The settings that were given as flags.
    pub flags: Flags,
}

/// Settings given as flags: name with dashes, and value as text. A list's values are joined by newlines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(Vec<(&'static str, String)>);

impl Flags {
    /// Each flag that was given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    fn add(&mut self, setting: &'static Setting, value: &str) -> Result<(), UsageError> {
        let Some((_, present)) = self.0.iter_mut().find(|(name, _)| *name == setting.name) else {
            self.0.push((setting.name, value.to_owned()));
            return Ok(());
        };
        if setting.kind != Kind::List {
            return Err(UsageError::new(
                format!("`--{}` is given twice", setting.name),
                "give it once".to_owned(),
            ));
        }
        present.push('\n');
        present.push_str(value);
        Ok(())
    }
}

/// Arguments that can't be understood: exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    message: String,
    hint: String,
}

impl UsageError {
    fn new(message: String, hint: String) -> Self {
        Self { message, hint }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.message, self.hint)
    }
}

impl std::error::Error for UsageError {}

/// Sorts the arguments (without the program's own name).
///
/// Flags may stand before or after the command. After `run`, the first argument that is no flag begins its command,
/// and all that follows is the command's own.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut chosen: Option<&'static Row> = None;
    let mut flags = Flags::default();
    let mut wants_help = false;
    let mut asked: Option<String> = None;
    loop {
        let argument = match parser.next() {
            Ok(Some(argument)) => argument,
            Ok(None) => break,
            Err(error) => return Err(from_lexopt(&error)),
        };
        match argument {
            Arg::Short('h') | Arg::Long("help") => wants_help = true,
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Show(help::version())),
            Arg::Short(letter) => {
                return Err(UsageError::new(
                    format!("unknown option `-{letter}`"),
                    "settings have long names; see `standin --help`".to_owned(),
                ));
            }
            Arg::Long(name) => {
                let setting = known_flag(name)?;
                let value = flag_value(setting, &mut parser)?;
                flags.add(setting, &value)?;
            }
            Arg::Value(word) => match chosen {
                None if word == "action" => return action(&mut parser, &flags),
                None if word == "container" => {
                    let rest = parser.raw_args().map_err(|error| from_lexopt(&error))?;
                    return container(rest.collect());
                }
                None if word == "help" => wants_help = true,
                None => chosen = Some(command_row(&word)?),
                Some(row) if row.command == CommandName::Run && !wants_help => {
                    let rest = parser.raw_args().map_err(|error| from_lexopt(&error))?;
                    let command = std::iter::once(word).chain(rest).collect();
                    return finish(row, Command::Run(command), flags);
                }
                Some(row) if row.command == CommandName::Presets && asked.is_none() => {
                    asked = Some(word.to_string_lossy().into_owned());
                }
                Some(row) => {
                    return Err(UsageError::new(
                        format!("unexpected argument `{}`", word.to_string_lossy()),
                        format!("usage: standin {}", row.usage),
                    ));
                }
            },
        }
    }
    if wants_help {
        return Ok(Request::Show(chosen.map_or_else(help::overall, help::of_command)));
    }
    let Some(row) = chosen else {
        return Err(UsageError::new(
            "no command is given".to_owned(),
            "see `standin --help`".to_owned(),
        ));
    };
    let command = match row.command {
        CommandName::Setup => Command::Setup,
        CommandName::Cleanup => Command::Cleanup,
        CommandName::Sweep => Command::Sweep,
        CommandName::Status => Command::Status,
        CommandName::Credentials => Command::Credentials,
        CommandName::Plan => Command::Plan,
        CommandName::Presets => Command::Presets(asked),
        CommandName::Schema => Command::Schema,
        CommandName::Demo => Command::Demo,
        CommandName::Sandbox => Command::Sandbox,
        CommandName::Run => {
            return Err(UsageError::new(
                "`run` needs a command to run".to_owned(),
                format!("usage: standin {}", row.usage),
            ));
        }
        CommandName::ActionMain => Command::ActionMain,
        CommandName::ActionPost => Command::ActionPost,
        CommandName::Program => Command::Program(Vec::new()),
    };
    finish(row, command, flags)
}

/// The last check: each flag is one of the command's settings.
fn finish(row: &Row, command: Command, flags: Flags) -> Result<Request, UsageError> {
    for (name, _) in flags.iter() {
        if !setting(name).is_some_and(|setting| setting.commands.contains(&row.command)) {
            return Err(UsageError::new(
                format!("`--{name}` is not a setting of `{}`", row.name),
                format!("see `standin {} --help`", row.name),
            ));
        }
    }
    Ok(Request::Do(Invocation { command, flags }))
}

/// `container WORDS`, which is the image's entry point: a command of ours, or any other program. GitLab and Jenkins start a
/// shell or `cat` in an image, and an entry point that is a shell itself would drop variables with dashes in their names.
fn container(words: Vec<OsString>) -> Result<Request, UsageError> {
    let is_ours = words.first().is_none_or(|word| {
        let word = word.to_string_lossy();
        word.starts_with('-') || word == "help" || COMMANDS.iter().any(|row| row.name == word)
    });
    if !is_ours {
        return Ok(Request::Do(Invocation {
            command: Command::Program(words),
            flags: Flags::default(),
        }));
    }
    if words.is_empty() {
        return Ok(Request::Show(help::overall()));
    }
    parse(words)
}

/// `action main` and `action post`: the action's settings are its inputs, so there are no flags.
fn action(parser: &mut lexopt::Parser, flags: &Flags) -> Result<Request, UsageError> {
    let rest: Vec<OsString> = parser.raw_args().map_err(|error| from_lexopt(&error))?.collect();
    let command = match rest.as_slice() {
        [phase] if phase == "main" => Command::ActionMain,
        [phase] if phase == "post" => Command::ActionPost,
        _ => {
            return Err(UsageError::new(
                "`action` needs `main` or `post` and nothing else".to_owned(),
                "it is called by the GitHub action; call `standin setup` and `standin cleanup` elsewhere".to_owned(),
            ));
        }
    };
    if flags.iter().next().is_some() {
        return Err(UsageError::new(
            "`action` takes no flags".to_owned(),
            "set the inputs of the action".to_owned(),
        ));
    }
    Ok(Request::Do(Invocation {
        command,
        flags: Flags::default(),
    }))
}

fn command_row(word: &OsString) -> Result<&'static Row, UsageError> {
    let word = word.to_string_lossy();
    COMMANDS.iter().find(|row| row.name == word).ok_or_else(|| {
        let hint = match nearest(&word, COMMANDS.iter().map(|row| row.name)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "see `standin --help`".to_owned(),
        };
        UsageError::new(format!("unknown command `{word}`"), hint)
    })
}

fn known_flag(name: &str) -> Result<&'static Setting, UsageError> {
    if name == "config" {
        return known_flag("config-file");
    }
    match setting(name) {
        Some(setting) if setting.sources.flag => Ok(setting),
        Some(_) => Err(UsageError::new(
            format!("`{name}` has no flag"),
            format!(
                "set the input `{name}` of the action, or elsewhere the variable `STANDIN_{}` where there is one",
                name.replace('-', "_").to_ascii_uppercase()
            ),
        )),
        None => {
            let flags = SETTINGS
                .iter()
                .filter(|setting| setting.sources.flag)
                .map(|setting| setting.name);
            let hint = match nearest(name, flags.chain(["help", "version"])) {
                Some(name) => format!("did you mean `--{name}`?"),
                None => "see `standin --help`".to_owned(),
            };
            Err(UsageError::new(format!("unknown flag `--{name}`"), hint))
        }
    }
}

fn flag_value(setting: &Setting, parser: &mut lexopt::Parser) -> Result<String, UsageError> {
    let value = match setting.kind {
        Kind::Switch => parser.optional_value().unwrap_or_else(|| "true".into()),
        Kind::Value | Kind::List => parser.value().map_err(|_| {
            UsageError::new(
                format!("`--{}` needs a value", setting.name),
                format!("write `--{} {}`", setting.name, setting.placeholder),
            )
        })?,
    };
    let value = value.into_string().map_err(|_| {
        UsageError::new(
            format!("the value of `--{}` is not UTF-8", setting.name),
            "give it as UTF-8".to_owned(),
        )
    })?;
    // An input that is not set is empty, but nobody writes a flag for nothing: what should stand there was not set.
    if value.trim().is_empty() {
        return Err(UsageError::new(
            format!("`--{}` is empty", setting.name),
            "give it a value, or leave it out".to_owned(),
        ));
    }
    Ok(value)
}

fn from_lexopt(error: &lexopt::Error) -> UsageError {
    UsageError::new(error.to_string(), "see `standin --help`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    type GivenFlags = &'static [(&'static str, &'static str)];

    fn of(arguments: &[&str]) -> Result<Request, UsageError> {
        parse(arguments.iter().map(OsString::from))
    }

    fn invocation(arguments: &[&str]) -> (Command, Vec<(&'static str, String)>) {
        match of(arguments) {
            Ok(Request::Do(invocation)) => (invocation.command, invocation.flags.0),
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn commands_and_flags_are_sorted() {
        let words = |words: &[&str]| Command::Run(words.iter().map(OsString::from).collect());
        let table: &[(&[&str], Command, GivenFlags)] = &[
            (&["setup"], Command::Setup, &[]),
            (
                &["setup", "--config", "a.yml"],
                Command::Setup,
                &[("config-file", "a.yml")],
            ),
            (
                &["--verbose", "cleanup", "--state={}"],
                Command::Cleanup,
                &[("verbose", "true"), ("state", "{}")],
            ),
            (
                &["setup", "--only", "a", "--only=b,c"],
                Command::Setup,
                &[("only", "a\nb,c")],
            ),
            (&["setup", "--summary=false"], Command::Setup, &[("summary", "false")]),
            (
                &["run", "--", "npm", "test", "--only", "x"],
                words(&["npm", "test", "--only", "x"]),
                &[],
            ),
            (
                &["run", "--wait", "5s", "npm", "--help"],
                words(&["npm", "--help"]),
                &[("wait", "5s")],
            ),
            (&["run", "--", "--help"], words(&["--help"]), &[]),
            (&["plan", "--format", "json"], Command::Plan, &[("format", "json")]),
            (&["presets"], Command::Presets(None), &[]),
            (&["presets", "scim"], Command::Presets(Some("scim".to_owned())), &[]),
            (&["schema"], Command::Schema, &[]),
            (&["demo"], Command::Demo, &[]),
            (&["sandbox"], Command::Sandbox, &[]),
            (&["action", "main"], Command::ActionMain, &[]),
            (&["action", "post"], Command::ActionPost, &[]),
        ];
        for (arguments, command, flags) in table {
            let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            assert_eq!(invocation(arguments), (command.clone(), flags), "{arguments:?}");
        }
    }

    #[test]
    fn mistakes_say_what_was_meant() {
        for (arguments, message, hint) in [
            (&[][..], "no command is given", "see `standin --help`"),
            (&["setpu"], "unknown command `setpu`", "did you mean `setup`?"),
            (&["--rm"], "unknown flag `--rm`", "see `standin --help`"),
            (
                &["setup", "--on-failures", "keep"],
                "unknown flag `--on-failures`",
                "did you mean `--on-failure`?",
            ),
            (
                &["setup", "--state", "x"],
                "`--state` is not a setting of `setup`",
                "see `standin setup --help`",
            ),
            (
                &["setup", "--wait", "1s", "--wait", "2s"],
                "`--wait` is given twice",
                "give it once",
            ),
            (&["setup", "--wait"], "`--wait` needs a value", "write `--wait TIME`"),
            (
                &["cleanup", "--state", ""],
                "`--state` is empty",
                "give it a value, or leave it out",
            ),
            (
                &["setup", "-x"],
                "unknown option `-x`",
                "settings have long names; see `standin --help`",
            ),
            (
                &["setup", "now"],
                "unexpected argument `now`",
                "usage: standin setup [SETTINGS]",
            ),
            (
                &["presets", "scim", "keycloak"],
                "unexpected argument `keycloak`",
                "usage: standin presets [NAME]",
            ),
            (
                &["run"],
                "`run` needs a command to run",
                "usage: standin run [SETTINGS] -- CMD [ARGUMENTS]",
            ),
            (
                &["setup", "--cleanup", "manual"],
                "`cleanup` has no flag",
                "set the input `cleanup` of the action, or elsewhere the variable `STANDIN_CLEANUP` where there is one",
            ),
            (
                &["cleanup", "--state", ""],
                "`--state` is empty",
                "give it a value, or leave it out",
            ),
            (
                &["setup", "--config=  "],
                "`--config-file` is empty",
                "give it a value, or leave it out",
            ),
            (
                &["setup", "--verbose="],
                "`--verbose` is empty",
                "give it a value, or leave it out",
            ),
            (
                &["--verbose", "action", "main"],
                "`action` takes no flags",
                "set the inputs of the action",
            ),
        ] {
            assert_eq!(
                of(arguments),
                Err(UsageError::new(message.to_owned(), hint.to_owned())),
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn each_command_has_a_help_that_names_its_settings_and_fits_a_terminal() {
        for row in COMMANDS {
            let Ok(Request::Show(text)) = of(&[row.name, "--help"]) else {
                panic!("{}", row.name)
            };
            assert_eq!(of(&["help", row.name]), Ok(Request::Show(text.clone())));
            for setting in SETTINGS {
                let name = if setting.sources.flag {
                    format!("  --{}", setting.name)
                } else {
                    format!("  STANDIN_{} ", setting.name.to_uppercase())
                };
                let shown = text.contains(&name);
                assert!(
                    shown || !setting.commands.contains(&row.command),
                    "{} of {}",
                    setting.name,
                    row.name
                );
            }
            assert!(text.lines().all(|line| line.len() <= 120), "{text}");
        }
        let Ok(Request::Show(text)) = of(&["--help"]) else {
            panic!("no help")
        };
        assert!(COMMANDS.iter().all(|row| text.contains(row.summary)), "{text}");
        assert_eq!(
            of(&["-V"]),
            Ok(Request::Show(format!("standin {}\n", env!("CARGO_PKG_VERSION"))))
        );
    }
}
