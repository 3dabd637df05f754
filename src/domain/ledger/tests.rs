//! The transition table as a table, and what replaying makes of journals that were cut or don't fit.

use super::*;
use crate::domain::account::ServiceName;
use crate::domain::place::Places;

fn id(text: &str) -> RemoteId {
    RemoteId::new(text).expect("an id")
}

fn key(account: &str) -> AccountKey {
    AccountKey {
        service: ServiceName::parse("users").expect("a name"),
        account: account.to_owned(),
    }
}

fn plan(accounts: &[&str]) -> Planned {
    Planned {
        version: crate::domain::event::VERSION,
        at: Timestamp::from_millis(1),
        repository: "a/b".to_owned(),
        run: "1".to_owned(),
        attempt: 1,
        marker: "sd-x".to_owned(),
        accounts: accounts
            .iter()
            .map(|account| PlannedAccount {
                key: key(account),
                username: format!("sd-x-{account}"),
                email: format!("sd-x-{account}@example.com"),
                full_username: None,
                own_password: false,
                totp: false,
                timeout_ms: 10_000,
                needs: Vec::new(),
                unmarked: false,
            })
            .collect(),
        places: Places::default(),
        boot: None,
    }
}

fn entry(at: u64, account: &str, event: Event) -> Entry {
    Entry {
        at: Timestamp::from_millis(at),
        account: key(account),
        event,
    }
}

#[test]
fn every_event_in_every_status() {
    let events = [
        Event::CreateIntended,
        Event::Created(id("7")),
        Event::Sole(id("7")),
        Event::Given(id("7")),
        Event::CreateUnsent(String::new()),
        Event::CreateRefused(String::new()),
        Event::CreateUnclear(String::new()),
        Event::NameTaken(String::new()),
        Event::Adopted(vec![id("7")]),
        Event::Verified,
        Event::Trusted,
        Event::VerifyFailed(String::new()),
        Event::StrangerShown(String::new()),
        Event::DeleteIntended,
        Event::DeleteAccepted,
        Event::DeleteFailed(String::new()),
        Event::Deleted(id("7")),
        Event::Absent,
    ];
    // Rows are statuses, columns the events above; a dash has no place in the table.
    let table = "
        untouched creating - - - - - - - - - - - - - - - - -
        creating - live live live live live unclear unclear live - - - stranger deleting - - - gone
        refused creating - - - - - - - live - - - - - - - - gone
        unclear creating - - - - - - - live - - - stranger deleting - - - gone
        live creating - - - - - - - live verified verified rejected stranger deleting - - - gone
        verified creating - - - - - - - verified - - - stranger deleting - - - gone
        rejected - - - - - - - - rejected - - - stranger deleting - - - gone
        stranger - - - - - - - - live - - - - deleting - - - gone
        deleting - - - - - - - - live - - - stranger deleting deleting deleting gone gone
        gone creating - - - - - - - - - - - - - - - - -
    ";
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
        .collect();
    assert_eq!(rows.len(), Status::ALL.len());
    for (row, status) in rows.iter().zip(Status::ALL) {
        assert_eq!(row[0], status.to_string());
        assert_eq!(row.len(), events.len() + 1, "{status}");
        for (expected, event) in row[1..].iter().zip(&events) {
            let mut record = Record {
                status,
                ids: vec![id("7")],
                open_intents: 1,
                last_intent: Some(Timestamp::from_millis(5)),
                ..Record::default()
            };
            // One intent, whose fate the event itself decides, unless the id is what it is about.
            if matches!(event, Event::Deleted(_)) {
                record.open_intents = 0;
            }
            let fits = record.apply(Timestamp::from_millis(9), event);
            let shown = if fits {
                record.status.to_string()
            } else {
                "-".to_owned()
            };
            assert_eq!(&shown, expected, "{status} and {event:?}");
            if !fits {
                assert_eq!(
                    record.status,
                    Status::Unclear,
                    "what has no place leaves the account in doubt"
                );
            }
        }
    }
}

#[test]
fn a_create_that_is_open_outlives_the_deletion_of_another() {
    let (ledger, illegal) = Ledger::replay(
        plan(&["alice"]),
        &[
            entry(1, "alice", Event::CreateIntended),
            entry(2, "alice", Event::CreateUnclear("time-out".to_owned())),
            entry(3, "alice", Event::CreateIntended),
            entry(4, "alice", Event::Created(id("7"))),
            entry(5, "alice", Event::DeleteIntended),
            entry(6, "alice", Event::Deleted(id("7"))),
        ],
    );
    assert_eq!(illegal, []);
    assert_eq!(ledger.record(0).status, Status::Unclear);
    assert_eq!(ledger.record(0).open_intents, 1);
    assert_eq!(
        ledger.record(0).window_closes(Duration::from_millis(10)).as_millis(),
        13
    );
}

