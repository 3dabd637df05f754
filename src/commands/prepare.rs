//! What comes before the first request of a setup: every mistake that can be found, the masks, and the journal on disk.

use std::sync::Arc;

use anyhow::Context as _;
use rand::rngs::SysRng;
use rand::{RngExt as _, rand_core::UnwrapErr};

use super::context::Context;
use super::credentials;
use super::exit::Failure;
use super::ground::Ground;
use super::load;
use super::masks;
use super::sealed::{SealedCopy, VERSION};
use super::state::State;
use super::wire::{Wired, all_usable, wire};
use crate::adapters::boot;
use crate::adapters::console::Fingerprints;
use crate::adapters::entry::{self, EntryDir, Lock};
use crate::adapters::journal::Journal;
use crate::adapters::kept::KeptFile;
use crate::adapters::private_dir::PrivateDir;
use crate::adapters::small_file;
use crate::cli::Command;
use crate::config::{Config, Service};
use crate::domain::ledger::Ledger;
use crate::domain::leg::Leg;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::engine::{Site, keeps};
use crate::plan::{self, Draft, Passwords, Person};
use crate::settings::{Sealed, WhenSecretsMissing};

/// Everything that is known before the first request, and on disk.
pub(super) struct Prepared {
    /// Where the journal and what lies beside it are.
    pub entry: EntryDir,
    /// Who is meant.
    pub(super) draft: Draft,
    /// How the services are reached.
    pub(super) wired: Wired,
    /// The journal, with the plan in it.
    pub(super) journal: Journal,
    /// Where what later requests read is kept, if any does.
    pub(super) kept: Option<KeptFile>,
    /// Held for as long as the setup works.
    pub(super) lock: Option<Lock>,
}

/// Finds every mistake that can be found without a request, and puts the journal on disk. None where the setup is to be
/// skipped: the host gives this run no secrets, and the user has said that this is no failure.
pub(super) fn prepare(context: &Context) -> Result<Option<Prepared>, Failure> {
    let sealed = &context.settings.sealed;
    check_targets(context)?;
    let document = load::document(context)?;
    let (mut config, variables) = load::read(context, &document, sealed)?;
    let mut selection = context.selection();
    if context.is_check() {
        plan::one_each(&mut config, &mut selection).map_err(Failure::Usage)?;
    }
    if let Err(missing) = load::require(&config, &variables, &selection.services) {
        return if skip(context)? { Ok(None) } else { Err(missing) };
    }
    check_timeouts(&config, sealed)?;
    let mut random = UnwrapErr(SysRng);
    let leg = context.settings.leg.or(context.host.leg());
    let leg = leg.unwrap_or(Leg::ALONE);
    let invocation = leg.invocation(random.random_range(0..leg.room()));
    let now = context.clock.now();
    let run = context.run(&config.prefix, now, config.ttl, &invocation);
    let passwords = match &context.settings.seed {
        Some(seed) => Passwords::Computed(seed),
        None => Passwords::Drawn(&mut random),
    };
    let mut draft = plan::draw_up(&config, &variables, &run, &selection, now, passwords).map_err(Failure::Usage)?;
    let ground = Ground::today(context, &document, (config, variables), run)?;
    let wired = wire(context, &ground)?;
    let Ground { config, run, files, .. } = ground;
    check_sites(&draft, &wired)?;
    locate(&mut draft, &wired);
    mask(context, &config, &wired, &draft);
    for warning in config.warnings.iter().chain(&wired.warnings) {
        context.console.warning(warning);
    }
    let journals = context.journals().map_err(no_journal)?;
    prune(context, &journals);
    let entry = EntryDir::create(&journals, run.marker.as_str()).map_err(no_journal)?;
    let lock = entry.try_lock().map_err(|error| no_journal(&error))?;
    let copy = SealedCopy {
        version: VERSION,
        name: document.name,
        text: document.text,
        more: document.more,
        credentials_file: match &context.settings.credentials_file {
            Some(path) => Some(std::path::absolute(path)?),
            None => None,
        },
        files,
        made: Fingerprints::of(made(&config, &draft)),
        settings: sealed.clone(),
    };
    let keeps = keeps(wired.sites.iter().map(|site| &site.service));
    let keep = || keeps.iter().any(|keeps| keeps.any()).then(|| entry.keep()).transpose();
    let begun = entry
        .seal(&copy)
        .and_then(|()| Ok((keep()?, entry.begin(&draft.planned)?)));
    let (kept, journal) = begun.map_err(|error| {
        // Nobody will look for what was put aside: no cleanup knows of this setup.
        if let Err(error) = journals.remove_child(entry.name()) {
            context.console.warning(error);
        }
        no_journal(&error)
    })?;
    Ok(Some(Prepared {
        entry,
        draft,
        wired,
        journal,
        kept,
        lock,
    }))
}

/// A service that can't be asked, such as for want of a variable, and that accounts are planned in.
fn check_sites(draft: &Draft, wired: &Wired) -> Result<(), Failure> {
    let is_planned = |site: &&Site| {
        let accounts = &draft.planned.accounts;
        accounts.iter().any(|account| account.key.service == site.service.name)
    };
    all_usable(wired.sites.iter().filter(is_planned))
}

