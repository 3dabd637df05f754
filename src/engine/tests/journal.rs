//! A journal that can't be written any more: nothing new is made, and what was made goes by memory alone.

use super::book::{Book, Nature, PLAIN};
use super::stage::{HOUR, Stage, WAIT};
use super::world::{Fake, TIMEOUT};
use crate::domain::account::RemoteId;
use crate::domain::event::{Entry, Event};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};

/// Services of which one deletes by what only the answer to its create tells.
const SERVICES: &str = r#"
services:
  - name: login
    url: http://login.test
    limits: { concurrency: 2 }
    create: { json: { username: "{{ account.username }}" }, duplicate: [409], capture: { key: body.id } }
    find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }
    delete: { request: "DELETE /accounts/{{ capture.key }}" }
  - name: orders
    url: http://orders.test
    needs: [login]
    create: { json: { username: "{{ account.username }}" } }
    find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }
accounts:
  - { name: buyer, count: 5 }
"#;

#[tokio::test(start_paused = true)]
async fn a_journal_that_breaks_stops_every_create_and_memory_deletes() {
    let by_capture = Stage::new(SERVICES);
    // Where answers may be lost, a delete that needs one would be nobody's fault.
    let by_id = SERVICES
        .replace("{{ capture.key }}", "{{ id }}")
        .replace(", capture: { key: body.id }", "");
    let by_id = Stage::new(&by_id);
    let mut whole = 0;
    for seed in 0..6 {
        let stage = if seed % 2 == 0 { &by_capture } else { &by_id };
        for append in 1.. {
            let loose = Nature { unique: false, ..PLAIN };
            let fake = Fake::new(seed, vec![Book::new(PLAIN, &["alice"]), Book::new(loose, &["alice"])]);
            fake.needs.borrow_mut().push((1, 0));
            fake.slow.set(seed % 2 * 6);
            fake.break_journal_at(append);
            let engine = stage.setup_engine(&fake);
            let provisioned = engine.provision(WAIT, seed > 3).await;
            let story = format!("seed {seed}, append {append}: {provisioned:?}");
            if provisioned.journal_broken.is_none() {
                assert!(append > 30 || seed % 2 == 1, "{story}");
                whole += 1;
                break;
            }
            assert_eq!(fake.creates_after_break(), 0, "{story}");
            let settled = engine.settle().await;
            // What was not answered can't be shown to be absent where no witness may be made any more.
            let is_unseen = |leftover: &Leftover| {
                leftover.reason == Reason::Blind && leftover.detail.what.contains("the journal can't be written")
            };
            assert!(settled.leftovers.iter().all(is_unseen), "{story}: {settled:?}");
            tokio::time::sleep(TIMEOUT * 2).await;
            for service in 0..2 {
                assert_eq!(fake.book(service, |book| book.ours()), [], "{story}");
                assert!(fake.book(service, |book| book.humans_are_whole()), "{story}");
            }
            assert_eq!(fake.orphans(), [""; 0], "{story}");
        }
    }
    assert_eq!(whole, 6, "each setup was broken at each of its lines");
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_breaks_in_a_cleanup_stops_no_delete() {
    let stage = Stage::new(SERVICES);
    for append in 1..15 {
        let fake = Fake::new(append, vec![Book::new(PLAIN, &["alice"]), Book::new(PLAIN, &["alice"])]);
        let engine = stage.setup_engine(&fake);
        assert_eq!(engine.provision(WAIT, false).await.ready.len(), 10);
        fake.break_journal_at(fake.appends() + usize::try_from(append).unwrap_or(1));
        let settled = engine.settle().await;
        assert_eq!((settled.deleted, settled.leftovers.len()), (10, 0), "{settled:?}");
        assert!(settled.journal_broken.is_some());
        for service in 0..2 {
            assert_eq!(fake.book(service, |book| book.ours()), []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_does_not_fit_is_settled_all_the_same() {
    let stage = Stage::new(SERVICES);
    let account = stage.plan().accounts[5].key.clone();
    let somebody = RemoteId::new("1").expect("an id");
    for events in [
        vec![Event::Created(somebody.clone())],
        vec![Event::Created(somebody.clone()), Event::Verified],
        vec![Event::Absent, Event::Created(somebody.clone())],
        vec![Event::CreateIntended, Event::Deleted(somebody)],
        vec![Event::Verified],
        vec![Event::CreateIntended, Event::CreateIntended],
    ] {
        let entries: Vec<Entry> = events
            .into_iter()
            .map(|event| Entry {
                at: stage.plan().at,
                account: account.clone(),
                event,
            })
            .collect();
        let (ledger, illegal) = Ledger::replay(stage.plan().clone(), &entries);
        assert!(!illegal.is_empty(), "{entries:?}");
        let fake = Fake::new(0, vec![Book::new(PLAIN, &["alice"]), Book::new(PLAIN, &["alice"])]);
        let engine = stage.engine(&fake, ledger, HOUR);
        let settled = engine.settle().await;
        // An id that leads to somebody else is named and left alone.
        let is_strange = |leftover: &Leftover| leftover.reason == Reason::Stranger;
        assert!(settled.leftovers.iter().all(is_strange), "{entries:?}: {settled:?}");
        assert_eq!(engine.ledger().is_settled(), settled.leftovers.is_empty());
        assert!(fake.book(1, |book| book.humans_are_whole()), "{entries:?}");
    }
}
