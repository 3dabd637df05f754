//! docs/standin.schema.json and docs/reference.md, which are made from the declaration of the keys in src/config/keys.rs.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::{ROOT, read};

const PAGE: &str = "docs/reference.md";
const SCHEMA: &str = "docs/standin.schema.json";
const REFRESH: &str = "STANDIN_REFRESH_DOCS=1 cargo test --test it docs::reference";

/// Holds a page against what it should be, or writes it.
fn hold(page: &str, expected: &str) {
    if std::env::var_os("STANDIN_REFRESH_DOCS").is_some() {
        fs::write(Path::new(ROOT).join(page), expected).unwrap();
    } else {
        assert!(
            read(page) == expected,
            "{page} is not what src/config/keys.rs declares\nrefresh it with: {REFRESH}"
        );
    }
}

#[test]
fn the_schema_is_as_the_keys_are() {
    hold(SCHEMA, &(standin::config::schema() + "\n"));
}

#[test]
fn the_page_is_as_the_keys_are() {
    let schema: Value = serde_json::from_str(&standin::config::schema()).unwrap();
    hold(PAGE, &page(&schema));
}

fn page(schema: &Value) -> String {
    let mut lines = vec![
        "# Every key".to_owned(),
        String::new(),
        "This page is generated, as is [the schema](standin.schema.json), which `standin schema` prints for editors."
            .to_owned(),
        "[Configuration](configuration.md) explains what the keys are for and how they work together.".to_owned(),
        "A test reads each example; they are JSON, and so YAML.".to_owned(),
    ];
    let blocks = schema["$defs"].as_object().unwrap();
    let request = properties(&blocks["request"]);
    let none = Map::new();
    block(&mut lines, "The document", schema, &none);
    for (name, definition) in blocks {
        let is_request = name != "request" && request.keys().all(|key| properties(definition).contains_key(key));
        let title = definition["title"].as_str().unwrap();
        block(&mut lines, title, definition, if is_request { request } else { &none });
    }
    lines.join("\n") + "\n"
}

fn properties(definition: &Value) -> &Map<String, Value> {
    definition["properties"].as_object().unwrap()
}

/// What a block says of its keys, but for those that it shares with every request.
fn block(lines: &mut Vec<String>, title: &str, definition: &Value, shared: &Map<String, Value>) {
    let about = definition["description"].as_str().unwrap();
    lines.extend([String::new(), format!("## {title}"), String::new(), about.to_owned()]);
    if !shared.is_empty() {
        lines.push("It has the keys of [every request](#every-request).".to_owned());
    }
    let own: Vec<_> = properties(definition)
        .iter()
        .filter(|(key, _)| !shared.contains_key(*key))
        .collect();
    if own.is_empty() {
        return;
    }
    lines.extend(["", "| key | meaning | example |", "|---|---|---|"].map(str::to_owned));
    for (key, property) in own {
        let about = property["description"].as_str().unwrap().replace('|', "\\|");
        let examples = property["examples"].as_array().unwrap();
        let examples: Vec<String> = examples
            .iter()
            .map(|example| format!("`{key}: {}`", example.to_string().replace('|', "\\|")))
            .collect();
        lines.push(format!("| `{key}` | {about} | {} |", examples.join("<br>")));
    }
}
