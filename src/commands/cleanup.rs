//! `cleanup`: settles what setups of this run have left to be deleted.

use anyhow::Context as _;

use super::context::{Context, in_full};
use super::exit::{ExitCode, Failure};
use super::{by_name, settle};
use crate::adapters::entry::EntryDir;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};
use crate::adapters::signals::Signals;
use crate::domain::ledger::Ledger;

/// The command: what a `state` names, else every unsettled journal of this run.
pub(super) async fn cleanup(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("signals can't be listened for")?;
    if let Some(state) = &context.settings.state {
        return Ok(by_name::settle_state(context, state, &signals).await?.code());
    }
    let journals = context.journals()?;
    let mut found = Vec::new();
    for (entry, ledger) in of_this_run(context, &journals)? {
        let is_owed = match ledger {
            Some(ledger) => !ledger.is_settled() || entry.is_sealed()?,
            None => true,
        };
        if is_owed {
            found.push(entry);
        }
    }
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

/// The entries of this run, each with what its journal says, if that can be read. What is ignored is told.
pub(super) fn of_this_run(
    context: &Context,
    journals: &PrivateDir,
) -> Result<Vec<(EntryDir, Option<Ledger>)>, PrivateDirError> {
    let mut found = Vec::new();
    let (entries, refused) = EntryDir::all(journals)?;
    for error in refused {
        context
            .console
            .warning(&format!("a journal is ignored: {}", in_full(&error.into())));
    }
    for entry in entries {
        match entry.read() {
            Ok(reading) => {
                let plan = reading.ledger.plan();
                if plan.repository == context.identity.repository && plan.run == context.identity.run_id {
                    found.push((entry, Some(reading.ledger)));
                }
            }
            // What can't be read is looked for by name, if the name of the entry is a marker of this run.
            Err(_) if by_name::is_of_this_run(context, entry.name()) => found.push((entry, None)),
            Err(error) => context.console.warning(&in_full(&error)),
        }
    }
    Ok(found)
}
