//! What a property or parameter holds that says nothing of the account, and what a comment tells of it.

use serde_json::Value;

use super::block::{Item, literal, open};
use super::field::{Meaning, meaning};
use super::foreign::{is_plain_value, shown_up_to};
use super::shape::Shape;

/// The most words of an `enum` that a comment shows.
const WORDS_SHOWN: usize = 6;

/// What a required property holds that says nothing of the account: its default, its only value, or what only the user knows.
pub(super) fn rest(name: &str, schema: &Value, shape: &Shape<'_>) -> (Item, Option<String>) {
    let meaning = meaning(name);
    if meaning == Some(Meaning::Power) {
        return (
            open(),
            Some(format!("gives power, so it is not guessed; required{}", told(schema))),
        );
    }
    let usable = |value: &&Value| match value {
        Value::String(text) => is_plain_value(text),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    let choices = schema.get("enum").and_then(Value::as_array);
    let only = choices
        .filter(|choices| choices.len() == 1)
        .and_then(|choices| choices.first());
    let is_active = |value: &&Value| {
        value
            .as_str()
            .is_some_and(|text| ["active", "enabled"].contains(&text.to_ascii_lowercase().as_str()))
    };
    let active = choices.and_then(|choices| choices.iter().find(is_active));
    if let Some(value) = schema.get("const").or(only).filter(usable) {
        return (
            literal(value),
            Some("the only value that the document allows".to_owned()),
        );
    }
    // A list that can have one item only.
    if let Some(item) = shape.items.filter(|_| shape.is_list()) {
        let one = item
            .get("enum")
            .and_then(Value::as_array)
            .filter(|choices| choices.len() == 1);
        let one = one.and_then(|choices| choices.first()).or(item.get("const"));
        if let Some(value) = one.filter(usable) {
            let note = "the only item that the document allows".to_owned();
            return (Item::List(vec![literal(value)]), Some(note));
        }
    }
    if is_boolean(schema) {
        match meaning {
            Some(Meaning::Confirmed | Meaning::Active) => return (Item::Plain(true.into()), None),
            Some(Meaning::Bothers | Meaning::Barred) => return (Item::Plain(false.into()), None),
            _ => {}
        }
    }
    if let Some(value) = schema.get("default").filter(usable) {
        return (literal(value), Some("the document's default".to_owned()));
    }
    if let Some(value) = active.filter(usable) {
        return (literal(value), Some(format!("guessed{}", told(schema))));
    }
    let kind = shape
        .kind
        .filter(|kind| is_plain_value(kind))
        .map(|kind| format!(", {kind}"))
        .unwrap_or_default();
    (open(), Some(format!("required{kind}{}", told(schema))))
}

/// The values that a schema allows and its description, for a comment.
pub(super) fn told(schema: &Value) -> String {
    let mut told = String::new();
    let choices = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let words: Vec<String> = choices
        .filter_map(|choice| match choice {
            Value::String(text) => Some(shown_up_to(text, 30)),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        })
        .collect();
    if !words.is_empty() {
        let more = if words.len() > WORDS_SHOWN { ", ..." } else { "" };
        let first: Vec<&str> = words.iter().take(WORDS_SHOWN).map(String::as_str).collect();
        told = format!("; one of {}{more}", first.join(", "));
    }
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        let description = shown_up_to(description, 90);
        if !description.is_empty() {
            return format!("{told}; \"{description}\"");
        }
    }
    told
}

/// Is it true or false?
pub(super) fn is_boolean(schema: &Value) -> bool {
    schema
        .get("type")
        .is_some_and(|kind| kind == "boolean" || kind.as_array().is_some_and(|kinds| kinds.contains(&"boolean".into())))
}
