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
fn the_latest_look_counts_and_each_id_has_its_own() {
    let mut looks = Looks::default();
    looks.read(id(), Look::Other);
    looks.read(uuid(), Look::Ours);
    assert!(looks.is_other(&id()) && !looks.is_other(&uuid()));
    looks.read(id(), Look::Gone);
    assert_eq!((looks.of(&id()), looks.of(&uuid())), (Some(&Look::Gone), OURS.as_ref()));
    looks.found(Look::Gone);
    assert_eq!(looks.by_name, GONE);
    looks.forget_name();
    assert_eq!(looks.by_name, None);
    looks.found(Look::Ours);
    looks.deny(id());
    assert_eq!(
        (looks.of(&id()), looks.of(&uuid()), &looks.by_name),
        (None, OURS.as_ref(), &None)
    );
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

/// A history, what the service can do, what is seen by the id and by the name, and the step that follows.
type Seen<'r> = (&'r [Event], Powers, Option<Look>, Option<Look>, &'r str);

/// Only an eye that has shown an account by an id can say by that id that it is gone.
#[test]
fn an_absence_by_an_id_counts_only_where_that_id_was_read_back_and_is_its_own() {
    use Event::{Adopted, CreateIntended, Created, DeleteIntended, Given, Sole, Verified};
    let given = [CreateIntended, Given(id())];
    let sole = [CreateIntended, Sole(id())];
    let adopted = [CreateIntended, Adopted(vec![id()])];
    let made = [CreateIntended, Created(id()), Verified, DeleteIntended];
    let (read, deleting) = (&made[..3], &made[..]);
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
    let silent = || Some(blind(Blindness::Silence));
    let rows: [Seen<'_>; 15] = [
        (&given, FULL, GONE, GONE, "gone by name"),
        // The eye by the name sees it, and the id is its own.
        (&made[..2], FULL, silent(), OURS, "delete"),
        // Nothing speaks against the delete but that the id can't be read.
        (&made[..2], by_id, refused(), None, "delete"),
        (&made[..2], by_id, silent(), None, "doubtful"),
        (&given, by_id, refused(), None, "doubtful"),
        (read, elsewhere, GONE, None, "gone by id"),
        (&adopted, FULL, nameless(), None, "delete"),
        // What is refused to who asks by the id is gone only after a delete.
        (read, FULL, refused(), GONE, "doubtful"),
        (deleting, FULL, refused(), GONE, "gone by name"),
        // It may be in a bin, which only the delete can empty.
        (&made[..2], FULL, GONE, None, "delete"),
        (&sole, FULL, GONE, None, "delete"),
        (&sole, unproved, nameless(), None, "delete"),
        (&given, FULL, GONE, None, "look"),
        (&given, by_id, GONE, None, "doubtful"),
        (read, shared, GONE, None, "look"),
    ];
    for (events, powers, by_id, by_name, expected) in rows {
        let looks = looks(by_id, by_name, false);
        check(vec![("by an id", events, powers, looks, seeing(&BOTH), expected)]);
    }
    let blind = looks(GONE, None, false);
    check(vec![(
        "an eye that is blind",
        read,
        elsewhere,
        blind,
        seeing(&[]),
        "earn id",
    )]);
}

#[test]
fn a_delete_that_is_denied_of_an_id_that_was_never_read_is_a_matter_of_the_name() {
    use Event::{CreateIntended, Created, Given, Verified};
    let given = [CreateIntended, Given(id())];
    let read = [CreateIntended, Created(id()), Verified];
    let refused = || Some(blind(Blindness::Refusal));
    let rows: [(&[Event], Option<Look>, &str); 4] = [
        (&read, Some(Look::Nameless), "delete"),
        (&given, Some(Look::Nameless), "look"),
        (&given, refused(), "look"),
        (&read, refused(), "unproved"),
    ];
    for (events, by_id, expected) in rows {
        let looks = looks(by_id, None, true);
        check(vec![("denied", events, FULL, looks, seeing(&BOTH), expected)]);
    }
}

#[test]
fn a_reading_that_once_showed_another_name_holds_no_delete_up_that_was_sent() {
    use Event::{Adopted, CreateIntended, DeleteIntended, Given, StrangerShown};
    let strange = StrangerShown(String::new());
    let other = RemoteId::new("8").expect("an id");
    let back = [CreateIntended, Given(id()), strange.clone(), Adopted(vec![id()])];
    let sent = [back.as_slice(), &[DeleteIntended]].concat();
    let another = [
        CreateIntended,
        Given(other),
        strange,
        Adopted(vec![id()]),
        DeleteIntended,
    ];
    let rows: [(&[Event], Option<Look>, &str); 5] = [
        (&back, GONE, "doubtful"),
        (&another, GONE, "doubtful"),
        (&sent, GONE, "delete"),
        (&sent, Some(Look::Ours), "delete"),
        (&sent, Some(Look::Other), "look"),
    ];
    for (events, by_id, expected) in rows {
        let looks = looks(by_id, None, false);
        check(vec![("once strange", events, FULL, looks, seeing(&BOTH), expected)]);
    }
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
            "nothing shows that `7` is its id, so it is left alone",
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
