//! Every kind of the fault language with a kill around it: of setup after it has taken the fault in, of post while the
//! fault strikes, and of both one after the other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use standin::sandbox::{Moment, Observed};

use super::stage::{Phase, SERVICES, Stage, each, run, services};
use crate::runner::interruption::{Interruption, Trigger};

/// Every kind, with an argument where it takes one.
const KINDS: [&str; 21] = [
    "status 503",
    "status-after 500",
    "retry-after 429 1s",
    "drop",
    "lost",
    "slow 200ms",
    "late 200ms",
    "truncate",
    "html",
    "html-after",
    "garbage",
    "empty",
    "huge",
    "gzip-bomb",
    "redirect http://127.0.0.1:9/elsewhere",
    "wrong-name eve",
    "stranger",
    "vanish",
    "refuse-duplicate",
    "token-dies",
    "anonymous",
];

/// Which process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Setup,
    Post,
    Both,
}

/// The fault that strikes setup's first create of `users`, or what else the kind strikes.
fn in_setup(kind: &str) -> String {
    match kind {
        "vanish" => "users GET account 1 vanish".to_owned(),
        "token-dies" => "users * * token-dies 3".to_owned(),
        kind => format!("users POST 1 {kind}"),
    }
}

/// The fault that strikes post's first delete. None for the kinds that only a create can meet.
fn in_post(kind: &str) -> Option<String> {
    match kind {
        "stranger" | "refuse-duplicate" => None,
        // Setup itself reads two accounts back, and sends eight requests in all that bear credentials.
        "vanish" => Some("users GET account 3 vanish".to_owned()),
        "token-dies" => Some("users * * token-dies 9".to_owned()),
        kind => Some(format!("users DELETE 1 {kind}")),
    }
}

/// What came of one run.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    struck: bool,
    kills: usize,
}

/// Runs a job in which a fault strikes and a kill follows, and then `cleanup` by hand.
fn strike(kind: &str, victim: Victim) -> Came {
    let when = format!("`{kind}`, killed: {victim:?}");
    let mut faults = Vec::new();
    if victim != Victim::Post {
        faults.push(in_setup(kind));
    }
    // Credentials that died in setup are dead in post too.
    if victim != Victim::Setup && (victim == Victim::Post || kind != "token-dies") {
        faults.extend(in_post(kind));
    }
    let (first, second) = (Trigger::new(Interruption::Kill), Trigger::new(Interruption::Kill));
    let taken_in = AtomicBool::new(false);
    let watch = {
        let (first, second) = (first.clone(), second.clone());
        move |phase, observed: &Observed| {
            let struck = observed.moment == Moment::Answered && observed.fault.is_some();
            match phase {
                Phase::Main if victim != Victim::Post => {
                    if observed.moment == Moment::BeforeApply && taken_in.load(Ordering::Relaxed) {
                        first.fire();
                    }
                    taken_in.fetch_or(struck, Ordering::Relaxed);
                }
                Phase::Post if victim != Victim::Setup && struck => second.fire(),
                Phase::Main | Phase::Post => {}
            }
        }
    };
    let services = faults.iter().fold(services(), |services, line| services.fault(line));
    let stage = Stage::new(services, watch);
    let result = run(&stage, Stage::job(), &[&first, &second]);
    let phases = [result.step("accounts"), result.post("accounts")];
    let kills = phases.iter().filter(|phase| phase.exit_code == Some(137)).count();
    for phase in phases {
        assert!(!phase.stderr.contains("panicked"), "{when}: {}", phase.stderr);
    }
    if phases[1].exit_code == Some(0) {
        stage.assert_nothing_left(&when);
    }
    settle_by_hand(&stage, kind, &when);
    let struck = stage.services.requests().iter().any(|seen| seen.fault.is_some());
    Came { struck, kills }
}

/// `cleanup` by hand, when the fault is over: nothing is left. Where it is not over, what is left is named.
fn settle_by_hand(stage: &Stage, kind: &str, when: &str) {
    let ended = stage.cleanup_of_job();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    // An id that leads to somebody else is named, and left alone.
    if !["token-dies", "stranger"].contains(&kind) {
        assert_eq!(ended.status.code(), Some(0), "{when}: {said}");
    }
    if ended.status.code() == Some(0) {
        return stage.assert_nothing_left(when);
    }
    assert_eq!(ended.status.code(), Some(1), "{when}: {said}");
    for name in SERVICES {
        let books = stage.services.books(name).unwrap();
        assert_eq!(books.humans().count(), 1, "{when}: a person lost an account in {name}");
        for account in books.left() {
            assert!(
                said.contains(&account.username),
                "{when}: {account:?} is not named: {said}"
            );
        }
    }
}

#[test]
fn a_kill_around_a_fault_of_any_kind_leaves_nothing_that_is_not_named() {
    let mut runs = Vec::new();
    for kind in KINDS {
        runs.extend([(kind, Victim::Setup), (kind, Victim::Both)]);
        runs.extend(in_post(kind).map(|_| (kind, Victim::Post)));
    }
    let came = Mutex::new(Vec::new());
    each(&runs, |_, (kind, victim)| {
        let one = strike(kind, *victim);
        assert!(one.struck, "`{kind}` met nothing, killed: {victim:?}");
        came.lock().unwrap().push(one);
    });
    let kills: usize = came.into_inner().unwrap().iter().map(|one| one.kills).sum();
    // A fault after which nothing more is asked leaves no moment for a kill.
    assert!(kills >= runs.len(), "{kills} kills in {} runs", runs.len());
}
