//! Accounts under a setup's own marker that its journal does not know: the tests signed them up, and cleanup deletes them too.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::context::Context;
use crate::adapters::world::LiveWorld;
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::event::{Entry, Event, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::marker::Marker;
use crate::domain::name::{Names, is_ours};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::engine::{Engine, Extent, Regard, Site};
use crate::plan::Run;
use crate::ports::World as _;
use crate::report::plural;
use crate::settings::CleanupMarked;

/// So many accounts are taken up of a service: a list may be hostile.
const TAKEN_MAX: usize = 10_000;
/// So many accounts without the marker say that a filter by it is not heeded.
const STRANGERS_MAX: usize = 200;

/// What is to be done about them, and where services are named that could not be asked.
#[derive(Clone)]
pub(super) struct UnderMarker {
    mode: CleanupMarked,
    unlisted: Rc<RefCell<Vec<Leftover>>>,
}

impl UnderMarker {
    /// By a setting.
    pub(super) fn new(mode: CleanupMarked) -> Self {
        Self {
            mode,
            unlisted: Rc::default(),
        }
    }

    /// The services that may have such accounts, and could not be asked.
    pub(super) fn unlisted(self) -> Vec<Leftover> {
        self.unlisted.take()
    }

    /// Lists the services that are meant, and takes into the ledger and the journal what is listed under the marker; says how
    /// many requests that took.
    pub(super) async fn take_up(
        &self,
        context: &Context,
        (world, lister): (&LiveWorld<'_>, &Engine<'_, LiveWorld<'_>>),
        (sites, run): (&[Site], &Run),
        ledger: &mut Ledger,
    ) -> u64 {
        let places: Vec<usize> = (0..sites.len())
            .filter(|place| self.is_meant(context, &sites[*place]))
            .collect();
        let lists = places.iter().map(|place| self.list(lister, *place, run));
        let lists = join_all(lists).await;
        for (place, (found, incomplete)) in places.into_iter().zip(lists) {
            let site = &sites[place];
            let taken = take(world, context.clock.now(), site, &found, ledger);
            if taken > 0 {
                context.console.info(format!(
                    "{}: {} under this setup's marker, which no setup created: deleting too",
                    site.service.name,
                    plural(taken, "account")
                ));
            }
            if let Some(why) = incomplete {
                self.tell_incomplete(context, site, run, why);
            }
        }
        lister.requests()
    }

    fn is_meant(&self, context: &Context, site: &Site) -> bool {
        if site.unusable.is_some() {
            return false;
        }
        let list = site.service.list.as_ref();
        match self.mode {
            CleanupMarked::False => false,
            CleanupMarked::Auto => list.is_some_and(|list| list.filter.is_some()),
            CleanupMarked::True => {
                if list.is_none() {
                    let why = "has no `list`, and accounts that the tests signed up there are not looked for";
                    context.console.warning(format!("`{}` {why}", site.service.name));
                }
                list.is_some()
            }
        }
    }

    /// What a service lists under the marker, and why there may be more.
    async fn list(
        &self,
        lister: &Engine<'_, LiveWorld<'_>>,
        place: usize,
        run: &Run,
    ) -> (Vec<(RemoteId, String)>, Option<Why>) {
        let is_whole = self.mode == CleanupMarked::True;
        let extent = if is_whole { Extent::Marker } else { Extent::MarkerAlone };
        let (found, strangers, over) = (RefCell::new(Vec::new()), Cell::new(0), Notify::new());
        let each = |id: &RemoteId, name: &str, _: &minijinja::Value| {
            if Marker::at_front_of(name).is_none_or(|marker| marker != run.marker) {
                strangers.set(strangers.get() + 1);
                if !is_whole && strangers.get() > STRANGERS_MAX {
                    over.notify_one();
                }
                return Regard::Stranger;
            }
            let mut found = found.borrow_mut();
            if found.len() == TAKEN_MAX {
                over.notify_one();
                return Regard::Stranger;
            }
            found.push((id.clone(), name.to_owned()));
            Regard::Wanted
        };
        let incomplete = tokio::select! {
            ended = lister.list(place, extent, each) => ended.incomplete,
            () = over.notified() => Some("it shows more accounts than its `filter` should let through".into()),
        };
        (found.into_inner(), incomplete)
    }

    fn tell_incomplete(&self, context: &Context, site: &Site, run: &Run, why: Why) {
        let name = &site.service.name;
        let why = why.context("accounts that the tests signed up may be left: the list is incomplete");
        if self.mode != CleanupMarked::True {
            return context.console.info(format!("{name}: {}", why.in_line()));
        }
        self.unlisted.borrow_mut().push(Leftover {
            key: AccountKey {
                service: name.clone(),
                account: "*".to_owned(),
            },
            ids: Vec::new(),
            username: format!("{}-*", run.marker),
            reason: Reason::Unproved,
            detail: why,
        });
    }
}

/// Takes up those that the journal has not; says how many.
fn take(world: &LiveWorld<'_>, at: Timestamp, site: &Site, found: &[(RemoteId, String)], ledger: &mut Ledger) -> usize {
    let service = &site.service.name;
    let strangers: Vec<&(RemoteId, String)> = {
        let plan = ledger.plan();
        let known = || {
            let accounts = plan.accounts.iter().filter(|account| account.key.service == *service);
            accounts.map(|account| account.username.as_str())
        };
        let (exact, names) = (known().collect::<HashSet<&str>>(), Names::new(known()));
        let is_known =
            |name: &str| exact.contains(name) || known().any(|ours| is_ours(name, ours, Some(&plan.marker), &names));
        found.iter().filter(|(_, name)| !is_known(name)).collect()
    };
    for (id, name) in &strangers {
        let mut account = PlannedAccount::listed(service, name.clone(), name.clone());
        // Where a service has two of one name, the later ones are told from the first by their ids.
        if ledger.place(&account.key).is_some() {
            account.key.account = format!("{name} ({id})");
        }
        let key = account.key.clone();
        for event in [
            Event::Added(Box::new(account)),
            Event::CreateIntended,
            Event::Adopted(vec![id.clone()]),
        ] {
            let account = key.clone();
            let entry = Entry { at, account, event };
            // What can't be written down is gone by in this command all the same.
            world.append(&entry).unwrap_or_default();
            if let Err(illegal) = ledger.apply(&entry) {
                tracing::debug!("`{}`: {}", illegal.account, illegal.reason);
            }
        }
    }
    strangers.len()
}
