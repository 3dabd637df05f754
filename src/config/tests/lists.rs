//! `list`, what it asks of `delete` and `gone`, `tls`, `with`, and what can be looked up.

use super::*;
use crate::config::{Carrier, List, Next};

const ITEMS: &str = "request: GET /users, items: body, id: item.id, name: item.name";

fn service(rest: &str) -> String {
    format!("services:\n  - name: a\n    url: http://x\n    {rest}\n")
}

fn list(rest: &str) -> Result<List, String> {
    let text = service(&format!("list: {{ {ITEMS}{rest} }}"));
    parse(&text).map(|config| config.services[0].list.clone().unwrap())
}

#[test]
fn every_style_of_paging_is_read() {
    for (rest, expected) in [
        ("", "None"),
        (", next: link", "Some(Link)"),
        (", next: { page: p }", "Some(Page { param: \"p\", first: 1 })"),
        (", next: { page: p, first: 0 }", "Some(Page { param: \"p\", first: 0 })"),
        (", next: { offset: o }", "Some(Offset { param: \"o\" })"),
        (
            ", next: { cursor: body.next, param: after }",
            "Some(Cursor { expression: Expression(body.next), param: \"after\" })",
        ),
        (
            ", next: { url: headers.next }",
            "Some(Url { expression: Expression(headers.next) })",
        ),
    ] {
        assert_eq!(format!("{:?}", list(rest).unwrap().next), expected, "{rest}");
    }
    assert!(matches!(list(", next: link").unwrap().next, Some(Next::Link)));
    assert_eq!(list(", next: { page: p }").unwrap().carrier, Carrier::Query);
    let in_body = list(", json: {}, next: { offset: query.offset, in: json }").unwrap();
    assert_eq!(in_body.carrier, Carrier::Json);
}

#[test]
fn a_filter_is_the_same_request_with_other_parameters_or_another_body() {
    let scope = Scope::new().with("run", minijinja::Value::from_pairs([("prefix", "qa")]));
    for (rest, query, json) in [
        ("filter: { query: { q: '{{ run.prefix }}-' } }", "q=qa-", ""),
        (
            "query: { q: all, a: b }, filter: { query: { q: '{{ run.prefix }}-' } }",
            "a=b q=qa-",
            "",
        ),
        (
            "json: { limit: 5 }, filter: { json: { front: '{{ run.prefix }}-' } }",
            "",
            r#"{"front":"qa-"}"#,
        ),
    ] {
        let list = list(&format!(", {rest}")).unwrap();
        let filter = list.filter.unwrap();
        let pairs: Vec<String> = http(&filter)
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", value.render(&scope).unwrap()))
            .collect();
        assert_eq!(pairs.join(" "), query, "{rest}");
        let body = if let crate::config::Payload::Json(json) = &http(&filter).payload {
            json.render(&scope).unwrap().to_string()
        } else {
            String::new()
        };
        assert_eq!(body, json, "{rest}");
        assert_eq!(filter.place, "services[0].list.filter");
    }
    assert!(list("").unwrap().filter.is_none());
}

#[test]
fn mistakes_in_a_list_are_told() {
    for (rest, expected) in [
        (", next: links", "this is not a way to the next page"),
        (
            ", next: { page: p, first: 2 }",
            "`first` must be a whole number from 0 to 1",
        ),
        (
            ", next: { page: p, offset: o }",
            "`next` has more than one way to the next page",
        ),
        (", filter: {}", "`filter` doesn't say which accounts to ask for"),
        (", filter: { qery: {} }", "unknown key `qery` of `filter`"),
        (
            ", filter: { query: { q: '{{ account.username }}' } }",
            "unknown name `account` in an expression",
        ),
        (
            ", filter: { query: { q: '{{ run.prefx }}' } }",
            "did you mean `run.prefix`?",
        ),
        (", next: {}", "`next` does not say where the next page is"),
        (
            ", next: { cursor: body.next }",
            "no template of the request reads `cursor`: each page would be the first",
        ),
        (
            ", next: { page: true }",
            "no template of the request reads `page`: each page would be the first",
        ),
        (
            ", query: { q: '(page:{{ page }})' }",
            "`page` is read, and `next` does not count it",
        ),
        (
            ", query: { q: '(page:{{ offset }})' }, next: { page: true }",
            "`offset` is read, and `next` does not count it",
        ),
        (
            ", json: { p: '{{ page }}' }, next: { page: true, in: json }",
            "`in` has no meaning where the request's templates say which page is asked for",
        ),
        (
            ", next: { offset: o, first: 0 }",
            "`first` belongs to `page`, not to `offset`",
        ),
        (
            ", next: { url: body.next, param: p }",
            "`param` belongs to `cursor`, not to `url`",
        ),
        (
            ", next: { page: p, in: json }",
            "`in: json` in a list whose request has no `json`",
        ),
        (
            ", json: {}, next: { page: p, in: body }",
            "`in` is not one of query, json",
        ),
        (
            ", json: {}, next: { url: body.next, in: json }",
            "`in` has no meaning with `url`",
        ),
        (", next: { url: item.next }", "unknown name `item` in an expression"),
        (
            ", query: { q: '{{ account.username }}' }",
            "unknown name `account` in an expression",
        ),
    ] {
        let shown = list(rest).unwrap_err();
        assert!(shown.contains(expected), "{rest}\n{shown}");
    }
}

