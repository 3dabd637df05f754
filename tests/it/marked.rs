//! `cleanup-marked`: what the tests signed up under the setup's marker goes with the rest, and nobody else does.

use rustix::process::Pid;
use serde_json::Value;
use standin::sandbox::{Filter, Moment, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use crate::ask::ask;
use crate::desk::{Desk, Ended, finish};
use crate::killing::killing;
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::put;

const BINARY: &str = env!("CARGO_BIN_EXE_standin");
const FILTER: &str = "filter: { query: { username: '{{ run.prefix }}-' } }";
/// The marker of another setup, and one that is none.
const OTHERS: [&str; 2] = ["maria", "sd-00000000000000000000000-maria"];

fn users(filter: Filter) -> SandboxBuilder {
    let mut users = ServiceSpec::new("users");
    users.filter = filter;
    users.humans = OTHERS.map(str::to_owned).to_vec();
    Sandbox::builder().service(users)
}

fn start(builder: SandboxBuilder) -> SandboxHandle {
    Sandbox::spawn_thread(builder).unwrap()
}

fn configuration(port: u16, filter: &str) -> String {
    let filter = if filter.is_empty() {
        String::new()
    } else {
        format!(", {filter}")
    };
    format!(
        "services:
  - name: users
    url: http://127.0.0.1:{port}/users
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}' }}, duplicate: [409], name: body.username }}
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username, next: link{filter} }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
accounts: [{{ name: alice }}]
"
    )
}

/// A run whose setup has made its account, and whose tests have signed two more up; and how many requests came so far.
fn begun(service: &SandboxHandle, filter: &str) -> (Desk, usize) {
    let desk = Desk::new().configured(&configuration(service.port(), filter));
    let setup = desk.run(&["setup"]);
    assert_eq!(setup.code, Some(0), "{}", setup.stderr);
    let accounts: Value = serde_json::from_str(&setup.stdout).unwrap();
    let name = accounts[0]["username"].as_str().unwrap();
    for tail in ["signup", "alice2"] {
        sign_up(service, &name.replace("alice", tail));
    }
    (desk, service.requests().len())
}

fn sign_up(service: &SandboxHandle, name: &str) {
    let body = serde_json::json!({ "username": name }).to_string();
    let said = ask(service.port(), "POST", "/users/accounts", &[], &body).unwrap();
    assert_eq!(said.status, 201, "{}", said.body);
}

/// How many accounts are left that no human has.
fn left(service: &SandboxHandle) -> usize {
    let books = service.books("users").unwrap();
    assert_eq!(books.humans().count(), OTHERS.len());
    books.left().count()
}

fn is(ended: &Ended, code: i32, part: &str) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
}

#[test]
fn a_list_with_a_filter_is_asked_once_and_what_the_tests_signed_up_is_deleted_too() {
    let service = start(users(Filter::Substring));
    // That of another setup of the same run stays.
    let (other, _) = begun(&service, FILTER);
    let (desk, before) = begun(&service, FILTER);
    let cleanup = desk.run(&["cleanup"]);
    is(
        &cleanup,
        0,
        "users: 2 accounts under this setup's marker, which no setup created",
    );
    assert_eq!(left(&service), 3, "{}", cleanup.stderr);
    let lists = service.requests().into_iter().skip(before);
    let lists = lists.filter(|seen| seen.path.contains("username=sd-") && seen.path.ends_with('-'));
    assert_eq!(lists.count(), 1);
    is(&desk.run(&["cleanup"]), 0, "nothing is left to delete");
    is(&other.run(&["cleanup"]), 0, "");
    assert_eq!(left(&service), 0);
}

#[test]
fn a_list_without_a_filter_is_asked_only_if_that_is_wanted() {
    for (filter, setting, kept) in [
        ("", "auto", 2),
        ("", "true", 0),
        (FILTER, "false", 2),
        (FILTER, "true", 0),
    ] {
        let service = start(users(Filter::Substring));
        let (desk, before) = begun(&service, filter);
        is(&desk.run(&["cleanup", "--cleanup-marked", setting]), 0, "");
        assert_eq!(left(&service), kept, "{setting} {filter}");
        let lists = service.requests().into_iter().skip(before);
        let lists = lists.filter(|seen| seen.method == "GET" && seen.path.trim_end_matches('?').ends_with("/accounts"));
        assert_eq!(
            lists.count(),
            usize::from(setting == "true" && filter.is_empty()),
            "{setting} {filter}"
        );
    }
}

