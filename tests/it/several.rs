//! A cleanup over several setups of one run is one cleanup: it has one report and one deadline, and a signal leaves no
//! account of any of them unnamed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use standin::sandbox::{Moment, Observed, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::desk::{Desk, Ended, finish};

fn users() -> SandboxBuilder {
    Sandbox::builder().service(ServiceSpec::new("users"))
}

fn desk(users: &SandboxHandle) -> Desk {
    let text = format!(
        "services:\n  - {{ name: users, url: {}, timeout: 1s }}\n",
        users.url("users")
    );
    Desk::new().configured(&text)
}

fn is(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
}

fn report(desk: &Desk, name: &str) -> Value {
    let path = desk.work().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The user names in a list of the report.
fn names(report: &Value, list: &str) -> Vec<String> {
    let accounts = report[list].as_array().unwrap().iter();
    let mut names: Vec<String> = accounts
        .map(|one| one["username"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The user names of all that was created so far.
fn created(users: &SandboxHandle) -> Vec<String> {
    let books = users.books("users").unwrap();
    let mut names: Vec<String> = books.left().map(|account| account.username.clone()).collect();
    names.sort();
    names
}

#[test]
fn the_report_of_a_cleanup_tells_of_every_setup_of_the_run() {
    let users = Sandbox::spawn_thread(users().fault("users POST 1 lost")).unwrap();
    let desk = desk(&users);
    is(&desk.run(&["setup", "--on-failure", "keep"]), 1);
    let unclear = created(&users);
    is(&desk.run(&["setup"]), 0);
    let both = created(&users);
    assert_eq!((unclear.len(), both.len()), (1, 2));
    is(&desk.run(&["cleanup", "--report", "r.json"]), 1);
    let report = report(&desk, "r.json");
    assert_eq!(names(&report, "accounts"), both, "{report}");
    assert_eq!(names(&report, "leftovers"), unclear, "{report}");
    assert_eq!(report["leftovers"][0]["reason"], "no_look_up");
    assert!(report["requests"].as_u64().unwrap() >= 1, "{report}");
    assert!(report["seconds"].as_f64().unwrap() > 0.0, "{report}");
    assert!(report["run"].is_string(), "{report}");
}

#[test]
fn setups_with_reports_of_their_own_are_told_of_each_in_its_own() {
    let users = Sandbox::spawn_thread(users()).unwrap();
    let desk = desk(&users);
    is(&desk.run(&["setup", "--report", "one.json"]), 0);
    let one = created(&users);
    is(&desk.run(&["setup", "--report", "two.json"]), 0);
    let two: Vec<String> = created(&users).into_iter().filter(|name| !one.contains(name)).collect();
    is(&desk.run(&["cleanup"]), 0);
    for (name, accounts) in [("one.json", one), ("two.json", two)] {
        let report = report(&desk, name);
        assert_eq!(report["phase"], "cleanup");
        assert_eq!(names(&report, "accounts"), accounts, "{report}");
    }
}

#[test]
fn a_cleanup_with_nothing_to_do_writes_its_report_too() {
    let users = Sandbox::spawn_thread(users()).unwrap();
    let desk = desk(&users);
    is(&desk.run(&["cleanup", "--report", "r.json"]), 0);
    let report = report(&desk, "r.json");
    assert_eq!((&report["version"], &report["phase"]), (&1.into(), &"cleanup".into()));
    assert!(report["run"].is_string(), "{report}");
    for list in ["accounts", "leftovers"] {
        assert_eq!(names(&report, list), Vec::<String>::new());
    }
    assert_eq!(report["requests"], 0);
}

#[test]
fn the_deadline_of_a_cleanup_holds_for_all_its_setups_together() {
    let users = Sandbox::spawn_thread(users().fault("users DELETE * slow 30s")).unwrap();
    let desk = desk(&users);
    for _ in 0..3 {
        is(&desk.run(&["setup"]), 0);
    }
    let all = created(&users);
    let begun = Instant::now();
    let ended = desk.run(&["cleanup", "--cleanup-deadline", "4s", "--report", "r.json"]);
    let took = begun.elapsed();
    is(&ended, 1);
    // Each by itself would take as long as the deadline.
    assert!(took < Duration::from_secs(8), "{took:?}: {}", ended.stderr);
    let report = report(&desk, "r.json");
    assert_eq!(names(&report, "leftovers"), all, "{report}");
    // Those before it may have been given up a moment earlier, since they failed for most of that time.
    let last = report["leftovers"].as_array().unwrap().last();
    assert_eq!(last.unwrap()["reason"], "deadline", "{report} {}", ended.stderr);
    for name in all {
        assert!(ended.stderr.contains(&format!("the user name `{name}`")), "{name}");
    }
}

#[test]
fn after_a_signal_the_accounts_of_every_setup_are_named() {
    let cleanup = Arc::new(Mutex::new(None::<Pid>));
    let deletes = Arc::new(AtomicUsize::new(0));
    let watch = {
        let (cleanup, deletes) = (Arc::clone(&cleanup), Arc::clone(&deletes));
        move |observed: &Observed| {
            if observed.fault.is_some() && observed.moment == Moment::BeforeApply {
                deletes.fetch_add(1, Ordering::SeqCst);
                if let Some(pid) = cleanup.lock().unwrap().take() {
                    kill_process(pid, Signal::INT).unwrap();
                }
            }
        }
    };
    let builder = users().fault("users DELETE * slow 30s").observer(Arc::new(watch));
    let users = Sandbox::spawn_thread(builder).unwrap();
    let desk = desk(&users);
    for _ in 0..3 {
        is(&desk.run(&["setup"]), 0);
    }
    let all = created(&users);
    // Held until the process is known.
    let mut known = cleanup.lock().unwrap();
    let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["cleanup", "--report", "r.json"]);
    let child = command.spawn().unwrap();
    *known = Some(Pid::from_child(&child));
    drop(known);
    let ended = finish(child);
    is(&ended, 130);
    let report = report(&desk, "r.json");
    assert_eq!(names(&report, "leftovers"), all, "{report}");
    let stopped = report["leftovers"].as_array().unwrap().iter();
    assert!(
        stopped.filter(|one| one["reason"] == "stopped").count() >= 2,
        "{report}"
    );
    for name in all {
        assert!(ended.stderr.contains(&format!("the user name `{name}`")), "{name}");
    }
    assert_eq!(deletes.load(Ordering::SeqCst), 1, "nothing new is started");
}

#[test]
fn the_wait_for_another_process_leaves_half_of_the_time_for_deleting() {
    let users = Sandbox::spawn_thread(users()).unwrap();
    let desk = desk(&users);
    is(&desk.run(&["setup"]), 0);
    let entry = std::fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    let lock = std::fs::File::options()
        .write(true)
        .open(entry.path().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    let begun = Instant::now();
    let ended = desk.run(&["cleanup", "--cleanup-deadline", "6s"]);
    is(&ended, 0);
    assert!(ended.stderr.contains("deleting goes on beside it"), "{}", ended.stderr);
    // By itself the wait is 30 s.
    assert!(begun.elapsed() < Duration::from_secs(6), "{}", ended.stderr);
    assert_eq!(created(&users), Vec::<String>::new());
}
