//! Each row of the table of what an answer to a create means, from the create to the last delete.

use std::time::Duration;

use serde_json::{Value, json};

use super::book::{Kind, Strangers};
use super::fault::Fault;
use super::life::{Blind, Chosen, Flavour, Keyed, Loose, Other, Unique, Went, gone, live, stage, text, world};
use super::stage::{Stage, WAIT};
use super::world::Fake;
use crate::domain::answer::{Answer, Body};
use crate::domain::leftover::Reason;
use crate::ports::Notice;

fn left(alive: usize) -> Went {
    Went {
        left: vec![Reason::NoLookUp],
        alive,
        ..gone(false, 1)
    }
}

/// One create is met by a fault, or several are.
async fn meets(flavour: Flavour, last: u32, fault: Fault, expected: Went, what: &str) {
    let stage = stage(flavour, "");
    for seed in 0..2 {
        for rollback in [true, false] {
            let fake = world(seed, flavour, &[(Kind::Create, 1, last, fault)]);
            let (went, settled) = live(&stage, &fake, rollback).await;
            assert_eq!(
                went, expected,
                "{what} in {flavour:?}, seed {seed}, rollback {rollback}: {settled:?}"
            );
        }
    }
}

fn object(answer: &mut Answer) -> &mut serde_json::Map<String, Value> {
    match &mut answer.body {
        Body::Json(Value::Object(object)) => object,
        Body::Json(_) | Body::Text(_) => panic!("the answer is no object"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_well_goes_well() {
    for flavour in [Unique, Other, Loose, Keyed, Chosen, Blind] {
        meets(flavour, 1, Fault::None, gone(true, 1), "nothing").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_lost_is_adopted_or_sent_again_and_never_made_twice() {
    for flavour in [Unique, Other, Loose, Keyed] {
        // Where equal names are taken, no second create is sent before the look-up has shown anybody.
        let made = if flavour == Loose {
            gone(false, 1)
        } else {
            gone(true, 2)
        };
        meets(flavour, 1, Fault::LostBefore, made, "lost on its way").await;
        meets(flavour, 1, Fault::LostAfter, gone(true, 1), "its answer lost").await;
        let again = if flavour == Loose { 1 } else { 2 };
        meets(flavour, 1, Fault::Late, gone(true, again), "late").await;
    }
    for fault in [Fault::LostBefore, Fault::LostAfter, Fault::Late] {
        meets(Chosen, 1, fault, gone(false, 1), "lost").await;
    }
    meets(Blind, 1, Fault::LostBefore, left(0), "lost on its way").await;
    meets(Blind, 1, Fault::LostAfter, left(1), "its answer lost").await;
    meets(Blind, 1, Fault::Late, left(1), "late").await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_says_nothing_is_looked_into() {
    for status in [202, 302, 304, 408, 423, 499, 500, 502, 503, 504, 599] {
        let what = format!("status {status}");
        // Where any 2xx is expected, 202 without an id comes to the same.
        for flavour in [Unique, Loose, Keyed] {
            let made = if flavour == Loose {
                gone(false, 1)
            } else {
                gone(true, 2)
            };
            meets(flavour, 1, Fault::Before(status), made, &what).await;
            meets(flavour, 1, Fault::After(status), gone(true, 1), &what).await;
        }
        meets(Blind, 1, Fault::Before(status), left(0), &what).await;
        meets(Blind, 1, Fault::After(status), left(1), &what).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_adopted_if_it_can_be_found() {
    meets(Unique, 1, Fault::After(409), gone(true, 1), "sent twice by a proxy").await;
    meets(
        Unique,
        1,
        Fault::Before(409),
        gone(false, 1),
        "taken by nobody that can be seen",
    )
    .await;
    meets(Other, 1, Fault::Before(409), gone(true, 2), "409 that is not declared").await;
    meets(Other, 1, Fault::After(409), gone(true, 1), "409 that is not declared").await;
    meets(Other, 1, Fault::After(422), gone(true, 1), "422 as declared").await;
    meets(
        Loose,
        1,
        Fault::After(409),
        gone(true, 1),
        "sent twice by a proxy, and seen late",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_lags_behind_the_create_is_given_its_time() {
    let stage = stage(Unique, "");
    assert_eq!(stage.sites[0].powers.settle, Duration::from_secs(2));
    for fault in [Fault::LostAfter, Fault::After(503), Fault::After(409), Fault::Late] {
        let fake = world(0, Unique, &[(Kind::Create, 1, 1, fault)]);
        fake.book(0, |book| book.nature.lag = 2_000);
        let (went, _) = live(&stage, &fake, true).await;
        assert!(went == gone(true, 1) || went == gone(true, 2), "{went:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_answer_is_wanted_and_was_lost_is_not_ready() {
    for wanted in [
        "outputs: { tenant: body.id }",
        "secrets: { key: body.id }",
        "capture: { key: body.id }",
    ] {
        let stage = Stage::new(&text(Unique, "").replace("duplicate: [409]", &format!("duplicate: [409], {wanted}")));
        for (fault, expected) in [(Fault::None, gone(true, 1)), (Fault::LostAfter, gone(false, 1))] {
            let fake = world(0, Unique, &[(Kind::Create, 1, 1, fault)]);
            assert_eq!(live(&stage, &fake, false).await.0, expected, "{wanted}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_certainly_did_not_happen_is_sent_again_where_that_can_help() {
    for flavour in [Unique, Loose, Chosen, Blind] {
        meets(flavour, 3, Fault::Refuse, gone(true, 4), "refused connections").await;
        meets(flavour, 9, Fault::Before(429), gone(true, 10), "too many").await;
        meets(flavour, 9, Fault::Before(425), gone(true, 10), "too early").await;
        for status in [400, 401, 403, 404, 410, 501] {
            meets(
                flavour,
                1,
                Fault::Before(status),
                gone(false, 1),
                &format!("status {status}"),
            )
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_shows_somebody_else_is_left_alone() {
    let other_name = |answer: &mut Answer| {
        object(answer).insert("username".to_owned(), json!("alice"));
    };
    // What was shown is left alone; what was asked for was made under our name all the same, and is looked for.
    for flavour in [Unique, Loose] {
        meets(flavour, 1, Fault::Garble(other_name), gone(false, 1), "another name").await;
    }
    meets(Blind, 1, Fault::Garble(other_name), left(1), "another name").await;
    // The id of somebody else, and no name beside it: reading it back shows whose it is, and ours is looked for.
    let other_id = |answer: &mut Answer| {
        let object = object(answer);
        object.insert("id".to_owned(), json!("1"));
        object.remove("username");
    };
    for flavour in [Unique, Loose, Keyed] {
        meets(flavour, 1, Fault::Garble(other_id), gone(false, 1), "another id").await;
    }
    meets(Blind, 1, Fault::Garble(other_id), left(1), "another id").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_id_is_looked_into() {
    let no_id = |answer: &mut Answer| {
        object(answer).remove("id");
    };
    for flavour in [Unique, Loose, Keyed] {
        meets(flavour, 1, Fault::Garble(no_id), gone(true, 1), "no id").await;
    }
    meets(Blind, 1, Fault::Garble(no_id), left(1), "no id").await;
}

#[tokio::test(start_paused = true)]
async fn of_several_under_one_name_all_are_deleted() {
    let expected = Went {
        twins: 1,
        ..gone(true, 1)
    };
    meets(Loose, 1, Fault::Twice, expected, "sent twice by a proxy").await;
    let stage = stage(Loose, "");
    let fake = world(0, Loose, &[(Kind::Create, 1, 1, Fault::Twice)]);
    assert_eq!(live(&stage, &fake, true).await.1.deleted, 2, "both count");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_equal_names_never_gets_two_however_slow_it_is() {
    let stage = stage(Loose, "");
    for seed in 0..200 {
        let fake = world(seed, Loose, &[(Kind::Create, 1, 2, Fault::Late)]);
        fake.slow.set(1 + seed % 2);
        let (went, settled) = live(&stage, &fake, seed % 4 < 2).await;
        assert_eq!(went.twins, 0, "seed {seed}: {settled:?}");
        // A service that is this slow may fail to answer six times in a row, which is then told.
        assert!(
            went.alive == 0 || went.left == [Reason::Failed],
            "seed {seed}: {settled:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_read_back_is_deleted() {
    for flavour in [Unique, Chosen, Blind] {
        let stage = stage(flavour, "");
        for (last, expected) in [(99, gone(false, 1)), (2, gone(true, 1))] {
            let fake = world(0, flavour, &[(Kind::Read, 1, last, Fault::Before(500))]);
            let (went, _) = live(&stage, &fake, true).await;
            assert!(!went.ready || went == expected, "{went:?}");
            // Where nothing can be read at all, an accepted delete is not believed, and an id that nobody has read back is not
            // deleted by.
            let expected = match flavour {
                Chosen if last == 99 => (0, vec![Reason::Blind]),
                Blind if last == 99 => (1, vec![Reason::Doubtful]),
                Unique | Other | Loose | Keyed | Chosen | Blind => (0, vec![]),
            };
            assert_eq!((went.alive, went.left), expected, "{flavour:?}");
        }
        let fake = world(0, flavour, &[(Kind::Read, 1, 99, Fault::Before(404))]);
        let (went, _) = live(&stage, &fake, true).await;
        // An id that never reads back may lead nowhere, and so may a delete by it: then a look-up has to know better.
        let expected = match flavour {
            Chosen | Blind => vec![Reason::Blind, Reason::Blind],
            Unique | Other | Loose | Keyed => vec![],
        };
        assert_eq!((went.alive, went.left), (0, expected), "{flavour:?}");
    }
}

/// Somebody has the very name that the configuration asks for without a marker.
async fn unmarked(flavour: Flavour, fault: Fault) -> Went {
    let stage = stage(flavour, ", username: alice, unmarked: true");
    let fake = world(0, flavour, &[(Kind::Create, 1, 1, fault)]);
    live(&stage, &fake, false).await.0
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_marker_is_never_adopted() {
    for flavour in [Unique, Chosen] {
        assert_eq!(unmarked(flavour, Fault::None).await, gone(false, 1), "it is refused");
    }
    for flavour in [Unique, Loose, Keyed, Chosen, Blind] {
        for fault in [Fault::Before(503), Fault::LostBefore] {
            assert_eq!(unmarked(flavour, fault).await, left(0), "{flavour:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_still_starting_is_waited_for() {
    let stage = stage(Unique, "");
    let fake = world(0, Unique, &[]);
    fake.starts_after(5_000);
    assert_eq!(live(&stage, &fake, true).await.0, gone(true, 1));
    let fake = world(0, Unique, &[]);
    fake.starts_after(60_000);
    assert_eq!(live(&stage, &fake, true).await.0, gone(false, 0));
}

/// What was told of waiting: that it is waited for, or that it answers.
fn waits(fake: &Fake) -> (usize, usize) {
    let notices = fake.notices.borrow();
    let count = |is: fn(&Notice) -> bool| notices.iter().filter(|notice| is(notice)).count();
    (
        count(|notice| matches!(notice, Notice::Waiting { .. })),
        count(|notice| matches!(notice, Notice::Answers { .. })),
    )
}

#[tokio::test(start_paused = true)]
async fn a_service_that_goes_away_in_mid_setup_is_waited_for_as_one_that_is_still_starting() {
    for (kind, fault) in [
        (Kind::Create, Fault::Refuse),
        (Kind::Read, Fault::Refuse),
        (Kind::Read, Fault::LostBefore),
        (Kind::Read, Fault::Before(502)),
        (Kind::Read, Fault::Before(503)),
        (Kind::Read, Fault::Before(504)),
    ] {
        let stage = stage(Blind, "");
        let fake = world(0, Blind, &[(kind, 1, 12, fault)]);
        let went = live(&stage, &fake, true).await.0;
        assert!(went.ready, "{kind:?} {fault:?}: {went:?}");
        assert_eq!((went.twins, went.alive), (0, 0), "{kind:?} {fault:?}");
        let (waiting, answers) = waits(&fake);
        assert!((1..=3).contains(&waiting), "{waiting} lines");
        assert_eq!(answers, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_come_back_is_waited_for_no_longer_than_was_said() {
    for (kind, fault) in [(Kind::Create, Fault::Refuse), (Kind::Read, Fault::Before(503))] {
        let stage = stage(Blind, "");
        let fake = world(0, Blind, &[(kind, 1, 999, fault)]);
        let engine = stage.setup_engine(&fake);
        let provisioned = engine.provision(WAIT, false).await;
        assert_eq!(provisioned.failures.len(), 1);
        let took = Duration::from_millis(fake.time());
        assert!(took >= WAIT && took < WAIT + Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_never_was_good_makes_nothing() {
    let stage = stage(Unique, "");
    let fake = world(0, Unique, &[]);
    fake.book(0, |book| book.nature.strangers = Strangers::Refused);
    fake.book(0, |book| book.good_for = Some(0));
    assert_eq!(live(&stage, &fake, true).await.0, gone(false, 1));
}
