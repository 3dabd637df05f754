//! A description of an API: OpenAPI 3.0, 3.1 or Swagger 2.0, with its references and those of the files beside it.
//!
//! References are followed when they are read, so that circles harm nobody (OpenAPI 3.1, "Reference Object"). How much work
//! all of them may take is bounded.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::foreign::shown;
use super::reader;
use crate::domain::why::Why;

/// The longest chain of references that is followed.
const HOPS_MAX: usize = 32;
/// The most files beside the document that are read.
const FILES_MAX: usize = 64;
/// The most steps through schemas that one document may take. The largest real ones take a few thousand.
const STEPS_MAX: usize = 300_000;

/// The text of a file beside the document, by its path from there; none where there is no such file.
pub type Beside<'f> = &'f dyn Fn(&str) -> Option<String>;

/// A description, ready to be asked.
pub(super) struct Document {
    root: Value,
    /// Files that it names, by their path.
    files: BTreeMap<String, Value>,
    hash: String,
    steps: Cell<usize>,
}

/// What is returned where nothing is.
static NOTHING: Value = Value::Null;

impl Document {
    /// Reads a description and the files that it names.
    pub(super) fn read(text: &str, beside: Beside<'_>) -> Result<Self, Why> {
        let mut root = reader::read(text)?;
        let spoken = ["openapi", "swagger"].iter().any(|key| root.get(key).is_some());
        if !spoken {
            let hint = "give an OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0 document";
            return Err(Why::hinted("it has neither `openapi` nor `swagger`", hint));
        }
        let hash = digest(&SHA256, text.as_bytes());
        let hash = hex(hash.as_ref());
        let mut wanted = Vec::new();
        absolute(&mut root, "", &mut wanted);
        let mut files = BTreeMap::new();
        while let Some(path) = wanted.pop() {
            if files.contains_key(&path) || files.len() >= FILES_MAX {
                continue;
            }
            let read = beside(&path).and_then(|text| reader::read(&text).ok());
            let mut value = read.unwrap_or_default();
            absolute(&mut value, &path, &mut wanted);
            files.insert(path, value);
        }
        let document = Self {
            root,
            files,
            hash,
            steps: Cell::new(0),
        };
        if document.paths().next().is_none() {
            return Err("it has no `paths`".into());
        }
        Ok(document)
    }

    /// The value of a top-level key.
    pub(super) fn top(&self, key: &str) -> &Value {
        self.root.get(key).unwrap_or(&NOTHING)
    }

    /// Is it Swagger 2.0, where bodies are parameters and answers have schemas of their own?
    pub(super) fn is_swagger(&self) -> bool {
        self.root.get("swagger").is_some()
    }

    /// The document's SHA-256.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// `info.title` as it was written.
    pub(super) fn title(&self) -> &str {
        self.top("info").get("title").and_then(Value::as_str).unwrap_or("")
    }

