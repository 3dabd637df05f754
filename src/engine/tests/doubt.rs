//! Ids that no journal of ours vouches for: only what shows our name is deleted by them.

use super::super::Settled;
use super::book::{Book, Kind, PLAIN};
use super::fault::{Fault, Planted};
use super::stage::{HOUR, Stage, WAIT};
use super::world::Fake;
use crate::domain::account::RemoteId;
use crate::domain::answer::Body;
use crate::domain::event::{Entry, Event};
use crate::domain::ledger::Ledger;
use crate::domain::leftover::Reason;

const FIND: &str = r#"find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }"#;

fn stage(find: &str) -> Stage {
    Stage::new(&format!(
        r#"
services:
  - name: users
    url: http://users.test
    create: {{ json: {{ username: "{{{{ account.username }}}}" }} }}
    {find}
accounts:
  - {{ name: alice }}
"#
    ))
}

/// A cleanup that was told this id by somebody.
async fn told(stage: &Stage, fake: &Fake, id: &str) -> Settled {
    let id = RemoteId::new(id).expect("an id");
    let entries = [Event::CreateIntended, Event::Given(id), Event::Verified].map(|event| Entry {
        at: stage.plan().at,
        account: stage.plan().accounts[0].key.clone(),
        event,
    });
    let (ledger, illegal) = Ledger::replay(stage.plan().clone(), &entries);
    assert_eq!(illegal, []);
    stage.engine(fake, ledger, HOUR).settle().await
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_told_is_deleted_once_and_is_gone_the_next_time() {
    for find in ["", FIND] {
        let stage = stage(find);
        let fake = Fake::new(0, vec![Book::new(PLAIN, &["root"])]);
        assert_eq!(stage.setup_engine(&fake).provision(WAIT, false).await.ready, [0]);
        let id = fake.book(0, |book| book.ours()[0].id.clone());
        let first = told(&stage, &fake, &id).await;
        assert_eq!((first.deleted, first.leftovers.len()), (1, 0), "{first:?}");
        let second = told(&stage, &fake, &id).await;
        assert_eq!((second.absent, second.leftovers.len()), (1, 0), "{second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_of_somebody_else_that_was_told_is_left_alone() {
    for (find, left) in [("", 1), (FIND, 0)] {
        let stage = stage(find);
        let fake = Fake::new(0, vec![Book::new(PLAIN, &["root"])]);
        assert_eq!(stage.setup_engine(&fake).provision(WAIT, false).await.ready, [0]);
        let settled = told(&stage, &fake, "1").await;
        assert!(fake.book(0, |book| book.humans_are_whole()));
        assert_eq!(settled.leftovers.len(), left, "{settled:?}");
        assert_eq!(
            fake.book(0, |book| book.ours().len()),
            left,
            "ours is found by its name, or named"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_told_and_shows_no_name_is_named_and_left() {
    let stage = stage("");
    let fake = Fake::new(0, vec![Book::new(PLAIN, &["root"])]);
    fake.planted.borrow_mut().push(Planted {
        service: 0,
        kind: Kind::Read,
        first: 1,
        last: 99,
        fault: Fault::Garble(|answer| answer.body = Body::Text("hello".to_owned())),
    });
    let settled = told(&stage, &fake, "1").await;
    assert!(fake.book(0, |book| book.humans_are_whole()));
    assert_eq!(settled.leftovers.len(), 1, "{settled:?}");
    assert_eq!(settled.leftovers[0].reason, Reason::Doubtful);
}
