//! Mistakes as they are told, and what is never shown with them.

use super::*;
use crate::config::Config;
use crate::language::Environment;

fn errors(text: &str) -> String {
    let environment = Environment::new([], Some(vec!["QA_*".to_owned(), "GITHUB_*".to_owned()]));
    match Config::parse("standin.yml", text, &environment) {
        Ok(_) => "none".to_owned(),
        Err(diagnostics) => render(&diagnostics).in_full(),
    }
}

#[test]
fn several_mistakes_are_told_at_once_and_shown() {
    let text = "services:
  - name: Users
    url: localhost:8081
    timeout: 10
    limits: { concurency: 0, rate: fast }
    create: { request: POST accounts, id: body.id | lst, expect: 200 }
    delete: []
  - name: b
    url: http://x
    preset: keycloak
    verify: { request: \"GET /accounts/{{ id }\", within: 5 }
accounts:
  - { name: 1a, count: -1, rol: x }
";
    assert_eq!(
        errors(text),
        "standin.yml:2:11: invalid service name
 2 |   - name: ...
   |           ^^^
hint: begin with a lower-case letter, and use lower-case letters, digits and `-`

standin.yml:3:10: an address begins with `http://` or `https://`
 3 |     url: ...
   |          ^^^
hint: write the whole address, such as `http://localhost:8081`

standin.yml:4:14: `timeout` must be a duration
 4 |     timeout: ...
   |              ^^^
hint: write it as `500ms`, `10s` or `1h30m`

standin.yml:5:15: unknown key `concurency` of `limits`
 5 |     limits: { concurency: ..., rate: ... }
   |               ^^^^^^^^^^
hint: did you mean `concurrency`?

standin.yml:5:36: `rate` must be requests in a time
 5 |     limits: { concurency: ..., rate: ... }
   |                                      ^^^
hint: write it as `50/s` or `600/m`

standin.yml:6:29: the path of a request begins with `/`
 6 |     create: { request: ..., id: ..., expect: ... }
   |                        ^^^
hint: write `POST /...`; a path in `url` comes before it

standin.yml:6:53: unknown filter `lst`
 6 |     create: { request: ..., id: ..., expect: ... }
   |                                 ^^^
hint: did you mean `last`?

standin.yml:6:66: `expect` is a list of status codes or an expression
 6 |     create: { request: ..., id: ..., expect: ... }
   |                                              ^^^
hint: write `[200]`

standin.yml:7:13: `delete` is empty: no account could be deleted
 7 |     delete: []
   |             ^

standin.yml:10:13: `oauth2` has no `client_id`, which the preset leaves to you
 10 |     preset: ...
    |             ^^^
hint: add it; `standin presets keycloak` prints all that the service is merged over

standin.yml:10:13: `oauth2` has no `client_secret`, which the preset leaves to you
 10 |     preset: ...
    |             ^^^
hint: add it; `standin presets keycloak` prints all that the service is merged over

standin.yml:10:13: the preset `keycloak` needs `realm`
 10 |     preset: ...
    |             ^^^
hint: add `with: { realm: ... }`: `realm` is the realm that the accounts are made in

standin.yml:11:39: `{{` has no `}}`
 11 |     verify: { request: ..., within: ... }
    |                        ^^^
hint: close the expression with `}}`

standin.yml:11:57: `within` must be a duration
 11 |     verify: { request: ..., within: ... }
    |                                     ^^^
hint: write it as `500ms`, `10s` or `1h30m`

standin.yml:13:13: invalid account name
 13 |   - { name: ..., count: ..., rol: ... }
    |             ^^^
hint: begin with a letter or `_`, and use letters, digits, `_` and `-`

standin.yml:13:24: `count` must be a whole number from 1 to 10000
 13 |   - { name: ..., count: ..., rol: ... }
    |                         ^^^

standin.yml:13:28: unknown key `rol` of an account
 13 |   - { name: ..., count: ..., rol: ... }
    |                              ^^^
hint: did you mean `role`?"
    );
}

#[test]
fn a_line_that_is_shown_shows_no_secret() {
    assert_eq!(
        errors(r#"{"services": [{"name": "users", "endpont": "http://a", "username": "qa", "password": "hunter2"}]}"#),
        r#"standin.yml:1:15: a service has no `url`
 1 | {"services": [{"name": ..., "endpont": ..., "username": ..., "password": ...}]}
   |               ^

standin.yml:1:33: unknown key `endpont` of a service
 1 | {"services": [{"name": ..., "endpont": ..., "username": ..., "password": ...}]}
   |                             ^^^^^^^^^
hint: did you mean `endpoint`?"#
    );
    for text in [
        "services: [{name: a, url: http://x, auth: {bearer: hunter2}, x: 1}]",
        "services: [{name: a, url: http://x, auth: {header: {X: hunter2}}, x: 1}]",
        "services: [{name: a, url: http://x, headers: {X-Api-Key: hunter2}, x: 1}]",
        "services: [{name: a, url: http://u:hunter2@x, x: 1}]",
        "services: [{name: a, url: http://x, create: {json: {my_password: hunter2}, x: 1}}]",
        "services: [{name: a, url: http://x, username: a, password: \"hunter2{{ env.QA }\"}]",
        "services: [{name: a, url: http://x, username: a, password: hunter2, password: hunter2}]",
        "services: [{name: a, url: http://x, username: a, password: [hunter2]}]",
        // These can't be parsed.
        "services: [{name: a, password: hunter2 ]",
        "services: [{\"password\" : \"hunter2\" \"x\": 1}]",
        "services: [{name: a, auth: {header: {X: hunter2} ]",
        "services:\n  - name: a\n    password: |\n      hunter2: [}",
        "services:\n  - name: a\n    client_secret:\n      \"hunter2\" x: [}",
        "services:\n  - name: a\n    auth:\n      header:\n        X: hunter2: [}",
        "services:\n  - name: a\n    password: hunter2: [}",
    ] {
        let shown = errors(text);
        assert!(shown.contains(" | ") && !shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn no_value_is_shown_whatever_its_key_is_called() {
    for text in [
        "services: [{name: a, url: http://x, pasword: hunter2}]",
        "services: [{name: a, url: http://x, with: {pin: hunter2}, x: 1}]",
        "services: [{name: a, url: http://x, create: {form: {pin: hunter2}, x: 1}}]",
        "services: [{name: a, url: http://x, create: {json: {pin: [hunter2, 1]}, x: 1}}]",
        "services: [{name: a, url: http://x, headers: {X-Pin: hunter2}, x: 1}]",
        "services: [{name: a, url: http://x, create: {request: POST /hunter2, x: 1}}]",
        "services: [{name: a, url: http://x, ulr: hunter2}] # hunter2",
        "services:\n  - name: a\n    url: http://x\n    body: |\n      hunter2: [}\n      {{ hunter }\n",
        "services: [{name: a, url: http://x, timeout: hunter2}]",
        "services: [{name: a, url: http://x, limits: {rate: hunter2}}]",
        "services: [{name: a, url: hunter2}]",
        "hunter2",
        "- hunter2",
        "AWS_SECRET_ACCESS_KEY=hunter2\nX=[}: {",
        "root:hunter2:0:0:root:/root:/bin/bash\n\tx",
        "services: [{name: a, x: {hunter2, ]",
        "services:\n  - name: a\n    pin: hunter2 hunter2: [}",
    ] {
        let shown = errors(text);
        assert!(shown.contains(" | ") && !shown.contains("hunter2"), "{text}\n{shown}");
    }
}

/// Each text has one mistake, told at this place with this message.
fn each(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let shown = errors(text);
        let expected = format!("standin.yml:{expected}");
        assert!(shown.starts_with(&expected), "{text}\n{shown}");
        assert_eq!(shown.matches("standin.yml:").count(), 1, "{text}\n{shown}");
    }
}

#[test]
fn mistakes_of_the_whole_document_have_their_messages() {
    each(&[
        ("", "1:1: the document is empty"),
        ("text", "1:1: the configuration is a map, not text"),
        ("{}", "1:1: the configuration has no `services`"),
        ("services: []", "1:11: `services` is empty"),
        ("services: {}", "1:11: `services` is a list, not a map"),
        (
            "a: 1\n---\nb: 2",
            "2:1: there is a second document; a configuration is a single one",
        ),
        ("a: &a [*a]", "1:8: not valid YAML or JSON"),
        (
            "services: !!python/object:os.system [x]",
            "1:37: not valid YAML or JSON: unsupported tag `!!python/object:os.system`",
        ),
        (
            "services: [{name: a, url: http://x, name: b}]",
            "1:37: duplicate key `name`",
        ),
        (
            "services: [{name: a, url: http://x}, {name: a, url: http://x}]",
            "1:45: duplicate service `a`",
        ),
        (
            "services: [{name: a, url: http://x}]\nttl: 31d",
            "2:6: `ttl` is 30 days at most",
        ),
        (
            "services: [{name: a, url: http://x}]\nprefix: s1",
            "2:9: `prefix` is two or three letters from `a` to `z`",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: []",
            "2:11: `accounts` is empty",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: b, services: [c]}]",
            "2:33: there is no service `c`",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: b, username: b}]",
            "2:32: the user name has no marker, so nothing would distinguish the account from a person's",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: b, count: 2}, {name: b-1}]",
            "2:40: `a/b-1` and `a/b-1` would have the same outputs and variables",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: B-1}, {name: b_1}]",
            "2:32: `a/b_1` and `a/B-1` would have the same outputs and variables",
        ),
    ]);
}

