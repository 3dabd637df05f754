//! What `cleanup`, post, `run` and setup's rollback have in common: settling one entry, and saying how it went.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::Context as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use serde::Serialize;

use super::context::{Context, in_full};
use super::exit::{ExitCode, Failure};
use super::load::{self, Document};
use super::sealed::SealedCopy;
use super::wire::wire;
use crate::adapters::entry::{EntryDir, Lock};
use crate::adapters::hosts::Host;
use crate::adapters::hosts::github::FileCommands;
use crate::adapters::journal::Journal;
use crate::adapters::private_dir::write_private_file;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::config::Config;
use crate::domain::event::{Entry, Event};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::marker::Marker;
use crate::engine::{Engine, Settled};
use crate::language::Environment;
use crate::plan::{self, Run};
use crate::ports::{Notice, World as _};
use crate::report::{self, Narrator, Phase};
use crate::settings::{OnLeftover, Sealed};

/// How long a setup that still runs is given to stop, once it was told to.
const STOP_WAIT: Duration = Duration::from_secs(30);
const STOP_LOOK: Duration = Duration::from_millis(50);

/// How one entry was settled.
pub(super) struct Outcome {
    /// Does a leftover fail the command, by the settings that setup sealed?
    pub fails: bool,
    /// Was it stopped by a signal?
    pub signal: Option<i32>,
}

/// Settles one entry: everything that its journal owes is deleted, or named.
pub(super) async fn settle(context: &Context, entry: &EntryDir, signals: &Signals) -> Result<Outcome, Failure> {
    // A directory that can't be written stops no deletion.
    if let Err(error) = entry.put_stop() {
        context.console.warning(&error.to_string());
    }
    let lock = lock(context, entry).await.unwrap_or_else(|error| {
        context
            .console
            .warning(&format!("{}; deleting goes on without the lock", in_full(&error)));
        None
    });
    let reading = entry.read()?;
    for remark in &reading.remarks {
        context.console.warning(&format!("journal: {remark}"));
    }
    let mut ledger = reading.ledger;
    if let Err(error) = entry.forget_credentials() {
        context.console.warning(&error.to_string());
    }
    if ledger.is_settled() {
        context
            .console
            .info("nothing is left to delete: everything in the journal is settled");
        tidy(context, entry, &ledger);
        return Ok(Outcome {
            fails: false,
            signal: None,
        });
    }
    let begun = context.clock.now();
    let (document, sealed) = kept(context, entry)?;
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let again = again(entry);
    let (settled, requests) = match ready(&document, &variables, &ledger) {
        Ok((config, run)) => {
            let journal = entry.resume();
            if let Err(error) = &journal {
                context
                    .console
                    .warning(&format!("{}; deleting goes on without it", in_full(error)));
            }
            let (settled, after, requests) = delete(
                context,
                &config,
                &variables,
                &run,
                &sealed,
                ledger,
                journal.ok(),
                signals,
            )
            .await?;
            ledger = after;
            (settled, requests)
        }
        Err(reason) => (nothing_possible(&ledger, &reason), 0),
    };
    drop(lock);
    let took = context.clock.now().since(begun);
    conclude(context, &settled, &again, took);
    tidy(context, entry, &ledger);
    if !settled.leftovers.is_empty() || context.host == Host::GitHub {
        let title = if settled.leftovers.is_empty() {
            format!("{} deleted, 0 left", settled.deleted)
        } else {
            format!(
                "{} may be left",
                super::setup::plural(settled.leftovers.len(), "account")
            )
        };
        write_summary(context, &report::cleanup_summary(&title, &settled.leftovers, &again));
    }
    write_report(context, "cleanup", &ledger, &settled.leftovers, requests, took)?;
    Ok(Outcome {
        fails: sealed.on_leftover == OnLeftover::Fail && !settled.leftovers.is_empty(),
        signal: signals.first(),
    })
}

/// Waits until nobody else works in the entry; a setup that is there has been told to stop.
async fn lock(context: &Context, entry: &EntryDir) -> anyhow::Result<Option<Lock>> {
    let begun = context.clock.now();
    let mut said = false;
    loop {
        if let Some(lock) = entry.try_lock()? {
            return Ok(Some(lock));
        }
        if context.clock.now().since(begun) >= STOP_WAIT {
            context
                .console
                .warning("another process still works on these accounts; deleting goes on beside it");
            return Ok(None);
        }
        if !said {
            said = true;
            context
                .console
                .info("waiting for another process that works on these accounts to stop");
        }
        tokio::time::sleep(STOP_LOOK).await;
    }
}

