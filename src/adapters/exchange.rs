//! What a verbose log shows of a request and its answer. It is made only where somebody reads such logs.

use std::time::Duration;

use super::console::redactor::Redactor;
use super::console::{ANSWER, Console};
use super::http::HttpService;
use crate::config::Showing;
use crate::domain::answer::Answer;
use crate::domain::outcome::Delivery;
use crate::domain::shown::{self, Cover};
use crate::ports::{HttpMessage, Outgoing};

/// A longer text is a secret only where it is one to the letter.
const LONGEST: usize = 16_384;

/// The lines of a request: its query, its header fields and its body. Of what the service adds only the names are shown.
pub(super) fn request(message: &HttpMessage, service: &HttpService, outgoing: &Outgoing) -> Option<String> {
    let shown = message.shown.as_ref()?;
    some(&shown.lines(&service.field_names(message, outgoing)))
}

/// What is shown of an answer.
#[derive(Default)]
pub(super) struct ShownAnswer {
    /// The header fields that help, and the body.
    answer: Option<String>,
    /// What decides on it, and what that came to.
    decided: Option<String>,
}

impl ShownAnswer {
    /// What is shown of this answer. What is secret in it may not be known yet, so that it is read here as the engine will
    /// read it; nothing is shown where it can't be.
    pub(super) fn of(answer: &Answer, service: &HttpService, outgoing: &Outgoing, console: &Console) -> Self {
        let (Some(reads), Some(insight)) = (outgoing.reads.as_ref(), service.insight()) else {
            return Self::default();
        };
        let hidden = insight.withheld.of_answer(answer, &reads.captures, &reads.scope);
        if hidden.all {
            return Self {
                answer: Some("not shown: Standin can't tell which parts of it are secret".to_owned()),
                decided: None,
            };
        }
        let mut redactor = Redactor::default();
        for value in &hidden.values {
            redactor.learn(value);
        }
        let is_hidden = |text: &str| {
            let text = text.trim();
            hidden.values.iter().any(|value| value.expose().trim() == text)
        };
        let cover = Cover {
            names: insight.withheld.names(),
            veil: &|text| console.redact(&redactor.redact(text)).into_owned(),
            is_secret: &|text| is_hidden(text) || (text.len() <= LONGEST && console.is_secret(text)),
        };
        let showing = Showing {
            text: &|text| cover.word(text),
            hides: &|name| cover.hides(name),
        };
        let decided = insight.decisions.told(&reads.place, answer, &reads.scope, &showing);
        // Numbers are told as they are.
        let decided: Vec<String> = decided.iter().map(|line| redactor.redact(line).into_owned()).collect();
        Self {
            answer: some(&shown::answer(answer, &cover)),
            decided: some(&decided),
        }
    }
}

/// Tells whoever looks for a fault what a request came to, and what may be shown of it.
pub(super) fn tell(delivery: &Delivery, took: Duration, request: Option<&str>, shown: &ShownAnswer) {
    let (status, not_sent, lost) = match delivery {
        Delivery::Answered(answer) => (Some(answer.code()), None, None),
        Delivery::NotSent(reason) | Delivery::Unsendable(reason) | Delivery::Barred(reason) => {
            (None, Some(reason.what.as_str()), None)
        }
        Delivery::Lost(reason) => (None, None, Some(reason.what.as_str())),
    };
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (answer, decided) = (shown.answer.as_deref(), shown.decided.as_deref());
    tracing::debug!(name: ANSWER, status, not_sent, lost, took_ms, request, answer, decided);
}

fn some(lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}
