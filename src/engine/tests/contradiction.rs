//! Answers of a service that don't go together: what it says of an account is not what it shows.

use serde_json::{Value, json};

use super::book::{Kind, answer};
use super::fault::Fault;
use super::life::{Blind, Flavour, Keyed, Loose, Unique, live, stage, text, world};
use super::stage::Stage;
use crate::domain::answer::{Answer, Body};
use crate::domain::leftover::Reason;

const EVER: u32 = 999;

fn deletes(fake: &super::world::Fake) -> usize {
    fake.calls().iter().filter(|call| call.kind == Kind::Delete).count()
}

#[tokio::test(start_paused = true)]
async fn an_id_that_the_look_up_shows_as_ours_and_a_read_as_somebody_elses_is_left_alone_and_named() {
    let to_maria: fn(&mut Answer) = |it| *it = answer(200, json!({ "id": "100", "username": "maria" }));
    for rollback in [true, false] {
        let faults = [
            (Kind::Create, 1, 1, Fault::After(500)),
            (Kind::Read, 1, EVER, Fault::Garble(to_maria)),
        ];
        let fake = world(0, Unique, &faults);
        let (went, settled) = live(&stage(Unique, ""), &fake, rollback).await;
        assert_eq!((went.alive, went.left), (1, vec![Reason::Failed]), "{settled:?}");
        assert!(
            settled.leftovers[0].detail.what.contains("shows another name"),
            "{settled:?}"
        );
        assert_eq!(deletes(&fake), 0);
    }
}

/// It says that the account was created, and for so many reads that there is none under its id.
async fn lags(flavour: Flavour, until: u32) -> (usize, Vec<Reason>) {
    let faults = [
        (Kind::Read, 1, until, Fault::Before(404)),
        (Kind::Delete, 1, 1, Fault::Before(404)),
    ];
    let fake = world(0, flavour, &faults);
    let (went, _) = live(&stage(flavour, ""), &fake, true).await;
    (went.alive, went.left)
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_created_and_is_nowhere_under_its_id_is_looked_for_by_name() {
    for flavour in [Unique, Loose, Keyed] {
        for until in 3..6 {
            assert_eq!(lags(flavour, until).await, (0, vec![]), "{flavour:?}, {until}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_look_up_an_account_that_was_created_and_is_nowhere_under_its_id_is_named() {
    for until in 3..6 {
        let (alive, left) = lags(Blind, until).await;
        assert!(
            alive == left.len() && left.iter().all(|reason| *reason == Reason::Blind),
            "{until}: {alive}, {left:?}"
        );
    }
}

fn nameless(found: &mut Answer) {
    if let Body::Json(Value::Array(items)) = &mut found.body {
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            item.remove("username");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_whose_names_can_not_be_read_shows_nobody_to_be_absent() {
    for flavour in [Unique, Loose, Keyed] {
        let faults = [
            (Kind::Create, 1, 1, Fault::LostAfter),
            (Kind::Find, 1, EVER, Fault::Garble(nameless)),
        ];
        let fake = world(0, flavour, &faults);
        let (went, settled) = live(&stage(flavour, ""), &fake, true).await;
        assert_eq!((went.alive, went.creates), (1, 1), "{flavour:?}: {settled:?}");
        assert_eq!(went.left, [Reason::Unproved], "{settled:?}");
        assert!(
            settled.leftovers[0]
                .detail
                .what
                .contains("gives no name for what it shows"),
            "{settled:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_shows_others_alone_gives_way_to_the_list() {
    let strangers: fn(&mut Answer) = |it| *it = answer(200, json!([{ "id": "1", "username": "root" }]));
    for next in ["page: page", "offset: offset"] {
        let list = format!(
            "list: {{ request: GET /accounts, items: body, id: item.id, name: item.username, next: {{ {next} }} }}"
        );
        let config = text(Unique, "").replace("accounts:\n", &format!("    {list}\naccounts:\n"));
        let faults = [
            (Kind::Create, 1, 1, Fault::LostAfter),
            (Kind::Find, 1, EVER, Fault::Garble(strangers)),
        ];
        let fake = world(0, Unique, &faults);
        let (went, settled) = live(&Stage::new(&config), &fake, true).await;
        assert_eq!((went.alive, went.creates, went.left), (0, 2, vec![]), "{settled:?}");
    }
}
