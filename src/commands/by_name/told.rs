//! What a `state` output tells, as far as it is believed.

use super::events::{apply_at, intend};
use crate::adapters::entry::EntryDir;
use crate::commands::context::Context;
use crate::commands::exit::Failure;
use crate::commands::ground::Ground;
use crate::commands::state::{Signature, State};
use crate::config::Config;
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::{Event, Mark, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::plan::Run;
use crate::report::seen;

/// Where the accounts of a `state` are known from.
pub(in crate::commands) enum Subject {
    /// From the journal of a setup on this machine, which knows more than what it told.
    Journal(EntryDir),
    /// From what the state says alone.
    State(Box<OfState>),
}

/// Accounts that a `state` tells of.
pub(in crate::commands) struct OfState {
    /// What it says.
    pub(in crate::commands) state: State,
    /// What they are asked for by.
    pub(in crate::commands) ground: Ground,
    /// Where each stands as far as the state says.
    pub(in crate::commands) ledger: Ledger,
}

/// Takes up the accounts of a `state` output.
pub(in crate::commands) fn subject(context: &Context, text: &str) -> Result<Subject, Failure> {
    let state = State::read(text)?;
    let signature = state.signature(context.settings.seed.as_ref());
    // Before anything is opened by it: a state may name the journal of another run that is still at work.
    let run = match signature {
        Signature::Ours => run_of_state(context, &state)?,
        Signature::None => context.run_of(&state.marker)?,
        Signature::Wrong => {
            return Err(Failure::usage(Why::hinted(
                "`state` is not signed with this seed, or was changed since: nothing is deleted",
                "give the seed that the setup was given, and its output `state` as it is",
            )));
        }
    };
    if let Ok(entry) = context
        .journals()
        .and_then(|journals| EntryDir::open_in(&journals, &state.marker))
    {
        return Ok(Subject::Journal(entry));
    }
    let ground = Ground::without_journal(context, None, run)?;
    let believed = signature == Signature::Ours;
    let ledger = ledger_of(context, &ground, &state, believed);
    Ok(Subject::State(Box::new(OfState { state, ground, ledger })))
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

/// What a state says, as far as it is believed: user names that carry the marker, and ids only where reading them back
/// shows whose they are.
fn ledger_of(context: &Context, ground: &Ground, state: &State, believed: bool) -> Ledger {
    let (config, run) = (&ground.config, &ground.run);
    let people = ground.people(context);
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    let mut known = Vec::new();
    for told in &state.accounts {
        // It can only be named. What no persona of the configuration explains was not made by it.
        let unmarked = !told.username.contains(run.marker.as_str());
        let is_explained = !unmarked || is_unmarked(config, &told.account);
        let Some(service) = ServiceName::parse(&told.service).filter(|_| is_explained) else {
            context.console.warning(format!(
                "`{}/{}` of the state has no marker and is left alone",
                seen(&told.service),
                seen(&told.account)
            ));
            continue;
        };
        let described = config.service(service.as_str());
        let shows_names = described
            .and_then(|service| service.verify.as_ref())
            .is_some_and(|verify| verify.name.is_some());
        let is_safe = believed || (shows_names && !unmarked);
        let timeout = described.map(|service| service.timeout).unwrap_or_default();
        known.push((told.id.clone().filter(|_| is_safe), told.seen));
        accounts.push(PlannedAccount {
            key: AccountKey {
                service,
                account: told.account.clone(),
            },
            username: told.username.clone(),
            full_username: told.full_username.clone(),
            own_password: told.own_password,
            totp: told.totp,
            email: if believed || !people.has(&told.account) {
                told.email()
            } else {
                people.email(&told.account, &told.username)
            },
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
    let mut plan = run.planned(context.clock.now(), accounts);
    plan.places = state.places.clone();
    let mut ledger = Ledger::new(plan);
    for (service, digest) in &state.probed {
        let (service, digest) = (service.clone(), digest.clone());
        ledger.remark(&Mark::Place { service, digest });
    }
    intend_all(context, &mut ledger);
    for (place, (id, seen)) in known.into_iter().enumerate() {
        let Some(id) = id else { continue };
        // Its id was known at the end of setup at the latest, which may be hours ago.
        let at = run.marker.created();
        let event = if believed { Event::Created } else { Event::Given };
        apply_at(context, &mut ledger, place, event(id), at);
        if seen {
            apply_at(context, &mut ledger, place, Event::Verified, at);
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
        intend(context, ledger, place);
    }
}
