//! `PocketBase`, which takes whoever has a dead token for a stranger, and tells strangers that nothing is there.

use serde_json::Value;

use super::life::{self, Described};
use super::server::{Kind, SECRET, Server, Shared};

static KIND: Kind = Kind {
    name: "pocketbase",
    ready: "GET /api/health",
    headers: &[],
};
static SHARED: Shared = Shared::new();

const USERS: &str = "/api/collections/users/records";

fn real() -> Described {
    Described {
        server: SHARED.server(&KIND),
        service: "    preset: pocketbase\n    url: '{{ env.URL }}'\n    with: { identity: admin@example.com, password: '{{ env.SECRET }}' }\n".to_owned(),
        secret: SECRET.to_owned(),
        names,
        add,
    }
}

fn token(server: &Server) -> String {
    let body = format!(r#"{{"identity": "admin@example.com", "password": "{SECRET}"}}"#);
    let said = server.ask("POST", "/api/collections/_superusers/auth-with-password", &body);
    said.json()["token"].as_str().unwrap().to_owned()
}

fn as_superuser(server: &Server, method: &str, path: &str, body: &str) -> Value {
    let said = server.ask_with(method, path, &[&format!("Authorization: {}", token(server))], body);
    said.json()
}

fn names(server: &Server) -> Vec<String> {
    let page = as_superuser(server, "GET", &format!("{USERS}?perPage=500"), "");
    let users = page["items"].as_array().unwrap();
    let emails = users.iter().map(|user| user["email"].as_str().unwrap());
    emails.map(|email| email.replace("@example.com", "")).collect()
}

fn add(server: &Server, name: &str) {
    let body =
        format!(r#"{{"email": "{name}@example.com", "password": "of-a-person", "passwordConfirm": "of-a-person"}}"#);
    as_superuser(server, "POST", USERS, &body);
}

#[test]
fn twenty_records_live_and_are_gone() {
    life::life_cycle(&real());
}

#[test]
fn a_person_of_the_same_name_stays() {
    let setup = life::duplicate(&real());
    assert!(setup.log.contains("400"), "{}", setup.log);
}

#[test]
fn wrong_credentials_make_nothing() {
    life::wrong_credentials(&real(), "400");
}

#[test]
fn a_killed_setup_is_settled() {
    life::killed(&real());
}

#[test]
fn a_dead_token_does_not_read_as_gone() {
    let mut real = real();
    real.service = "    preset: pocketbase\n    url: '{{ env.URL }}'\n    auth: { header: { Authorization: '{{ env.SECRET }}' } }\n".to_owned();
    real.secret = token(&real.server);
    let mut machine = real.machine("dea", "");
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    assert_eq!(real.count("dea"), 1);
    machine.set("SECRET", "a-token-that-is-dead-by-now");
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(1), "{}", cleanup.log);
    assert!(cleanup.log.contains("1 left"), "{}", cleanup.log);
    assert!(cleanup.log.contains("real/alice"), "{}", cleanup.log);
    assert_eq!(real.count("dea"), 1);
    machine.set("SECRET", &real.secret);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(real.count("dea"), 0);
}
