//! The runner's file commands: outputs, state, variables and the job summary.
//!
//! Each call is one write, so that a process that is killed leaves whole lines. The runner reads these files whatever
//! happened to the process. Commands on the streams are the console's.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::adapters::small_file::{self, SmallFileError};
use crate::domain::why::Why;

/// The runner drops a summary that is larger than this, in bytes (`CreateStepSummaryCommand` of actions/runner).
const SUMMARY_LIMIT: u64 = 1024 * 1024;
/// Outputs of a job end at 1 MB, counted in UTF-16 and shared by all of them: so many bytes are set, the rest is in a file.
pub const OUTPUT_MAX: usize = 400_000;
/// A variable of more than 131,071 bytes, name included, keeps Linux from starting any process: post could not run.
pub const VARIABLE_MAX: usize = 100_000;
const SUMMARY_NOTE: &str = "\n\n*The summary was too long and ends here.*\n";

/// The runner's files of this step. Each phase has its own.
#[derive(Clone, Debug, Default)]
pub struct FileCommands {
    pub(super) output: Option<PathBuf>,
    pub(super) state: Option<PathBuf>,
    pub(super) env: Option<PathBuf>,
    pub(super) summary: Option<PathBuf>,
}

/// Which of the runner's files is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandFile {
    /// `GITHUB_OUTPUT`
    Output,
    /// `GITHUB_STATE`: comes back to post as `STATE_NAME`.
    State,
    /// `GITHUB_ENV`: variables of later steps.
    Env,
    /// `GITHUB_STEP_SUMMARY`
    Summary,
}

impl CommandFile {
    fn variable(self) -> &'static str {
        match self {
            Self::Output => "GITHUB_OUTPUT",
            Self::State => "GITHUB_STATE",
            Self::Env => "GITHUB_ENV",
            Self::Summary => "GITHUB_STEP_SUMMARY",
        }
    }
}

impl FileCommands {
    /// Sets outputs of the step. Nothing is written if one of them is refused.
    pub fn set_outputs<N: AsRef<str>, V: AsRef<str>>(&self, pairs: &[(N, V)]) -> Result<(), Why> {
        self.tell(CommandFile::Output, pairs)
    }

    /// Saves state for post, which finds it as `STATE_NAME`. At most 100,000 bytes a value.
    pub fn save_state<N: AsRef<str>, V: AsRef<str>>(&self, pairs: &[(N, V)]) -> Result<(), Why> {
        self.tell(CommandFile::State, pairs)
    }

    /// Sets variables of later steps. At most 100,000 bytes a value.
    pub fn export<N: AsRef<str>, V: AsRef<str>>(&self, pairs: &[(N, V)]) -> Result<(), Why> {
        self.tell(CommandFile::Env, pairs)
    }

    /// Appends Markdown to the job summary, cut where the runner would drop all of it. Foreign text in it has been made
    /// harmless by the caller. Without a summary file nothing happens: older hosts have none.
    pub fn append_summary(&self, markdown: &str) -> Result<(), Why> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        let explain = |error| explain(CommandFile::Summary, &error);
        let mut file = open(path).map_err(explain)?;
        let used = file.metadata().map_err(explain)?.len();
        let room = usize::try_from(SUMMARY_LIMIT.saturating_sub(used)).unwrap_or(0);
        write_once(&mut file, &bounded(markdown, room)).map_err(explain)
    }

    fn tell<N: AsRef<str>, V: AsRef<str>>(&self, kind: CommandFile, pairs: &[(N, V)]) -> Result<(), Why> {
        let Some((first, _)) = pairs.first() else {
            return Ok(());
        };
        let path = match kind {
            CommandFile::Output => &self.output,
            CommandFile::State => &self.state,
            CommandFile::Env => &self.env,
            CommandFile::Summary => &self.summary,
        };
        let path = path.as_ref().ok_or_else(|| {
            let (variable, name) = (kind.variable(), first.as_ref().escape_debug());
            let what = format!("`{variable}` is not set, so the runner can't be told `{name}`");
            let hint = "run this as a step of a GitHub workflow, and pass the variable on into containers";
            Why::hinted(what, hint)
        })?;
        let delimiter = format!("ghadelimiter_{:032x}", rand::random::<u128>());
        let mut text = String::new();
        for (name, value) in pairs {
            text.push_str(&entry(kind, name.as_ref(), value.as_ref(), &delimiter)?);
        }
        let mut file = open(path).map_err(|error| explain(kind, &error))?;
        write_once(&mut file, &text).map_err(|error| explain(kind, &error))
    }
}

