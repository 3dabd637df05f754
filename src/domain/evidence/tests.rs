//! The table, row by row.

use super::*;
use crate::domain::event::Event;

const FULL: Powers = Powers {
    find: true,
    by_name: true,
    by_id: true,
    chosen_id: false,
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

fn blind(is_answered: bool) -> Look {
    Look::Blind {
        why: "status 403".to_owned(),
        is_answered,
    }
}

fn seeing(eyes: &[Eye]) -> Sight {
    let mut sight = Sight::default();
    eyes.iter().for_each(|eye| sight.earn(*eye));
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

#[test]
fn every_row_of_the_table() {
    use Event::{
        Adopted, CreateIntended, CreateRefused, CreateUnclear, CreateUnsent, Created, DeleteIntended, Deleted, Given,
        NameTaken, StrangerShown, Trusted, Verified,
    };
    let why = String::new;
    let none = || looks(None, None, false);
    let sees = [Eye::Id, Eye::Name];
    let refused = vec![CreateIntended, CreateRefused(why())];
    let unclear = vec![CreateIntended, CreateUnclear(why())];
    let taken = vec![CreateIntended, CreateUnclear(why()), CreateIntended, NameTaken(why())];
    let owned = vec![CreateIntended, Created(id())];
    let given = vec![CreateIntended, Given(id())];
    let verified = vec![CreateIntended, Created(id()), Verified];
    let trusted = vec![CreateIntended, Created(id()), Trusted];
    let stranger = vec![CreateIntended, Given(id()), StrangerShown(why())];
    let unsent = vec![CreateIntended, CreateUnsent(why())];
    let deleted = vec![CreateIntended, Adopted(vec![id()]), DeleteIntended, Deleted(id())];
    let (gone, ours) = (|| Some(Look::Gone), || Some(Look::Ours));
    let rows: Vec<(&str, &[Event], Powers, Looks, Sight, &str)> = vec![
        ("nothing was sent", &[], FULL, none(), seeing(&[]), "done"),
        ("nothing arrived", &unsent, FULL, none(), seeing(&[]), "done"),
        ("refused", &refused, FULL, none(), seeing(&[]), "look"),
        (
            "refused, nothing shown, by no seeing eye",
            &refused,
            FULL,
            looks(None, gone(), false),
            seeing(&[]),
            "never made",
        ),
        (
            "refused, and so is the look",
            &refused,
            FULL,
            looks(None, Some(blind(true)), false),
            seeing(&[]),
            "never made",
        ),
        (
            "refused, and the look fails",
            &refused,
            FULL,
            looks(None, Some(blind(false)), false),
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
        ("an id of its own", &owned, FULL, none(), seeing(&[]), "delete"),
        ("a given id", &given, FULL, none(), seeing(&[]), "read"),
        (
            "a given id that reads as ours",
            &given,
            FULL,
            looks(ours(), None, false),
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
            looks(Some(Look::Nameless), gone(), false),
            seeing(&sees),
            "doubtful",
        ),
        ("a given id, no eyes", &given, BARE, none(), seeing(&[]), "doubtful"),
        (
            "a shared id",
            &owned,
            Powers { shared: true, ..FULL },
            looks(ours(), gone(), false),
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
        ("denied", &verified, FULL, looks(None, None, true), seeing(&[]), "read"),
        (
            "denied, and still read",
            &verified,
            FULL,
            looks(ours(), None, true),
            seeing(&[]),
            "failed",
        ),
        (
            "denied, gone by an eye that sees",
            &verified,
            FULL,
            looks(gone(), None, true),
            seeing(&[Eye::Id]),
            "gone by id",
        ),
        (
            "denied, gone by an eye that doesn't",
            &verified,
            FULL,
            looks(gone(), None, true),
            seeing(&[Eye::Name]),
            "earn id",
        ),
        (
            "denied, and no sight to be had",
            &verified,
            FULL,
            looks(gone(), None, true),
            tried(),
            "blind",
        ),
        (
            "denied, and not readable",
            &verified,
            FULL,
            looks(Some(blind(true)), None, true),
            seeing(&sees),
            "unproved",
        ),
        (
            "denied, never read",
            &trusted,
            FULL,
            looks(gone(), None, true),
            seeing(&[Eye::Id]),
            "look",
        ),
        (
            "denied, never read, found",
            &trusted,
            FULL,
            looks(gone(), ours(), true),
            seeing(&sees),
            "failed",
        ),
        (
            "denied, never read, not found",
            &trusted,
            FULL,
            looks(gone(), gone(), true),
            seeing(&[Eye::Name]),
            "gone by name",
        ),
        (
            "denied, never read, no sight",
            &trusted,
            FULL,
            looks(gone(), gone(), true),
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
        ("unclear", &unclear, FULL, none(), seeing(&[]), "look"),
        (
            "unclear, not found by an eye that sees",
            &unclear,
            FULL,
            looks(None, gone(), false),
            seeing(&[Eye::Name]),
            "gone by name",
        ),
        (
            "unclear, not found by another",
            &unclear,
            FULL,
            looks(None, gone(), false),
            seeing(&[]),
            "earn name",
        ),
        (
            "unclear, no sight",
            &unclear,
            FULL,
            looks(None, gone(), false),
            tried(),
            "blind",
        ),
        (
            "unclear, not readable",
            &unclear,
            FULL,
            looks(None, Some(blind(true)), false),
            seeing(&sees),
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
            looks(None, gone(), false),
            seeing(&[]),
            "earn name",
        ),
        ("another name", &stranger, FULL, none(), seeing(&[]), "look"),
        (
            "another name, ours not found",
            &stranger,
            FULL,
            looks(None, gone(), false),
            seeing(&sees),
            "stranger",
        ),
        ("deleted", &deleted, FULL, none(), seeing(&[]), "done"),
    ];
    for (name, events, powers, looks, sight, expected) in rows {
        let now = Timestamp::from_millis(1_000);
        let step = judge(&record(events), &looks, &sight, &powers, now);
        assert_eq!(kind(&step), expected, "{name}: {step:?}");
    }
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
