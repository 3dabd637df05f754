//! What the names in an expression were, for somebody who wonders why it gave nothing: short, and without secrets.
//!
//! Values of answers are foreign text, and are made harmless. Nothing is evaluated again.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{Expression, Scope};
use crate::domain::said::{Veil, cut, harmless};
use crate::domain::secret::lets_in;

/// The most characters of a value.
const LONGEST: usize = 60;
/// The most names of an expression that are told, and the most fields of a map.
const MOST: usize = 8;
/// Names of the configuration, whose source may be the place of secrets, are not told in full either.
const SOURCE_LONGEST: usize = 200;

/// Names whose values are not shown, whatever they are called: variables, parameters that may come from them, and what was captured.
const HIDDEN: [&str; 3] = ["env", "with", "capture"];
/// What is shown of another service's account; the rest was captured.
const SHOWN_OF_NEEDS: [&str; 2] = ["id", "username"];

impl Expression {
    /// The source, for a message: cut where it is long.
    pub fn told(&self) -> String {
        cut(self.source(), SOURCE_LONGEST)
    }

    /// What each name that it reads was: "`status` was 200, `body.ok` was undefined".
    pub fn readings(&self, scope: &Scope, veil: Veil<'_>) -> String {
        let mut paths: Vec<&String> = self.paths().iter().collect();
        // `status` stands before `body` in whatever order they are found.
        paths.sort_by_key(|path| !path.starts_with("status"));
        let told: Vec<String> = paths
            .iter()
            .filter(|path| scope.get(root(path)).is_some())
            .take(MOST)
            .map(|path| format!("`{path}` was {}", value(path, scope, veil)))
            .collect();
        told.join(", ")
    }
}

fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn value(path: &str, scope: &Scope, veil: Veil<'_>) -> String {
    let mut parts = path.split('.');
    let mut value = parts
        .next()
        .and_then(|name| scope.get(name))
        .cloned()
        .unwrap_or_default();
    let mut seen = root(path).to_owned();
    for part in parts {
        let next = value.get_attr(part).unwrap_or_default();
        if next.is_undefined() {
            return match fields(&value, veil) {
                Some(fields) if !is_hidden(&seen) => format!("undefined (`{seen}` has {fields})"),
                Some(_) | None => "undefined".to_owned(),
            };
        }
        seen = format!("{seen}.{part}");
        value = next;
    }
    if is_hidden(path) && !value.is_none() {
        return "***".to_owned();
    }
    in_words(&value, veil)
}

/// May the value of this name not be shown?
fn is_hidden(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    let of_needs = root(path) == "needs" && !SHOWN_OF_NEEDS.contains(&last);
    HIDDEN.contains(&root(path)) || of_needs || path.split('.').any(lets_in)
}

fn in_words(value: &Value, veil: Veil<'_>) -> String {
    match value.kind() {
        ValueKind::Undefined => "undefined".to_owned(),
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => if value.is_true() { "true" } else { "false" }.to_owned(),
        ValueKind::Number => value.to_string(),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            if text.trim().is_empty() {
                "empty".to_owned()
            } else {
                format!("\"{}\"", cut(&harmless(text, veil), LONGEST))
            }
        }
        ValueKind::Seq | ValueKind::Iterable => match value.len() {
            Some(0) => "an empty list".to_owned(),
            Some(1) => "a list of one".to_owned(),
            Some(length) => format!("a list of {length}"),
            None => "a list".to_owned(),
        },
        ValueKind::Map => match fields(value, veil) {
            Some(fields) => format!("a map with {fields}"),
            None => "an empty map".to_owned(),
        },
        ValueKind::Bytes | ValueKind::Plain | ValueKind::Invalid | _ => "of another kind".to_owned(),
    }
}

/// The names of a map's fields; none where it has none or is no map.
fn fields(value: &Value, veil: Veil<'_>) -> Option<String> {
    if value.kind() != ValueKind::Map {
        return None;
    }
    let keys = value.try_iter().ok()?;
    let names: Vec<String> = keys
        .filter_map(|key| {
            key.as_str()
                .map(|name| format!("`{}`", cut(&harmless(name, veil), LONGEST)))
        })
        .take(MOST)
        .collect();
    let more = value.len().unwrap_or_default().saturating_sub(names.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::answer::{Answer, Body};

    fn readings(source: &str, body: serde_json::Value) -> String {
        let answer = Answer::http(
            200,
            vec![("set-cookie".to_owned(), "sid=1".to_owned())],
            Body::Json(body),
        );
        let scope = Scope::new()
            .with_json("capture", &json!({"etag": "e-1"}))
            .with_json("account", &json!({"username": "sd-x", "password": "pw-1"}))
            .with_json("needs", &json!({"crm": {"id": 7, "session": "s-1"}}))
            .answer(&answer);
        let expression = Expression::parse(source).expect("an expression");
        expression.readings(&scope, &|text| text.replace("hunter22", "***"))
    }

    #[test]
    fn each_name_is_told_with_what_it_was() {
        for (source, body, expected) in [
            (
                "status == 200 and body.ok",
                json!({"id": 7, "okay": true}),
                "`status` was 200, `body.ok` was undefined (`body` has `id`, `okay`)",
            ),
            ("body.ok", json!({}), "`body.ok` was undefined"),
            ("body.a.b == 1", json!({"a": null}), "`body.a.b` was undefined"),
            ("body.a == 1", json!({"a": null}), "`body.a` was null"),
            ("body.a == 1", json!({"a": ""}), "`body.a` was empty"),
            ("body.a == 1", json!({"a": 1.5}), "`body.a` was 1.5"),
            ("body.a", json!({"a": false}), "`body.a` was false"),
            ("body.a", json!({"a": [1, 2]}), "`body.a` was a list of 2"),
            ("body.a", json!({"a": {"b": "c"}}), "`body.a` was a map with `b`"),
            (
                "body.a == account.username",
                json!({"a": "x\n::error::y"}),
                "`account.username` was \"sd-x\", `body.a` was \"x ::error::y\"",
            ),
            (
                "body.a",
                json!({"a": "x".repeat(100)}),
                &format!("`body.a` was \"{}…\"", "x".repeat(59)),
            ),
            ("body", json!([]), "`body` was an empty list"),
        ] {
            assert_eq!(readings(source, body), expected, "{source}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_told() {
        for (source, expected) in [
            ("body.token == 1", "`body.token` was ***"),
            ("body.of_token.value == 1", "`body.of_token.value` was ***"),
            ("headers['set-cookie'] == 1", "`headers` was a map with `set-cookie`"),
            ("body.note == 1", "`body.note` was \"*** it is\""),
            (
                "capture.etag == body.note",
                "`body.note` was \"*** it is\", `capture.etag` was ***",
            ),
            ("account.password == 1", "`account.password` was ***"),
            (
                "needs.crm.session == needs.crm.id",
                "`needs.crm.id` was 7, `needs.crm.session` was ***",
            ),
            ("capture.none == 1", "`capture.none` was undefined"),
        ] {
            let body = json!({"token": "t-1", "of_token": {"value": 3}, "note": "hunter22 it is"});
            assert_eq!(readings(source, body), expected, "{source}");
        }
    }

    #[test]
    fn a_wide_answer_is_told_in_part() {
        let fields: serde_json::Map<String, serde_json::Value> =
            (0..500).map(|n| (format!("f{n:03}"), json!(n))).collect();
        let told = readings("body.x", json!(fields));
        assert!(told.ends_with("`f007` and 492 more)"), "{told}");
    }
}
