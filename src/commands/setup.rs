//! `setup`: creates and verifies every account, and hands them over.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::Context as _;
use rand::rngs::SysRng;
use rand::{RngExt as _, rand_core::UnwrapErr};

use super::context::{Context, in_full};
use super::deliver::{self, Delivered};
use super::exit::{ExitCode, Failure};
use super::sealed::{SealedCopy, VERSION as SEALED_VERSION};
use super::state::State;
use super::wire::{Wired, wire};
use super::{load, settle};
use crate::adapters::entry::{EntryDir, Lock};
use crate::adapters::hosts::Host;
use crate::adapters::hosts::github::FileCommands;
use crate::adapters::journal::Journal;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::config::Service;
use crate::domain::ledger::Ledger;
use crate::domain::marker::{self, Marker, Origin};
use crate::domain::secret::Secret;
use crate::engine::{Engine, Provisioned, Settled};
use crate::plan::{self, Draft, Run, Selection};
use crate::ports::{Stop, World as _};
use crate::report::{self, AccountRow, Narrator, Phase};
use crate::settings::OnFailure;

/// Everything that is known before the first request, and on disk.
pub(super) struct Prepared {
    /// Where the journal and what lies beside it are.
    pub entry: EntryDir,
    draft: Draft,
    wired: Wired,
    journal: Journal,
    _lock: Option<Lock>,
}

/// What a setup came to.
pub(super) struct Made {
    /// The accounts that are ready; none if they were rolled back.
    pub accounts: Vec<Delivered>,
    /// How the command is to end.
    pub code: ExitCode,
}

/// The command.
pub(super) async fn setup(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("signals can't be listened for")?;
    let prepared = prepare(context)?;
    announce(context, &prepared)?;
    let made = make(context, prepared, &signals).await?;
    Ok(made.code)
}

/// Finds every mistake that can be found without a request, and puts the journal on disk.
pub(super) fn prepare(context: &Context) -> Result<Prepared, Failure> {
    let sealed = &context.settings.sealed;
    let document = load::document(context)?;
    let variables = load::variables(context, sealed.allow_env.as_ref());
    let config = load::parse(&document, &variables)?;
    load::require(&config, &variables)?;
    let timeout_of = |service: &Service| sealed.timeout.unwrap_or(service.timeout);
    let slow = config
        .services
        .iter()
        .find(|service| timeout_of(service) * 2 > sealed.cleanup_deadline);
    if let Some(service) = slow {
        return Err(Failure::usage(format!(
            "the `timeout` of `{}`, {}, is over half of the `cleanup-deadline`, {}: a create could land after cleanup had to end\nhint: shorten the one or lengthen the other",
            service.name,
            humantime::format_duration(timeout_of(service)),
            humantime::format_duration(sealed.cleanup_deadline),
        )));
    }
    let mut random = UnwrapErr(SysRng);
    let invocation: String = (0..marker::INVOCATION)
        .filter_map(|_| char::from_digit(random.random_range(0..36), 36))
        .collect();
    let identity = &context.identity;
    let now = context.clock.now();
    let origin = Origin {
        repository: &identity.repository,
        run: &identity.run_id,
        attempt: identity.attempt,
    };
    let run = Run {
        repository: identity.repository.clone(),
        id: identity.run_id.clone(),
        attempt: identity.attempt,
        url: identity.url.clone(),
        marker: Marker::new(&config.prefix, now, config.ttl, &origin, &invocation),
    };
    let selection = Selection {
        services: context.settings.only.clone(),
        personas: context.settings.persona.clone(),
    };
    let draft = plan::draw_up(&config, &variables, &run, &selection, now, &mut random)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let wired = wire(&config, &variables, &plan::scope(&variables, &run), sealed)?;
    let unusable: Vec<&str> = wired.sites.iter().filter_map(|site| site.unusable.as_deref()).collect();
    if !unusable.is_empty() {
        return Err(Failure::Usage(unusable.join("\n")));
    }
    mask(context, &wired, &draft);
    for warning in &wired.warnings {
        context.console.warning(warning);
    }
    let journals = context.journals().map_err(|error| no_journal(&error.into()))?;
    let entry = EntryDir::create(&journals, run.marker.as_str()).map_err(|error| no_journal(&error.into()))?;
    let lock = entry.try_lock().map_err(|error| no_journal(&error))?;
    entry
        .seal(&SealedCopy {
            version: SEALED_VERSION,
            name: document.name,
            text: document.text,
            settings: sealed.clone(),
        })
        .map_err(|error| no_journal(&error))?;
    let journal = entry.begin(&draft.planned).map_err(|error| no_journal(&error))?;
    Ok(Prepared {
        entry,
        draft,
        wired,
        journal,
        _lock: lock,
    })
}

