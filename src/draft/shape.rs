//! What a schema says of a value: its properties with those of `allOf`, and of the likeliest branch of `oneOf` and `anyOf`
//! (OpenAPI 3.1, "Schema Object"; JSON Schema 2020-12, section 10.2).

use serde_json::Value;

use super::document::Document;
use super::foreign::is_plain_name;
use super::words::{is_email, is_user_name};

/// How deep `allOf`, `oneOf` and `anyOf` may lie in each other.
const FOLDS_MAX: usize = 12;
/// The most branches of one `oneOf` that are looked at.
const BRANCHES_MAX: usize = 40;

/// A schema, folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape<'d> {
    /// Properties in the order of the document, each once, without those whose names are unusable.
    pub(super) properties: Vec<(&'d str, &'d Value)>,
    /// Names of those that must be given.
    pub(super) required: Vec<&'d str>,
    /// The schema of the items, for a list.
    pub(super) items: Option<&'d Value>,
    /// `type`, the first that is not null.
    pub(super) kind: Option<&'d str>,
    /// Required names that are unusable.
    pub(super) unusable: usize,
    /// Does it come from one of several branches?
    pub(super) is_a_branch: bool,
}

impl<'d> Shape<'d> {
    /// What a schema, or a reference to one, says.
    pub(super) fn of(document: &'d Document, schema: &'d Value) -> Self {
        let mut shape = Self::default();
        shape.add(document, schema, 0);
        shape
    }

    /// The schema of a property.
    pub(super) fn property(&self, name: &str) -> Option<&'d Value> {
        self.properties
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, schema)| *schema)
    }

    /// Must a property be given?
    pub(super) fn is_required(&self, name: &str) -> bool {
        self.required.contains(&name)
    }

    /// Is it a list?
    pub(super) fn is_list(&self) -> bool {
        self.kind == Some("array") || (self.kind.is_none() && self.items.is_some())
    }

    /// Is it a map with known properties?
    pub(super) fn is_map(&self) -> bool {
        !self.properties.is_empty() && !self.is_list()
    }

    fn add(&mut self, document: &'d Document, schema: &'d Value, folds: usize) {
        let schema = document.follow(schema);
        if folds > FOLDS_MAX || !document.step() {
            return;
        }
        if self.kind.is_none() {
            self.kind = kind(schema);
        }
        if self.items.is_none() {
            self.items = schema.get("items").filter(|items| items.is_object());
        }
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if is_plain_name(name) && self.property(name).is_none() && property.is_object() {
                self.properties.push((name, property));
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            match name.as_str() {
                Some(name) if is_plain_name(name) => self.required.push(name),
                _ => self.unusable += 1,
            }
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(document, part, folds + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let branches = schema.get(key).and_then(Value::as_array).into_iter().flatten();
            let branches = branches
                .take(BRANCHES_MAX)
                .filter(|branch| branch.get("type").and_then(Value::as_str) != Some("null"));
            let mut folded: Vec<Self> = Vec::new();
            for branch in branches {
                let mut shape = Self::default();
                shape.add(document, branch, folds + 1);
                folded.push(shape);
            }
            let several = folded.len() > 1;
            // The first of the best: documents put the usual one first.
            let best = folded.into_iter().rev().max_by_key(Self::account_fields);
            if let Some(best) = best {
                self.is_a_branch |= several;
                self.merge(best);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (name, schema) in other.properties {
            if self.property(name).is_none() {
                self.properties.push((name, schema));
            }
        }
        self.required.extend(other.required);
        self.items = self.items.or(other.items);
        self.kind = self.kind.or(other.kind);
        self.unusable += other.unusable;
        self.is_a_branch |= other.is_a_branch;
    }

    fn account_fields(&self) -> usize {
        let is_field = |name: &str| is_user_name(name) || is_email(name) || name.to_lowercase().contains("password");
        let fields = self.properties.iter().filter(|(name, _)| is_field(name)).count();
        10 * fields + usize::from(!self.properties.is_empty())
    }
}

/// `type` of a schema, which is a list in OpenAPI 3.1.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => Some(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn names(schemas: &str) -> String {
        let text = format!("openapi: 3.1.0\npaths: {{/a: {{}}}}\n{schemas}");
        let document = Document::read(&text, &|_| None).unwrap();
        let shape = Shape::of(&document, document.top("S"));
        let names: Vec<&str> = shape.properties.iter().map(|(name, _)| *name).collect();
        names.join(" ")
    }

    #[test]
    fn parts_are_folded_and_the_branch_of_an_account_is_taken() {
        assert_eq!(
            names("S: {allOf: [{$ref: '#/T'}, {properties: {b: {}}}], properties: {c: {}}}\nT: {properties: {a: {}}}"),
            "c a b"
        );
        assert_eq!(
            names("S: {oneOf: [{properties: {bot: {}}}, {properties: {email: {}, password: {}}}, {type: 'null'}]}"),
            "email password"
        );
        assert_eq!(names("S: {properties: {'a\\nb': {}, 'x y': {}, ok: {}}}"), "ok");
    }

    #[test]
    fn circles_and_towers_end() {
        assert_eq!(names("S: {allOf: [{$ref: '#/S'}], properties: {a: {}}}"), "a");
        let mut tower = "S: {$ref: '#/L0'}\n".to_owned();
        for level in 0..40 {
            let next = format!("{{$ref: '#/L{}'}}", level + 1);
            writeln!(tower, "L{level}: {{anyOf: [{next}, {next}, {next}]}}").unwrap();
        }
        assert_eq!(names(&tower), "");
    }
}
