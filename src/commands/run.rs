//! `run -- CMD`: setup, then a command with the accounts in its environment, then cleanup, always.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use tokio::process::{Child, Command};

use super::cleanup::{self, Trace};
use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::{prepare, setup};
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::domain::why::Why;

/// Exit codes of env(1): found but not executable, and not found.
const NOT_EXECUTABLE: u8 = 126;
/// See [`NOT_EXECUTABLE`].
const NOT_FOUND: u8 = 127;

/// What to do about accounts that are too many for `run`.
const TOO_LONG: &str = "the environment can't hold so many accounts; use `setup`, its credentials file and `cleanup`";

/// The command.
pub(super) async fn run(context: &Context, words: &[OsString]) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().context("can't listen for signals")?;
    signals
        .count_death_of_parent()
        .context("can't watch for the parent's death")?;
    let Some(prepared) = prepare::prepare(context)? else {
        return Ok(ExitCode::Success);
    };
    let entry = EntryDir::open(prepared.entry.path())?;
    let marker = prepared.draft.planned.marker.clone();
    prepare::announce(context, &prepared)?;
    let code = match setup::make(context, prepared, &signals).await {
        Ok(made) if made.code == ExitCode::Success => command(context, words, (&made, &marker), &signals).await,
        Ok(made) => made.code,
        // Also when the accounts could not be handed over: they are there all the same.
        Err(failure) => context.end(Err(failure)),
    };
    // What ended the command must not end the cleanup too; another signal does.
    signals.forget();
    let cleaned = cleanup::settle_all(context, &[Trace::Journal(entry)], Course::begin(context, &signals)).await?;
    Ok(code.and_then(cleaned))
}

async fn command(
    context: &Context,
    words: &[OsString],
    (made, marker): (&setup::Made, &str),
    signals: &Signals,
) -> ExitCode {
    let Some((program, arguments)) = words.split_first() else {
        return ExitCode::Usage;
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::inherit());
    for (name, _) in context.environment.iter() {
        if is_our_own(name) {
            command.env_remove(name);
        }
    }
    for (name, value) in made.accounts.iter().flat_map(super::deliver::Delivered::variables) {
        command.env(name, value.expose());
    }
    command.env("STANDIN_MARKER", marker);
    let shown = program.to_string_lossy();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let mut why = Why::from(format!("`{shown}` can't be run: {error}"));
            if error.kind() == std::io::ErrorKind::ArgumentListTooLong {
                why = why.or_hint(TOO_LONG);
            }
            context.console.error(why);
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            return ExitCode::Command(if missing { NOT_FOUND } else { NOT_EXECUTABLE });
        }
    };
    let mut passed_on = 0;
    loop {
        tokio::select! {
            ended = child.wait() => {
                return match ended {
                    Ok(status) => code_of(status),
                    Err(error) => {
                        context.console.error(format!("`{shown}` can't be waited for: {error}"));
                        ExitCode::Failed
                    }
                };
            }
            signal = signals.nth(passed_on) => {
                passed_on += 1;
                pass_on(&child, signal);
            }
        }
    }
}

/// Our own settings are no business of the command's: they may hold the configuration with its secrets.
fn is_our_own(name: &str) -> bool {
    name.starts_with("INPUT_") || name.starts_with("STATE_") || name == "STANDIN_CONFIG" || name == "STANDIN_SEED"
}

#[cfg(unix)]
fn pass_on(child: &Child, signal: i32) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, rustix::process::Signal::from_named_raw(signal)) {
        // It may have ended in between; then there is nobody to tell.
        rustix::process::kill_process(pid, signal).unwrap_or_default();
    }
}

#[cfg(not(unix))]
fn pass_on(_child: &Child, _signal: i32) {
    // Windows gives Ctrl-C to every process of the console itself.
}

fn code_of(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return ExitCode::Signal(signal);
    }
    match status.code() {
        Some(0) => ExitCode::Success,
        Some(code) => u8::try_from(code).map_or(ExitCode::Failed, ExitCode::Command),
        None => ExitCode::Failed,
    }
}
