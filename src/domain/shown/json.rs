//! A copy of a JSON body that can be shown: bounded before it is made, and without secrets.

use serde_json::{Map, Value};

use super::{Cover, HIDDEN};
use crate::domain::secret::looks_secret;

/// Answers are nested no deeper than people read.
const DEEPEST: usize = 12;
/// The most values of a body.
const VALUES_MAX: usize = 1_000;
/// The most fields of one map.
const FIELDS_MAX: usize = 60;
/// A longer list is shown by its first and last items.
const ITEMS_MAX: usize = 10;
const FIRST_ITEMS: usize = 7;
const LAST_ITEMS: usize = 2;
/// The most characters of one text.
const TEXT_MAX: usize = 600;
/// The most characters of a key.
const KEY_MAX: usize = 80;
/// What stands in the place of what is too deep or too much.
const MORE: &str = "…";

/// Fields by which a map says what it is, beside those that hold its value.
const SAYS: [&str; 6] = ["name", "key", "type", "kind", "id", "label"];
const HOLDS: [&str; 6] = ["value", "values", "val", "data", "content", "text"];

/// The copy.
pub(super) fn copy(value: &Value, cover: &Cover<'_>) -> Value {
    let mut copying = Copying {
        cover,
        left: VALUES_MAX,
    };
    copying.value(value, DEEPEST, false)
}

struct Copying<'a> {
    cover: &'a Cover<'a>,
    left: usize,
}

impl Copying<'_> {
    /// The copy of a value; where `is_hidden`, a name above it says that it is a secret.
    fn value(&mut self, value: &Value, depth: usize, is_hidden: bool) -> Value {
        if self.left == 0 || depth == 0 {
            return MORE.into();
        }
        self.left -= 1;
        match value {
            Value::String(text) if is_hidden && !text.is_empty() => HIDDEN.into(),
            Value::String(text) => self.cover.text(text, TEXT_MAX).into(),
            Value::Number(number) if is_hidden || (self.cover.is_secret)(&number.to_string()) => HIDDEN.into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::Array(items) => self.list(items, depth, is_hidden),
            Value::Object(map) => self.map(map, depth, is_hidden),
        }
    }

    fn list(&mut self, items: &[Value], depth: usize, is_hidden: bool) -> Value {
        // Fields are written as pairs too.
        let is_pair =
            |items: &[Value]| items.len() == 2 && items[0].as_str().is_some_and(|name| self.cover.hides(name));
        if is_pair(items) {
            let name = self.value(&items[0], depth - 1, is_hidden);
            return Value::Array(vec![name, self.value(&items[1], depth - 1, true)]);
        }
        if items.len() <= ITEMS_MAX {
            return items
                .iter()
                .map(|item| self.value(item, depth - 1, is_hidden))
                .collect();
        }
        let more = items.len() - FIRST_ITEMS - LAST_ITEMS;
        let first = items[..FIRST_ITEMS].iter();
        let mut shown: Vec<Value> = first.map(|item| self.value(item, depth - 1, is_hidden)).collect();
        shown.push(format!("… {} items left out …", super::grouped(more)).into());
        let last = items[items.len() - LAST_ITEMS..].iter();
        shown.extend(last.map(|item| self.value(item, depth - 1, is_hidden)));
        Value::Array(shown)
    }

    fn map(&mut self, map: &Map<String, Value>, depth: usize, is_hidden: bool) -> Value {
        let is_secrets = SAYS.iter().any(|key| {
            let said = map.get(*key).and_then(Value::as_str);
            said.is_some_and(|said| said.len() <= KEY_MAX && looks_secret(said))
        });
        let mut shown = Map::new();
        for (key, value) in map.iter().take(FIELDS_MAX) {
            let is_hidden = is_hidden || self.cover.hides(key) || (is_secrets && HOLDS.contains(&key.as_str()));
            let value = self.value(value, depth - 1, is_hidden);
            shown.insert(self.cover.text(key, KEY_MAX), value);
        }
        if let Some(more) = map.len().checked_sub(FIELDS_MAX).filter(|more| *more > 0) {
            shown.insert(
                MORE.to_owned(),
                format!("{} fields left out", super::grouped(more)).into(),
            );
        }
        Value::Object(shown)
    }
}
