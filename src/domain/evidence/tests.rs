//! The table, row by row.

mod ids;

use super::*;
use crate::domain::event::Event;

const FULL: Powers = Powers {
    find: true,
    by_name: true,
    by_id: true,
    chosen_id: false,
    ids_proved: true,
    elsewhere: false,
    shared: false,
    repeatable: true,
    request_timeout: Duration::from_secs(10),
    settle: Duration::from_secs(2),
};
const BARE: Powers = Powers {
    find: false,
    by_name: false,
    by_id: false,
    ..FULL
};

fn record(events: &[Event]) -> Record {
    let mut record = Record::default();
    for event in events {
        let at = Timestamp::from_millis(1_000);
        assert!(record.apply(at, event), "{event:?} does not fit");
    }
    record
}

fn id() -> RemoteId {
    RemoteId::new("7").expect("an id")
}

fn uuid() -> RemoteId {
    RemoteId::new("3f0e8a52-9f11-4c54-9a01-0d6f2f1b7c11").expect("an id")
}

fn blind(by: Blindness) -> Look {
    Look::Blind {
        why: "status 403".into(),
        by,
    }
}

fn seeing(eyes: &[Eye]) -> Sight {
    let mut sight = Sight::default();
    for eye in eyes {
        sight.earn(*eye);
    }
    sight
}

fn tried() -> Sight {
    Sight {
        tried: Some("the witness was refused".to_owned()),
        ..Sight::default()
    }
}

fn looks(by_id: Option<Look>, by_name: Option<Look>, denied: bool) -> Looks {
    let mut looks = Looks::default();
    if denied {
        looks.deny(id());
    }
    if let Some(look) = by_id {
        looks.read(id(), look);
    }
    looks.by_name = by_name;
    looks
}

fn kind(step: &Step) -> &'static str {
    match step {
        Step::Done => "done",
        Step::Gone(Eye::Id) => "gone by id",
        Step::Gone(Eye::Name) => "gone by name",
        Step::NeverMade => "never made",
        Step::Look => "look",
        Step::Read(_) => "read",
        Step::Delete(_) => "delete",
        Step::DeleteChosen => "delete chosen",
        Step::Earn(Eye::Id) => "earn id",
        Step::Earn(Eye::Name) => "earn name",
        Step::Leave(Reason::Blind, _) => "blind",
        Step::Leave(Reason::Unproved, _) => "unproved",
        Step::Leave(Reason::Failed, _) => "failed",
        Step::Leave(Reason::Doubtful, _) => "doubtful",
        Step::Leave(Reason::Stranger, _) => "stranger",
        Step::Leave(Reason::NoLookUp, _) => "no look-up",
        Step::Leave(_, _) => "another reason",
    }
}

/// A history, what the service can do, what was seen, and the step that follows.
type Row<'r> = (&'r str, &'r [Event], Powers, Looks, Sight, &'r str);

fn check(rows: Vec<Row<'_>>) {
    for (name, events, powers, looks, sight, expected) in rows {
        let now = Timestamp::from_millis(1_000);
        let step = judge(&record(events), &looks, &sight, &powers, now);
        assert_eq!(kind(&step), expected, "{name}: {step:?}");
    }
}

fn none() -> Looks {
    Looks::default()
}

const GONE: Option<Look> = Some(Look::Gone);
const OURS: Option<Look> = Some(Look::Ours);

const BOTH: [Eye; 2] = [Eye::Id, Eye::Name];

#[test]
fn a_refusal_is_looked_into_once() {
    use Event::{CreateIntended, CreateRefused, CreateUnsent};
    let refused = [CreateIntended, CreateRefused(String::new())];
    let unsent = [CreateIntended, CreateUnsent(String::new())];
    check(vec![
        ("nothing was sent", &[], FULL, none(), seeing(&[]), "done"),
        ("nothing arrived", &unsent, FULL, none(), seeing(&[]), "done"),
        ("refused", &refused, FULL, none(), seeing(&[]), "look"),
        (
            "refused, nothing shown, by no seeing eye",
            &refused,
            FULL,
            looks(None, GONE, false),
            seeing(&[]),
            "never made",
        ),
        (
            "refused, and so is the look",
            &refused,
            FULL,
            looks(None, Some(blind(Blindness::Refusal)), false),
            seeing(&[]),
            "never made",
        ),
        (
            "refused, and the look fails",
            &refused,
            FULL,
            looks(None, Some(blind(Blindness::Silence)), false),
            seeing(&[]),
            "unproved",
        ),
        (
            "refused, and nobody can look",
            &refused,
            BARE,
            none(),
            seeing(&[]),
            "never made",
        ),
    ]);
}

