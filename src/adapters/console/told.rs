//! What an event and the spans around it tell: a message, and fields by name.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::Level;

/// The name of an event that marks a line, and is otherwise an info.
pub(super) const NOTICE: &str = "notice";
/// The name of the event that tells what a request came to: its fields are its message.
pub const ANSWER: &str = "answer";

/// What was told.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) title: Option<String>,
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, Value)>,
    /// The message is made of the fields.
    pub(super) is_in_words: bool,
}

/// Lets our own events through, which libraries' are not: they log headers and bodies, and what stands in those is nobody's
/// business. A span that no line shows is not made.
pub(super) fn ours(is_verbose: bool, shows_spans: bool) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let most = if is_verbose {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    let filter = filter_fn(move |metadata: &Metadata<'_>| {
        let target = metadata.target();
        let is_ours = target == "standin" || target.starts_with("standin::");
        is_ours && *metadata.level() <= most && (shows_spans || !metadata.is_span())
    });
    filter.with_max_level_hint(LevelFilter::from_level(most))
}

/// How much an event matters, and what it tells.
pub(super) fn event<S>(event: &Event<'_>, context: &Context<'_, S>) -> (Level, Told)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut told = Told::default();
    event.record(&mut told);
    let metadata = event.metadata();
    if metadata.name() == ANSWER {
        let request = context.event_span(event);
        let request = request
            .as_ref()
            .and_then(|span| span.extensions().get::<Told>().cloned());
        told.message = answer(&request.unwrap_or_default(), &told);
        told.is_in_words = true;
    }
    let level = match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        tracing::Level::INFO if metadata.name() == NOTICE => Level::Notice,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    };
    (level, told)
}

/// Keeps the fields of a span for the events within it.
pub(super) fn keep<S>(attributes: &Attributes<'_>, id: &Id, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(span) = context.span(id) {
        let mut told = Told::default();
        attributes.record(&mut told);
        span.extensions_mut().replace(told);
    }
}

/// `users: POST /users: status 201 in 12 ms`.
fn answer(request: &Told, answer: &Told) -> String {
    let came = if let Some(reason) = answer.field("not_sent") {
        format!("not sent: {reason}")
    } else if let Some(reason) = answer.field("lost") {
        format!("lost: {reason}")
    } else {
        format!("status {}", answer.field("status").unwrap_or_default())
    };
    let of = |name| request.field(name).unwrap_or_default();
    let took = answer.field("took_ms").unwrap_or_default();
    format!(
        "{}: {} {}: {came} in {took} ms",
        of("service"),
        of("method"),
        of("path")
    )
}

/// A value as a line of text has it.
pub(super) fn in_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Told {
    fn field(&self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(known, _)| *known == name)?;
        Some(in_text(value))
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", value) => self.message = in_text(&value),
            ("title", value) => self.title = Some(in_text(&value)),
            (name, value) => self.fields.push((name, value)),
        }
    }
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
