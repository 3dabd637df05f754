//! A configuration with its plan, and the processes that work on it: a setup, and cleanups that know only the journal.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::super::{Engine, Provisioned, Settled, Site};
use super::world::Fake;
use crate::config::Config;
use crate::domain::event::{Entry, Planned, Remark};
use crate::domain::ledger::Ledger;
use crate::domain::marker::{Marker, Origin};
use crate::domain::time::Timestamp;
use crate::language::Environment;
use crate::plan::{self, Draft, Run, Selection};
use crate::ports::World as _;

/// How long services are waited for.
pub(super) const WAIT: Duration = Duration::from_secs(30);
/// Long enough for everything.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// A configuration and its plan.
pub(super) struct Stage {
    /// The services.
    pub(super) sites: Vec<Site>,
    draft: Draft,
}

impl Stage {
    /// Reads a configuration and draws its plan up.
    pub(super) fn new(yaml: &str) -> Self {
        let environment = Environment::new([("TOKEN".to_owned(), "t-1".to_owned())], None);
        let config = Config::parse("standin.yml", yaml, &environment)
            .unwrap_or_else(|found| panic!("{}", crate::config::render(&found)));
        let now = Timestamp::from_millis(1_800_000_000_000);
        let origin = Origin {
            repository: "acme/shop",
            run: "42",
            attempt: 1,
        };
        let run = Run {
            repository: "acme/shop".to_owned(),
            id: "42".to_owned(),
            attempt: 1,
            url: None,
            marker: Marker::new("sd", now, Duration::from_hours(24), &origin, "k3x9q"),
        };
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let draft = plan::draw_up(
            &config,
            &environment,
            &run,
            &Selection::default(),
            now,
            plan::Passwords::Drawn(&mut random),
        )
        .unwrap_or_else(|error| panic!("{error}"));
        let scope = plan::scope(&environment, &run);
        let sites = config
            .services
            .iter()
            .map(|service| Site::new(service.clone(), scope.clone(), None))
            .collect();
        Self { sites, draft }
    }

    /// The plan.
    pub(super) fn plan(&self) -> &Planned {
        &self.draft.planned
    }

    /// An engine over a ledger, with an hour or another time to work.
    pub(super) fn engine<'a>(&'a self, world: &'a Fake, ledger: Ledger, time: Duration) -> Engine<'a, Fake> {
        let known = ledger.plan().accounts.clone();
        let account = move |place: usize| {
            let Some(account) = self.draft.planned.accounts.get(place) else {
                // What an earlier cleanup has made to show something.
                return minijinja::Value::from_pairs([("username", known[place].username.clone())]);
            };
            self.draft.people[self.draft.person_of[place]].value(&account.username, &account.email)
        };
        Engine::new(world, &self.sites, ledger, account, world.now() + time)
    }

    /// An engine of a setup that begins.
    pub(super) fn setup_engine<'a>(&'a self, world: &'a Fake) -> Engine<'a, Fake> {
        world.begin_journal(self.plan());
        self.engine(world, Ledger::new(self.plan().clone()), HOUR)
    }

    /// A whole setup; `None` if its process died.
    pub(super) async fn setup(&self, world: &Fake, go_on: bool) -> Option<Provisioned> {
        let engine = self.setup_engine(world);
        let provisioned = tokio::select! {
            biased;
            provisioned = engine.provision(WAIT, go_on) => provisioned,
            () = world.death() => return None,
        };
        (!world.is_dead()).then_some(provisioned)
    }

    /// A whole cleanup by a process that knows only the journal; `None` if it died.
    pub(super) async fn cleanup(&self, world: &Fake) -> Option<Settled> {
        let engine = self.engine(world, replay(&world.journal()), HOUR);
        let settled = tokio::select! {
            biased;
            settled = engine.settle() => settled,
            () = world.death() => return None,
        };
        if world.is_dead() {
            return None;
        }
        let owed: Vec<_> = {
            let ledger = engine.ledger();
            ledger.debts().map(|place| ledger.account(place).key.clone()).collect()
        };
        let mut named: Vec<_> = settled.leftovers.iter().map(|leftover| leftover.key.clone()).collect();
        named.sort();
        for key in &owed {
            assert!(named.contains(key), "what is owed at the end is named: {key}");
        }
        Some(settled)
    }
}

/// What a journal adds up to. Lines may be torn where a process died, and all others fit.
pub(super) fn replay(journal: &str) -> Ledger {
    let mut lines = journal.split_inclusive('\n');
    let plan = serde_json::from_str(lines.next().expect("a journal has a plan")).expect("a plan is JSON");
    let mut entries: Vec<Entry> = Vec::new();
    let mut marks = Vec::new();
    for line in lines {
        match serde_json::from_str(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if let Ok(remark) = serde_json::from_str::<Remark>(line) => marks.push(remark.remark),
            Err(error) => assert!(
                serde_json::from_str::<serde_json::Value>(line).is_err(),
                "`{line}` is whole and can't be read: {error}"
            ),
        }
    }
    let (mut ledger, illegal) = Ledger::replay(plan, &entries);
    assert_eq!(illegal, [], "every line fits");
    for mark in &marks {
        ledger.remark(mark);
    }
    ledger
}