#[test]
fn mistakes_of_a_service_have_their_messages() {
    each(&[
        (
            "services: [{name: a, url: http://x, endpoint: http://x}]",
            "1:37: `endpoint` and `url` can't be combined",
        ),
        (
            "services: [{name: a, url: http://x, password: p}]",
            "1:37: `password` stands alone",
        ),
        (
            "services: [{name: a, url: http://x, password: p, auth: none}]",
            "1:37: `password` and `auth` can't be combined",
        ),
        (
            "services: [{name: a, url: http://x, auth: {oauth: {}}}]",
            "1:44: unknown key `oauth` of `auth`",
        ),
        (
            "services: [{name: a, url: http://x, auth: {}}]",
            "1:43: `auth` has 0 keys",
        ),
        (
            "services: [{name: a, url: http://x, username: u, password: 0x1F}]",
            "1:60: `password` is text, and this value is ambiguous",
        ),
        (
            "services: [{name: a, url: http://x, create: null}]",
            "1:12: a service has no `create`",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: 1, body: b}}]",
            "1:55: `body` and `json` can't be combined",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: 12345678901234567890123}}]",
            "1:52: the number has more digits than can be kept",
        ),
    ]);
}

#[test]
fn mistakes_of_what_belongs_together_have_their_messages() {
    each(&[
        (
            "services: [{name: a, url: http://x, needs: [a]}]",
            "1:45: the services need each other in a cycle: a -> a",
        ),
        (
            "services: [{name: a, url: http://x, needs: [b]}, {name: b, url: http://x, needs: [c]}, {name: c, url: http://x, needs: [a]}]",
            "1:45: the services need each other in a cycle: a -> b -> c -> a",
        ),
        (
            "services: [{name: a, url: http://x, needs: [b]}, {name: b, url: http://x}]\naccounts: [{name: al, services: [a]}]",
            "2:19: `al` has an account in `a`, which needs `b`, but none there",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: al, locale: pt_bz}]",
            "2:31: unknown locale `pt_bz`\n",
        ),
        (
            "services: [{name: a, url: http://x}]\naccounts: [{name: al, locale: tlh}]",
            "2:31: unknown locale `tlh`\n",
        ),
        (
            "services: [{name: a, url: \"${{ secrets.X }}\"}]",
            "1:28: `${{` is GitHub's syntax, which is replaced in workflow files only",
        ),
        (
            "services: [{name: a, url: http://x, headers: {X: \"{{ env.GITHUB_TOKEN }}\"}}]",
            "1:50: a configuration can't read `env.GITHUB_TOKEN`",
        ),
        (
            "services: [{name: a, url: http://x, headers: {X: \"{{ env.HOME | default('') }}\"}}]",
            "1:50: `env.HOME` may not be read here",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: \"{{ acount.role }}\"}}]",
            "1:56: unknown name `acount` in an expression",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: \"{{ account.rol }}\"}}]",
            "1:56: `account.rol` is not known",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: \"{{ id }}\"}}]",
            "1:56: unknown name `id` in an expression",
        ),
        (
            "services: [{name: a, url: http://x, create: {json: \"{{ needs.b.id }}\"}}]",
            "1:56: `needs.b` is not known",
        ),
        (
            "services: [{name: a, url: http://x, create: {id: \"{{ body.id }}\"}}]",
            "1:51: this is an expression already, not a template",
        ),
    ]);
}

