//! `check`: each block is proved on the service, what was created for it is deleted, and what is wrong is told with its mend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json as value};
use standin::sandbox::{Moment, Observed, Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};

use unicode_normalization::UnicodeNormalization as _;
use url::form_urlencoded;

use crate::desk::{self, Desk, Ended};
use crate::liar::{Asked, Liar, answer, json};
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::{put, summary};

const PASSWORD: &str = "correct-horse-battery";

fn two() -> SandboxBuilder {
    let services = ["users", "orders"].map(|name| ServiceSpec::new(name).basic("qa", PASSWORD));
    services.into_iter().fold(Sandbox::builder(), SandboxBuilder::service)
}

fn service(port: u16, name: &str, more: &str) -> String {
    format!(
        "  - name: {name}
    url: http://127.0.0.1:{port}/{name}
    auth: {{ basic: {{ username: qa, password: '{{{{ env.PASSWORD }}}}' }} }}
    timeout: 2s
    probe: {{ request: GET /me }}
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}', email: '{{{{ account.email }}}}' }}, duplicate: [409], name: body.username }}
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
{more}"
    )
}

/// Two services, of which one needs the other, and more accounts than a check may make.
fn configuration(port: u16, more: &str) -> String {
    let users = service(port, "users", more);
    let orders = service(port, "orders", "    needs: [users]\n");
    format!("services:\n{orders}{users}accounts: [{{ name: alice, services: [users] }}, {{ name: buyer, count: 5 }}]\n")
}

fn desk(sandbox: &SandboxHandle, more: &str) -> Desk {
    let configuration = configuration(sandbox.port(), more);
    Desk::new().with("PASSWORD", PASSWORD).configured(&configuration)
}

/// How many accounts were ever made in a service, and how many are left.
fn books(sandbox: &SandboxHandle, name: &str) -> (usize, usize) {
    let books = sandbox.books(name).unwrap();
    (usize::try_from(books.created_ever).unwrap(), books.left().count())
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"))
}

/// Block and hint of what is wrong.
fn wrong(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let wrong = findings.filter(|finding| finding["verdict"] == "wrong");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    wrong
        .map(|finding| (text(&finding["block"]), text(&finding["hint"])))
        .collect()
}

#[test]
fn a_right_description_is_proved_with_one_account_in_each_service() {
    let sandbox = Sandbox::spawn_thread(two()).unwrap();
    let ended = desk(&sandbox, "").run(&["check", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = report(&ended);
    assert_eq!((&report["version"], &report["ok"]), (&1.into(), &true.into()));
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["verdict"], "proved", "{finding}");
    }
    for block in ["probe", "create", "verify", "find", "list", "delete"] {
        let findings = report["findings"].as_array().unwrap().iter();
        let asked = findings.filter(|finding| finding["block"] == block && finding["asked"].is_string());
        assert!(asked.count() >= 2, "{block}: {report}");
    }
    // buyer-1 is enough for both.
    assert_eq!((books(&sandbox, "users"), books(&sandbox, "orders")), ((1, 0), (1, 0)));
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD));
}