/// A create that is still on its way when cleanup has to end could land after it.
fn check_timeouts(config: &Config, sealed: &Sealed) -> Result<(), Failure> {
    let timeout_of = |service: &Service| sealed.timeout.unwrap_or(service.timeout);
    let slow = config
        .services
        .iter()
        .find(|service| timeout_of(service) * 2 > sealed.cleanup_deadline);
    if let Some(service) = slow {
        return Err(Failure::usage(Why::hinted(
            format!(
                "the `timeout` of `{}`, {}, is over half of the `cleanup-deadline`, {}: a create could land after cleanup had to end",
                service.name,
                humantime::format_duration(timeout_of(service)),
                humantime::format_duration(sealed.cleanup_deadline)
            ),
            "shorten the one or lengthen the other",
        )));
    }
    Ok(())
}

/// A file that can't be written in the end is better found before there is any account.
fn check_targets(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    for (setting, path) in [
        ("dotenv", &settings.dotenv),
        ("properties", &settings.properties),
        ("credentials-file", &settings.credentials_file),
        ("report", &settings.sealed.report),
    ] {
        let Some(path) = path else { continue };
        small_file::check_target(path).map_err(|error| {
            Failure::usage(Why::hinted(
                format!("`{setting}` can't be written to `{}`: {error}", path.display()),
                "give a path where a file can be made",
            ))
        })?;
    }
    Ok(())
}

/// Writes down where the services are, and which boot of the machine this is.
fn locate(draft: &mut Draft, wired: &Wired) {
    let accounts = &draft.planned.accounts;
    let is_planned = |site: &&Site| accounts.iter().any(|account| account.key.service == site.service.name);
    let places = wired.sites.iter().filter(is_planned);
    draft.planned.places = places
        .map(|site| (site.service.name.clone(), site.place.clone()))
        .collect();
    draft.planned.boot = boot::id();
}

/// Is a setup whose variables are missing to be skipped? Then it is said, and `ready` is `false`. `run` is never: its
/// command would not run, and nobody would see it.
fn skip(context: &Context) -> Result<bool, Failure> {
    let is_asked = context.settings.when_secrets_missing == WhenSecretsMissing::Skip;
    if !is_asked || matches!(context.invocation.command, Command::Run { .. }) {
        return Ok(false);
    }
    let Some(what) = context.host.why_secretless() else {
        return Ok(false);
    };
    context.console.notice(format!(
        "no account is created: this is {what}, which gets no secrets, and `when-secrets-missing` is `skip`"
    ));
    if let Some(files) = context.host.files() {
        files.set_outputs(&[("ready", "false"), ("count", "0")])?;
    }
    Ok(true)
}

/// Removes what setups of former days have left in the journals' directory. It is in nobody's way: a failure is no error.
fn prune(context: &Context, journals: &PrivateDir) {
    if let Err(error) = entry::prune(journals, context.clock.now(), |entry| {
        credentials::forget(context, entry);
    }) {
        context
            .console
            .debug(Why::from(&error).context("old journals can't be removed"));
    }
}

fn no_journal(why: impl Into<Why>) -> Failure {
    let none = "no account was created, since the journal can't be written";
    Failure::Failed(why.into().context(none).into())
}

/// Keeps every secret that is known by now out of everything that is printed from here on.
fn mask(context: &Context, config: &Config, wired: &Wired, draft: &Draft) {
    for person in &draft.people {
        if let Some(password) = person.password.as_ref() {
            let persona = &config.personas[person.persona].name;
            context
                .console
                .name(password, &format!("the `password` of the persona `{persona}`"));
        }
    }
    // What was made stands in no name; what the user chose may, and often is the same for all copies.
    let is_chosen = |person: &&Arc<Person>| config.personas[person.persona].password.is_some();
    let chosen = draft.people.iter().filter(is_chosen);
    let chosen = chosen.filter_map(|person| person.password.as_ref());
    let seen_in_names = masks::mask(context, &draft.planned, wired.secrets.iter().chain(chosen));
    for secret in made(config, draft) {
        context.console.mask(secret);
    }
    if seen_in_names {
        context.console.warning(Why::hinted(
            "a secret stands in a name of an account or a service, and can't be masked without masking the name",
            "choose another secret",
        ));
    }
}

/// The passwords that the user did not choose, and the secrets of one-time codes.
fn made<'a>(config: &Config, draft: &'a Draft) -> impl Iterator<Item = &'a Secret> {
    let codes = draft.people.iter().filter_map(|person| person.totp_secret.as_ref());
    let people = draft.people.iter();
    let made = people.filter(|person| config.personas[person.persona].password.is_none());
    made.filter_map(|person| person.password.as_ref()).chain(codes)
}

/// Tells the host where the journal is: the journal is on disk before, and no request was sent yet.
pub(super) fn announce(context: &Context, prepared: &Prepared) -> Result<(), Failure> {
    let ledger = Ledger::new(prepared.draft.planned.clone());
    State::write(context, &ledger).context("no account was created")?;
    if let Some(files) = context.host.files() {
        let state = State::of(&ledger, context.settings.seed.as_ref()).to_output()?;
        // A state that no output can carry is warned of at the end.
        let mut pairs = vec![("ready", "false"), ("marker", &prepared.draft.planned.marker)];
        pairs.extend(state.as_deref().map(|state| ("state", state)));
        files
            .set_outputs(&pairs)
            .context("no account was created: the outputs can't be set")?;
    }
    Ok(())
}
