//! What the runner makes of a phase's output lines: commands, annotations and the masked log, as in `ActionCommandManager.cs`.

use std::collections::HashMap;
use std::path::Path;

use super::caseless::Caseless;
use super::command::{Command, REGISTERED};
use super::file_command::{self, FileCommands, Pairs, Summary};
use super::masker::Masker;

/// So many annotations of each level are recorded per step; more are only logged.
const ANNOTATIONS_PER_LEVEL: usize = 10;
/// An annotation's message is cut after so many characters.
const MESSAGE_LIMIT: usize = 4096;

/// How serious an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Notice,
    Warning,
    Error,
}

/// A message that is shown on the run's page.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    /// Masked, and cut to the runner's limit.
    pub(crate) message: String,
    pub(crate) properties: HashMap<String, String>,
}

/// One phase's view of the runner: both streams feed it line by line.
pub(crate) struct Console {
    pub(crate) masker: Masker,
    /// The log as users see it.
    pub(crate) log: String,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) outputs: Caseless,
    pub(crate) state: Caseless,
    /// For later steps.
    pub(crate) env: Vec<(String, String)>,
    /// Directories for later steps, the one searched first in front.
    pub(crate) path: Vec<String>,
    /// A command threw: the step has failed, whatever its exit code is.
    pub(crate) failed: bool,
    unsecure_commands: bool,
    echo: bool,
    stop_token: Option<String>,
}

impl Console {
    /// A fresh one for a phase; `state` is what earlier phases saved, `unsecure_commands` the user's opt-in to `set-env`.
    pub(crate) fn new(masker: Masker, state: Caseless, unsecure_commands: bool) -> Self {
        Self {
            masker,
            log: String::new(),
            annotations: Vec::new(),
            outputs: Caseless::default(),
            state,
            env: Vec::new(),
            path: Vec::new(),
            failed: false,
            unsecure_commands,
            echo: false,
            stop_token: None,
        }
    }

    /// Writes a line to the log.
    pub(crate) fn print(&mut self, line: &str) {
        self.log.push_str(&self.masker.mask(line));
        self.log.push('\n');
    }

