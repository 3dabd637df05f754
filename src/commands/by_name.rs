//! Settling accounts without a journal: one that is gone, or another job's. They are known by their names alone, so only
//! what shows a name of ours is deleted.

mod events;
mod listed;
mod told;

pub(super) use told::{OfState, Subject, subject};

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::ground::Ground;
use super::marked::UnderMarker;
use super::settle;
use super::world::Known;
use crate::adapters::entry::EntryDir;
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::plan::{self, Passwords};
use crate::report::Ended;
use crate::settings::{CleanupMarked, OnLeftover};

/// The command that tries once more, from where the accounts are known by now.
const AGAIN: &str = "standin cleanup";

/// Settles accounts whose journal is gone: the marker that the runner's state kept says how they are called. Where their
/// entry is still there, the configuration that setup put aside in it counts.
pub(super) async fn settle_marker(
    context: &Context,
    marker: &str,
    entry: Option<&EntryDir>,
    course: &mut Course<'_>,
) -> Result<ExitCode, Failure> {
    context.console.warning(format!(
        "the journal of `{marker}` is gone; looking for its accounts by their user names"
    ));
    let ground = Ground::without_journal(context, entry, context.run_of(marker)?)?;
    let now = context.clock.now();
    let draft = plan::draw_up(
        &ground.config,
        &ground.variables,
        &ground.run,
        &context.selection(),
        now,
        Passwords::Drawn(&mut UnwrapErr(SysRng)),
    )?;
    let (found, is_whole) = listed::under_the_marker(context, &ground, &draft.planned, course).await?;
    let ledger = listed::ledger(context, draft.planned, found, &ground.config);
    let ended = settle(context, &ground, ledger, now, course).await?;
    let is_settled = ended.leftovers.is_empty() && is_whole;
    let code = course.note(context, &ground.sealed, ended);
    if let Some(entry) = entry.filter(|_| is_settled)
        && let Err(error) = entry.unseal()
    {
        context.console.warning(error);
    }
    // Whoever was in no plan and on no page that was read has nobody else to name it.
    let fails = !is_whole && ground.sealed.on_leftover == OnLeftover::Fail;
    Ok(if fails { code.and_then(ExitCode::Failed) } else { code })
}

/// Settles the accounts of a `state` output, which another job has set.
pub(super) async fn settle_state(
    context: &Context,
    told: OfState,
    course: &mut Course<'_>,
) -> Result<ExitCode, Failure> {
    let now = context.clock.now();
    let number = told.ledger.plan().accounts.len();
    let ended = settle(context, &told.ground, told.ledger, now, course).await?;
    let is_gone = ended.deleted == 0 && ended.absent == number;
    let code = course.note(context, &told.ground.sealed, ended);
    if let Some(text) = told.state.of_earlier_attempt(context).filter(|_| is_gone) {
        context.console.notice(&text);
    }
    Ok(code)
}

/// Settles what was begun at that time.
async fn settle(
    context: &Context,
    ground: &Ground,
    ledger: Ledger,
    begun: Timestamp,
    course: &Course<'_>,
) -> Result<Ended, Failure> {
    let known = Known::new(ground, ledger, course.deadline(&ground.sealed));
    let marked = UnderMarker::new(CleanupMarked::False);
    let ended = settle::settle(context, known, marked, (begun, AGAIN), course.signals).await?;
    settle::tell(context, &ended, &ground.sealed);
    Ok(ended)
}
