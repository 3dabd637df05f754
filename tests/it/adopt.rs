//! `adopt`: what the tests made themselves is deleted by cleanup too, and nobody else is.

use std::fs;
use std::io::{BufRead as _, BufReader};

use rustix::process::Pid;
use serde_json::Value;
use standin::sandbox::{Moment, Sandbox, SandboxHandle, ServiceSpec};

use crate::ask::ask;
use crate::desk::{Desk, Ended, finish};
use crate::killing::killing;
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::{at_the_first_create, put};

const BINARY: &str = env!("CARGO_BIN_EXE_standin");

fn users() -> ServiceSpec {
    let mut users = ServiceSpec::new("users");
    users.humans = vec!["maria".to_owned(), "joe".to_owned()];
    users
}

fn configuration(port: u16) -> String {
    format!(
        "services:
  - name: users
    url: http://127.0.0.1:{port}/users
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}' }}, duplicate: [409], name: body.username }}
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
  - name: bare
    url: http://127.0.0.1:{port}/users
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}' }} }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
    verify: null
accounts: [{{ name: alice, services: [users] }}]
"
    )
}

/// A run whose setup has made its account; and the marker of that.
fn begun(service: &SandboxHandle) -> (Desk, String) {
    let desk = Desk::new().configured(&configuration(service.port()));
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    let accounts: Value = serde_json::from_str(&setup.stdout).unwrap();
    let name = accounts[0]["username"].as_str().unwrap();
    (desk, name.trim_end_matches("-alice").to_owned())
}

/// Signs an account up as a test does; gives its id.
fn sign_up(service: &SandboxHandle, name: &str) -> String {
    let body = serde_json::json!({ "username": name }).to_string();
    let said = ask(service.port(), "POST", "/users/accounts", &[], &body).unwrap();
    assert_eq!(said.status, 201, "{}", said.body);
    text(&said.json()["id"])
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn names(service: &SandboxHandle) -> Vec<String> {
    let said = ask(service.port(), "GET", "/users/accounts", &[], "").unwrap().json();
    let items = said["items"].as_array().unwrap().iter();
    let mut names: Vec<String> = items.map(|item| text(&item["username"])).collect();
    names.sort();
    names
}

fn id_of(service: &SandboxHandle, name: &str) -> String {
    let said = ask(
        service.port(),
        "GET",
        &format!("/users/accounts?username={name}"),
        &[],
        "",
    )
    .unwrap();
    text(&said.json()["items"][0]["id"])
}

fn is(ended: &Ended, code: i32, part: &str) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
}

#[test]
fn an_adopted_account_is_shown_by_status_and_gone_after_cleanup() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users())).unwrap();
    let (desk, marker) = begun(&service);
    let signed = format!("{marker}-signup");
    sign_up(&service, &signed);
    let id = sign_up(&service, "eve");
    // Its persona's name is no name of its own.
    let alice = sign_up(&service, "alice");
    is(&desk.run(&["adopt", "users", "--name", &signed]), 0, "is adopted");
    is(
        &desk.run(&["adopt", "users", "--name", "eve", "--id", &id]),
        0,
        "is adopted",
    );
    is(
        &desk.run(&["adopt", "users", "--name", "alice", "--id", &alice]),
        0,
        "is adopted",
    );
    for _ in 0..2 {
        let again = desk.run(&["adopt", "users", "--name", "eve", "--id", &id]);
        is(&again, 0, "is in the journal already");
    }
    is(
        &desk.run(&["adopt", "users", "--name", &format!("{marker}-alice")]),
        0,
        "already",
    );
    let status = desk.run(&["status"]);
    for name in [&signed, "eve", "alice"] {
        let rows = status.stdout.lines().filter(|line| line.contains(name));
        assert!(rows.count() >= 1, "{name}: {}", status.stdout);
    }
    is(&desk.run(&["cleanup"]), 0, "4 deleted, 0 left");
    assert_eq!(names(&service), ["joe", "maria"]);
    let late = desk.run(&["adopt", "users", "--name", "eve", "--id", &id]);
    is(&late, 2, "holds no unsettled journal of this run");
}

#[test]
fn a_stranger_is_never_touched_and_what_can_not_be_deleted_is_named() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users())).unwrap();
    let (maria, joe) = (id_of(&service, "maria"), id_of(&service, "joe"));
    // Another's id, an id of nobody, and an id for a name of another account.
    for (name, id) in [
        ("eve", joe.as_str()),
        ("eve", "999999"),
        ("joe", maria.as_str()),
        ("ma-ria", maria.as_str()),
    ] {
        let (desk, _) = begun(&service);
        is(&desk.run(&["adopt", "users", "--name", name, "--id", id]), 0, "");
        let cleanup = desk.run(&["cleanup"]);
        is(&cleanup, 1, &format!("users/{name} may still exist"));
        assert!(cleanup.stderr.contains(&format!("`{id}`")), "{}", cleanup.stderr);
        assert_eq!(names(&service), ["joe", "maria"], "{}", cleanup.stderr);
    }
    // A wrong id of an account with the marker, which its name finds.
    let (desk, marker) = begun(&service);
    let signed = format!("{marker}-signup");
    sign_up(&service, &signed);
    is(&desk.run(&["adopt", "users", "--name", &signed, "--id", &joe]), 0, "");
    desk.run(&["cleanup"]);
    assert_eq!(names(&service), ["joe", "maria"]);
    // One that was never there, or was deleted by the test.
    let (desk, marker) = begun(&service);
    is(
        &desk.run(&["adopt", "users", "--name", &format!("{marker}-never")]),
        0,
        "",
    );
    is(&desk.run(&["cleanup", "--timeout", "1s"]), 0, "");
}

