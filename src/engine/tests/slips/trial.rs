//! Many lives, on two threads: which ones, chance decides by a seed that is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::description::Description;
use super::exception::Exception;
use super::history::History;
use super::life::{self, Went};
use super::real;
use super::slip::Slip;
use super::stage::Stage;
use super::verdict::{Wrong, is_promised, judge};

/// A life that came to what it must not.
pub(super) struct Find {
    pub(super) wrong: Wrong,
    pub(super) description: &'static str,
    pub(super) slip: Option<Slip>,
    pub(super) history: History,
}

/// What came of many lives.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) lives: usize,
    /// Descriptions with a mistake that the configuration refuses.
    pub(super) refused: usize,
    /// Those that it takes.
    pub(super) taken: usize,
    /// Lives in which every account was ready.
    pub(super) ready: usize,
    /// Lives whose cleanup ended with 0.
    pub(super) silent: usize,
    pub(super) most_requests: (usize, usize),
    /// The most requests of a cleanup in which nothing but kills and losses had happened.
    most_fair: usize,
    exceptions: BTreeMap<Exception, usize>,
    pub(super) found: Vec<Find>,
    /// Lives that went wrong with more faults at once than anybody promises.
    beyond: BTreeMap<Wrong, usize>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.taken += other.taken;
        self.ready += other.ready;
        self.silent += other.silent;
        self.most_requests.0 = self.most_requests.0.max(other.most_requests.0);
        self.most_requests.1 = self.most_requests.1.max(other.most_requests.1);
        self.most_fair = self.most_fair.max(other.most_fair);
        for (exception, times) in other.exceptions {
            *self.exceptions.entry(exception).or_default() += times;
        }
        self.found.extend(other.found);
        for (wrong, times) in other.beyond {
            *self.beyond.entry(wrong).or_default() += times;
        }
    }

    /// The exceptions that no life took.
    pub(super) fn stale(&self) -> Vec<Exception> {
        let mut all = Exception::ALL.to_vec();
        all.retain(|exception| !self.exceptions.contains_key(exception));
        all
    }

    fn count(&mut self, went: &Went) {
        self.lives += 1;
        self.ready += usize::from(went.ready);
        self.silent += usize::from(went.silent);
        self.most_requests.0 = self.most_requests.0.max(went.requests.0);
        self.most_requests.1 = self.most_requests.1.max(went.requests.1);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lives of {} descriptions, {} more refused by the configuration; {} ready, {} ended with 0; {} requests of a setup at most, {} of a cleanup, {} where the service was fair; exceptions {:?}; with more faults than are promised {:?}",
            self.lives,
            self.taken,
            self.refused,
            self.ready,
            self.silent,
            self.most_requests.0,
            self.most_requests.1,
            self.most_fair,
            self.exceptions,
            self.beyond
        )?;
        let mut kinds: BTreeMap<(Wrong, &str), usize> = BTreeMap::new();
        for find in &self.found {
            *kinds.entry((find.wrong, find.description)).or_default() += 1;
        }
        kinds
            .iter()
            .try_for_each(|((wrong, description), times)| write!(f, "\n{times} {wrong:?} of {description}"))
    }
}

/// Which histories a description meets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Menu {
    /// Every one of one event.
    Single,
    /// Some of one event and some of several.
    Some { single: usize, mixed: usize },
}

/// A description, perhaps with a mistake, and what it is to go through.
#[derive(Clone, Copy)]
pub(super) struct Task {
    pub(super) description: usize,
    pub(super) slip: Option<usize>,
    pub(super) menu: Menu,
    pub(super) seed: u64,
}

/// Tasks of so many lives, and how many descriptions with a mistake the configuration refuses beside them: each right description
/// meets every event once, and mistakes that the seed chooses meet some.
pub(super) fn tasks(descriptions: &[Description], histories: usize, seed: u64) -> (Vec<Task>, usize) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut tasks: Vec<Task> = (0..descriptions.len())
        .map(|description| Task {
            description,
            slip: None,
            menu: Menu::Single,
            seed: random.next_u64(),
        })
        .collect();
    let right = descriptions.len() * History::single().len();
    let mut refused = 0;
    let more = tasks.len() + histories.saturating_sub(right).div_ceil(16);
    while tasks.len() < more {
        let description = below(&mut random, descriptions.len());
        let slips = &descriptions[description].slips;
        let slip = (!random.next_u64().is_multiple_of(16)).then(|| below(&mut random, slips.len()));
        let document = descriptions[description].document(slip.map(|slip| &slips[slip]));
        if Stage::new(&document).is_err() {
            refused += 1;
            continue;
        }
        tasks.push(Task {
            description,
            slip,
            menu: Menu::Some { single: 8, mixed: 8 },
            seed: random.next_u64(),
        });
    }
    (tasks, refused)
}

