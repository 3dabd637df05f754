//! `scim2-server` by the preset for all that speak SCIM 2.0.

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};

static PRESET: Preset = Preset {
    kind: Kind {
        name: "scim2",
        ready: "GET /v2/ServiceProviderConfig",
        headers: &["Authorization: Bearer 0123456789abcdef0123456789abcdef01234567"],
    },
    shared: Shared::new(),
    service: "    preset: scim\n    url: '{{ env.URL }}/v2'\n    auth: { bearer: '{{ env.SECRET }}' }\n",
    secret: life::started_with,
    names,
    add,
};

fn names(server: &Server) -> Vec<String> {
    let page = server.ask("GET", "/v2/Users?count=1000", "").json();
    // An empty list is left out.
    let users = &page["Resources"];
    if users.is_null() {
        Vec::new()
    } else {
        life::texts(users, "userName")
    }
}

fn add(server: &Server, name: &str) {
    let body = format!(r#"{{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "{name}"}}"#);
    let said = server.ask("POST", "/v2/Users", &body);
    assert!(matches!(said.status, 201 | 409), "{}", said.body);
}

life::shows!(PRESET, proves, sweeps);
