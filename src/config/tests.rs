//! The document as a whole: the convention, the language, variables, copies and secrets.

mod auth;
mod keys;
mod lists;
mod moment;
mod presets;
mod schema;
mod shares;
mod steps;

use proptest::prelude::*;

use super::*;
use crate::domain::account::ServiceName;
use crate::domain::answer::{Answer, Body};
use crate::language::{Method, Scope};

/// What a request sends over HTTP.
fn http(request: &Request) -> &HttpRequest {
    let Action::Http(request) = &request.action;
    request
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse("standin.yml", text, &Environment::default()).map_err(|diagnostics| render(&diagnostics).in_full())
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::new(pairs, None)
}

fn account() -> Scope {
    Scope::new()
        .with_json(
            "account",
            &serde_json::json!({"username": "sd-1", "email": "e@x", "role": "tester"}),
        )
        .with("id", "7")
}

#[test]
fn the_articles_file_works_as_it_stands() {
    let config = parse(
        r#"{"services": [{"name": "users", "endpoint": "http://localhost:8081", "username": "qa", "password": "pw"},
                {"name": "orders", "endpoint": "http://localhost:8082/api", "username": "qa", "password": "12345"},
                {"name": "mail", "endpoint": "http://localhost:8083", "username": "qa", "password": 12345}]}"#,
    )
    .unwrap();
    assert_eq!(config.prefix, "sd");
    assert_eq!(config.ttl, Duration::from_hours(24));
    assert_eq!(config.services.len(), 3);
    let none = Scope::new();
    for (service, password) in config.services.iter().zip(["pw", "12345", "12345"]) {
        let Auth::Basic {
            username,
            password: given,
        } = &service.auth
        else {
            panic!()
        };
        assert_eq!(username.render(&none).unwrap(), "qa");
        assert_eq!(given.render(&none).unwrap(), password);
        let create = &service.create;
        let sent = http(&create.request);
        assert_eq!(sent.target.method, Method::Post);
        assert_eq!(sent.target.render(&none).unwrap(), "/accounts");
        let Payload::Json(json) = &sent.payload else { panic!() };
        assert_eq!(
            json.render(&account()).unwrap().to_string(),
            r#"{"username":"sd-1","email":"e@x","role":"tester"}"#
        );
        assert!(!create.duplicate_declared);
        let verify = service.verify.as_ref().unwrap();
        assert_eq!(http(&verify.request).target.render(&account()).unwrap(), "/accounts/7");
        assert_eq!(service.delete.len(), 1);
        assert_eq!(
            http(&service.delete[0]).target.render(&account()).unwrap(),
            "/accounts/7"
        );
        assert!(service.find.is_none() && service.gone.is_none());
    }
    assert_eq!(config.services[1].delete[0].place, "services[1].delete");
    let copies = config.copies(&Environment::default()).unwrap();
    assert_eq!(
        copies,
        [Copy {
            name: "test_user".to_owned(),
            persona: 0,
            index: 1
        }]
    );
    assert_eq!(config.personas[0].services.len(), 3);
}

#[test]
fn the_conventions_id_is_in_the_body_or_in_the_location() {
    let config = parse("services: [{name: a, url: http://x}]").unwrap();
    let id = config.services[0].create.id.clone().unwrap();
    let location = [("location".to_owned(), "/accounts/a%2Fb/?x#y".to_owned())];
    for (body, headers, expected) in [
        (Body::Json(serde_json::json!({"id": 7})), &[][..], Some("7")),
        (Body::Json(serde_json::json!({"id": 0})), &location, Some("0")),
        (Body::Json(serde_json::json!({"id": null})), &location, Some("a/b")),
        (Body::Json(serde_json::json!({"id": ""})), &location, Some("a/b")),
        (Body::Json(serde_json::json!([1])), &location, Some("a/b")),
        (Body::Text(String::new()), &location, Some("a/b")),
        (Body::Text("<html>".to_owned()), &[], None),
        (Body::Json(serde_json::json!({})), &[], None),
    ] {
        let answer = Answer::http(201, headers.to_vec(), body);
        let scope = account().answer(&answer);
        assert_eq!(id.eval_text(&scope).unwrap().as_deref(), expected, "{answer:?}");
    }
}