    /// Records an annotation and logs it.
    pub(crate) fn annotate(&mut self, level: Level, message: &str, properties: HashMap<String, String>) {
        let tag = match level {
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        self.print(&format!("##[{tag}]{message}"));
        if self.annotations.iter().filter(|known| known.level == level).count() < ANNOTATIONS_PER_LEVEL {
            let message = self.masker.mask(message).chars().take(MESSAGE_LIMIT).collect();
            self.annotations.push(Annotation {
                level,
                message,
                properties,
            });
        }
    }

    /// An error of the runner's own, after which the step has failed.
    pub(crate) fn fail(&mut self, outline: &str, message: &str) {
        self.annotate(Level::Error, outline, HashMap::new());
        self.annotate(Level::Error, message, HashMap::new());
        self.failed = true;
    }

    /// Takes one line of standard output or standard error.
    pub(crate) fn line(&mut self, line: &str) {
        let token = self.stop_token.as_deref();
        let registered = |name: &str| {
            REGISTERED
                .iter()
                .copied()
                .chain(token)
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        let Some(command) = Command::parse(line, registered) else {
            return self.print(line);
        };
        if token.is_some_and(|token| token.eq_ignore_ascii_case(&command.name)) {
            self.stop_token = None;
            self.print(line);
        } else if token.is_some() {
            self.print(line);
        } else if let Err(message) = self.execute(&command, line) {
            self.fail(&format!("Unable to process command '{line}' successfully."), &message);
        }
    }

    /// Takes what a phase wrote to its files, in the runner's order, and gives its summary.
    pub(crate) fn take(&mut self, files: &FileCommands) -> Summary {
        self.path
            .splice(0..0, file_command::directories(&file_command::read(&files.path)));
        self.take_pairs("env", &files.env, |console, name, value| {
            if name.eq_ignore_ascii_case("NODE_OPTIONS") {
                let message = "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.";
                console.annotate(Level::Error, message, HashMap::new());
            } else {
                console.env.push((name.to_owned(), value.to_owned()));
            }
            Ok(())
        });
        let summary = match file_command::read_summary(&files.summary) {
            Summary::Shown(text) => Summary::Shown(text.lines().map(|line| self.masker.mask(line) + "\n").collect()),
            Summary::TooLarge(size) => {
                let message = format!(
                    "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got {}k.",
                    size / 1024
                );
                self.annotate(Level::Error, &message, HashMap::new());
                Summary::TooLarge(size)
            }
            Summary::Absent => Summary::Absent,
        };
        self.take_pairs("state", &files.state, |console, name, value| {
            console.state.insert(name, value);
            Ok(())
        });
        self.take_pairs("output", &files.output, |console, name, value| {
            if name.is_empty() {
                return Err("Value cannot be null or empty. (Parameter 'name')".to_owned());
            }
            console.outputs.insert(name, value);
            Ok(())
        });
        summary
    }

    /// Applies a file's pairs one by one: a bad line fails the step, but those before it stand.
    fn take_pairs(&mut self, command: &str, file: &Path, apply: impl Fn(&mut Self, &str, &str) -> Result<(), String>) {
        for pair in Pairs::new(&file_command::read(file)) {
            if let Err(message) = pair.and_then(|(name, value)| apply(self, &name, &value)) {
                self.fail(
                    &format!("Unable to process file command '{command}' successfully."),
                    &message,
                );
                return;
            }
        }
    }

    fn execute(&mut self, command: &Command, line: &str) -> Result<(), String> {
        let name = command.name.to_lowercase();
        // Commands that show what they do anyway are not echoed, nor is a mask.
        if self.echo
            && [
                "add-matcher",
                "remove-matcher",
                "save-state",
                "set-env",
                "set-output",
                "add-path",
            ]
            .contains(&name.as_str())
        {
            self.print(line);
        }
        let property = |key: &str| {
            let value = command.properties.get(key).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("Required field '{key}' is missing in ##[{name}] command."))
        };
        match name.as_str() {
            "stop-commands" => self.stop(&command.data, line)?,
            "add-mask" => self.mask(&command.data),
            "set-output" => self.outputs.insert(property("name")?, &command.data),
            "save-state" => self.state.insert(property("name")?, &command.data),
            "set-env" => {
                self.check_secure(&name)?;
                self.env.push((property("name")?.clone(), command.data.clone()));
            }
            "add-path" => {
                self.check_secure(&name)?;
                self.path.insert(0, command.data.clone());
            }
            "notice" => self.annotate(Level::Notice, &command.data, command.properties.clone()),
            "warning" => self.annotate(Level::Warning, &command.data, command.properties.clone()),
            "error" => self.annotate(Level::Error, &command.data, command.properties.clone()),
            "group" => self.print(&format!("##[group]{}", command.data)),
            "endgroup" => self.print("##[endgroup]"),
            "echo" => {
                self.echo = match command.data.trim().to_uppercase().as_str() {
                    "ON" => true,
                    "OFF" => false,
                    _ => {
                        return Err(format!(
                            "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{}'.",
                            command.data
                        ));
                    }
                }
            }
            // Debug lines are in the log only when the user asks for them, and problem matchers only make annotations.
            _ => {}
        }
        Ok(())
    }

    fn stop(&mut self, token: &str, line: &str) -> Result<(), String> {
        let refused = token.is_empty() || REGISTERED.iter().any(|known| known.eq_ignore_ascii_case(token));
        if refused {
            return Err(format!(
                "Invalid token '{token}': it must not be empty or the name of a command"
            ));
        }
        if token.chars().count() > 6 {
            self.masker.add(token);
        }
        self.stop_token = Some(token.to_owned());
        self.print(line);
        Ok(())
    }

    fn mask(&mut self, value: &str) {
        if value.trim().is_empty() {
            self.annotate(
                Level::Warning,
                "Can't add secret mask for empty string in ##[add-mask] command.",
                HashMap::new(),
            );
        } else {
            self.masker.add(value);
            self.masker.add_lines(value);
        }
    }

    fn check_secure(&self, name: &str) -> Result<(), String> {
        if self.unsecure_commands {
            return Ok(());
        }
        Err(format!(
            "The `{name}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command \
             execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`."
        ))
    }
}

mod tests;
