//! `status`: are the accounts that setups of this run have made alive and ready? Nothing is changed.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tracing::Instrument as _;

use super::by_name::{self, Subject};
use super::cleanup::{self, Found};
use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::known::{Kept, Known, kept, ready, recall};
use super::{credentials, load, settle};
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::domain::account::{RemoteId, is_witness};
use crate::domain::ledger::Ledger;
use crate::domain::standing::Standing;
use crate::domain::why::Why;
use crate::report::{self, Narrator, Phase, plural};
use crate::settings::DataFormat;

/// How often `watch` looks. Each look may have to log in anew.
const WATCH: Duration = Duration::from_secs(30);

/// How one account stands.
#[derive(Serialize)]
struct Row {
    service: String,
    account: String,
    username: String,
    id: Option<RemoteId>,
    status: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    ready: bool,
    accounts: &'a [Row],
}

/// The command: what a `state` names, else every unsettled journal of this run.
pub(super) async fn status(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("signals can't be listened for")?;
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
async fn look(context: &Context, signals: &Signals) -> Result<(Vec<Row>, bool), Failure> {
    let Some(text) = &context.state()? else {
        let journals = context.journals()?;
        let mut found = Vec::new();
        let mut is_whole = true;
        cleanup::each_of_this_run(context, &journals, |one| {
            let (Found::Journal(entry) | Found::Unread(entry)) = one else {
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
            let earlier = told.of_earlier_attempt(context);
            let (known, ledger) = told.known(context);
            let rows = inspect(context, known, ledger, signals).await?;
            let is_gone = rows
                .iter()
                .all(|row| row.status == Standing::Missing(String::new()).word());
            if let Some(text) = earlier.filter(|_| is_gone) {
                context.console.notice(&text);
            }
            Ok((rows, true))
        }
    }
}

/// Asks for the accounts of an entry, by the configuration that setup put aside in it.
async fn of_entry(context: &Context, entry: &EntryDir, ledger: Ledger, signals: &Signals) -> Result<Vec<Row>, Failure> {
    credentials::hide(context, entry);
    let Kept {
        document,
        sealed,
        files,
    } = kept(context, entry);
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let (config, run) = match document.and_then(|document| ready(&document, &variables, &sealed, &ledger)) {
        Ok(found) => found,
        Err(reason) => {
            let unknown = vec![Standing::Unknown(reason); ledger.plan().accounts.len()];
            return Ok(rows(&ledger, &unknown));
        }
    };
    let known = Known {
        config: &config,
        variables: &variables,
        run: &run,
        sealed: &sealed,
        journal: None,
        kept: recall(context, entry),
        files: files.unwrap_or_default(),
        deadline: context.clock.now() + sealed.cleanup_deadline,
    };
    inspect(context, known, ledger, signals).await
}

async fn inspect(context: &Context, known: Known<'_>, ledger: Ledger, signals: &Signals) -> Result<Vec<Row>, Failure> {
    let narrator = Narrator::new(
        Phase::Cleanup,
        ledger.plan().accounts.len(),
        context.console.is_verbose(),
    );
    let asked = known.engage(context, ledger, narrator, signals, async |engine| {
        engine.inspect().await
    });
    let phase = tracing::info_span!("phase", name = "status");
    let (standings, ledger, _requests) = asked.instrument(phase).await?;
    context.console.end_progress();
    Ok(rows(&ledger, &standings))
}

fn rows(ledger: &Ledger, standings: &[Standing]) -> Vec<Row> {
    standings
        .iter()
        .enumerate()
        // What a cleanup has made to show something is none of the setup's.
        .filter(|(place, _)| !is_witness(&ledger.account(*place).key.account))
        .map(|(place, standing)| {
            let account = ledger.account(place);
            Row {
                service: account.key.service.to_string(),
                account: account.key.account.clone(),
                username: account.username.clone(),
                id: ledger.record(place).known_as.clone(),
                status: standing.word(),
                reason: standing.reason(),
            }
        })
        .collect()
}

/// What was seen, for people or for programs.
fn tell(context: &Context, rows: &[Row], is_ready: bool) -> anyhow::Result<()> {
    if context.settings.format == DataFormat::Json {
        let report = Report {
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

fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| {
            let id = row.id.as_ref().map(RemoteId::as_str).unwrap_or_default();
            [&row.service, &row.account, &row.username, id, row.status, &row.reason]
                .map(str::to_owned)
                .to_vec()
        })
        .collect()
}
