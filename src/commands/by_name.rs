//! Settling accounts without a journal: one that is gone, or another job's. They are known by their names alone, so only
//! what shows a name of ours is deleted.

mod listed;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::context::{Context, in_full};
use super::exit::Failure;
use super::job_report::write_report;
use super::known::{Kept, Known, kept};
use super::load;
use super::settle::{Outcome, conclude, delete};
use super::state::{Signature, State, VERSION};
use super::tls::KeptFiles;
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::config::Config;
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::{self, Entry, Event, Planned, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::marker::{Marker, Origin};
use crate::domain::time::Timestamp;
use crate::engine::Settled;
use crate::language::Environment;
use crate::plan::{self, Passwords, Run, Selection};
use crate::report::seen;
use crate::settings::{OnLeftover, Sealed};

/// Settles accounts whose journal is gone: the marker that the runner's state kept says how they are called. Where their
/// entry is still there, the configuration that setup put aside in it counts.
pub(super) async fn settle_marker(
    context: &Context,
    marker: &str,
    entry: Option<&EntryDir>,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    context.console.warning(&format!(
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
    )
    .map_err(|error| anyhow::anyhow!("{error}"))?;
    let found = listed::under_the_marker(context, &today, &run, &draft.planned, signals).await?;
    let ledger = listed::ledger(context, draft.planned, found, &today.config);
    let (outcome, settled) = settle(context, &today, &run, ledger, (now, false), signals).await?;
    if let Some(entry) = entry.filter(|_| settled.leftovers.is_empty())
        && let Err(error) = entry.unseal()
    {
        context.console.warning(&in_full(&error.into()));
    }
    Ok(outcome)
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

/// Where the accounts of a `state` are known from.
pub(super) enum Subject {
    /// From the journal of a setup on this machine, which knows more than what it told.
    Journal(EntryDir),
    /// From what the state says alone.
    State(Box<OfState>),
}

/// Accounts that a `state` tells of.
pub(super) struct OfState {
    state: State,
    run: Run,
    today: Today,
    ledger: Ledger,
    /// It is signed with our seed: its ids are believed.
    believed: bool,
}

impl OfState {
    /// The accounts for an engine, with where each stands as far as the state says.
    pub(super) fn known(&self, context: &Context) -> (Known<'_>, Ledger) {
        let today = &self.today;
        let known = Known {
            config: &today.config,
            variables: &today.variables,
            run: &self.run,
            sealed: &today.sealed,
            journal: None,
            files: today.files.clone(),
            believes_ids: self.believed,
            deadline: context.clock.now() + today.sealed.cleanup_deadline,
        };
        (known, self.ledger.clone())
    }

    /// A word on "re-run failed jobs", where that may be why they are gone.
    pub(super) fn of_earlier_attempt(&self, context: &Context) -> Option<String> {
        of_earlier_attempt(context, &self.state)
    }
}

/// Takes up the accounts of a `state` output.
pub(super) fn subject(context: &Context, text: &str) -> Result<Subject, Failure> {
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
        believed,
    })))
}

/// Settles the accounts of a `state` output, which another job has set.
pub(super) async fn settle_state(context: &Context, text: &str, signals: &Signals) -> Result<Outcome, Failure> {
    let told = match subject(context, text)? {
        Subject::Journal(entry) => return super::settle::settle(context, &entry, signals).await,
        Subject::State(told) => *told,
    };
    let now = context.clock.now();
    let number = told.ledger.plan().accounts.len();
    let (outcome, settled) = settle(
        context,
        &told.today,
        &told.run,
        told.ledger,
        (now, told.believed),
        signals,
    )
    .await?;
    let is_gone = settled.deleted == 0 && settled.absent == number;
    if let Some(text) = of_earlier_attempt(context, &told.state).filter(|_| is_gone) {
        context.console.notice(&text);
    }
    Ok(outcome)
}

/// What "re-run failed jobs" does to those who use a state, where this is such a state: the setup is not run again, and its
/// accounts are gone.
pub(super) fn of_earlier_attempt(context: &Context, state: &State) -> Option<String> {
    let now = context.identity.attempt;
    (state.attempt < now).then(|| format!(
        "this `state` is of attempt {} and this is attempt {now}: the accounts of the earlier attempt were deleted at its end\nhint: re-run all jobs, so that the setup is run again; to re-run failed jobs alone keeps the outputs of the earlier attempt",
        state.attempt
    ))
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

/// What a state says, as far as it is believed: user names that carry the marker, and ids only where reading them back
/// shows whose they are.
fn ledger_of(context: &Context, today: &Today, run: &Run, state: &State, believed: bool) -> Ledger {
    let config = &today.config;
    let people = plan::recall(config, &today.variables, run, context.settings.seed.as_ref());
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    let mut ids = Vec::new();
    for told in &state.accounts {
        // It can only be named. What no persona of the configuration explains was not made by it.
        let unmarked = !told.username.contains(run.marker.as_str());
        let known = !unmarked || is_unmarked(config, &told.account);
        let Some(service) = ServiceName::parse(&told.service).filter(|_| known) else {
            context.console.warning(&format!(
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
        ids.push(told.id.clone().filter(|_| is_safe));
        accounts.push(PlannedAccount {
            key: AccountKey {
                service,
                account: told.account.clone(),
            },
            username: told.username.clone(),
            full_username: told.full_username.clone(),
            own_password: told.own_password,
            email: if believed {
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
        intend(context, ledger, place);
    }
}

fn intend(context: &Context, ledger: &mut Ledger, place: usize) {
    apply(context, ledger, place, Event::CreateIntended);
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

/// Settles what was begun at that time; are the ids of a journal or a state that is certainly ours?
async fn settle(
    context: &Context,
    today: &Today,
    run: &Run,
    ledger: Ledger,
    (begun, believes_ids): (Timestamp, bool),
    signals: &Signals,
) -> Result<(Outcome, Settled), Failure> {
    let sealed = &today.sealed;
    let known = Known {
        config: &today.config,
        variables: &today.variables,
        run,
        sealed,
        journal: None,
        files: today.files.clone(),
        believes_ids,
        deadline: begun + sealed.cleanup_deadline,
    };
    let (settled, ledger, requests) = delete(context, known, ledger, signals).await?;
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
