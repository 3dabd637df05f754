//! `cleanup`: settles what setups of this run have left to be deleted.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::by_name::{self, Subject};
use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::{load, of_entry, of_run};
use crate::adapters::entry::EntryDir;
use crate::adapters::hosts::RunIdentity;
use crate::adapters::private_dir::{PrivateDir, PrivateDirError};
use crate::adapters::signals::Signals;
use crate::domain::why::Why;
use crate::report::{plural, seen};

/// So many directories of other setups are named; of more their number is told.
const DIRECTORIES_SHOWN: usize = 5;

/// The command: what a `state` names, else every unsettled journal of this run.
pub(super) async fn cleanup(context: &Context) -> Result<ExitCode, Failure> {
    load::refuse_todos(context)?;
    let signals = Signals::listen().context("can't listen for signals")?;
    let mut course = Course::begin(context, &signals).with_own_report(context);
    if let Some(state) = context.state()? {
        let code = match by_name::subject(context, &state)? {
            Subject::Journal(entry) => of_entry::settle(context, &entry, &mut course).await?,
            Subject::State(told) => by_name::settle_state(context, *told, &mut course).await?,
        };
        return Ok(course.end(context, code));
    }
    let journals = context.journals()?;
    let mut found = Vec::new();
    each_of_this_run(context, &journals, |one| {
        let owes = match &one {
            // What is sealed is not settled: most need not be read for that.
            Trace::Journal(entry) => {
                entry.is_sealed()? || !entry.read().is_ok_and(|reading| reading.ledger.is_settled())
            }
            Trace::Unread(_) | Trace::Unopened(_) => true,
        };
        if owes {
            found.push(one);
        }
        Ok(())
    })?;
    if found.is_empty() {
        context.console.info(format!(
            "nothing is left to delete: `{}` holds no unsettled journal of this run",
            journals.path().display()
        ));
        tell_of_others(context, &journals)?;
        let code = of_run::look(context, &signals).await?;
        return Ok(course.end(context, code));
    }
    settle_all(context, &found, course).await
}

/// Says that other runs have unsettled journals here: outside of CI a run is a working directory, and whoever runs `cleanup`
/// in another one than `setup` would take it that nothing is left.
fn tell_of_others(context: &Context, journals: &PrivateDir) -> Result<(), PrivateDirError> {
    let is_local = RunIdentity::directory_of(&context.identity.repository).is_some();
    let mut of_directories = 0;
    let mut directories = BTreeSet::new();
    let mut of_runs = 0;
    for entry in EntryDir::ours(journals)? {
        let Ok(reading) = entry.read() else { continue };
        if reading.ledger.is_settled() {
            continue;
        }
        // In CI the log may be for people who should not know what else the machine works for.
        match RunIdentity::directory_of(&reading.ledger.plan().repository).filter(|_| is_local) {
            Some(directory) => {
                of_directories += 1;
                directories.insert(format!("`{}`", seen(directory)));
            }
            None => of_runs += 1,
        }
    }
    if of_directories > 0 {
        let shown: Vec<String> = directories.iter().take(DIRECTORIES_SHOWN).cloned().collect();
        let more = match directories.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        context.console.notice(Why::hinted(
            format!(
                "it holds {} of setups in other directories: {}{more}",
                plural(of_directories, "unsettled journal"),
                shown.join(", ")
            ),
            format!(
                "once their accounts are no longer used, run `standin cleanup --journal {}` there",
                journals.path().display()
            ),
        ));
    }
    if of_runs > 0 {
        context.console.notice(Why::hinted(
            format!(
                "it holds {} of other runs, which their own cleanup settles",
                plural(of_runs, "unsettled journal")
            ),
            "`standin sweep` deletes what they leave, once its time to live is over",
        ));
    }
    Ok(())
}

/// What is known of a setup of this run by what lies in the directory of journals.
pub(super) enum Trace {
    /// Its journal.
    Journal(EntryDir),
    /// Its entry, whose journal can't be read.
    Unread(EntryDir),
    /// The name of its entry alone, which is its marker: the entry is not ours alone, and nothing in it is believed.
    Unopened(String),
}

/// Settles these, one after the other; one that can't be settled does not stop the rest.
pub(super) async fn settle_all(
    context: &Context,
    found: &[Trace],
    mut course: Course<'_>,
) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::Success;
    for one in found {
        let settled = match one {
            Trace::Journal(entry) | Trace::Unread(entry) => of_entry::settle(context, entry, &mut course).await,
            Trace::Unopened(marker) => by_name::settle_marker(context, marker, None, &mut course).await,
        };
        let ended = settled.unwrap_or_else(|failure| context.end(Err(failure)));
        // After a signal nothing more is asked of any service, and what the rest owes is named.
        let outranks = code == ExitCode::Success || matches!(ended, ExitCode::Signal(_));
        code = if outranks { ended } else { code };
    }
    Ok(course.end(context, code))
}

/// Hands over what there is of each setup of this run. What is ignored is told.
///
/// One after the other: what is settled stays for a day, and is not to be held open all together.
pub(super) fn each_of_this_run(
    context: &Context,
    journals: &PrivateDir,
    mut take: impl FnMut(Trace) -> Result<(), PrivateDirError>,
) -> Result<(), PrivateDirError> {
    for (name, entry) in EntryDir::all(journals)? {
        // The name of an entry is a marker, which says whose it is where nothing else can.
        let is_named_by_us = || context.is_of_this_run(&name);
        let entry = match entry {
            Ok(entry) => entry,
            Err(PrivateDirError::NotADirectory { .. }) if !is_named_by_us() => continue,
            Err(error) => {
                context
                    .console
                    .warning(Why::from(error).context("a journal is ignored"));
                if is_named_by_us() {
                    take(Trace::Unopened(name))?;
                }
                continue;
            }
        };
        match entry.plan() {
            Ok(plan) => {
                if plan.repository == context.identity.repository && plan.run == context.identity.run_id {
                    take(Trace::Journal(entry))?;
                }
            }
            Err(_) if is_named_by_us() => take(Trace::Unread(entry))?,
            Err(error) => context.console.warning(&error),
        }
    }
    Ok(())
}
