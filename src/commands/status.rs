//! `status`: are the accounts that setups of this run have made alive and ready? Nothing is changed.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tracing::Instrument as _;

use super::by_name::{self, OfState, Subject};
use super::cleanup::{self, Trace};
use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::world::Known;
use super::{credentials, ground, load, settle};
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::domain::account::{RemoteId, is_witness};
use crate::domain::ledger::Ledger;
use crate::domain::standing::Standing;
use crate::domain::why::Why;
use crate::report::{self, AccountRow, Phase, plural};
use crate::settings::DataFormat;

/// How often `watch` looks. Each look may have to log in anew.
const WATCH: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct StatusReport<'a> {
    version: u32,
    ready: bool,
    accounts: &'a [AccountRow],
}

/// The command: what a `state` names, else every unsettled journal of this run.
pub(super) async fn status(context: &Context) -> Result<ExitCode, Failure> {
    load::refuse_todos(context)?;
    let signals = Signals::listen().context("can't listen for signals")?;
    loop {
        let (rows, is_whole) = look(context, &signals).await?;
        let are_ready = rows.iter().all(|row| row.status == Standing::Ready.word());
        let is_ready = is_whole && !rows.is_empty() && are_ready;
        if signals.first().is_some() {
            // Who watches is ended by a signal: what was seen last is not half a look.
            return Ok(signals
                .first()
                .filter(|_| !context.settings.watch)
                .map_or(ExitCode::Success, ExitCode::Signal));
        }
        tell(context, &rows, is_ready)?;
        if !is_ready {
            return Ok(ExitCode::Failed);
        }
        if !context.settings.watch {
            return Ok(ExitCode::Success);
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH) => {}
            _ = signals.nth(0) => return Ok(ExitCode::Success),
        }
    }
}

/// Asks for every account once, and says whether those are all: the accounts of a setup whose journal can't be read are not
/// known, and may be anything but ready.
async fn look(context: &Context, signals: &Signals) -> Result<(Vec<AccountRow>, bool), Failure> {
    let Some(text) = &context.state()? else {
        let journals = context.journals()?;
        let mut found = Vec::new();
        let mut is_whole = true;
        cleanup::each_of_this_run(context, &journals, |one| {
            let (Trace::Journal(entry) | Trace::Unread(entry)) = one else {
                is_whole = false;
                return Ok(());
            };
            let ledger = entry.read().ok().map(|reading| reading.ledger);
            if ledger.as_ref().is_none_or(|ledger| !ledger.is_settled()) {
                found.push((entry, ledger));
            }
            Ok(())
        })?;
        let mut rows = Vec::new();
        for (entry, ledger) in found {
            if let Some(ledger) = ledger {
                rows.extend(of_entry(context, &entry, ledger, signals).await?);
                continue;
            }
            is_whole = false;
            context.console.warning(Why::hinted(
                format!(
                    "the journal of `{}` can't be read, and its accounts are not known",
                    entry.name()
                ),
                "`standin cleanup` looks for them by their names",
            ));
        }
        if rows.is_empty() {
            context.console.error(Why::hinted(
                format!(
                    "there are no accounts: `{}` holds no unsettled journal of this run",
                    journals.path().display()
                ),
                "run `standin setup` first; in another job give the setup's output `state`",
            ));
        }
        return Ok((rows, is_whole));
    };
    match by_name::subject(context, text)? {
        Subject::Journal(entry) => {
            let ledger = entry.read()?.ledger;
            Ok((of_entry(context, &entry, ledger, signals).await?, true))
        }
        Subject::State(told) => {
            let OfState { state, ground, ledger } = *told;
            let deadline = context.clock.now() + ground.sealed.cleanup_deadline;
            let rows = inspect(context, Known::new(&ground, ledger, deadline), signals).await?;
            let is_gone = rows
                .iter()
                .all(|row| row.status == Standing::Missing(String::new()).word());
            if let Some(text) = state.of_earlier_attempt(context).filter(|_| is_gone) {
                context.console.notice(&text);
            }
            Ok((rows, true))
        }
    }
}

/// Asks for the accounts of an entry, by the configuration that setup put aside in it.
async fn of_entry(
    context: &Context,
    entry: &EntryDir,
    ledger: Ledger,
    signals: &Signals,
) -> Result<Vec<AccountRow>, Failure> {
    credentials::hide(context, entry);
    let (sealed, ground) = ground::of_entry(context, entry, &ledger);
    let ground = match ground {
        Ok(ground) => ground,
        Err(reason) => {
            let unknown = vec![Standing::Unknown(reason); ledger.plan().accounts.len()];
            return Ok(rows(&ledger, &unknown));
        }
    };
    let deadline = context.clock.now() + sealed.cleanup_deadline;
    let known = Known::new(&ground, ledger, deadline).with_kept(context, entry);
    inspect(context, known, signals).await
}

async fn inspect(context: &Context, known: Known<'_>, signals: &Signals) -> Result<Vec<AccountRow>, Failure> {
    let asked = known.engage(context, Phase::Status, signals, async |engine| engine.inspect().await);
    let phase = tracing::info_span!("phase", name = "status");
    let (standings, ledger, _requests) = asked.instrument(phase).await?;
    Ok(rows(&ledger, &standings))
}

fn rows(ledger: &Ledger, standings: &[Standing]) -> Vec<AccountRow> {
    AccountRow::all(ledger, |record| record.known_as.as_ref())
        .into_iter()
        .zip(standings)
        // What a cleanup has made to show something is none of the setup's.
        .filter(|(row, _)| !is_witness(&row.account))
        .map(|(row, standing)| AccountRow {
            status: standing.word().to_owned(),
            reason: Some(standing.reason()),
            ..row
        })
        .collect()
}

/// What was seen, for people or for programs.
fn tell(context: &Context, rows: &[AccountRow], is_ready: bool) -> anyhow::Result<()> {
    if context.settings.format == DataFormat::Json {
        let report = StatusReport {
            version: 1,
            ready: is_ready,
            accounts: rows,
        };
        context.console.data(&serde_json::to_string(&report)?);
    } else if !rows.is_empty() {
        context.console.data(&report::table(HEAD, &cells(rows)));
    }
    let ready = rows.iter().filter(|row| row.status == Standing::Ready.word()).count();
    let text = format!("{ready} of {} ready", plural(rows.len(), "account"));
    if context.settings.sealed.summary && !rows.is_empty() {
        settle::write_summary(context, &report::status_summary(&text, HEAD, &cells(rows)));
    }
    if is_ready {
        context.console.info(&text);
    } else if !rows.is_empty() {
        context
            .console
            .error(Why::hinted(text, "the table says why the others are not"));
    }
    Ok(())
}

const HEAD: &[&str] = &["service", "account", "user name", "id", "status", "why"];

fn cells(rows: &[AccountRow]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| {
            let id = row.id.as_ref().map(RemoteId::as_str).unwrap_or_default();
            let reason = row.reason.as_deref().unwrap_or_default();
            [&row.service, &row.account, &row.username, id, &row.status, reason]
                .map(str::to_owned)
                .to_vec()
        })
        .collect()
}
