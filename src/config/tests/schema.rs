//! The JSON Schema against the decoder: nothing that is read is refused.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;
use crate::config::{preset, preset_names};

fn schema() -> Value {
    serde_json::from_str(&crate::config::schema()).unwrap()
}

/// What the schema doesn't take of a value.
pub(super) fn refused(value: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());
    let errors = VALIDATOR.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// A keyword that is misspelt would forbid nothing.
#[test]
fn the_schema_has_no_unknown_keywords() {
    fn look(schema: &Value) {
        const PLAIN: [&str; 14] = [
            "$ref",
            "default",
            "description",
            "enum",
            "examples",
            "maxItems",
            "maximum",
            "minItems",
            "minProperties",
            "minimum",
            "pattern",
            "required",
            "title",
            "type",
        ];
        let Some(keywords) = schema.as_object() else { return };
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "properties" | "$defs" => value.as_object().unwrap().values().for_each(look),
                "anyOf" => value.as_array().unwrap().iter().for_each(look),
                "items" | "additionalProperties" => look(value),
                "$schema" | "$id" => assert_eq!(*schema, self::schema()),
                known => assert!(PLAIN.contains(&known), "{known}"),
            }
        }
    }
    look(&schema());
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
