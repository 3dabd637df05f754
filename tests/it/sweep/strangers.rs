//! Who only looks like an orphan, and stays.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;
use standin::sandbox::{Sandbox, ServiceSpec};

use super::{OFFSET, is, job, orphan};

const OURS: &str = "standin-ci/shop";

/// A marker that was made so long ago.
fn marker(repository: &str, ago: Duration, ttl: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let made = Timestamp::from_millis(u64::try_from(now.checked_sub(ago).unwrap().as_millis()).unwrap());
    let origin = Origin {
        repository,
        run: "7",
        attempt: 1,
    };
    Marker::new("sd", made, ttl, &origin, "k3x9q").to_string()
}

/// The same with its last character changed: what reads as its check code is wrong.
fn broken(marker: &str) -> String {
    let (front, last) = marker.split_at(marker.len() - 1);
    format!("{front}{}", if last == "0" { "1" } else { "0" })
}

#[test]
fn only_what_is_ours_and_over_goes_whatever_else_looks_like_it() {
    let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
    let old = marker(OURS, 3 * day, hour);
    let due = [format!("{old}-orphan"), old.clone(), format!("{old}.orphan")];
    let staying = [
        // Another repository's, and ours that are too young in one way or the other.
        format!("{}-foreign", marker("octo-org/other", 3 * day, hour)),
        format!("{}-alive", marker(OURS, 2 * day, 3 * day)),
        format!("{}-fresh", marker(OURS, 23 * hour, hour)),
        // A wrong check code, a marker that is not at the front, in capitals, cut, or grown together with what follows.
        format!("{}-broken", broken(&old)),
        format!("eve.{old}"),
        format!("{}-loud", old.to_uppercase()),
        old[..old.len() - 1].to_owned(),
        format!("{old}x-grown"),
        format!("{old}-"),
    ];
    let mut users = ServiceSpec::new("users").basic("qa", "correct-horse");
    users.humans = due.iter().chain(&staying).cloned().collect();
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users)).unwrap();
    let desk = job(&service, ("shop", "8"), "0s", OFFSET);
    let ended = desk.run(&["sweep", "--report", "report.json"]);
    is(&ended, 0, "3 deleted, 0 left");
    let report = std::fs::read_to_string(desk.work().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let told: BTreeMap<&str, (&str, &str)> = report["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| {
            let text = |key: &str| account[key].as_str().unwrap();
            (text("username"), (text("what"), text("why")))
        })
        .collect();
    let elsewhere = "its marker is not at the beginning of its name";
    for (name, why) in staying.iter().zip([
        Some("it belongs to another repository"),
        Some("its time to live is not over"),
        Some("it is younger than `older-than`"),
        Some("it looks like a marker, but its check code is wrong"),
        Some(elsewhere),
        // These have nothing to do with a marker.
        None,
        None,
        None,
        Some(elsewhere),
    ]) {
        assert_eq!(told.get(name.as_str()), why.map(|why| ("kept", why)).as_ref(), "{name}");
        assert!(why.is_none_or(|why| ended.stdout.contains(why)), "{}", ended.stdout);
    }
    for name in &due {
        assert_eq!(told[name.as_str()], ("deleted", ""), "{name}");
        let warned = format!("warning: users: `{name}` was orphaned");
        assert!(ended.stderr.contains(&warned), "{}", ended.stderr);
    }
    let names = || -> Vec<String> {
        let books = service.books("users").unwrap();
        books.alive.into_iter().map(|account| account.username).collect()
    };
    assert_eq!(names(), staying);
    // With nothing but a marker to go by, all that carries a true one goes; what is none stays all the same.
    is(
        &desk.run(&["sweep", "--older-than", "0s", "--all-owners"]),
        0,
        "2 deleted, 0 left",
    );
    assert_eq!(names()[0], staying[1], "its time to live is not over");
    assert_eq!(names()[1..], staying[3..]);
}

#[test]
fn a_marker_in_another_field_makes_no_orphan_of_a_person() {
    let users = ServiceSpec::new("users").basic("qa", "correct-horse");
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users)).unwrap();
    let desk = job(&service, ("shop", "8"), "0s", OFFSET);
    let text = std::fs::read_to_string(desk.work().join("standin.yml")).unwrap();
    desk.write(
        "standin.yml",
        &text.replace(
            "{ name: buyer, count: 5 }",
            "{ name: eve, username: eve, unmarked: true, email: '{{ run.marker }}@example.com', role: '{{ run.marker }}' }",
        ),
    );
    orphan(&desk);
    let ended = desk.run(&["sweep", "--older-than", "0s", "--all-owners"]);
    is(&ended, 0, "its marker is not at the beginning of its name");
    is(&desk.run(&["sweep", "--run", "this"]), 0, "");
    let books = service.books("users").unwrap();
    let left: Vec<_> = books.left().map(|account| account.username.as_str()).collect();
    assert_eq!(left, ["eve"]);
    let email = books.alive[0].email.as_deref().unwrap();
    assert!(Marker::at_front_of(email).is_some(), "`{email}` carries no marker");
}
