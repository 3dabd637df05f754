//! Keystone before those who see less than all, among them a token whose own account is gone, and after jobs that changed their
//! accounts.

use serde_json::json;

use super::super::eyes::{Books, HALF, Scene, WHOLE, changed};
use super::super::life::Described;
use super::super::server::{SECRET, Server};
use super::{PRESET, as_admin, token_of, users};

/// It does one thing at a time.
const BOOKS: Books = Books {
    users,
    name: "name",
    timeout: "10s",
};
/// The account is whoever a variable names.
const NAME: (&str, &str) = ("user: admin,", "user: '{{ env.NAME }}',");
const OURS: (&str, &str) = ("NAME", "admin");

fn killed(prefix: &str) -> Scene {
    Scene::killed(changed(&PRESET.real(), &[NAME]), BOOKS, prefix, &[OURS])
}

fn whole(prefix: &str) -> Scene {
    Scene::whole(changed(&PRESET.real(), &[NAME]), BOOKS, prefix, &[OURS])
}

/// The description with a token in place of the log-in, and with these lines.
fn with_token(more: &str) -> Described {
    let mut real = PRESET.real();
    real.service = format!(
        "    preset: keystone\n    url: '{{{{ env.URL }}}}/v3'\n    auth: {{ header: {{ X-Auth-Token: '{{{{ env.SECRET }}}}' }} }}\n{more}"
    );
    real.secret = token_of(&real.server, "admin");
    real
}

/// The token of an administrator whose account is deleted by now.
fn token_of_nobody(server: &Server, name: &str) -> String {
    let body = json!({"user": {"name": name, "password": SECRET}}).to_string();
    let user = as_admin(server, "POST", "/v3/users", &body).json();
    let user = user["user"]["id"].as_str().unwrap();
    let roles = as_admin(server, "GET", "/v3/roles?name=admin", "").json();
    let role = roles["roles"][0]["id"].as_str().unwrap();
    let given = as_admin(server, "PUT", &format!("/v3/system/users/{user}/roles/{role}"), "");
    assert_eq!(given.status, 204, "{}", given.body);
    let token = token_of(server, name);
    let own = [format!("X-Auth-Token: {token}")];
    assert_eq!(server.ask_with("GET", "/v3/users", &[&own[0]], "").status, 200);
    assert_eq!(as_admin(server, "DELETE", &format!("/v3/users/{user}"), "").status, 204);
    assert_eq!(server.ask_with("GET", "/v3/users", &[&own[0]], "").status, 404);
    token
}

#[test]
fn a_killed_setup_is_settled_by_who_may_manage() {
    killed("oma").empties();
}

#[test]
fn a_token_whose_own_account_is_gone_leaves_all_and_says_so() {
    let mut scene = Scene::killed(with_token(""), BOOKS, "ogo", &[]);
    let token = token_of_nobody(&scene.real.server, "leaver");
    scene.machine.set("SECRET", &token);
    scene.leaves(HALF, "404");
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.empties();
}

/// Without credentials every address is 401 there, so that this 404 looks like that of somebody who may see.
#[test]
fn a_token_whose_own_account_is_gone_leaves_all_although_there_is_no_probe() {
    for (prefix, absent) in [("owa", "absent: []"), ("owb", "absent: [404]")] {
        let mistakes = format!("    probe: null\n    find: {{ {absent} }}\n");
        let mut scene = Scene::killed(with_token(&mistakes), BOOKS, prefix, &[]);
        let token = token_of_nobody(&scene.real.server, &format!("leaver-{prefix}"));
        scene.machine.set("SECRET", &token);
        scene.leaves(HALF, "real/half-");
        let secret = scene.real.secret.clone();
        scene.machine.set("SECRET", &secret);
        scene.empties();
    }
}

#[test]
fn who_may_see_and_not_manage_leaves_all_and_says_so() {
    let mut scene = killed("ore");
    scene.machine.set("NAME", "reader");
    scene.leaves(HALF, "403");
    scene.machine.set("NAME", "admin");
    scene.empties();
}

#[test]
fn dead_credentials_leave_all_and_say_so() {
    let mut scene = killed("ode");
    scene.machine.set("SECRET", "a-password-that-is-dead-by-now");
    scene.leaves(HALF, "401");
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.empties();
}

/// Changes the user of that number by the administrator.
fn change(scene: &Scene, number: usize, change: &serde_json::Value) {
    let path = format!("/v3/users/{}", scene.id(number));
    let said = as_admin(&scene.real.server, "PATCH", &path, &json!({"user": change}).to_string());
    assert_eq!(said.status, 200, "{}", said.body);
}

#[test]
fn whom_the_job_renamed_is_deleted_or_named() {
    let scene = whole("orn");
    change(&scene, 0, &json!({"name": "renamed-by-the-job"}));
    scene.empties_or_names(scene.id(0));
}

#[test]
fn whom_the_job_gave_another_address_is_deleted() {
    let scene = whole("oem");
    for number in 0..WHOLE {
        change(
            &scene,
            number,
            &json!({"email": "elsewhere@example.org", "enabled": false}),
        );
    }
    scene.empties();
}

#[test]
fn whom_the_job_deleted_itself_is_gone() {
    let scene = whole("odl");
    for number in 0..WHOLE {
        let path = format!("/v3/users/{}", scene.id(number));
        assert_eq!(as_admin(&scene.real.server, "DELETE", &path, "").status, 204);
    }
    scene.empties();
}

#[test]
fn no_sweep_is_green_that_can_t_see_or_delete() {
    let mut scene = killed("osw");
    scene.forget();
    scene.machine.set("NAME", "reader");
    scene.is_not_swept();
    scene.machine.set("SECRET", "a-password-that-is-dead-by-now");
    scene.is_not_swept();
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.machine.set("NAME", "admin");
    scene.is_swept();
}

#[test]
fn no_sweep_is_green_whose_own_account_is_gone() {
    let mut scene = Scene::killed(with_token(""), BOOKS, "ost", &[]);
    scene.forget();
    let token = token_of_nobody(&scene.real.server, "sweeper");
    scene.machine.set("SECRET", &token);
    scene.is_not_swept();
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.is_swept();
}
