//! What was pasted below a command: its answer, as JSON or as header fields.

use serde_json::Value;

use super::super::answer::member;
use super::super::foreign::is_plain_name;

/// How deep a pasted answer is looked through.
const DEPTH_MAX: usize = 6;
/// The most values of a pasted answer that are looked at.
const VALUES_MAX: usize = 2_000;

/// The JSON below a command.
pub(super) fn pasted(below: &str) -> Option<Value> {
    let starts = below.char_indices().filter(|(at, c)| {
        let is_line_start =
            below[..*at].trim_end_matches([' ', '\t', '<']).ends_with('\n') || below[..*at].trim().is_empty();
        matches!(c, '{' | '[') && is_line_start
    });
    starts.take(20).find_map(|(at, _)| {
        serde_json::Deserializer::from_str(&below[at..])
            .into_iter::<Value>()
            .next()?
            .ok()
    })
}

/// The last segment of the header field `Location` below a command.
pub(super) fn location(below: &str) -> Option<String> {
    let line = below
        .lines()
        .map(|line| line.trim_start_matches(['<', ' ']))
        .find(|line| line.to_ascii_lowercase().starts_with("location:"))?;
    let address = line.split_once(':')?.1.trim();
    address
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
}

/// Every scalar of an answer with its path. Lists are passed over: an expression could name only one place in them.
pub(super) fn leaves(value: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut leaves = Vec::new();
    let mut level: Vec<(Vec<String>, &Value)> = vec![(Vec::new(), value)];
    for _ in 0..DEPTH_MAX {
        let mut below = Vec::new();
        for (path, value) in level {
            for (name, value) in value
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| is_plain_name(name))
            {
                let mut path = path.clone();
                path.push(name.clone());
                if value.is_object() {
                    below.push((path, value));
                } else if !value.is_array() {
                    leaves.push((path, value));
                }
            }
            if leaves.len() + below.len() > VALUES_MAX {
                return leaves;
            }
        }
        level = below;
    }
    leaves
}

pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first list in an answer: its expression, and its first item.
pub(super) fn items(answer: &Value) -> Option<(String, Option<Value>)> {
    if let Value::Array(items) = answer {
        return Some(("body".to_owned(), items.first().cloned()));
    }
    let mut level = vec![("body".to_owned(), answer)];
    for _ in 0..3 {
        let mut below = Vec::new();
        for (expression, value) in level {
            for (name, value) in value
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| is_plain_name(name))
            {
                let expression = member(&expression, name);
                match value {
                    Value::Array(items) => return Some((expression, items.first().cloned())),
                    Value::Object(_) => below.push((expression, value)),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
            }
        }
        level = below;
    }
    None
}
