//! Storms: chance strikes many requests of a job at once, and in half of these tests kills its processes too.
//!
//! `STANDIN_TEST_STORMS` says how many storms with kills there are, `STANDIN_TEST_CYCLES` how many without (the soak takes
//! hundreds). `PROPTEST_RNG_SEED` repeats a run, of which `STANDIN_TEST_STORM` does the one of one number alone.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use standin::sandbox::{Moment, Observed, Seen};

use super::stage::{Phase, SERVICES, Stage, each, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};

/// How many of each there are if nobody says.
const SHORT: usize = 16;
/// How often somebody cleans up by hand before it must be done: a storm may strike more than once.
const BY_HAND: usize = 3;

/// After these nobody knows whether the account was made.
const UNCLEAR: [&str; 12] = [
    "lost",
    "lost",
    "status-after 500",
    "status-after 504",
    "status 503",
    "drop",
    "late 200ms",
    "truncate",
    "html-after",
    "garbage",
    "empty",
    "gzip-bomb",
];
/// What else may become of a create.
const CLEAR: [&str; 6] = [
    "slow 100ms",
    "retry-after 429 1s",
    "status 429",
    "status 400",
    "status-after 409",
    "refuse-duplicate",
];
/// What may become of a look-up, a read, a change or a delete. None of them is a lie that nobody could see through.
const OTHER: [&str; 8] = [
    "anonymous",
    "lost",
    "drop",
    "status 503",
    "status-after 500",
    "retry-after 503 1s",
    "slow 100ms",
    "status 429",
];

/// What else may become of a read of one account.
const READ: [&str; 2] = ["vanish", "wrong-name eve"];

/// What else may become of a delete, where a look at the account afterwards can tell.
const DELETE: &str = "status 204";

/// One storm as chance has drawn it.
#[derive(Clone, Debug)]
struct Draw {
    faults: Vec<String>,
    /// At which request of main and of post the process is killed, if it is, and at which moment of it.
    kills: [Option<(usize, Moment)>; 2],
}

impl Draw {
    fn new(seed: u64, index: usize, with_kills: bool) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(index as u64);
        let mut faults = Vec::new();
        for service in SERVICES {
            for account in ["-alice", "-bob"] {
                let kinds: &[&str] = match random.random_range(0..100) {
                    0..55 => &UNCLEAR,
                    55..70 => &CLEAR,
                    _ => continue,
                };
                let kind = kinds[random.random_range(0..kinds.len())];
                faults.push(format!("{service} POST @{account} 1 {kind}"));
            }
            for (method, path) in [("GET", "find "), ("GET", "account "), ("PUT", ""), ("DELETE", "")] {
                if random.random_bool(0.3) {
                    let more: &[&str] = match (method, path, service) {
                        (_, "account ", _) => &READ,
                        ("DELETE", _, "users") => &[DELETE],
                        _ => &[],
                    };
                    let kind = random.random_range(0..OTHER.len() + more.len());
                    let kind = OTHER.iter().chain(more).nth(kind).unwrap_or(&OTHER[0]);
                    let which = random.random_range(1..=2);
                    if *kind != DELETE || !faults.iter().any(|fault| vanishes(fault, service)) {
                        faults.push(format!("{service} {method} {path}{which} {kind}"));
                    }
                }
            }
        }
        let mut kill = |chance, requests| {
            let moment = if random.random_bool(0.5) {
                Moment::BeforeApply
            } else {
                Moment::AfterApply
            };
            let at = (random.random_range(1..=requests), moment);
            (with_kills && random.random_bool(chance)).then_some(at)
        };
        Self {
            faults,
            kills: [kill(0.9, 14), kill(0.7, 8)],
        }
    }
}

/// Is a read of this service answered as if the account were not there? A delete that says it is done and is not, and a look
/// afterwards that finds nothing, are together a lie that nobody could see through: that is what gone means.
fn vanishes(fault: &str, service: &str) -> bool {
    fault.starts_with(&format!("{service} GET account")) && fault.ends_with("vanish")
}

/// What a storm came to.
#[derive(Default)]
struct Weather {
    kills: usize,
    creates: usize,
    unclear: usize,
    adopted: usize,
    /// How many creates landed after their account had been deleted, and were deleted too.
    landed: u64,
    /// How often each fault was met, by method.
    faults: BTreeMap<String, usize>,
    /// How often each row of the table of answers to a create was hit.
    rows: BTreeMap<&'static str, usize>,
    /// How often each kind of event was written down.
    events: BTreeMap<String, usize>,
}

