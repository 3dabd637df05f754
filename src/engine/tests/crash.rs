//! The process dies at every point, and the next one leaves nothing behind.

use serde_json::json;

use super::book::{Book, Kind, Nature, PLAIN, Strangers};
use super::fault::{Fault, Planted};
use super::process::Crash;
use super::stage::Stage;
use super::world::{Fake, TIMEOUT};
use crate::domain::answer::{Answer, Body};
use crate::domain::ledger::Status;

/// One service of each kind, so that each way back is taken: two need another, and two have no look-up.
const SERVICES: &str = r#"
services:
  - name: open
    url: http://open.test
    create: { json: { username: "{{ account.username }}" }, duplicate: [409] }
    find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }
  - name: guarded
    url: http://guarded.test
    auth: { bearer: "{{ env.TOKEN }}" }
    needs: [open]
    limits: { concurrency: 2 }
    create: { json: { username: "{{ account.username }}", owner: "{{ needs.open.id }}" } }
    find:
      request: GET /accounts?username={{ account.username }}
      items: body
      id: item.id
      name: item.username
      settle: 2s
  - name: probed
    url: http://probed.test
    auth: { bearer: "{{ env.TOKEN }}" }
    needs: [guarded]
    probe: { request: GET /me }
    create: { json: { username: "{{ account.username }}" }, idempotency_header: Idempotency-Key }
    find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }
    gone: { request: "GET /accounts/{{ id }}" }
  - name: chosen
    url: http://chosen.test
    create: { json: { username: "{{ account.username }}" }, id: account.username, duplicate: [409] }
  - name: blind
    url: http://blind.test
    create: { json: { username: "{{ account.username }}" } }
accounts:
  - name: alice
  - { name: bob, services: [open, guarded, chosen] }
  - { name: carol, services: [open, probed, guarded] }
"#;
const BLIND: usize = 4;

fn world(seed: u64) -> Fake {
    let humans = ["alice", "root", "sd-alice"];
    let natures = [
        PLAIN,
        Nature {
            strangers: Strangers::Refused,
            unique: false,
            lag: 2_000,
            ..PLAIN
        },
        Nature {
            strangers: Strangers::SeeNothing,
            unique: false,
            keyed: true,
            ..PLAIN
        },
        Nature { chosen: true, ..PLAIN },
        PLAIN,
    ];
    let fake = Fake::new(seed, natures.iter().map(|nature| Book::new(*nature, &humans)).collect());
    fake.needs.borrow_mut().extend([(1, 0), (2, 1)]);
    fake
}

/// The seed says whether services are slow and faulty, too.
fn weather(fake: &Fake, seed: u64) {
    fake.slow.set([0, 5, 0, 5][usize::try_from(seed % 4).unwrap_or(0)]);
    fake.odds.set([0, 0, 6, 6][usize::try_from(seed % 4).unwrap_or(0)]);
}

/// Nothing of ours is left but what was named, and nobody else was touched. Neither now nor later.
async fn nothing_is_left(stage: &Stage, fake: &Fake, story: &str) {
    let settled = stage.cleanup(fake).await.expect("the last process does not die");
    let leftovers: Vec<&str> = settled
        .leftovers
        .iter()
        .map(|leftover| leftover.username.as_str())
        .collect();
    for leftover in &settled.leftovers {
        assert_eq!(leftover.key.service.as_str(), "blind", "{story}: {leftover:?}");
        // Only what may really have been made is named.
        let ledger = super::stage::replay(&fake.journal());
        let place = ledger.place(&leftover.key).expect("it is planned");
        let status = ledger.record(place).status;
        assert!(
            matches!(status, Status::Creating | Status::Unclear | Status::Deleting),
            "{story}: {status}"
        );
    }
    for _ in 0..2 {
        for service in 0..stage.sites.len() {
            let (ours, whole, twins) = fake.book(service, |book| (book.ours(), book.humans_are_whole(), book.twins));
            assert!(
                whole,
                "{story}: an account of somebody else is gone from service {service}"
            );
            let by_proxy = u32::from(
                fake.planted
                    .borrow()
                    .iter()
                    .any(|planted| matches!(planted.fault, Fault::Twice)),
            );
            assert!(
                twins <= by_proxy,
                "{story}: two accounts were made for one in service {service}"
            );
            if service == BLIND {
                for held in ours {
                    assert!(
                        leftovers.contains(&held.username.as_str()),
                        "{story}: {held:?} is not named"
                    );
                }
            } else {
                assert_eq!(ours, [], "{story}: left in service {service}");
            }
        }
        tokio::time::sleep(TIMEOUT * 2).await;
    }
    assert_eq!(fake.orphans(), [""; 0], "{story}");
}

