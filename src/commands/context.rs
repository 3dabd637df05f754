//! What every command has at hand.

use std::sync::Arc;

use super::exit::{ExitCode, Failure};
use crate::adapters::clock::Clock;
use crate::adapters::console::Console;
use crate::adapters::environment::Environment;
use crate::adapters::hosts::{Host, RunIdentity};
use crate::adapters::http::Gates;
use crate::adapters::journal_home;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};
use crate::adapters::{small_file, state_file};
use crate::cli::{Command, Invocation};
use crate::domain::said::Hider;
use crate::domain::why::Why;
use crate::report::{Level, Line};
use crate::settings::{Sealed, Settings};

/// So many answers are seen to before more are taken from the system. Those of a burst would else all be read before any is
/// judged, and all judged before any next request is sent, so that each waited for all the others.
const EVENTS_AT_ONCE: usize = 8;

/// What every command has at hand.
pub(super) struct Context {
    /// Where this runs.
    pub host: Arc<dyn Host>,
    /// The variables, captured once.
    pub environment: Environment,
    /// What was asked for.
    pub(super) invocation: Invocation,
    /// What the user set.
    pub settings: Settings,
    /// The one writer.
    pub console: Console,
    /// The time.
    pub clock: Clock,
    /// Which run of which repository this is.
    pub identity: RunIdentity,
    /// What was learnt of how fast each service may be asked.
    pub gates: Gates,
}

impl Context {
    /// Puts it together.
    pub(super) fn new(
        host: Arc<dyn Host>,
        environment: Environment,
        invocation: Invocation,
        settings: Settings,
        console: Console,
        clock: Clock,
    ) -> Self {
        Self {
            identity: RunIdentity::of(host.run()).over(
                settings.repository.clone(),
                settings.run_id.clone(),
                settings.attempt,
            ),
            gates: Gates::default(),
            clock,
            host,
            environment,
            invocation,
            settings,
            console,
        }
    }

    /// The settings that a cleanup goes by: those that setup has sealed, but for what the user says to `cleanup` or `status` itself.
    /// Post says nothing of its own, since later steps can change what it is given.
    pub(super) fn over(&self, sealed: Sealed) -> Sealed {
        if matches!(self.invocation.command, Command::Cleanup | Command::Status) {
            Settings::read_over(&self.invocation, &self.environment, sealed)
                .0
                .sealed
        } else {
            sealed
        }
    }

    /// The `state` of a setup, where one is given.
    pub(super) fn state(&self) -> Result<Option<String>, Failure> {
        match (&self.settings.state, &self.settings.state_file) {
            (Some(_), Some(_)) => Err(Failure::usage(Why::hinted(
                "`state` and `state-file` are both given",
                "give one of them",
            ))),
            (state, None) => Ok(state.clone()),
            (None, Some(path)) if !small_file::can_be_a_path(path) => Err(Failure::usage(Why::hinted(
                "`state-file` is no path, but seems to be the state itself",
                "give the path of a file, or set `state` to the text",
            ))),
            (None, Some(path)) => match state_file::read(path) {
                Ok(text) => Ok(Some(text)),
                Err(error) => Err(Failure::usage(Why::hinted(
                    format!("the `state-file` `{}` can't be read: {error}", path.display()),
                    "give the file that a setup with `state-file` has written",
                ))),
            },
        }
    }

    /// Runs a command to its end. One thread is enough: the work is waiting, and each more would open connections of its own.
    pub(super) fn block_on<'a, F>(&'a self, work: impl FnOnce(&'a Self) -> F) -> Result<ExitCode, Failure>
    where
        F: Future<Output = Result<ExitCode, Failure>> + 'a,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_io_events_per_tick(EVENTS_AT_ONCE)
            .build()?;
        let outcome = runtime.block_on(work(self));
        // A name that is still being resolved must not hold up the end.
        runtime.shutdown_background();
        outcome
    }

    /// Says how a command failed, if it did.
    pub(super) fn end(&self, outcome: Result<ExitCode, Failure>) -> ExitCode {
        match outcome {
            Ok(code) => match self.console.data_lost() {
                Some(reason) => {
                    self.console.error(format!(
                        "what the command says could not be written to standard output: {reason}"
                    ));
                    code.and_then(ExitCode::Failed)
                }
                None => code,
            },
            Err(failure) => {
                let code = match failure {
                    Failure::Usage(_) => ExitCode::Usage,
                    Failure::Failed(_) => ExitCode::Failed,
                };
                self.console.error(failure);
                code
            }
        }
    }

    /// Says a line.
    pub(super) fn say(&self, line: &Line) {
        match line.level {
            Level::Debug => self.console.debug(&line.text),
            Level::Info => self.console.info(&line.text),
            Level::Warning => self.console.warning(&line.text),
            Level::Error => self.console.error(&line.text),
        }
    }

    /// Hides every secret that is known in what a service said; none where these settings want nothing of that told.
    pub(super) fn veil(&self, sealed: &Sealed) -> Option<Hider<'_>> {
        let hider = || -> Hider<'_> { Box::new(|text| self.console.redact(text).into_owned()) };
        sealed.show_answers.then(hider)
    }

    /// The journals' directory, made if need be.
    pub(super) fn journals(&self) -> Result<PrivateDir, PrivateDirError> {
        journal_home::open(self.settings.journal.as_deref(), &*self.host, &self.environment)
    }
}
