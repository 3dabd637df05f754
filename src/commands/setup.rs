//! `setup`: creates and verifies every account, and hands them over.

use std::cell::RefCell;
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tracing::Instrument as _;

use super::context::Context;
use super::course::Course;
use super::deliver::{self, Delivered};
use super::exit::{ExitCode, Failure};
use super::job_report::write_report;
use super::of_entry;
use super::prepare::{Prepared, announce, prepare};
use super::settle;
use super::state::State;
use super::watch::{Watch, owing};
use super::wire::Wired;
use super::world::{creator, world_of_setup};
use crate::adapters::entry::EntryDir;
use crate::adapters::journal::Journal;
use crate::adapters::kept::KeptFile;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::cli::Command;
use crate::domain::account::AccountKey;
use crate::domain::ledger::Ledger;
use crate::domain::why::Why;
use crate::engine::{Engine, Provisioned, Settled};
use crate::plan::Draft;
use crate::ports::{Stop, World as _};
use crate::report::{self, AccountRow, Ended, Phase, Timeline, plural};
use crate::settings::{OnFailure, OnLeftover};

/// What a setup came to.
pub(super) struct Made {
    /// The accounts that are ready; none if they were rolled back.
    pub accounts: Vec<Delivered>,
    /// Where their passwords are.
    credentials: Option<PathBuf>,
    /// How the command is to end.
    pub code: ExitCode,
}

/// The command.
pub(super) async fn setup(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("can't listen for signals")?;
    let Some(prepared) = prepare(context)? else {
        return Ok(ExitCode::Success);
    };
    announce(context, &prepared)?;
    let made = make(context, prepared, &signals).await?;
    if made.code == ExitCode::Success && context.host.files().is_none() {
        if let Some(path) = &made.credentials {
            let path = path.display();
            context.console.info(format!(
                "names and passwords are in `{path}`, for this user alone to read"
            ));
        }
        context.console.data(&deliver::accounts_json(&made.accounts)?);
    }
    Ok(made.code)
}

/// What is about to be done, in a line.
fn intention(draft: &Draft) -> String {
    let accounts = &draft.planned.accounts;
    let mut services: Vec<&str> = accounts.iter().map(|account| account.key.service.as_str()).collect();
    services.dedup();
    format!(
        "creating {} in {} ({}); their names begin with {}",
        plural(accounts.len(), "account"),
        plural(services.len(), "service"),
        services.join(", "),
        draft.planned.marker,
    )
}

/// How the engine left things.
struct Left {
    provisioned: Provisioned,
    ended: Ended,
    /// How long taking back took, if anything was.
    taken_back: Option<Duration>,
    accounts: Vec<Delivered>,
    timeline: Timeline,
}

impl Left {
    /// Is everything there that was asked for?
    fn is_complete(&self) -> bool {
        self.provisioned.stopped.is_none() && self.accounts.len() == self.ended.ledger.plan().accounts.len()
    }
}

/// Creates everything, and rolls back or hands over.
pub(super) async fn make(context: &Context, prepared: Prepared, signals: &Signals) -> Result<Made, Failure> {
    let Prepared {
        entry,
        draft,
        wired,
        journal,
        kept,
        lock,
    } = prepared;
    let left = drive(context, &entry, &draft, wired, (journal, kept), signals).await;
    let sealed = &context.settings.sealed;
    let reported = match &sealed.report {
        Some(path) => write_report(context, path, "setup", slice::from_ref(&left.ended)),
        None => Ok(()),
    };
    let handed = match reported {
        Err(error) if left.is_complete() => Err(Failure::Failed(error)),
        // What is left of a setup that failed has to be told all the same.
        Err(error) => {
            context.console.error(&error);
            hand_over(context, &entry, &left)
        }
        Ok(()) => hand_over(context, &entry, &left),
    };
    let credentials = match handed {
        Ok(credentials) => credentials,
        Err(failure) => {
            // Accounts that nobody can be told of are of no use to anybody.
            let code = context.end(Err(failure));
            drop(lock);
            let mut course = Course::begin(context, signals);
            of_entry::settle(context, &entry, &mut course).await?;
            let code = course.end(context, code);
            return Ok(Made {
                accounts: Vec::new(),
                credentials: None,
                code,
            });
        }
    };
    let code = conclude(context, &entry, &left);
    if sealed.summary && context.host.files().is_some() {
        summarise(context, &left);
    }
    Ok(Made {
        accounts: left.accounts,
        credentials,
        code,
    })
}

