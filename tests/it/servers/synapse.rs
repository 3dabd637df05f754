//! Synapse, where a deactivation is the only delete: the user can still be read, and the name is never free again.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use ring::hmac;

use super::life::{self, Preset};
use super::server::{Kind, SECRET, Server, Shared};

/// The administrator's token of the server at this address: one name is registered once.
static TOKEN: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

static PRESET: Preset = Preset {
    kind: Kind {
        name: "synapse",
        ready: "GET /_matrix/client/versions",
        headers: &[],
    },
    shared: Shared::new(),
    service: "    preset: synapse\n    url: '{{ env.URL }}'\n    with: { server_name: test.local }\n    auth: { bearer: '{{ env.SECRET }}' }\n",
    secret: token,
    names,
    add,
};

/// Registers the administrator as Synapse's own tool does: a nonce, and an HMAC-SHA1 by the shared secret.
fn token(server: &Server) -> String {
    const REGISTER: &str = "/_synapse/admin/v1/register";
    let mut known = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.0 != server.url() {
        let nonce = server.ask("GET", REGISTER, "").json();
        let nonce = nonce["nonce"].as_str().unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let tag = hmac::sign(&key, format!("{nonce}\0admin\0{SECRET}\0admin").as_bytes());
        let mac = tag.as_ref().iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        let body = format!(
            r#"{{"nonce": "{nonce}", "username": "admin", "password": "{SECRET}", "admin": true, "mac": "{mac}"}}"#
        );
        let said = server.ask("POST", REGISTER, &body);
        let token = said.json()["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", said.body))
            .to_owned();
        *known = (server.url(), token);
    }
    known.1.clone()
}

fn as_admin(server: &Server, method: &str, path: &str, body: &str) -> serde_json::Value {
    let header = format!("Authorization: Bearer {}", token(server));
    server.ask_with(method, path, &[&header], body).json()
}

/// Those who are not deactivated.
fn names(server: &Server) -> Vec<String> {
    let users = as_admin(server, "GET", "/_synapse/admin/v2/users?limit=500", "");
    let ids = life::texts(&users["users"], "name");
    ids.iter()
        .map(|id| id.trim_start_matches('@').replace(":test.local", ""))
        .collect()
}

fn add(server: &Server, name: &str) {
    let path = format!("/_synapse/admin/v2/users/@{name}:test.local");
    let user = as_admin(server, "PUT", &path, r#"{"password": "of-a-person"}"#);
    assert_eq!(user["deactivated"], false, "{user}");
}

life::shows!(PRESET, proves, keeps_out "401", settles, sweeps);

#[test]
fn twenty_users_live_and_are_deactivated() {
    let real = PRESET.real();
    life::life_cycle(&real);
    let users = as_admin(
        &real.server,
        "GET",
        "/_synapse/admin/v2/users?limit=500&deactivated=true",
        "",
    );
    let users = users["users"].as_array().unwrap();
    let ours: Vec<_> = users
        .iter()
        .filter(|user| user["name"].as_str().unwrap().starts_with("@lif-"))
        .collect();
    assert_eq!(ours.len(), 20);
    assert!(
        ours.iter()
            .all(|user| user["deactivated"] == true && user["erased"] == true)
    );
}

#[test]
fn a_person_of_the_same_name_stays_and_keeps_the_password() {
    let real = PRESET.real();
    let setup = life::duplicate(&real);
    assert!(setup.log.contains("none was sent"), "{}", setup.log);
    let body = r#"{"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "taken"}, "password": "of-a-person"}"#;
    let said = real.server.ask("POST", "/_matrix/client/v3/login", body);
    assert_eq!(said.status, 200, "{}", said.body);
}

#[test]
fn who_was_deactivated_by_somebody_else_is_gone() {
    let real = PRESET.real();
    let machine = real.machine("els", "");
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    let name = names(&real.server)
        .into_iter()
        .find(|name| name.starts_with("els-"))
        .unwrap();
    as_admin(
        &real.server,
        "POST",
        &format!("/_synapse/admin/v1/deactivate/@{name}:test.local"),
        "{}",
    );
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert!(cleanup.log.contains(", 0 left"), "{}", cleanup.log);
}
