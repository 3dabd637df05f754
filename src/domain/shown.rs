//! What a verbose log shows of an answer: its header fields and its body, without what is or looks secret.
//!
//! Foreign text is hostile: the work is bounded before anything is copied, and a secret is hidden before a text is cut, since
//! half of one is no longer recognised. Of what is in doubt nothing is shown.

mod json;
mod text;

use super::answer::{Answer, Body};
use super::said::Veil;
use super::secret::{looks_secret, plain};

pub use text::hushed;

/// What stands in the place of what is hidden.
const HIDDEN: &str = "***";
/// The most characters of a body.
const BODY_MAX: usize = 3_600;
/// The most lines of a body that is no JSON.
const LINES_MAX: usize = 40;
/// The most header fields.
const FIELDS_MAX: usize = 40;
/// The most characters of one header field.
const FIELD_MAX: usize = 500;
/// Of a text this many bytes at its front and as many at its end are looked at.
const WINDOW: usize = 65_536;

/// Header fields that say how an answer is carried, kept and displayed, and nothing that helps.
const NOISE: [&str; 27] = [
    "accept-ranges",
    "age",
    "alt-svc",
    "cache-control",
    "connection",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-security-policy-report-only",
    "date",
    "expires",
    "feature-policy",
    "keep-alive",
    "nel",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    "referrer-policy",
    "report-to",
    "server",
    "server-timing",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-powered-by",
    "x-robots-tag",
];
/// The same by the front of their names.
const NOISE_FRONTS: [&str; 8] = [
    "access-control-",
    "cross-origin-",
    "x-content-type-",
    "x-dns-prefetch-",
    "x-download-",
    "x-frame-",
    "x-permitted-",
    "x-xss-",
];

/// What is hidden beside what looks secret.
pub struct Cover<'a> {
    /// Names of fields, as [`plain`] has them.
    pub names: &'a [String],
    /// A text without what is known to be secret.
    pub veil: Veil<'a>,
    /// Is a whole text such a secret?
    pub is_secret: &'a dyn Fn(&str) -> bool,
}

impl Cover<'_> {
    /// Is the value of a field of this name hidden?
    pub fn hides(&self, name: &str) -> bool {
        looks_secret(name) || (!self.names.is_empty() && self.names.contains(&plain(name)))
    }

    /// A value within a sentence, without secrets.
    pub fn word(&self, text: &str) -> String {
        self.text(text, FIELD_MAX)
    }

    /// A text without secrets, in at most so many characters.
    fn text(&self, whole: &str, most: usize) -> String {
        if (self.is_secret)(whole) {
            return HIDDEN.to_owned();
        }
        let clean = |text: &str| hushed(&(self.veil)(text), self.is_secret);
        match text::windows(whole, WINDOW) {
            None => cut(&clean(whole), most),
            Some((front, back, between)) => {
                let (front, back) = (clean(front), clean(back));
                let front = text::first(&front, most * 2 / 3);
                let back = text::last(&back, most / 3);
                let between = between + WINDOW.saturating_sub(front.len()) + WINDOW.saturating_sub(back.len());
                format!("{front}… about {} characters left out …{back}", grouped(between))
            }
        }
    }
}

/// The header fields that help and the body, a line each; a body that is no JSON has as many as it has lines.
pub fn answer(answer: &Answer, cover: &Cover<'_>) -> Vec<String> {
    let mut lines = fields(answer, cover);
    match &answer.body {
        Body::Json(value) => {
            let copy = json::copy(value, cover);
            lines.push(cut(&copy.to_string(), BODY_MAX));
        }
        Body::Text(text) if text.trim().is_empty() => {}
        Body::Text(text) => lines.extend(text_lines(&cover.text(text, BODY_MAX))),
    }
    lines
}

fn fields(answer: &Answer, cover: &Cover<'_>) -> Vec<String> {
    let is_noise = |name: &str| NOISE.contains(&name) || NOISE_FRONTS.iter().any(|front| name.starts_with(front));
    let mut helpful = answer.headers().iter().filter(|(name, _)| !is_noise(name));
    let shown = helpful.by_ref().take(FIELDS_MAX).map(|(name, value)| {
        let value = if cover.hides(name) && !value.is_empty() {
            HIDDEN.to_owned()
        } else {
            cover.text(value, FIELD_MAX)
        };
        format!("{}: {value}", text::first(name, FIELD_MAX))
    });
    let mut lines: Vec<String> = shown.collect();
    let more = helpful.count();
    if more > 0 {
        lines.push(format!("… {more} more header fields …"));
    }
    lines
}

/// The lines of a text, without those in its middle where there are many.
pub fn text_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let Some(more) = lines.len().checked_sub(LINES_MAX).filter(|more| *more > 0) else {
        return lines.into_iter().map(str::to_owned).collect();
    };
    let front = LINES_MAX * 2 / 3;
    let mut shown: Vec<String> = lines[..front].iter().map(|line| (*line).to_owned()).collect();
    shown.push(format!("… {} lines left out …", grouped(more)));
    shown.extend(lines[front + more..].iter().map(|line| (*line).to_owned()));
    shown
}

/// A body as a request carries it, cut in its middle where it is long.
pub fn body(text: &str) -> String {
    cut(text, BODY_MAX)
}

/// A text with its middle left out where it has more characters than that.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let (front, back) = (text::first(text, most * 2 / 3), text::last(text, most / 3));
    let left_out = count - front.chars().count() - back.chars().count();
    format!("{front}… {} characters left out …{back}", grouped(left_out))
}

/// A number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests;
