//! Settling accounts without a journal: one that is gone, or another job's. They are known by their names alone, so only
//! what shows a name of ours is deleted.

use std::path::PathBuf;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::context::Context;
use super::exit::Failure;
use super::job_report::write_report;
use super::load;
use super::settle::{Outcome, Owed, conclude, delete};
use super::state::{Signature, State, VERSION};
use super::tls::KeptFiles;
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::config::Config;
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::{self, Entry, Event, Planned, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::marker::{Marker, Origin};
use crate::engine::Settled;
use crate::language::Environment;
use crate::plan::{self, Passwords, Run, Selection};
use crate::settings::OnLeftover;

/// Settles accounts whose journal is gone: the marker that the runner's state kept says how they are called.
pub(super) async fn settle_marker(context: &Context, marker: &str, signals: &Signals) -> Result<Outcome, Failure> {
    context.console.warning(&format!(
        "the journal of `{marker}` is gone; its accounts are looked for by their user names"
    ));
    let today = configuration(context)?;
    let run = run_of(context, marker)?;
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
    )
    .map_err(|error| anyhow::anyhow!("{error}"))?;
    let ledger = Ledger::new(draft.planned);
    Ok(settle(context, &today, &run, ledger, false, signals).await?.0)
}

/// Reads a `state` output.
pub(super) fn read_state(text: &str) -> Result<State, Failure> {
    let state: State = serde_json::from_str(text).map_err(|error| {
        Failure::usage(format!(
            "`state` can't be read: {error}\nhint: give the output `state` of the setup as it is"
        ))
    })?;
    if state.version > VERSION {
        return Err(Failure::usage(format!(
            "`state` has the version {}, and this program knows {VERSION}\nhint: use the same release for setup and cleanup",
            state.version
        )));
    }
    Ok(state)
}

/// Settles the accounts of a `state` output, which another job has set.
pub(super) async fn settle_state(context: &Context, text: &str, signals: &Signals) -> Result<Outcome, Failure> {
    let state = read_state(text)?;
    let signature = state.signature(context.settings.seed.as_ref());
    // Before anything is opened by it: a state may name the journal of another run that is still at work.
    let run = match signature {
        Signature::Ours => run_of_state(context, &state)?,
        Signature::None => run_of(context, &state.marker)?,
        Signature::Wrong => {
            return Err(Failure::usage(
                "`state` is not signed with this seed, or was changed since: nothing is deleted\nhint: give the seed that the setup was given, and its output `state` as it is",
            ));
        }
    };
    // The journal of a setup on this machine knows more than what it told.
    if let Ok(entry) = context
        .journals()
        .and_then(|journals| EntryDir::open_in(&journals, &state.marker))
    {
        return super::settle::settle(context, &entry, signals).await;
    }
    let today = configuration(context)?;
    let believed = signature == Signature::Ours;
    let ledger = ledger_of(context, &today.config, &run, &state, believed);
    let told = ledger.plan().accounts.len();
    let (outcome, settled) = settle(context, &today, &run, ledger, believed, signals).await?;
    if state.attempt < context.identity.attempt && settled.deleted == 0 && settled.absent == told {
        context.console.notice(&of_earlier_attempt(context, &state));
    }
    Ok(outcome)
}

/// What "re-run failed jobs" does to those who use a state: the setup is not run again, and its accounts are gone.
pub(super) fn of_earlier_attempt(context: &Context, state: &State) -> String {
    format!(
        "this `state` is of attempt {} and this is attempt {}: the accounts of the earlier attempt were deleted at its end\nhint: re-run all jobs, so that the setup is run again; to re-run failed jobs alone keeps the outputs of the earlier attempt",
        state.attempt, context.identity.attempt
    )
}

/// The run of a signed state: of this repository, but not of this run alone.
fn run_of_state(context: &Context, state: &State) -> Result<Run, Failure> {
    let marker = Marker::at_front_of(&state.marker)
        .filter(|found| found.as_str() == state.marker && found.is_of_repository(&context.identity.repository))
        .filter(|_| state.repository == context.identity.repository)
        .ok_or_else(|| {
            Failure::usage(format!(
                "`state` is of `{}`, and this is `{}`: nothing is deleted",
                state.repository, context.identity.repository
            ))
        })?;
    Ok(Run {
        repository: state.repository.clone(),
        id: state.run.clone(),
        attempt: state.attempt,
        url: None,
        marker,
    })
}

/// Is this the marker of an invocation of this run?
pub(super) fn is_of_this_run(context: &Context, marker: &str) -> bool {
    run_of(context, marker).is_ok()
}

/// The configuration as it is now.
struct Today {
    config: Config,
    variables: Environment,
    /// Where paths in it begin.
    directory: PathBuf,
}

