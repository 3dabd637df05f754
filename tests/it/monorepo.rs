//! Several configurations merged in order, and parts of a whole: what a repository of many projects needs.

use std::collections::BTreeMap;

use serde_json::Value;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;

fn services() -> SandboxHandle {
    let builder = ["users", "orders"].into_iter().fold(Sandbox::builder(), |it, name| {
        it.service(ServiceSpec::new(name).basic("qa", "sandbox-pw"))
    });
    Sandbox::spawn_thread(builder).unwrap()
}

/// What all projects share, and what one of them adds and changes.
fn desk(services: &SandboxHandle) -> Desk {
    let desk = Desk::new();
    desk.write(
        "base.yml",
        &format!(
            "services:\n  - {{ name: users, url: \"{}\", auth: {{ bearer: of-nobody }}, timeout: 5s }}\naccounts:\n  - {{ name: alice, role: reader, fields: {{ plan: gold, team: a }} }}\n",
            services.url("users")
        ),
    );
    desk.write(
        "shop.yml",
        &format!(
            "services:\n  - {{ name: users, auth: {{ basic: {{ username: qa, password: sandbox-pw }} }} }}\n  - {{ name: orders, url: \"{}\", username: qa, password: sandbox-pw, needs: [users] }}\n\
             accounts:\n  - {{ name: alice, role: admin, fields: {{ team: null }} }}\n  - {{ name: buyer, count: 2 }}\n",
            services.url("orders")
        ),
    );
    desk
}

fn roles(services: &SandboxHandle, service: &str) -> BTreeMap<String, String> {
    let books = services.books(service).unwrap();
    let account = |account: &standin::sandbox::Account| {
        let name = account.username.splitn(3, '-').nth(2).unwrap().to_owned();
        (name, account.role.clone().unwrap_or_default())
    };
    books.left().map(account).collect()
}

#[test]
fn later_files_are_merged_over_earlier_ones_by_the_names_in_them() {
    let services = services();
    let desk = desk(&services);
    let ended = desk.run(&["setup", "--config", "base.yml", "--config", "shop.yml"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let expected = [("alice", "admin"), ("buyer-1", "tester"), ("buyer-2", "tester")];
    let expected = expected.map(|(name, role)| (name.to_owned(), role.to_owned())).into();
    assert_eq!(
        (roles(&services, "users"), roles(&services, "orders")),
        (expected, roles(&services, "users"))
    );
    // Cleanup needs neither of the files: both were put aside.
    for file in ["base.yml", "shop.yml"] {
        desk.write(file, "spoilt: [");
    }
    let ended = desk.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("6 deleted, 0 left"), "{}", ended.stderr);
}

#[test]
fn a_mistake_is_told_with_the_file_that_it_stands_in() {
    let services = services();
    let desk = desk(&services);
    desk.write("typo.yml", "services:\n  - name: users\n    timeuot: 3s\n");
    let ended = desk.run(&["plan", "--config-file", "base.yml,shop.yml,typo.yml"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("typo.yml:3:5: unknown key `timeuot`"),
        "{}",
        ended.stderr
    );
    desk.write("twice.yml", "accounts: [{ name: carol }, { name: carol }]\n");
    let ended = desk.run(&["plan", "--config-file", "base.yml", "--config-file", "twice.yml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("twice.yml:1:"), "{}", ended.stderr);
    desk.write(
        "secret.yml",
        "services:\n  - { name: users, auth: { basic: { username: qa, password: hidden-away } }, x: 1 }\n",
    );
    let ended = desk.run(&["plan", "--config", "base.yml", "--config", "secret.yml"]);
    assert!(
        ended.stderr.contains("secret.yml:2:") && !ended.stderr.contains("hidden-away"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_part_of_the_whole_can_be_provisioned() {
    let services = services();
    let desk = desk(&services);
    let ended = desk.run(&[
        "setup",
        "--config",
        "base.yml",
        "--config",
        "shop.yml",
        "--only",
        "users",
        "--persona",
        "buyer",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let made: Value = serde_json::from_str(&ended.stdout).unwrap();
    let keys: Vec<String> = made
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}/{}",
                one["service"].as_str().unwrap(),
                one["account"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(keys, ["users/buyer-1", "users/buyer-2"]);
    assert_eq!(desk.run(&["cleanup"]).code, Some(0));
}
