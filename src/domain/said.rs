//! What a service said in an answer, in its own words: short, in one line, and with nothing in it that lets somebody in.
//!
//! Foreign text is hostile here: whatever its shape, the work is bounded, and it never panics. It does not say what an answer
//! means for an account; that is `outcome`'s.

mod text;

use serde_json::{Map, Value};

use super::answer::{Answer, Body};
use super::secret::lets_in;

pub(in crate::domain) use text::{complains, without_secrets};
pub use text::{cut, harmless};

/// The most characters of a service's words that are shown.
const LONGEST: usize = 300;
/// Answers are nested no deeper than people read.
const DEEPEST: usize = 8;
/// The most values of an answer that are looked at.
const MOST_VALUES: usize = 2_000;
/// The most fields of one map that are looked at.
const MOST_FIELDS: usize = 500;
/// The most pieces that are put together.
const MOST_PIECES: usize = 12;

/// Hides what is known to be secret. It is asked before a text is cut: half a secret is no longer recognised.
pub type Veil<'a> = &'a dyn Fn(&str) -> String;

/// One that is handed on.
pub type Hider<'a> = Box<dyn Fn(&str) -> String + 'a>;

/// Fields that say what is wrong, in the order in which they are told, in lower case and without `_` and `-`.
const MESSAGES: [&str; 17] = [
    "error",
    "errors",
    "title",
    "errormessage",
    "errorsummary",
    "message",
    "messages",
    "msg",
    "errordescription",
    "detail",
    "details",
    "reason",
    "reasons",
    "description",
    "errorcauses",
    "defaultmessage",
    "text",
];
/// Those of them that say so in an answer that is no failure by its status: a title may be anybody's there.
const PLAIN_MESSAGES: [&str; 8] = [
    "error",
    "errors",
    "errormessage",
    "errorsummary",
    "message",
    "messages",
    "msg",
    "errordescription",
];
/// Fields that name the kind of mistake in a word.
const CODES: [&str; 5] = ["type", "errorcode", "scimtype", "code", "errno"];
/// Fields that name the field that a mistake is about.
const ABOUT: [&str; 8] = [
    "field",
    "fields",
    "loc",
    "param",
    "property",
    "propertypath",
    "attribute",
    "pointer",
];
/// Fields that only hold others: their names say nothing.
const WRAPPERS: [&str; 9] = [
    "data",
    "meta",
    "result",
    "response",
    "extensions",
    "body",
    "ocs",
    "invalidparams",
    "validationerrors",
];
/// Fields of a failure that list something else than what is wrong.
const ASIDE: [&str; 7] = ["schemas", "stack", "stacktrace", "trace", "path", "locations", "links"];

/// What a service said in an answer, if it said anything.
pub fn said(answer: &Answer, veil: Veil<'_>) -> Option<String> {
    match &answer.body {
        Body::Json(json) => Words::new(veil, !answer.is_success()).of_answer(json),
        Body::Text(text) => finished(&text::of_page(text), veil),
    }
}

/// What an `error` expression gave: a text as it is, and of anything else its messages.
pub fn in_its_own_words(value: &Value, veil: Veil<'_>) -> Option<String> {
    let mut words = Words::new(veil, true);
    words.tell(value, "", DEEPEST);
    words.joined()
}

/// A text within its bounds, with what is secret hidden.
fn finished(text: &str, veil: Veil<'_>) -> Option<String> {
    let text = harmless(text, veil);
    (!text.is_empty()).then(|| cut(&text, LONGEST))
}

/// Goes through a JSON answer and collects what it says.
struct Words<'a> {
    veil: Veil<'a>,
    /// Is it a failure by its status, so that whatever stands in it may be the reason?
    is_failure: bool,
    pieces: Vec<String>,
    values_left: usize,
}

impl<'a> Words<'a> {
    fn new(veil: Veil<'a>, is_failure: bool) -> Self {
        Self {
            veil,
            is_failure,
            pieces: Vec::new(),
            values_left: MOST_VALUES,
        }
    }

