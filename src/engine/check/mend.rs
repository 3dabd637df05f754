//! The line to write: where in an answer the value stands that an expression was to give.

use serde_json::Value;

use crate::domain::answer::{Answer, Body};

/// Paths are looked for this deep.
const DEPTH: usize = 8;

/// Where a text stands in a value, as an expression below `root`; the nearest to the top of several.
pub(super) fn path(value: &Value, root: &str, wanted: &str) -> Option<String> {
    let mut level = vec![(root.to_owned(), value)];
    for _ in 0..DEPTH {
        let mut below = Vec::new();
        for (path, value) in level {
            match value {
                Value::String(text) if text == wanted => return Some(path),
                Value::Number(number) if number.to_string() == wanted => return Some(path),
                Value::Object(map) => below.extend(map.iter().map(|(key, value)| (member(&path, key), value))),
                Value::Array(items) => {
                    below.extend(
                        items
                            .iter()
                            .enumerate()
                            .map(|(at, value)| (format!("{path}[{at}]"), value)),
                    );
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        level = below;
    }
    None
}

/// The same in the body of an answer.
pub(super) fn in_body(answer: &Answer, wanted: &str) -> Option<String> {
    match &answer.body {
        Body::Json(json) => path(json, "body", wanted),
        Body::Text(text) => (text.trim() == wanted).then(|| "body".to_owned()),
    }
}

/// Where a longer text stands that has this one at its front or its end, and the expression that takes the rest off.
pub(super) fn cut_from_body(answer: &Answer, wanted: &str) -> Option<String> {
    let Body::Json(json) = &answer.body else { return None };
    let longer = longer(json, wanted, DEPTH)?;
    let rest = longer.strip_prefix(wanted).or_else(|| longer.strip_suffix(wanted))?;
    let path = in_body(answer, longer)?;
    let is_plain = rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\'' | '\\'));
    is_plain.then(|| format!("{path} | replace('{rest}', '')"))
}

fn longer<'v>(value: &'v Value, wanted: &str, depth: usize) -> Option<&'v str> {
    match value {
        Value::String(text) if text.starts_with(wanted) || text.ends_with(wanted) => Some(text),
        Value::Array(items) if depth > 0 => items.iter().find_map(|item| longer(item, wanted, depth - 1)),
        Value::Object(map) if depth > 0 => map.values().find_map(|item| longer(item, wanted, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The list that holds a text in one of its items, and where it stands in the item.
pub(super) fn in_list(answer: &Answer, wanted: &str) -> Option<(String, String)> {
    let path = in_body(answer, wanted).or_else(|| cut_from_body(answer, wanted))?;
    let (items, rest) = path.split_once('[')?;
    let (_, rest) = rest.split_once(']')?;
    Some((items.to_owned(), format!("item{rest}")))
}

/// `path.key`, or `path["key"]` where the key is no name.
fn member(path: &str, key: &str) -> String {
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        format!("{path}.{key}")
    } else {
        format!("{path}[{}]", Value::from(key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_found_where_it_stands_nearest_to_the_top() {
        let body = json!({"a": {"login": "x"}, "n": 7, "odd key": "y", "z": [{"u": {"name": "w"}}]});
        for (wanted, found) in [
            ("x", Some("body.a.login")),
            ("7", Some("body.n")),
            ("y", Some(r#"body["odd key"]"#)),
            ("w", Some("body.z[0].u.name")),
            ("none", None),
        ] {
            assert_eq!(path(&body, "body", wanted).as_deref(), found);
        }
    }

    #[test]
    fn what_stands_around_a_text_is_taken_off() {
        let answer = |body| Answer::http(200, Vec::new(), Body::Json(body));
        for (body, found) in [
            (
                json!({"email": "sd-1@example.com"}),
                Some("body.email | replace('@example.com', '')"),
            ),
            (
                json!({"u": [{"dn": "uid=sd-1"}]}),
                Some("body.u[0].dn | replace('uid=', '')"),
            ),
            (json!({"email": "sd-1'); x"}), None),
            (json!({"email": "sd-2@example.com"}), None),
        ] {
            assert_eq!(cut_from_body(&answer(body), "sd-1").as_deref(), found);
        }
    }

    #[test]
    fn a_list_is_told_from_its_items() {
        let answer = |body| Answer::http(200, Vec::new(), Body::Json(body));
        let pair = |items: &str, name: &str| Some((items.to_owned(), name.to_owned()));
        assert_eq!(
            in_list(&answer(json!({"data": [{"id": 1}, {"user": {"login": "x"}}]})), "x"),
            pair("body.data", "item.user.login")
        );
        assert_eq!(in_list(&answer(json!(["x"])), "x"), pair("body", "item"));
        assert_eq!(in_list(&answer(json!({"login": "x"})), "x"), None);
    }
}