#[test]
fn a_service_keeps_what_it_does_not_say_of_the_convention() {
    let config = parse(
        "services:
  - name: a
    url: http://x
    create: { request: 'POST /users', form: { u: '{{ account.username }}' }, id: body.key }
    verify: null
    delete:
      - { request: 'GET /accounts/{{ id }}', capture: { etag: headers.etag }, gone: [404] }
      - { request: 'DELETE /accounts/{{ id }}', headers: { If-Match: '{{ capture.etag }}' } }
",
    )
    .unwrap();
    let service = &config.services[0];
    assert!(matches!(http(&service.create.request).payload, Payload::Form(_)));
    assert_eq!(service.create.id.as_ref().unwrap().source(), "body.key");
    assert_eq!(service.create.name.as_ref().unwrap().source(), "body.username");
    assert!(service.verify.is_none());
    let gone: Vec<String> = service.delete.iter().map(|step| format!("{:?}", step.gone)).collect();
    assert_eq!(gone, ["Codes([404])", "Codes([404, 410])"]);
    assert_eq!(service.delete[1].place, "services[0].delete[1]");
}

const FULL: &str = r#"prefix: qa
ttl: 90m
services:
  - name: crm
    url: https://crm.test
    auth: { bearer: "{{ env.CRM_TOKEN }}" }
  - name: identity
    url: "{{ env.IDENTITY_URL }}"
    auth: { basic: { username: admin, password: "{{ env.PW | default(env.OTHER_PW) }}" } }
    with: { realm: qa, limit: 7 }
    tls: { ca: ca.pem, cert: "{{ env.CERT | default('c') }}.pem", key: client.key }
    headers: { X-Env: test }
    needs: [crm]
    limits: { concurrency: 4, rate: 50/s }
    timeout: 5s
    account_name_max: 40
    ready: { request: GET /health }
    probe: { request: GET /me, expect: "status == 200" }
    create:
      request: POST /users
      query: { dry: false }
      headers: { X-Trace: "{{ run.id }}" }
      json: { username: "{{ account.username }}", owner: "{{ needs.crm.id }}", plan: "{{ account.plan | default('free') }}", n: 1, none: null }
      expect: [200, 201]
      duplicate: [409, 422]
      id: body.data.id
      name: body.data.username
      capture: { token: body.token }
      outputs: { tenant: body.tenant }
      secrets: { api_key: body.key }
      idempotency_header: Idempotency-Key
    after_create: [ { request: "PUT /users/{{ id }}/password", json: { value: "{{ account.password }}" } } ]
    verify: { request: "GET /users/{{ id }}", expect: [200], name: body.username, until: "body.status == 'active'", within: 20s }
    find: { request: "GET /users?username={{ account.username }}", items: body.items, id: item.id, name: item.username, absent: [404], settle: 2s }
    list: { request: "GET /users?realm={{ with.realm }}", items: body.items, id: item.id, name: item.username, next: { cursor: body.next, param: after } }
    delete: { request: "DELETE /users/{{ id }}", gone: "body.users is undefined" }
    gone: { request: "GET /users/{{ id }}", until: "status in [404, 410]" }
accounts:
  - { name: alice, services: [identity, crm], role: admin, fields: { plan: gold } }
  - { name: buyer, count: "{{ env.WORKERS }}", services: [crm], username: "{{ run.marker }}-b{{ account.index }}" }
  - { name: Bob_1, count: 2, unmarked: true, username: bob }
"#;

#[test]
fn the_whole_language_is_read() {
    let config = parse(FULL).unwrap();
    assert_eq!((config.prefix.as_str(), config.ttl), ("qa", Duration::from_mins(90)));
    let service = config.service("identity").unwrap();
    assert_eq!(service.limits.rate.unwrap().interval(), Duration::from_millis(20));
    assert_eq!(
        (service.limits.concurrency, service.timeout),
        (4, Duration::from_secs(5))
    );
    assert_eq!(service.account_name_max, Some(40));
    assert_eq!(service.needs[0].as_str(), "crm");
    assert!(service.create.duplicate_declared);
    assert_eq!(service.create.request.secrets[0].0, "api_key");
    assert_eq!(
        service.parameters(&Scope::new()).unwrap(),
        serde_json::json!({"realm": "qa", "limit": 7})
    );
    let find = service.find.as_ref().unwrap();
    assert_eq!(find.settle, Duration::from_secs(2));
    assert_eq!(service.verify.as_ref().unwrap().within, Duration::from_secs(20));
    let names: Vec<String> = config
        .copies(&environment(&[("WORKERS", "3")]))
        .unwrap()
        .into_iter()
        .map(|copy| format!("{} {} {}", copy.name, copy.persona, copy.index))
        .collect();
    assert_eq!(
        names,
        [
            "alice 0 1",
            "buyer-1 1 1",
            "buyer-2 1 2",
            "buyer-3 1 3",
            "Bob_1-1 2 1",
            "Bob_1-2 2 2"
        ]
    );
    let gone = &service.delete[0].gone;
    for (body, expected) in [
        (Body::Json(serde_json::json!({})), true),
        (Body::Json(serde_json::json!({"users": []})), false),
    ] {
        let answer = Answer::http(200, Vec::new(), body);
        assert_eq!(gone.holds(&answer, &account()).unwrap(), expected);
    }
}