/// Runs the engine forward, and back where something failed.
async fn drive(
    context: &Context,
    entry: &EntryDir,
    draft: &Draft,
    wired: Wired,
    written: (Journal, Option<KeptFile>),
    signals: &Signals,
) -> Left {
    let settings = &context.settings;
    let begun = context.clock.now();
    let group = context.console.group(&intention(draft));
    let planned = draft.planned.accounts.len();
    let services = draft.planned.accounts.iter().map(|account| &account.key.service);
    let watch = Watch::new(context, Phase::Setup, services);
    let timeline = RefCell::new(Timeline::default());
    let listener = |notice| {
        timeline.borrow_mut().hear(&notice, context.clock.now());
        watch.hear(&notice);
    };
    let world = world_of_setup(context, entry, written, wired.services, signals, listener);
    let mut engine = creator(&world, &wired.sites, draft, begun + settings.deadline);
    let keep = settings.on_failure == OnFailure::Keep;
    let phase = tracing::info_span!("phase", name = "setup");
    let work = engine.provision(settings.wait, keep).instrument(phase);
    let provisioned = watch.over(work).await;
    drop(group);
    for line in watch.end() {
        context.say(&line);
    }
    let created = world.now().since(begun);
    for failure in &provisioned.failures {
        let place = draft
            .planned
            .accounts
            .iter()
            .position(|account| account.key == failure.key);
        let intended = place.and_then(|place| engine.ledger().record(place).last_intent);
        if let Some(intended) = intended {
            timeline.borrow_mut().failed(&failure.key, intended, begun + created);
        }
    }
    let broken = provisioned.journal_broken.is_some();
    let rolls_back = provisioned.stopped.is_none() && (broken || (!provisioned.failures.is_empty() && !keep));
    let settled = if rolls_back {
        let ready = provisioned.ready.len();
        context.say(&report::after_setup(ready, planned, created, engine.requests()));
        world.begin_phase();
        Some(roll_back(context, &mut engine, &watch).await)
    } else {
        None
    };
    engine.complete_journal();
    let requests = engine.requests();
    let (ledger, learnt) = engine.into_parts();
    let ready: &[usize] = if settled.is_some() { &[] } else { &provisioned.ready };
    let person = |place: usize| Arc::clone(&draft.people[draft.person_of[place]]);
    Left {
        accounts: deliver::delivered(&ledger, &learnt, ready, settings.seed.is_some(), person),
        taken_back: settled.is_some().then(|| world.now().since(begun + created)),
        ended: settle::ended(
            settled.unwrap_or_default(),
            ledger,
            &settle::again(context, entry),
            requests,
            created,
        ),
        provisioned,
        timeline: timeline.take(),
    }
}

async fn roll_back(context: &Context, engine: &mut Engine<'_, LiveWorld<'_>>, watch: &Watch<'_>) -> Settled {
    if engine.ledger().is_settled() {
        return Settled::default();
    }
    let debts = engine.ledger().debts().count();
    // Where all was refused, that is looked into without a word.
    let title = (debts > 0).then_some("deleting what was created");
    watch.turn_to(Phase::Cleanup, owing(&engine.ledger()));
    engine.set_deadline(context.clock.now() + context.settings.sealed.cleanup_deadline);
    let phase = tracing::info_span!("phase", name = "rollback");
    watch.over(settle::take_back(context, engine, title, phase)).await
}

