//! `sweep`: orphans are found by listing the services, and nothing else is ever touched.

mod filters;
mod interrupted;
mod lister;
mod moving;
mod nobody;
mod pointers;
mod progress;
mod schedules;
mod strangers;

use std::fs;
use std::sync::{Arc, Mutex};

use standin::sandbox::{Moment, Observed, Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended};

const HUMANS: usize = 200;

/// A service with people in it, whose names come near to ours.
fn service(faults: &[&str]) -> SandboxHandle {
    let mut users = ServiceSpec::new("users").basic("qa", "correct-horse");
    users.humans = (0..HUMANS).map(|number| format!("sd-{number:023}-maria")).collect();
    let builder = Sandbox::builder().service(users);
    let builder = faults.iter().fold(builder, |builder, fault| builder.fault(fault));
    Sandbox::spawn_thread(builder).unwrap()
}

/// A job of this repository and run, whose accounts may live for `ttl`, and whose service is listed as `list` says.
fn job(service: &SandboxHandle, (repository, run): (&str, &str), ttl: &str, list: &str) -> Desk {
    let text = format!(
        "ttl: {ttl}
services:
  - name: users
    url: {}
    timeout: 1s
    auth: {{ basic: {{ username: qa, password: correct-horse }} }}
    {list}
accounts:
  - {{ name: buyer, count: 5 }}
",
        service.url("users")
    );
    Desk::new()
        .with("CIRCLECI", "true")
        .with("CIRCLE_PROJECT_USERNAME", "standin-ci")
        .with("CIRCLE_PROJECT_REPONAME", repository)
        .with("CIRCLE_WORKFLOW_ID", run)
        .configured(&text)
}

const OFFSET: &str = "list: { request: \"GET /accounts?limit=30\", items: body.items, id: item.id, name: item.username, next: { offset: offset } }";
const PAGES: &str = "list: { request: \"GET /accounts?per_page=30\", items: body.items, id: item.id, name: item.username, next: { page: page, first: 1 } }";
const LINK: &str = "list: { request: \"GET /accounts?per_page=30&page=1\", items: body.items, id: item.id, name: item.username, next: link }";
const WHOLE: &str =
    "list: { request: \"GET /accounts?limit=500\", items: body.items, id: item.id, name: item.username }";
const TOTAL: &str = "list: { request: \"GET /accounts?limit=500\", items: body.items, id: item.id, name: item.username, total: body.total }";

fn ours(service: &SandboxHandle) -> usize {
    let books = service.books("users").unwrap();
    assert_eq!(books.humans().count(), HUMANS, "a human is gone");
    books.left().count()
}

/// Creates accounts and forgets all about them.
fn orphan(desk: &Desk) {
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    std::fs::remove_dir_all(desk.journals()).unwrap();
}

fn is(ended: &Ended, code: i32, part: &str) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(part) || ended.stdout.contains(part),
        "{part}: {}\n{}",
        ended.stderr,
        ended.stdout
    );
}

#[test]
fn orphans_are_found_in_every_style_of_paging_and_nobody_else_is_touched() {
    for list in [OFFSET, PAGES, LINK, TOTAL] {
        let service = service(&[]);
        let desk = job(&service, ("shop", "7"), "0s", list);
        orphan(&desk);
        assert_eq!(ours(&service), 5);
        is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "5 deleted, 0 left");
        assert_eq!(ours(&service), 0, "{list}");
        is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "none to sweep");
    }
}

/// A page of a round length may be the first of many, where nothing says how many there are.
#[test]
fn a_whole_list_of_a_round_length_is_incomplete_and_one_of_another_is_not() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "0s", WHOLE);
    orphan(&desk);
    is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "5 deleted, 0 left");
    let ended = desk.run(&["sweep", "--older-than", "0s"]);
    is(&ended, 1, "it shows 200 accounts on one page, and may be cut short");
    is(&ended, 1, "write `total: body.items | length`");
    assert_eq!(ours(&service), 0);
    // Who does what the hint says has a list that is believed, for as long as the answer itself does not tell of more.
    let whole = WHOLE
        .strip_suffix(" }")
        .map(|list| format!("{list}, total: body.items | length }}"))
        .unwrap();
    let desk = job(&service, ("shop", "7"), "0s", &whole);
    is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "none to sweep");
    let cut = whole.replace("limit=500", "limit=100");
    let desk = job(&service, ("shop", "7"), "0s", &cut);
    is(
        &desk.run(&["sweep", "--older-than", "0s"]),
        1,
        "its answer says that there are more",
    );
}

