//! One mistake in a description: somewhere in its tree one value or one key is another.

use serde_json::{Map, Value, json};

/// A step from a tree to one of its branches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

/// A mistake.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slip {
    path: Vec<Step>,
    change: Change,
}

/// What is otherwise.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// Another value stands there.
    Value(Value),
    /// Nothing stands there.
    Gone,
    /// The key has another name.
    Key(String),
    /// An item stands there twice.
    Twice,
    /// An item stands behind the next one.
    Swapped,
}

impl std::fmt::Display for Slip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, step) in self.path.iter().enumerate() {
            match step {
                Step::Key(key) if place == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        match &self.change {
            Change::Value(value) => write!(f, " is {value}"),
            Change::Gone => write!(f, " is left out"),
            Change::Key(key) => write!(f, " is called {key:?}"),
            Change::Twice => write!(f, " stands twice"),
            Change::Swapped => write!(f, " stands behind the next"),
        }
    }
}

/// Keys that are not the description's: who and where.
const KEPT: [&str; 2] = ["name", "preset"];

impl Slip {
    /// Every mistake of a description. `fields` are the paths that an account's text shows, such as `owner`.
    pub(super) fn all(service: &Value, fields: &[String]) -> Vec<Self> {
        let mut slips = Vec::new();
        for (key, value) in service.as_object().expect("a map") {
            if KEPT.contains(&key.as_str()) {
                continue;
            }
            visit(&mut vec![Step::Key(key.clone())], value, service, fields, &mut slips);
        }
        slips
    }

    /// The block of the description in which it is.
    pub(super) fn block(&self) -> &str {
        match &self.path[0] {
            Step::Key(key) => key,
            Step::Item(_) => "",
        }
    }

    /// The key at its end, for reports.
    pub(super) fn place(&self) -> String {
        let keys = self.path.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item(_) => None,
        });
        let keys: Vec<&str> = keys.take(2).collect();
        keys.join(".")
    }

    /// The description with the mistake.
    pub(super) fn applied(&self, service: &Value) -> Value {
        let mut changed = service.clone();
        let (last, above) = self.path.split_last().expect("a path");
        let mut branch = &mut changed;
        for step in above {
            branch = match step {
                Step::Key(key) => &mut branch[key.as_str()],
                Step::Item(item) => &mut branch[*item],
            };
        }
        match (last, branch) {
            (Step::Key(key), Value::Object(entries)) => match &self.change {
                Change::Value(value) => {
                    entries.insert(key.clone(), value.clone());
                }
                Change::Gone => {
                    entries.shift_remove(key);
                }
                Change::Key(name) => {
                    let renamed: Map<String, Value> = std::mem::take(entries)
                        .into_iter()
                        .map(|(known, value)| {
                            if known == *key {
                                (name.clone(), value)
                            } else {
                                (known, value)
                            }
                        })
                        .collect();
                    *entries = renamed;
                }
                Change::Twice | Change::Swapped => {}
            },
            (Step::Item(item), Value::Array(items)) => match &self.change {
                Change::Value(value) => items[*item] = value.clone(),
                Change::Gone => {
                    items.remove(*item);
                }
                Change::Twice => items.insert(*item, items[*item].clone()),
                Change::Swapped => items.swap(*item, *item + 1),
                Change::Key(_) => {}
            },
            _ => unreachable!("the path leads to a branch"),
        }
        changed
    }
}

fn visit(path: &mut Vec<Step>, value: &Value, above: &Value, fields: &[String], slips: &mut Vec<Slip>) {
    let mut add = |change: Change| {
        slips.push(Slip {
            path: path.clone(),
            change,
        });
    };
    let last = path.last().cloned().expect("a path");
    add(Change::Gone);
    match &last {
        Step::Key(key) => {
            add(Change::Value(Value::Null));
            let mut name = key.clone();
            name.truncate(key.len().saturating_sub(1));
            add(Change::Key(name));
            for (other, neighbour) in above.as_object().into_iter().flatten() {
                if other != key && neighbour != value && neighbour.is_string() && value.is_string() {
                    add(Change::Value(neighbour.clone()));
                }
            }
        }
        Step::Item(item) => {
            add(Change::Twice);
            if above.as_array().is_some_and(|items| item + 1 < items.len()) {
                add(Change::Swapped);
            }
        }
    }
    match value {
        Value::String(text) => {
            let key = path.iter().rev().find_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Item(_) => None,
            });
            for text in texts(key.unwrap_or_default(), text, fields) {
                add(Change::Value(text.into()));
            }
        }
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or(0);
            for other in [number + 1, 200, 204, 404, 409] {
                if other != number {
                    add(Change::Value(json!(other)));
                }
            }
        }
        Value::Bool(said) => add(Change::Value(json!(!said))),
        Value::Array(items) => {
            add(Change::Value(json!([])));
            for (item, inner) in items.iter().enumerate() {
                path.push(Step::Item(item));
                visit(path, inner, value, fields, slips);
                path.pop();
            }
        }
        Value::Object(entries) => {
            for (key, inner) in entries {
                path.push(Step::Key(key.clone()));
                visit(path, inner, value, fields, slips);
                path.pop();
            }
        }
        Value::Null => {}
    }
}

/// What may stand there by mistake in place of a text.
fn texts(key: &str, text: &str, fields: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for (start, end) in words(text) {
        let word = &text[start..end];
        // The last letter is missing, one in the middle is another, the word is missing or stands twice.
        let middle = word.len() / 2;
        let other = if &word[middle..=middle] == "x" { "y" } else { "x" };
        let changed = format!("{}{other}{}", &word[..middle], &word[middle + 1..]);
        for instead in [&word[..word.len() - 1], &changed, &format!("{word}{word}")] {
            all.push(format!("{}{instead}{}", &text[..start], &text[end..]));
        }
        if word.len() > 1 {
            all.push(format!("{}{}", &text[..start], &text[end..]));
        }
    }
    for (from, to) in [
        ("GET ", "DELETE "),
        ("GET ", "POST "),
        ("POST ", "PUT "),
        ("POST ", "GET "),
        ("PUT ", "POST "),
        ("DELETE ", "GET "),
        ("DELETE ", "POST "),
        ("{{ id }}", "{{ account.username }}"),
        ("{{ account.username }}", "{{ account.email }}"),
        ("account.username", "run.marker"),
        ("==", "!="),
        ("eq", "sw"),
    ] {
        if text.contains(from) {
            all.push(text.replacen(from, to, 1));
        }
    }
    if matches!(key, "id" | "name") {
        let root = if text.contains("item") { "item" } else { "body" };
        all.extend(fields.iter().map(|field| format!("{root}.{field}")));
    }
    if key == "items" {
        all.push(format!("({text}) | default([])"));
        all.push("[]".to_owned());
        all.push("body.items | default([])".to_owned());
    }
    all.retain(|one| one != text);
    all.dedup();
    all
}

/// Where the words of a text stand: letters and digits of ASCII.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (place, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_ascii_alphanumeric(), start) {
            (true, None) => start = Some(place),
            (false, Some(begun)) => {
                found.push((begun, place));
                start = None;
            }
            _ => {}
        }
    }
    found
}
