//! Events as JSON, one object a line, with the spans in which they happened.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::told::{self, Told};
use super::writer::{State, Writer};
use super::{Level, harmless};
use crate::domain::time::Timestamp;

/// The layer of `log-format: json`.
pub(super) struct JsonLayer(pub(super) Arc<Writer>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        told::keep(attributes, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (level, told) = told::event(event, &context);
        let scope = context.event_scope(event).into_iter().flatten();
        let spans: Vec<(&str, Told)> = scope
            .filter_map(|span| Some((span.name(), span.extensions().get::<Told>()?.clone())))
            .collect();
        let mut state = self.0.lock();
        let line = line(&state, self.0.clock.now(), level, told, spans);
        self.0.write(&mut state, &line);
    }
}

fn line(state: &State, now: Timestamp, level: Level, told: Told, spans: Vec<(&str, Told)>) -> String {
    let clean = |text: &str| Value::from(state.redact(text).into_owned());
    let object = |fields: Vec<(&str, Value)>| -> Map<String, Value> {
        let shown = |value: Value| value.as_str().map(clean).unwrap_or(value);
        let fields = fields.into_iter();
        fields.map(|(name, value)| (name.to_owned(), shown(value))).collect()
    };
    let mut record = Map::new();
    let time = humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(now.as_millis())).to_string();
    record.insert("time".to_owned(), Value::from(time));
    record.insert("level".to_owned(), Value::from(level.name()));
    if let Some(title) = &told.title {
        record.insert("title".to_owned(), clean(title));
    }
    record.insert("message".to_owned(), clean(&told.message));
    if !told.fields.is_empty() {
        record.insert("fields".to_owned(), Value::from(object(told.fields)));
    }
    if !spans.is_empty() {
        let spans = spans.into_iter().rev();
        let spans: Map<String, Value> = spans
            .map(|(name, told)| (name.to_owned(), Value::from(object(told.fields))))
            .collect();
        record.insert("spans".to_owned(), Value::from(spans));
    }
    harmless::json(&Value::Object(record).to_string()) + "\n"
}