#[tokio::test(start_paused = true)]
async fn a_setup_that_dies_anywhere_leaves_nothing_behind() {
    let stage = Stage::new(SERVICES);
    for seed in 0..6 {
        for at in 1.. {
            let mut died = false;
            for crash in [Crash::Before(at), Crash::Torn(at), Crash::After(at), Crash::Sent(at)] {
                let fake = world(seed);
                weather(&fake, seed);
                fake.be_born(Some(crash));
                died |= stage.setup(&fake, seed > 1).await.is_none();
                fake.be_born(None);
                nothing_is_left(&stage, &fake, &format!("seed {seed}, {crash:?}")).await;
            }
            if !died {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_orders_of_events_leave_nothing_behind() {
    let stage = Stage::new(SERVICES);
    for seed in 100..250 {
        let fake = world(seed);
        weather(&fake, seed);
        let at = usize::try_from(seed * 7 % 45).unwrap_or(0) + 1;
        let crash = [Crash::Before(at), Crash::After(at), Crash::Sent(at)][usize::try_from(seed % 3).unwrap_or(0)];
        fake.be_born(Some(crash));
        stage.setup(&fake, true).await;
        fake.be_born(None);
        nothing_is_left(&stage, &fake, &format!("seed {seed}, {crash:?}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_that_dies_anywhere_is_taken_up_by_the_next() {
    let stage = Stage::new(SERVICES);
    for (seed, first) in [
        (0, None),
        (1, Some(Crash::Sent(20))),
        (2, Some(Crash::Sent(9))),
        (3, Some(Crash::After(31))),
    ] {
        for at in 1.. {
            let mut died = false;
            for second in [Crash::Before(at), Crash::Torn(at), Crash::After(at), Crash::Sent(at)] {
                let fake = world(seed);
                weather(&fake, seed);
                fake.be_born(first);
                stage.setup(&fake, true).await;
                fake.be_born(Some(second));
                died |= stage.cleanup(&fake).await.is_none();
                fake.be_born(None);
                nothing_is_left(&stage, &fake, &format!("seed {seed}, {first:?}, then {second:?}")).await;
            }
            if !died {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_strange_answer_and_a_crash_together_touch_nobody_else() {
    let stage = Stage::new(SERVICES);
    let other_id = |answer: &mut Answer| answer.body = Body::Json(json!({ "id": "1" }));
    let other_name = |answer: &mut Answer| answer.body = Body::Json(json!({ "username": "alice" }));
    let no_id = |answer: &mut Answer| answer.body = Body::Text("created".to_owned());
    let strange = [
        Fault::Garble(other_id),
        Fault::Garble(no_id),
        Fault::After(409),
        Fault::Twice,
    ];
    for (seed, fault) in (0..).zip(strange) {
        for at in 1..40 {
            for crash in [Crash::After(at), Crash::Sent(at)] {
                let fake = world(seed);
                plant(&fake, fault);
                fake.be_born(Some(crash));
                stage.setup(&fake, true).await;
                fake.be_born(None);
                nothing_is_left(&stage, &fake, &format!("seed {seed}, {crash:?}")).await;
            }
        }
    }
    let fake = world(0);
    plant(&fake, Fault::Garble(other_name));
    stage.setup(&fake, true).await.expect("it does not die");
    fake.be_born(None);
    stage.cleanup(&fake).await.expect("it does not die");
    assert!(fake.book(1, |book| book.humans_are_whole()));
}

/// The second create of the service that takes equal names meets a fault.
fn plant(fake: &Fake, fault: Fault) {
    fake.planted.borrow_mut().push(Planted {
        service: 1,
        kind: Kind::Create,
        first: 2,
        last: 2,
        fault,
    });
}