impl Weather {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.creates += other.creates;
        self.unclear += other.unclear;
        self.adopted += other.adopted;
        self.landed += other.landed;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (row, count) in other.rows {
            *self.rows.entry(row).or_default() += count;
        }
        for (event, count) in other.events {
            *self.events.entry(event).or_default() += count;
        }
    }

    /// What the services saw and the journal says.
    fn of(stage: &Stage, kills: usize) -> Self {
        let mut weather = Self {
            kills,
            ..Self::default()
        };
        for seen in stage.services.requests() {
            if let Some(fault) = &seen.fault {
                *weather.faults.entry(format!("{} {fault}", seen.method)).or_default() += 1;
            }
            if seen.method == "POST" {
                *weather.rows.entry(row(&seen)).or_default() += 1;
            }
        }
        for name in SERVICES {
            let books = stage.services.books(name).unwrap();
            weather.landed += books.made_by_username.values().map(|made| made - 1).sum::<u64>();
        }
        let journal = stage.journal();
        for event in EVENTS {
            weather.events.insert(event.to_owned(), journal.count(event));
        }
        weather.creates = journal.count("create_intended");
        weather.adopted = journal.count("adopted");
        // An intent without a result is as unclear as one whose answer was: its process died over it. Who was asked to
        // wait was not, though nothing is written down about that.
        let known = journal.count("created") + journal.count("create_refused");
        let waited = weather.rows.get("425, 429").copied().unwrap_or_default();
        weather.unclear = weather.creates.saturating_sub(known + waited);
        weather
    }
}

/// The kinds of events that a journal holds.
const EVENTS: [&str; 12] = [
    "create_intended",
    "created",
    "create_refused",
    "create_unclear",
    "adopted",
    "verified",
    "verify_failed",
    "stranger_shown",
    "delete_intended",
    "delete_failed",
    "deleted",
    "absent",
];

/// The row of the table of answers to a create that a request belongs to.
fn row(seen: &Seen) -> &'static str {
    let fault = seen.fault.as_deref().unwrap_or_default();
    match seen.status.map(|status| status.as_u16()) {
        None => "connection lost after something was sent",
        Some(200..300) if fault.is_empty() || fault.ends_with(" late") => "as `expect`, id readable",
        Some(200..300) => "2xx without a readable id",
        Some(300..400) => "3xx",
        Some(409) => "`duplicate`, the name carries our marker",
        Some(425 | 429) => "425, 429",
        Some(500..) => "5xx",
        Some(_) => "other 4xx",
    }
}

/// Runs a job through a storm, and then somebody cleans up by hand until that succeeds.
fn weather(seed: u64, index: usize, with_kills: bool) -> Weather {
    let draw = Draw::new(seed, index, with_kills);
    let when = format!("storm {index} of seed {seed}: {draw:?}");
    let triggers = [Trigger::new(Interruption::Kill), Trigger::new(Interruption::Kill)];
    let late = Arc::new(Late::default());
    let watch = {
        let (triggers, late) = (triggers.clone(), Arc::clone(&late));
        let due = draw.kills.map(|kill| kill.map(|(n, moment)| (nth(n), moment)));
        move |phase, observed: &Observed| {
            late.see(observed);
            let phase = usize::from(phase == Phase::Post);
            if let Some((due, moment)) = &due[phase]
                && due(observed.moment == *moment)
            {
                triggers[phase].fire();
            }
        }
    };
    let services = draw
        .faults
        .iter()
        .fold(services(), |services, line| services.fault(line));
    let stage = Stage::new(services, watch);
    let meant = triggers.iter().zip(&draw.kills).filter(|(_, kill)| kill.is_some());
    let result = run(
        &stage,
        Stage::job(),
        &meant.map(|(trigger, _)| trigger).collect::<Vec<_>>(),
    );
    let phases = [result.step("accounts"), result.post("accounts")];
    let kills = phases.iter().filter(|phase| phase.exit_code == Some(137)).count();
    for phase in phases {
        assert!(matches!(phase.exit_code, Some(0 | 1 | 137)), "{when}: {}", phase.log);
        assert!(!phase.stderr.contains("panicked"), "{when}: {}", phase.stderr);
    }
    assert_honest(&stage, &late, &when, phases[1].exit_code, &phases[1].log);
    for turn in 1..=BY_HAND {
        let ended = stage.cleanup_of_job();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert_honest(&stage, &late, &when, ended.status.code(), &said);
        if ended.status.code() == Some(0) {
            break;
        }
        assert!(turn < BY_HAND, "{when}: {said}");
    }
    assert!(stage.journal().is_settled(), "{when}");
    Weather::of(&stage, kills)
}

