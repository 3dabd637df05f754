//! What may still be there is named, however much it is, and what could not be told is taken back.

use standin::sandbox::{Sandbox, ServiceSpec};

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::desk::{Desk, finish};
use crate::liar::{Asked, Liar, answer, json as says};
use crate::runner::job::Job;
use crate::services::{PASSWORD, machine, setup, start, three};

/// The runner takes ten annotations a step: the count comes first, then each cause once. Every one is named in the log, the
/// summary and the report.
#[test]
fn of_many_leftovers_each_is_named_and_their_cause_is_told_once() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users DELETE * status 403");
    let users = Sandbox::spawn_thread(builder).unwrap();
    let text = format!(
        "services:\n  - {{ name: users, url: {} }}\naccounts: [ {{ name: buyer, count: 15 }} ]\n",
        users.url("users")
    );
    let desk = Desk::on_github("standin-ci/standin", "77").configured(&text);
    let summary = desk.root().join("summary");
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    std::fs::write(&summary, "").unwrap();
    let ended = desk.run(&["cleanup", "--report", "report.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let annotations: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("::error"))
        .collect();
    assert_eq!(annotations.len(), 2, "{}", ended.stderr);
    assert!(annotations[0].contains("0 deleted, 15 left"), "{}", annotations[0]);
    assert!(
        annotations[1].contains("15 accounts may still exist"),
        "{}",
        annotations[1]
    );
    assert_eq!(ended.stderr.matches("hint:").count(), 1, "{}", ended.stderr);
    let summary = std::fs::read_to_string(&summary).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(desk.work().join("report.json")).unwrap()).unwrap();
    let named = report["leftovers"].as_array().unwrap();
    assert_eq!(named.len(), 15);
    for (place, account) in users.books("users").unwrap().left().enumerate() {
        assert!(ended.stderr.contains(&format!("(`{}`", account.username)), "{place}");
        assert!(
            summary.contains(&format!("| {} |", account.username)),
            "{place}: {summary}"
        );
        assert!(
            named.iter().any(|one| one["username"] == account.username.as_str()),
            "{place}"
        );
    }
}