#[test]
fn mistakes_are_told_before_anything_is_written() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users())).unwrap();
    let none = Desk::new().configured(&configuration(service.port()));
    is(
        &none.run(&["adopt", "users", "--name", "eve", "--id", "1"]),
        2,
        "run `standin setup` before",
    );
    let (desk, marker) = begun(&service);
    let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
    let journal = entry.path().join("journal.jsonl");
    let before = fs::read(&journal).unwrap();
    let signed = format!("{marker}-x");
    for (arguments, part) in [
        (vec!["user", "--name", "eve", "--id", "1"], "did you mean `users`?"),
        (vec!["users", "--name", "eve"], "give its `--id`"),
        (vec!["bare", "--name", &signed], "neither `find` nor `list`"),
        (vec!["bare", "--name", "eve", "--id", "1"], "give the service `verify`"),
        (
            vec!["users", "--name", "e\nve", "--id", "1"],
            "`--name` has a control character",
        ),
        (
            vec!["users", "--name", "eve", "--id", ".."],
            "`--id` leads elsewhere in a path",
        ),
        (vec!["users"], "--name"),
    ] {
        is(&desk.run(&[&["adopt"], arguments.as_slice()].concat()), 2, part);
    }
    assert_eq!(fs::read(&journal).unwrap(), before);
    let id = sign_up(&service, "eve");
    is(&desk.run(&["adopt", "users", "--name", "eve", "--id", &id]), 0, "");
    let other = desk.run(&["adopt", "users", "--name", "eve", "--id", "7777"]);
    is(&other, 2, &format!("in the journal already, with the id `{id}`"));
    is(&desk.run(&["cleanup"]), 0, "");
    let requests = service.requests().len();
    assert!(requests > 0);
}

#[test]
fn the_command_of_run_adopts_and_run_deletes() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users())).unwrap();
    let desk = Desk::new().configured(&configuration(service.port()));
    let id = sign_up(&service, "eve");
    let ended = desk.run(&["run", "--", BINARY, "adopt", "users", "--name", "eve", "--id", &id]);
    is(&ended, 0, "2 deleted, 0 left");
    assert_eq!(names(&service), ["joe", "maria"]);
}

#[test]
fn post_of_the_action_deletes_what_a_later_step_adopted() {
    let service = Sandbox::spawn_thread(Sandbox::builder().service(users())).unwrap();
    let id = sign_up(&service, "eve");
    let runner = Runner::new();
    put(&runner, "standin.yml", &configuration(service.port()));
    let adopt = Step::script(&format!(
        "{} adopt users --name eve --id {id}",
        runner.binary().display()
    ));
    let result = Job::new()
        .step(Step::action().id("accounts"))
        .step(adopt.id("adopt"))
        .run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{}", result.step("adopt").log);
    assert_eq!(names(&service), ["joe", "maria"], "{}", result.post("accounts").log);
}

#[test]
fn an_adopt_waits_for_the_setup_that_still_writes_the_journal() {
    let (builder, made, go) = at_the_first_create(Sandbox::builder().service(users()));
    let service = Sandbox::spawn_thread(builder).unwrap();
    let desk = Desk::new().configured(&configuration(service.port()));
    let setup = desk.command(BINARY, &["setup"]).spawn().unwrap();
    made.recv().unwrap();
    let arguments = ["adopt", "users", "--name", "eve", "--id", "1"];
    let mut adopt = desk.command(BINARY, &arguments).spawn().unwrap();
    let mut told = BufReader::new(adopt.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("waiting for another process"), "{line}");
    go.send(()).unwrap();
    let setup = finish(setup);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    line.clear();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("is adopted"), "{line}");
    assert_eq!(adopt.wait().unwrap().code(), Some(0));
}

#[test]
fn a_cleanup_that_is_killed_at_any_request_is_run_again_and_deletes_the_adopted_too() {
    for moment in [Moment::BeforeApply, Moment::AfterApply, Moment::Answered] {
        for nth in 1.. {
            let (service, target) = killing(Sandbox::builder().service(users()), nth, moment);
            let (desk, marker) = begun(&service);
            let signed = format!("{marker}-signup");
            sign_up(&service, &signed);
            let id = sign_up(&service, "eve");
            is(&desk.run(&["adopt", "users", "--name", &signed]), 0, "");
            is(&desk.run(&["adopt", "users", "--name", "eve", "--id", &id]), 0, "");
            let killed = {
                let mut known = target.lock().unwrap();
                let child = desk.command(BINARY, &["cleanup"]).spawn().unwrap();
                *known = Some(Pid::from_child(&child));
                drop(known);
                finish(child)
            };
            let was_killed = target.lock().unwrap().take().is_none() && killed.code.is_none();
            let ended = desk.run(&["cleanup"]);
            is(&ended, 0, "");
            assert_eq!(names(&service), ["joe", "maria"], "{nth} {moment:?}: {}", ended.stderr);
            if !was_killed {
                assert!(nth > 5, "{nth} {moment:?}: {}", killed.stderr);
                break;
            }
        }
    }
}