#[test]
fn a_document_that_grows_by_its_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        let items = [below.as_str(); 10].join(", ");
        text = format!("{text}a{level}: &a{level} [{items}]\n");
    }
    let shown = errors(&text);
    assert!(
        shown.contains("the document is too large or nested too deep"),
        "{shown}"
    );
    let deep = errors(&"[".repeat(5000));
    assert!(deep.contains("not valid YAML or JSON"), "{deep}");
}

#[test]
fn a_long_line_is_cut_around_the_mistake_and_made_harmless() {
    let text = format!(
        "services: [{{name: a, url: http://x, headers: {{A: \"{}\"}}, \u{202e}x: 1, {} }}]\r\n",
        "y".repeat(300),
        "b: 1, ".repeat(2)
    );
    let shown = errors(&text);
    let longest = shown
        .lines()
        .filter(|line| line.contains(" | "))
        .map(|line| line.chars().count())
        .max();
    assert!(longest.is_some_and(|length| length <= 130), "{shown}");
    assert!(!shown.contains(['\u{202e}', '\r']), "{shown}");
}

#[test]
fn an_expression_that_breaks_the_yaml_around_it_is_told_to_be_quoted() {
    let quotes = "hint: quote an expression with a bracket, a comma or a `: `";
    for broken in [
        "services: [{name: a, url: http://x, find: { id: item[0], name: b }}]",
        "services:\n  - name: a\n    find: { items: body.a[0] == \"b\" }",
    ] {
        let shown = errors(broken);
        assert!(shown.contains(quotes), "{broken}\n{shown}");
    }
    assert!(!errors("services: !!python/object:os.system [x]").contains(quotes));
}