/// One pair in the heredoc form. A random delimiter keeps a value from ending itself.
fn entry(kind: CommandFile, name: &str, value: &str, delimiter: &str) -> Result<String, Why> {
    // A `<` at the end would become part of the `<<`, and the delimiter another than it is.
    let unreadable = name.contains('=') || name.contains("<<") || name.ends_with('<');
    if name.is_empty() || unreadable || name.chars().any(char::is_control) {
        let name = name.escape_debug();
        let why = format!(
            "`{name}` can't be the name of an output, state or variable: it is empty, has `=`, `<<` or a control character, or ends in `<`"
        );
        return Err(why.into());
    }
    // The value is not shown.
    let refused = |reason| Why::from(reason).context(format_args!("the value of `{name}` can't be told to the runner"));
    if name.contains(delimiter) || value.contains(delimiter) {
        return Err(refused("it holds the delimiter"));
    }
    if value.contains('\0') {
        return Err(refused("it holds a NUL character, which no variable can"));
    }
    if matches!(kind, CommandFile::State | CommandFile::Env) && value.len() > VARIABLE_MAX {
        return Err(refused("it is over 100,000 bytes, and later steps could not start"));
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

fn bounded(markdown: &str, room: usize) -> String {
    if markdown.len() <= room {
        return markdown.to_owned();
    }
    let Some(room) = room.checked_sub(SUMMARY_NOTE.len()) else {
        return String::new();
    };
    let cut = markdown.floor_char_boundary(room);
    // A table row that is cut in the middle would swallow the note.
    let cut = markdown[..cut].rfind('\n').unwrap_or(cut);
    format!("{}{SUMMARY_NOTE}", &markdown[..cut])
}

fn open(path: &Path) -> io::Result<File> {
    small_file::append_to(path).map_err(|error| {
        if let SmallFileError::Io(error) = error {
            error
        } else {
            io::Error::other(error)
        }
    })
}

fn write_once(file: &mut File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.flush()
}

fn explain(kind: CommandFile, error: &io::Error) -> Why {
    let variable = kind.variable();
    if error.kind() == io::ErrorKind::PermissionDenied {
        let what = format!("may not write the file that `{variable}` names: {error}");
        let hint = "run the container as the runner's user or as root (`options: --user 0`)";
        Why::hinted(what, hint)
    } else {
        format!("can't write the file that `{variable}` names: {error}").into()
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the tests read what was written for the runner"
)]
mod tests {
    use super::*;

    /// The runner's own grammar (`EnvFileKeyValuePairs` of actions/runner), as far as it can read what is written here.
    fn read_as_the_runner(text: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut lines = text.split('\n');
        while let Some(line) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let equals = line.find('=').unwrap_or(usize::MAX);
            let heredoc = line.find("<<").unwrap_or(usize::MAX);
            assert!(heredoc < equals, "not a heredoc: {line}");
            let (name, delimiter) = line.split_once("<<").expect("it has a `<<`");
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            pairs.push((name.to_owned(), value.join("\n")));
        }
        pairs
    }

    fn files(directory: &Path) -> FileCommands {
        let path = |kind: CommandFile| Some(directory.join(kind.variable()));
        FileCommands {
            output: path(CommandFile::Output),
            state: path(CommandFile::State),
            env: path(CommandFile::Env),
            summary: path(CommandFile::Summary),
        }
    }

    #[test]
    fn what_the_runner_reads_is_what_was_meant_whatever_the_value_holds() {
        let directory = tempfile::tempdir().expect("a directory");
        let pairs = [
            ("plain", "x"),
            ("empty", ""),
            ("lines", "a\n\nb\n"),
            ("hostile", "EOF\nother=1\nname<<EOF\n::set-output name=a::b"),
            ("carriage", "a\r"),
            ("SERVICE-alice-id", "ghadelimiter_0"),
        ];
        let commands = files(directory.path());
        commands.set_outputs(&pairs[..2]).expect("written");
        commands.set_outputs(&pairs[2..]).expect("written");
        let text = std::fs::read_to_string(directory.path().join("GITHUB_OUTPUT")).expect("it is there");
        assert_eq!(
            read_as_the_runner(&text),
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let delimiters: std::collections::BTreeSet<&str> = text
            .lines()
            .filter(|line| line.starts_with("ghadelimiter_") && line.len() == 45)
            .collect();
        assert_eq!(delimiters.len(), 2, "each write has a delimiter of its own: {text}");
    }

    #[test]
    fn names_and_values_that_would_be_read_as_something_else_are_refused() {
        let delimiter = "ghadelimiter_0123";
        for (kind, name, value) in [
            (CommandFile::Output, "", "x"),
            (CommandFile::Output, "a=b", "x"),
            (CommandFile::Output, "a<<b", "x"),
            (CommandFile::Output, "a<", "x"),
            (CommandFile::Output, "a\nb", "x"),
            (CommandFile::Output, "a", "x\nghadelimiter_0123\nb=c"),
            (CommandFile::Output, "ghadelimiter_0123", "x"),
            (CommandFile::State, "a", "x\0"),
        ] {
            assert!(entry(kind, name, value, delimiter).is_err(), "{name:?} {value:?}");
        }
        let long = "x".repeat(VARIABLE_MAX + 1);
        assert!(entry(CommandFile::State, "a", &long, delimiter).is_err());
        assert!(entry(CommandFile::Output, "a", &long, delimiter).is_ok());
    }

    #[test]
    fn nothing_is_written_when_one_of_several_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let refused = files(directory.path()).save_state(&[("good", "x"), ("bad", "\0")]);
        let told = refused.expect_err("no value has a NUL").what;
        assert!(
            told.starts_with("the value of `bad` can't be told to the runner: "),
            "{told}"
        );
        assert!(!directory.path().join("GITHUB_STATE").exists());
    }

    #[test]
    fn a_missing_file_is_told_but_a_missing_summary_is_not() {
        let commands = FileCommands::default();
        let error = commands.set_outputs(&[("ids", "{}")]).expect_err("there is no file");
        assert!(
            error
                .to_string()
                .starts_with("`GITHUB_OUTPUT` is not set, so the runner can't be told `ids`"),
            "{error}"
        );
        commands.append_summary("x").expect("nothing to do");
        commands.export::<&str, &str>(&[]).expect("nothing to do");
    }

    #[test]
    fn a_file_of_another_user_is_explained() {
        let denied = explain(CommandFile::State, &io::Error::from(io::ErrorKind::PermissionDenied));
        let hint = denied.hint().unwrap_or_default();
        assert!(hint.starts_with("run the container as the runner's user"), "{denied}");
    }

    #[test]
    fn a_long_summary_ends_at_a_line_and_below_the_runners_limit() {
        let directory = tempfile::tempdir().expect("a directory");
        let commands = files(directory.path());
        let row = "| ä | b |\n";
        commands.append_summary(&row.repeat(60_000)).expect("written");
        commands.append_summary(&row.repeat(60_000)).expect("written");
        commands.append_summary(&row.repeat(60_000)).expect("written");
        let text = std::fs::read_to_string(directory.path().join("GITHUB_STEP_SUMMARY")).expect("it is there");
        assert!(text.len() as u64 <= SUMMARY_LIMIT, "{}", text.len());
        assert!(
            text.ends_with(&format!("| b |{SUMMARY_NOTE}")),
            "{}",
            &text[text.len() - 99..]
        );
    }
}
