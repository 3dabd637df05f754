//! What a vendor itself says of its API, and what is sent and answered against it.
//!
//! Each file in `api/` holds the operations that a preset uses, as JSON Schema: names and types of the vendor's own description. No
//! name that the description doesn't know may be sent or answered, so that a misspelt one is found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::vendor::Call;

/// The operations that are described.
pub(crate) struct Description {
    operations: Vec<Operation>,
    definitions: Value,
}

struct Operation {
    name: String,
    method: String,
    path: Vec<String>,
    described: Described,
}

/// One operation as it stands in the file. What was not to be had of it is left out, and is not judged.
#[derive(Deserialize)]
struct Described {
    query: Option<BTreeMap<String, Parameter>>,
    body: Option<BTreeMap<String, Value>>,
    answers: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Parameter {
    required: bool,
    schema: Value,
}

#[derive(Deserialize)]
struct File {
    operations: BTreeMap<String, Described>,
    #[serde(rename = "$defs")]
    definitions: Value,
}

/// Where the descriptions are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/presets/api")
}

/// The names of the presets whose vendor's description is here.
pub(super) fn described() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    files
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

impl Description {
    /// That of this preset's vendor, if there is one.
    pub(super) fn of(preset: &str) -> Option<Self> {
        let text = fs::read_to_string(folder().join(format!("{preset}.json"))).ok()?;
        Some(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let file: File = serde_json::from_str(text).unwrap();
        let operations = file.operations.into_iter().map(|(name, described)| {
            let (method, path) = name.split_once(' ').unwrap();
            Operation {
                method: method.to_owned(),
                path: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
                described,
                name,
            }
        });
        Self {
            operations: operations.collect(),
            definitions: file.definitions,
        }
    }

    /// The operation that this request asks for: one whose path has these words before one with a place for them.
    fn operation(&self, call: &Call) -> Option<&Operation> {
        let is_place = |segment: &String| segment.starts_with('{');
        let fits = |operation: &&Operation| {
            let pairs = operation.path.iter().zip(&call.path);
            operation.method == call.method
                && operation.path.len() == call.path.len()
                && pairs.into_iter().all(|(known, sent)| is_place(known) || known == sent)
        };
        let found = self.operations.iter().filter(fits);
        found.min_by_key(|operation| operation.path.iter().filter(|segment| is_place(segment)).count())
    }

    /// What is wrong with a request.
    pub(super) fn complaints_of_request(&self, call: &Call) -> Vec<String> {
        let Some(operation) = self.operation(call) else {
            return vec![format!("{} /{} is not described", call.method, call.path.join("/"))];
        };
        let mut found = Vec::new();
        if let Some(known) = &operation.described.query {
            for (name, value) in &call.query {
                // `filter[id][_eq]` is a part of `filter`, which is a map.
                let is_part = name.split_once('[').is_some_and(|(whole, _)| known.contains_key(whole));
                match known.get(name) {
                    None if is_part => {}
                    None => found.push(format!("the query parameter `{name}` is not described")),
                    Some(parameter) => {
                        let value = of_text(value, &parameter.schema);
                        found.extend(self.refusals(&parameter.schema, &value, &format!("query parameter `{name}`")));
                    }
                }
            }
            let is_sent = |name: &String| call.query.iter().any(|(sent, _)| sent == name);
            let missing = known.iter().filter(|(name, known)| known.required && !is_sent(name));
            found.extend(missing.map(|(name, _)| format!("the query parameter `{name}` is missing")));
        }
        match &operation.described.body {
            Some(kinds) => match call.content_type.as_deref().and_then(|kind| kinds.get(kind)) {
                Some(schema) => found.extend(self.refusals(schema, &call.body, "body")),
                None => found.push(format!("the content type {:?} is not described", call.content_type)),
            },
            None if !call.body.is_null() => found.push("no body is described, and one is sent".to_owned()),
            None => {}
        }
        named(&operation.name, found)
    }

    /// What is wrong with an answer.
    pub(super) fn complaints_of_answer(&self, call: &Call, status: u16, body: Option<&Value>) -> Vec<String> {
        let Some(operation) = self.operation(call) else {
            // It was told of the request.
            return Vec::new();
        };
        let Some(answers) = &operation.described.answers else {
            return Vec::new();
        };
        let found = match (answers.get(&status.to_string()), body) {
            (None, _) => vec![format!("the answer {status} is not described")],
            // An error without a schema may say anything.
            (Some(Value::Null), Some(_)) if status < 400 => {
                vec![format!("no body of the answer {status} is described")]
            }
            (Some(Value::Null), _) => Vec::new(),
            (Some(schema), body) => self.refusals(schema, body.unwrap_or(&Value::Null), &format!("answer {status}")),
        };
        named(&operation.name, found)
    }

    /// The answer with all that the vendor says is always there.
    pub(super) fn complete(&self, call: &Call, status: u16, body: &mut Value) {
        let schema = self
            .operation(call)
            .and_then(|operation| operation.described.answers.as_ref()?.get(&status.to_string()));
        if let Some(schema) = schema {
            self.fill(schema, body);
        }
    }

    fn fill(&self, schema: &Value, value: &mut Value) {
        let schema = self.resolved(schema);
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(&schema["items"], item)),
            Value::Object(map) => {
                for name in texts(&schema["required"]) {
                    if !map.contains_key(name) {
                        map.insert(name.to_owned(), self.least(&schema["properties"][name]));
                    }
                }
                for (name, value) in map {
                    self.fill(&schema["properties"][name.as_str()], value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The least value that a schema allows.
    fn least(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str());
        match kind {
            Some("string") => match schema["format"].as_str() {
                Some("uuid") => "00000000-0000-4000-8000-000000000000".into(),
                Some("date-time") => "2024-01-01T00:00:00Z".into(),
                Some("email") => "a@b.test".into(),
                Some("uri") => "https://a.test/".into(),
                _ => "x".into(),
            },
            Some("integer" | "number") => schema["minimum"].as_i64().unwrap_or(0).into(),
            Some("boolean") => false.into(),
            Some("array") => json!([]),
            Some("object") => {
                let mut value = Value::Object(Map::new());
                self.fill(schema, &mut value);
                value
            }
            _ => Value::Null,
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(reference) => &self.definitions[reference.rsplit('/').next().unwrap()],
            None => schema,
        }
    }

    fn refusals(&self, schema: &Value, value: &Value, what: &str) -> Vec<String> {
        let whole = json!({"$defs": self.definitions, "allOf": [schema]});
        let validator: Validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{what}: {}: {error}", error.instance_path()))
            .collect()
    }
}

fn named(operation: &str, found: Vec<String>) -> Vec<String> {
    found.into_iter().map(|what| format!("{operation}: {what}")).collect()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// A query parameter's text as the type that its schema has.
fn of_text(text: &str, schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        Some("array") => text.split(',').collect(),
        _ => text.into(),
    }
}

#[test]
fn what_is_not_as_described_is_told() {
    let description = Description::read(
        r##"{"operations": {
            "POST /users": {
                "body": {"application/json": {"$ref": "#/$defs/New"}},
                "answers": {"201": {"type": "object", "required": ["id", "at"], "additionalProperties": false,
                    "properties": {"id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"}}}, "204": null}
            },
            "GET /users/{id}": {
                "query": {"full": {"required": true, "schema": {"type": "boolean"}}, "page": {"required": false, "schema": {"type": "integer"}}},
                "answers": {"200": {"type": "object"}}
            },
            "GET /users/me": {"query": {}, "answers": {"200": true}},
            "DELETE /users/{id}": {"query": {"filter": {"required": false, "schema": true}}, "answers": {"404": null}},
            "GET /unread": {}
        }, "$defs": {"New": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "additionalProperties": false}}}"##,
    );
    let call = |method: &str, path: &str, query: &[(&str, &str)], body: Value| Call {
        method: method.to_owned(),
        path: path.split('/').map(str::to_owned).collect(),
        query: query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        content_type: (!body.is_null()).then(|| "application/json".to_owned()),
        body,
    };
    let create = |body| call("POST", "users", &[], body);
    for (request, expected) in [
        (create(json!({"name": "a"})), ""),
        (create(json!({"name": "a", "nmae": "b"})), "nmae"),
        (create(json!({})), "\"name\" is a required property"),
        (create(json!({"name": 7})), "/name: 7 is not of type \"string\""),
        (create(Value::Null), "the content type None is not described"),
        (
            call("GET", "users/1", &[("full", "true"), ("page", "2")], Value::Null),
            "",
        ),
        (
            call("GET", "users/1", &[], Value::Null),
            "the query parameter `full` is missing",
        ),
        (
            call("GET", "users/1", &[("full", "x")], Value::Null),
            "query parameter `full`: : \"x\" is not of type",
        ),
        (
            call("GET", "users/1", &[("full", "true"), ("fulll", "1")], Value::Null),
            "`fulll` is not described",
        ),
        (call("GET", "users/me", &[], Value::Null), ""),
        (
            call("GET", "users/me", &[("full", "true")], Value::Null),
            "the query parameter `full` is not described",
        ),
        (call("GET", "unread", &[("full", "true")], Value::Null), ""),
        (call("DELETE", "users/1", &[("filter[id][_eq]", "1")], Value::Null), ""),
        (
            call("DELETE", "users/1", &[("filtr[id]", "1")], Value::Null),
            "`filtr[id]` is not described",
        ),
        (
            call("GET", "users/1", &[("full", "true")], json!({})),
            "no body is described",
        ),
        (
            call("PATCH", "users/1", &[], Value::Null),
            "PATCH /users/1 is not described",
        ),
    ] {
        let found = description.complaints_of_request(&request).join("\n");
        assert!(
            found.contains(expected) && found.is_empty() == expected.is_empty(),
            "{expected}: {found}"
        );
    }
    let request = create(json!({"name": "a"}));
    let id = "00000000-0000-4000-8000-000000000001";
    let mut whole = json!({"id": id});
    description.complete(&request, 201, &mut whole);
    for (status, body, expected) in [
        (201, Some(whole), ""),
        (204, None, ""),
        (204, Some(json!({})), "no body of the answer 204 is described"),
        (201, Some(json!({"id": id})), "\"at\" is a required property"),
        (
            201,
            Some(json!({"id": "u1", "at": "2024-01-01T00:00:00Z"})),
            "\"u1\" is not a \"uuid\"",
        ),
        (409, None, "the answer 409 is not described"),
    ] {
        let found = description
            .complaints_of_answer(&request, status, body.as_ref())
            .join("\n");
        assert!(
            found.contains(expected) && found.is_empty() == expected.is_empty(),
            "{expected}: {found}"
        );
    }
}