#[test]
fn a_filter_that_is_not_heeded_costs_a_page_or_two_and_no_stranger() {
    let service = start(users(Filter::Exact));
    for number in 0..1_000 {
        sign_up(&service, &format!("someone-{number}"));
    }
    let (desk, before) = begun(&service, &FILTER.replace("username", "starts"));
    let cleanup = desk.run(&["cleanup"]);
    is(&cleanup, 0, "more accounts than its `filter` should let through");
    let lists = service.requests().into_iter().skip(before);
    let is_of_filter = |path: &str| path.ends_with('-') || path.contains("-&");
    let lists = lists
        .filter(|seen| seen.method == "GET" && is_of_filter(&seen.path))
        .count();
    assert!((1..=4).contains(&lists), "{lists}");
    assert!(left(&service) >= 1_000);
}

#[test]
fn a_list_that_can_not_be_read_is_told_and_fails_where_it_is_asked_for() {
    for (setting, code) in [("auto", 0), ("true", 1)] {
        let service = start(users(Filter::Substring));
        let (desk, _) = begun(&service, &FILTER.replace("username", "page"));
        let cleanup = desk.run(&["cleanup", "--cleanup-marked", setting]);
        if setting == "auto" {
            is(&cleanup, code, "accounts that the tests signed up may be left");
        } else {
            // Without the filter the service is listed whole.
            is(&cleanup, 0, "2 accounts under this setup's marker");
        }
    }
    let service = start(users(Filter::Substring));
    let (desk, _) = begun(&service, "total: 'body.total + 5'");
    let cleanup = desk.run(&["cleanup", "--cleanup-marked", "true"]);
    is(&cleanup, 1, "users/* may still exist");
}

/// A script that signs an account up as a test would.
fn script(port: u16) -> String {
    format!(
        r#"body="{{\"username\": \"$STANDIN_MARKER-signup\"}}"
exec 3<>/dev/tcp/127.0.0.1/{port}
printf 'POST /users/accounts HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' ${{#body}} "$body" >&3
grep -q 201 <&3"#
    )
}

#[test]
fn run_and_post_of_the_action_delete_what_the_tests_signed_up() {
    let service = start(users(Filter::Substring));
    let desk = Desk::new().configured(&configuration(service.port(), FILTER));
    let ended = desk.run(&["run", "--", "bash", "-c", &script(service.port())]);
    is(&ended, 0, "1 account under this setup's marker");
    assert_eq!(left(&service), 0);

    let runner = Runner::new();
    put(&runner, "standin.yml", &configuration(service.port(), ""));
    let setup = Step::action().id("accounts").with("cleanup-marked", "true");
    put(&runner, "sign-up.sh", &script(service.port()));
    let test = Step::script("bash sign-up.sh").id("test");
    let test = test.env("STANDIN_MARKER", "${{ steps.accounts.outputs.marker }}");
    let result = Job::new().step(setup).step(test).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{}", result.step("test").log);
    let post = &result.post("accounts").log;
    assert!(post.contains("1 account under this setup's marker"), "{post}");
    assert_eq!(left(&service), 0, "{post}");
}

#[test]
fn a_cleanup_that_is_killed_at_any_request_is_run_again_and_leaves_nothing_under_the_marker() {
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        for nth in 1.. {
            let (service, target) = killing(users(Filter::Substring), nth, moment);
            let (desk, _) = begun(&service, FILTER);
            let killed = {
                let mut known = target.lock().unwrap();
                let child = desk.command(BINARY, &["cleanup"]).spawn().unwrap();
                *known = Some(Pid::from_child(&child));
                drop(known);
                finish(child)
            };
            let is_over = target.lock().unwrap().take().is_some();
            let ended = desk.run(&["cleanup"]);
            is(&ended, 0, "");
            assert_eq!(left(&service), 0, "{nth} {moment:?}: {}", ended.stderr);
            if is_over {
                assert!(nth > 4, "{nth} {moment:?}: {}", killed.stderr);
                break;
            }
        }
    }
}