#[test]
fn an_id_is_deleted_by_where_it_is_known_to_be_its_own() {
    use Event::{CreateIntended, Created, Given, Sole, Verified};
    let owned = [CreateIntended, Created(id())];
    let given = [CreateIntended, Given(id())];
    let sole = [CreateIntended, Sole(id())];
    let verified = [CreateIntended, Created(id()), Verified];
    check(vec![
        ("an id of its own", &owned, FULL, none(), seeing(&[]), "delete"),
        ("a given id", &given, FULL, none(), seeing(&[]), "read"),
        (
            "a given id that reads as ours",
            &given,
            FULL,
            looks(OURS, None, false),
            seeing(&[]),
            "delete",
        ),
        (
            "a given id without a name",
            &given,
            FULL,
            looks(Some(Look::Nameless), None, false),
            seeing(&[]),
            "look",
        ),
        (
            "a given id that nothing shows",
            &given,
            FULL,
            looks(Some(Look::Nameless), GONE, false),
            seeing(&BOTH),
            "doubtful",
        ),
        ("a given id, no eyes", &given, BARE, none(), seeing(&[]), "doubtful"),
        (
            "a shared id",
            &owned,
            Powers { shared: true, ..FULL },
            looks(OURS, GONE, false),
            seeing(&[]),
            "doubtful",
        ),
        (
            "an id of another place",
            &owned,
            Powers {
                elsewhere: true,
                ..FULL
            },
            none(),
            seeing(&[]),
            "read",
        ),
        ("verified", &verified, FULL, none(), seeing(&[]), "delete"),
        ("a sole id", &sole, FULL, none(), seeing(&[]), "read"),
        (
            "a sole id without a name",
            &sole,
            FULL,
            looks(Some(Look::Nameless), None, false),
            seeing(&[]),
            "delete",
        ),
        ("a sole id, no eyes", &sole, BARE, none(), seeing(&[]), "delete"),
    ]);
}

