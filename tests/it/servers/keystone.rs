//! Keystone, `OpenStack`'s identity, which closes idle connections after two seconds and ignores filters that it doesn't know.

mod eyes;

use std::sync::{Mutex, PoisonError};

use super::life::{self, Preset};
use super::server::{Kind, SECRET, Server, Shared};
use crate::ask::Said;

/// The administrator's token of the server at this address.
static TOKEN: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "keystone",
        ready: "GET /v3",
        headers: &[],
    },
    shared: Shared::new(),
    service: "    preset: keystone\n    url: '{{ env.URL }}/v3'\n    with: { user: admin, password: '{{ env.SECRET }}' }\n",
    secret: life::started_with,
    names,
    add,
};

/// A token of an account that has the tests' secret for its password, for the whole system.
fn token_of(server: &Server, name: &str) -> String {
    let body = format!(
        r#"{{"auth": {{"identity": {{"methods": ["password"], "password": {{"user": {{"name": "{name}", "domain": {{"id": "default"}}, "password": "{SECRET}"}}}}}}, "scope": {{"system": {{"all": true}}}}}}}}"#
    );
    let said = server.ask("POST", "/v3/auth/tokens", &body);
    assert_eq!(said.status, 201, "{}", said.body);
    said.header("x-subject-token").unwrap().to_owned()
}

fn as_admin(server: &Server, method: &str, path: &str, body: &str) -> Said {
    let token = {
        let mut known = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != server.url() {
            *known = (server.url(), token_of(server, "admin"));
        }
        known.1.clone()
    };
    server.ask_with(method, path, &[&format!("X-Auth-Token: {token}")], body)
}

fn users(server: &Server) -> serde_json::Value {
    as_admin(server, "GET", "/v3/users", "").json()["users"].take()
}

fn names(server: &Server) -> Vec<String> {
    life::texts(&users(server), "name")
}

fn add(server: &Server, name: &str) {
    let said = as_admin(
        server,
        "POST",
        "/v3/users",
        &format!(r#"{{"user": {{"name": "{name}"}}}}"#),
    );
    assert!(matches!(said.status, 201 | 409), "{}", said.body);
}

life::shows!(PRESET, lives, proves, refuses "409", keeps_out "401", settles, sweeps);
