//! One cleanup from its beginning to its end, over however many entries.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::context::Context;
use super::exit::ExitCode;
use super::job_report::{Part, write_report};
use crate::adapters::signals::Signals;
use crate::domain::ledger::Ledger;
use crate::domain::leftover::Leftover;
use crate::domain::time::Timestamp;
use crate::settings::Sealed;

/// What the entries of one cleanup share.
pub(super) struct Course<'a> {
    /// What may end it early.
    pub(super) signals: &'a Signals,
    begun: Timestamp,
    /// Where whoever asks for this cleanup wants its report, whatever a setup has sealed.
    asked: Option<PathBuf>,
    /// What each report will tell. A file that were written once for each entry would tell of the last one alone.
    reports: BTreeMap<PathBuf, Vec<Done>>,
}

/// What was done about the accounts of one entry.
pub(super) struct Done {
    /// Where each account stands now.
    pub(super) ledger: Ledger,
    /// Those that may still exist.
    pub(super) leftovers: Vec<Leftover>,
    /// The command that tries these once more.
    pub(super) again: String,
    /// How many requests it took.
    pub(super) requests: u64,
    /// How long it took.
    pub(super) took: Duration,
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

    /// Keeps for the report, where there is to be one, what was done.
    pub(super) fn note(&mut self, context: &Context, sealed: &Sealed, done: Done) {
        let own = &context.settings.sealed.report;
        let path = self.asked.as_ref().or(sealed.report.as_ref()).or(own.as_ref());
        if let Some(path) = path {
            self.reports.entry(path.clone()).or_default().push(done);
        }
    }

    /// Writes what is to be read later; gives how the command ends, of which this was the code so far.
    pub(super) fn end(self, context: &Context, code: ExitCode) -> ExitCode {
        let mut ended = code;
        for (path, parts) in &self.reports {
            let parts: Vec<Part<'_>> = parts.iter().map(Done::part).collect();
            if let Err(error) = write_report(context, path, "cleanup", &parts) {
                context.console.error(&error);
                ended = code.and_then(ExitCode::Failed);
            }
        }
        ended
    }
}

impl Done {
    fn part(&self) -> Part<'_> {
        Part {
            ledger: &self.ledger,
            leftovers: &self.leftovers,
            again: &self.again,
            requests: self.requests,
            took: self.took,
        }
    }
}
