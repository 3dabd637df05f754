//! `RabbitMQ`, whose create of a name that is taken would overwrite its password.

use std::iter;

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};

static PRESET: Preset = Preset {
    kind: Kind {
        name: "rabbitmq",
        ready: "GET /api/whoami",
        // guest:guest
        headers: &["Authorization: Basic Z3Vlc3Q6Z3Vlc3Q="],
    },
    shared: Shared::new(),
    service: "    preset: rabbitmq\n    url: '{{ env.URL }}'\n    with: { tags: management }\n    auth: { basic: { username: guest, password: '{{ env.SECRET }}' } }\n",
    secret: |_| "guest".to_owned(),
    names,
    add,
};

fn names(server: &Server) -> Vec<String> {
    // It stumbles over a user that is deleted while it lists them: 500 and no body.
    let users = iter::repeat_with(|| server.ask("GET", "/api/users", ""))
        .take(100)
        .find(|said| said.status != 500)
        .expect("a list of users");
    life::texts(&users.json(), "name")
}

fn add(server: &Server, name: &str) {
    let said = server.ask(
        "PUT",
        &format!("/api/users/{name}"),
        r#"{"password": "of-a-person", "tags": "management"}"#,
    );
    assert!(matches!(said.status, 201 | 204), "{}", said.body);
}

life::shows!(PRESET, lives, proves, keeps_out "401", settles, sweeps);

#[test]
fn a_person_of_the_same_name_keeps_the_password() {
    let mut real = PRESET.real();
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
