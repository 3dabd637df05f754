//! Who comes when: needs, limits, the first failure, the deadline, and being told to stop.

use std::time::Duration;

use super::super::Settled;
use super::book::{Book, Kind, PLAIN};
use super::fault::{Fault, Planted};
use super::stage::{Stage, WAIT, replay};
use super::world::{Fake, TIMEOUT};
use crate::domain::ledger::Status;
use crate::domain::leftover::Reason;
use crate::ports::Stop;

/// A chain of three services; `limit` is that of the last.
fn stage(limit: usize, copies: usize) -> Stage {
    let find = "find: { request: \"GET /accounts?username={{ account.username }}\", items: body, id: item.id, name: item.username }";
    let create = "create: { json: { username: \"{{ account.username }}\" }, duplicate: [409] }";
    Stage::new(&format!(
        "
services:
  - {{ name: order, url: \"http://order.test\", needs: [customer], limits: {{ concurrency: {limit} }}, {create}, {find} }}
  - {{ name: customer, url: \"http://customer.test\", needs: [login], limits: {{ concurrency: 3 }}, {create}, {find} }}
  - {{ name: login, url: \"http://login.test\", limits: {{ concurrency: 5 }}, {create}, {find} }}
accounts:
  - {{ name: buyer, count: {copies} }}
"
    ))
}

const ORDER: usize = 0;
const CUSTOMER: usize = 1;
const LOGIN: usize = 2;

fn world(seed: u64) -> Fake {
    let fake = Fake::new(seed, (0..3).map(|_| Book::new(PLAIN, &["alice"])).collect());
    fake.needs.borrow_mut().extend([(ORDER, CUSTOMER), (CUSTOMER, LOGIN)]);
    fake
}

fn plant(fake: &Fake, service: usize, kind: Kind, numbers: std::ops::RangeInclusive<u32>, fault: Fault) {
    fake.planted.borrow_mut().push(Planted {
        service,
        kind,
        first: *numbers.start(),
        last: *numbers.end(),
        fault,
    });
}

fn count(fake: &Fake, service: usize, kind: Kind) -> usize {
    fake.calls()
        .iter()
        .filter(|call| call.service == service && call.kind == kind)
        .count()
}

fn alive(fake: &Fake) -> [usize; 3] {
    [ORDER, CUSTOMER, LOGIN].map(|service| fake.book(service, |book| book.ours().len()))
}

fn reasons(settled: &Settled) -> Vec<(String, Reason)> {
    settled
        .leftovers
        .iter()
        .map(|leftover| (leftover.key.to_string(), leftover.reason))
        .collect()
}

/// A setup in which nothing goes wrong.
async fn made(stage: &Stage, fake: &Fake) {
    let provisioned = stage.setup(fake, false).await.expect("it does not die");
    assert_eq!(provisioned.failures, []);
    fake.be_born(None);
}

#[tokio::test(start_paused = true)]
async fn what_is_needed_is_made_first_and_deleted_last() {
    let stage = stage(8, 6);
    for seed in 0..10 {
        let fake = world(seed);
        fake.slow.set(seed % 3 * 4);
        let provisioned = stage.setup(&fake, true).await.expect("it does not die");
        assert!(provisioned.ready.len() > 6, "{provisioned:?}");
        assert_eq!(fake.calls().first().map(|call| call.service), Some(LOGIN));
        fake.be_born(None);
        let settled = stage.cleanup(&fake).await.expect("it does not die");
        assert_eq!(reasons(&settled), [], "seed {seed}");
        assert_eq!(alive(&fake), [0; 3], "seed {seed}");
        assert_eq!(fake.orphans(), [""; 0], "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_needed_is_tried_all_the_same_when_a_dependent_is_stuck() {
    let stage = stage(8, 2);
    let fake = world(0);
    made(&stage, &fake).await;
    plant(&fake, ORDER, Kind::Delete, 1..=1, Fault::Before(403));
    let settled = stage.cleanup(&fake).await.expect("it does not die");
    assert_eq!(settled.leftovers.len(), 1);
    assert_eq!(settled.leftovers[0].reason, Reason::Failed);
    assert_eq!(alive(&fake), [1, 0, 0]);
    assert_eq!(settled.deleted, 5);
}

#[tokio::test(start_paused = true)]
async fn a_dependent_waits_for_what_it_needs_and_for_nothing_else() {
    let stage = stage(8, 3);
    let fake = world(0);
    plant(&fake, LOGIN, Kind::Create, 2..=2, Fault::Takes(9_000));
    made(&stage, &fake).await;
    let orders: Vec<u64> = fake
        .calls()
        .iter()
        .filter(|call| call.service == ORDER && call.kind == Kind::Create)
        .map(|call| call.at)
        .collect();
    assert_eq!(orders.len(), 3);
    assert!(orders[1] < 1_000 && orders[2] > 9_000, "{orders:?}");
}

#[tokio::test(start_paused = true)]
async fn each_service_is_asked_as_much_at_once_as_it_allows() {
    for limit in [1, 2, 8] {
        let stage = stage(limit, 20);
        let fake = world(7);
        // A few at the end of a chain come together only if they are slow.
        plant(&fake, ORDER, Kind::Read, 1..=99, Fault::Takes(2_000));
        plant(&fake, ORDER, Kind::Delete, 1..=99, Fault::Takes(2_000));
        made(&stage, &fake).await;
        let most = [ORDER, CUSTOMER, LOGIN].map(|service| fake.most_in_flight(service));
        assert_eq!(most, [limit, 3, 5]);
        fake.forget_most_in_flight();
        assert_eq!(reasons(&stage.cleanup(&fake).await.expect("it does not die")), []);
        let most = [ORDER, CUSTOMER, LOGIN].map(|service| fake.most_in_flight(service));
        assert!(most[0] == limit && most[1] <= 3 && most[2] <= 5, "{most:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_first_failure_what_runs_is_ended_and_nothing_is_begun() {
    let stage = stage(8, 9);
    let fake = world(0);
    plant(&fake, LOGIN, Kind::Create, 2..=2, Fault::Before(400));
    plant(&fake, LOGIN, Kind::Create, 3..=5, Fault::Takes(3_000));
    let provisioned = stage.setup(&fake, false).await.expect("it does not die");
    assert_eq!(provisioned.failures.len(), 1, "{provisioned:?}");
    assert!(
        count(&fake, LOGIN, Kind::Create) <= 6,
        "five at once, and one after the first"
    );
    let ledger = replay(&fake.journal());
    let open = ledger
        .debts()
        .filter(|place| ledger.record(*place).status != Status::Verified)
        .count();
    assert_eq!(open, 0, "what ran came to its end");
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_go_on_gets_all_but_the_failure_and_its_dependents() {
    let stage = stage(8, 9);
    let fake = world(0);
    plant(&fake, LOGIN, Kind::Create, 2..=2, Fault::Before(400));
    let provisioned = stage.setup(&fake, true).await.expect("it does not die");
    assert_eq!(provisioned.ready.len(), 24, "{provisioned:?}");
    assert_eq!(provisioned.failures.len(), 3);
    assert_eq!(alive(&fake), [8; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_names_what_is_left_and_starts_nothing_more() {
    let stage = stage(1, 20);
    let weathers = [
        (0, Fault::None, 200),
        (1, Fault::None, 3_000),
        (0, Fault::Before(429), 3_000),
        (0, Fault::Before(503), 3_000),
    ];
    for (slow, fault, longest) in weathers {
        for time in [0, longest / 2, longest] {
            let fake = world(3);
            made(&stage, &fake).await;
            plant(&fake, ORDER, Kind::Delete, 3..=999, fault);
            fake.slow.set(slow);
            let begun = fake.time();
            let engine = stage.engine(&fake, replay(&fake.journal()), Duration::from_millis(time));
            let settled = engine.settle().await;
            let left: usize = alive(&fake).iter().sum();
            let named = settled.leftovers.len();
            assert!(left > 0 && named >= left, "{left} are left and {named} are named");
            assert!(
                reasons(&settled).iter().any(|(_, reason)| *reason == Reason::Deadline),
                "{settled:?}"
            );
            let late = fake.calls().iter().filter(|call| call.at > begun + time).count();
            assert_eq!(late, 0, "nothing is asked after the deadline");
            assert!(Duration::from_millis(fake.time() - begun) <= Duration::from_millis(time) + TIMEOUT);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_setup_too() {
    let stage = stage(1, 4);
    let fake = world(0);
    plant(&fake, ORDER, Kind::Create, 1..=999, Fault::Before(429));
    fake.begin_journal(stage.plan());
    let engine = stage.engine(&fake, crate::domain::ledger::Ledger::new(stage.plan().clone()), WAIT);
    let provisioned = engine.provision(WAIT, true).await;
    assert_eq!(provisioned.failures.len(), 4, "{provisioned:?}");
    assert!(fake.time() <= 31_000, "it ended at {}", fake.time());
    assert_eq!(alive(&fake), [0, 4, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_would_be_waited_for_beyond_the_deadline_is_asked_shortly_before_it_once_more() {
    let stage = Stage::new(
        r#"
services: [{ name: users, url: "http://users.test", create: { expect: [201] }, verify: { request: "GET /accounts/{{ id }}", until: "status == 299", within: 1h } }]
accounts: [{ name: alice }]
"#,
    );
    for seconds in [1_u64, 12, 60] {
        let fake = Fake::new(seconds, vec![Book::new(PLAIN, &[])]);
        fake.begin_journal(stage.plan());
        let whole = Duration::from_secs(seconds);
        let engine = stage.engine(&fake, crate::domain::ledger::Ledger::new(stage.plan().clone()), whole);
        let provisioned = engine.provision(WAIT, true).await;
        assert!(
            provisioned.failures[0].reason.what.contains("the deadline came"),
            "{provisioned:?}"
        );
        let last = Duration::from_millis(fake.calls().last().unwrap().at);
        assert!(
            last < whole && last >= whole * 9 / 10,
            "it was asked last at {last:?} of {whole:?}"
        );
    }
}

/// Tells a setup to stop at this time; says when it ended.
async fn stopped_at(stage: &Stage, fake: &Fake, time: u64, stop: Stop) -> u64 {
    let engine = stage.setup_engine(fake);
    let (provisioned, ()) = tokio::join!(engine.provision(WAIT, false), async {
        tokio::time::sleep(Duration::from_millis(time)).await;
        fake.tell_to_stop(stop);
    });
    assert_eq!(provisioned.stopped, Some(stop));
    let late = fake.calls().iter().filter(|call| call.at > time).count();
    assert_eq!(late, 0, "nothing is asked after the stop");
    fake.time()
}

#[tokio::test(start_paused = true)]
async fn a_setup_that_is_stopped_starts_nothing_and_writes_down_what_still_comes_in() {
    let stage = stage(8, 9);
    for stop in [Stop::Signal(2), Stop::Superseded] {
        for time in [0, 10, 30, 60, 90, 200] {
            let fake = world(time);
            let ended = stopped_at(&stage, &fake, time, stop).await;
            assert!(ended <= time + 100, "nothing was slow");
            fake.be_born(None);
            let settled = stage.cleanup(&fake).await.expect("it does not die");
            assert_eq!(reasons(&settled), []);
            assert_eq!(alive(&fake), [0; 3]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn answers_in_flight_are_awaited_for_five_seconds() {
    let stage = stage(8, 1);
    for (takes, ended, expected) in [(4_000, 4_100, Status::Rejected), (9_000, 5_040, Status::Creating)] {
        let fake = world(0);
        plant(&fake, LOGIN, Kind::Create, 1..=1, Fault::Takes(takes));
        assert!(stopped_at(&stage, &fake, 40, Stop::Signal(15)).await <= ended);
        let ledger = replay(&fake.journal());
        let places: Vec<usize> = ledger.debts().collect();
        assert_eq!(places.len(), 1);
        assert_eq!(
            ledger.record(places[0]).status,
            expected,
            "what came in is written down"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_that_is_stopped_names_what_is_left_within_five_seconds() {
    let stage = stage(2, 9);
    for takes in [1, 2_000, 9_000] {
        let fake = world(0);
        made(&stage, &fake).await;
        plant(&fake, ORDER, Kind::Delete, 3..=4, Fault::Takes(takes));
        let time = fake.time() + 60;
        let engine = stage.engine(&fake, replay(&fake.journal()), WAIT);
        let (settled, ()) = tokio::join!(engine.settle(), async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            fake.tell_to_stop(Stop::Signal(2));
        });
        assert_eq!(settled.stopped, Some(Stop::Signal(2)));
        assert!(
            fake.time() <= time + 5_000,
            "it ended at {}, {} after the stop",
            fake.time(),
            fake.time() - time
        );
        let late = fake.calls().iter().filter(|call| call.at > time).count();
        assert_eq!(late, 0, "nothing is asked after the stop");
        let named = settled.leftovers.len();
        assert_eq!(named + settled.deleted, 27, "{settled:?}");
        assert!(
            settled
                .leftovers
                .iter()
                .all(|leftover| leftover.reason == Reason::Stopped)
        );
        fake.be_born(None);
        stage.cleanup(&fake).await.expect("it does not die");
        assert_eq!(alive(&fake), [0; 3]);
    }
}
