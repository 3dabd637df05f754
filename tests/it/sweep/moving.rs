//! Lists that change while they are read: others delete and create accounts meanwhile, and no page tells of it.

use std::collections::BTreeSet;

use super::is;
use super::lister::{Asked, Lister, orphaned, sweeping};
use crate::desk::Ended;

/// Every way to a next page. The service's cursor, address and link say a place in the list, as most do.
const STYLES: [&str; 5] = [
    "next: { offset: offset }",
    "next: { page: page, first: 1 }",
    "next: { cursor: body.next, param: offset }",
    "next: { url: body.url }",
    "next: link",
];

fn list(next: &str) -> String {
    format!(
        "list: {{ request: \"GET /accounts?limit=30\", items: body.items, id: item.id, name: item.username, {next} }}"
    )
}

fn person(number: usize) -> String {
    format!("person-{number}")
}

fn page(there: &[String], offset: usize, limit: usize) -> Vec<String> {
    there.iter().skip(offset).take(limit).cloned().collect()
}

/// How often it turned from listing to deleting. It must not move the list under its own reading.
fn turns(lister: &Lister) -> usize {
    let requests = lister.requests();
    let moves = requests.iter().filter(|request| !request.starts_with("GET /accounts/"));
    let methods: String = moves.map(|request| &request[..1]).collect();
    methods.split("GD").count() - 1
}

fn report(ended: &Ended) -> serde_json::Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn who_moves_up_to_a_page_that_was_read_is_found_all_the_same() {
    for next in STYLES {
        // Behind each of the first pages somebody else deletes ten people of it: all who follow move up.
        let lister = Lister::start(
            (0..150)
                .map(|number| {
                    if number % 5 == 4 {
                        orphaned(number)
                    } else {
                        person(number)
                    }
                })
                .collect(),
            |there, Asked { n, offset, limit, .. }| {
                let page = page(there, offset, limit);
                if n <= 4 {
                    let people = page.iter().filter(|name| name.starts_with("person"));
                    let gone: Vec<String> = people.take(10).cloned().collect();
                    there.retain(|name| !gone.contains(name));
                }
                page
            },
        );
        let ended = sweeping(&lister, &list(next)).run(&["sweep", "--format", "json"]);
        is(&ended, 0, "30 deleted, 0 left");
        assert_eq!(report(&ended)["services"][0]["incomplete"], serde_json::Value::Null);
        let there = lister.there();
        assert!(there.iter().all(|name| name.starts_with("person")), "{next}: {there:?}");
        assert_eq!(there.len(), 120 - 40, "{next}");
        assert_eq!(turns(&lister), 1, "{next}: {:?}", lister.requests());
        assert_eq!(lister.deleted().len(), 30, "{next}: someone was deleted twice");
    }
}

#[test]
fn the_only_orphan_that_slips_from_the_third_page_to_the_second_is_found() {
    for next in STYLES {
        let there = (0..90).map(|number| if number == 60 { orphaned(number) } else { person(number) });
        let lister = Lister::start(there.collect(), |there, Asked { n, offset, limit, .. }| {
            let page = page(there, offset, limit);
            if n == 2 {
                there.remove(0);
            }
            page
        });
        let ended = sweeping(&lister, &list(next)).run(&["sweep"]);
        is(&ended, 0, "1 deleted, 0 left");
        assert_eq!(lister.deleted(), [orphaned(60)], "{next}");
    }
}

#[test]
fn who_is_shown_twice_since_others_were_added_is_counted_and_deleted_once() {
    for next in STYLES {
        let there = (0..80).map(|number| {
            if number % 4 == 3 {
                orphaned(number)
            } else {
                person(number)
            }
        });
        let lister = Lister::start(there.collect(), |there, Asked { n, offset, limit, .. }| {
            let page = page(there, offset, limit);
            if n <= 2 {
                for number in 0..10 {
                    there.insert(0, person(1_000 * n + number));
                }
            }
            page
        });
        let ended = sweeping(&lister, &list(next)).run(&["sweep", "--format", "json"]);
        is(&ended, 0, "20 deleted, 0 left");
        let told = report(&ended)["accounts"].as_array().unwrap().len();
        assert_eq!((told, lister.deleted().len()), (20, 20), "{next}");
    }
}

#[test]
fn a_list_that_shows_others_at_each_reading_is_incomplete_and_what_it_showed_is_swept() {
    for next in STYLES {
        // Each reading brings another orphan.
        let lister = Lister::start(
            (0..60).map(person).collect(),
            |there, Asked { n, offset, limit, .. }| {
                if offset == 0 {
                    there.insert(0, orphaned(n));
                }
                page(there, offset, limit)
            },
        );
        let ended = sweeping(&lister, &list(next)).run(&["sweep", "--format", "json"]);
        is(&ended, 1, "is incomplete: it changes while it is read");
        let report = report(&ended);
        assert_eq!(report["services"][0]["readings"], 5, "{next}");
        let shown: BTreeSet<&str> = report["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| {
                assert_eq!(account["what"], "deleted", "{next}: {account}");
                account["username"].as_str().unwrap()
            })
            .collect();
        let deleted = lister.deleted();
        assert_eq!(shown, deleted.iter().map(String::as_str).collect(), "{next}");
        assert_eq!(shown.len(), 5, "{next}: {shown:?}");
    }
}

#[test]
fn a_last_page_that_is_shown_again_since_somebody_was_added_is_no_end() {
    for (next, added) in [(STYLES[0], 1), (STYLES[1], 30)] {
        let there = (0..30).map(person).chain([orphaned(30)]);
        let lister = Lister::start(there.collect(), move |there, Asked { n, offset, limit, .. }| {
            let page = page(there, offset, limit);
            if n == 2 {
                (0..added).for_each(|number| there.insert(0, person(100 + number)));
            }
            page
        });
        let ended = sweeping(&lister, &list(next)).run(&["sweep", "--format", "json"]);
        is(&ended, 0, "1 deleted, 0 left");
        assert!(!ended.stderr.contains("incomplete"), "{next}: {}", ended.stderr);
        // The third page came twice, so that this reading is none of the two.
        assert_eq!(report(&ended)["services"][0]["readings"], 3, "{next}");
    }
}

#[test]
fn a_list_that_there_is_no_time_to_read_again_is_read_once_and_that_is_told() {
    let there = (0..70).map(|number| if number == 7 { orphaned(number) } else { person(number) });
    let lister = Lister::start(there.collect(), |there, Asked { offset, limit, .. }| {
        // It is slow: three pages take most of the time there is.
        std::thread::park_timeout(std::time::Duration::from_millis(600));
        page(there, offset, limit)
    });
    let ended = sweeping(&lister, &list("next: link")).run(&["sweep", "--cleanup-deadline", "4s", "--format", "json"]);
    is(&ended, 0, "there is no time to read its list again");
    let report = report(&ended);
    assert_eq!(report["services"][0]["readings"], 1);
    assert_eq!(report["services"][0]["incomplete"], serde_json::Value::Null);
    assert_eq!(lister.deleted(), [orphaned(7)]);
}

#[test]
fn a_list_of_one_page_is_read_once() {
    let there: Vec<String> = (0..20).map(orphaned).collect();
    let lister = Lister::start(there, |there, Asked { offset, limit, .. }| page(there, offset, limit));
    let ended = sweeping(&lister, &list("next: link")).run(&["sweep"]);
    is(&ended, 0, "20 deleted, 0 left");
    assert_eq!(lister.lists(), 1);
}
