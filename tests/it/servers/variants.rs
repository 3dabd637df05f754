//! Descriptions with one thing wrong, on real servers: a check says which block it is.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::eyes::changed;
use super::life::{self, Preset};
use super::{jupyterhub, keycloak, keystone, pocketbase, redmine, wordpress};

/// What is changed in a preset's description, and the block that a check has to find wrong.
type Variant = (&'static str, &'static str);

const KEYCLOAK_LOOKS: [Variant; 10] = [
    (
        "find: { query: { username: null, user: '{{ account.username }}' } }",
        "find",
    ),
    ("find: { request: 'GET /admin/realms/{{ with.realm }}/user' }", "find"),
    ("find: { items: body.users }", "find"),
    ("find: { id: item.username }", "find"),
    ("find: { name: item.email }", "find"),
    ("find: { name: item.firstName }", "find"),
    ("list: { items: body.items }", "list"),
    ("list: { request: 'GET /admin/realms/{{ with.realm }}/people' }", "list"),
    ("list: { id: item.email }", "list"),
    (
        "list: { filter: { query: { username: 'nobody-{{ run.prefix }}-' } } }",
        "list",
    ),
];

const KEYCLOAK: [Variant; 8] = [
    ("verify: { name: body.email }", "verify"),
    ("verify: { name: body.userName }", "verify"),
    ("verify: { until: body.active == true, within: 1s }", "verify"),
    ("create: { id: body.id }", "create"),
    ("create: { expect: [200] }", "create"),
    ("create: { duplicate: [422] }", "create"),
    ("probe: { request: 'GET /realms/{{ with.realm }}' }", "probe"),
    ("probe: { request: 'GET /admin/realms/{{ with.realm }}/none' }", "probe"),
];

const POCKETBASE: [Variant; 9] = [
    ("create: { duplicate: [409] }", "create"),
    ("create: { name: body.name }", "create"),
    ("verify: { name: body.name }", "verify"),
    (
        "find: { query: { filter: \"(name='{{ account.username }}')\" } }",
        "find",
    ),
    (
        "list: { filter: { query: { filter: \"(name~'{{ run.prefix }}-%')\" } } }",
        "list",
    ),
    ("list: { items: body.records }", "list"),
    ("probe: { request: GET /api/health }", "probe"),
    ("gone: { gone: [410], within: 1s }", "gone"),
    (
        "delete: { request: 'DELETE /api/collections/{{ with.collection }}/record/{{ id }}' }",
        "delete",
    ),
];

const REDMINE: [Variant; 4] = [
    ("create: { id: body.user.login }\n    verify: { within: 1s }", "create"),
    ("create: { duplicate: status == 409 }", "create"),
    ("find: { query: { name: 'x{{ account.username }}' } }", "find"),
    ("list: { name: item.mail }", "list"),
];

const JUPYTERHUB: [Variant; 4] = [
    ("find: { absent: null }", "find"),
    (
        "find: { request: GET /users, items: body, query: { name: '{{ account.username }}' } }",
        "find",
    ),
    ("delete: { expect: [200], gone: [410] }", "delete"),
    ("auth: { bearer: of-nobody }", "probe"),
];

#[derive(Deserialize)]
struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    block: String,
    verdict: String,
    hint: Option<String>,
}

