//! What the hint of a leftover says is done to the letter: then nothing is left.

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use super::command_of;
use crate::desk::{Desk, Ended};

const SECRET: &str = "s3cret-of-qa-9917";
const FIND: &str = "find: { request: 'GET /accounts?username={{ account.username }}', items: body.items, id: item.id, name: item.username }";

fn users(faults: &[&str]) -> SandboxHandle {
    let service = ServiceSpec::new("users").basic("qa", SECRET);
    let builder = Sandbox::builder().service(service);
    Sandbox::spawn_thread(faults.iter().fold(builder, |builder, fault| builder.fault(fault))).unwrap()
}

fn config(lines: &[&str]) -> String {
    format!(
        "services:
  - name: users
    url: '{{{{ env.USERS_URL }}}}'
    auth: {{ basic: {{ username: qa, password: '{{{{ env.USERS_PASSWORD }}}}' }} }}
    timeout: 2s
    {}
accounts: [{{ name: alice }}, {{ name: bob }}]
",
        lines.join("\n    ")
    )
}

fn desk(users: &SandboxHandle, lines: &[&str]) -> Desk {
    Desk::new()
        .configured(&config(lines))
        .with("USERS_URL", &users.url("users"))
        .with("USERS_PASSWORD", SECRET)
}

/// The log has this hint, and the command that it gives leaves nothing, with this configuration.
fn follow(desk: &Desk, ended: &Ended, hint: &str, lines: &[&str], users: &SandboxHandle) {
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains(hint), "`{hint}` is not said: {}", ended.stderr);
    assert!(users.books("users").unwrap().left().count() > 0, "{}", ended.stderr);
    desk.write("mended.yml", &config(lines));
    let leftover = ended.stderr.split_once("may still exist").unwrap().1;
    let command = command_of(leftover, "mended.yml");
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let followed = desk.run(&words);
    assert_eq!(followed.code, Some(0), "{words:?}: {}", followed.stderr);
    assert_eq!(users.books("users").unwrap().left().count(), 0, "{}", followed.stderr);
}

#[test]
fn a_look_up_that_is_mended_as_the_hint_says_finds_what_is_left() {
    let wrong = |from: &str, to: &str| FIND.replace(from, to);
    for (find, hint) in [
        (wrong("/accounts?", "/acounts?"), "check the path of `find`"),
        (wrong("body.items", "body.users"), "correct the `find` of `users`"),
        (wrong("item.id", "item.ident"), "correct the `find` of `users`"),
        (wrong("item.username", "item.login"), "correct `name` of `find`"),
        (
            wrong("account.username", "account.email"),
            "correct the `find` of `users`",
        ),
    ] {
        let users = users(&["users POST @-alice 1 lost"]);
        let desk = desk(&users, &[&find]);
        let ended = desk.run(&["setup"]);
        follow(&desk, &ended, hint, &[FIND], &users);
    }
}

#[test]
fn good_credentials_delete_what_dead_ones_have_left() {
    let users = users(&[]);
    let desk = desk(&users, &[FIND]);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let desk = desk.with("USERS_PASSWORD", "of-another-9917");
    let ended = desk.run(&["cleanup"]);
    let desk = desk.with("USERS_PASSWORD", SECRET);
    follow(&desk, &ended, "check the credentials of `users`", &[FIND], &users);
}

#[test]
fn the_values_that_setup_had_delete_what_another_address_has_left() {
    let (users, others) = (users(&[]), users(&[]));
    let desk = desk(&users, &[FIND]);
    assert_eq!(desk.run(&["setup"]).code, Some(0));
    let desk = desk.with("USERS_URL", &others.url("users"));
    let ended = desk.run(&["cleanup"]);
    assert_eq!(others.books("users").unwrap().left().count(), 0);
    let desk = desk.with("USERS_URL", &users.url("users"));
    follow(&desk, &ended, "run it with the same values as setup", &[FIND], &users);
}

#[test]
fn an_eye_that_may_make_a_witness_tells_what_one_without_it_can_not() {
    let users = users(&["users POST * lost"]);
    let desk = desk(
        &users,
        &[&FIND.replace("account.username", "account.email"), "witness: false"],
    );
    let ended = desk.run(&["setup"]);
    assert!(
        ended.stderr.contains("`witness: false` forbids a witness"),
        "{}",
        ended.stderr
    );
    follow(
        &desk,
        &ended,
        "correct the `find` of `users`",
        &[FIND, "witness: false"],
        &users,
    );
}