#[test]
fn one_service_is_checked_with_what_it_needs_and_by_the_persona_that_is_named() {
    let sandbox = Sandbox::spawn_thread(two()).unwrap();
    let ended = desk(&sandbox, "").run(&["check", "--only", "orders", "--persona", "buyer"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((books(&sandbox, "users"), books(&sandbox, "orders")), ((1, 0), (1, 0)));
    for (arguments, known) in [(["--only", "order"], "`orders`"), (["--persona", "bob"], "`alice`")] {
        let ended = desk(&sandbox, "").run(&["check", arguments[0], arguments[1]]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(known), "{}", ended.stderr);
    }
}

#[test]
fn what_is_wrong_is_told_with_the_line_to_write() {
    for (slip, block, line) in [
        (
            "    find: { items: body }\n",
            "find",
            "write `items: body.items` into `find`",
        ),
        (
            "    find: { id: item.username }\n",
            "find",
            "write `id: item.id` into `find`",
        ),
        (
            "    find: { name: item.email }\n",
            "find",
            "write `name: item.username`",
        ),
        (
            "    list: { name: item.email }\n",
            "list",
            "write `name: item.username`",
        ),
        (
            "    verify: { name: body.email }\n",
            "verify",
            "write `name: body.username`",
        ),
        (
            "    create: { duplicate: [422] }\n",
            "create",
            "write `duplicate: [409]` into `create`",
        ),
        (
            "    create: { id: body.email }\n",
            "create",
            "write `id: body.id` into `create`",
        ),
        (
            "    create: { expect: [200] }\n",
            "create",
            "write `expect: [201]` into `create`",
        ),
        (
            "    probe: { request: GET /health }\n",
            "probe",
            "let `probe` ask for something that needs the right",
        ),
    ] {
        let sandbox = Sandbox::spawn_thread(two()).unwrap();
        let desk = desk(&sandbox, "");
        // What is merged over a file of its own.
        desk.write("slip.yml", &format!("services:\n  - name: users\n{slip}"));
        let files = "standin.yml,slip.yml";
        let ended = desk.run(&["check", "--only", "users", "--format", "json", "--config", files]);
        assert_eq!(ended.code, Some(1), "{slip}: {ended:?}");
        let wrong = wrong(&report(&ended));
        let is_told = wrong.iter().any(|(of, hint)| of == block && hint.contains(line));
        assert!(is_told, "{slip}: {wrong:?}\n{}", ended.stdout);
        assert_eq!(books(&sandbox, "users").1, 0, "{slip}: {ended:?}");
    }
}

#[test]
fn a_table_says_it_to_people_and_each_cause_once() {
    let sandbox = Sandbox::spawn_thread(two()).unwrap();
    let desk = desk(&sandbox, "");
    desk.write("slip.yml", "services:\n  - name: users\n    find: { items: body }\n");
    let ended = desk.run(&["check", "--only", "users", "--config", "standin.yml,slip.yml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = ended.stdout.matches("`body` was a map").count();
    assert_eq!(told, 1, "{}", ended.stdout);
    for part in [
        "users\n",
        "  ok     probe",
        "  WRONG  find",
        "-> write `items: body.items`",
        "for the same reason",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
}

/// A service that says when so many creates have come so far, and the word of it.
fn watched(builder: SandboxBuilder, nth: usize, moment: Moment) -> (SandboxHandle, Receiver<()>) {
    let (say, heard) = mpsc::channel();
    let count = AtomicUsize::new(0);
    let observer = move |observed: &Observed| {
        let is_create = observed.method == "POST" && observed.moment == moment;
        if is_create && count.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            // Nobody listens any more once the process is ended.
            say.send(()).unwrap_or_default();
        }
    };
    let slow = builder.delay(Duration::from_millis(100)).observer(Arc::new(observer));
    (Sandbox::spawn_thread(slow).unwrap(), heard)
}

#[test]
fn a_check_that_is_killed_at_any_create_leaves_a_journal_that_cleanup_settles() {
    // Of two services, the first and the second create of each.
    for nth in 1..=4 {
        for moment in [Moment::BeforeApply, Moment::AfterApply, Moment::Answered] {
            let (sandbox, made) = watched(two(), nth, moment);
            let desk = desk(&sandbox, "");
            let mut check = desk.command(env!("CARGO_BIN_EXE_standin"), &["check"]).spawn().unwrap();
            made.recv().unwrap();
            check.kill().unwrap();
            check.wait().unwrap();
            let ended = desk.run(&["cleanup"]);
            assert_eq!(ended.code, Some(0), "{nth} {moment:?}: {ended:?}");
            let left = (books(&sandbox, "users").1, books(&sandbox, "orders").1);
            assert_eq!(left, (0, 0), "{nth} {moment:?}");
        }
    }
}

/// A service whose look-up takes every name for the same that reads as `fold` says.
fn folding(fold: fn(&str) -> String) -> Liar {
    let mut there: Vec<String> = Vec::new();
    Liar::start(move |asked: &Asked| {
        let name = asked.target.trim_start_matches("/accounts/");
        let at = there.iter().position(|known| known == name);
        match (asked.method.as_str(), at) {
            ("POST", _) if there.contains(&asked.username()) => answer(409, &[], b""),
            ("POST", _) => {
                there.push(asked.username());
                json(201, &value!({ "id": asked.username(), "username": asked.username() }))
            }
            ("GET", _) if asked.target.starts_with("/accounts?") => {
                let query = form_urlencoded::parse(asked.target.split_once('?').unwrap().1.as_bytes());
                let wanted = query.map(|(_, value)| fold(&value)).next().unwrap();
                let items = there.iter().filter(|known| **known == wanted);
                let items: Vec<Value> = items.map(|name| value!({ "id": name, "username": name })).collect();
                json(200, &value!({ "items": items }))
            }
            ("GET", Some(_)) => json(200, &value!({ "id": name, "username": name })),
            ("DELETE", Some(at)) => {
                there.remove(at);
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        }
    })
}

#[test]
fn names_that_a_service_takes_for_one_are_told() {
    let plain: fn(&str) -> String = str::to_owned;
    for (fold, one) in [
        (plain, None),
        (|name| name.to_lowercase(), Some("upper and lower case")),
        (
            |name| name.trim().to_owned(),
            Some("names with and without a blank at the end"),
        ),
        (|name| name.nfkc().collect(), Some("letters and their full-width forms")),
        (
            |name| name.nfd().filter(|c| *c != '\u{301}').collect(),
            Some("letters with and without an accent"),
        ),
    ] {
        let service = folding(fold);
        let desk = Desk::new().configured(&format!(
            "services:
  - name: users
    url: {}
    create: {{ request: POST /accounts, json: {{ username: '{{{{ account.username }}}}' }} }}
    verify: {{ request: 'GET /accounts/{{{{ id }}}}', name: body.username }}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body.items, id: item.id, name: item.username }}
    delete: {{ request: 'DELETE /accounts/{{{{ id }}}}' }}
",
            service.url()
        ));
        let ended = desk.run(&["check", "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let report = report(&ended);
        let findings = report["findings"].as_array().unwrap();
        let looked = |finding: &&Value| finding["tried"].as_str().unwrap().starts_with("for the name ");
        let told: Vec<&str> = findings
            .iter()
            .filter(looked)
            .map(|finding| finding["why"].as_str().unwrap())
            .collect();
        assert_eq!(told.len(), 4, "{report}");
        let is_shown = |why: &&str| why.contains("it shows the account");
        let shown: Vec<&str> = told.iter().copied().filter(is_shown).collect();
        let expected = one.map(|one| format!("it shows the account: to the service {one} are one name"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(shown, expected, "{report}");
    }
}

#[test]
fn a_check_that_is_stopped_deletes_what_it_has_created() {
    let (sandbox, made) = watched(two(), 1, Moment::Answered);
    let desk = desk(&sandbox, "");
    let check = desk.command(env!("CARGO_BIN_EXE_standin"), &["check"]).spawn().unwrap();
    made.recv().unwrap();
    kill_process(Pid::from_child(&check), Signal::TERM).unwrap();
    let ended = desk::finish(check);
    assert_eq!(ended.code, Some(143), "{ended:?}");
    assert_eq!(
        (books(&sandbox, "users").1, books(&sandbox, "orders").1),
        (0, 0),
        "{ended:?}"
    );
}

#[test]
fn what_can_not_be_deleted_is_named() {
    let builder = two().fault("users DELETE * status 403");
    let sandbox = Sandbox::spawn_thread(builder).unwrap();
    let ended = desk(&sandbox, "").run(&["check", "--only", "users", "--format", "json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report = report(&ended);
    assert!(wrong(&report).iter().any(|(block, _)| block == "delete"), "{report}");
    assert!(!report["leftovers"].as_array().unwrap().is_empty(), "{report}");
    assert!(ended.stderr.contains("may still exist"), "{}", ended.stderr);
}

#[test]
fn the_action_checks_too_and_its_summary_has_the_findings() {
    let sandbox = Sandbox::spawn_thread(two()).unwrap();
    let runner = Runner::new();
    put(&runner, "standin.yml", &configuration(sandbox.port(), ""));
    let check = Step::action()
        .id("check")
        .with("mode", "check")
        .env("PASSWORD", PASSWORD);
    let result = Job::new().secret("QA", PASSWORD).step(check).run(&runner);
    let step = result.step("check");
    assert_eq!(result.conclusion, Outcome::Success, "{}", step.log);
    let summary = summary(step);
    for part in [
        "### Standin: ",
        "0 wrong",
        "| users | probe | with the credentials | ok |",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert!(
        result.post("check").log.contains("nothing is left to delete"),
        "{}",
        result.post("check").log
    );
    assert_eq!((books(&sandbox, "users").1, books(&sandbox, "orders").1), (0, 0));
}