/// The configuration and settings that setup sealed; without them those of now.
fn kept(context: &Context, entry: &EntryDir) -> Result<(Document, Sealed), Failure> {
    match entry.sealed::<SealedCopy>() {
        Ok(Some(sealed)) => {
            let document = Document {
                name: sealed.name,
                text: sealed.text,
            };
            return Ok((document, sealed.settings));
        }
        Ok(None) => context
            .console
            .warning("the configuration that setup put aside is gone; today's is used"),
        Err(error) => context
            .console
            .warning(&format!("{}; today's configuration is used", in_full(&error))),
    }
    Ok((load::document(context)?, context.settings.sealed.clone()))
}

fn ready(document: &Document, variables: &Environment, ledger: &Ledger) -> Result<(Config, Run), String> {
    let config = Config::parse(&document.name, &document.text, variables)
        .map_err(|found| format!("the configuration can't be read: {}", crate::config::render(&found)))?;
    let plan = ledger.plan();
    let marker = Marker::at_front_of(&plan.marker).ok_or("the journal's marker is none")?;
    let run = Run {
        repository: plan.repository.clone(),
        id: plan.run.clone(),
        attempt: plan.attempt,
        url: None,
        marker,
    };
    Ok((config, run))
}

/// Settles accounts whose journal is gone: the marker that state kept says how they are called, and so they are looked for.
pub(super) async fn settle_by_marker(context: &Context, marker: &str, signals: &Signals) -> Result<ExitCode, Failure> {
    context.console.warning(&format!(
        "the journal of `{marker}` is gone; its accounts are looked for by their user names"
    ));
    let marker = Marker::at_front_of(marker)
        .ok_or_else(|| anyhow::anyhow!("`{marker}` is no marker\nhint: look for its accounts in the services"))?;
    let sealed = &context.settings.sealed;
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let config = load::parse(&load::document(context)?, &variables)?;
    let identity = &context.identity;
    let run = Run {
        repository: identity.repository.clone(),
        id: identity.run_id.clone(),
        attempt: identity.attempt,
        url: None,
        marker,
    };
    let selection = plan::Selection {
        services: context.settings.only.clone(),
        personas: context.settings.persona.clone(),
    };
    let now = context.clock.now();
    let draft = plan::draw_up(&config, &variables, &run, &selection, now, &mut UnwrapErr(SysRng))
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut ledger = Ledger::new(draft.planned);
    // Each may have been created, and how long ago is not known: its create counts as just sent.
    let keys: Vec<_> = ledger
        .plan()
        .accounts
        .iter()
        .map(|account| account.key.clone())
        .collect();
    for account in keys {
        let entry = Entry {
            at: now,
            account,
            event: Event::CreateIntended,
        };
        if let Err(illegal) = ledger.apply(&entry) {
            context
                .console
                .warning(&format!("`{}`: {}", illegal.account, illegal.reason));
        }
    }
    let begun = context.clock.now();
    let (settled, ledger, requests) = delete(context, &config, &variables, &run, sealed, ledger, None, signals).await?;
    let took = context.clock.now().since(begun);
    conclude(context, &settled, "standin cleanup", took);
    write_report(context, "cleanup", &ledger, &settled.leftovers, requests, took)?;
    let fails = sealed.on_leftover == OnLeftover::Fail && !settled.leftovers.is_empty();
    Ok(if fails { ExitCode::Failed } else { ExitCode::Success })
}

/// Every debt as a leftover, for one reason.
fn nothing_possible(ledger: &Ledger, reason: &str) -> Settled {
    let leftovers = ledger
        .debts()
        .map(|place| Leftover {
            key: ledger.account(place).key.clone(),
            ids: ledger.record(place).ids.clone(),
            username: ledger.account(place).username.clone(),
            reason: Reason::Unusable,
            detail: reason.to_owned(),
        })
        .collect();
    Settled {
        leftovers,
        ..Settled::default()
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a thing of its own, and this is called once"
)]
async fn delete(
    context: &Context,
    config: &Config,
    variables: &Environment,
    run: &Run,
    sealed: &Sealed,
    ledger: Ledger,
    journal: Option<Journal>,
    signals: &Signals,
) -> Result<(Settled, Ledger, u64), Failure> {
    let scope = plan::scope(variables, run);
    let wired = wire(config, variables, &scope, sealed)?;
    for secret in &wired.secrets {
        context.console.mask(secret);
    }
    let debts = ledger.debts().count();
    context
        .console
        .info(&format!("deleting {}", super::setup::plural(debts, "account")));
    let narrator = RefCell::new(Narrator::new(Phase::Cleanup, debts));
    let world = LiveWorld {
        services: wired.services,
        journal,
        clock: context.clock,
        signals,
        stop_file: None,
        listener: Box::new(|notice| narrate(context, &narrator, &notice)),
        keeper: Box::new(|secret| context.console.mask(secret)),
    };
    let people = plan::recall(config, variables, run);
    let planned = ledger.plan().clone();
    let account = |place: usize| people.value(&planned.accounts[place]);
    let deadline = world.now() + sealed.cleanup_deadline;
    let engine = Engine::new(&world, &wired.sites, ledger, account, deadline);
    let settled = engine.settle().await;
    context.console.end_progress();
    let requests = engine.requests();
    let (ledger, _) = engine.into_parts();
    Ok((settled, ledger, requests))
}

