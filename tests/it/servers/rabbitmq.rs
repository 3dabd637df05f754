//! `RabbitMQ`, whose create of a name that is taken would overwrite its password.

use std::iter;

use super::life::{self, Described};
use super::server::{Kind, Server, Shared};

static KIND: Kind = Kind {
    name: "rabbitmq",
    ready: "GET /api/whoami",
    // guest:guest
    headers: &["Authorization: Basic Z3Vlc3Q6Z3Vlc3Q="],
};
static SHARED: Shared = Shared::new();

fn real() -> Described {
    Described {
        server: SHARED.server(&KIND),
        service: "    preset: rabbitmq\n    url: '{{ env.URL }}'\n    with: { tags: management }\n    auth: { basic: { username: guest, password: '{{ env.SECRET }}' } }\n".to_owned(),
        secret: "guest".to_owned(),
        names,
        add,
    }
}

fn names(server: &Server) -> Vec<String> {
    // It stumbles over a user that is deleted while it lists them: 500 and no body.
    let users = iter::repeat_with(|| server.ask("GET", "/api/users", ""))
        .take(100)
        .find(|said| said.status != 500)
        .expect("a list of users")
        .json();
    let users = users.as_array().unwrap();
    users
        .iter()
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect()
}

fn add(server: &Server, name: &str) {
    let said = server.ask(
        "PUT",
        &format!("/api/users/{name}"),
        r#"{"password": "of-a-person", "tags": "management"}"#,
    );
    assert!(matches!(said.status, 201 | 204), "{}", said.body);
}

#[test]
fn twenty_users_live_and_are_gone() {
    life::life_cycle(&real());
}

#[test]
fn a_person_of_the_same_name_keeps_the_password() {
    let mut real = real();
    let looked = life::duplicate(&real);
    assert!(looked.log.contains("none was sent"), "{}", looked.log);
    // Without a look-up, and where somebody comes between, it is the server that refuses.
    real.service.push_str("    find: null\n");
    let refused = life::duplicate(&real);
    assert!(refused.log.contains("412"), "{}", refused.log);
    // taken:of-a-person
    let own = ["Authorization: Basic dGFrZW46b2YtYS1wZXJzb24="];
    assert_eq!(real.server.ask_with("GET", "/api/whoami", &own, "").status, 200);
}

#[test]
fn wrong_credentials_make_nothing() {
    life::wrong_credentials(&real(), "401");
}

#[test]
fn a_killed_setup_is_settled() {
    life::killed(&real());
}