/// The requests that are done after their connection was closed.
#[derive(Default)]
struct Late {
    /// How many are still to be done, and of whom there were any.
    known: Mutex<(usize, BTreeSet<String>)>,
    done: Condvar,
}

impl Late {
    fn see(&self, observed: &Observed) {
        if !observed
            .fault
            .as_ref()
            .is_some_and(|fault| fault.starts_with("no answer, done"))
        {
            return;
        }
        let mut known = self.known.lock().unwrap();
        match observed.moment {
            Moment::BeforeApply => {}
            Moment::Answered => {
                known.0 += 1;
                known.1.extend(observed.username.clone());
            }
            Moment::AfterApply => known.0 -= 1,
        }
        self.done.notify_all();
    }

    /// Waits until all are done. Of whom there were any.
    fn landed(&self) -> BTreeSet<String> {
        let known = self.known.lock().unwrap();
        self.done.wait_while(known, |known| known.0 > 0).unwrap().1.clone()
    }
}

/// Who ends with 0 has left nothing, not even what landed late; who ends with 1 has named what is left. Nobody ever makes
/// two, or takes a person's account.
fn assert_honest(stage: &Stage, late: &Late, when: &str, code: Option<i32>, said: &str) {
    let landed = late.landed();
    for name in SERVICES {
        let books = stage.services.books(name).unwrap();
        assert_eq!(books.humans().count(), 1, "{when}: a person lost an account in {name}");
        for account in books.left() {
            assert_ne!(code, Some(0), "{when}: left in {name}: {account:?}: {said}");
            let named = code != Some(1) || said.contains(&account.username);
            assert!(named, "{when}: {account:?} is not named: {said}");
        }
        for (username, made) in &books.made_by_username {
            // Where a service refuses equal names, a create may follow one that is still under way. When that one lands,
            // its name may be free again.
            let most = 1 + u64::from(landed.contains(username));
            assert!(*made <= most, "{when}: {made} were made of `{username}` in {name}");
        }
    }
}

/// All storms of one kind, and what they came to, which is printed.
fn storms(what: &str, variable: &str, with_kills: bool) -> Weather {
    let seed = number("PROPTEST_RNG_SEED").unwrap_or_else(rand::random);
    let which: Vec<usize> = match number("STANDIN_TEST_STORM") {
        Some(one) => vec![one],
        None => (0..number(variable).unwrap_or(SHORT)).collect(),
    };
    let sum = Mutex::new(Weather::default());
    each(&which, |_, index| {
        let one = weather(seed, *index, with_kills);
        sum.lock().unwrap().add(one);
    });
    let sum = sum.into_inner().unwrap();
    let share = sum.unclear * 100 / sum.creates.max(1);
    tell(&format!(
        "{what}: {} storms of seed {seed}, {} kills, {} creates, {share} % of them unclear, {} adopted, 0 left, 0 made twice, {} landed after their deletion",
        which.len(),
        sum.kills,
        sum.creates,
        sum.adopted,
        sum.landed
    ));
    for (fault, count) in &sum.faults {
        tell(&format!("{what}: fault {count:6} {fault}"));
    }
    for (row, count) in &sum.rows {
        tell(&format!("{what}: row   {count:6} {row}"));
    }
    for (event, count) in &sum.events {
        tell(&format!("{what}: event {count:6} {event}"));
    }
    // About half of them are. Of a hundred, chance makes it 29 now and then.
    if which.len() >= SHORT {
        let least = if sum.creates < 1_000 { 15 } else { 30 };
        assert!(
            share >= least,
            "only {share} % of {} creates ended unclear",
            sum.creates
        );
    }
    sum
}

#[test]
fn kills_of_setup_and_of_cleanup_in_a_storm_of_faults_leave_nothing_and_make_nothing_twice() {
    let sum = storms("kills", "STANDIN_TEST_STORMS", true);
    assert!(sum.kills > 0);
}

#[test]
fn life_cycles_in_a_storm_of_faults_leave_nothing_and_make_nothing_twice() {
    let sum = storms("cycles", "STANDIN_TEST_CYCLES", false);
    assert_eq!(sum.kills, 0);
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown where the test fails, and by the soak")]
fn tell(line: &str) {
    println!("{line}");
}