#[test]
fn a_service_that_can_be_swept_deletes_by_name_and_id_alone() {
    for (rest, refused) in [
        ("delete: { request: 'DELETE /u/{{ account.username }}' }", None),
        (
            "delete: { request: 'DELETE /u/{{ id }}', headers: { X: '{{ env.A }}{{ run.id }}{{ service.name }}' } }",
            None,
        ),
        (
            "delete: { request: 'DELETE /u/{{ account.email }}' }",
            Some("account.email"),
        ),
        (
            "delete: { request: 'DELETE /u/{{ account[\"email\"] }}' }",
            Some("account"),
        ),
        (
            "delete: { request: 'DELETE /u/{{ id }}', json: { m: '{{ run.marker }}' } }",
            Some("run.marker"),
        ),
        (
            "delete: { request: 'DELETE /u/{{ id }}', json: { m: '{{ run.expires_at }}' } }",
            Some("run.expires_at"),
        ),
        (
            "gone: { request: 'GET /u/{{ id }}', until: 'body.end == run.expires' }",
            Some("run.expires"),
        ),
        (
            "gone: { request: 'GET /u/{{ id }}', until: 'body.email != account.email' }",
            Some("account.email"),
        ),
        (
            "create: { capture: { t: body.t } }\n    delete: { request: 'DELETE /u/{{ capture.t }}' }",
            Some("capture.t"),
        ),
        (
            "delete: [{ request: 'GET /u/{{ id }}', capture: { t: body.t } }, { request: 'DELETE /u/{{ capture.t }}' }]",
            None,
        ),
    ] {
        let with_list = parse(&service(&format!("{rest}\n    list: {{ {ITEMS} }}")));
        match refused {
            None => assert!(with_list.is_ok(), "{rest}\n{with_list:?}"),
            Some(path) => {
                let shown = with_list.unwrap_err();
                assert!(
                    shown.contains(&format!("`{path}` doesn't exist in a sweep")),
                    "{rest}\n{shown}"
                );
                assert!(parse(&service(rest)).is_ok(), "{rest}");
            }
        }
    }
    let needs = "services:
  - { name: b, url: http://x }
  - name: a
    url: http://x
    needs: [b]
    list: { request: GET /users, items: body, id: item.id, name: item.name }
    delete: { request: 'DELETE /u/{{ needs.b.id }}/{{ id }}' }";
    assert!(
        parse(needs)
            .unwrap_err()
            .contains("`needs.b.id` doesn't exist in a sweep")
    );
}

#[test]
fn certificates_are_paths_and_a_key_has_its_certificate() {
    let text = service("tls: { ca: ca.pem, cert: '{{ env.CERT }}', key: k.pem }");
    let tls = parse(&text).unwrap().services[0].tls.clone().unwrap();
    assert!(tls.ca.is_some() && tls.cert.is_some() && tls.key.is_some());
    for (rest, expected) in [
        ("tls: { cert: c.pem }", "`cert` needs `key`"),
        ("tls: { key: k.pem }", "`key` needs `cert`"),
        ("tls: { ca: '{{ run.id }}' }", "unknown name `run` in an expression"),
        ("tls: { cacert: c.pem }", "unknown key `cacert` of `tls`"),
    ] {
        let shown = parse(&service(rest)).unwrap_err();
        assert!(shown.contains(expected), "{rest}\n{shown}");
    }
}

#[test]
fn parameters_keep_their_types_and_unknown_ones_name_the_nearest() {
    let text = service("with: { realm: 'r-{{ env.R }}', n: 3 }\n    headers: { X: '{{ with.realm }}' }");
    let config = parse(&text).unwrap();
    let scope = Scope::new().environment(&environment(&[("R", "{{ env.R }}")]));
    let expected = serde_json::json!({"realm": "r-{{ env.R }}", "n": 3});
    assert_eq!(config.services[0].parameters(&scope).unwrap(), expected);
    for (rest, message, hint) in [
        (
            "with: { realm: r }\n    headers: { X: '{{ with.relm }}' }",
            "`with.relm` is not known",
            "did you mean `with.realm`?",
        ),
        (
            "headers: { X: '{{ with.realm }}' }",
            "`with.realm` is not known",
            "add `realm` to the service's `with`",
        ),
        (
            "with: { realm: '{{ run.id }}' }",
            "unknown name `run` in an expression",
            "the names here are env",
        ),
        (
            "with: { 'a-b': 1 }",
            "`a-b` is not a valid parameter name",
            "use letters, digits and `_`",
        ),
    ] {
        let shown = parse(&service(rest)).unwrap_err();
        assert!(shown.contains(message) && shown.contains(hint), "{rest}\n{shown}");
    }
}

#[test]
fn what_no_request_captures_and_no_needed_service_shows_is_told() {
    let text = |delete: &str| {
        format!(
            "services:
  - {{ name: crm, url: http://x, create: {{ capture: {{ key: body.key }}, outputs: {{ tenant: body.t }} }} }}
  - name: a
    url: http://x
    needs: [crm]
    create: {{ json: {{ o: '{{{{ needs.crm.{delete} }}}}' }}, capture: {{ token: body.t }} }}
    delete: {{ request: 'DELETE /u/{{{{ id }}}}', headers: {{ X: '{{{{ capture.token }}}}' }} }}"
        )
    };
    for known in ["id", "username", "key", "tenant"] {
        assert!(parse(&text(known)).is_ok(), "{known}");
    }
    let shown = parse(&text("tenent")).unwrap_err();
    assert!(
        shown.contains("`tenent` of `needs.crm` is not known\n") && shown.contains("did you mean `tenant`?"),
        "{shown}"
    );
    let shown = parse(&text("id").replace("capture.token", "capture.tokn")).unwrap_err();
    assert!(
        shown.contains("`capture.tokn` is not known\n") && shown.contains("did you mean `capture.token`?"),
        "{shown}"
    );
}

#[test]
fn a_field_that_only_some_personas_have_is_told_where_it_is_read() {
    let text = |read: &str, bob: &str| {
        format!(
            "services:
  - {{ name: a, url: http://x, create: {{ json: {{ plan: \"{{{{ {read} }}}}\" }} }} }}
  - {{ name: b, url: http://x }}
accounts:
  - {{ name: alice, fields: {{ plan: gold }} }}
  - {{ name: bob, {bob} }}"
        )
    };
    for (read, bob) in [
        ("account.plan", "services: [b]"),
        ("account.plan", "fields: { plan: none }"),
        ("account.plan | default('none')", "role: tester"),
        ("account.plan if account.plan is defined else 'none'", "role: tester"),
    ] {
        assert!(parse(&text(read, bob)).is_ok(), "{read} {bob}");
    }
    for (read, bob, expected) in [
        (
            "account.plan",
            "role: tester",
            "standin.yml:2:59: `account.plan` is not known for the persona `bob`\n",
        ),
        (
            "account.plan",
            "role: tester",
            " ^^^
hint: add `plan` to its `fields`, or write `account.plan | default(...)`",
        ),
        (
            "account.plan",
            "fields: { plna: x }",
            "hint: it has `plna`: give it the same name everywhere",
        ),
        ("account.plan | upper", "role: tester", "for the persona `bob`"),
        (
            "account.pln | default('x')",
            "role: tester",
            "hint: did you mean `account.plan`?",
        ),
        ("account.locale", "role: tester", "`account.locale` is not known"),
    ] {
        let shown = parse(&text(read, bob)).unwrap_err();
        assert!(shown.contains(expected), "{read} {bob}\n{shown}");
    }
}

#[test]
fn a_persona_reads_what_stands_before() {
    let text =
        |persona: &str| format!("services: [{{ name: a, url: http://x }}]\naccounts: [{{ name: al, {persona} }}]");
    let known = "email: '{{ account.username }}@x', fields: { a: 1, b: '{{ account.a }}' }";
    assert!(parse(&text(known)).is_ok());
    for (persona, expected) in [
        (
            "email: '{{ account.plan }}', fields: { plan: x }",
            "`account.plan` is not known",
        ),
        (
            "fields: { a: '{{ account.bee }}', bee: 1 }",
            "`account.bee` is not known",
        ),
        (
            "fields: { bee: 1, a: '{{ account.bea }}' }",
            "did you mean `account.bee`?",
        ),
    ] {
        let shown = parse(&text(persona)).unwrap_err();
        assert!(shown.contains(expected), "{persona}\n{shown}");
    }
}

#[test]
fn a_description_of_ones_own_that_can_look_nothing_up_is_warned_of() {
    let find = "find: { request: GET /u, items: body, id: item.id, name: item.name }";
    for (rest, warned) in [
        ("timeout: 5s".to_owned(), false),
        ("create: { request: POST /u }".to_owned(), true),
        ("create: { request: POST /u, id: account.username }".to_owned(), false),
        // An id that does not come from the marker could be anybody's.
        ("create: { request: POST /u, id: \"'admin'\" }".to_owned(), true),
        (format!("create: {{ request: POST /u }}\n    {find}"), false),
    ] {
        let config = parse(&service(&rest)).unwrap();
        assert_eq!(!config.warnings.is_empty(), warned, "{rest}: {:?}", config.warnings);
    }
}

/// A list of one page is of a round length now and then, and would be taken for the first of several.
#[test]
fn every_preset_tells_where_its_list_ends() {
    let mut lists = 0;
    for name in crate::config::preset_names() {
        let preset = crate::config::preset(name).expect("a preset");
        let text = preset.as_config();
        let Some((_, list)) = text.split_once("  list:") else {
            continue;
        };
        let list = list.split("  delete:").next().unwrap_or_default();
        assert!(list.contains("next:") || list.contains("total:"), "{name}");
        lists += 1;
    }
    assert!(lists > 15, "only {lists} presets have a list");
}
