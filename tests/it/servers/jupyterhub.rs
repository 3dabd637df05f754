//! `JupyterHub`, which answers a wrong token with 403.

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};

pub(super) static PRESET: Preset = Preset {
    kind: Kind {
        name: "jupyterhub",
        ready: "GET /hub/api/info",
        headers: &["Authorization: token 0123456789abcdef0123456789abcdef01234567"],
    },
    shared: Shared::new(),
    service: "    preset: jupyterhub\n    url: '{{ env.URL }}/hub/api'\n    auth: { bearer: '{{ env.SECRET }}' }\n",
    secret: life::started_with,
    names,
    add,
};

fn names(server: &Server) -> Vec<String> {
    life::texts(&server.ask("GET", "/hub/api/users?limit=1000", "").json(), "name")
}

fn add(server: &Server, name: &str) {
    let said = server.ask("POST", &format!("/hub/api/users/{name}"), "{}");
    assert!(matches!(said.status, 201 | 409), "{}", said.body);
}

life::shows!(PRESET, lives, proves, refuses "409", keeps_out "403", settles, sweeps);

#[test]
fn a_name_in_upper_case_stays_as_it_is() {
    let real = PRESET.real();
    let machine = real.machine("cas", "  - { name: loud, username: '{{ run.marker }}-LOUD' }\n");
    let setup = machine.run(&["setup", "--persona", "loud"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    assert!(
        names(&real.server)
            .iter()
            .any(|name| name.starts_with("cas-") && name.ends_with("-LOUD"))
    );
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert_eq!(real.count("cas"), 0);
}
