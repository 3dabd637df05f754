//! What an event or a span tells: a message, and fields by name.
//!
//! It is as it was told, secrets included: it goes no further than `hearing.rs`.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// Fields by their names.
pub(super) type SpanFields = Vec<(&'static str, Value)>;

/// The fields of an answer's event that are lines of their own in a log for people, and the mark in front of each line: what was
/// sent, what came back, and what that decides.
pub(super) const LINES: [(&str, char); 3] = [("request", '>'), ("answer", '<'), ("decided", '=')];

/// What was told. It has no `Debug`: a secret may be in it.
#[derive(Default)]
pub(super) struct Told {
    pub(super) title: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) fields: SpanFields,
}

impl Told {
    /// What a request came to: `users: POST /users: status 201 in 12 ms`.
    pub(super) fn answer(&self, request: Option<&Self>) -> String {
        let came = if let Some(reason) = self.field("not_sent") {
            format!("not sent: {reason}")
        } else if let Some(reason) = self.field("lost") {
            format!("lost: {reason}")
        } else {
            format!("status {}", self.field("status").unwrap_or_default())
        };
        let of = |name| request.and_then(|request| request.field(name)).unwrap_or_default();
        let took = self.field("took_ms").unwrap_or_default();
        format!(
            "{}: {} {}: {came} in {took} ms",
            of("service"),
            of("method"),
            of("path")
        )
    }

    fn field(&self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(known, _)| *known == name)?;
        Some(in_text(value))
    }

    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = in_text(&value),
            "hint" => self.hint = Some(in_text(&value)),
            "title" => self.title = Some(in_text(&value)),
            name => self.fields.push((name, value)),
        }
    }
}

/// A value as a line of text has it.
pub(super) fn in_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::from(format!("{value:?}")));
    }
}
