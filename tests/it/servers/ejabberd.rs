//! ejabberd, whose answers are a sentence, a bare 0 and a bare 1.

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};

static PRESET: Preset = Preset {
    kind: Kind {
        name: "ejabberd",
        ready: "POST /api/registered_vhosts",
        // admin@localhost with the tests' secret.
        headers: &["Authorization: Basic YWRtaW5AbG9jYWxob3N0OjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc="],
    },
    shared: Shared::new(),
    service: "    preset: ejabberd\n    url: '{{ env.URL }}/api'\n    with: { host: localhost }\n    auth: { basic: { username: admin@localhost, password: '{{ env.SECRET }}' } }\n",
    secret: life::started_with,
    names,
    add,
};

fn names(server: &Server) -> Vec<String> {
    let users = server
        .ask("POST", "/api/registered_users", r#"{"host": "localhost"}"#)
        .json();
    let users = users.as_array().unwrap();
    users.iter().map(|user| user.as_str().unwrap().to_owned()).collect()
}

fn add(server: &Server, name: &str) {
    let body = format!(r#"{{"user": "{name}", "host": "localhost", "password": "of-a-person"}}"#);
    let said = server.ask("POST", "/api/register", &body);
    assert!(matches!(said.status, 200 | 409), "{}", said.body);
}

life::shows!(PRESET, lives, proves, keeps_out "401", settles, sweeps);

#[test]
fn a_person_of_the_same_name_keeps_the_password() {
    let real = PRESET.real();
    let setup = life::duplicate(&real);
    assert!(setup.log.contains("409"), "{}", setup.log);
    let body = r#"{"user": "taken", "host": "localhost", "password": "of-a-person"}"#;
    assert_eq!(real.server.ask("POST", "/api/check_password", body).body, "0");
}

#[test]
fn a_bare_one_is_an_account_that_is_not_there() {
    let real = PRESET.real();
    let machine = real.machine("one", "");
    let setup = machine.run(&["setup", "--persona", "alice"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    let name = names(&real.server)
        .into_iter()
        .find(|name| name.starts_with("one-"))
        .unwrap();
    let body = format!(r#"{{"user": "{name}", "host": "localhost"}}"#);
    // Somebody else deletes it: a delete is answered with 200 all the same, and the read after it with 1.
    assert_eq!(real.server.ask("POST", "/api/unregister", &body).status, 200);
    assert_eq!(real.server.ask("POST", "/api/check_account", &body).body, "1");
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert!(cleanup.log.contains(", 0 left"), "{}", cleanup.log);
}

#[test]
fn a_malformed_name_is_a_failure_of_the_server_that_leaves_nothing() {
    let real = PRESET.real();
    let machine = real.machine("mal", "  - { name: odd, username: '{{ run.marker }} at@home' }\n");
    let setup = machine.run(&["setup", "--persona", "odd"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(setup.log.contains("500"), "{}", setup.log);
    assert!(setup.log.contains("0 left"), "{}", setup.log);
    assert_eq!(real.count("mal"), 0);
}
