//! The JSON Schema against the decoder: the same keys in every place, and nothing that is read is refused.

use std::collections::BTreeSet;

use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;
use crate::config::{preset, preset_names};

const SCHEMA: &str = include_str!("../../../schema/standin.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// What of a value the schema refuses, with its place. An unknown keyword is a mistake: it would be one that nothing checks here.
fn refusals(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let refuse = |why: &str, found: &mut Vec<String>| found.push(format!("{place}: {why}: {value}"));
    let items = schema.as_object().unwrap();
    for (keyword, rule) in items {
        match keyword.as_str() {
            "$schema"
            | "$defs"
            | "title"
            | "description"
            | "required"
            | "pattern"
            | "properties"
            | "additionalProperties" => {}
            "type" => {
                let kinds = rule.as_array().map_or_else(|| vec![rule.clone()], Clone::clone);
                if !kinds.iter().any(|kind| is_of(value, kind.as_str().unwrap())) {
                    refuse("type", found);
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    refuse("enum", found);
                }
            }
            "minimum" | "maximum" => {
                let bound = rule.as_f64().unwrap();
                let is_outside = |number: f64| {
                    if keyword == "minimum" {
                        number < bound
                    } else {
                        number > bound
                    }
                };
                if value.as_f64().is_some_and(is_outside) {
                    refuse(keyword, found);
                }
            }
            "minItems" | "maxItems" | "minProperties" => {
                let bound = usize::try_from(rule.as_u64().unwrap()).unwrap();
                let length = if keyword == "minProperties" {
                    value.as_object().map(serde_json::Map::len)
                } else {
                    value.as_array().map(Vec::len)
                };
                if length.is_some_and(|length| {
                    if keyword == "maxItems" {
                        length > bound
                    } else {
                        length < bound
                    }
                }) {
                    refuse(keyword, found);
                }
            }
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                refusals(root, &root["$defs"][name], value, place, found);
            }
            "anyOf" => {
                let is_fit = rule.as_array().unwrap().iter().any(|one| {
                    let mut inner = Vec::new();
                    refusals(root, one, value, place, &mut inner);
                    inner.is_empty()
                });
                if !is_fit {
                    refuse("anyOf", found);
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    refusals(root, rule, item, &format!("{place}[{index}]"), found);
                }
            }
            other => panic!("the keyword `{other}` is checked by nothing"),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{place}: lacks {name}"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(rule), _) | (None, rule @ Value::Object(_)) => refusals(root, rule, inner, &place, found),
            (None, Value::Bool(false)) => found.push(format!("{place}: unknown")),
            (None, _) => {}
        }
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("there is no type `{other}`"),
    }
}

