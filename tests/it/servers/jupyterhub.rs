//! `JupyterHub`, which answers a wrong token with 403.

use super::life::{self, Described};
use super::server::{Kind, SECRET, Server, Shared};

static KIND: Kind = Kind {
    name: "jupyterhub",
    ready: "GET /hub/api/info",
    headers: &["Authorization: token 0123456789abcdef0123456789abcdef01234567"],
};
static SHARED: Shared = Shared::new();

fn real() -> Described {
    Described {
        server: SHARED.server(&KIND),
        service: "    preset: jupyterhub\n    url: '{{ env.URL }}/hub/api'\n    auth: { bearer: '{{ env.SECRET }}' }\n"
            .to_owned(),
        secret: SECRET.to_owned(),
        names,
        add,
    }
}

fn names(server: &Server) -> Vec<String> {
    let users = server.ask("GET", "/hub/api/users?limit=200", "").json();
    let users = users.as_array().unwrap();
    users
        .iter()
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect()
}

fn add(server: &Server, name: &str) {
    let said = server.ask("POST", &format!("/hub/api/users/{name}"), "{}");
    assert!(matches!(said.status, 201 | 409), "{}", said.body);
}

#[test]
fn twenty_users_live_and_are_gone() {
    life::life_cycle(&real());
}

#[test]
fn a_person_of_the_same_name_stays() {
    let setup = life::duplicate(&real());
    assert!(setup.log.contains("409"), "{}", setup.log);
}

#[test]
fn wrong_credentials_make_nothing() {
    life::wrong_credentials(&real(), "403");
}

#[test]
fn a_killed_setup_is_settled() {
    life::killed(&real());
}

#[test]
fn a_name_in_upper_case_stays_as_it_is() {
    let real = real();
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
