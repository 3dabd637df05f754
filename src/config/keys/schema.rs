//! The JSON Schema (draft 2020-12) of the declared keys.
//!
//! It takes whatever the decoder takes. What only the decoder can know, such as whether an expression is one, it leaves alone.

use serde_json::{Map, Value, json};

use super::{BLOCKS, Block, Key, Kind};

/// Where the newest one is found, and by which editors and validators know it.
const ID: &str = "https://raw.githubusercontent.com/standin-ci/standin/main/docs/standin.schema.json";

/// The JSON Schema of a configuration, as text: a line for each key.
pub fn schema() -> String {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert("$id".to_owned(), ID.into());
    schema.insert("title".to_owned(), "Standin's configuration".into());
    let [document, blocks @ ..] = BLOCKS;
    schema.extend(closed(document, "object".into()));
    let definitions = blocks.iter().map(|block| (block.name.to_owned(), definition(block)));
    schema.insert("$defs".to_owned(), Value::Object(definitions.collect()));
    written(&Value::Object(schema), 0, false)
}

/// A block as a definition of its own, with its title for the reference.
fn definition(block: &Block) -> Value {
    let mut definition = Map::from_iter([("title".to_owned(), block.title.into())]);
    // What can't be left out can't be null.
    let is_item = !block.needed.is_empty();
    let kind = if is_item {
        "object".into()
    } else {
        json!(["object", "null"])
    };
    definition.extend(closed(block, kind));
    Value::Object(definition)
}

/// A map that has the keys of a block and no others.
fn closed(block: &Block, kind: Value) -> Map<String, Value> {
    let is_needed = |key: &Key| block.needed.iter().any(|needed| needed.name == key.name);
    let properties = block
        .keys()
        .map(|key| (key.name.to_owned(), property(&key, is_needed(&key))));
    let mut schema = Map::new();
    schema.insert("description".to_owned(), block.about.into());
    schema.insert("type".to_owned(), kind);
    schema.insert("properties".to_owned(), Value::Object(properties.collect()));
    if !block.needed.is_empty() {
        let needed: Vec<&str> = block.needed.iter().map(|key| key.name).collect();
        schema.insert("required".to_owned(), needed.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// A key with what editors show of it.
fn property(key: &Key, is_needed: bool) -> Value {
    let default = key.default.map(|default| default());
    let description = match &default {
        Some(default) => format!("{} Default: `{}`.", key.meaning, plain(default)),
        None => key.meaning.to_owned(),
    };
    let mut property = Map::from_iter([("description".to_owned(), description.into())]);
    if let Value::Object(value) = value(key.kind, is_needed) {
        property.extend(value);
    }
    if let Some(default) = default {
        property.insert("default".to_owned(), default);
    }
    property.insert("examples".to_owned(), (key.examples)());
    Value::Object(property)
}

/// A value as one writes it in a sentence.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a value of a kind has to be.
fn value(kind: Kind, is_needed: bool) -> Value {
    let map = |block: &Block| json!({"$ref": format!("#/$defs/{}", block.name)});
    let target = json!({"type": "string", "pattern": "^(GET|HEAD|POST|PUT|PATCH|DELETE) +/"});
    // A text is short for the request alone.
    let reference = |block: &Block| {
        if block.is_request() {
            json!({"anyOf": [target.clone(), map(block)]})
        } else {
            map(block)
        }
    };
    let or_null = |types: &[&str]| {
        let null: &[&str] = if is_needed { &[] } else { &["null"] };
        match [types, null].concat().as_slice() {
            [one] => json!(one),
            types => json!(types),
        }
    };
    let words = |words: &[&str]| {
        let words = words.iter().map(|word| json!(word)).chain([Value::Null]);
        json!({"enum": words.collect::<Vec<_>>()})
    };
    let text = json!({"type": ["string", "number", "boolean", "null"]});
    let expression = json!({"type": ["string", "null"]});
    match kind {
        Kind::Text => text,
        Kind::TextList => json!({"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}),
        Kind::Texts => json!({"type": ["object", "null"], "additionalProperties": text}),
        Kind::Expression | Kind::Expiry | Kind::Known => expression,
        Kind::Expressions => json!({"type": ["object", "null"], "additionalProperties": expression}),
        Kind::Target => target,
        Kind::Condition => json!({"anyOf": [
            {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}},
            expression,
        ]}),
        Kind::Json => json!({}),
        Kind::Anything => json!({"type": ["object", "null"]}),
        Kind::Boolean => json!({"type": ["boolean", "null"]}),
        Kind::Duration => json!({"type": ["string", "null"], "pattern": "^([0-9]+(ms|s|m|h|d))+$"}),
        Kind::Number(from, to) => json!({"type": ["integer", "null"], "minimum": from, "maximum": to}),
        Kind::Count(to) => json!({"type": ["integer", "string", "null"], "minimum": 1, "maximum": to}),
        Kind::Pattern(pattern) => json!({"type": ["string", "null"], "pattern": pattern}),
        // An unquoted `true` or `no` may be a name too.
        Kind::Name(pattern) => json!({"type": or_null(&["string", "boolean"]), "pattern": pattern}),
        Kind::Names => json!({"type": ["array", "null"], "items": {"type": ["string", "boolean"]}}),
        Kind::Words(known) => words(known),
        Kind::Block(block) => reference(block),
        Kind::Blocks(block, most) => {
            let mut list = json!({"type": or_null(&["array"]), "items": reference(block), "minItems": 1});
            if let Some(most) = most {
                list["maxItems"] = most.into();
            }
            list
        }
        Kind::Chain(block, least) => {
            let list = json!({"type": "array", "items": reference(block), "minItems": least});
            json!({"anyOf": [target, map(block), list]})
        }
        Kind::Either(known, block, least) => {
            let mut map = map(block);
            map["minProperties"] = least.into();
            json!({"anyOf": [words(known), map]})
        }
    }
}

/// JSON in which the keywords of a map with properties have a line each, and so have its properties. `is_map` says that the keys
/// are properties or definitions.
fn written(value: &Value, depth: usize, is_map: bool) -> String {
    const MAPS: [&str; 2] = ["properties", "$defs"];
    let has_map = MAPS.iter().any(|keyword| value.get(keyword).is_some());
    let Some(entries) = value.as_object().filter(|_| is_map || has_map) else {
        return value.to_string();
    };
    let indent = "  ".repeat(depth);
    let lines: Vec<String> = entries
        .iter()
        .map(|(key, value)| {
            let inner = written(value, depth + 1, !is_map && MAPS.contains(&key.as_str()));
            format!("{indent}  {}: {inner}", json!(key))
        })
        .collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}