fn refused(value: &Value) -> Vec<String> {
    let schema = schema();
    let mut found = Vec::new();
    refusals(&schema, &schema, value, "", &mut found);
    found
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Every place with keys of its own: the definition in the schema, and a document with an unknown key there.
const PLACES: &[(&str, &str)] = &[
    ("", "{zzzzzzzz: 1}"),
    ("service", "services: [{zzzzzzzz: 1}]"),
    ("account", "{services: [], accounts: [{zzzzzzzz: 1}]}"),
    ("auth", "services: [{auth: {zzzzzzzz: 1}}]"),
    ("basic", "services: [{auth: {basic: {zzzzzzzz: 1}}}]"),
    ("oauth2", "services: [{auth: {oauth2: {zzzzzzzz: 1}}}]"),
    ("login", "services: [{auth: {login: {zzzzzzzz: 1}}}]"),
    ("use", "services: [{auth: {login: {use: {zzzzzzzz: 1}}}}]"),
    ("github_oidc", "services: [{auth: {github_oidc: {zzzzzzzz: 1}}}]"),
    (
        "exchange",
        "services: [{auth: {github_oidc: {exchange: {zzzzzzzz: 1}}}}]",
    ),
    ("tls", "services: [{tls: {zzzzzzzz: 1}}]"),
    ("limits", "services: [{limits: {zzzzzzzz: 1}}]"),
    ("service_request", "services: [{ready: {zzzzzzzz: 1}}]"),
    ("service_request", "services: [{probe: {zzzzzzzz: 1}}]"),
    ("create", "services: [{create: {zzzzzzzz: 1}}]"),
    ("step", "services: [{after_create: {zzzzzzzz: 1}}]"),
    ("poll", "services: [{verify: {zzzzzzzz: 1}}]"),
    ("poll", "services: [{gone: {zzzzzzzz: 1}}]"),
    ("find", "services: [{find: {zzzzzzzz: 1}}]"),
    ("list", "services: [{list: {zzzzzzzz: 1}}]"),
    ("next", "services: [{list: {next: {zzzzzzzz: 1}}}]"),
    ("delete_step", "services: [{delete: {zzzzzzzz: 1}}]"),
];

#[test]
fn the_schema_has_the_keys_that_are_read_in_every_place() {
    let schema = schema();
    let mut checked = BTreeSet::new();
    for (place, text) in PLACES {
        let shown = parse(text).unwrap_err();
        let (_, rest) = shown
            .split_once("unknown key `zzzzzzzz`")
            .unwrap_or_else(|| panic!("{shown}"));
        let (_, rest) = rest
            .split_once("hint: the keys here are ")
            .unwrap_or_else(|| panic!("{shown}"));
        let read: BTreeSet<&str> = rest.lines().next().unwrap().split(", ").collect();
        let definition = if place.is_empty() {
            &schema
        } else {
            &schema["$defs"][place]
        };
        let map = definition["anyOf"].get(1).unwrap_or(definition);
        let known: BTreeSet<&str> = map["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(known, read, "{place}");
        assert_eq!(map["additionalProperties"], json!(false), "{place}");
        checked.insert(*place);
    }
    let closed = schema["$defs"].as_object().unwrap().iter().filter(|(_, definition)| {
        let map = definition["anyOf"].get(1).unwrap_or(definition);
        map["additionalProperties"] == json!(false)
    });
    for (name, _) in closed {
        assert!(
            checked.contains(name.as_str()),
            "no test holds `{name}` against what is read"
        );
    }
}

#[test]
fn what_is_read_is_valid() {
    let article =
        r#"{"services": [{"name": "users", "endpoint": "http://localhost:8081", "username": "qa", "password": "pw"}]}"#;
    let printed = preset_names().map(|name| preset(name).unwrap().as_config());
    for text in printed.chain([FULL.to_owned(), article.to_owned()]) {
        assert!(parse(&text).is_ok(), "{text}");
        assert_eq!(refused(&value(&text)), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn common_mistakes_are_refused() {
    for text in [
        "{}",
        "services: []",
        "services: [{url: http://x}]",
        "services: [{name: a, endpont: http://x}]",
        "services: [{name: a, auth: {}}]",
        "services: [{name: a, auth: oauth2}]",
        "services: [{name: a, create: {expect: 200}}]",
        "services: [{name: a, list: {next: links}}]",
        "services: [{name: a}]\naccounts: [{name: a, count: 0}]",
    ] {
        assert_ne!(refused(&value(text)), Vec::<String>::new(), "{text}");
        assert!(parse(text).is_err(), "{text}");
    }
}

/// Values that could stand anywhere.
fn anything() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(7),
        json!(404),
        json!(""),
        json!("10s"),
        json!("link"),
        json!("none"),
        json!("github_oidc"),
        json!("status == 200"),
        json!("{{ env.A }}"),
        json!("GET /x"),
        json!([]),
        json!([200]),
        json!(["crm"]),
        json!([{"request": "GET /x"}]),
        json!({}),
        json!({"request": "GET /x"}),
        json!({"page": "p", "first": 0}),
        json!({"url": "body.next"}),
        json!({"bearer": "{{ env.A }}"}),
        json!({"header": {"X-Key": "{{ env.A }}"}}),
        json!({"github_oidc": {"audience": "a"}}),
        json!({"oauth2": {"token_url": "https://t", "client_id": "c", "client_secret": "s"}}),
        json!({"login": {"request": "POST /l", "use": {"query": {"k": "v"}}}}),
    ])
}

/// Every place of a value, as what leads to it.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, inner) in entries {
                places(inner, &format!("{at}/{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_read_is_valid(changes in prop::collection::vec((any::<Index>(), anything()), 1..3)) {
        let mut changed = value(FULL);
        for (index, new) in changes {
            let mut all = Vec::new();
            places(&changed, "", &mut all);
            let place = index.get(&all);
            *changed.pointer_mut(place).unwrap() = new;
        }
        if parse(&changed.to_string()).is_ok() {
            prop_assert_eq!(refused(&changed), Vec::<String>::new());
        }
    }
}