    /// `info.version`, harmless.
    pub(super) fn version(&self) -> String {
        match self.top("info").get("version") {
            Some(Value::String(text)) => shown(text),
            Some(number @ Value::Number(_)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// Files that are named and could not be read.
    pub(super) fn missing_files(&self) -> impl Iterator<Item = &str> {
        let missing = self.files.iter().filter(|(_, value)| value.is_null());
        missing.map(|(path, _)| path.as_str())
    }

    /// Each path with what stands below it (OpenAPI 3.1, "Paths Object").
    pub(super) fn paths(&self) -> impl Iterator<Item = (&str, &Value)> {
        let paths = self.follow(self.top("paths")).as_object();
        paths
            .into_iter()
            .flatten()
            .map(|(path, item)| (path.as_str(), self.follow(item)))
    }

    /// A security scheme by its name.
    pub(super) fn scheme(&self, name: &str) -> Option<&Value> {
        self.schemes()
            .find(|(known, _)| *known == name)
            .map(|(_, scheme)| scheme)
    }

    /// Every security scheme.
    pub(super) fn schemes(&self) -> impl Iterator<Item = (&str, &Value)> {
        let schemes = if self.is_swagger() {
            self.top("securityDefinitions")
        } else {
            self.top("components").get("securitySchemes").unwrap_or(&NOTHING)
        };
        let schemes = self.follow(schemes).as_object();
        schemes
            .into_iter()
            .flatten()
            .map(|(name, scheme)| (name.as_str(), self.follow(scheme)))
    }

    /// What a reference leads to; a value that is none is itself. A broken one leads to nothing.
    pub(super) fn follow<'d>(&'d self, value: &'d Value) -> &'d Value {
        let mut at = value;
        for _ in 0..HOPS_MAX {
            let Some(reference) = at.get("$ref").and_then(Value::as_str) else {
                return at;
            };
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let root = if file.is_empty() {
                &self.root
            } else {
                self.files.get(file).unwrap_or(&NOTHING)
            };
            let pointer = percent_decode_str(pointer).decode_utf8_lossy();
            at = root.pointer(&pointer).unwrap_or(&NOTHING);
        }
        &NOTHING
    }

    /// Were there too many steps, so that not all was read?
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps.get() >= STEPS_MAX
    }

    /// Counts a step through a schema; false when there were too many.
    pub(super) fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        self.steps.get() < STEPS_MAX
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

/// Makes every reference in the file at `base` one from the document, and notes the files that are named.
fn absolute(value: &mut Value, base: &str, wanted: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| absolute(item, base, wanted)),
        Value::Object(entries) => {
            if let Some(Value::String(reference)) = entries.get_mut("$ref") {
                let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
                let path = if file.is_empty() {
                    Some(base.to_owned())
                } else {
                    joined(base, file)
                };
                // An address or a path that leads elsewhere stays as it is, and leads to nothing.
                if let Some(path) = path {
                    if !path.is_empty() && !wanted.contains(&path) {
                        wanted.push(path.clone());
                    }
                    *reference = format!("{path}#{pointer}");
                }
            }
            for (_, entry) in entries {
                absolute(entry, base, wanted);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A path from the folder of the document; none for one that leads out of it.
fn joined(base: &str, file: &str) -> Option<String> {
    if file.contains([':', '\\', '\0']) || file.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Document {
        Document::read(text, &|_| None).unwrap()
    }

    #[test]
    fn references_are_followed_through_lists_files_and_circles() {
        let beside = |path: &str| match path {
            "parts/user.yml" => Some("User: {$ref: 'more.yml#/Person'}".to_owned()),
            "parts/more.yml" => Some("Person: {type: object}\nBack: {$ref: '../api.yml'}".to_owned()),
            _ => None,
        };
        let text = "openapi: 3.1.0
paths:
  /a: {get: {parameters: [{name: x}]}}
list: [{$ref: '#/list/0'}, {$ref: '#/paths/~1a/get/parameters/0'}, {$ref: 'parts/user.yml#/User'}, {$ref: '../out.yml'}]
";
        let document = Document::read(text, &beside).unwrap();
        let list = document.top("list").as_array().unwrap();
        let found: Vec<&Value> = list.iter().map(|item| document.follow(item)).collect();
        assert_eq!(
            found,
            [
                &Value::Null,
                &json!({"name": "x"}),
                &json!({"type": "object"}),
                &Value::Null
            ]
        );
        assert_eq!(document.missing_files().collect::<Vec<_>>(), ["api.yml"]);
    }

    #[test]
    fn a_whole_security_scheme_may_be_a_reference() {
        let document = read(
            "swagger: '2.0'\npaths: {/a: {}}\nx: 1\nsecurityDefinitions: {t: {$ref: '#/parameters/t'}}\nparameters: {t: {type: basic}}",
        );
        assert_eq!(document.scheme("t"), Some(&json!({"type": "basic"})));
        assert_eq!(document.hash().len(), 64);
    }

    #[test]
    fn what_describes_no_api_is_refused() {
        for (text, expected) in [
            ("{}", "it has neither `openapi` nor `swagger`"),
            ("[]", "it has neither `openapi` nor `swagger`"),
            ("openapi: 3.0.0", "it has no `paths`"),
            ("openapi: 3.0.0\npaths: {}", "it has no `paths`"),
        ] {
            let refused = Document::read(text, &|_| None).err().unwrap();
            assert_eq!(refused.what, expected, "{text}");
        }
    }
}
