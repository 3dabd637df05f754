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
        creating - live live live untouched refused unclear unclear live - - - stranger deleting - - - gone
        refused creating - - - - - - - live - - - - - - - - gone
        unclear creating - - - - - - - live - - - stranger deleting - - - gone
        live - - - - - - - - live verified verified rejected stranger deleting - - - gone
        verified - - - - - - - - verified - - - stranger deleting - - - gone
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