/// Goes through the tasks on two threads.
pub(super) fn run(descriptions: &[Description], tasks: &[Task]) -> Tally {
    let next = AtomicUsize::new(0);
    let whole = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = runtime();
                let mut tally = Tally::default();
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runtime.block_on(go_through(&descriptions[task.description], task, &mut tally));
                }
                whole.lock().expect("nobody panics").add(tally);
            });
        }
    });
    whole.into_inner().expect("nobody panics")
}

/// Lives so many lives on the real binary, half of them with a mistake, on two threads. Gives what was wrong of each that went
/// wrong.
pub(super) fn sample(binary: &Path, descriptions: &[Description], lives: usize, seed: u64) -> (Tally, Vec<String>) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let singles = History::single();
    let mut drawn = Vec::new();
    while drawn.len() < lives {
        let description = &descriptions[below(&mut random, descriptions.len())];
        let is_slip = random.next_u64().is_multiple_of(2);
        let slip = is_slip.then(|| &description.slips[below(&mut random, description.slips.len())]);
        let history = if random.next_u64().is_multiple_of(2) {
            singles[below(&mut random, singles.len())]
        } else {
            History::mixed(random.next_u64())
        };
        let stage = Stage::new(&description.document(slip));
        if stage.is_ok_and(|stage| real::is_real(&stage, &history)) {
            drawn.push((description, slip, history));
        }
    }
    let next = AtomicUsize::new(0);
    let whole = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((description, slip, history)) = drawn.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let went = real::live(binary, description, *slip, history);
                    let (mut found, _) = judge(description, *slip, history, &went);
                    found.retain(|wrong| *wrong == Wrong::Panic || is_promised(*slip, history));
                    let mut whole = whole.lock().expect("nobody panics");
                    whole.0.count(&went);
                    whole.0.taken += 1;
                    if !found.is_empty() {
                        whole.1.push(format!(
                            "{found:?} of {}: {slip:?}; {history}; left {:?}\n{}",
                            description.name,
                            went.left,
                            went.trace.join("\n---\n")
                        ));
                    }
                }
            });
        }
    });
    whole.into_inner().expect("nobody panics")
}

/// A runtime whose clock stands still while anything can be done.
pub(super) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

async fn go_through(description: &Description, task: &Task, tally: &mut Tally) {
    let slip = task.slip.map(|slip| &description.slips[slip]);
    let stage = Stage::new(&description.document(slip)).expect("the configuration takes it");
    tally.taken += 1;
    let mut random = ChaCha20Rng::seed_from_u64(task.seed);
    let all = History::single();
    let histories = match task.menu {
        Menu::Single => all,
        Menu::Some { single, mixed } => {
            let mut some: Vec<History> = (0..single).map(|_| all[below(&mut random, all.len())]).collect();
            some.extend((0..mixed).map(|_| History::mixed(random.next_u64())));
            some
        }
    };
    for history in histories {
        let went = life::live(description, &stage, &history, false).await;
        tally.count(&went);
        let (found, taken) = judge(description, slip, &history, &went);
        for exception in taken {
            *tally.exceptions.entry(exception).or_default() += 1;
        }
        if slip.is_none() && history.is_fair() {
            tally.most_fair = tally.most_fair.max(went.requests.1);
        }
        for wrong in found {
            if wrong != Wrong::Panic && !is_promised(slip, &history) {
                *tally.beyond.entry(wrong).or_default() += 1;
                continue;
            }
            tally.found.push(Find {
                wrong,
                description: description.name,
                slip: slip.cloned(),
                history,
            });
        }
    }
}

fn below(random: &mut ChaCha20Rng, bound: usize) -> usize {
    usize::try_from(random.next_u64() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
}