fn configuration(context: &Context) -> Result<Today, Failure> {
    let variables = load::variables(context, context.settings.sealed.allow_env.as_ref());
    let document = load::document(context)?;
    Ok(Today {
        config: load::parse(&document, &variables, &context.settings.sealed)?,
        variables,
        directory: document.directory,
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

/// What a state says, as far as it is believed: user names that carry the marker, and ids only where reading them back
/// shows whose they are.
fn ledger_of(context: &Context, config: &Config, run: &Run, state: &State, believed: bool) -> Ledger {
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    let mut ids = Vec::new();
    for told in &state.accounts {
        // It can only be named. What no persona of the configuration explains was not made by it.
        let unmarked = !told.username.contains(run.marker.as_str());
        let known = !unmarked || is_unmarked(config, &told.account);
        let Some(service) = ServiceName::parse(&told.service).filter(|_| known) else {
            context.console.warning(&format!(
                "`{}/{}` of the state does not carry the marker, and is left alone",
                told.service, told.account
            ));
            continue;
        };
        let described = config.service(service.as_str());
        let shows_names = described
            .and_then(|service| service.verify.as_ref())
            .is_some_and(|verify| verify.name.is_some());
        let is_safe = believed || (shows_names && !unmarked);
        let timeout = described.map(|service| service.timeout).unwrap_or_default();
        ids.push(told.id.clone().filter(|_| is_safe));
        accounts.push(PlannedAccount {
            key: AccountKey {
                service,
                account: told.account.clone(),
            },
            username: told.username.clone(),
            full_username: told.full_username.clone(),
            own_password: told.own_password,
            email: told.email(),
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            needs: accounts
                .iter()
                .enumerate()
                .filter(|(_, other)| {
                    let needed = described.is_some_and(|service| service.needs.contains(&other.key.service));
                    needed && other.key.account == told.account
                })
                .map(|(place, _)| place)
                .collect(),
            unmarked,
        });
    }
    let mut ledger = Ledger::new(Planned {
        version: event::VERSION,
        at: context.clock.now(),
        repository: run.repository.clone(),
        run: run.id.clone(),
        attempt: run.attempt,
        marker: run.marker.as_str().to_owned(),
        accounts,
    });
    intend_all(context, &mut ledger);
    for (place, id) in ids.into_iter().enumerate() {
        if let Some(id) = id {
            apply(context, &mut ledger, place, Event::Created(id));
        }
    }
    ledger
}

/// Is this a copy of a persona whose user name carries no marker?
fn is_unmarked(config: &Config, account: &str) -> bool {
    config
        .personas
        .iter()
        .filter(|persona| persona.unmarked)
        .any(|persona| {
            let number = account.strip_prefix(persona.name.as_str());
            number.is_some_and(|number| number.is_empty() || number.starts_with('-'))
        })
}

/// Each account may have been created. How long ago is not known, so its create counts as just sent.
fn intend_all(context: &Context, ledger: &mut Ledger) {
    for place in 0..ledger.plan().accounts.len() {
        apply(context, ledger, place, Event::CreateIntended);
    }
}

fn apply(context: &Context, ledger: &mut Ledger, place: usize, event: Event) {
    let entry = Entry {
        at: context.clock.now(),
        account: ledger.account(place).key.clone(),
        event,
    };
    if let Err(illegal) = ledger.apply(&entry) {
        context
            .console
            .warning(&format!("`{}`: {}", illegal.account, illegal.reason));
    }
}

async fn settle(
    context: &Context,
    today: &Today,
    run: &Run,
    mut ledger: Ledger,
    believes_ids: bool,
    signals: &Signals,
) -> Result<(Outcome, Settled), Failure> {
    let sealed = &context.settings.sealed;
    if ledger.is_settled() {
        intend_all(context, &mut ledger);
    }
    let begun = context.clock.now();
    let files = KeptFiles::read(
        &today.config,
        &plan::scope(&today.variables, run),
        &today.directory,
        &[],
    )?;
    let owed = Owed {
        config: &today.config,
        variables: &today.variables,
        run,
        sealed,
        journal: None,
        files,
        believes_ids,
    };
    let (settled, ledger, requests) = delete(context, owed, ledger, signals).await?;
    let took = context.clock.now().since(begun);
    conclude(context, &settled, "standin cleanup", took);
    let counted = (requests, took);
    write_report(
        context,
        sealed.report.as_deref(),
        "cleanup",
        &ledger,
        &settled.leftovers,
        counted,
    )?;
    let outcome = Outcome {
        fails: sealed.on_leftover == OnLeftover::Fail && !settled.leftovers.is_empty(),
        signal: signals.first(),
    };
    Ok((outcome, settled))
}