/// Says what the engine tells.
pub(super) fn narrate(context: &Context, narrator: &RefCell<Narrator>, notice: &Notice) {
    let lines = narrator.borrow_mut().hear(notice);
    for line in &lines {
        context.say(line);
    }
    context.console.progress(&narrator.borrow().state());
}

/// Says how it ended, and names what is left.
pub(super) fn conclude(context: &Context, settled: &Settled, again: &str, took: Duration) {
    if let Some(broken) = &settled.journal_broken {
        context.console.warning(&format!(
            "{broken}; what was deleted is not written down, and will be looked for again"
        ));
    }
    let left = settled.leftovers.len();
    context.say(&report::after_cleanup(settled.deleted, settled.absent, left, took));
    for line in report::leftovers(&settled.leftovers, again) {
        context.say(&line);
    }
}

/// Removes what is no longer needed: once nothing is owed, the sealed copy.
pub(super) fn tidy(context: &Context, entry: &EntryDir, ledger: &Ledger) {
    let removed = entry
        .forget_credentials()
        .and_then(|()| if ledger.is_settled() { entry.unseal() } else { Ok(()) });
    if let Err(error) = removed {
        context.console.warning(&error.to_string());
    }
}

/// The command that tries once more.
pub(super) fn again(entry: &EntryDir) -> String {
    let journals = entry.path().parent().unwrap_or_else(|| entry.path());
    format!("standin cleanup --journal {}", journals.display())
}

/// Adds to the job summary, where the host has one and it is wanted. A summary that fails costs nothing but a warning.
pub(super) fn write_summary(context: &Context, markdown: &str) {
    if context.host != Host::GitHub || !context.settings.sealed.summary {
        return;
    }
    let files = FileCommands::from_environment(&context.environment);
    if let Err(error) = files.append_summary(&context.console.redact(markdown)) {
        context.console.warning(&error.to_string());
    }
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    run: &'a str,
    phase: &'a str,
    accounts: Vec<ReportAccount<'a>>,
    leftovers: Vec<ReportLeftover<'a>>,
    requests: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct ReportAccount<'a> {
    service: &'a str,
    account: &'a str,
    username: &'a str,
    id: Option<&'a str>,
    status: String,
}

#[derive(Serialize)]
struct ReportLeftover<'a> {
    service: &'a str,
    account: &'a str,
    id: Option<&'a str>,
    username: &'a str,
    reason: Reason,
    hint: String,
}

/// Writes the report where it is wanted.
pub(super) fn write_report(
    context: &Context,
    phase: &str,
    ledger: &Ledger,
    leftovers: &[Leftover],
    requests: u64,
    took: Duration,
) -> anyhow::Result<()> {
    let Some(path) = &context.settings.sealed.report else {
        return Ok(());
    };
    let accounts = (0..ledger.plan().accounts.len())
        .map(|place| {
            let account = ledger.account(place);
            ReportAccount {
                service: account.key.service.as_str(),
                account: &account.key.account,
                username: &account.username,
                id: ledger
                    .record(place)
                    .ids
                    .first()
                    .map(crate::domain::account::RemoteId::as_str),
                status: ledger.record(place).status.to_string(),
            }
        })
        .collect();
    let leftovers = leftovers
        .iter()
        .map(|leftover| ReportLeftover {
            service: leftover.key.service.as_str(),
            account: &leftover.key.account,
            id: leftover.ids.first().map(crate::domain::account::RemoteId::as_str),
            username: &leftover.username,
            reason: leftover.reason,
            hint: report::hint(leftover, "standin cleanup"),
        })
        .collect();
    let report = Report {
        version: 1,
        run: &ledger.plan().run,
        phase,
        accounts,
        leftovers,
        requests,
        seconds: took.as_secs_f64(),
    };
    let json = serde_json::to_string_pretty(&report)?;
    write_private_file(path, context.console.redact(&json).as_bytes()).context("the report can't be written")
}
