//! What sight reaches, and which of several ids counts.

use super::*;

#[test]
fn sight_by_the_name_reaches_as_far_as_the_names_that_were_shown() {
    let demands = Demands::of;
    let mut sight = Sight::default();
    sight.earn_name(&demands("sd-buyer"));
    sight.earn(Eye::Id);
    let sees = |sight: &Sight, name: &str| sight.clone().within_reach(&demands(name)).sees(Eye::Name);
    assert!(sees(&sight, "sd-alice") && !sees(&sight, "sd-integration-tester") && !sees(&sight, "sd-zoë"));
    assert!(sight.clone().within_reach(&demands("sd-zoë")).sees(Eye::Id));
    // What both have shown, it reaches.
    sight.earn_name(&demands("sd-zoë"));
    assert!(sees(&sight, "sd-zoë") && !sees(&sight, "sd-integration-tester"));
    sight.widen();
    assert!(sees(&sight, "sd-integration-tester"));
    // Another eye begins anew.
    sight.forget(Eye::Name);
    sight.earn_name(&demands("sd-buyer"));
    assert!(sees(&sight, "sd-buyer") && !sees(&sight, "sd-integration-tester"));
}

#[test]
fn of_two_ids_the_one_that_reads_back_is_deleted_and_else_none() {
    use Event::{Adopted, CreateIntended, Created, StrangerShown};
    let history = [
        CreateIntended,
        Created(uuid()),
        StrangerShown(String::new()),
        Adopted(vec![id()]),
    ];
    let nameless = || looks(Some(Look::Nameless), None, false);
    check(vec![
        ("read first", &history, FULL, none(), seeing(&BOTH), "read"),
        (
            "ours",
            &history,
            FULL,
            looks(OURS, None, false),
            seeing(&BOTH),
            "delete",
        ),
        (
            "gone",
            &history,
            FULL,
            looks(GONE, None, false),
            seeing(&BOTH),
            "doubtful",
        ),
        ("nobody's", &history, FULL, nameless(), seeing(&BOTH), "doubtful"),
        (
            "refused",
            &history,
            FULL,
            looks(Some(blind(Blindness::Refusal)), None, false),
            seeing(&BOTH),
            "doubtful",
        ),
        ("not to be read", &history, BARE, none(), seeing(&[]), "doubtful"),
    ]);
}

#[test]
fn an_id_that_is_found_again_is_read_anew() {
    let mut looks = looks(GONE, GONE, true);
    looks.adopt(&[id()]);
    assert_eq!((looks.of(&id()), &looks.by_name), (None, &None));
    assert_eq!(looks.denied, [id()], "that a delete was denied is remembered");
}

#[test]
fn a_reading_under_one_id_says_nothing_of_another() {
    use Event::{Adopted, CreateIntended, Created, DeleteIntended, StrangerShown, Verified};
    let found = [
        CreateIntended,
        Created(uuid()),
        Verified,
        StrangerShown(String::new()),
        Adopted(vec![id()]),
        DeleteIntended,
    ];
    let same = [CreateIntended, Created(id()), Verified, DeleteIntended];
    let denied = || looks(GONE, None, true);
    check(vec![
        (
            "shown under this id",
            &same,
            FULL,
            denied(),
            seeing(&BOTH),
            "gone by id",
        ),
        ("shown under another", &found, FULL, denied(), seeing(&BOTH), "look"),
    ]);
}

/// Only an eye that has shown an account by an id can say by that id that it is gone.
#[test]
fn an_absence_by_an_id_counts_only_where_that_id_was_read_back_and_is_its_own() {
    use Event::{Adopted, CreateIntended, Created, Given, Sole, Verified};
    let given = [CreateIntended, Given(id())];
    let sole = [CreateIntended, Sole(id())];
    let adopted = [CreateIntended, Adopted(vec![id()])];
    let verified = [CreateIntended, Created(id()), Verified];
    let by_id = Powers {
        by_name: false,
        find: false,
        ..FULL
    };
    let unproved = Powers {
        ids_proved: false,
        ..by_id
    };
    let shared = Powers { shared: true, ..FULL };
    let elsewhere = Powers {
        elsewhere: true,
        ..FULL
    };
    let refused = || Some(blind(Blindness::Refusal));
    let nameless = || Some(Look::Nameless);
    let both = || seeing(&BOTH);
    check(vec![
        // It may be in a bin, which only the delete can empty.
        (
            "made, gone",
            &verified[..2],
            FULL,
            looks(GONE, None, false),
            both(),
            "delete",
        ),
        ("sole, gone", &sole, FULL, looks(GONE, None, false), both(), "delete"),
        (
            "read, elsewhere",
            &verified,
            elsewhere,
            looks(GONE, None, false),
            both(),
            "gone by id",
        ),
        (
            "read, elsewhere, blind",
            &verified,
            elsewhere,
            looks(GONE, None, false),
            seeing(&[]),
            "earn id",
        ),
        (
            "adopted, nameless",
            &adopted,
            FULL,
            looks(nameless(), None, false),
            both(),
            "delete",
        ),
        ("given", &given, FULL, looks(GONE, None, false), both(), "look"),
        (
            "given, no other eye",
            &given,
            by_id,
            looks(GONE, None, false),
            both(),
            "doubtful",
        ),
        ("shared", &verified, shared, looks(GONE, None, false), both(), "look"),
        (
            "denied, given, nameless",
            &given,
            FULL,
            looks(nameless(), None, true),
            both(),
            "look",
        ),
        (
            "denied, given, refused",
            &given,
            FULL,
            looks(refused(), None, true),
            both(),
            "look",
        ),
        (
            "denied, read, refused",
            &verified,
            FULL,
            looks(refused(), None, true),
            both(),
            "unproved",
        ),
        (
            "sole, no other eye",
            &sole,
            unproved,
            looks(nameless(), None, false),
            both(),
            "delete",
        ),
    ]);
}

#[test]
fn who_is_left_in_doubt_is_named_by_the_id() {
    use Event::{CreateIntended, Given, StrangerShown};
    let given = [CreateIntended, Given(id())];
    let strange = [CreateIntended, Given(id()), StrangerShown(String::new())];
    let by_id = Powers { by_name: false, ..FULL };
    for (history, powers, looks, said) in [
        (
            &given[..],
            by_id,
            looks(GONE, None, false),
            "`7` leads to no account, and nothing else shows it",
        ),
        (
            &given,
            BARE,
            none(),
            "nothing shows that `7` is its id, so that it is left alone",
        ),
        (
            &given,
            by_id,
            looks(Some(blind(Blindness::Silence)), None, false),
            "not deleted unread: status 403",
        ),
        (
            &strange,
            FULL,
            looks(None, GONE, false),
            "its id `7` shows another name, and is left alone",
        ),
    ] {
        let now = Timestamp::from_millis(1_000);
        let step = judge(&record(history), &looks, &seeing(&BOTH), &powers, now);
        assert!(
            matches!(&step, Step::Leave(_, text) if text.what == said),
            "{said}: {step:?}"
        );
    }
}
