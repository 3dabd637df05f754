//! The user pools of Amazon Cognito, as moto has them: every request is signed, and every signature is checked.

use super::life::{self, Preset};
use super::server::{Kind, Server, Shared};

static PRESET: Preset = Preset {
    kind: Kind {
        name: "moto",
        ready: "GET /names",
        headers: &[],
    },
    shared: Shared::new(),
    service: "    preset: cognito\n    url: '{{ env.URL }}'\n    with: { user_pool: eu-central-1_standinqa, region: eu-central-1 }\n    auth: { aws: { access_key_id: AKIASTANDINADMIN0000, secret_access_key: '{{ env.SECRET }}' } }\n",
    secret: life::started_with,
    names,
    add,
};

fn names(server: &Server) -> Vec<String> {
    serde_json::from_value(server.ask("GET", "/names", "").json()).unwrap()
}

fn add(server: &Server, name: &str) {
    assert_eq!(server.ask("PUT", &format!("/names/{name}"), "").status, 200);
}

life::shows!(PRESET, lives, proves, refuses "400", keeps_out "403", settles, sweeps);

#[test]
fn a_key_that_may_only_look_makes_nothing_and_is_told() {
    let real = PRESET.real();
    // It holds the server, for as long as it is there.
    let reader = life::Described {
        service: real.service.replace("AKIASTANDINADMIN0000", "AKIASTANDINREADER000"),
        ..real
    };
    let machine = reader.machine("rea", "");
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(
        setup
            .log
            .contains("is not authorized to perform: cognito-idp:AdminCreateUser"),
        "{}",
        setup.log
    );
    assert_eq!(reader.count("rea"), 0);
}
