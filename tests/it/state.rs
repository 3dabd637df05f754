//! Cleaning up without a journal: another job's `state`, a forged one, and a journal that is gone.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;

/// One service with a look-up and one human, and one without a look-up.
fn services() -> SandboxHandle {
    let mut users = ServiceSpec::new("users").basic("qa", "correct-horse");
    users.humans = vec!["maria.keller".to_owned()];
    let builder = Sandbox::builder()
        .service(users)
        .service(ServiceSpec::new("orders").basic("qa", "correct-horse"));
    Sandbox::spawn_thread(builder).unwrap()
}

fn configuration(services: &SandboxHandle) -> String {
    format!(
        r#"
services:
  - name: users
    url: {}
    timeout: 1s
    auth: {{ basic: {{ username: qa, password: correct-horse }} }}
    find: {{ request: "GET /accounts?username={{{{ account.username }}}}", items: body.items, id: item.id, name: item.username }}
  - {{ name: orders, url: {}, timeout: 1s, username: qa, password: correct-horse }}
"#,
        services.url("users"),
        services.url("orders")
    )
}

/// A job of a run on GitHub, on a machine of its own.
fn job(services: &SandboxHandle, run: &str) -> Desk {
    Desk::on_github("standin-ci/standin", run)
        .with("GITHUB_RUN_ATTEMPT", "1")
        .configured(&configuration(services))
}

/// Sets up in a job, and gives its `state` output as another job would see it.
fn set_up(desk: &Desk) -> Value {
    let ended = desk.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let output = fs::read_to_string(desk.root().join("output")).unwrap();
    let state = output
        .lines()
        .rfind(|line| line.starts_with('{') && line.contains("\"marker\""))
        .unwrap();
    serde_json::from_str(state).unwrap()
}

fn left(services: &SandboxHandle) -> usize {
    ["users", "orders"]
        .iter()
        .map(|name| services.books(name).unwrap().left().count())
        .sum()
}

#[test]
fn another_job_of_the_run_settles_by_the_state() {
    let services = services();
    let state = set_up(&job(&services, "77"));
    assert_eq!(left(&services), 2);
    let ended = job(&services, "77").run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&services), 0);
    // Twice is harmless: what is gone is gone, and that can be proved.
    let ended = job(&services, "77").run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_state_of_another_run_deletes_nothing() {
    let services = services();
    let state = set_up(&job(&services, "77"));
    let ended = job(&services, "78").run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("the marker of another run"), "{}", ended.stderr);
    assert_eq!(left(&services), 2);
}

#[test]
fn a_forged_id_or_name_deletes_no_human() {
    let services = services();
    let human = services.books("users").unwrap().humans().next().unwrap().clone();
    let mut state = set_up(&job(&services, "77"));
    // The human's id under our name: reading it back shows whose it is, and ours is looked for by its name.
    state["accounts"][0]["id"] = json!(human.id);
    // The human's name: it carries no marker.
    let mut forged = state["accounts"][0].clone();
    forged["account"] = json!("maria");
    forged["username"] = json!("maria.keller");
    state["accounts"].as_array_mut().unwrap().push(forged);
    let ended = job(&services, "77").run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("has no marker"), "{}", ended.stderr);
    assert_eq!(services.books("users").unwrap().humans().count(), 1);
    assert_eq!(left(&services), 0);
}

/// An empty id would name every account of the service.
#[test]
fn a_state_with_an_empty_id_is_a_mistake_of_the_users() {
    let services = services();
    let mut state = set_up(&job(&services, "77"));
    state["accounts"][0]["id"] = json!("");
    let asked = services.requests().len();
    let ended = job(&services, "77").run(&["cleanup", "--state", &state.to_string()]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(services.requests().len(), asked);
}

#[test]
fn a_state_that_is_none_is_a_mistake_of_the_users() {
    let services = services();
    for text in ["{}", "[]", "hello", "{\"version\":9}", ""] {
        let ended = job(&services, "77").run(&["cleanup", "--state", text]);
        assert_eq!(ended.code, Some(2), "{text}: {}", ended.stderr);
    }
    // An input that is left out is an empty variable: then there is nothing to do.
    let ended = job(&services, "77").with("STANDIN_STATE", "").run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(services.requests().is_empty());
}

#[test]
fn a_journal_that_is_gone_or_broken_is_looked_for_by_its_marker() {
    for spoil in [remove, empty, fill] {
        let services = services();
        let desk = job(&services, "77");
        set_up(&desk);
        spoil(&journal(&desk));
        let ended = desk.run(&["cleanup"]);
        // The service without a look-up can only name what it may have.
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("orders/test_user may still exist"),
            "{}",
            ended.stderr
        );
        assert_eq!(services.books("users").unwrap().left().count(), 0, "{}", ended.stderr);
        assert_eq!(services.books("orders").unwrap().left().count(), 1);
    }
}

fn journal(desk: &Desk) -> PathBuf {
    let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    entry.path().join("journal.jsonl")
}

fn remove(journal: &PathBuf) {
    fs::remove_file(journal).unwrap();
}

fn empty(journal: &PathBuf) {
    fs::write(journal, "").unwrap();
}

fn fill(journal: &PathBuf) {
    fs::write(journal, "\0\0\0\0not a journal\n").unwrap();
}

#[test]
fn a_state_goes_from_one_job_to_another_by_a_file() {
    let services = services();
    let setup = job(&services, "77");
    let path = setup.work().join("state.json");
    let file = path.to_str().unwrap();
    let ended = setup.run(&["setup", "--state-file", file]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(state["accounts"].as_array().unwrap().len(), 2);
    let other = job(&services, "77");
    let status = other.run(&["status", "--state-file", file]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    let ended = other.run(&["cleanup", "--state-file", file, "--state", "{}"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let ended = other.run(&["cleanup", "--state-file", file]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(left(&services), 0);
    for wrong in ["no/such/file", "/dev/zero", "."] {
        let ended = other.run(&["cleanup", "--state-file", wrong]);
        assert_eq!(ended.code, Some(2), "{wrong}: {}", ended.stderr);
        assert!(ended.stderr.contains("the `state-file` `"), "{}", ended.stderr);
    }
}

#[test]
fn a_state_that_is_none_is_told_in_our_own_words() {
    let services = services();
    let setup = Desk::new().configured(&configuration(&services));
    let accounts = setup.run(&["setup"]).stdout;
    for (text, told) in [
        (
            accounts.as_str(),
            "`state` is a list of accounts, as in the output `accounts`, which is not enough",
        ),
        ("{\"version\": 1}", "`state` is JSON, but not what a setup gives"),
        ("{", "`state` is no JSON"),
    ] {
        let ended = setup.run(&["cleanup", "--state", text]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        assert!(!ended.stderr.contains("expected"), "{}", ended.stderr);
    }
}

#[test]
fn the_marker_is_an_output_and_a_variable_of_the_command_of_run() {
    let services = services();
    let desk = job(&services, "77");
    let state = set_up(&desk);
    let output = fs::read_to_string(desk.root().join("output")).unwrap();
    let marker = state["marker"].as_str().unwrap();
    assert!(
        output
            .lines()
            .any(|line| line == marker || line == format!("marker={marker}")),
        "{output}"
    );
    let desk = job(&services, "78");
    let ended = desk.run(&["run", "--", "sh", "-c", "echo \"$STANDIN_MARKER\" >marker"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let marker = fs::read_to_string(desk.work().join("marker")).unwrap();
    assert!(
        ended
            .stderr
            .contains(&format!("their names begin with {}", marker.trim())),
        "{}",
        ended.stderr
    );
}
