//! Where `now()` and `totp` may stand: in what a request sends, and nowhere else.

use super::*;

fn service(more: &str) -> String {
    format!("services: [{{name: a, url: http://x, {more}}}]")
}

#[test]
fn the_moment_is_for_what_a_request_sends() {
    for more in [
        "create: {request: 'POST /u?t={{ now(\"unix\") }}', query: {a: '{{ now() }}'}, headers: {B: '{{ env.S | totp }}'}}",
        "create: {request: POST /u, json: {a: ['{{ now() }}']}}",
        "create: {request: POST /u, form: {a: '{{ now() }}'}}",
        "create: {request: POST /u, body: '{{ now() }}'}",
        "auth: {login: {request: POST /l, json: {code: '{{ env.S | totp }}'}, capture: {t: body.t}, use: {headers: {A: '{{ capture.t }}'}}}}",
        "ready: {request: 'GET /{{ now(\"unix\") }}'}",
        "delete: {request: 'DELETE /u/{{ id }}', headers: {A: '{{ now() }}'}}",
        "list: {request: GET /u, headers: {A: '{{ now() }}'}, items: body, id: item.id, name: item.name}",
    ] {
        parse(&service(more)).unwrap();
    }
}

#[test]
fn what_is_the_same_in_setup_and_cleanup_has_no_moment() {
    for text in [
        "services: [{name: a, url: 'http://x/{{ now(\"unix\") }}'}]",
        "{services: [{name: a, url: http://x}], accounts: [{name: b, email: '{{ now(\"unix\") }}@x.test'}]}",
        "{services: [{name: a, url: http://x}], accounts: [{name: b, username: '{{ run.marker }}-{{ now() }}'}]}",
        "{services: [{name: a, url: http://x}], accounts: [{name: b, count: '{{ now(\"unix\") }}'}]}",
        "{services: [{name: a, url: http://x}], accounts: [{name: b, fields: {c: '{{ now() }}'}}]}",
        &service("headers: {A: '{{ now() }}'}"),
        &service("auth: {bearer: '{{ now() }}'}"),
        &service("auth: {basic: {username: u, password: '{{ now() }}'}}"),
        &service("create: {request: POST /u, id: now()}"),
        &service("create: {request: POST /u, capture: {a: now()}}"),
        &service("create: {request: POST /u, expect: body.at < now()}"),
        &service("verify: {request: 'GET /u/{{ id }}', until: body.at < now()}"),
    ] {
        let told = parse(text).unwrap_err();
        let expected = "`now` differs from one request to the next, and can't be used here";
        assert_eq!(told.matches(expected).count(), 1, "{text}: {told}");
        assert!(told.contains("hint: use it in the `request`, `query`"), "{told}");
    }
    let told = parse(&service("url: 'http://x/{{ env.S | totp }}'").replacen("url: http://x, ", "", 1)).unwrap_err();
    assert!(told.contains("standin.yml:1:48: `totp` differs"), "{told}");
}

#[test]
fn a_pattern_that_is_no_pattern_is_told_at_its_place() {
    let told = parse(&service("create: {request: POST /u, id: \"body | regex('id=(')\"}")).unwrap_err();
    assert!(told.contains(":1:82: the pattern is not valid: "), "{told}");
    let told = parse(&service("create: {request: POST /u, id: \"body | regexp('a')\"}")).unwrap_err();
    assert!(told.contains("did you mean `regex`?"), "{told}");
}

#[test]
fn where_a_service_is_does_not_hang_on_the_time() {
    let config = parse(&service(
        "create: {request: POST /u, headers: {A: '{{ now() }}', B: '{{ env.C }}'}}",
    ))
    .unwrap();
    let scope = || Scope::new().environment(&environment(&[("C", "c")]));
    let place = |scope: Scope| crate::engine::Site::new(config.services[0].clone(), scope, None).place;
    let (first, later) = (
        place(scope()),
        place(scope().at(crate::domain::time::Timestamp::from_millis(7))),
    );
    assert!(first.differs_from(&later).is_empty());
}
