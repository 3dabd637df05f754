//! What `cleanup`, post, `run` and setup's rollback have in common: settling one entry, and saying how it went.

use std::cell::RefCell;
use std::iter;
use std::time::Duration;

use tracing::Instrument as _;

use super::context::Context;
use super::course::{Course, Done};
use super::exit::{ExitCode, Failure};
use super::known::{Kept, Known, kept, ready, recall};
use super::sealed::SealedCopy;
use super::{by_name, credentials, load};
use crate::adapters::boot;
use crate::adapters::entry::{EntryDir, Lock};
use crate::adapters::private_dir::remove_private_file;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::why::Why;
use crate::engine::{Engine, Settled};
use crate::ports::Notice;
use crate::report::{self, Level, Narrator, Phase, plural};
use crate::settings::{OnLeftover, Sealed};

/// How long a setup that still runs is given to stop, once it was told to.
const STOP_WAIT: Duration = Duration::from_secs(30);
const STOP_LOOK: Duration = Duration::from_millis(50);

/// How one entry was settled.
#[derive(Default)]
pub(super) struct Outcome {
    /// Does a leftover fail the command, by the settings that setup sealed?
    pub fails: bool,
    /// Was it stopped by a signal?
    pub signal: Option<i32>,
}

impl Outcome {
    /// How the command ends after it.
    pub(super) fn code(&self) -> ExitCode {
        match self.signal {
            Some(signal) => ExitCode::Signal(signal),
            None if self.fails => ExitCode::Failed,
            None => ExitCode::Success,
        }
    }
}

/// Settles one entry: everything that its journal owes is deleted, or named.
///
/// What fails on the way to the first delete is told, and deleting goes on without it: a full disk keeps no account alive.
pub(super) async fn settle(context: &Context, entry: &EntryDir, course: &mut Course<'_>) -> Result<Outcome, Failure> {
    let signals = course.signals;
    if let Err(error) = entry.put_stop() {
        context.console.warning(error);
    }
    let lock = lock(context, entry, course).await;
    credentials::hide(context, entry);
    forget_credentials(context, entry);
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
    let mut ledger = reading.ledger;
    let is_cut = !ledger.is_complete() && ledger.plan().boot.is_some() && ledger.plan().boot != boot::id();
    if ledger.is_settled() && !is_cut {
        context
            .console
            .info("nothing is left to delete: everything in the journal is settled");
        tidy(context, entry, &ledger);
        return Ok(Outcome::default());
    }
    let begun = context.clock.now();
    let Kept {
        document,
        sealed,
        files,
    } = kept(context, entry);
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let again = again(context, entry);
    let ready = document.and_then(|document| ready(&document, &variables, &sealed, &ledger));
    let (settled, requests) = match ready {
        Ok((config, run)) => {
            let journal = entry.resume();
            if let Err(error) = &journal {
                context
                    .console
                    .warning(Why::from(error).map(|why| format!("{why}; deleting goes on without it")));
            }
            let known = Known {
                config: &config,
                variables: &variables,
                run: &run,
                sealed: &sealed,
                journal: journal.ok(),
                kept: recall(context, entry),
                files: files.unwrap_or_default(),
                deadline: course.deadline(&sealed),
            };
            let (settled, after, requests) = delete(context, known, ledger, (signals, is_cut)).await?;
            ledger = after;
            (settled, requests)
        }
        Err(reason) => (nothing_possible(&ledger, &reason), 0),
    };
    drop(lock);
    let took = context.clock.now().since(begun);
    conclude(context, &settled, &again, took, sealed.on_leftover);
    tidy(context, entry, &ledger);
    summarise(context, &sealed, &settled, &again);
    let outcome = Outcome {
        fails: sealed.on_leftover == OnLeftover::Fail && !settled.leftovers.is_empty(),
        signal: signals.first(),
    };
    let done = Done {
        ledger,
        leftovers: settled.leftovers,
        again,
        requests,
        took,
    };
    course.note(context, &sealed, done);
    Ok(outcome)
}