    fn of_answer(mut self, json: &Value) -> Option<String> {
        match json {
            Value::String(text) => return finished(text, self.veil),
            Value::Array(items) if self.is_failure => {
                for item in items {
                    self.tell(item, "", DEEPEST);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.search(json, "", DEEPEST);
            }
        }
        if self.pieces.is_empty() && self.is_failure {
            self.tell(json, "", DEEPEST);
        }
        self.joined()
    }

    fn joined(self) -> Option<String> {
        let mut whole = String::new();
        for piece in &self.pieces {
            if !whole.is_empty() {
                whole.push_str("; ");
            }
            whole.push_str(piece);
        }
        (!whole.is_empty()).then(|| cut(&whole, LONGEST))
    }

    /// Has the work gone far enough?
    fn is_over(&mut self) -> bool {
        self.values_left = self.values_left.saturating_sub(1);
        self.values_left == 0 || self.pieces.len() >= MOST_PIECES
    }

    fn push(&mut self, label: &str, text: &str) {
        let text = harmless(text, self.veil);
        if text.is_empty() {
            return;
        }
        let label = cut(&harmless(label, self.veil), 60);
        let piece = match label.as_str() {
            "" => text,
            _ if lets_in(&label) && !text::complains(&text) => format!("{label}: ***"),
            _ => format!("{label}: {text}"),
        };
        if !self.pieces.iter().any(|known| known.contains(&piece)) {
            self.pieces.push(cut(&piece, LONGEST));
        }
    }

    /// Looks for messages in what may hold anything. `label` names where it stands.
    fn search(&mut self, value: &Value, label: &str, depth: usize) {
        if depth == 0 || self.is_over() {
            return;
        }
        match value {
            Value::Object(map) => {
                let has_words = self.tell_map(map, label, depth);
                for (key, value) in map.iter().take(MOST_FIELDS) {
                    let plain = plain(key);
                    if has_words && MESSAGES.contains(&plain.as_str()) {
                        continue;
                    }
                    let is_kept = lets_in(label) || WRAPPERS.contains(&plain.as_str());
                    let label = if is_kept { label } else { key };
                    match value {
                        Value::Object(_) => self.search(value, label, depth - 1),
                        Value::Array(items) if self.is_list_of_messages(&plain, items) => {
                            self.tell(value, label, depth - 1);
                        }
                        Value::Array(items) => {
                            let maps = items.iter().filter(|item| item.is_object());
                            maps.for_each(|item| self.search(item, label, depth - 1));
                        }
                        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.search(item, label, depth - 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// `{"email": ["is taken"]}` beside a message.
    fn is_list_of_messages(&self, plain: &str, items: &[Value]) -> bool {
        self.is_failure && !ASIDE.contains(&plain) && !items.is_empty() && items.iter().all(Value::is_string)
    }

    /// Tells what is known to be a message. `label` names the field that it is about.
    fn tell(&mut self, value: &Value, label: &str, depth: usize) {
        if depth == 0 || self.is_over() {
            return;
        }
        match value {
            Value::String(text) => self.push(label, text),
            Value::Number(number) if !label.is_empty() => self.push(label, &number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.tell(item, label, depth - 1)),
            Value::Object(map) => {
                if self.tell_map(map, label, depth) {
                    return;
                }
                for (key, value) in map.iter().take(MOST_FIELDS) {
                    let is_aside = ASIDE.contains(&plain(key).as_str());
                    if !is_aside && (value.is_string() || value.is_array() || value.is_object()) {
                        let label = if lets_in(label) { label } else { key };
                        self.tell(value, label, depth - 1);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Tells the messages of a map, its own text first; says whether there was any.
    fn tell_map(&mut self, map: &Map<String, Value>, label: &str, depth: usize) -> bool {
        let known: &[&str] = if self.is_failure { &MESSAGES } else { &PLAIN_MESSAGES };
        let fields = map.iter().take(MOST_FIELDS);
        let fields: Vec<(String, &Value)> = fields.map(|(key, value)| (plain(key), value)).collect();
        let of = |names: &[&str]| -> Vec<&Value> {
            let found = names
                .iter()
                .flat_map(|name| fields.iter().filter(move |(key, _)| key == name));
            found.map(|(_, value)| *value).take(MOST_PIECES).collect()
        };
        let messages = of(known);
        let mut own = String::new();
        for text in messages.iter().filter_map(|value| value.as_str()) {
            join(&mut own, text);
        }
        let has_words = !own.trim().is_empty();
        if has_words {
            let code = of(&CODES).into_iter().find_map(Value::as_str);
            if let Some(code) = code.filter(|code| is_word(code) && !own.contains(code)) {
                own = format!("{code}: {own}");
            }
            let about = of(&ABOUT).into_iter().find_map(path);
            if let Some(params) = map.get("params").and_then(list) {
                own = format!("{own} ({params})");
            }
            self.push(about.as_deref().unwrap_or(label), &own);
        }
        let before = self.pieces.len();
        for value in messages {
            if value.is_object() || value.is_array() {
                self.tell(value, label, depth - 1);
            }
        }
        has_words || self.pieces.len() > before
    }
}

/// Puts another text behind one, with the mark that fits.
fn join(whole: &mut String, text: &str) {
    let text = text.trim();
    if text.is_empty() || whole.contains(text) {
        return;
    }
    if !whole.is_empty() {
        whole.push_str(if whole.ends_with(['.', '!', '?', ':']) {
            " "
        } else {
            ": "
        });
    }
    whole.push_str(text);
}

/// Is it a code for people, and not a number or an address?
fn is_word(code: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '#');
    code.len() <= 80 && code.chars().all(is_part) && code.contains(|c: char| c.is_ascii_alphabetic())
}

/// The name of a field: a text, or the steps that lead to it.
fn path(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(steps) => {
            let steps: Vec<String> = steps.iter().take(DEEPEST).filter_map(scalar).collect();
            (!steps.is_empty()).then(|| steps.join("."))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn list(value: &Value) -> Option<String> {
    let items: Vec<String> = value.as_array()?.iter().take(DEEPEST).filter_map(scalar).collect();
    (!items.is_empty()).then(|| items.join(", "))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A name as the tables above have it. Cognito writes `__type`.
fn plain(key: &str) -> String {
    // Longer names are in no table.
    let start: String = key.chars().take(40).collect();
    super::secret::plain(&start)
}

#[cfg(test)]
mod tests;
