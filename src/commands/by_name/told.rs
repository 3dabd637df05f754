//! What a `state` output tells, as far as it is believed.

use std::collections::HashMap;

use super::{Today, apply_at, configuration, intend, run_of};
use crate::adapters::entry::EntryDir;
use crate::commands::context::Context;
use crate::commands::exit::Failure;
use crate::commands::known::Known;
use crate::commands::state::{Signature, State, VERSION};
use crate::config::Config;
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::{Event, Mark, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::plan::{self, Run};
use crate::report::seen;

/// Reads a `state` output.
pub(in crate::commands) fn read_state(text: &str) -> Result<State, Failure> {
    let state: State = serde_json::from_str(text).map_err(|_| {
        let reason = match serde_json::from_str(text) {
            // It is what a setup prints, and what other jobs are given to find the accounts.
            Ok(serde_json::Value::Array(_)) => {
                "is a list of accounts, as in the output `accounts`, which is not enough"
            }
            Ok(_) => "is JSON, but not what a setup gives",
            Err(_) => "is no JSON",
        };
        Failure::usage(Why::hinted(
            format!("`state` {reason}"),
            "give the output `state` of the setup as it is, or the file that its `state-file` names",
        ))
    })?;
    if state.version > VERSION {
        return Err(Failure::usage(Why::hinted(
            format!(
                "`state` has the version {}, and this program knows {VERSION}",
                state.version
            ),
            "use the same release for setup and cleanup",
        )));
    }
    Ok(state)
}

/// Where the accounts of a `state` are known from.
pub(in crate::commands) enum Subject {
    /// From the journal of a setup on this machine, which knows more than what it told.
    Journal(EntryDir),
    /// From what the state says alone.
    State(Box<OfState>),
}

/// Accounts that a `state` tells of.
pub(in crate::commands) struct OfState {
    pub(super) state: State,
    pub(super) run: Run,
    pub(super) today: Today,
    pub(super) ledger: Ledger,
}

impl OfState {
    /// The accounts for an engine, with where each stands as far as the state says.
    pub(in crate::commands) fn known(&self, context: &Context) -> (Known<'_>, Ledger) {
        let today = &self.today;
        let known = Known {
            config: &today.config,
            variables: &today.variables,
            run: &self.run,
            sealed: &today.sealed,
            journal: None,
            kept: HashMap::new(),
            files: today.files.clone(),
            deadline: context.clock.now() + today.sealed.cleanup_deadline,
        };
        (known, self.ledger.clone())
    }

    /// A word on "re-run failed jobs", where that may be why they are gone.
    pub(in crate::commands) fn of_earlier_attempt(&self, context: &Context) -> Option<Why> {
        of_earlier_attempt(context, &self.state)
    }
}

/// Takes up the accounts of a `state` output.
pub(in crate::commands) fn subject(context: &Context, text: &str) -> Result<Subject, Failure> {
    let state = read_state(text)?;
    let signature = state.signature(context.settings.seed.as_ref());
    // Before anything is opened by it: a state may name the journal of another run that is still at work.
    let run = match signature {
        Signature::Ours => run_of_state(context, &state)?,
        Signature::None => run_of(context, &state.marker)?,
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
    let today = configuration(context, None, &run)?;
    let believed = signature == Signature::Ours;
    let ledger = ledger_of(context, &today, &run, &state, believed);
    Ok(Subject::State(Box::new(OfState {
        state,
        run,
        today,
        ledger,
    })))
}

/// What "re-run failed jobs" does to those who use a state, where this is such a state: the setup is not run again, and its
/// accounts are gone.
pub(in crate::commands) fn of_earlier_attempt(context: &Context, state: &State) -> Option<Why> {
    let (then, now) = (state.attempt, context.identity.attempt);
    let hint = "re-run all jobs, so that the setup is run again; to re-run failed jobs alone keeps the outputs of the earlier attempt";
    (then < now).then(|| {
        let what = format!(
            "this `state` is of attempt {then} and this is attempt {now}: the accounts of the earlier attempt were deleted at its end"
        );
        Why::hinted(what, hint)
    })
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
fn ledger_of(context: &Context, today: &Today, run: &Run, state: &State, believed: bool) -> Ledger {
    let config = &today.config;
    let people = plan::recall(config, &today.variables, run, context.settings.seed.as_ref());
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    let mut known = Vec::new();
    for told in &state.accounts {
        // It can only be named. What no persona of the configuration explains was not made by it.
        let unmarked = !told.username.contains(run.marker.as_str());
        let is_explained = !unmarked || is_unmarked(config, &told.account);
        let Some(service) = ServiceName::parse(&told.service).filter(|_| is_explained) else {
            context.console.warning(format!(
                "`{}/{}` of the state does not carry the marker, and is left alone",
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
