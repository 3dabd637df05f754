//! The life of one account in each kind of service, from the create to the last delete.

use super::super::Settled;
use super::book::{Book, Kind, Nature, PLAIN};
use super::fault::{Fault, Planted};
use super::stage::{HOUR, Stage, WAIT, replay};
use super::world::{Fake, TIMEOUT};
use crate::domain::leftover::Reason;

/// What kind of service the account is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
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

pub(super) use Flavour::{Blind, Chosen, Keyed, Loose, Other, Unique};

const FIND: &str = r#"find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username, settle: 2s }"#;

/// The stage of one account.
pub(super) fn stage(flavour: Flavour, account: &str) -> Stage {
    Stage::new(&text(flavour, account))
}

/// The configuration; `account` stands beside the persona's name.
pub(super) fn text(flavour: Flavour, account: &str) -> String {
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

/// The world with such a service, in which these requests are met by faults.
pub(super) fn world(seed: u64, flavour: Flavour, faults: &[(Kind, u32, u32, Fault)]) -> Fake {
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
pub(super) struct Went {
    pub(super) ready: bool,
    pub(super) creates: usize,
    pub(super) twins: u32,
    pub(super) left: Vec<Reason>,
    pub(super) alive: usize,
}

fn creates(fake: &Fake) -> usize {
    fake.calls().iter().filter(|call| call.kind == Kind::Create).count()
}

/// A setup, and then its own rollback or a cleanup that knows only the journal.
pub(super) async fn live(stage: &Stage, fake: &Fake, rollback: bool) -> (Went, Settled) {
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
        let is_ours = leftover.username == stage.plan().accounts[0].username;
        assert!(
            is_ours || leftover.username.starts_with(&stage.plan().marker),
            "{leftover:?}"
        );
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

/// It went well in the end, or left nothing behind.
pub(super) fn gone(ready: bool, creates: usize) -> Went {
    Went {
        ready,
        creates,
        twins: 0,
        left: vec![],
        alive: 0,
    }
}