#[test]
fn the_young_the_protected_and_others_accounts_stay_and_are_told() {
    let service = service(&[]);
    orphan(&job(&service, ("shop", "7"), "24h", OFFSET));
    orphan(&job(&service, ("other", "7"), "0s", OFFSET));
    let desk = job(&service, ("shop", "8"), "0s", OFFSET);
    orphan(&desk);
    is(&desk.run(&["sweep"]), 0, "it is younger than `older-than`");
    assert_eq!(ours(&service), 15);
    let ended = desk.run(&["sweep", "--older-than", "0s", "--protect", "*-buyer-1"]);
    is(&ended, 0, "4 deleted, 0 left");
    for why in [
        "its time to live is not over",
        "it belongs to another repository",
        "it is protected",
    ] {
        is(&ended, 0, why);
    }
    assert_eq!(ours(&service), 11);
    is(
        &desk.run(&["sweep", "--older-than", "0s", "--all-owners"]),
        0,
        "6 deleted",
    );
    assert_eq!(ours(&service), 5);
}

#[test]
fn a_run_takes_all_of_its_own_however_young() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "24h", PAGES);
    orphan(&desk);
    orphan(&job(&service, ("shop", "8"), "24h", PAGES));
    is(&desk.run(&["sweep", "--run", "this"]), 0, "5 deleted");
    assert_eq!(ours(&service), 5);
    is(&desk.run(&["sweep", "--run", "8"]), 0, "5 deleted");
    assert_eq!(ours(&service), 0);
}