fn no_journal(error: &anyhow::Error) -> Failure {
    let (what, hint) = match in_full(error).split_once("\nhint:") {
        Some((what, hint)) => (what.to_owned(), format!("\nhint:{hint}")),
        None => (in_full(error), String::new()),
    };
    Failure::Failed(anyhow::anyhow!(
        "no account was created: without a journal none may be: {what}{hint}"
    ))
}

/// Keeps every secret that is known by now out of everything that is printed from here on.
fn mask(context: &Context, wired: &Wired, draft: &Draft) {
    let mut texts: Vec<&str> = vec![&draft.planned.marker, &draft.planned.repository];
    for account in &draft.planned.accounts {
        texts.extend([
            account.key.service.as_str(),
            &account.key.account,
            &account.username,
            &account.email,
        ]);
    }
    let passwords = draft.people.iter().filter_map(|person| person.password.as_ref());
    let mut seen_in_names = false;
    let mut done: Vec<&Secret> = Vec::new();
    for secret in wired.secrets.iter().chain(passwords) {
        let value = secret.expose();
        if wired.secrets.len() < 1_000 && done.contains(&secret) {
            continue;
        }
        if value.is_empty() {
            continue;
        }
        // Made passwords stand in no name; looking through all names is for what the user chose.
        if draft.people.len() <= 1_000 && texts.iter().any(|text| text.contains(value)) {
            seen_in_names = true;
            continue;
        }
        context.console.mask(secret);
        if done.len() < 1_000 {
            done.push(secret);
        }
    }
    if seen_in_names {
        context.console.warning(
            "a secret stands in a name of an account or a service, and can't be masked without masking the name\nhint: choose another secret",
        );
    }
}

/// Tells the host where the journal is: the journal is on disk before, and no request was sent yet.
pub(super) fn announce(context: &Context, prepared: &Prepared) -> Result<(), Failure> {
    if context.host == Host::GitHub {
        let files = FileCommands::from_environment(&context.environment);
        let state = State::of(&Ledger::new(prepared.draft.planned.clone())).to_json()?;
        files
            .set_outputs(&[("state", state.as_str()), ("ready", "false")])
            .context("no account was created: the outputs can't be set")?;
    }
    let accounts = &prepared.draft.planned.accounts;
    let mut services: Vec<&str> = accounts.iter().map(|account| account.key.service.as_str()).collect();
    services.dedup();
    context.console.info(&format!(
        "creating {} in {} ({}); their names begin with {}",
        plural(accounts.len(), "account"),
        plural(services.len(), "service"),
        services.join(", "),
        prepared.draft.planned.marker,
    ));
    Ok(())
}

/// Creates everything, and rolls back or hands over.
pub(super) async fn make(context: &Context, prepared: Prepared, signals: &Signals) -> Result<Made, Failure> {
    let Prepared {
        entry,
        draft,
        wired,
        journal,
        _lock,
    } = prepared;
    let settings = &context.settings;
    let begun = context.clock.now();
    let narrator = RefCell::new(Narrator::new(Phase::Setup, draft.planned.accounts.len()));
    let world = LiveWorld {
        services: wired.services,
        journal: Some(journal),
        clock: context.clock,
        signals,
        stop_file: Some(entry.stop_path()),
        listener: Box::new(|notice| settle::narrate(context, &narrator, &notice)),
        keeper: Box::new(|secret| context.console.mask(secret)),
    };
    let account = |place: usize| {
        let planned = &draft.planned.accounts[place];
        draft.people[draft.person_of[place]].value(&planned.username, &planned.email)
    };
    let ledger = Ledger::new(draft.planned.clone());
    let mut engine = Engine::new(&world, &wired.sites, ledger, account, begun + settings.deadline);
    let keep = settings.on_failure == OnFailure::Keep;
    let provisioned = tokio::select! {
        provisioned = engine.provision(settings.wait, keep) => provisioned,
        // Whoever asks twice wants it now: the journal has everything.
        signal = signals.nth(1) => Provisioned { stopped: Some(Stop::Signal(signal)), ..Provisioned::default() },
    };
    context.console.end_progress();
    let took = world.now().since(begun);
    let failed = !provisioned.failures.is_empty() || provisioned.journal_broken.is_some();
    let rolls_back = provisioned.stopped.is_none() && failed && (!keep || provisioned.journal_broken.is_some());
    let settled = if rolls_back {
        context.say(&report::after_setup(
            provisioned.ready.len(),
            draft.planned.accounts.len(),
            took,
            engine.requests(),
        ));
        Some(roll_back(context, &mut engine, &narrator).await)
    } else {
        None
    };
    let requests = engine.requests();
    let (ledger, learnt) = engine.into_parts();
    let ready = if settled.is_some() {
        Vec::new()
    } else {
        provisioned.ready.clone()
    };
    let password = |place: usize| {
        draft.people[draft.person_of[place]]
            .password
            .clone()
            .unwrap_or_else(|| Secret::new(""))
    };
    let accounts = deliver::delivered(&ledger, &learnt, &ready, password);
    let complete = !failed && provisioned.stopped.is_none() && accounts.len() == draft.planned.accounts.len();
    conclude(context, &entry, &ledger, &provisioned, &accounts, complete)?;
    let code = match (provisioned.stopped, &settled) {
        (Some(stop), _) => {
            say_stopped(context, stop, &ledger);
            match stop {
                Stop::Signal(signal) => ExitCode::Signal(signal),
                Stop::Superseded => ExitCode::Failed,
            }
        }
        (None, Some(settled)) => {
            let again = settle::again(&entry);
            settle::conclude(context, settled, &again, world.now().since(begun + took));
            settle::tidy(context, &entry, &ledger);
            ExitCode::Failed
        }
        (None, None) => {
            context.say(&report::after_setup(
                accounts.len(),
                draft.planned.accounts.len(),
                took,
                requests,
            ));
            if complete { ExitCode::Success } else { ExitCode::Failed }
        }
    };
    summarise(context, &ledger, &provisioned, settled.as_ref(), took);
    settle::write_report(
        context,
        "setup",
        &ledger,
        settled.as_ref().map_or(&[], |it| &it.leftovers),
        requests,
        took,
    )?;
    Ok(Made { accounts, code })
}

