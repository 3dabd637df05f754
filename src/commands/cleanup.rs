//! `cleanup`: settles what setups of this run have left to be deleted.

use anyhow::Context as _;

use super::context::{Context, in_full};
use super::exit::{ExitCode, Failure};
use super::{by_name, settle};
use crate::adapters::entry::EntryDir;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};
use crate::adapters::signals::Signals;

/// The command: what a `state` names, else every unsettled journal of this run.
pub(super) async fn cleanup(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("signals can't be listened for")?;
    if let Some(state) = &context.settings.state {
        return Ok(by_name::settle_state(context, state, &signals).await?.code());
    }
    let journals = context.journals()?;
    let mut found = Vec::new();
    each_of_this_run(context, &journals, |entry, is_readable| {
        // What is sealed is not settled: most need not be read for that.
        let is_settled = || entry.read().is_ok_and(|reading| reading.ledger.is_settled());
        if !is_readable || entry.is_sealed()? || !is_settled() {
            found.push(entry);
        }
        Ok(())
    })?;
    if found.is_empty() {
        context.console.info(&format!(
            "nothing is left to delete: `{}` holds no unsettled journal of this run",
            journals.path().display()
        ));
    }
    settle_all(context, &found, &signals).await
}

/// Settles these entries, one after the other; one that can't be settled does not stop the rest.
pub(super) async fn settle_all(
    context: &Context,
    entries: &[EntryDir],
    signals: &Signals,
) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::Success;
    for entry in entries {
        let ended = match settle::settle(context, entry, signals).await {
            Ok(outcome) => outcome.code(),
            Err(failure) => context.end(Err(failure)),
        };
        if matches!(ended, ExitCode::Signal(_)) {
            return Ok(ended);
        }
        code = if code == ExitCode::Success { ended } else { code };
    }
    Ok(code)
}

/// Hands over each entry of this run, and whether its journal can be read. What is ignored is told.
///
/// One after the other: what is settled stays for a day, and is not to be held open all together.
pub(super) fn each_of_this_run(
    context: &Context,
    journals: &PrivateDir,
    mut take: impl FnMut(EntryDir, bool) -> Result<(), PrivateDirError>,
) -> Result<(), PrivateDirError> {
    for entry in EntryDir::all(journals)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                context
                    .console
                    .warning(&format!("a journal is ignored: {}", in_full(&error.into())));
                continue;
            }
        };
        match entry.plan() {
            Ok(plan) => {
                if plan.repository == context.identity.repository && plan.run == context.identity.run_id {
                    take(entry, true)?;
                }
            }
            // What can't be read is looked for by name, if the name of the entry is a marker of this run.
            Err(_) if by_name::is_of_this_run(context, entry.name()) => take(entry, false)?,
            Err(error) => context.console.warning(&in_full(&error)),
        }
    }
    Ok(())
}
