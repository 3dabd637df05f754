//! `PocketBase`, which takes whoever has a dead token for a stranger, and tells strangers that nothing is there.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::life::{self, Preset};
use super::server::{Kind, SECRET, Server, Shared};

const USERS: &str = "/api/collections/users/records";
/// What is known of the users' passwords among other fields.
const COLLECTION: &str = "/api/collections/users";
/// The least that bcrypt has.
const BCRYPT_MIN: u8 = 4;
/// The superuser's token of the server at this address.
static TOKEN: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "pocketbase",
        ready: "GET /api/health",
        headers: &[],
    },
    shared: Shared::new(),
    service: "    preset: pocketbase\n    url: '{{ env.URL }}'\n    with: { identity: admin@example.com, password: '{{ env.SECRET }}' }\n",
    secret: life::started_with,
    names,
    add,
};

/// Logs in once at each server: it takes its time over every password. From then on it takes the least for those of users,
/// or two hundred people would take it the better part of a minute.
fn token(server: &Server) -> String {
    let mut known = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.0 != server.url() {
        let body = format!(r#"{{"identity": "admin@example.com", "password": "{SECRET}"}}"#);
        let said = server.ask("POST", "/api/collections/_superusers/auth-with-password", &body);
        *known = (server.url(), said.json()["token"].as_str().unwrap().to_owned());
        let own = format!("Authorization: {}", known.1);
        let mut users = server.ask_with("GET", COLLECTION, &[&own], "").json();
        let fields = users["fields"].as_array_mut().unwrap();
        let password = fields.iter_mut().find(|field| field["name"] == "password").unwrap();
        password["cost"] = BCRYPT_MIN.into();
        let changed = server.ask_with("PATCH", COLLECTION, &[&own], &json!({ "fields": fields }).to_string());
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    known.1.clone()
}

fn as_superuser(server: &Server, method: &str, path: &str, body: &str) -> Value {
    let said = server.ask_with(method, path, &[&format!("Authorization: {}", token(server))], body);
    said.json()
}

fn names(server: &Server) -> Vec<String> {
    let page = as_superuser(server, "GET", &format!("{USERS}?perPage=500"), "");
    let emails = life::texts(&page["items"], "email");
    emails.iter().map(|email| email.replace("@example.com", "")).collect()
}

fn add(server: &Server, name: &str) {
    let body =
        format!(r#"{{"email": "{name}@example.com", "password": "of-a-person", "passwordConfirm": "of-a-person"}}"#);
    as_superuser(server, "POST", USERS, &body);
}

life::shows!(PRESET, lives, proves, refuses "400", keeps_out "400", settles, sweeps);

#[test]
fn a_dead_token_does_not_read_as_gone() {
    let mut real = PRESET.real();
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