#[test]
fn several_under_one_name_are_gone_only_with_the_last() {
    let (mut ledger, _) = Ledger::replay(
        plan(&["alice"]),
        &[
            entry(1, "alice", Event::CreateIntended),
            entry(2, "alice", Event::Adopted(vec![id("7"), id("8")])),
            entry(3, "alice", Event::DeleteIntended),
            entry(4, "alice", Event::Deleted(id("7"))),
        ],
    );
    assert_eq!(ledger.record(0).ids, [id("8")]);
    assert!(!ledger.is_settled());
    ledger
        .apply(&entry(5, "alice", Event::Deleted(id("8"))))
        .expect("it fits");
    assert!(ledger.is_settled());
}

#[test]
fn a_line_that_does_not_fit_leaves_its_account_in_doubt_and_the_others_alone() {
    let (ledger, illegal) = Ledger::replay(
        plan(&["alice", "bob"]),
        &[
            entry(1, "bob", Event::CreateIntended),
            entry(2, "alice", Event::Verified),
            entry(3, "carol", Event::CreateIntended),
            entry(4, "bob", Event::CreateRefused("status 400".to_owned())),
        ],
    );
    assert_eq!(ledger.record(0).status, Status::Unclear);
    assert_eq!(ledger.record(1).status, Status::Refused);
    assert_eq!(illegal.len(), 2);
    assert_eq!(illegal[0].reason, "`verified` can't follow `untouched`");
    assert_eq!(ledger.debts().collect::<Vec<_>>(), [0]);
}

/// One account after these events, each at its place's time.
fn after(events: &[Event]) -> Record {
    let mut record = Record::default();
    for (at, event) in (1..).zip(events) {
        assert!(
            record.apply(Timestamp::from_millis(at), event),
            "{event:?} does not fit"
        );
    }
    record
}

#[test]
fn each_id_is_kept_once_and_goes_with_its_own_delete() {
    use Event::{Adopted, CreateIntended, CreateUnclear, Created, DeleteIntended, Deleted, StrangerShown};
    let unclear = CreateUnclear(String::new());
    let strange = StrangerShown(String::new());
    let back = after(&[
        CreateIntended,
        Created(id("7")),
        strange.clone(),
        Adopted(vec![id("7"), id("8")]),
    ]);
    assert_eq!(back.every_id(), [id("7"), id("8")]);
    let strangers = after(&[CreateIntended, Created(id("7")), strange.clone()]);
    assert_eq!((strangers.every_id(), strangers.open_intents), (vec![id("7")], 1));
    // What was shown in its place may have landed beside it.
    let twice = after(&[CreateIntended, unclear.clone(), CreateIntended, unclear, strange]);
    assert_eq!(twice.open_intents, 3);
    let two = after(&[
        CreateIntended,
        Adopted(vec![id("7"), id("8")]),
        DeleteIntended,
        Deleted(id("7")),
    ]);
    assert!(two.owns(&id("8")) && !two.owns(&id("7")));
}

#[test]
fn a_create_that_was_not_sent_takes_back_nothing_that_came_before_it() {
    use Event::{CreateIntended, CreateRefused, CreateUnclear, CreateUnsent};
    let why = String::new;
    for (events, status) in [
        (vec![CreateIntended, CreateUnsent(why())], Status::Untouched),
        (
            vec![
                CreateIntended,
                CreateRefused(why()),
                CreateIntended,
                CreateUnsent(why()),
            ],
            Status::Refused,
        ),
        (
            vec![
                CreateIntended,
                CreateUnclear(why()),
                CreateIntended,
                CreateUnsent(why()),
            ],
            Status::Unclear,
        ),
        (
            vec![
                CreateIntended,
                CreateUnclear(why()),
                CreateIntended,
                CreateRefused(why()),
            ],
            Status::Unclear,
        ),
        (vec![CreateIntended, CreateRefused(why())], Status::Refused),
    ] {
        assert_eq!(after(&events).status, status, "{events:?}");
    }
}

#[test]
fn a_second_create_of_an_account_that_is_there_forgets_nothing_of_it() {
    use Event::{
        CreateIntended, CreateRefused, CreateUnclear, CreateUnsent, Created, DeleteIntended, Deleted, Verified,
    };
    let why = String::new;
    let there = [CreateIntended, Created(id("7")), Verified];
    let again = |event: Event| after(&[there.as_slice(), &[CreateIntended, event]].concat());
    for (event, status, ids) in [
        (CreateRefused(why()), Status::Live, vec![id("7")]),
        (CreateUnsent(why()), Status::Live, vec![id("7")]),
        (CreateUnclear(why()), Status::Unclear, vec![id("7")]),
        (Created(id("7")), Status::Live, vec![id("7")]),
        (Created(id("8")), Status::Live, vec![id("7"), id("8")]),
    ] {
        let record = again(event.clone());
        assert_eq!((record.status, &record.ids), (status, &ids), "{event:?}");
        assert!(
            record.status.is_debt() && ids.iter().all(|id| record.owns(id)),
            "{event:?}"
        );
    }
    // A second one that is not answered may land after the first is deleted.
    let unclear = [CreateIntended, CreateUnclear(why()), DeleteIntended, Deleted(id("7"))];
    assert_eq!(after(&[there.as_slice(), &unclear].concat()).status, Status::Unclear);
}

