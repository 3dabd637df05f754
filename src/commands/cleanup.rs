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
    each_of_this_run(context, &journals, |one| {
        let owes = match &one {
            // What is sealed is not settled: most need not be read for that.
            Found::Journal(entry) => {
                entry.is_sealed()? || !entry.read().is_ok_and(|reading| reading.ledger.is_settled())
            }
            Found::Unread(_) | Found::Unopened(_) => true,
        };
        if owes {
            found.push(one);
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

/// What is known of a setup of this run by what lies in the directory of journals.
pub(super) enum Found {
    /// Its journal.
    Journal(EntryDir),
    /// Its entry, whose journal can't be read.
    Unread(EntryDir),
    /// The name of its entry alone, which is its marker: the entry is not ours alone, and nothing in it is believed.
    Unopened(String),
}

/// Settles these, one after the other; one that can't be settled does not stop the rest.
pub(super) async fn settle_all(context: &Context, found: &[Found], signals: &Signals) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::Success;
    for one in found {
        let settled = match one {
            Found::Journal(entry) | Found::Unread(entry) => settle::settle(context, entry, signals).await,
            Found::Unopened(marker) => by_name::settle_marker(context, marker, None, signals).await,
        };
        let ended = match settled {
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

/// Hands over what there is of each setup of this run. What is ignored is told.
///
/// One after the other: what is settled stays for a day, and is not to be held open all together.
pub(super) fn each_of_this_run(
    context: &Context,
    journals: &PrivateDir,
    mut take: impl FnMut(Found) -> Result<(), PrivateDirError>,
) -> Result<(), PrivateDirError> {
    for (name, entry) in EntryDir::all(journals)? {
        // The name of an entry is a marker, which says whose it is where nothing else can.
        let is_named_by_us = || by_name::is_of_this_run(context, &name);
        let entry = match entry {
            Ok(entry) => entry,
            Err(PrivateDirError::NotADirectory { .. }) if !is_named_by_us() => continue,
            Err(error) => {
                context
                    .console
                    .warning(&format!("a journal is ignored: {}", in_full(&error.into())));
                if is_named_by_us() {
                    take(Found::Unopened(name))?;
                }
                continue;
            }
        };
        match entry.plan() {
            Ok(plan) => {
                if plan.repository == context.identity.repository && plan.run == context.identity.run_id {
                    take(Found::Journal(entry))?;
                }
            }
            Err(_) if is_named_by_us() => take(Found::Unread(entry))?,
            Err(error) => context.console.warning(&in_full(&error)),
        }
    }
    Ok(())
}
