//! What a sweep has found, for people and for programs.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use crate::adapters::private_dir::write_private_file;
use crate::commands::context::Context;
use crate::commands::job_report::ReportLeftover;
use crate::domain::account::{RemoteId, ServiceName};
use crate::domain::leftover::Leftover;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::report::{self, plural};
use crate::settings::DataFormat;

/// Rows of the table; more are only counted.
const ROWS_MAX: usize = 1_000;

/// A marked account that a list showed.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) service: ServiceName,
    pub(super) username: String,
    pub(super) id: RemoteId,
    /// When the list showed it.
    #[serde(skip)]
    pub(super) at: Timestamp,
    /// What becomes of it.
    pub(super) what: Fate,
    /// Why it stays, or is left.
    pub(super) why: String,
}

/// What becomes of a marked account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// It is to be deleted.
    Delete,
    /// It is deleted, and seen to be gone where the service is asked.
    Deleted,
    /// It could not be deleted.
    Left,
    /// It stays.
    Kept,
}

impl Fate {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Deleted => "deleted",
            Self::Left => "left",
            Self::Kept => "kept",
        }
    }
}

/// How the listing of a service went.
#[derive(Serialize)]
pub(super) struct List {
    pub(super) service: ServiceName,
    /// How often it was read: again until nobody new was shown.
    pub(super) readings: usize,
    pub(super) pages: usize,
    pub(super) accounts: usize,
    /// Was the service asked for the accounts of the configuration's prefix alone?
    pub(super) filtered: bool,
    pub(super) incomplete: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    run: &'a str,
    phase: &'a str,
    dry_run: bool,
    services: &'a [List],
    accounts: &'a [Found],
    leftovers: Vec<ReportLeftover<'a>>,
    requests: u64,
    seconds: f64,
}

/// What was found, for people or for programs.
pub(super) fn tell(context: &Context, found: &[Found]) {
    if context.settings.format == DataFormat::Json {
        return;
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .take(ROWS_MAX)
        .map(|found| {
            vec![
                found.service.to_string(),
                found.username.clone(),
                found.id.to_string(),
                found.what.as_str().to_owned(),
                found.why.clone(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        context
            .console
            .data(&report::table(&["service", "user name", "id", "", "why"], &rows));
    }
}

pub(super) fn write(
    context: &Context,
    lists: &[List],
    found: &[Found],
    leftovers: &[Leftover],
    (requests, took): (u64, Duration),
) -> anyhow::Result<()> {
    let report = Report {
        version: 1,
        run: &context.identity.run_id,
        phase: "sweep",
        dry_run: context.settings.sweep.dry_run,
        services: lists,
        accounts: found,
        leftovers: leftovers
            .iter()
            .map(|leftover| ReportLeftover::of(leftover, copy_of(&leftover.username), "standin sweep"))
            .collect(),
        requests,
        seconds: took.as_secs_f64(),
    };
    let json = serde_json::to_string_pretty(&report)?;
    if context.settings.format == DataFormat::Json {
        context.console.data(&json);
    }
    if let Some(path) = &context.settings.sealed.report {
        write_private_file(path, context.console.redact(&json).as_bytes()).context("the report can't be written")?;
    }
    Ok(())
}

/// The copy of a persona that a name is for: what follows the marker.
fn copy_of(username: &str) -> &str {
    Marker::at_front_of(username).map_or(username, |marker| {
        username[marker.as_str().len()..].trim_start_matches('-')
    })
}

pub(super) fn say_outcome(context: &Context, lists: &[List], hits: usize) {
    let accounts: usize = lists.iter().map(|list| list.accounts).sum();
    let listed = format!(
        "{} listed in {}",
        plural(accounts, "account"),
        plural(lists.len(), "service")
    );
    let text = match (hits, context.settings.sweep.dry_run) {
        (0, _) => format!("{listed}, none to sweep"),
        (hits, true) => format!("{listed}, {hits} to sweep; nothing was deleted, as `dry-run` asks"),
        (hits, false) => format!("{listed}, {hits} of them to sweep"),
    };
    context.console.info(&text);
}
