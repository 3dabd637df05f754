//! One life: a setup, what comes between, and cleanups that know the journal alone.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::super::super::{Engine, Settled};
use super::super::stage::{WAIT, replay};
use super::book::{Held, State};
use super::description::Description;
use super::history::{Between, Deed, History, Mishap, Right};
use super::model::{Ids, Verb};
use super::nature::Rights;
use super::service::Service;
use super::stage::{Stage, Variables};
use super::world::{Kill, Played, TIMEOUT};
use crate::domain::ledger::Ledger;
use crate::plan::{self, DrawnSecrets};
use crate::ports::World as _;

/// How long a setup may take where nothing is said.
const SETUP: Duration = Duration::from_mins(5);
/// How long a cleanup may take where nothing is said.
const CLEANUP: Duration = Duration::from_mins(4);

/// No life takes so long: in one that does, something waits for what never comes.
const FOREVER: Duration = Duration::from_hours(2);

/// How a life went.
#[derive(Debug, Default)]
pub(super) struct Went {
    /// Setup said that every account was ready.
    pub(super) ready: bool,
    /// What setup itself could not have, if it came to its end.
    pub(super) failures: Vec<String>,
    /// What the last cleanup named.
    pub(super) leftovers: Vec<String>,
    /// The last cleanup ended with 0.
    pub(super) silent: bool,
    /// What the engine panicked with, or that it never ended.
    pub(super) panicked: Option<String>,
    /// What is left of ours.
    pub(super) left: Vec<(String, Held)>,
    /// People who are not as they were.
    pub(super) hurt: Vec<String>,
    /// Names of which there were two accounts at once.
    pub(super) twins: Vec<String>,
    /// How many requests setup and the last cleanup sent.
    pub(super) requests: (usize, usize),
    /// When setup said that all were ready, there were two of one name.
    pub(super) doubled: bool,
    /// The journal, what was asked and what was answered.
    pub(super) trace: Vec<String>,
    pub(super) journal: String,
}

/// Lives a history. That the engine panics or never ends is an end too.
pub(super) async fn live(description: &Description, stage: &Stage, history: &History, traced: bool) -> Went {
    let life = std::panic::AssertUnwindSafe(live_on(description, stage, history, traced));
    let panicked = match tokio::time::timeout(FOREVER, life.catch_unwind()).await {
        Ok(Ok(went)) => return went,
        Ok(Err(panicked)) => match panicked.downcast::<String>() {
            Ok(text) => *text,
            Err(_) => "for an unknown reason".to_owned(),
        },
        Err(_) => "it never ends".to_owned(),
    };
    Went {
        panicked: Some(panicked),
        ..Went::default()
    }
}

async fn live_on(description: &Description, stage: &Stage, history: &History, traced: bool) -> Went {
    let services = description.services(history.lie);
    let world = Played::new(services, traced);
    let mut went = Went::default();
    set_up(stage, &world, history.setup, &mut went).await;
    went.doubled = went.ready && world.services(|services| services.iter().any(Service::holds_twins));
    world.services(|services| happen(description, services, history.between, went.ready));
    world.note(|| format!("--- between: {:?}", history.between));
    cut(&world, history.lines_lost);
    let variables = if let Between::Elsewhere(variables) = history.between {
        variables
    } else {
        Variables::Own
    };
    let settled = clean_up(stage, &world, variables, history).await;
    went.requests.1 = world.sent.get();
    went.leftovers = settled
        .leftovers
        .iter()
        .map(|leftover| format!("{} ({:?}: {})", leftover.key, leftover.reason, leftover.detail))
        .collect();
    went.silent = settled.leftovers.is_empty() && settled.stopped.is_none() && settled.journal_broken.is_none();
    // What is late comes now.
    tokio::time::sleep(TIMEOUT * 3).await;
    let now = world.time();
    world.services(|services| {
        for service in services {
            went.left.extend(service.left(now));
            for book in &service.books {
                went.hurt
                    .extend(book.hurt().into_iter().map(|name| format!("{name} at {}", book.place)));
                went.twins.extend(book.twins.iter().cloned());
            }
        }
    });
    went.journal.clone_from(&world.journal.borrow());
    went.trace = world.trace.map_or_else(Vec::new, std::cell::RefCell::into_inner);
    went
}