/// Each is told by its block, and by no other that is right. Whatever could not be deleted is named.
fn told(preset: &'static Preset, prefix: &str, variants: &[Variant]) {
    let mut mistakes = Vec::new();
    let _one_server = preset.real();
    for (change, block) in variants {
        let mut real = preset.real();
        let (key, _) = change.split_once(':').unwrap();
        // A key that the description has already is replaced whole.
        let own = format!("    {key}:");
        let kept = real.service.lines().filter(|line| !line.starts_with(&own));
        let lines: Vec<&str> = kept.collect();
        real.service = format!("{}\n    {change}\n", lines.join("\n"));
        let machine = real.machine(prefix, "");
        // What another variant has named stays there.
        let before = real.count(prefix);
        let check = machine.run(&["check", "--format", "json"]);
        let Ok(report) = serde_json::from_str::<Report>(&check.data) else {
            mistakes.push(format!("{change}: {}\n{}", check.data, check.log));
            continue;
        };
        let wrong = report.findings.iter().filter(|finding| finding.verdict == "wrong");
        let blocks: BTreeSet<&str> = wrong.clone().map(|finding| finding.block.as_str()).collect();
        let is_hinted = wrong
            .clone()
            .any(|finding| finding.block == *block && finding.hint.is_some());
        if check.code() != Some(1) || report.ok || !blocks.contains(block) || !is_hinted {
            mistakes.push(format!("{change}: {blocks:?}: {}\n{}", check.data, check.log));
        }
        life::assert_quiet(&check, &real.secret);
        let left = real.count(prefix) - before;
        if left > 0 && !check.log.contains("may still exist") {
            mistakes.push(format!("{change}: {left} are left, and nothing says so: {}", check.log));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}

/// Whoever may less than is needed is told so, at the first block that needs it. Who is asked for stands in the description as
/// `whole`, and is another in its place.
fn lacks(preset: &'static Preset, prefix: &str, (whole, own): (&str, &str), others: &[Variant]) {
    let _one_server = preset.real();
    for (other, block) in others {
        let part = whole.replace(own, other);
        let real = changed(&preset.real(), &[(whole, &part)]);
        let machine = real.machine(prefix, "");
        let check = machine.run(&["check", "--format", "json"]);
        assert_eq!(check.code(), Some(1), "{other}: {}\n{}", check.data, check.log);
        let report: Report = serde_json::from_str(&check.data).unwrap();
        let wrong = report.findings.iter().filter(|finding| finding.verdict == "wrong");
        let first = wrong.map(|finding| finding.block.as_str()).next();
        assert_eq!(first, Some(*block), "{other}: {}", check.data);
        assert_eq!(real.count(prefix), 0, "{other}: {}", check.log);
    }
}

#[test]
fn a_check_says_which_right_a_client_of_keycloak_lacks() {
    let whole = ("client_id: standin", "standin");
    // What each may not, and what that stops: to see, to create, to see and create.
    let others = [("asker", "probe"), ("viewer", "create"), ("nobody", "probe")];
    lacks(&keycloak::PRESET, "rig", whole, &others);
}

#[test]
fn a_check_says_which_right_an_account_of_keystone_lacks() {
    let whole = ("user: admin,", "admin");
    lacks(
        &keystone::PRESET,
        "rig",
        whole,
        &[("reader", "create"), ("nobody", "probe")],
    );
}

#[test]
fn a_check_says_which_right_an_account_of_wordpress_lacks() {
    let whole = ("username: admin", "admin");
    // Who may delete and not list; who may list with all fields and not create; who may neither; whom nobody knows.
    let others = [
        ("manager", "probe"),
        ("viewer", "create"),
        ("editor", "probe"),
        ("nobody", "probe"),
    ];
    lacks(&wordpress::PRESET, "rig", whole, &others);
}

#[test]
fn a_check_names_the_wrong_block_before_keycloak() {
    told(&keycloak::PRESET, "var", &KEYCLOAK);
}

#[test]
fn a_check_names_the_look_that_is_wrong_before_keycloak() {
    told(&keycloak::PRESET, "vax", &KEYCLOAK_LOOKS);
}

#[test]
fn a_check_names_the_wrong_block_before_pocketbase() {
    told(&pocketbase::PRESET, "var", &POCKETBASE);
}

#[test]
fn a_check_names_the_wrong_block_before_redmine() {
    told(&redmine::PRESET, "var", &REDMINE);
}

#[test]
fn a_check_names_the_wrong_block_before_jupyterhub() {
    told(&jupyterhub::PRESET, "var", &JUPYTERHUB);
}