/// "Too many" is no refusal: it is asked again for as long as there is time, however often it is said.
#[test]
fn a_service_that_says_too_many_many_times_is_asked_again() {
    let builder = Sandbox::builder()
        .service(ServiceSpec::new("users"))
        .fault("users POST 1-7 retry-after 429 0s")
        .fault("users DELETE 1-7 retry-after 429 0s");
    let users = Sandbox::spawn_thread(builder).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let ended = Desk::new().configured(&text).run(&["run", "--", "true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    let sent = users
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "DELETE")
        .count();
    assert_eq!(sent, 8, "{}", ended.stderr);
}

/// A wait that goes beyond the deadline is cut short, and the service is asked once more.
#[test]
fn a_service_that_asks_to_wait_beyond_the_deadline_is_asked_once_more_before_it_is_given_up() {
    for status in [429, 503] {
        let builder = Sandbox::builder()
            .service(ServiceSpec::new("users"))
            .fault(&format!("users DELETE 1 retry-after {status} 30s"));
        let users = Sandbox::spawn_thread(builder).unwrap();
        let text = format!(
            "services:\n  - {{ name: users, url: {}, timeout: 1s }}\naccounts: [ {{ name: alice }}, {{ name: bob }} ]\n",
            users.url("users")
        );
        let desk = Desk::new().configured(&text);
        assert_eq!(desk.run(&["setup"]).code, Some(0));
        let ended = desk.run(&["cleanup", "--cleanup-deadline", "4s"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains("2 deleted, 0 left"), "{}", ended.stderr);
    }
}

/// It is not waited for in vain, and who reads of it learns what held it up.
#[test]
fn a_service_that_asks_to_wait_longer_than_there_is_time_is_named_as_the_cause() {
    // The second create, so that there is one to take back: that begins at once, and waits for nothing that a create was told.
    for (phase, left) in [("POST 2", 0), ("DELETE 1+", 2)] {
        let builder = Sandbox::builder()
            .service(ServiceSpec::new("users"))
            .fault(&format!("users {phase} retry-after 429 20m"));
        let users = Sandbox::spawn_thread(builder).unwrap();
        let text = format!(
            "services:\n  - {{ name: users, url: {}, timeout: 1s, limits: {{ concurrency: 1 }} }}\naccounts: [ {{ name: alice }}, {{ name: bob }} ]\n",
            users.url("users")
        );
        let ended = Desk::new()
            .configured(&text)
            .run(&["run", "--cleanup-deadline", "4s", "--", "true"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(users.books("users").unwrap().left().count(), left, "{}", ended.stderr);
        let cause = "the deadline comes before the service may be asked again, which is in ";
        assert!(ended.stderr.contains(cause), "{phase}: {}", ended.stderr);
    }
}

#[test]
fn an_unmarked_account_of_another_jobs_state_is_named() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!(
        "services:
  - {{ name: users, url: {}, timeout: 1s }}
accounts:
  - {{ name: fixed, username: fixed-for-tests, unmarked: true }}
",
        users.url("users")
    );
    let job = || Desk::on_github("standin-ci/standin", "77").configured(&text);
    let desk = job();
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let output = std::fs::read_to_string(desk.root().join("output")).unwrap();
    let state = output
        .lines()
        .rfind(|line| line.starts_with('{') && line.contains("\"marker\""))
        .unwrap();
    let ended = job().run(&["cleanup", "--state", state]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("users/fixed may still exist"), "{}", ended.stderr);
    assert!(ended.stderr.contains("fixed-for-tests"), "{}", ended.stderr);
}

#[test]
fn accounts_whose_report_can_not_be_written_are_taken_back() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let desk = Desk::new().configured(&text);
    let ended = desk.run(&["setup", "--report", "no-such-folder/report.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("the report can't be written"), "{}", ended.stderr);
    let books = users.books("users").unwrap();
    assert_eq!((books.created_ever, books.left().count()), (1, 0), "{}", ended.stderr);
}

#[test]
fn a_file_that_setup_did_not_come_to_replace_is_the_users_own() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let setup = ["setup", "--wait", "0s", "--credentials-file", "mine.json"];
    let desk = Desk::new().configured("services:\n  - { name: users, url: \"http://127.0.0.1:1\" }\n");
    desk.write("mine.json", "mine");
    assert_eq!(desk.run(&setup).code, Some(1));
    let mine = desk.work().join("mine.json");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    // One that was replaced goes.
    let desk = desk.configured(&text);
    assert_eq!(desk.run(&setup).code, Some(0));
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    assert!(!mine.exists());
}

/// Outside of CI a run is a directory: from below it nothing of its own is to be found, and the accounts are there all the same.
#[test]
fn a_cleanup_without_a_journal_of_its_own_names_where_others_are_unsettled() {
    let users = Sandbox::spawn_thread(Sandbox::builder().service(ServiceSpec::new("users"))).unwrap();
    let text = format!("services:\n  - {{ name: users, url: {} }}\n", users.url("users"));
    let desk = Desk::new().configured(&text);
    let below = desk.work().join("sub");
    std::fs::create_dir(&below).unwrap();
    let cleanup_below = |variables: &[(&str, &str)]| {
        let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["cleanup"]);
        crate::desk::finish(command.current_dir(&below).envs(variables.to_vec()).spawn().unwrap())
    };
    let here = desk.work().canonicalize().unwrap();
    let here = here.to_str().unwrap();
    let in_ci = [("CIRCLECI", "true"), ("CIRCLE_WORKFLOW_ID", "7")];
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let ended = cleanup_below(&[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in [
        "holds no unsettled journal of this run",
        &format!("it holds 1 unsettled journal of setups in other directories: `{here}`"),
        &format!("run `standin cleanup --journal {}` there", desk.journals().display()),
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    // A log of CI tells their number alone.
    let ended = cleanup_below(&in_ci);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let number = "it holds 1 unsettled journal of other runs";
    assert!(ended.stderr.contains(number), "{}", ended.stderr);
    assert!(!ended.stderr.contains(&format!("`{here}`")), "{}", ended.stderr);
    assert_eq!(users.books("users").unwrap().left().count(), 1);
    // What is settled is nobody's concern.
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
    let ended = cleanup_below(&[]);
    assert!(!ended.stderr.contains("it holds"), "{}", ended.stderr);
}

/// The runner removes the journal's directory seconds later, so that nobody could follow a hint that names it.
#[test]
fn a_leftover_of_the_post_step_is_to_be_swept_by_its_run() {
    let sandbox = start(three(PASSWORD).fault("orders DELETE * status 403"));
    let runner = machine(&sandbox);
    let result = Job::new().step(setup()).run(&runner);
    let post = &result.post("accounts").log;
    assert!(
        post.contains("delete accounts, then run `standin sweep --run "),
        "{post}"
    );
    assert!(post.contains("the action with `mode: sweep` and `run: "), "{post}");
    assert!(!post.contains("--journal"), "{post}");
}

#[test]
fn a_run_that_is_stopped_in_its_setup_asks_nobody_for_a_cleanup_that_it_does_itself() {
    let child: Arc<Mutex<Option<Pid>>> = Arc::default();
    let stopped = Arc::clone(&child);
    let mut there: Option<String> = None;
    let service = Liar::start(move |asked: &Asked| match asked.method.as_str() {
        "POST" => {
            let pid = loop {
                if let Some(pid) = *stopped.lock().unwrap() {
                    break pid;
                }
                std::thread::yield_now();
            };
            kill_process(pid, Signal::TERM).unwrap();
            there = Some(asked.username());
            says(201, &serde_json::json!({"id": "7", "username": asked.username()}))
        }
        "GET" if let Some(name) = &there => says(200, &serde_json::json!({"id": "7", "username": name})),
        "DELETE" if there.take().is_some() => answer(204, &[], b""),
        _ => answer(404, &[], b""),
    });
    let desk = Desk::new().configured(&format!("services: [{{ name: users, url: '{}' }}]", service.url()));
    let mut command = desk.command(env!("CARGO_BIN_EXE_standin"), &["run", "--", "true"]);
    let running = command.stdin(Stdio::null()).spawn().unwrap();
    *child.lock().unwrap() = Some(Pid::from_child(&running));
    let ended = finish(running);
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    for part in ["stopped by signal 15: 1 account may exist", "1 deleted, 0 left"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("standin cleanup"), "{}", ended.stderr);
}
