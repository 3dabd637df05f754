//! What was heard as JSON: one object a line, with the spans in which it was told.
//!
//! The keys are `time`, `level` and `message`, and where there is something to say `title`, `fields` and `spans`.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::harmless;
use super::hearing::Heard;
use super::told::Fields;
use super::writer::{State, Writer};

/// The form of `log-format: json`.
pub(super) fn line(writer: &Writer, _: &mut State, heard: Heard) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(writer.clock.now().as_millis());
    let mut record = object(vec![
        ("time", humantime::format_rfc3339_millis(time).to_string().into()),
        ("level", heard.level.name().into()),
    ]);
    record.extend(heard.title.map(|title| ("title".to_owned(), Value::from(title))));
    record.insert("message".to_owned(), Value::from(heard.message));
    if !heard.fields.is_empty() {
        record.insert("fields".to_owned(), object(heard.fields).into());
    }
    if !heard.spans.is_empty() {
        // Of two of one name the inner one is told.
        let spans = heard.spans.into_iter();
        let spans = spans.map(|(name, fields)| (name, object(fields).into())).collect();
        record.insert("spans".to_owned(), object(spans).into());
    }
    // A line break within a value is written as an escape, as JSON has it.
    harmless::json(&Value::Object(record).to_string()) + "\n"
}

fn object(fields: Fields) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields.map(|(name, value)| (name.to_owned(), value)).collect()
}