async fn roll_back(context: &Context, engine: &mut Engine<'_, LiveWorld<'_>>, narrator: &RefCell<Narrator>) -> Settled {
    context.console.info("taking back what was created");
    let debts = engine.ledger().debts().count();
    *narrator.borrow_mut() = Narrator::new(Phase::Cleanup, debts);
    engine.set_deadline(context.clock.now() + context.settings.sealed.cleanup_deadline);
    let settled = engine.settle().await;
    context.console.end_progress();
    settled
}

/// Sets the outputs to what is now known.
fn conclude(
    context: &Context,
    entry: &EntryDir,
    ledger: &Ledger,
    provisioned: &Provisioned,
    accounts: &[Delivered],
    complete: bool,
) -> Result<(), Failure> {
    if complete || (context.settings.on_failure == OnFailure::Keep && provisioned.stopped.is_none()) {
        deliver::deliver(context, entry, ledger, accounts, complete)
            .context("the accounts are ready, but could not be handed over; cleanup will delete them")?;
    } else if context.host == Host::GitHub {
        let state = State::of(ledger).to_json()?;
        let files = FileCommands::from_environment(&context.environment);
        files.set_outputs(&[("state", state.as_str()), ("ready", "false"), ("count", "0")])?;
    }
    Ok(())
}

fn say_stopped(context: &Context, stop: Stop, ledger: &Ledger) {
    let debts = ledger.debts().count();
    let by = match stop {
        Stop::Signal(signal) => format!("by signal {signal}"),
        Stop::Superseded => "because a cleanup of its accounts has begun".to_owned(),
    };
    context.console.error(&format!(
        "stopped {by}: {} may exist\nhint: {}",
        plural(debts, "account"),
        if context.host == Host::GitHub && context.environment.has("GITHUB_STATE") {
            "the action's post step deletes them"
        } else {
            "run `standin cleanup`"
        }
    ));
}

fn summarise(context: &Context, ledger: &Ledger, provisioned: &Provisioned, settled: Option<&Settled>, took: Duration) {
    let rows: Vec<AccountRow> = (0..ledger.plan().accounts.len())
        .map(|place| {
            let account = ledger.account(place);
            let record = ledger.record(place);
            AccountRow {
                key: account.key.to_string(),
                username: account.username.clone(),
                id: record.ids.first().map(ToString::to_string).unwrap_or_default(),
                status: record.status.to_string(),
            }
        })
        .collect();
    let failures: Vec<(String, String)> = provisioned
        .failures
        .iter()
        .map(|failure| (failure.key.to_string(), failure.reason.clone()))
        .collect();
    let title = match settled {
        Some(settled) if settled.leftovers.is_empty() => "setup failed and left nothing".to_owned(),
        Some(settled) => format!(
            "setup failed, and {} may be left",
            plural(settled.leftovers.len(), "account")
        ),
        None => format!("{} of {} ready", provisioned.ready.len(), plural(rows.len(), "account")),
    };
    let mut text = report::setup_summary(&title, &rows, took, &failures);
    if let Some(settled) = settled.filter(|settled| !settled.leftovers.is_empty()) {
        text.push_str(&report::cleanup_summary(
            "what may be left",
            &settled.leftovers,
            "standin cleanup",
        ));
    }
    settle::write_summary(context, &text);
}

/// `1 account`, `3 accounts`.
pub(super) fn plural(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
