//! Redmine, with ids that are numbers, answers that hold an API key, and absence without a body.

use std::collections::BTreeMap;
use std::iter;

use super::life::{self, Preset};
use super::machine::Machine;
use super::server::{Kind, Server, Shared};

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "redmine",
        ready: "GET /users/current.json",
        headers: &["X-Redmine-API-Key: 0123456789abcdef0123456789abcdef01234567"],
    },
    shared: Shared::new(),
    service: "    preset: redmine\n    url: '{{ env.URL }}'\n    auth: { header: { X-Redmine-API-Key: '{{ env.SECRET }}' } }\n",
    secret: life::started_with,
    names,
    add,
};

/// The one with many people, whose coming would shift the pages that the other tests read.
static CROWDED: Shared = Shared::new();

/// All of them, locked ones too. A page has 100 at most. Where somebody goes between two pages another is passed over, and they
/// are read again; where somebody comes, one is seen twice.
fn users(server: &Server) -> serde_json::Value {
    iter::repeat_with(|| pages(server))
        .take(100)
        .find_map(|users| users)
        .expect("a list of users")
}

/// Page by page; none if there are fewer than were announced.
fn pages(server: &Server) -> Option<serde_json::Value> {
    let mut users = BTreeMap::new();
    let mut total = 0;
    for offset in (0..).step_by(100) {
        let path = format!("/users.json?limit=100&status=&offset={offset}");
        let page = server.ask("GET", &path, "").json();
        let more = page["users"].as_array().unwrap();
        if offset == 0 {
            total = page["total_count"].as_u64().unwrap();
        }
        if more.is_empty() {
            break;
        }
        users.extend(more.iter().map(|user| (user["id"].as_u64(), user.clone())));
    }
    (users.len() as u64 >= total).then(|| users.into_values().collect())
}

fn names(server: &Server) -> Vec<String> {
    life::texts(&users(server), "login")
}

fn add(server: &Server, name: &str) {
    let body = format!(
        r#"{{"user": {{"login": "{name}", "firstname": "A", "lastname": "Person", "mail": "{name}@example.org", "password": "of-a-person"}}}}"#
    );
    let said = server.ask("POST", "/users.json", &body);
    assert!(matches!(said.status, 201 | 422), "{}", said.body);
}

fn made(machine: &Machine) {
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
}

life::shows!(PRESET, lives, proves, refuses "422", keeps_out "401", settles);

#[test]
fn orphans_without_a_journal_are_swept_from_among_people() {
    life::swept(&PRESET.described(CROWDED.server(&PRESET.kind)));
}

#[test]
fn an_empty_body_is_a_failure_of_the_server_that_is_looked_into() {
    let mut real = PRESET.real();
    real.service.push_str("    timeout: 2s\n    create: { json: {} }\n");
    let machine = real.machine("emp", "");
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(setup.log.contains("500"), "{}", setup.log);
    // Such a create can't make a witness either, so that nothing proves that the look-up sees.
    for part in ["can't be trusted", "real/alice (`emp-"] {
        assert!(setup.log.contains(part), "{part}: {}", setup.log);
    }
    assert_eq!(real.count("emp"), 0);
}

#[test]
fn a_locked_user_is_deleted_too_and_no_api_key_is_kept() {
    let real = PRESET.real();
    let machine = real.machine("loc", "");
    made(&machine);
    let users = users(&real.server);
    let is_ours = |user: &&serde_json::Value| user["login"].as_str().unwrap().starts_with("loc-");
    let user = users.as_array().unwrap().iter().find(is_ours);
    let id = user.unwrap()["id"].as_u64().unwrap();
    let path = format!("/users/{id}.json");
    let key = real.server.ask("GET", &path, "").json()["user"]["api_key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(real.server.ask("PUT", &path, r#"{"user": {"status": 3}}"#).status, 204);
    assert!(!machine.holds(&key), "the API key of an account stands in a file");
    let status = machine.run(&["status"]);
    assert_eq!(status.code(), Some(1), "{}", status.log);
    assert!(status.data.contains("changed"), "{}", status.data);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(real.count("loc"), 0);
    assert!(!machine.holds(&key) && !cleanup.log.contains(&key));
}