#[test]
fn nothing_is_deleted_on_a_dry_run_or_over_the_limit() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "0s", OFFSET);
    orphan(&desk);
    is(
        &desk.run(&["sweep", "--older-than", "0s", "--dry-run"]),
        0,
        "5 to sweep; nothing was deleted",
    );
    is(
        &desk.run(&["sweep", "--older-than", "0s", "--max", "4"]),
        1,
        "`max` allows 4: nothing is deleted",
    );
    assert_eq!(ours(&service), 5);
    let over = desk.run(&["sweep", "--older-than", "0s", "--max", "4", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&over.stdout).unwrap();
    let whys = report["accounts"].as_array().unwrap().iter();
    let spared = whys.filter(|account| account["why"] == "more than `max` would be deleted");
    assert_eq!(spared.count(), 5, "{report}");
    let ended = desk.run(&["sweep", "--older-than", "0s", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let accounts = report["accounts"].as_array().unwrap();
    let (deleted, kept): (Vec<_>, Vec<_>) = accounts.iter().partition(|account| account["what"] == "deleted");
    assert_eq!((deleted.len(), kept.len()), (5, HUMANS));
    // Whose names only look like ours are told of.
    assert!(
        kept.iter()
            .all(|human| human["what"] == "kept" && human["why"].as_str().unwrap().contains("check code")),
        "{kept:?}"
    );
    assert_eq!(
        (&report["run"], &report["leftovers"]),
        (&"7".into(), &serde_json::json!([]))
    );
    assert!(report["requests"].as_u64().unwrap() >= 12, "{report}");
    assert_eq!(ours(&service), 0);
}

#[test]
fn a_list_that_breaks_off_or_never_ends_is_incomplete_and_what_it_showed_is_swept() {
    // The look-ups of setup are lists too, by their path: only the later ones are struck.
    for (list, faults, part) in [
        (
            OFFSET,
            &["users GET accounts 8+ status 403"][..],
            "was answered with 403",
        ),
        (
            "list: { request: GET /accounts, items: body.items, id: item.id, name: item.username, next: { page: nonsense, first: 0 } }",
            &[],
            "the same page came twice",
        ),
    ] {
        let service = service(faults);
        let desk = job(&service, ("shop", "7"), "0s", list);
        orphan(&desk);
        let ended = desk.run(&["sweep", "--older-than", "0s"]);
        is(&ended, 1, part);
        is(&ended, 1, "is incomplete");
    }
}

/// An expression that is wrong for the service reads nothing, and ours are among what it does not read.
#[test]
fn a_list_in_which_no_item_can_be_read_is_incomplete_and_names_the_expression() {
    let nameless = &WHOLE.replace("item.username", "item.userName");
    let without_ids = &OFFSET.replace("item.id", "item.uid");
    for (list, said) in [
        (nameless, "`item.userName` gives no name for any of 205 items"),
        (without_ids, "`item.uid` gives no id for any of 60 items"),
    ] {
        let service = service(&[]);
        let desk = job(&service, ("shop", "7"), "0s", list);
        orphan(&desk);
        let ended = desk.run(&["sweep", "--older-than", "0s", "--report", "report.json"]);
        is(&ended, 1, "users: the list is incomplete");
        is(&ended, 1, said);
        let report = std::fs::read_to_string(desk.work().join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let told = report["services"][0]["incomplete"].as_str().unwrap();
        assert!(told.starts_with(said), "{told}");
        assert_eq!(ours(&service), 5);
    }
}

/// Where the name stands in a field of ours, others' accounts have none.
#[test]
fn items_without_a_name_are_none_of_ours() {
    for (named, hits) in [
        ("item.username if item.username is endingwith('-buyer-1') else none", 1),
        ("item.metadata.standin | default('')", 0),
    ] {
        let service = service(&[]);
        let list = WHOLE.replace("item.username", &format!("\"{named}\""));
        let desk = job(&service, ("shop", "7"), "0s", &list);
        orphan(&desk);
        let ended = desk.run(&["sweep", "--older-than", "0s"]);
        is(
            &ended,
            0,
            if hits == 0 {
                "none to sweep"
            } else {
                "1 deleted, 0 left"
            },
        );
        assert_eq!(ours(&service), 5 - hits);
    }
}

#[test]
fn a_service_without_a_list_is_named() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "0s", "headers: {}");
    orphan(&desk);
    is(&desk.run(&["sweep"]), 0, "`users` has no `list`");
    is(&desk.run(&["sweep", "--only", "users"]), 1, "`users` has no `list`");
    assert_eq!(ours(&service), 5);
}

#[test]
fn an_orphan_goes_before_the_one_of_its_name_that_it_needs() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let order = Arc::clone(&order);
        move |observed: &Observed| {
            if observed.method == "DELETE" && observed.moment == Moment::AfterApply {
                order.lock().unwrap().push(observed.service.clone());
            }
        }
    };
    let builder = ["teams", "users"]
        .into_iter()
        .fold(Sandbox::builder(), |builder, name| {
            builder.service(ServiceSpec::new(name))
        });
    let service = Sandbox::spawn_thread(builder.observer(Arc::new(observer))).unwrap();
    // Written in either order, and one at a time: the users go first.
    for names in [["teams", "users"], ["users", "teams"]] {
        let services = names.map(|name| {
            let needs = if name == "users" { "needs: [teams]" } else { "needs: []" };
            let url = service.url(name);
            format!("  - name: {name}\n    url: {url}\n    {needs}\n    limits: {{ concurrency: 1 }}\n    {OFFSET}\n")
        });
        let text = format!(
            "ttl: 0s\nservices:\n{}accounts: [{{ name: alice }}]\n",
            services.concat()
        );
        let desk = Desk::new()
            .with("CIRCLECI", "true")
            .with("CIRCLE_WORKFLOW_ID", "7")
            .configured(&text);
        orphan(&desk);
        is(&desk.run(&["sweep", "--older-than", "0s"]), 0, "2 deleted, 0 left");
        assert_eq!(std::mem::take(&mut *order.lock().unwrap()), ["users", "teams"]);
    }
}

#[test]
fn a_service_that_is_down_makes_only_its_own_list_incomplete() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "0s", OFFSET);
    orphan(&desk);
    let text = std::fs::read_to_string(desk.work().join("standin.yml")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let down = format!("services:\n  - name: down\n    url: http://127.0.0.1:{port}\n    {OFFSET}\n");
    desk.write("standin.yml", &text.replacen("services:\n", &down, 1));
    let ended = desk.run(&["sweep", "--older-than", "0s"]);
    is(&ended, 1, "down: the list is incomplete");
    is(&ended, 1, "5 deleted, 0 left");
    assert_eq!(ours(&service), 0);
    is(&desk.run(&["sweep", "--only", "nobody"]), 2, "`only` names `nobody`");
    is(
        &desk.run(&["sweep", "--run", "7", "--all-owners"]),
        2,
        "`run` and `all-owners` ask for different accounts",
    );
}