#[test]
fn missing_variables_are_named_at_once_with_their_places_and_services() {
    let config = parse(FULL).unwrap();
    let show = |environment: &Environment| -> Vec<String> {
        let missing = config.missing_variables(environment);
        missing
            .iter()
            .map(|one| {
                let places: Vec<String> = one.places.iter().map(ToString::to_string).collect();
                let services: Vec<&str> = one.services.iter().map(ServiceName::as_str).collect();
                format!("{} at {} of {}", one.name, places.join(" "), services.join(" "))
            })
            .collect()
    };
    assert_eq!(
        show(&Environment::default()),
        [
            "CRM_TOKEN at standin.yml:6:21 of crm",
            "IDENTITY_URL at standin.yml:8:10 of identity",
            "OTHER_PW at standin.yml:9:49 of identity",
            "WORKERS at standin.yml:40:27 of ",
        ]
    );
    let set = environment(&[
        ("CRM_TOKEN", "t"),
        ("IDENTITY_URL", "http://x"),
        ("PW", "p"),
        ("WORKERS", ""),
    ]);
    assert_eq!(show(&set), ["WORKERS at standin.yml:40:27 of "]);
    assert_eq!(show(&Environment::placeholders(None)), Vec::<String>::new());
}

#[test]
fn counts_that_are_no_counts_are_told() {
    let config = parse(FULL).unwrap();
    for (value, expected) in [
        ("0", "the `count` of `buyer` is not a whole number from 1 to 10000"),
        ("x", "the `count` of `buyer` is not a whole number from 1 to 10000"),
        ("10001", "the `count` of `buyer` is not a whole number from 1 to 10000"),
        ("", "the `count` of `buyer`: `env.WORKERS` is undefined"),
    ] {
        let diagnostics = config.copies(&environment(&[("WORKERS", value)])).unwrap_err();
        assert_eq!(diagnostics[0].message, expected);
    }
}

#[test]
fn accounts_are_counted_and_not_copies_alone_and_before_any_is_made() {
    let document = |services: usize, count: &str| {
        let services: Vec<String> = (0..services)
            .map(|at| format!("{{ name: s{at}, url: 'http://localhost:1' }}"))
            .collect();
        let services = services.join(", ");
        format!("services: [{services}]\naccounts: [{{ name: buyer, count: {count} }}]\n")
    };
    for (services, count) in [(10, 10_000), (20, 5_000)] {
        assert!(
            parse(&document(services, &count.to_string())).is_ok(),
            "{services} x {count}"
        );
    }
    for (services, count) in [(11, 10_000), (100, 10_000)] {
        let fixed = parse(&document(services, &count.to_string())).unwrap_err();
        let config = parse(&document(services, "'{{ env.WORKERS }}'")).unwrap();
        let later = config
            .copies(&environment(&[("WORKERS", &count.to_string())]))
            .unwrap_err();
        for told in [fixed, render(&later).what] {
            let expected = "there are more than 100000 accounts with this one";
            assert!(told.contains(expected), "{services} x {count}: {told}");
        }
    }
}

#[test]
fn each_request_has_an_error_of_its_own_or_its_services() {
    let config = parse(
        "services:\n  - name: a\n    url: http://x\n    error: body.fault\n    create: { request: POST /u, id: body.id, error: body.why ~ account.username }\n    delete: { request: 'DELETE /u/{{ id }}' }\n  - { name: b, url: http://y }\n",
    )
    .unwrap();
    let [own, none] = config.services.as_slice() else {
        panic!("two services");
    };
    let source = |request: &Request| request.readings.error.as_ref().map(|error| error.source().to_owned());
    assert_eq!(
        source(&own.create.request).as_deref(),
        Some("body.why ~ account.username")
    );
    assert_eq!(source(&own.delete[0]).as_deref(), Some("body.fault"));
    assert_eq!(source(&none.create.request), None);
    let wrong = parse("services: [{name: a, url: http://x, error: account.username}]").unwrap_err();
    assert!(wrong.contains("`account`"), "{wrong}");
}

