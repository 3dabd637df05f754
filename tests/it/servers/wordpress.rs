//! `WordPress`, which takes whoever has a wrong password for a visitor, and shows visitors who has published something.

mod eyes;

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};
use crate::ask::Said;

const USERS: &str = "/wp-json/wp/v2/users";

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "wordpress",
        ready: "GET /wp-json/wp/v2/users",
        // admin with the tests' secret.
        headers: &["Authorization: Basic YWRtaW46MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nw=="],
    },
    shared: Shared::new(),
    service: "    preset: wordpress\n    url: '{{ env.URL }}'\n    auth: { basic: { username: admin, password: '{{ env.SECRET }}' } }\n",
    secret: life::started_with,
    names,
    add,
};

fn as_admin(server: &Server, method: &str, path: &str, body: &str) -> Said {
    server.ask(method, path, body)
}

/// All of them: a page has a hundred at most. Whom another test deletes while the page is made is shown without a name.
fn users(server: &Server) -> serde_json::Value {
    let mut users = Vec::new();
    for page in 1.. {
        let path = format!("{USERS}?context=edit&per_page=100&page={page}&orderby=id&_fields=id,username,email");
        let said = as_admin(server, "GET", &path, "");
        let mut more = said.json();
        let more = more.as_array_mut().unwrap_or_else(|| panic!("{}", said.body));
        if more.is_empty() {
            break;
        }
        more.retain(|user| user["username"].is_string());
        users.append(more);
    }
    users.into()
}

fn names(server: &Server) -> Vec<String> {
    life::texts(&users(server), "username")
}

fn add(server: &Server, name: &str) {
    let body = format!(r#"{{"username": "{name}", "email": "{name}@example.org", "password": "of-a-person"}}"#);
    let said = as_admin(server, "POST", USERS, &body);
    assert!(
        said.status == 201 || said.json()["code"] == "existing_user_login",
        "{}",
        said.body
    );
}

life::shows!(PRESET, lives, proves, refuses "500", keeps_out "401", settles, sweeps);