#[test]
fn one_that_can_not_be_deleted_blocks_nobody() {
    // It is refused, or never answered; one at a time, it is the third that is asked for.
    for fault in ["status 500", "late 1h"] {
        let service = service(&[&format!("users DELETE @-buyer-3 * {fault}")]);
        let list = format!("limits: {{ concurrency: 1 }}\n    {OFFSET}");
        let desk = job(&service, ("shop", "7"), "0s", &list);
        orphan(&desk);
        let ended = desk.run(&[
            "sweep",
            "--older-than",
            "0s",
            "--report",
            "report.json",
            "--cleanup-deadline",
            "20s",
        ]);
        is(&ended, 1, "4 deleted, 1 left");
        let report = std::fs::read_to_string(desk.work().join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let left = &report["leftovers"][0];
        assert_eq!(
            (&left["service"], &left["account"]),
            (&"users".into(), &"buyer-3".into())
        );
        assert!(left["hint"].as_str().unwrap().contains("standin sweep"), "{left}");
        assert_eq!(ours(&service), 1, "{fault}");
    }
}

#[test]
fn two_sweeps_at_once_are_harmless() {
    let service = service(&[]);
    let desk = job(&service, ("shop", "7"), "0s", OFFSET);
    orphan(&desk);
    let start = || {
        let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["sweep", "--older-than", "0s"]);
        command.spawn().unwrap()
    };
    for ended in [start(), start()].map(crate::desk::finish) {
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    assert_eq!(ours(&service), 0);
}

/// Every job there has the same directory, so that each would be taken for the other.
#[test]
fn a_sweep_on_a_ci_that_does_not_say_whose_it_is_is_refused() {
    let service = service(&[]);
    let text = fs::read_to_string(job(&service, ("shop", "1"), "24h", WHOLE).work().join("standin.yml")).unwrap();
    let desk = || Desk::new().configured(&text).with("CI", "true");
    assert_eq!(desk().run(&["setup"]).code, Some(0), "a setup works all the same");
    for arguments in [
        &["sweep"][..],
        &["sweep", "--run", "this"],
        &["sweep", "--run", "7"],
        &["sweep", "--dry-run"],
    ] {
        let ended = desk().run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        for part in ["which repository", "`repository`", "STANDIN_RUN_ID", "all-owners"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
    assert_eq!(ours(&service), 5);
    // Nobody says of which run it is.
    let ended = desk().run(&["sweep", "--run", "this", "--repository", "shop"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    for (arguments, code) in [
        (&["sweep", "--all-owners"][..], 0),
        (&["sweep", "--repository", "shop"], 0),
        (&["sweep", "--repository", "shop", "--run-id", "7", "--run", "this"], 0),
        (&["sweep", "--repository", "shop", "--run", "7"], 0),
    ] {
        let ended = desk().run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ours(&service), 5, "{arguments:?}");
    }
    // Outside of CI it is the working directory that counts, as before.
    let ended = Desk::new().configured(&text).with("CI", "false").run(&["sweep"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn what_the_user_says_of_the_run_goes_before_what_the_host_says() {
    let service = service(&[]);
    let job = job(&service, ("shop", "1"), "24h", WHOLE)
        .with("STANDIN_REPOSITORY", "octo/other")
        .with("STANDIN_RUN_ID", "9")
        .with("STANDIN_ATTEMPT", "3");
    assert_eq!(job.run(&["setup"]).code, Some(0));
    let ended = job.run(&["sweep", "--run-id", "1", "--run", "this"]);
    assert_eq!((ended.code, ours(&service)), (Some(0), 5), "{}", ended.stderr);
    let ended = job.run(&["cleanup", "--repository", "standin-ci/shop"]);
    assert_eq!((ended.code, ours(&service)), (Some(0), 5), "{}", ended.stderr);
    let ended = job.run(&["sweep", "--run", "this"]);
    assert_eq!((ended.code, ours(&service)), (Some(0), 0), "{}", ended.stderr);
}
