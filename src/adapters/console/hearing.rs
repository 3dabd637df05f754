//! Who hears what is told. Here secrets are taken out of it, once for every form that a log has.

use std::sync::Arc;

use serde_json::Value;
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::told::{SpanFields, Told};
use super::writer::{ConsoleState, Writer};
use crate::domain::level::Level;

/// The name of an event that marks a line, and is otherwise an info.
pub(super) const NOTICE: &str = "notice";
/// The name of the event that tells what a request came to: its fields are its message.
pub const ANSWER: &str = "answer";

/// What was told, without the secrets that are known. It is not yet harmless.
pub(super) struct Heard {
    pub(super) level: Level,
    pub(super) title: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) fields: SpanFields,
    /// The message says what the fields do.
    pub(super) is_in_words: bool,
    /// The spans in which it was told, the outermost first.
    pub(super) spans: Vec<(&'static str, SpanFields)>,
}

/// How a log writes it: a line or more, harmless. A form sees no event itself, so that none can pass a secret on.
pub(super) type LogForm = fn(&Writer, &mut ConsoleState, &Heard) -> String;

/// The layer.
pub(super) struct Hearing {
    pub(super) writer: Arc<Writer>,
    pub(super) form: LogForm,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hearing {
    /// The fields are kept as they are: one may turn out to be a secret only when something is told within the span.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut told = Told::default();
            attributes.record(&mut told);
            span.extensions_mut().replace(told);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut state = self.writer.lock();
        let heard = heard(&state, event, &context);
        let line = (self.form)(&self.writer, &mut state, &heard);
        self.writer.write(&mut state, &line);
    }
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

fn heard<S>(state: &ConsoleState, event: &Event<'_>, context: &Context<'_, S>) -> Heard
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut told = Told::default();
    event.record(&mut told);
    let is_in_words = event.metadata().name() == ANSWER;
    if is_in_words {
        let request = context.event_span(event);
        let request = request.as_ref().map(|span| span.extensions());
        told.message = told.answer(request.as_ref().and_then(|kept| kept.get()));
    }
    let clean = |text: String| state.redact(&text).into_owned();
    let scope = context.event_scope(event).into_iter();
    let scope = scope.flat_map(Scope::from_root);
    let spans = scope.filter_map(|span| Some((span.name(), cleaned(state, &span.extensions().get::<Told>()?.fields))));
    Heard {
        level: level(event.metadata()),
        spans: spans.collect(),
        fields: cleaned(state, &told.fields),
        title: told.title.map(clean),
        message: clean(told.message),
        hint: told.hint.map(clean),
        is_in_words,
    }
}

fn cleaned(state: &ConsoleState, fields: &SpanFields) -> SpanFields {
    let clean = |value: &Value| match value.as_str() {
        Some(text) => Value::from(state.redact(text)),
        None => value.clone(),
    };
    fields.iter().map(|(name, value)| (*name, clean(value))).collect()
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        tracing::Level::INFO if metadata.name() == NOTICE => Level::Notice,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    }
}
