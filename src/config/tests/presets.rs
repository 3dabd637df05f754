//! Presets: the table of them, what each says, and how a service is merged over one.

use super::*;
use crate::config::{Auth, Next, preset, preset_names};

/// A service over a preset, with what the preset leaves to the user.
fn over(name: &str) -> String {
    let preset = preset(name).unwrap();
    let printed = preset.as_config();
    let auth = printed
        .lines()
        .find(|line| line.trim_start().starts_with("auth:") && line.contains("env."))
        .unwrap_or_default();
    let upper = name.to_uppercase();
    let url = if printed.contains(&format!("env.{upper}_URL")) {
        format!("    url: \"{{{{ env.{upper}_URL }}}}\"\n")
    } else {
        String::new()
    };
    let given: Vec<String> = preset
        .parameters
        .iter()
        .filter(|parameter| parameter.is_required())
        .map(|parameter| {
            format!(
                "{}: \"{{{{ env.{upper}_{} }}}}\"",
                parameter.name,
                parameter.name.to_uppercase()
            )
        })
        .collect();
    let given = given.join(", ");
    format!("services:\n  - name: {name}\n    preset: {name}\n{url}    with: {{ {given} }}\n{auth}\n")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the folder is what the table is held against")]
fn every_file_of_the_folder_is_embedded() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/presets")).unwrap();
    let mut files: Vec<String> = folder
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let embedded: Vec<String> = preset_names().map(|name| format!("{name}.yml")).collect();
    assert_eq!(
        files, embedded,
        "add the name to EMBEDDED in src/config/preset.rs, in order"
    );
}

#[test]
fn every_preset_can_be_used_and_settles_what_is_unclear() {
    for name in preset_names() {
        let config = parse(&over(name)).unwrap_or_else(|shown| panic!("{shown}"));
        let service = &config.services[0];
        assert_eq!(service.preset.as_deref(), Some(name));
        assert!(service.settles_unclear(), "{name}: {:?}", config.warnings);
        assert!(
            service.create.duplicate_declared,
            "{name} does not say how it refuses a name that is taken"
        );
        assert!(
            preset(name)
                .unwrap()
                .parameters
                .iter()
                .all(|one| !one.about.ends_with('.')),
            "{name}"
        );
    }
}

/// The description without what says where it came from.
fn described(config: &Config) -> String {
    let mut service = config.services[0].clone();
    service.preset = None;
    let parameters = service
        .parameters(&Scope::new().environment(&Environment::placeholders(None)))
        .unwrap();
    service.with.clear();
    let mut parameters: Vec<String> = parameters
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.sort();
    format!("{service:#?}\n{parameters:#?}")
}

#[test]
fn a_preset_that_is_printed_says_all_that_the_preset_says() {
    for name in preset_names() {
        let printed = preset(name).unwrap().as_config();
        let copied = parse(&printed).unwrap_or_else(|shown| panic!("{printed}\n{shown}"));
        let merged = parse(&over(name)).unwrap();
        assert_eq!(described(&copied), described(&merged), "{name}");
    }
}

#[test]
fn what_the_user_says_is_merged_over_the_preset() {
    let text = "services:
  - name: id
    preset: keycloak
    endpoint: https://id.test/auth
    with: { realm: qa, auth_realm: null }
    auth: { oauth2: { grant: password, client_id: admin-cli, username: admin, password: '{{ env.PW }}' } }
    create: { json: { username: '{{ account.username }}', enabled: true } }
    list: { next: { page: p, first: 0 } }
    probe: null
";
    let service = &parse(text).unwrap().services[0];
    let parameters = service.parameters(&Scope::new()).unwrap();
    assert_eq!(parameters, serde_json::json!({"realm": "qa", "auth_realm": "master"}));
    let Auth::OAuth2(oauth2) = &service.auth else { panic!() };
    let scope = Scope::new()
        .with_json("with", &parameters)
        .with_json("service", &serde_json::json!({"url": "https://id.test/auth"}));
    assert_eq!(
        oauth2.token_url.render(&scope).unwrap(),
        "https://id.test/auth/realms/master/protocol/openid-connect/token"
    );
    let Payload::Json(json) = &http(&service.create.request).payload else {
        panic!()
    };
    assert_eq!(
        json.render(&account()).unwrap(),
        serde_json::json!({"username": "sd-1", "enabled": true})
    );
    assert_eq!(
        service.create.id.as_ref().unwrap().source(),
        "headers.location | last_segment"
    );
    assert!(matches!(
        service.list.as_ref().unwrap().next,
        Some(Next::Page { first: 0, .. })
    ));
    assert!(service.probe.is_none() && service.find.is_some());
    assert_eq!(
        http(&service.delete[0])
            .target
            .render(&scope.with("id", "a/b"))
            .unwrap(),
        "/admin/realms/qa/users/a%2Fb"
    );
}

#[test]
fn another_kind_of_auth_replaces_the_presets() {
    for (auth, expected) in [
        ("username: u\n    password: '{{ env.P }}'", "Basic"),
        ("auth: { bearer: '{{ env.T }}' }", "Bearer"),
        ("auth: none", "None"),
        ("auth: github_oidc", "GithubOidc"),
    ] {
        let text = format!(
            "services:\n  - name: id\n    preset: keycloak\n    url: http://x\n    with: {{ realm: qa }}\n    {auth}\n"
        );
        let config = parse(&text).unwrap_or_else(|shown| panic!("{shown}"));
        let shown = format!("{:?}", config.services[0].auth);
        assert!(shown.starts_with(expected), "{shown}");
    }
}

#[test]
fn mistakes_with_presets_are_told_where_the_user_wrote_them() {
    let service = |rest: &str| format!("services:\n  - name: id\n    url: http://x\n    auth: none\n    {rest}\n");
    for (rest, expected) in [
        (
            "preset: kecloak",
            "standin.yml:5:13: there is no preset `kecloak`\n 5 |     preset: ...\n   |             ^^^
hint: did you mean `keycloak`?",
        ),
        ("preset: saml", "hint: the presets are "),
        (
            "preset: keycloak",
            "standin.yml:5:13: the preset `keycloak` needs `realm`\n 5 |     preset: ...\n   |             ^^^
hint: add `with: { realm: ... }`: `realm` is the realm that the accounts are made in",
        ),
        (
            "preset: keycloak\n    with: { relm: qa }",
            "standin.yml:6:13: the preset `keycloak` has no parameter `relm`\n 6 |     with: { relm: ... }\n   |             ^^^^
hint: did you mean `realm`?",
        ),
        (
            "preset: keycloak\n    with: { realm: qa }\n    find: { items: 'body.' }",
            "standin.yml:7:",
        ),
        (
            "preset: keycloak\n    with: { realm: qa }\n    delete: { request: 'DELETE /u/{{ account.email }}' }",
            "standin.yml:7:38: `account.email` doesn't exist in a sweep",
        ),
        (
            "preset: scim\n    auth: { bearer: null }",
            "standin.yml:6:5: duplicate key `auth`",
        ),
    ] {
        let shown = parse(&service(rest)).unwrap_err();
        assert!(shown.contains(expected), "{rest}\n{shown}");
        assert!(!shown.contains("presets/"), "{shown}");
    }
    let shown = parse("services: [{name: a, url: http://x, preset: scim}]").unwrap_err();
    assert!(
        shown.starts_with("standin.yml:1:45: `auth.bearer` has no value, which the preset leaves to you"),
        "{shown}"
    );
    // Parameters that nothing reads any more need no value.
    assert!(parse(&service("preset: rabbitmq\n    with: { vhost: qa }")).is_ok());
}
