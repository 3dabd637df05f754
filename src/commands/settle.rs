//! Taking accounts back, and telling how it went: what rollback, `cleanup`, post, `run`, a cleanup by name and a sweep share.

use std::iter;
use std::time::Duration;

use tracing::{Instrument as _, Span};

use super::context::Context;
use super::exit::Failure;
use super::marked::UnderMarker;
use super::world::Known;
use crate::adapters::boot;
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::domain::ledger::Ledger;
use crate::domain::level::Level;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Settled};
use crate::report::{Ended, Phase, plural};
use crate::settings::{OnLeftover, Sealed};

/// Has an engine take back what its ledger owes, under a title in the log if there is one.
pub(super) async fn take_back(
    context: &Context,
    engine: &mut Engine<'_, LiveWorld<'_>>,
    title: Option<&str>,
    phase: Span,
) -> Settled {
    let group = title.map(|title| context.console.group(title));
    let work = async {
        let lost = if is_cut(&engine.ledger()) {
            engine.recover().await
        } else {
            Vec::new()
        };
        let mut settled = engine.settle().await;
        settled.leftovers.extend(lost);
        settled
    };
    let settled = work.instrument(phase).await;
    drop(group);
    settled
}

/// May the machine have taken lines of the journal with it that told of more?
pub(super) fn is_cut(ledger: &Ledger) -> bool {
    !ledger.is_complete() && ledger.plan().boot.is_some() && ledger.plan().boot != boot::id()
}

/// Takes known accounts back, and those under their marker that are not known, which was begun at that time; `again` is the command that tries once more.
pub(super) async fn settle(
    context: &Context,
    known: Known<'_>,
    marked: UnderMarker,
    (begun, again): (Timestamp, &str),
    signals: &Signals,
) -> Result<Ended, Failure> {
    let debts = known.ledger.debts().count();
    let title = format!("deleting {}", plural(debts, "account"));
    let work =
        async |engine: &mut Engine<'_, LiveWorld<'_>>| take_back(context, engine, Some(&title), Span::none()).await;
    let phase = tracing::info_span!("phase", name = "cleanup");
    let known = known.with_marked(marked.clone());
    let engaged = known.engage(context, Phase::Cleanup, signals, work).instrument(phase);
    let (mut settled, ledger, requests) = engaged.await?;
    settled.leftovers.extend(marked.unlisted());
    let took = context.clock.now().since(begun);
    Ok(ended(settled, ledger, again, requests, took))
}

/// How it ended.
pub(super) fn ended(settled: Settled, ledger: Ledger, again: &str, requests: u64, took: Duration) -> Ended {
    Ended {
        ledger,
        deleted: settled.deleted,
        absent: settled.absent,
        leftovers: settled.leftovers,
        stopped: settled.stopped,
        journal_broken: settled.journal_broken,
        again: again.to_owned(),
        requests,
        took,
    }
}

/// Says how it ended, and names what is left: as a warning where that is no failure.
pub(super) fn say(context: &Context, ended: &Ended, took: Duration, on_leftover: OnLeftover) {
    if let Some(broken) = &ended.journal_broken {
        context.console.warning(format!(
            "{broken}; deletes are not recorded, and the next cleanup checks them again"
        ));
    }
    for mut line in iter::once(ended.outcome(took)).chain(ended.left()) {
        if on_leftover == OnLeftover::Warn {
            line.level = line.level.min(Level::Warning);
        }
        context.say(&line);
    }
}

/// Says how a cleanup ended, and adds it to the job summary, if that is wanted.
pub(super) fn tell(context: &Context, ended: &Ended, sealed: &Sealed) {
    say(context, ended, ended.took, sealed.on_leftover);
    if sealed.summary {
        write_summary(context, &ended.summary());
    }
}

/// The command that tries once more. On GitHub the journal goes with the job, and another job can only look for its marker:
/// the backticks within divide the command from the inputs of the action.
pub(super) fn again(context: &Context, entry: &EntryDir) -> String {
    if !context.host.keeps_journals() && context.settings.journal.is_none() {
        let run = &context.identity.run_id;
        return format!("standin sweep --run {run}` or, in a job, the action with `mode: sweep` and `run: {run}");
    }
    let journals = entry.path().parent().unwrap_or_else(|| entry.path());
    format!("standin cleanup --journal {}", journals.display())
}

/// Adds to the job summary, where the host has one and it is wanted. A summary that fails costs nothing but a warning.
pub(super) fn write_summary(context: &Context, markdown: &str) {
    let Some(files) = context.host.files() else { return };
    if let Err(error) = files.append_summary(&context.console.redact(markdown)) {
        context.console.warning(error);
    }
}
