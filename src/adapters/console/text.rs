//! Events as lines for people, in the form that the host's log has for them.

use std::sync::Arc;

use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::told::{self, Told, in_text};
use super::writer::{State, Writer};
use super::{Level, harmless};

/// The layer of `log-format: text`.
pub(super) struct TextLayer(pub(super) Arc<Writer>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TextLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        told::keep(attributes, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (level, told) = told::event(event, &context);
        let mut state = self.0.lock();
        let line = self.line(&mut state, level, told);
        self.0.write(&mut state, &line);
    }
}

impl TextLayer {
    /// A message of several lines is indented from the second on, so that foreign text in it can't pass for a line of ours.
    fn line(&self, state: &mut State, level: Level, told: Told) -> String {
        let mut text = told.message;
        if !told.is_in_words {
            let fields = told.fields.iter();
            text.extend(fields.map(|(name, value)| format!(" {name}={}", in_text(value))));
        }
        let text = harmless::lines(&state.redact(&text));
        let title = told.title.map(|title| harmless::line(&state.redact(&title)));
        if level != Level::Info {
            let before = state.annotations[level as usize];
            let host = &self.0.style.host;
            if let Some(line) =
                host.annotation(level.name(), before, title.as_deref(), &harmless::bounded(text.clone()))
            {
                state.annotations[level as usize] += 1;
                return line;
            }
        }
        let title = title.map(|title| format!("{title}: ")).unwrap_or_default();
        match level {
            Level::Info => format!("{title}{text}\n"),
            Level::Debug | Level::Notice | Level::Warning | Level::Error => {
                format!("{}: {title}{text}\n", level.name())
            }
        }
    }
}