/// Hands over what is ready, or sets the outputs to what is now known.
fn hand_over(context: &Context, entry: &EntryDir, left: &Left) -> Result<Option<PathBuf>, Failure> {
    let complete = left.is_complete();
    let ledger = &left.ended.ledger;
    let keeps = context.settings.on_failure == OnFailure::Keep && left.provisioned.stopped.is_none();
    if complete || (keeps && left.taken_back.is_none()) {
        let delivered = deliver::deliver(context, entry, ledger, &left.accounts, complete)
            .context("the accounts are ready, but could not be handed over, and are deleted again")?;
        return Ok(Some(delivered));
    }
    State::write(context, ledger)?;
    if let Some(files) = context.host.files() {
        let state = State::of(ledger, context.settings.seed.as_ref()).to_output()?;
        let marker = &ledger.plan().marker;
        let mut pairs = vec![("ready", "false"), ("count", "0"), ("marker", marker)];
        pairs.extend(state.as_deref().map(|state| ("state", state)));
        files.set_outputs(&pairs)?;
    }
    Ok(None)
}

/// Says how it ended.
fn conclude(context: &Context, entry: &EntryDir, left: &Left) -> ExitCode {
    let ended = &left.ended;
    if let Some(stop) = left.provisioned.stopped {
        say_stopped(context, stop, &ended.ledger);
        return match stop {
            Stop::Signal(signal) => ExitCode::Signal(signal),
            Stop::Superseded => ExitCode::Failed,
        };
    }
    if let Some(took) = left.taken_back {
        settle::say(context, ended, took, OnLeftover::Fail);
        of_entry::tidy(context, entry, &ended.ledger);
        return match ended.stopped {
            Some(Stop::Signal(signal)) => ExitCode::Signal(signal),
            Some(Stop::Superseded) | None => ExitCode::Failed,
        };
    }
    let planned = ended.ledger.plan().accounts.len();
    context.say(&report::after_setup(
        left.accounts.len(),
        planned,
        ended.took,
        ended.requests,
    ));
    if left.is_complete() {
        ExitCode::Success
    } else {
        ExitCode::Failed
    }
}

fn say_stopped(context: &Context, stop: Stop, ledger: &Ledger) {
    let debts = ledger.debts().count();
    let by = match stop {
        Stop::Signal(signal) => format!("by signal {signal}"),
        Stop::Superseded => "because a cleanup of its accounts has begun".to_owned(),
    };
    let may_exist = plural(debts, "account");
    if matches!(context.invocation.command, Command::Run { .. }) {
        context.console.error(format!(
            "stopped {by}: {may_exist} may exist, and what exists is deleted now"
        ));
        return;
    }
    context.console.error(Why::hinted(
        format!("stopped {by}: {may_exist} may exist"),
        if context.host.has_post() {
            "the action's post step deletes them"
        } else {
            "run `standin cleanup`"
        },
    ));
}

fn summarise(context: &Context, left: &Left) {
    let Left {
        provisioned,
        ended,
        taken_back,
        ..
    } = left;
    let may_be_left = ended.leftovers.len();
    let rows = AccountRow::all(&ended.ledger, |record| record.ids.first());
    let failures: Vec<(AccountKey, Why)> = provisioned
        .failures
        .iter()
        .map(|failure| (failure.key.clone(), failure.reason.clone()))
        .collect();
    let title = match taken_back {
        Some(_) if may_be_left == 0 => "setup failed and left nothing".to_owned(),
        Some(_) => format!("setup failed, and {} may be left", plural(may_be_left, "account")),
        None => format!("{} of {} ready", provisioned.ready.len(), plural(rows.len(), "account")),
    };
    let mut text = report::setup_summary(&title, &rows, ended.took, &failures);
    text.push_str(&left.timeline.markdown());
    if may_be_left > 0 {
        text.push_str(&report::cleanup_summary(
            "what may be left",
            &ended.leftovers,
            "standin cleanup",
        ));
    }
    settle::write_summary(context, &text);
}
