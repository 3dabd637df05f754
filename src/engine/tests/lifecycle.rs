//! Each row of the table of what an answer to a create means, from the create to the last delete.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::Settled;
use super::book::{Book, Kind, Nature, PLAIN, Strangers};
use super::fault::{Fault, Planted};
use super::stage::{HOUR, Stage, WAIT, replay};
use super::world::{Fake, TIMEOUT};
use crate::domain::answer::{Answer, Body};
use crate::domain::leftover::Reason;

/// What kind of service the account is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    /// Refuses equal names, and says so in the configuration.
    Unique,
    /// Refuses equal names by another status than 409.
    Other,
    /// Takes equal names, with a look-up that lags.
    Loose,
    /// Knows a create again by its key.
    Keyed,
    /// Lets us choose the id, and has no look-up.
    Chosen,
    /// Has no look-up.
    Blind,
}

use Flavour::{Blind, Chosen, Keyed, Loose, Other, Unique};

const FIND: &str = r#"find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username, settle: 2s }"#;

fn stage(flavour: Flavour, account: &str) -> Stage {
    Stage::new(&text(flavour, account))
}

/// The configuration; `account` stands beside the persona's name.
fn text(flavour: Flavour, account: &str) -> String {
    let (create, find) = match flavour {
        Unique => ("duplicate: [409]", FIND),
        Other => ("duplicate: [422]", FIND),
        Loose => ("expect: [201]", FIND),
        Keyed => ("idempotency_header: Idempotency-Key", FIND),
        Chosen => ("id: account.username", ""),
        Blind => ("expect: [201]", ""),
    };
    format!(
        r#"
services:
  - name: users
    url: http://users.test
    create: {{ json: {{ username: "{{{{ account.username }}}}" }}, {create} }}
    {find}
accounts:
  - {{ name: alice{account} }}
"#
    )
}

fn world(seed: u64, flavour: Flavour, faults: &[(Kind, u32, u32, Fault)]) -> Fake {
    let nature = Nature {
        unique: matches!(flavour, Unique | Other | Chosen),
        chosen: flavour == Chosen,
        keyed: flavour == Keyed,
        lag: if flavour == Loose { 2_000 } else { 0 },
        ..PLAIN
    };
    let fake = Fake::new(seed, vec![Book::new(nature, &["alice", "root"])]);
    let planted = faults.iter().map(|(kind, first, last, fault)| Planted {
        service: 0,
        kind: *kind,
        first: *first,
        last: *last,
        fault: *fault,
    });
    fake.planted.borrow_mut().extend(planted);
    fake
}

/// How a life went.
#[derive(Debug, PartialEq, Eq)]
struct Went {
    ready: bool,
    creates: usize,
    twins: u32,
    left: Vec<Reason>,
    alive: usize,
}

fn creates(fake: &Fake) -> usize {
    fake.calls().iter().filter(|call| call.kind == Kind::Create).count()
}

/// A setup, and then its own rollback or a cleanup that knows only the journal.
async fn live(stage: &Stage, fake: &Fake, rollback: bool) -> (Went, Settled) {
    let engine = stage.setup_engine(fake);
    let provisioned = engine.provision(WAIT, false).await;
    assert_eq!(
        provisioned.ready.len() + provisioned.failures.len(),
        1,
        "{provisioned:?}"
    );
    let creates = creates(fake);
    let settled = if rollback {
        engine.settle().await
    } else {
        drop(engine);
        stage.engine(fake, replay(&fake.journal()), HOUR).settle().await
    };
    for leftover in &settled.leftovers {
        assert_eq!(leftover.username, stage.plan().accounts[0].username);
    }
    tokio::time::sleep(TIMEOUT * 2).await;
    let (alive, twins, whole) = fake.book(0, |book| (book.ours().len(), book.twins, book.humans_are_whole()));
    assert!(whole, "an account of somebody else is gone");
    let went = Went {
        ready: !provisioned.ready.is_empty(),
        creates,
        twins,
        left: settled.leftovers.iter().map(|leftover| leftover.reason).collect(),
        alive,
    };
    (went, settled)
}

fn gone(ready: bool, creates: usize) -> Went {
    Went {
        ready,
        creates,
        twins: 0,
        left: vec![],
        alive: 0,
    }
}

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
        meets(flavour, 1, Fault::LostBefore, gone(true, 2), "lost on its way").await;
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
            meets(flavour, 1, Fault::Before(status), gone(true, 2), &what).await;
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
        meets(flavour, 99, Fault::Refuse, gone(false, 6), "refused connections").await;
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
            assert_eq!((went.alive, went.left), (0, vec![]), "{flavour:?}");
        }
        let fake = world(0, flavour, &[(Kind::Read, 1, 99, Fault::Before(404))]);
        assert_eq!(live(&stage, &fake, true).await.0, gone(false, 1), "{flavour:?}");
    }
}

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
            (1, vec![Reason::Failed], 3),
            "{flavour:?}"
        );
        assert!(settled.leftovers[0].detail.contains("3 times"), "{settled:?}");
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
    // The first read is setup's own.
    for fault in [Fault::None, Fault::LostAfter, Fault::After(500)] {
        for seen in ["gone: { request: \"GET /accounts/{{ id }}\" }", ""] {
            let went = id_is_given_on(2, fault, seen).await;
            assert_eq!(went, (gone(true, 1), 1), "{seen}");
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
        (0, 1, 0),
        "{settled:?}"
    );
    assert!(
        fake.book(0, |book| book.is_of(&id, "carol")),
        "somebody else's account is gone"
    );
    assert!(fake.calls().iter().all(|call| call.kind != Kind::Delete));
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

#[tokio::test(start_paused = true)]
async fn a_token_that_never_was_good_makes_nothing() {
    let stage = stage(Unique, "");
    let fake = world(0, Unique, &[]);
    fake.book(0, |book| book.nature.strangers = Strangers::Refused);
    fake.book(0, |book| book.good_for = Some(0));
    assert_eq!(live(&stage, &fake, true).await.0, gone(false, 1));
}
