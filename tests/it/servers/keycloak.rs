//! Keycloak, where who may ask for users and not see them is told that there are none.

mod eyes;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::life::{self, Preset};
use super::server::{Kind, SECRET, Server, Shared};
use crate::ask::Said;

const TOKENS: &str = "/realms/qa/protocol/openid-connect/token";
const USERS: &str = "/admin/realms/qa/users";
/// A token lives for five minutes.
const FRESH: Duration = Duration::from_mins(4);
/// The administrator's token of the server at this address, and since when.
static TOKEN: Mutex<Option<(String, Instant, String)>> = Mutex::new(None);

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "keycloak",
        ready: "GET /realms/qa",
        headers: &[],
    },
    shared: Shared::new(),
    service: "    preset: keycloak\n    url: '{{ env.URL }}'\n    with: { realm: qa, auth_realm: qa }\n    auth: { oauth2: { client_id: standin, client_secret: '{{ env.SECRET }}' } }\n",
    secret: life::started_with,
    names,
    add,
};

fn token(server: &Server) -> String {
    let mut known = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((url, since, token)) = &*known
        && *url == server.url()
        && since.elapsed() < FRESH
    {
        return token.clone();
    }
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let body = format!("grant_type=client_credentials&client_id=administrator&client_secret={SECRET}");
    let said = server.ask_with("POST", TOKENS, &form, &body);
    let token = said.json()["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", said.body))
        .to_owned();
    *known = Some((server.url(), Instant::now(), token.clone()));
    token
}

fn as_admin(server: &Server, method: &str, path: &str, body: &str) -> Said {
    let header = format!("Authorization: Bearer {}", token(server));
    server.ask_with(method, path, &[&header], body)
}

fn users(server: &Server) -> serde_json::Value {
    as_admin(server, "GET", &format!("{USERS}?max=1000&briefRepresentation=true"), "").json()
}

fn names(server: &Server) -> Vec<String> {
    life::texts(&users(server), "username")
}

fn add(server: &Server, name: &str) {
    let body = format!(r#"{{"username": "{name}", "email": "{name}@example.org"}}"#);
    let said = as_admin(server, "POST", USERS, &body);
    assert!(matches!(said.status, 201 | 409), "{}", said.body);
}

life::shows!(PRESET, lives, proves, refuses "409", keeps_out "401", settles, sweeps);

#[test]
fn a_made_password_logs_in() {
    let real = PRESET.real();
    let machine = real.machine("log", "");
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    let said: serde_json::Value = serde_json::from_str(&machine.run(&["credentials"]).data).unwrap();
    let account = &said["accounts"]["real/alice"];
    let (name, password) = (
        account["username"].as_str().unwrap(),
        account["password"].as_str().unwrap(),
    );
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let password = password.replace('!', "%21");
    let body = format!("grant_type=password&client_id=log-in&username={name}&password={password}");
    let said = real.server.ask_with("POST", TOKENS, &form, &body);
    assert_eq!(said.status, 200, "{}", said.body);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(real.count("log"), 0);
}