#[test]
fn journals_of_the_first_version_are_read_by_its_own_rules() {
    let old = Planned {
        version: 1,
        ..plan(&["alice"])
    };
    let created = [
        entry(1, "alice", Event::CreateIntended),
        entry(2, "alice", Event::Created(id("7"))),
    ];
    let verified = [created.as_slice(), &[entry(3, "alice", Event::Verified)]].concat();
    for (plan, entries, owns) in [
        (old.clone(), &created[..], false),
        (old.clone(), &verified, true),
        (plan(&["alice"]), &created, true),
    ] {
        let (ledger, illegal) = Ledger::replay(plan, entries);
        assert_eq!((illegal, ledger.record(0).ids.clone()), (vec![], vec![id("7")]));
        assert_eq!(ledger.record(0).owns(&id("7")), owns, "{entries:?}");
    }
    // A reading of another id does not make this one its own in a journal of today.
    let given = [
        entry(1, "alice", Event::CreateIntended),
        entry(2, "alice", Event::Given(id("7"))),
        entry(3, "alice", Event::Verified),
    ];
    assert!(!Ledger::replay(plan(&["alice"]), &given).0.record(0).owns(&id("7")));
    assert!(Ledger::new(old).is_complete() && !Ledger::new(plan(&["alice"])).is_complete());
}

#[test]
fn an_account_joins_once_and_the_setup_says_where_it_was_and_that_it_ended() {
    let users = key("alice").service;
    let mut ledger = Ledger::new(plan(&["alice", "bob"]));
    let carol = plan(&["carol"]).accounts.remove(0);
    assert_eq!((ledger.add(carol.clone()), ledger.add(carol)), (2, 2));
    assert_eq!(
        (ledger.plan().accounts.len(), ledger.place(&key("carol"))),
        (3, Some(2))
    );
    assert_eq!((ledger.place_of(&users), ledger.told_places().len()), (None, 0));
    let digest = "tenant-7".to_owned();
    ledger.remark(&Mark::Place {
        service: users.clone(),
        digest,
    });
    ledger.remark(&Mark::Sight {
        service: users.clone(),
        sees: true,
    });
    assert!(!ledger.is_complete());
    ledger.remark(&Mark::Complete);
    assert!(ledger.is_complete());
    assert_eq!(
        (ledger.place_of(&users), ledger.told_places().len()),
        (Some("tenant-7"), 1)
    );
}

#[test]
fn an_id_is_shared_while_another_account_of_the_service_has_it() {
    let mut ledger = Ledger::new(plan(&["alice", "bob", "carol"]));
    let mut take = |at, account, event| ledger.apply(&entry(at, account, event)).expect("it fits");
    for account in ["alice", "bob", "carol"] {
        take(1, account, Event::CreateIntended);
    }
    take(2, "alice", Event::Created(id("7")));
    take(3, "bob", Event::Given(id("7")));
    take(4, "carol", Event::Adopted(vec![id("8")]));
    let shared = |ledger: &Ledger, name: &str| [0, 1, 2].map(|place| ledger.is_shared(place, &id(name)));
    assert_eq!(shared(&ledger, "7"), [true, true, true]);
    assert_eq!(shared(&ledger, "8"), [true, true, false]);
    assert_eq!(shared(&ledger, "9"), [false; 3]);
    // It is somebody else's, and still the same id.
    ledger
        .apply(&entry(5, "bob", Event::StrangerShown(String::new())))
        .expect("it fits");
    assert_eq!(shared(&ledger, "7"), [true, true, true]);
    ledger.apply(&entry(6, "bob", Event::Absent)).expect("it fits");
    ledger
        .apply(&entry(7, "alice", Event::DeleteIntended))
        .expect("it fits");
    ledger
        .apply(&entry(8, "alice", Event::Deleted(id("7"))))
        .expect("it fits");
    assert!(!ledger.is_shared(1, &id("7")));
}

#[test]
fn an_account_of_which_a_line_is_lost_may_exist() {
    let mut ledger = Ledger::new(plan(&["alice", "bob"]));
    ledger.apply(&entry(1, "bob", Event::CreateIntended)).expect("it fits");
    ledger
        .apply(&entry(2, "bob", Event::Created(id("7"))))
        .expect("it fits");
    assert_eq!(ledger.debts().collect::<Vec<_>>(), [1]);
    for name in ["alice", "bob", "nobody"] {
        ledger.doubt(&key(name));
    }
    assert_eq!(
        (ledger.record(0).status, ledger.record(0).open_intents),
        (Status::Unclear, 1)
    );
    assert_eq!(
        (ledger.record(1).status, ledger.record(1).open_intents),
        (Status::Live, 1)
    );
    assert_eq!(ledger.debts().collect::<Vec<_>>(), [0, 1]);
}
