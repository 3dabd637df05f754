//! One cleanup from its beginning to its end, over however many entries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::context::Context;
use super::exit::ExitCode;
use super::job_report::write_report;
use crate::adapters::signals::Signals;
use crate::domain::time::Timestamp;
use crate::report::Ended;
use crate::settings::{OnLeftover, Sealed};

/// What the entries of one cleanup share.
pub(super) struct Course<'a> {
    /// What may end it early.
    pub(super) signals: &'a Signals,
    begun: Timestamp,
    /// Where whoever asks for this cleanup wants its report, whatever a setup has sealed.
    asked: Option<PathBuf>,
    /// What each report will tell. A file that were written once for each entry would tell of the last one alone.
    reports: BTreeMap<PathBuf, Vec<Ended>>,
}

impl<'a> Course<'a> {
    /// One that begins now.
    pub(super) fn begin(context: &Context, signals: &'a Signals) -> Self {
        Self {
            signals,
            begun: context.clock.now(),
            asked: None,
            reports: BTreeMap::new(),
        }
    }

    /// The same, asked for by somebody whose own `report` holds. It is written also when there is nothing to do: a later
    /// step reads it.
    pub(super) fn with_own_report(mut self, context: &Context) -> Self {
        self.asked.clone_from(&context.settings.sealed.report);
        self.reports.extend(self.asked.clone().map(|path| (path, Vec::new())));
        self
    }

    /// When it must have ended, by the settings of an entry. Every entry's time counts from the beginning of the whole: what
    /// one has used is not there for the next.
    pub(super) fn deadline(&self, sealed: &Sealed) -> Timestamp {
        self.begun + sealed.cleanup_deadline
    }

    /// Keeps for the report, where there is to be one, how one entry's accounts ended; gives how the command ends after that,
    /// by the settings of the entry.
    pub(super) fn note(&mut self, context: &Context, sealed: &Sealed, ended: Ended) -> ExitCode {
        let fails = sealed.on_leftover == OnLeftover::Fail && !ended.leftovers.is_empty();
        let own = &context.settings.sealed.report;
        let path = self.asked.as_ref().or(sealed.report.as_ref()).or(own.as_ref());
        if let Some(path) = path {
            self.reports.entry(path.clone()).or_default().push(ended);
        }
        match self.signals.first() {
            Some(signal) => ExitCode::Signal(signal),
            None if fails => ExitCode::Failed,
            None => ExitCode::Success,
        }
    }

    /// Writes what is to be read later; gives how the command ends, of which this was the code so far.
    pub(super) fn end(self, context: &Context, code: ExitCode) -> ExitCode {
        let mut ended = code;
        for (path, parts) in &self.reports {
            if let Err(error) = write_report(context, path, "cleanup", parts) {
                context.console.error(&error);
                ended = code.and_then(ExitCode::Failed);
            }
        }
        ended
    }
}
