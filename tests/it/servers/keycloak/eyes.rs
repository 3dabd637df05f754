//! Keycloak before those who see less than all, and after jobs that changed their accounts.

use serde_json::json;

use super::super::eyes::{Books, HALF, Scene, WHOLE, changed};
use super::{PRESET, USERS, as_admin, users};

const BOOKS: Books = Books {
    users,
    name: "username",
    timeout: "5s",
};
/// The client is whoever a variable names.
const CLIENT: (&str, &str) = ("client_id: standin", "client_id: '{{ env.CLIENT }}'");
const OURS: (&str, &str) = ("CLIENT", "standin");
/// A probe that whoever may ask for users passes, whether they are shown or not.
const WEAK: (&str, &str) = (
    "    url:",
    "    probe: { request: 'GET /admin/realms/qa/users/count' }\n    url:",
);

fn killed(prefix: &str) -> Scene {
    Scene::killed(changed(&PRESET.real(), &[CLIENT]), BOOKS, prefix, &[OURS])
}

fn whole(prefix: &str) -> Scene {
    Scene::whole(changed(&PRESET.real(), &[CLIENT]), BOOKS, prefix, &[OURS])
}

#[test]
fn a_killed_setup_is_settled_by_who_may_manage() {
    let scene = killed("kma");
    scene.empties();
    let mut scene = killed("kmb");
    scene.machine.set("CLIENT", "manager");
    scene.empties();
}

#[test]
fn who_may_ask_and_not_see_leaves_all_and_says_so() {
    let mut scene = killed("kas");
    scene.machine.set("CLIENT", "asker");
    scene.leaves(HALF, "403");
    scene.machine.set("CLIENT", "standin");
    scene.empties();
}

#[test]
fn who_may_ask_and_not_see_leaves_all_although_the_probe_passes() {
    let real = changed(&PRESET.real(), &[CLIENT, WEAK]);
    let mut scene = Scene::killed(real, BOOKS, "kwe", &[OURS]);
    scene.machine.set("CLIENT", "asker");
    scene.leaves(HALF, "real/half-");
    scene.machine.set("CLIENT", "standin");
    scene.empties();
}

#[test]
fn who_may_see_and_not_manage_leaves_all_and_says_so() {
    let mut scene = killed("kvi");
    scene.machine.set("CLIENT", "viewer");
    scene.leaves(HALF, "403");
    scene.machine.set("CLIENT", "standin");
    scene.empties();
}

#[test]
fn dead_credentials_leave_all_and_say_so() {
    let mut scene = killed("kde");
    scene.machine.set("SECRET", "a-secret-that-is-dead-by-now");
    scene.leaves(HALF, "401");
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.empties();
}

#[test]
fn whom_the_job_renamed_is_deleted_or_named() {
    let scene = whole("kre");
    // By itself a realm lets nobody change a user name.
    let realm = json!({"editUsernameAllowed": true}).to_string();
    assert_eq!(
        as_admin(&scene.real.server, "PUT", "/admin/realms/qa", &realm).status,
        204
    );
    let path = format!("{USERS}/{}", scene.id(0));
    let body = json!({"username": "renamed-by-the-job"}).to_string();
    let said = as_admin(&scene.real.server, "PUT", &path, &body);
    assert_eq!(said.status, 204, "{}", said.body);
    assert!(scene.alive().values().any(|name| name == "renamed-by-the-job"));
    scene.empties_or_names(scene.id(0));
}

#[test]
fn whom_the_job_gave_another_address_is_deleted() {
    let scene = whole("kem");
    for number in 0..WHOLE {
        let body = json!({"email": format!("elsewhere-{number}@example.org")}).to_string();
        let path = format!("{USERS}/{}", scene.id(number));
        assert_eq!(as_admin(&scene.real.server, "PUT", &path, &body).status, 204);
    }
    scene.empties();
}

#[test]
fn whom_the_job_deleted_itself_is_gone() {
    let scene = whole("kdl");
    for number in 0..WHOLE {
        let path = format!("{USERS}/{}", scene.id(number));
        assert_eq!(as_admin(&scene.real.server, "DELETE", &path, "").status, 204);
    }
    scene.empties();
}

#[test]
fn no_sweep_is_green_that_can_t_see_or_delete() {
    let mut scene = killed("ksw");
    scene.forget();
    for client in ["asker", "viewer"] {
        scene.machine.set("CLIENT", client);
        scene.is_not_swept();
    }
    scene.machine.set("SECRET", "a-secret-that-is-dead-by-now");
    scene.is_not_swept();
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.machine.set("CLIENT", "standin");
    scene.is_swept();
}
