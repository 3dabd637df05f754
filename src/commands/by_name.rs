//! Settling accounts without a journal: one that is gone, or another job's. They are known by their names alone, so only
//! what shows a name of ours is deleted.

mod listed;
mod told;

pub(super) use told::{Subject, of_earlier_attempt, read_state, subject};

use std::collections::HashMap;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::context::Context;
use super::course::{Course, Done};
use super::exit::Failure;
use super::known::{Kept, Known, kept};
use super::load;
use super::settle::{Outcome, conclude, delete, summarise};
use super::tls::KeptFiles;
use crate::adapters::entry::EntryDir;
use crate::config::Config;
use crate::domain::event::{Entry, Event};
use crate::domain::ledger::Ledger;
use crate::domain::marker::{Marker, Origin};
use crate::domain::time::Timestamp;
use crate::language::Environment;
use crate::plan::{self, Passwords, Run, Selection};
use crate::settings::{OnLeftover, Sealed};

/// The command that tries once more, from where the accounts are known by now.
const AGAIN: &str = "standin cleanup";

/// How many accounts came to which end.
struct Counts {
    deleted: usize,
    absent: usize,
    left: usize,
}

/// Settles accounts whose journal is gone: the marker that the runner's state kept says how they are called. Where their
/// entry is still there, the configuration that setup put aside in it counts.
pub(super) async fn settle_marker(
    context: &Context,
    marker: &str,
    entry: Option<&EntryDir>,
    course: &mut Course<'_>,
) -> Result<Outcome, Failure> {
    context.console.warning(format!(
        "the journal of `{marker}` is gone; its accounts are looked for by their user names"
    ));
    let run = run_of(context, marker)?;
    let today = configuration(context, entry, &run)?;
    let selection = Selection {
        services: context.settings.only.clone(),
        personas: context.settings.persona.clone(),
    };
    let now = context.clock.now();
    let draft = plan::draw_up(
        &today.config,
        &today.variables,
        &run,
        &selection,
        now,
        Passwords::Drawn(&mut UnwrapErr(SysRng)),
    )?;
    let (found, is_whole) = listed::under_the_marker(context, &today, &run, &draft.planned, course).await?;
    let ledger = listed::ledger(context, draft.planned, found, &today.config);
    let (mut outcome, counts) = settle(context, &today, &run, ledger, now, course).await?;
    // Whoever was in no plan and on no page that was read has nobody else to name it.
    outcome.fails |= !is_whole && today.sealed.on_leftover == OnLeftover::Fail;
    if let Some(entry) = entry.filter(|_| counts.left == 0 && is_whole)
        && let Err(error) = entry.unseal()
    {
        context.console.warning(error);
    }
    Ok(outcome)
}

/// Settles the accounts of a `state` output, which another job has set.
pub(super) async fn settle_state(context: &Context, text: &str, course: &mut Course<'_>) -> Result<Outcome, Failure> {
    let told = match subject(context, text)? {
        Subject::Journal(entry) => return super::settle::settle(context, &entry, course).await,
        Subject::State(told) => *told,
    };
    let now = context.clock.now();
    let number = told.ledger.plan().accounts.len();
    let (outcome, counts) = settle(context, &told.today, &told.run, told.ledger, now, course).await?;
    let is_gone = counts.deleted == 0 && counts.absent == number;
    if let Some(text) = of_earlier_attempt(context, &told.state).filter(|_| is_gone) {
        context.console.notice(&text);
    }
    Ok(outcome)
}

/// Is this the marker of an invocation of this run?
pub(super) fn is_of_this_run(context: &Context, marker: &str) -> bool {
    run_of(context, marker).is_ok()
}

/// What is gone by without a journal.
struct Today {
    config: Config,
    variables: Environment,
    sealed: Sealed,
    files: KeptFiles,
}

/// The configuration that setup put aside in the entry, else the one of now.
fn configuration(context: &Context, entry: Option<&EntryDir>, run: &Run) -> Result<Today, Failure> {
    let (document, sealed, files) = match entry.map(|entry| kept(context, entry)) {
        Some(Kept {
            document: Ok(document),
            sealed,
            files,
        }) => (document, sealed, files),
        Some(Kept { document: Err(_), .. }) | None => (load::document(context)?, context.settings.sealed.clone(), None),
    };
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let config = load::parse(&document, &variables, &sealed)?;
    let files = files.unwrap_or_else(|| {
        let scope = plan::scope(&variables, run);
        let (files, unread) = KeptFiles::read_what_is_there(&config, &scope, &document.directory);
        for reason in unread {
            context.console.warning(&reason);
        }
        files
    });
    Ok(Today {
        config,
        variables,
        sealed,
        files,
    })
}

/// The run that a marker is of: this one, or nothing is deleted.
fn run_of(context: &Context, marker: &str) -> Result<Run, Failure> {
    let marker = Marker::at_front_of(marker)
        .filter(|found| found.as_str() == marker)
        .ok_or_else(|| Failure::usage("the marker is none of ours: nothing is deleted"))?;
    let identity = &context.identity;
    let origin = Origin {
        repository: &identity.repository,
        run: &identity.run_id,
        attempt: identity.attempt,
    };
    if !marker.is_of_run(&origin) {
        return Err(Failure::usage(format!(
            "`{marker}` is the marker of another run than `{}` of `{}`: nothing is deleted",
            identity.run_id, identity.repository
        )));
    }
    Ok(Run {
        repository: identity.repository.clone(),
        id: identity.run_id.clone(),
        attempt: identity.attempt,
        url: None,
        marker,
    })
}

fn intend(context: &Context, ledger: &mut Ledger, place: usize) {
    apply(context, ledger, place, Event::CreateIntended);
}

fn apply(context: &Context, ledger: &mut Ledger, place: usize, event: Event) {
    apply_at(context, ledger, place, event, context.clock.now());
}

fn apply_at(context: &Context, ledger: &mut Ledger, place: usize, event: Event, at: Timestamp) {
    let entry = Entry {
        at,
        account: ledger.account(place).key.clone(),
        event,
    };
    if let Err(illegal) = ledger.apply(&entry) {
        context
            .console
            .warning(format!("`{}`: {}", illegal.account, illegal.reason));
    }
}

/// Settles what was begun at that time.
async fn settle(
    context: &Context,
    today: &Today,
    run: &Run,
    ledger: Ledger,
    begun: Timestamp,
    course: &mut Course<'_>,
) -> Result<(Outcome, Counts), Failure> {
    let sealed = &today.sealed;
    let known = Known {
        config: &today.config,
        variables: &today.variables,
        run,
        sealed,
        journal: None,
        kept: HashMap::new(),
        files: today.files.clone(),
        deadline: course.deadline(sealed),
    };
    let (settled, ledger, requests) = delete(context, known, ledger, (course.signals, false)).await?;
    let took = context.clock.now().since(begun);
    conclude(context, &settled, AGAIN, took, sealed.on_leftover);
    summarise(context, sealed, &settled, AGAIN);
    let counts = Counts {
        deleted: settled.deleted,
        absent: settled.absent,
        left: settled.leftovers.len(),
    };
    let outcome = Outcome {
        fails: sealed.on_leftover == OnLeftover::Fail && counts.left > 0,
        signal: course.signals.first(),
    };
    let done = Done {
        ledger,
        leftovers: settled.leftovers,
        again: AGAIN.to_owned(),
        requests,
        took,
    };
    course.note(context, sealed, done);
    Ok((outcome, counts))
}
