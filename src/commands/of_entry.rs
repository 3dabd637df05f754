//! Settling one entry of the journals' directory: what its journal owes is deleted, or named.

use std::time::Duration;

use super::by_name;
use super::context::Context;
use super::course::Course;
use super::credentials;
use super::exit::{ExitCode, Failure};
use super::ground;
use super::marked::UnderMarker;
use super::sealed::SealedCopy;
use super::settle;
use super::world::Known;
use crate::adapters::entry::{EntryDir, Lock};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::why::Why;
use crate::engine::Settled;

/// How long a setup that still runs is given to stop, once it was told to.
const STOP_WAIT: Duration = Duration::from_secs(30);
const STOP_LOOK: Duration = Duration::from_millis(50);

/// Settles one entry; gives how the command ends after it.
///
/// What fails on the way to the first delete is told, and deleting goes on without it: a full disk keeps no account alive.
pub(super) async fn settle(context: &Context, entry: &EntryDir, course: &mut Course<'_>) -> Result<ExitCode, Failure> {
    if let Err(error) = entry.put_stop() {
        context.console.warning(error);
    }
    let lock = lock(context, entry, course).await;
    credentials::hide(context, entry);
    credentials::forget(context, entry);
    let reading = match entry.read() {
        Ok(reading) => reading,
        Err(error) => {
            context.console.warning(&error);
            return by_name::settle_marker(context, entry.name(), Some(entry), course).await;
        }
    };
    for remark in &reading.remarks {
        context.console.warning(format!("journal: {remark}"));
    }
    let ledger = reading.ledger;
    if ledger.is_settled() && !settle::is_cut(&ledger) {
        context
            .console
            .info("nothing is left to delete: everything in the journal is settled");
        tidy(context, entry, &ledger);
        return Ok(ExitCode::Success);
    }
    let begun = context.clock.now();
    let (sealed, ground) = ground::of_entry(context, entry, &ledger);
    let again = settle::again(context, entry);
    let ended = match &ground {
        Ok(ground) => {
            let journal = entry.resume();
            if let Err(error) = &journal {
                context
                    .console
                    .warning(Why::from(error).map(|why| format!("{why}; deleting goes on without it")));
            }
            let known = Known::new(ground, ledger, course.deadline(&sealed))
                .with_journal(journal.ok())
                .with_kept(context, entry);
            let marked = UnderMarker::new(sealed.cleanup_marked);
            settle::settle(context, known, marked, (begun, &again), course.signals).await?
        }
        Err(reason) => {
            let settled = nothing_possible(&ledger, reason);
            settle::ended(settled, ledger, &again, 0, context.clock.now().since(begun))
        }
    };
    drop(lock);
    settle::tell(context, &ended, &sealed);
    tidy(context, entry, &ended.ledger);
    Ok(course.note(context, &sealed, ended))
}

/// Waits until nobody else works in the entry; a setup that is there has been told to stop. Whoever tells us to stop waits
/// for nobody. Half of the time that is left stays for deleting.
async fn lock(context: &Context, entry: &EntryDir, course: &Course<'_>) -> Option<Lock> {
    let begun = context.clock.now();
    let sealed = entry.sealed::<SealedCopy>().ok().flatten();
    let sealed = sealed.map_or_else(|| context.settings.sealed.clone(), |copy| context.over(copy.settings));
    let wait = STOP_WAIT.min(course.deadline(&sealed).since(begun) / 2);
    let mut said = false;
    loop {
        match entry.try_lock() {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => {}
            Err(error) => {
                context.console.warning(&error);
                return None;
            }
        }
        if context.clock.now().since(begun) >= wait {
            context
                .console
                .warning("another process still works on these accounts; deleting goes on beside it");
            return None;
        }
        if !said {
            said = true;
            context
                .console
                .info("waiting for another process that works on these accounts to stop");
        }
        tokio::select! {
            () = tokio::time::sleep(STOP_LOOK) => {}
            _ = course.signals.nth(0) => return None,
        }
    }
}

/// Every debt as a leftover, for one reason.
fn nothing_possible(ledger: &Ledger, reason: &Why) -> Settled {
    let leftovers = ledger
        .debts()
        .map(|place| Leftover {
            key: ledger.account(place).key.clone(),
            ids: ledger.record(place).ids.clone(),
            username: ledger.account(place).username.clone(),
            reason: Reason::Unusable,
            detail: reason.clone(),
        })
        .collect();
    Settled {
        leftovers,
        ..Settled::default()
    }
}

/// Removes what is no longer needed: once nothing is owed, the sealed copy.
pub(super) fn tidy(context: &Context, entry: &EntryDir, ledger: &Ledger) {
    credentials::forget(context, entry);
    if ledger.is_settled()
        && let Err(error) = entry.unseal()
    {
        context.console.warning(error);
    }
}
