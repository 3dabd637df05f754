//! The one way to an engine: the world that it sees, and the accounts that it is given.

use std::collections::HashMap;

use super::context::Context;
use super::exit::Failure;
use super::ground::Ground;
use super::marked::UnderMarker;
use super::masks;
use super::watch::{Watch, owing};
use super::wire::wire;
use crate::adapters::entry::EntryDir;
use crate::adapters::http::HttpService;
use crate::adapters::journal::Journal;
use crate::adapters::kept::KeptFile;
use crate::adapters::signals::Signals;
use crate::adapters::world::{LiveWorld, StopFile};
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::PlannedAccount;
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Site};
use crate::plan::{self, Draft, DrawnSecrets, Run};
use crate::ports::{Kept, Notice};
use crate::report::Phase;
use crate::settings::Sealed;

/// The world of an engine that creates nothing.
pub(super) fn world<'a>(
    context: &Context,
    sealed: &Sealed,
    services: Vec<Option<HttpService>>,
    signals: &'a Signals,
    listener: impl Fn(Notice) + 'a,
) -> LiveWorld<'a> {
    LiveWorld {
        services,
        journal: None,
        kept: None,
        clock: context.clock,
        signals,
        stop_file: None,
        listener: Box::new(listener),
        passwords: plan::draw,
        totp_secrets: plan::draw_totp_secret,
        console: context.console.clone(),
        shows_answers: sealed.show_answers,
    }
}

/// The world of an engine that creates: what is done and kept is written into an entry, and a cleanup of it can stop that.
pub(super) fn world_of_setup<'a>(
    context: &Context,
    entry: &EntryDir,
    (journal, kept): (Journal, Option<KeptFile>),
    services: Vec<Option<HttpService>>,
    signals: &'a Signals,
    listener: impl Fn(Notice) + 'a,
) -> LiveWorld<'a> {
    LiveWorld {
        journal: Some(journal),
        kept,
        stop_file: Some(StopFile::new(entry.stop_path())),
        ..world(context, &context.settings.sealed, services, signals, listener)
    }
}

/// An engine that creates what was drawn up.
pub(super) fn creator<'a, 'w>(
    world: &'a LiveWorld<'w>,
    sites: &'a [Site],
    draft: &'a Draft,
    deadline: Timestamp,
) -> Engine<'a, LiveWorld<'w>> {
    let ledger = Ledger::new(draft.planned.clone());
    Engine::new(world, sites, ledger, |place| draft.account(place), deadline)
}

/// An engine that lists. It asks on behalf of an account: one stands for each service.
pub(super) fn lister<'a, 'w>(
    world: &'a LiveWorld<'w>,
    sites: &'a [Site],
    run: &Run,
    (now, deadline): (Timestamp, Timestamp),
) -> Engine<'a, LiveWorld<'w>> {
    let names = sites.iter().map(|site| &site.service.name);
    let standing = names.map(|service| PlannedAccount::listed(service, String::new(), "*".to_owned()));
    let ledger = Ledger::new(run.planned(now, standing.collect()));
    Engine::new(world, sites, ledger, |_| minijinja::Value::UNDEFINED, deadline)
}

/// Accounts that a journal, a state or a list tells of, and what is needed to ask for them.
pub(super) struct Known<'a> {
    ground: &'a Ground,
    /// Where each stands.
    pub(super) ledger: Ledger,
    deadline: Timestamp,
    journal: Option<Journal>,
    kept: HashMap<AccountKey, Kept>,
    marked: Option<UnderMarker>,
}

impl<'a> Known<'a> {
    /// Accounts of which nothing else is known, and when all must have ended.
    pub(super) fn new(ground: &'a Ground, ledger: Ledger, deadline: Timestamp) -> Self {
        Self {
            ground,
            ledger,
            deadline,
            journal: None,
            kept: HashMap::new(),
            marked: None,
        }
    }

    /// With what setup kept of them for later requests. Without it some of those can't be sent, which each says itself.
    pub(super) fn with_kept(mut self, context: &Context, entry: &EntryDir) -> Self {
        self.kept = entry.kept().unwrap_or_else(|error| {
            context.console.warning(&error);
            HashMap::new()
        });
        self
    }

    /// With those under their marker that are not known.
    pub(super) fn with_marked(self, marked: UnderMarker) -> Self {
        Self {
            marked: Some(marked),
            ..self
        }
    }

    /// With a journal in which what is done is written down, if that can be done.
    pub(super) fn with_journal(self, journal: Option<Journal>) -> Self {
        Self { journal, ..self }
    }

    /// Has an engine do something with them; gives what came of it, where each account then stands, and how many
    /// requests it took.
    pub(super) async fn engage<T>(
        self,
        context: &Context,
        phase: Phase,
        signals: &Signals,
        work: impl AsyncFnOnce(&mut Engine<'_, LiveWorld<'_>>) -> T,
    ) -> Result<(T, Ledger, u64), Failure> {
        let Self {
            ground,
            mut ledger,
            deadline,
            journal,
            kept,
            marked,
        } = self;
        let wired = wire(context, ground)?;
        let people = ground.people(context);
        let chosen = people.chosen_passwords(&ground.config);
        masks::mask(context, ledger.plan(), wired.secrets.iter().chain(chosen));
        for secret in people.made_passwords(&ground.config).chain(people.totp_secrets()) {
            context.console.hide(secret);
        }
        let services: Vec<&ServiceName> = match phase {
            Phase::Cleanup => owing(&ledger),
            Phase::Setup | Phase::Status => {
                let accounts = ledger.plan().accounts.iter();
                accounts.map(|account| &account.key.service).collect()
            }
        };
        let watch = Watch::new(context, phase, services);
        let listener = |notice| watch.hear(&notice);
        let world = LiveWorld {
            journal,
            ..world(context, &ground.sealed, wired.services, signals, listener)
        };
        let looked = match &marked {
            Some(marked) => {
                let now = context.clock.now();
                // The other half is for deleting.
                let times = (now, now + deadline.since(now) / 2);
                let lister = lister(&world, &wired.sites, &ground.run, times);
                let places = (wired.sites.as_slice(), &ground.run);
                let work = marked.take_up(context, (&world, &lister), places, &mut ledger);
                watch.over(work).await
            }
            None => 0,
        };
        let planned = ledger.plan().clone();
        let account = |place: usize| {
            let account = &planned.accounts[place];
            let kept = kept.get(&account.key);
            let drawn = DrawnSecrets {
                password: kept.and_then(|kept| kept.password.as_ref()),
                totp_secret: kept.and_then(|kept| kept.totp_secret.as_ref()),
            };
            people.value(account, &drawn)
        };
        let mut engine = Engine::new(&world, &wired.sites, ledger, account, deadline);
        engine.recall(&kept);
        let done = watch.over(work(&mut engine)).await;
        let requests = looked + engine.requests();
        let (ledger, _) = engine.into_parts();
        Ok((done, ledger, requests))
    }
}
