//! Kills at moments that chance chooses. `STANDIN_TEST_KILLS` says how many (100; the soak takes hundreds), and
//! `PROPTEST_RNG_SEED` repeats a run, of which `STANDIN_TEST_KILL` does the kill of one number alone.

use std::collections::BTreeMap;
use std::env;
use std::hint::spin_loop;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use standin::domain::ledger::Status;
use standin::sandbox::{Moment, Observed};

use super::stage::{Phase, Stage, assert_cleaned, each, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};

/// How many kills there are if nobody says.
const KILLS: usize = 100;

/// What is going on when the kill comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A create, before or after it is done.
    Create,
    /// Anything that setup does, and up to 2 ms more.
    Anything,
    /// Setup's rollback, after a create was refused.
    Refused,
    /// What setup still awaits, after an account did not read back.
    Rejected,
    /// Setup's rollback, after an account read back under somebody's name.
    Stranger,
    /// The look-up of a create whose answer was lost.
    Unclear,
    /// Post's last two deletes, which wait for others to be through.
    Post,
}

/// One turn of all kinds: two of three kills meet a create.
const TURN: [Kind; 18] = [
    Kind::Create,
    Kind::Refused,
    Kind::Create,
    Kind::Create,
    Kind::Rejected,
    Kind::Create,
    Kind::Create,
    Kind::Stranger,
    Kind::Create,
    Kind::Create,
    Kind::Unclear,
    Kind::Create,
    Kind::Create,
    Kind::Post,
    Kind::Create,
    Kind::Create,
    Kind::Anything,
    Kind::Create,
];

/// A kill as chance has drawn it.
#[derive(Clone, Debug)]
struct Draw {
    kind: Kind,
    faults: Vec<String>,
    /// Which of the requests that its kind means.
    n: usize,
    moment: Moment,
    /// How long the job goes on before the kill. None: the request waits until the process is dead.
    spin: Option<Duration>,
    /// How long the services take for each request.
    delay: Duration,
}

impl Draw {
    fn new(seed: u64, index: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(index as u64);
        let kind = TURN[index % TURN.len()];
        let moment = if random.random_bool(0.5) {
            Moment::BeforeApply
        } else {
            Moment::AfterApply
        };
        let service = ["users", "billing"][random.random_range(0..2)];
        let which = random.random_range(1..=2);
        // How many requests there are of the kind's.
        let (faults, of) = match kind {
            Kind::Create | Kind::Post => (vec![], 6),
            Kind::Anything => (vec![], 16),
            Kind::Refused => (vec![format!("{service} POST {which} status 400")], 1),
            // The other service is still at work when the account was not found, and so there is no rollback yet.
            Kind::Rejected => {
                let slow = "users PUT * slow 300ms".to_owned();
                (vec![format!("billing GET account {which} vanish"), slow], 1)
            }
            Kind::Stranger => (vec![format!("{service} GET account {which} wrong-name eve")], 1),
            Kind::Unclear => (vec![format!("{service} POST {which} lost")], 1),
        };
        Self {
            kind,
            faults,
            n: random.random_range(if kind == Kind::Post { 5 } else { 1 }..=of),
            moment,
            spin: (kind == Kind::Anything).then(|| Duration::from_micros(random.random_range(0..2_000))),
            delay: Duration::from_millis(random.random_range(0..6)),
        }
    }

    /// Whether the kill may come at a request of this kind. Each service's first account is looked up in any case, and some
    /// are read more than once, so that these mean something only where a fault has struck the service `struck` before.
    fn means(&self, phase: Phase, observed: &Observed, struck: Option<&str>) -> bool {
        let main = phase == Phase::Main && observed.moment == self.moment;
        let looks_up = observed.method == "GET" && observed.path.contains("?username=");
        let reads = observed.path.starts_with("/accounts/");
        match self.kind {
            Kind::Create => main && observed.method == "POST",
            Kind::Anything => main,
            Kind::Refused => main && observed.method == "DELETE",
            Kind::Rejected => {
                main && struck == Some("billing") && observed.service == "users" && observed.method == "GET" && reads
            }
            Kind::Stranger | Kind::Unclear => main && looks_up && struck == Some(&observed.service),
            Kind::Post => phase == Phase::Post && observed.moment == self.moment && observed.method == "DELETE",
        }
    }
}

/// What a kill met.
struct Hit {
    open_intent: bool,
    statuses: Vec<Status>,
}