#[test]
fn debug_shows_no_secret() {
    let config =
        parse("services: [{name: a, url: http://x, username: u, password: hunter2, headers: {Cookie: hunter2}}]")
            .unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("Basic") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _outcome = parse(&text);
    }

    #[test]
    fn no_damage_to_a_document_makes_it_panic(
        at in 0..FULL.len(), length in 0..40_usize, put in "([\\[\\]{}:,&*!|>'\"#%@`\\-? \\n\\t.]|\\{\\{|\\}\\}|\\$|é|null|<<|\\PC){0,6}"
    ) {
        let end = (at + length).min(FULL.len());
        let text = format!("{}{put}{}", &FULL[..at], &FULL[end..]);
        if let Ok(config) = parse(&text) {
            let _outcome = config.copies(&environment(&[("WORKERS", "2")]));
        }
    }

    #[test]
    fn no_expression_makes_it_panic(source in "[a-z0-9.|~()\\[\\]{}'\" +*/%<>=!,:_-]{0,40}") {
        if let Ok(expression) = crate::language::Expression::parse(&source) {
            let _outcome = expression.eval_optional(&account());
        }
        if let Ok(template) = crate::language::Template::parse(&source) {
            let _outcome = template.render(&account());
        }
    }
}

#[test]
fn a_header_of_the_transport_is_not_the_configurations_to_set() {
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Keep-Alive",
        "Proxy-Authorization",
    ] {
        for rest in [
            format!("headers: {{ {name}: x }}"),
            format!("auth: {{ header: {{ {name}: x }} }}"),
            format!(
                "auth: {{ login: {{ request: POST /l, capture: {{ t: body.t }}, use: {{ headers: {{ {name}: x }} }} }} }}"
            ),
            format!("create: {{ request: POST /u, json: {{}}, headers: {{ {name}: x }} }}"),
            format!("create: {{ request: POST /u, json: {{}}, idempotency_header: {name} }}"),
        ] {
            let shown = parse(&format!("services:\n  - name: a\n    url: http://x\n    {rest}\n")).unwrap_err();
            let expected = format!("`{name}` is set by the transport and can't be given");
            assert!(
                shown.starts_with("standin.yml:4:") && shown.contains(&expected),
                "{rest}\n{shown}"
            );
            assert!(shown.contains("hint: remove it"), "{shown}");
        }
    }
    for value in ["close", "Close"] {
        let text = format!("services: [{{name: a, url: http://x, headers: {{Connection: {value}}}}}]");
        assert!(parse(&text).is_ok(), "{value}");
    }
}

#[test]
fn what_verify_captures_is_there_for_the_delete() {
    let service = "services:\n  - name: a\n    url: http://x\n    auth: none\n    verify: { request: 'GET /u/{{ id }}', capture: { etag: headers.etag } }\n    delete: { request: 'DELETE /u/{{ id }}', headers: { If-Match: '{{ capture.etag }}' } }\n";
    assert!(parse(service).unwrap().warnings.is_empty());
}

#[test]
fn what_no_process_will_ever_have_captured_is_a_mistake() {
    let service = |rest: &str| format!("services:\n  - name: a\n    url: http://x\n    auth: none\n    {rest}\n");
    let login = "POST /l, capture: { token: body.t }, use: { headers: { X: '{{ capture.token }}' } }";
    for (rest, expected) in [
        (
            "verify: { request: 'GET /u/{{ id }}', capture: { etag: headers.etag }, until: body.etag == capture.etag }",
            "standin.yml:5:96: `capture.etag` is not known\n",
        ),
        (
            "verify: { request: 'GET /u/{{ id }}', name: capture.name }",
            "standin.yml:5:49: `capture.name` is not known\n",
        ),
        (
            "delete: [{ request: 'GET /u/{{ id }}', capture: { etag: headers.etag } }, { request: 'DELETE /u/{{ id }}' }]\n    verify: { request: 'GET /u/{{ capture.etag }}' }",
            "standin.yml:6:35: `capture.etag` is not known\n",
        ),
    ] {
        let shown = parse(&service(rest)).unwrap_err();
        assert!(shown.starts_with(expected), "{rest}\n{shown}");
        assert!(
            shown.contains("to `before_create`, `create` or `after_create`"),
            "{shown}"
        );
    }
    let of_login = parse(
        &service("delete: { request: 'DELETE /u/{{ capture.token }}' }")
            .replace("auth: none", &format!("auth: {{ login: {{ request: {login} }} }}")),
    );
    assert!(of_login.unwrap_err().contains("`capture.token` is not known"));
    let rest = "create: { request: POST /u, json: {}, capture: { etag: headers.etag } }\n    verify: { request: 'GET /u/{{ id }}', until: body.etag == capture.etag }\n    delete: { request: 'DELETE /u/{{ id }}' }";
    assert!(parse(&service(rest)).is_ok());
}