async fn set_up(stage: &Stage, world: &Played, mishap: Mishap, went: &mut Went) {
    let outfit = stage.outfit(Variables::Own);
    world.be_born("setup", &outfit.endpoints, mishap, None);
    let mut planned = stage.draft.planned.clone();
    let here = outfit
        .sites
        .iter()
        .map(|site| (site.service.name.clone(), site.place.clone()));
    planned.places = here.collect();
    planned.boot = Some("a boot".to_owned());
    planned.boot = Some("a boot".to_owned());
    let line = serde_json::to_string(&planned).expect("a plan is JSON") + "\n";
    *world.journal.borrow_mut() = line;
    let account = |place: usize| {
        let account = &stage.draft.planned.accounts[place];
        stage.draft.people[stage.draft.person_of[place]].value(&account.username, &account.email)
    };
    let ledger = Ledger::new(planned);
    let mut engine = Engine::new(world, &outfit.sites, ledger, account, world.now() + SETUP);
    let whole = async {
        let provisioned = engine.provision(WAIT, false).await;
        let failures: Vec<String> = provisioned
            .failures
            .iter()
            .map(|failure| format!("{failure:?}"))
            .collect();
        engine.set_deadline(world.now() + CLEANUP);
        // As the command does it.
        let owes = !engine.ledger().is_settled();
        let rolled_back = if failures.is_empty() || !owes {
            None
        } else {
            Some(engine.settle().await)
        };
        engine.complete_journal();
        (failures, rolled_back)
    };
    tokio::select! {
        biased;
        (failures, rolled_back) = whole => {
            went.ready = failures.is_empty() && !world.is_dead();
            went.failures = failures;
            if let Some(rolled_back) = rolled_back {
                world.note(|| format!("rolled back: {rolled_back:?}"));
            }
        }
        () = world.death() => {}
    }
    went.requests.0 = world.sent.get();
}

async fn clean_up(stage: &Stage, world: &Played, variables: Variables, history: &History) -> Settled {
    let rebooted = history.lines_lost > 0;
    if history.cleanup.is_some() {
        settle(stage, (variables, rebooted), world, history.cleanup).await;
        cut(world, history.lines_lost);
        // The next one does not begin at once.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let settled = settle(stage, (variables, rebooted), world, None).await;
    settled.expect("it does not die")
}

async fn settle(
    stage: &Stage,
    (variables, rebooted): (Variables, bool),
    world: &Played,
    kill: Option<Kill>,
) -> Option<Settled> {
    let outfit = stage.outfit(variables);
    let mut journal = world.journal.borrow().clone();
    if !journal.ends_with('\n') {
        journal.push('\n');
        world.journal.borrow_mut().push('\n');
    }
    world.be_born("cleanup", &outfit.endpoints, Mishap::None, kill);
    let people = plan::recall(&stage.config, &Stage::environment(variables), &stage.run, None);
    let ledger = replay(&journal);
    // As the command does it.
    let is_cut = rebooted && !ledger.is_complete();
    if ledger.is_settled() && !is_cut {
        return Some(Settled::default());
    }
    let planned = ledger.plan().clone();
    let account = |place: usize| people.value(&planned.accounts[place], &DrawnSecrets::default());
    let engine = Engine::new(world, &outfit.sites, ledger, account, world.now() + CLEANUP);
    let whole = async {
        let lost = if is_cut { engine.recover().await } else { Vec::new() };
        let mut settled = engine.settle().await;
        settled.leftovers.extend(lost);
        settled
    };
    tokio::select! {
        biased;
        settled = whole => (!world.is_dead()).then_some(settled),
        () = world.death() => None,
    }
}

/// The last lines never reached the disk; the plan did, and the line that ends a setup with all before it.
fn cut(world: &Played, lines: usize) {
    let mut journal = world.journal.borrow_mut();
    for _ in 0..lines {
        let text = journal.trim_end_matches('\n');
        let Some(end) = text.rfind('\n') else { return };
        if text.ends_with("\"remark\":\"complete\"}") || end < world.synced.get() {
            return;
        }
        journal.truncate(end + 1);
    }
}

/// What happens to the services between setup and cleanup.
pub(super) fn happen(description: &Description, services: &mut [Service], between: Between, ready: bool) {
    for service in services {
        match between {
            Between::Dies(no) => {
                service.rights = Rights {
                    alive: false,
                    no,
                    ..Rights::ALL
                };
            }
            Between::Loses(right, no) => {
                let sight = right == Right::Sight;
                service.rights = Rights {
                    see: right != Right::See && !sight,
                    list: right != Right::List && !sight,
                    delete: right != Right::Delete,
                    create: right != Right::Create,
                    no,
                    alive: true,
                };
            }
            // A job begins when setup has said so.
            Between::Job(deed) if ready => job(service, deed, description.has_bin()),
            Between::Nothing | Between::Elsewhere(_) | Between::Job(_) => {}
        }
    }
}

fn job(service: &mut Service, deed: Deed, bin: Option<Verb>) {
    let ids = service.ids();
    let books = service.books.iter_mut();
    let ours = books.flat_map(|book| &mut book.held).filter(|held| !held.human);
    for (number, held) in ours.enumerate() {
        match deed {
            Deed::DeletesFirst if number > 0 => {}
            Deed::Deletes | Deed::DeletesFirst => held.state = State::Deleted,
            Deed::Bins => match bin {
                Some(Verb::Bin | Verb::Expire) => held.state = State::Binned,
                Some(Verb::Deactivate) => held.state = State::Inactive,
                _ => {}
            },
            Deed::Renames => {
                held.name = format!("renamed-{number}");
                if ids == Ids::Name {
                    held.id = held.name.clone();
                }
            }
            Deed::Moves => held.email = format!("moved-{number}@people.example"),
        }
    }
}