#[test]
fn an_id_that_may_be_anothers_is_never_deleted_by_unless_an_eye_shows_ours() {
    use Event::{CreateIntended, Created, DeleteIntended, Given, Sole, Verified};
    let histories: [&[Event]; 5] = [
        &[CreateIntended, Created(id())],
        &[CreateIntended, Given(id())],
        &[CreateIntended, Sole(id())],
        &[CreateIntended, Created(id()), Verified],
        &[CreateIntended, Created(id()), Verified, DeleteIntended],
    ];
    let seen = [
        None,
        OURS,
        GONE,
        Some(Look::Other),
        Some(Look::Nameless),
        Some(blind(Blindness::Refusal)),
        Some(blind(Blindness::Nonsense)),
        Some(blind(Blindness::Silence)),
    ];
    let shared = Powers { shared: true, ..FULL };
    let elsewhere = Powers {
        elsewhere: true,
        ..FULL
    };
    for history in histories {
        for by_id in &seen {
            for by_name in &seen {
                for powers in [shared, elsewhere] {
                    let looks = looks(by_id.clone(), by_name.clone(), false);
                    let now = Timestamp::from_millis(1_000);
                    let step = judge(&record(history), &looks, &seeing(&BOTH), &powers, now);
                    let is_shown = !powers.shared && (*by_id == OURS || *by_name == OURS);
                    assert!(
                        is_shown || !matches!(step, Step::Delete(_)),
                        "{history:?}, {by_id:?}, {by_name:?}: {step:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_delete_that_says_not_there_is_believed_of_an_eye_that_sees() {
    use Event::{CreateIntended, Created, Trusted, Verified};
    let verified = [CreateIntended, Created(id()), Verified];
    let trusted = [CreateIntended, Created(id()), Trusted];
    check(vec![
        ("denied", &verified, FULL, looks(None, None, true), seeing(&[]), "read"),
        (
            "denied, and still read",
            &verified,
            FULL,
            looks(OURS, None, true),
            seeing(&[]),
            "delete",
        ),
        (
            "denied, gone by an eye that sees",
            &verified,
            FULL,
            looks(GONE, None, true),
            seeing(&[Eye::Id]),
            "gone by id",
        ),
        (
            "denied, gone by an eye that doesn't",
            &verified,
            FULL,
            looks(GONE, None, true),
            seeing(&[Eye::Name]),
            "earn id",
        ),
        (
            "denied, and no sight to be had",
            &verified,
            FULL,
            looks(GONE, None, true),
            tried(),
            "blind",
        ),
        (
            "denied, and not readable",
            &verified,
            FULL,
            looks(Some(blind(Blindness::Refusal)), None, true),
            seeing(&BOTH),
            "unproved",
        ),
        (
            "denied, never read",
            &trusted,
            FULL,
            looks(GONE, None, true),
            seeing(&[Eye::Id]),
            "look",
        ),
        (
            "denied, never read, found",
            &trusted,
            FULL,
            looks(GONE, OURS, true),
            seeing(&BOTH),
            "delete",
        ),
        (
            "denied, never read, not found",
            &trusted,
            FULL,
            looks(GONE, GONE, true),
            seeing(&[Eye::Name]),
            "gone by name",
        ),
        (
            "denied, never read, no sight",
            &trusted,
            FULL,
            looks(GONE, GONE, true),
            seeing(&[]),
            "earn name",
        ),
        (
            "denied, and no eyes",
            &trusted,
            BARE,
            looks(None, None, true),
            seeing(&[]),
            "blind",
        ),
    ]);
}

#[test]
fn a_delete_that_is_denied_twice_of_an_account_that_is_still_shown_is_left() {
    use Event::{CreateIntended, Created, Verified};
    let verified = [CreateIntended, Created(id()), Verified];
    for (by_id, by_name) in [(OURS, None), (GONE, OURS)] {
        let mut looks = looks(None, None, true);
        looks.deny(id());
        looks.read(id(), by_id.unwrap_or(Look::Nameless));
        looks.by_name = by_name.clone();
        let row = ("denied twice", &verified[..], FULL, looks, seeing(&[]));
        let expected = if by_name.is_some() { "earn id" } else { "failed" };
        check(vec![(row.0, row.1, row.2, row.3, row.4, expected)]);
    }
}

#[test]
fn who_may_have_been_made_is_gone_for_an_eye_that_sees() {
    use Event::{Adopted, CreateIntended, CreateUnclear, DeleteIntended, Deleted, Given, NameTaken, StrangerShown};
    let why = String::new;
    let unclear = [CreateIntended, CreateUnclear(why())];
    let taken = [CreateIntended, CreateUnclear(why()), CreateIntended, NameTaken(why())];
    let stranger = [CreateIntended, Given(id()), StrangerShown(why())];
    let deleted = [CreateIntended, Adopted(vec![id()]), DeleteIntended, Deleted(id())];
    check(vec![
        ("unclear", &unclear, FULL, none(), seeing(&[]), "look"),
        (
            "unclear, not found by an eye that sees",
            &unclear,
            FULL,
            looks(None, GONE, false),
            seeing(&[Eye::Name]),
            "gone by name",
        ),
        (
            "unclear, not found by another",
            &unclear,
            FULL,
            looks(None, GONE, false),
            seeing(&[]),
            "earn name",
        ),
        (
            "unclear, no sight",
            &unclear,
            FULL,
            looks(None, GONE, false),
            tried(),
            "blind",
        ),
        (
            "unclear, not readable",
            &unclear,
            FULL,
            looks(None, Some(blind(Blindness::Refusal)), false),
            seeing(&BOTH),
            "unproved",
        ),
        (
            "unclear, nobody can look",
            &unclear,
            BARE,
            none(),
            seeing(&[]),
            "no look-up",
        ),
        (
            "unclear, an id of our choice",
            &unclear,
            Powers {
                chosen_id: true,
                ..BARE
            },
            none(),
            seeing(&[]),
            "delete chosen",
        ),
        (
            "its name was taken",
            &taken,
            FULL,
            looks(None, GONE, false),
            seeing(&[]),
            "earn name",
        ),
        ("another name", &stranger, FULL, none(), seeing(&[]), "look"),
        (
            "another name, ours not found",
            &stranger,
            FULL,
            looks(None, GONE, false),
            seeing(&BOTH),
            "stranger",
        ),
        ("deleted", &deleted, FULL, none(), seeing(&[]), "done"),
    ]);
}

#[test]
fn an_id_that_may_have_been_given_again_is_read_before_a_delete() {
    use Event::{CreateIntended, Created, DeleteIntended, Verified};
    let (soon, late) = (Timestamp::from_millis(60_000), Timestamp::from_millis(70_000));
    let step = |events: &[Event], now| judge(&record(events), &Looks::default(), &Sight::default(), &FULL, now);
    for (id, first, then) in [(uuid(), "delete", "delete"), (id(), "delete", "read")] {
        let verified = [CreateIntended, Created(id.clone()), Verified];
        assert_eq!(kind(&step(&verified, soon)), first);
        assert_eq!(kind(&step(&verified, late)), then);
        let deleting = [CreateIntended, Created(id), Verified, DeleteIntended];
        assert_eq!(kind(&step(&deleting, soon)), then);
    }
}
