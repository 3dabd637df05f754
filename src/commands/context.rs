//! What every command has at hand.

use std::sync::Arc;
use std::time::Duration;

use super::exit::{ExitCode, Failure};
use crate::adapters::clock::Clock;
use crate::adapters::console::Console;
use crate::adapters::environment::ProcessEnv;
use crate::adapters::hosts::{Host, RunIdentity};
use crate::adapters::http::Gates;
use crate::adapters::journal_home;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};
use crate::adapters::{small_file, state_file};
use crate::cli::{ActionPhase, Command, Invocation};
use crate::domain::marker::{Marker, Origin};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::plan::{Run, Selection};
use crate::report::Line;
use crate::settings::{Mode, Sealed, Settings};

/// So many answers are seen to before more are taken from the system. Those of a burst would else all be read before any is
/// judged, and all judged before any next request is sent, so that each waited for all the others.
const EVENTS_AT_ONCE: usize = 8;

/// What every command has at hand.
pub(super) struct Context {
    /// Where this runs.
    pub host: Arc<dyn Host>,
    /// The variables, captured once.
    pub environment: ProcessEnv,
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
        environment: ProcessEnv,
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
                "`state-file` is not a path; it seems to be the state itself",
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
        self.console.say(line.level, None, &line.text);
    }

    /// Who makes accounts in this run.
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            repository: &self.identity.repository,
            run: &self.identity.run_id,
            attempt: self.identity.attempt,
        }
    }

    /// This run, with a marker for an invocation of its own.
    pub(super) fn run(&self, prefix: &str, now: Timestamp, ttl: Duration, invocation: &str) -> Run {
        let marker = Marker::new(prefix, now, ttl, &self.origin(), invocation);
        Run {
            url: self.identity.url.clone(),
            ..self.run_under(marker)
        }
    }

    /// This run, in which nothing is created: its marker marks nothing.
    pub(super) fn idle_run(&self, prefix: &str, now: Timestamp) -> Run {
        self.run(prefix, now, Duration::ZERO, "00000")
    }

    /// The run that a marker is of: this one, or nothing is deleted.
    pub(super) fn run_of(&self, marker: &str) -> Result<Run, Failure> {
        let marker = Marker::at_front_of(marker)
            .filter(|found| found.as_str() == marker)
            .ok_or_else(|| Failure::usage("this is not a marker of Standin: nothing is deleted"))?;
        if !marker.is_of_run(&self.origin()) {
            let identity = &self.identity;
            return Err(Failure::usage(format!(
                "`{marker}` is the marker of another run than `{}` of `{}`: nothing is deleted",
                identity.run_id, identity.repository
            )));
        }
        Ok(self.run_under(marker))
    }

    fn run_under(&self, marker: Marker) -> Run {
        Run {
            repository: self.identity.repository.clone(),
            id: self.identity.run_id.clone(),
            attempt: self.identity.attempt,
            url: None,
            marker,
        }
    }

    /// Is this the marker of an invocation of this run?
    pub(super) fn is_of_this_run(&self, marker: &str) -> bool {
        self.run_of(marker).is_ok()
    }

    /// The accounts that are meant.
    pub(super) fn selection(&self) -> Selection {
        Selection {
            services: self.settings.only.clone(),
            personas: self.settings.persona.clone(),
        }
    }

    /// Is the configuration to be proved, with one account in each service?
    pub(super) fn is_check(&self) -> bool {
        let of_action = self.invocation.command == Command::Action(ActionPhase::Main);
        self.invocation.command == Command::Check || (of_action && self.settings.mode == Mode::Check)
    }

    /// The journals' directory, made if need be.
    pub(super) fn journals(&self) -> Result<PrivateDir, PrivateDirError> {
        journal_home::open(self.settings.journal.as_deref(), &*self.host, &self.environment)
    }
}
