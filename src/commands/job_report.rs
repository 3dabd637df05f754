//! The report of a setup or a cleanup as JSON, for whoever reads it with a program.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::context::Context;
use crate::adapters::private_dir::write_private_file;
use crate::domain::account::RemoteId;
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::report;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    run: &'a str,
    phase: &'a str,
    accounts: Vec<ReportAccount<'a>>,
    leftovers: Vec<ReportLeftover<'a>>,
    requests: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct ReportAccount<'a> {
    service: &'a str,
    account: &'a str,
    username: &'a str,
    id: Option<&'a str>,
    status: String,
}

/// An account that may be left, as every report has it.
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

/// What was done about one setup's accounts, as far as a report tells it.
pub(super) struct Part<'a> {
    /// Where each account stands.
    pub(super) ledger: &'a Ledger,
    /// Those that may exist.
    pub(super) leftovers: &'a [Leftover],
    /// The command that tries what is left once more.
    pub(super) again: &'a str,
    /// How many requests it took.
    pub(super) requests: u64,
    /// How long it took.
    pub(super) took: Duration,
}

/// Writes the report of these parts, which are all of one run.
pub(super) fn write_report(context: &Context, path: &Path, phase: &str, parts: &[Part<'_>]) -> anyhow::Result<()> {
    let took: Duration = parts.iter().map(|part| part.took).sum();
    let report = Report {
        version: 1,
        run: parts
            .first()
            .map_or(&context.identity.run_id, |part| &part.ledger.plan().run),
        phase,
        accounts: parts.iter().flat_map(accounts).collect(),
        leftovers: parts.iter().flat_map(leftovers).collect(),
        requests: parts.iter().map(|part| part.requests).sum(),
        seconds: took.as_secs_f64(),
    };
    let json = serde_json::to_string_pretty(&report)?;
    write_private_file(path, context.console.redact(&json).as_bytes()).context("the report can't be written")
}

fn accounts<'a>(part: &Part<'a>) -> impl Iterator<Item = ReportAccount<'a>> + use<'a> {
    let ledger = part.ledger;
    (0..ledger.plan().accounts.len()).map(|place| {
        let account = ledger.account(place);
        ReportAccount {
            service: account.key.service.as_str(),
            account: &account.key.account,
            username: &account.username,
            id: ledger.record(place).known_as.as_ref().map(RemoteId::as_str),
            status: ledger.record(place).status.to_string(),
        }
    })
}

fn leftovers<'a>(part: &Part<'a>) -> impl Iterator<Item = ReportLeftover<'a>> + use<'a> {
    let again = part.again;
    let left = part.leftovers.iter();
    left.map(move |leftover| ReportLeftover::of(leftover, &leftover.key.account, again))
}
