//! What a verbose log shows of a request and its answer. It is made only where somebody reads such logs.

use std::time::Duration;

use super::console::redactor::Redactor;
use super::console::{ANSWER, Console};
use super::http::HttpService;
use crate::domain::answer::Answer;
use crate::domain::outcome::Delivery;
use crate::domain::shown::{self, Cover};
use crate::ports::{HttpMessage, Outgoing};

/// A longer text is a secret only where it is one to the letter.
const LONGEST: usize = 16_384;

/// The lines of a request: its query, its header fields and its body. Of what the service adds only the names are shown.
pub(super) fn request(message: &HttpMessage, service: &HttpService, outgoing: &Outgoing) -> Option<String> {
    let shown = message.shown.as_ref()?;
    some(&shown.lines(&service.field_names(message, outgoing.identity)))
}

/// The lines of an answer: the header fields that help, and its body. What is secret in it may not be known yet, so that it is
/// read here as the engine will read it; nothing is shown where it can't be.
pub(super) fn answer(answer: &Answer, service: &HttpService, outgoing: &Outgoing, console: &Console) -> Option<String> {
    let (reads, withheld) = (outgoing.reads.as_ref()?, service.withheld()?);
    let hidden = withheld.of_answer(answer, &reads.captures, &reads.scope);
    if hidden.all {
        return Some("not shown: what is secret in it can't be told from the rest".to_owned());
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
        names: withheld.names(),
        veil: &|text| console.redact(&redactor.redact(text)).into_owned(),
        is_secret: &|text| is_hidden(text) || (text.len() <= LONGEST && console.is_secret(text)),
    };
    some(&shown::answer(answer, &cover))
}

/// Tells whoever looks for a fault what a request came to, and what may be shown of it.
pub(super) fn tell(delivery: &Delivery, took: Duration, request: Option<&str>, answer: Option<&str>) {
    let (status, not_sent, lost) = match delivery {
        Delivery::Answered(answer) => (Some(answer.code()), None, None),
        Delivery::NotSent(reason) | Delivery::Unsendable(reason) | Delivery::Barred(reason) => {
            (None, Some(reason.what.as_str()), None)
        }
        Delivery::Lost(reason) => (None, None, Some(reason.what.as_str())),
    };
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(name: ANSWER, status, not_sent, lost, took_ms, request, answer);
}

fn some(lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}
