//! What cleanup does about a service that fails for a while, and about one that is dead.

use std::time::Duration;

use super::book::Kind;
use super::fault::{Fault, Planted};
use super::life::{Unique, gone, live, stage, text, world};
use super::stage::{HOUR, Stage, WAIT, replay};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::ports::World as _;

const KINDS: [Kind; 4] = [Kind::Find, Kind::Read, Kind::List, Kind::Delete];

#[tokio::test(start_paused = true)]
async fn what_fails_for_a_while_is_deleted_when_that_is_over() {
    for fault in [Fault::Refuse, Fault::Before(500), Fault::Before(503), Fault::After(503)] {
        for rollback in [true, false] {
            let fake = world(0, Unique, &[(Kind::Delete, 1, 15, fault)]);
            let (went, settled) = live(&stage(Unique, ""), &fake, rollback).await;
            assert_eq!(went, gone(true, 1), "{fault:?}: {settled:?}");
        }
    }
}

/// A cleanup of so many accounts at a service that fails in this way whatever it is asked, and how long it took.
async fn dead(count: u32, time: Duration, fault: Fault) -> (Vec<Leftover>, Duration, usize) {
    let stage = Stage::new(&text(Unique, &format!(", count: {count}")));
    let fake = world(0, Unique, &[]);
    let engine = stage.setup_engine(&fake);
    assert!(engine.provision(WAIT, false).await.failures.is_empty());
    drop(engine);
    let planted = KINDS.map(|kind| Planted {
        service: 0,
        kind,
        first: 1,
        last: u32::MAX,
        fault,
    });
    fake.planted.borrow_mut().extend(planted);
    let (calls, begun) = (fake.calls().len(), fake.now());
    let settled = stage.engine(&fake, replay(&fake.journal()), time).settle().await;
    (settled.leftovers, fake.now().since(begun), fake.calls().len() - calls)
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_dead_for_good_is_given_up_for_all_its_accounts_within_two_minutes() {
    for fault in [Fault::Refuse, Fault::Before(503), Fault::Before(500)] {
        let (left, took, calls) = dead(60, HOUR, fault).await;
        assert_eq!(left.len(), 60);
        assert!(took >= Duration::from_mins(1), "{fault:?}: {took:?}");
        assert!(took < Duration::from_mins(2), "{fault:?}: {took:?}");
        assert!(calls < 60 * 8, "{fault:?}: {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_beyond_the_deadline() {
    let (left, took, _) = dead(3, Duration::from_secs(12), Fault::Before(503)).await;
    let reasons: Vec<Reason> = left.iter().map(|leftover| leftover.reason).collect();
    assert_eq!(reasons, [Reason::Failed; 3]);
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(13),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_comes_early_says_what_failed_until_then() {
    let stage = stage(Unique, "");
    let fake = world(0, Unique, &[(Kind::Read, 1, u32::MAX, Fault::Before(503))]);
    fake.begin_journal(stage.plan());
    let engine = stage.engine(&fake, Ledger::new(stage.plan().clone()), Duration::from_secs(1));
    let provisioned = engine.provision(WAIT, false).await;
    let reason = &provisioned.failures[0].reason.what;
    assert_eq!(
        reason, "the deadline came; before that the verify failed: status 503 (the service is not available)",
        "{provisioned:?}"
    );
}
