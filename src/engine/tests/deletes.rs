//! What a delete may meet: failures, services that forget it, and ids that were given again.

use std::time::Duration;

use serde_json::json;

use super::super::Settled;
use super::book::Kind;
use super::fault::Fault;
use super::life::{Chosen, Flavour, Keyed, Loose, Unique, Went, gone, live, stage, text, world};
use super::stage::{HOUR, Stage, WAIT, replay};
use crate::domain::answer::Answer;
use crate::domain::leftover::Reason;

#[tokio::test(start_paused = true)]
async fn a_delete_that_fails_is_sent_again_and_at_last_named() {
    let stage = stage(Unique, "");
    for fault in [
        Fault::Refuse,
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::Before(503),
        Fault::After(503),
    ] {
        let fake = world(0, Unique, &[(Kind::Delete, 1, 3, fault)]);
        assert_eq!(live(&stage, &fake, false).await.0, gone(true, 1));
    }
    for fault in [
        Fault::Refuse,
        Fault::LostBefore,
        Fault::Before(503),
        Fault::Before(403),
        Fault::Before(400),
    ] {
        let fake = world(0, Unique, &[(Kind::Delete, 1, 99, fault)]);
        let (went, settled) = live(&stage, &fake, false).await;
        assert_eq!((went.alive, went.left), (1, vec![Reason::Failed]));
        assert_eq!(settled.leftovers[0].ids.len(), 1, "its id is told");
    }
}

/// A service that says of its first so many deletes that they were done, and did nothing.
async fn forgets_deletes(flavour: Flavour, forgotten: u32, gone: &str) -> (Went, usize, Settled) {
    let stage = Stage::new(&text(flavour, "").replace("accounts:\n", &format!("    {gone}\naccounts:\n")));
    let fake = world(0, flavour, &[(Kind::Delete, 1, forgotten, Fault::Before(204))]);
    let (went, settled) = live(&stage, &fake, false).await;
    let deletes = fake.calls().iter().filter(|call| call.kind == Kind::Delete).count();
    (went, deletes, settled)
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_was_accepted_and_not_done_is_sent_again_and_at_last_named() {
    let seen = "gone: { request: \"GET /accounts/{{ id }}\" }";
    for flavour in [Unique, Loose, Keyed, Chosen] {
        for forgotten in 0..3 {
            let (went, deletes, settled) = forgets_deletes(flavour, forgotten, seen).await;
            assert_eq!(went, gone(true, 1), "{flavour:?}, {forgotten}: {settled:?}");
            assert_eq!((deletes, settled.deleted), (forgotten as usize + 1, 1), "{flavour:?}");
        }
        let (went, deletes, settled) = forgets_deletes(flavour, 99, seen).await;
        assert_eq!(
            (went.alive, went.left, deletes),
            (1, vec![Reason::StillShown], 3),
            "{flavour:?}"
        );
        assert!(settled.leftovers[0].detail.what.contains("3 times"), "{settled:?}");
    }
}

/// The id of the account is somebody else's from so many reads on; how did it go, and how often was the delete sent?
async fn id_is_given_on(first: u32, delete: Fault, gone: &str) -> (Went, usize) {
    let stage = Stage::new(&text(Unique, "").replace("accounts:\n", &format!("    {gone}\naccounts:\n")));
    let to_alice: fn(&mut Answer) = |answer| {
        *answer = super::book::answer(200, json!({ "id": "100", "username": "alice" }));
    };
    let faults = [
        (Kind::Delete, 1, 1, delete),
        (Kind::Read, first, 99, Fault::Garble(to_alice)),
    ];
    let fake = world(0, Unique, &faults);
    let (went, _) = live(&stage, &fake, false).await;
    let deletes = fake.calls().iter().filter(|call| call.kind == Kind::Delete).count();
    (went, deletes)
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_somebody_elses_by_now_is_gone_and_not_deleted_again() {
    // The first read is setup's own, and the second looks at the account before its delete.
    for fault in [Fault::None, Fault::LostAfter, Fault::After(500)] {
        for seen in ["gone: { request: \"GET /accounts/{{ id }}\" }", ""] {
            let went = id_is_given_on(3, fault, seen).await;
            assert_eq!(went, (gone(true, 1), 1), "{seen}");
        }
    }
}

/// A delete that was not done, although the service may say so, and then one reading that shows somebody else.
#[tokio::test(start_paused = true)]
async fn one_reading_under_another_name_is_not_enough_to_take_an_account_for_gone() {
    let to_alice: fn(&mut Answer) = |answer| {
        *answer = super::book::answer(200, json!({ "id": "100", "username": "alice" }));
    };
    // The first read is setup's own, and the second looks before the delete; with `gone` the third is that one's question, and
    // the fourth looks at the name.
    let said_done = Fault::Before(204);
    let faults = [Fault::LostBefore, Fault::Before(500), Fault::Before(404), said_done];
    // Without `gone`, what is said to be done is believed.
    for (seen, lies, faults) in [
        ("gone: { request: \"GET /accounts/{{ id }}\" }", 4, &faults[..]),
        ("", 3, &faults[..3]),
    ] {
        for &fault in faults {
            for flavour in [Unique, Loose, Keyed, Chosen] {
                let stage = Stage::new(&text(flavour, "").replace("accounts:\n", &format!("    {seen}\naccounts:\n")));
                let faults = [
                    (Kind::Delete, 1, 1, fault),
                    (Kind::Read, lies, lies, Fault::Garble(to_alice)),
                ];
                let fake = world(0, flavour, &faults);
                let (went, settled) = live(&stage, &fake, false).await;
                let is_named = went.alive == 0 || !settled.leftovers.is_empty();
                assert!(is_named, "{flavour:?}, {fault:?}, `{seen}`: {went:?}, {settled:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_counted_id_is_read_before_it_is_deleted_once_some_time_has_passed() {
    let stage = stage(Unique, "");
    let fake = world(0, Unique, &[]);
    let engine = stage.setup_engine(&fake);
    assert_eq!(engine.provision(WAIT, false).await.ready, [0]);
    drop(engine);
    // The job deletes its account, and the next person is given the number.
    let id = fake.book(0, |book| book.give_to("carol"));
    tokio::time::sleep(Duration::from_mins(2)).await;
    let settled = stage.engine(&fake, replay(&fake.journal()), HOUR).settle().await;
    assert_eq!(
        (settled.deleted, settled.absent, settled.leftovers.len()),
        (0, 0, 1),
        "whether it was given to somebody else or renamed can't be told: {settled:?}"
    );
    assert_eq!(settled.leftovers[0].reason, Reason::Stranger);
    assert!(
        fake.book(0, |book| book.is_of(&id, "carol")),
        "somebody else's account is gone"
    );
    assert!(fake.calls().iter().all(|call| call.kind != Kind::Delete));
}
