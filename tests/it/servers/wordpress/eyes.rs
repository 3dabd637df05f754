//! `WordPress` before visitors and those who see less than all, and after jobs that changed their accounts.

use serde_json::json;

use super::super::eyes::{self, Books, HALF, Scene, WHOLE, changed};
use super::super::life::Described;
use super::{PRESET, USERS, as_admin, users};

const BOOKS: Books = Books {
    users,
    name: "username",
    timeout: "5s",
};
/// The account is whoever a variable names.
const NAME: (&str, &str) = ("username: admin", "username: '{{ env.NAME }}'");
const OURS: (&str, &str) = ("NAME", "admin");
const WRONG: &str = "a-password-that-is-wrong-by-now";

fn killed(prefix: &str) -> Scene {
    Scene::killed(changed(&PRESET.real(), &[NAME]), BOOKS, prefix, &[OURS])
}

fn whole(prefix: &str) -> Scene {
    Scene::whole(changed(&PRESET.real(), &[NAME]), BOOKS, prefix, &[OURS])
}

/// What visitors see too, with a probe that every visitor passes: three mistakes that belong together.
fn public() -> Described {
    let mut real = changed(&PRESET.real(), &[NAME]);
    real.service.push_str(
        "    probe: { request: GET /wp-json/wp/v2/users?per_page=1 }
    verify: { request: 'GET /wp-json/wp/v2/users/{{ id }}', name: body.slug, until: null }
    find: { request: GET /wp-json/wp/v2/users?per_page=100, name: item.slug }
    list: { request: GET /wp-json/wp/v2/users?per_page=100&orderby=id, name: item.slug, filter: { query: { search: '{{ run.prefix }}-*' } } }
    gone: { request: 'GET /wp-json/wp/v2/users/{{ id }}' }
",
    );
    real
}

#[test]
fn a_killed_setup_is_settled_by_who_may_manage() {
    killed("wma").empties();
}

#[test]
fn a_wrong_password_leaves_all_and_says_so() {
    let mut scene = killed("wde");
    scene.machine.set("SECRET", WRONG);
    scene.leaves(HALF, "401");
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.empties();
}

#[test]
fn a_visitor_s_view_leaves_all_and_says_so() {
    let mut scene = Scene::killed(public(), BOOKS, "wpu", &[OURS]);
    scene.machine.set("SECRET", WRONG);
    scene.leaves(HALF, "real/half-");
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.empties();
}

#[test]
fn who_may_not_delete_leaves_all_and_says_so() {
    let mut scene = killed("wed");
    for name in ["editor", "viewer"] {
        scene.machine.set("NAME", name);
        scene.leaves(HALF, "403");
    }
    scene.machine.set("NAME", "admin");
    scene.empties();
}

#[test]
fn who_may_delete_and_not_list_names_what_is_left() {
    let mut scene = killed("wmn");
    scene.machine.set("NAME", "manager");
    let told = scene.cleanup();
    assert_eq!(told.ended.code(), Some(1), "{}", told.ended.log);
    scene.machine.set("NAME", "admin");
    scene.empties();
}

#[test]
fn whom_the_job_changed_is_deleted() {
    let scene = whole("wem");
    for number in 0..WHOLE {
        let path = format!("{USERS}/{}", scene.id(number));
        // The name of a user can't be changed there, but what it is shown as.
        let body = json!({
            "email": format!("elsewhere-{number}@example.org"), "slug": format!("elsewhere-{number}"), "name": "Somebody Else",
        });
        let said = as_admin(&scene.real.server, "POST", &path, &body.to_string());
        assert_eq!(said.status, 200, "{}", said.body);
    }
    scene.empties();
}

#[test]
fn whom_the_job_deleted_itself_is_gone() {
    let scene = whole("wdl");
    for number in 0..WHOLE {
        let path = format!("{USERS}/{}?force=true&reassign=", scene.id(number));
        assert_eq!(as_admin(&scene.real.server, "DELETE", &path, "").status, 200);
    }
    scene.empties();
}

#[test]
fn no_sweep_is_green_that_can_t_see_or_delete() {
    let mut scene = killed("wsw");
    scene.forget();
    for name in ["editor", "viewer", "manager"] {
        scene.machine.set("NAME", name);
        scene.is_not_swept();
    }
    scene.machine.set("NAME", "admin");
    scene.machine.set("SECRET", WRONG);
    scene.is_not_swept();
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.is_swept();
}

#[test]
fn no_sweep_is_green_with_a_visitor_s_view() {
    if !eyes::open() {
        return;
    }
    let mut scene = Scene::killed(public(), BOOKS, "wsv", &[OURS]);
    scene.forget();
    scene.machine.set("SECRET", WRONG);
    scene.is_not_swept();
    let secret = scene.real.secret.clone();
    scene.machine.set("SECRET", &secret);
    scene.is_swept();
}
