//! The report of a command as JSON, for whoever reads it with a program.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::context::Context;
use crate::adapters::private_dir::write_private_file;
use crate::domain::account::RemoteId;
use crate::domain::leftover::{Leftover, Reason};
use crate::report::{self, AccountRow, Ended};

/// What every report has: `A` tells of the accounts.
#[derive(Serialize)]
pub(super) struct Report<'a, A, S = ()> {
    version: u32,
    run: &'a str,
    phase: &'a str,
    /// What a sweep tells beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<&'a [S]>,
    accounts: &'a [A],
    leftovers: Vec<ReportLeftover<'a>>,
    requests: u64,
    seconds: f64,
}

/// An account that may be left.
#[derive(Serialize)]
pub(super) struct ReportLeftover<'a> {
    service: &'a str,
    account: &'a str,
    id: Option<&'a str>,
    username: &'a str,
    reason: Reason,
    hint: String,
}

impl<'a> ReportLeftover<'a> {
    /// `again` is the command that tries once more.
    pub(super) fn of(leftover: &'a Leftover, account: &'a str, again: &str) -> Self {
        Self {
            service: leftover.key.service.as_str(),
            account,
            id: leftover.ids.first().map(RemoteId::as_str),
            username: &leftover.username,
            reason: leftover.reason,
            hint: report::hint(leftover, again),
        }
    }
}

impl<'a, A: Serialize, S: Serialize> Report<'a, A, S> {
    /// A report of accounts.
    pub(super) fn new(
        (run, phase): (&'a str, &'a str),
        accounts: &'a [A],
        leftovers: Vec<ReportLeftover<'a>>,
        (requests, took): (u64, Duration),
    ) -> Self {
        Self {
            version: 1,
            run,
            phase,
            dry_run: None,
            services: None,
            accounts,
            leftovers,
            requests,
            seconds: took.as_secs_f64(),
        }
    }

    /// The same of a sweep, with the services that were listed.
    pub(super) fn of_sweep(self, is_dry: bool, services: &'a [S]) -> Self {
        Self {
            dry_run: Some(is_dry),
            services: Some(services),
            ..self
        }
    }

    /// It as text.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

/// Writes a report to a file.
pub(super) fn write(context: &Context, path: &Path, json: &str) -> anyhow::Result<()> {
    write_private_file(path, context.console.redact(json).as_bytes()).context("the report can't be written")
}

/// Writes how these ended, which are all of one run.
pub(super) fn write_report(context: &Context, path: &Path, phase: &str, parts: &[Ended]) -> anyhow::Result<()> {
    let run = parts
        .first()
        .map_or(&context.identity.run_id, |part| &part.ledger.plan().run);
    let rows = |part: &Ended| AccountRow::all(&part.ledger, |record| record.known_as.as_ref());
    let accounts: Vec<AccountRow> = parts.iter().flat_map(rows).collect();
    let left = parts
        .iter()
        .flat_map(|part| part.leftovers.iter().map(move |leftover| (part, leftover)));
    let leftovers = left.map(|(part, leftover)| ReportLeftover::of(leftover, &leftover.key.account, &part.again));
    let requests = parts.iter().map(|part| part.requests).sum();
    let took = parts.iter().map(|part| part.took).sum();
    let report: Report<'_, AccountRow> = Report::new((run, phase), &accounts, leftovers.collect(), (requests, took));
    write(context, path, &report.json()?)
}