/// Kills once, lets post clean up, or a person where it was post that was killed. None if the job was over before.
fn kill(seed: u64, index: usize) -> Option<Hit> {
    let draw = Draw::new(seed, index);
    let when = format!("kill {index} of seed {seed}: {draw:?}");
    let trigger = Trigger::new(Interruption::Kill);
    let at = Arc::new(Mutex::new(String::new()));
    let watch = {
        let (trigger, draw, due, at) = (trigger.clone(), draw.clone(), nth(draw.n), Arc::clone(&at));
        let struck = Mutex::new(None::<String>);
        move |phase, observed: &Observed| {
            let is_slowed = observed.method == "PUT";
            if observed.moment == Moment::Answered && observed.fault.is_some() && !is_slowed {
                *struck.lock().unwrap() = Some(observed.service.clone());
            }
            let struck = struck.lock().unwrap().clone();
            if due(draw.means(phase, observed, struck.as_deref())) {
                *at.lock().unwrap() = format!("{} {} {:?}", observed.service, observed.method, observed.moment);
                fire(&trigger, draw.spin);
            }
        }
    };
    let services = services().delay(draw.delay);
    let services = draw.faults.iter().fold(services, |services, line| services.fault(line));
    let stage = Stage::new(services, watch);
    let result = run(&stage, Stage::job(), &[&trigger]);
    let killed = [result.step("accounts"), result.post("accounts")].map(|phase| phase.exit_code == Some(137));
    let met = match killed {
        [true, _] => stage.kept(),
        [false, true] => Some(stage.journal()),
        [false, false] => None,
    };
    if killed[1] {
        let cleanup = stage.cleanup_of_job();
        assert_eq!(cleanup.status.code(), Some(0), "{when}: {cleanup:?}");
    } else {
        assert_cleaned(&result, &when);
    }
    stage.assert_nothing_left(&when);
    assert!(stage.journal().is_settled(), "{when}");
    let met = met?;
    met.assert_whole(&when);
    tell(&format!(
        "kill {index:3} {:?} at {}: {}",
        draw.kind,
        at.lock().unwrap(),
        met.last_line()
    ));
    Some(Hit {
        open_intent: met.has_open_intent(),
        statuses: met.statuses(),
    })
}

/// Kills at once while the request waits, or a little later while everything goes on.
fn fire(trigger: &Trigger, spin: Option<Duration>) {
    let Some(spin) = spin else { return trigger.fire() };
    let (trigger, due) = (trigger.clone(), Instant::now() + spin);
    thread::spawn(move || {
        while Instant::now() < due {
            spin_loop();
        }
        trigger.fire();
    });
}

#[test]
fn kills_at_random_moments_leave_no_account_and_meet_every_status() {
    let seed = number("PROPTEST_RNG_SEED").unwrap_or_else(rand::random);
    let kills: Vec<usize> = match number("STANDIN_TEST_KILL") {
        Some(one) => vec![one],
        None => (0..number("STANDIN_TEST_KILLS").unwrap_or(KILLS)).collect(),
    };
    tell(&format!("{} kills of seed {seed}", kills.len()));
    let hits = Mutex::new(Vec::new());
    each(&kills, |_, index| {
        let hit = kill(seed, *index);
        hits.lock().unwrap().extend(hit);
    });
    let hits = hits.into_inner().unwrap();
    let open = hits.iter().filter(|hit| hit.open_intent).count();
    let mut met: BTreeMap<String, usize> = Status::ALL.iter().map(|status| (status.to_string(), 0)).collect();
    for status in hits.iter().flat_map(|hit| &hit.statuses) {
        *met.entry(status.to_string()).or_default() += 1;
    }
    tell(&format!(
        "{} of {} killed in time, {open} with an open intent",
        hits.len(),
        kills.len()
    ));
    for (status, accounts) in &met {
        tell(&format!("{status:>10} {accounts:5}"));
    }
    if kills.len() >= TURN.len() {
        assert!(
            hits.len() * 10 >= kills.len() * 9,
            "{} of {} killed in time",
            hits.len(),
            kills.len()
        );
        assert!(
            open * 10 >= kills.len() * 6,
            "{open} of {} left an open intent",
            kills.len()
        );
        assert!(
            met.values().all(|accounts| *accounts > 0),
            "not all statuses were met: {met:?}"
        );
    }
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown where the test fails, and by the soak")]
fn tell(line: &str) {
    println!("{line}");
}
