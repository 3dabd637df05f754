//! Services that are asked for the accounts of one prefix alone: what they show is checked all the same.

use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

use super::is;
use super::lister::{Asked, Lister, sweeping};
use crate::desk::Ended;

const LIST: &str = "list: { request: \"GET /accounts?limit=10\", items: body.items, id: item.id, name: item.username, next: { offset: offset }, filter: { query: { front: '{{ run.prefix }}-' } } }";

/// An orphan of this prefix and repository, whose time has long been over.
fn orphaned(prefix: &str, repository: &str) -> String {
    let origin = Origin {
        repository,
        run: "7",
        attempt: 1,
    };
    let made = Timestamp::from_millis(1_767_225_600_000);
    format!(
        "{}-alice",
        Marker::new(prefix, made, std::time::Duration::ZERO, &origin, "k3x9q")
    )
}

const OWN: &str = "standin-ci/shop";

/// Forty people, one of whom has a name of the form of ours, and three orphans.
fn there() -> Vec<String> {
    let people = (0..39).map(|number| format!("person-{number}"));
    let orphans = [
        orphaned("sd", OWN),
        orphaned("qa", OWN),
        orphaned("zz", "octo-org/other"),
    ];
    people.chain([format!("sd-{:023}-maria", 7)]).chain(orphans).collect()
}

/// A service that filters as it is asked.
fn filtering() -> Lister {
    Lister::start(
        there(),
        |there,
         Asked {
             offset, limit, front, ..
         }| {
            let found = there.iter().filter(|name| name.starts_with(front));
            found.skip(offset).take(limit).cloned().collect()
        },
    )
}

fn of_report<'r>(report: &'r serde_json::Value, key: &str) -> &'r serde_json::Value {
    &report["services"][0][key]
}

fn report(ended: &Ended) -> serde_json::Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn a_service_that_can_filter_is_asked_for_one_prefix_and_every_name_is_checked() {
    let lister = filtering();
    let ended = sweeping(&lister, LIST).run(&["sweep", "--format", "json"]);
    is(&ended, 0, "1 deleted, 0 left");
    is(&ended, 0, "listing its accounts whose names begin with `sd-`");
    assert_eq!(lister.deleted(), [orphaned("sd", OWN)]);
    let report = report(&ended);
    assert_eq!(of_report(&report, "filtered"), true);
    assert_eq!(of_report(&report, "accounts"), 2, "{report}");
    let kept = &report["accounts"].as_array().unwrap()[0];
    assert!(kept["why"].as_str().unwrap().contains("check code"), "{report}");
    for request in lister
        .requests()
        .iter()
        .filter(|request| request.starts_with("GET /accounts?"))
    {
        assert!(
            request.contains("front=sd-") && request.contains("limit=10"),
            "{request}"
        );
    }
}

#[test]
fn the_orphans_of_an_earlier_prefix_are_found_with_that_prefix_or_by_all_owners() {
    let lister = filtering();
    let desk = sweeping(&lister, LIST);
    let text = std::fs::read_to_string(desk.work().join("standin.yml")).unwrap();
    desk.write("standin.yml", &format!("prefix: qa\n{text}"));
    is(&desk.run(&["sweep"]), 0, "1 deleted, 0 left");
    assert_eq!(lister.deleted(), [orphaned("qa", OWN)]);
    // Other owners have other prefixes.
    let ended = desk.run(&["sweep", "--all-owners", "--format", "json"]);
    is(&ended, 0, "2 deleted, 0 left");
    let report = report(&ended);
    assert_eq!(of_report(&report, "filtered"), false);
    assert_eq!(of_report(&report, "accounts"), 42, "{report}");
    assert_eq!(lister.there().len(), 40, "a person is gone");
}

#[test]
fn a_service_that_refuses_the_filter_is_listed_whole() {
    let lister = filtering();
    lister.refuse_filters("400 Bad Request");
    let ended = sweeping(&lister, LIST).run(&["sweep", "--format", "json"]);
    is(&ended, 0, "2 deleted, 0 left");
    is(
        &ended,
        0,
        "it answered its `filter` with status 400 (bad request), and all accounts are listed",
    );
    let report = report(&ended);
    assert_eq!(of_report(&report, "filtered"), false);
    assert_eq!(of_report(&report, "incomplete"), &serde_json::Value::Null);
    let refused = lister
        .requests()
        .iter()
        .filter(|request| request.contains("front="))
        .count();
    assert_eq!(refused, 1, "it is not asked again");
}

#[test]
fn refused_credentials_are_no_matter_of_the_filter() {
    let lister = filtering();
    lister.refuse_filters("401 Unauthorized");
    is(
        &sweeping(&lister, LIST).run(&["sweep"]),
        1,
        "(GET /accounts?limit=10) was answered with status 401",
    );
    assert!(lister.deleted().is_empty());
}

#[test]
fn a_filter_that_is_ignored_is_harmless() {
    let lister = Lister::start(there(), |there, Asked { offset, limit, .. }| {
        there.iter().skip(offset).take(limit).cloned().collect()
    });
    let ended = sweeping(&lister, LIST).run(&["sweep"]);
    is(&ended, 0, "2 deleted, 0 left");
    is(&ended, 0, "it belongs to another repository");
    assert_eq!(lister.there().len(), 41, "a person is gone");
}
