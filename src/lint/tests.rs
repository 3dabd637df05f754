//! Each rule on a description that it fires on, and on its nearest neighbour that it doesn't.

use std::collections::BTreeSet;

use super::{Note, RULES, notes};
use crate::config::{Config, preset_names};
use crate::language::Environment;

/// A description that lacks nothing: one key a line, so that a test can take one away.
const COMPLETE: &str = "services:
  - name: users
    url: http://localhost:1
    auth: { bearer: \"{{ env.TOKEN }}\" }
    probe: { request: GET /me }
    create: { request: POST /users, json: { login: \"{{ account.username }}\" }, duplicate: [409], id: body.id, name: body.login }
    verify: { request: \"GET /users/{{ id }}\", name: body.login }
    find: { request: \"GET /users?login={{ account.username }}\", items: body.users, id: item.id, name: item.login }
    list: { request: GET /users, items: body.users, id: item.id, name: item.login, next: link }
    delete: { request: \"DELETE /users/{{ id }}\" }
";

fn of(text: &str) -> Vec<Note> {
    let config = Config::parse("standin.yml", text, &Environment::default());
    let config = config.unwrap_or_else(|found| panic!("{text}\n{found:?}"));
    config.services.iter().flat_map(notes).collect()
}

/// The complete description with other lines in place of those of the same keys; a line `KEY:` alone takes it away.
fn with(lines: &[&str]) -> String {
    let key = |line: &str| line.trim().split(':').next().unwrap_or_default().to_owned();
    let changed: Vec<String> = lines.iter().map(|line| key(line)).collect();
    let kept = COMPLETE.lines().filter(|line| !changed.contains(&key(line)));
    let added = lines.iter().map(|line| {
        let line = if line.ends_with(':') {
            format!("{line} null")
        } else {
            (*line).to_owned()
        };
        format!("    {line}")
    });
    kept.map(str::to_owned).chain(added).collect::<Vec<_>>().join("\n")
}

fn told(lines: &[&str]) -> Vec<String> {
    let line = |note: Note| {
        let write = note.write.unwrap_or_default();
        format!("{} {} {write}", note.code, note.place)
    };
    of(&with(lines)).into_iter().map(line).collect()
}

#[test]
fn a_complete_description_gets_no_note() {
    assert_eq!(of(COMPLETE), []);
}

#[test]
fn what_is_not_there_is_told_with_the_line_to_write() {
    for (lines, expected) in [
        (
            &["find:"] as &[&str],
            "no-find services[0] find: { request: \"GET /users?login={{ account.username }}\", items: body.users, id: item.id, name: item.login }",
        ),
        (
            &["list:"],
            "no-list services[0] list: { request: \"GET /users\", items: body.users, id: item.id, name: item.login, next: link }",
        ),
        (&["probe:"], "no-probe services[0] probe: { request: \"GET /users\" }"),
        (
            &["verify:"],
            "no-verify services[0] verify: { request: \"GET /users/{{ id }}\", name: body.login }",
        ),
        (
            &["verify: { request: \"GET /users/{{ id }}\", name: null }"],
            "no-name services[0].verify name: body.login",
        ),
        (
            &[
                "create: { request: POST /users, json: { login: \"{{ account.username }}\" }, id: body.id, name: body.login }",
            ],
            "no-duplicate services[0].create duplicate: [409]",
        ),
        (
            &["list: { request: GET /users, items: body.users, id: item.id, name: item.login }"],
            "list-end services[0].list next: link   # or `total: body.users | length`, if one page always shows all",
        ),
    ] {
        assert_eq!(told(lines), [expected], "{lines:?}");
    }
}

#[test]
fn what_is_not_needed_is_not_missed() {
    for lines in [
        // Nobody asks for credentials.
        &["auth:", "probe:"] as &[&str],
        // The account's own log-in shows whose it is.
        &[
            "verify: { request: \"POST /log-in\", json: { user: \"{{ account.username }}\", password: \"{{ account.password }}\" }, name: null }",
            "gone: { request: \"GET /users/{{ id }}\" }",
        ],
        // So does a condition on the id.
        &["verify: { request: \"GET /users\", name: null, until: \"id in body.ids\" }"],
        // A key that is the same on every try.
        &[
            "create: { request: POST /users, json: { login: \"{{ account.username }}\" }, id: body.id, name: body.login, idempotency_header: Idempotency-Key }",
        ],
        // Whoever replaces what is there refuses no name.
        &[
            "create: { request: \"PUT /users/{{ account.username }}\", json: {}, id: account.username, name: body.login }",
        ],
        &[
            "list: { request: GET /users, items: body.users, id: item.id, name: item.login, total: body.users | length }",
        ],
        &[
            "list: { request: GET /users, items: body.users, id: item.id, name: item.login, filter: { query: { q: \"{{ run.prefix }}-\" } } }",
        ],
    ] {
        assert_eq!(told(lines), [] as [&str; 0], "{lines:?}");
    }
}

#[test]
fn what_is_lost_without_a_look_up_is_said_as_it_is() {
    let text = |lines: &[&str]| {
        of(&with(lines))
            .into_iter()
            .find(|note| note.code == "no-find")
            .map(|note| note.text)
    };
    let whole_list = text(&["find:"]).expect("a note");
    assert!(
        whole_list.ends_with("cleanup reads the whole list for it"),
        "{whole_list}"
    );
    let nothing = text(&["find:", "list:"]).expect("a note");
    assert!(nothing.ends_with("not deleted"), "{nothing}");
    let chosen = "create: { request: POST /users, json: { login: \"{{ account.username }}\" }, duplicate: [409], id: account.username, name: body.login }";
    let by_id = text(&["find:", "list:", chosen]).expect("a note");
    assert!(by_id.ends_with("fails the setup"), "{by_id}");
    let write = of(&with(&["find:", "list:", chosen])).remove(0).write;
    let expected = "find: { request: \"GET /users/{{ account.username }}\", items: \"[body]\", id: account.username, name: item.login, absent: [404] }";
    assert_eq!(write.as_deref(), Some(expected));
}

#[test]
fn a_no_that_would_be_taken_for_a_yes_is_told() {
    let find = |more: &str| {
        format!(
            "find: {{ request: \"GET /users?login={{{{ account.username }}}}\", items: body.users, id: item.id, name: item.login, {more} }}"
        )
    };
    let delete = |more: &str| format!("delete: {{ request: \"DELETE /users/{{{{ id }}}}\", {more} }}");
    let gone = |more: &str| format!("gone: {{ request: \"GET /users/{{{{ id }}}}\", {more} }}");
    for (line, expected) in [
        (
            find("absent: [403, 404]"),
            "absent-refusal services[0].find absent: [404]",
        ),
        (
            find("absent: status != 200"),
            "absent-refusal services[0].find absent: \"status not in [401, 403, 500, 502, 503] and (status != 200)\"",
        ),
        (
            delete("gone: [401, 404]"),
            "gone-refusal services[0].delete gone: [404]",
        ),
        (
            delete("gone: [200, 404]"),
            "gone-refusal services[0].delete gone: [404]",
        ),
        (
            delete("gone: [403]"),
            "gone-refusal services[0].delete gone: [404, 410]",
        ),
        (
            gone("gone: body.user is undefined"),
            "gone-refusal services[0].gone gone: \"status not in [401, 403, 500, 502, 503] and (body.user is undefined)\"",
        ),
        (
            gone("until: \"status in [403, 404]\""),
            "gone-refusal services[0].gone until: \"status not in [403] and (status in [403, 404])\"",
        ),
        (
            delete("expect: [204, 404]"),
            "expect-refusal services[0].delete expect: [204]",
        ),
        (
            "probe: { request: GET /me, expect: [200, 403] }".to_owned(),
            "expect-refusal services[0].probe expect: [200]",
        ),
    ] {
        assert_eq!(told(&[&line]), [expected], "{line}");
    }
}

#[test]
fn a_no_that_is_taken_for_a_no_is_not_told() {
    for line in [
        "find: { request: \"GET /users?login={{ account.username }}\", items: body.users, id: item.id, name: item.login, absent: [404] }",
        "delete: { request: \"DELETE /users/{{ id }}\", expect: [200, 202, 204], gone: [404, 410] }",
        "delete: { request: \"DELETE /users/{{ id }}\", gone: [] }",
        "gone: { request: \"GET /users/{{ id }}\", gone: \"status == 200 and body.user is undefined\" }",
        "gone: { request: \"GET /users/{{ id }}\", until: \"status in [404, 410]\" }",
        "gone: { request: \"GET /users/{{ id }}\", gone: \"body.error == 'no such user'\" }",
        // A service may be up and still want credentials.
        "ready: { request: GET /, expect: [200, 401] }",
    ] {
        assert_eq!(told(&[line]), [] as [&str; 0], "{line}");
    }
}

#[test]
fn what_cleanup_may_not_have_is_told() {
    let create = "create: { request: POST /users, json: { login: \"{{ account.username }}\" }, duplicate: [409], id: body.id, name: body.login, capture: { folder: body.folder } }";
    let delete = "delete: { request: \"DELETE /folders/{{ capture.folder }}\" }";
    // Such a delete knows too little of an account that is only listed, so there can be no `list`.
    assert_eq!(
        told(&["list:", create, delete])[1..],
        [
            "kept-reads services[0].delete - { request: \"GET /users/{{ id }}\", capture: { folder: body.folder } }   # the first step of `delete`"
        ]
    );
    let captured = "delete: [{ request: \"GET /users/{{ id }}\", capture: { folder: body.folder } }, { request: \"DELETE /folders/{{ capture.folder }}\" }]";
    assert_eq!(told(&[create, captured]), [] as [&str; 0]);
}

#[test]
fn a_variable_on_which_a_delete_alone_hangs_is_told() {
    let delete = |variable: &str| {
        format!(
            "delete: {{ request: \"DELETE /users/{{{{ id }}}}\", headers: {{ X-Reason: \"{{{{ env.{variable} }}}}\" }} }}"
        )
    };
    assert_eq!(told(&[&delete("REASON")]), ["unproved-variable services[0].delete "]);
    assert_eq!(told(&[&delete("TOKEN")]), [] as [&str; 0]);
    let probe = "probe: { request: GET /me, headers: { X-Reason: \"{{ env.REASON | default('x') }}\" } }";
    assert_eq!(told(&[&delete("REASON"), probe]), [] as [&str; 0]);
}

#[test]
fn no_preset_gets_a_note() {
    let auths = [
        "",
        "auth: { bearer: x }",
        "auth: { basic: { username: a, password: b } }",
        "auth: { oauth2: { client_id: a, client_secret: b } }",
        "auth: { header: { X-Token: x } }",
        "auth: { login: { request: POST /login } }",
    ];
    for name in preset_names() {
        let parameters = crate::config::preset(name).expect("a preset").parameters;
        let required = parameters.iter().filter(|one| one.is_required());
        let with: Vec<String> = required.map(|one| format!("{}: x", one.name)).collect();
        let read = auths.iter().find_map(|auth| {
            let text = format!(
                "services:\n  - name: it\n    preset: {name}\n    url: http://localhost:1\n    with: {{ {} }}\n    {auth}\n",
                with.join(", ")
            );
            Config::parse("standin.yml", &text, &Environment::default()).ok()
        });
        let config = read.unwrap_or_else(|| panic!("{name} can't be read with any of the credentials"));
        let found: Vec<Note> = config.services.iter().flat_map(notes).collect();
        assert_eq!(found, [], "{name}");
    }
}

#[test]
fn codes_are_unique_and_in_kebab_case() {
    let codes: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), RULES.len());
    let is_kebab = |code: &&str| code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(codes.iter().all(is_kebab), "{codes:?}");
}
