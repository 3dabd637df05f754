//! What was heard as JSON: one object a line, with the spans in which it was told.
//!
//! The keys are those of [`JsonLine`]. It is written as it is read, without a tree of values: a verbose log has thousands of lines.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::harmless;
use super::hearing::Heard;
use super::writer::{ConsoleState, Writer};

#[derive(Serialize)]
struct JsonLine<'a> {
    time: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Object::is_empty")]
    fields: Object<'a, Value>,
    #[serde(skip_serializing_if = "Object::is_empty")]
    spans: Object<'a, Object<'a, Value>>,
}

/// Pairs as an object. No name may stand in it twice.
struct Object<'a, V>(&'a [(&'static str, V)]);

impl<V> Object<'_, V> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<V: Serialize> Serialize for Object<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The form of `log-format: json`.
pub(super) fn line(writer: &Writer, _: &mut ConsoleState, heard: &Heard) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(writer.clock.now().as_millis());
    let mut spans: Vec<(&'static str, Object<'_, Value>)> = Vec::with_capacity(heard.spans.len());
    for (name, fields) in &heard.spans {
        // Of two of one name the inner one is told.
        spans.retain(|(outer, _)| outer != name);
        spans.push((*name, Object(fields)));
    }
    let record = JsonLine {
        time: humantime::format_rfc3339_millis(time).to_string(),
        level: heard.level.name(),
        title: heard.title.as_deref(),
        message: &heard.message,
        hint: heard.hint.as_deref(),
        fields: Object(&heard.fields),
        spans: Object(&spans),
    };
    // Texts and numbers can always be written. A line break within a text is an escape, as JSON has it.
    harmless::json(&serde_json::to_string(&record).unwrap_or_default()) + "\n"
}