/// Removes the credentials, wherever they are, whatever becomes of the accounts.
pub(super) fn forget_credentials(context: &Context, entry: &EntryDir) {
    if let Err(error) = entry.forget_credentials() {
        context.console.warning(error);
    }
    match entry.is_elsewhere() {
        Ok(true) => {}
        // A file of that name is the user's own: setup did not come so far as to write it.
        Ok(false) => return,
        Err(error) => context.console.warning(error),
    }
    let elsewhere = entry
        .sealed::<SealedCopy>()
        .ok()
        .flatten()
        .and_then(|sealed| sealed.credentials_file);
    if let Some(path) = elsewhere
        && let Err(error) = remove_private_file(&path).and_then(|()| entry.forget_elsewhere())
    {
        context.console.warning(error);
    }
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

/// Deletes what a ledger owes, and what lists show beside it where it `is_cut`; says how it went, where each account then stands, and how many requests it took.
pub(super) async fn delete(
    context: &Context,
    known: Known<'_>,
    ledger: Ledger,
    (signals, is_cut): (&Signals, bool),
) -> Result<(Settled, Ledger, u64), Failure> {
    let debts = ledger.debts().count();
    let narrator = Narrator::new(Phase::Cleanup, debts, context.console.is_verbose());
    let work = async |engine: &mut Engine<'_, LiveWorld<'_>>| {
        let group = context.console.group(&format!("deleting {}", plural(debts, "account")));
        // Lines that the machine took with it may have told of more.
        let lost = if is_cut { engine.recover().await } else { Vec::new() };
        let mut settled = engine.settle().await;
        settled.leftovers.extend(lost);
        context.console.end_progress();
        drop(group);
        settled
    };
    let phase = tracing::info_span!("phase", name = "cleanup");
    known
        .engage(context, ledger, narrator, signals, work)
        .instrument(phase)
        .await
}

/// Says what the engine tells.
pub(super) fn narrate(context: &Context, narrator: &RefCell<Narrator>, notice: &Notice) {
    let lines = narrator.borrow_mut().hear(notice);
    for line in &lines {
        context.say(line);
    }
    context.console.progress(|| narrator.borrow().state());
}

/// Says how it ended, and names what is left: as a warning where that is no failure.
pub(super) fn conclude(context: &Context, settled: &Settled, again: &str, took: Duration, on_leftover: OnLeftover) {
    if let Some(broken) = &settled.journal_broken {
        context.console.warning(format!(
            "{broken}; what was deleted is not written down, and will be looked for again"
        ));
    }
    let left = settled.leftovers.len();
    let end = report::after_cleanup(settled.deleted, settled.absent, left, took);
    for mut line in iter::once(end).chain(report::leftovers(&settled.leftovers, again)) {
        if on_leftover == OnLeftover::Warn {
            line.level = line.level.min(Level::Warning);
        }
        context.say(&line);
    }
}

/// Removes what is no longer needed: once nothing is owed, the sealed copy.
pub(super) fn tidy(context: &Context, entry: &EntryDir, ledger: &Ledger) {
    forget_credentials(context, entry);
    if ledger.is_settled()
        && let Err(error) = entry.unseal()
    {
        context.console.warning(error);
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

/// Adds to the job summary, if it is wanted, how it ended, and what is left.
pub(super) fn summarise(context: &Context, sealed: &Sealed, settled: &Settled, again: &str) {
    if !sealed.summary {
        return;
    }
    let title = if settled.leftovers.is_empty() {
        format!("{} deleted, 0 left", settled.deleted)
    } else {
        format!("{} may be left", plural(settled.leftovers.len(), "account"))
    };
    write_summary(context, &report::cleanup_summary(&title, &settled.leftovers, again));
}

/// Adds to the job summary, where the host has one and it is wanted. A summary that fails costs nothing but a warning.
pub(super) fn write_summary(context: &Context, markdown: &str) {
    let Some(files) = context.host.files() else { return };
    if let Err(error) = files.append_summary(&context.console.redact(markdown)) {
        context.console.warning(error);
    }
}
