//! Events of `tracing` become lines of the console.
//!
//! Only our own: libraries log headers and bodies, and what stands in those is nobody's business.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::{Console, Level};

/// The layer; add it to a `tracing_subscriber::registry()`.
#[derive(Debug)]
pub struct ConsoleLayer {
    console: Console,
}

impl ConsoleLayer {
    pub(super) fn new(console: Console) -> Self {
        Self { console }
    }
}

impl<S: Subscriber> Layer<S> for ConsoleLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        let is_ours = target == "standin" || target.starts_with("standin::");
        is_ours && (self.console.is_verbose() || level(metadata) > Level::Debug)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        self.console
            .tell(level(event.metadata()), None, &told.message, &told.fields);
    }
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    }
}

#[derive(Default)]
struct Told {
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.fields.push((field.name().to_owned(), value.to_owned()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
