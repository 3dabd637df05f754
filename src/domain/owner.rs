//! Whose an id is: what an answer must show before anything is deleted by it.
//!
//! An expression with a slip in it reads some id, and a delete by that id would be somebody else's. So an id counts as ours
//! only where our own name stands beside it, or where it can be nothing else.

use serde_json::{Map, Value};

use super::account::RemoteId;
use super::answer::{Answer, Body};

/// How deep an answer is looked into.
const DEPTH: usize = 32;

/// Does a text of the answer satisfy `is_ours`, wherever it stands?
pub fn shows(answer: &Answer, is_ours: &impl Fn(&str) -> bool) -> bool {
    match &answer.body {
        Body::Json(json) => stands_in(json, is_ours),
        Body::Text(text) => is_ours(text.trim()),
    }
}

/// Does a text of this value satisfy `is_ours`, wherever it stands?
pub fn stands_in(value: &Value, is_ours: &impl Fn(&str) -> bool) -> bool {
    holds(value, is_ours, 0)
}

/// Does our name stand in the object of the answer that holds this id?
pub fn stands_beside(answer: &Answer, id: &RemoteId, is_ours: &impl Fn(&str) -> bool) -> bool {
    matches!(&answer.body, Body::Json(json) if beside(json, id, is_ours, 0))
}

/// Can the id of a new account be nothing but this: since `Location` leads to it, or since the answer has nothing else that
/// could be one?
pub fn is_sole(answer: &Answer, id: &RemoteId, is_ours: &impl Fn(&str) -> bool) -> bool {
    if answer.header("location").is_some_and(|location| leads_to(location, id)) {
        return true;
    }
    match &answer.body {
        Body::Text(text) => text.trim() == id.as_str(),
        Body::Json(json) => {
            let mut found = Vec::new();
            candidates(json, is_ours, &mut found, 0);
            found.len() == 1 && found[0] == id.as_str()
        }
    }
}

fn leads_to(location: &str, id: &RemoteId) -> bool {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.trim_end_matches('/').split('/');
    let decoded = |segment: &str| {
        percent_encoding::percent_decode_str(segment)
            .decode_utf8_lossy()
            .into_owned()
    };
    segments.next_back().is_some_and(|last| decoded(last) == id.as_str())
}

fn holds(value: &Value, is_ours: &impl Fn(&str) -> bool, depth: usize) -> bool {
    match value {
        Value::String(text) => is_ours(text),
        Value::Array(items) => depth < DEPTH && items.iter().any(|item| holds(item, is_ours, depth + 1)),
        Value::Object(map) => depth < DEPTH && map.values().any(|item| holds(item, is_ours, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Is there an object that holds both the id and our name, the name not in an object with an id of its own?
fn beside(value: &Value, id: &RemoteId, is_ours: &impl Fn(&str) -> bool, depth: usize) -> bool {
    match value {
        Value::Object(map) if depth < DEPTH => {
            (map.values().any(|member| is_id(member, id)) && names(map, is_ours, depth))
                || map.values().any(|member| beside(member, id, is_ours, depth + 1))
        }
        Value::Array(items) if depth < DEPTH => items.iter().any(|item| beside(item, id, is_ours, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            false
        }
    }
}

/// Does our name stand in this object, or in one below it that has no id of its own?
fn names(map: &Map<String, Value>, is_ours: &impl Fn(&str) -> bool, depth: usize) -> bool {
    map.values().any(|member| names_in(member, is_ours, depth))
}

fn names_in(value: &Value, is_ours: &impl Fn(&str) -> bool, depth: usize) -> bool {
    match value {
        Value::String(text) => is_ours(text),
        Value::Object(inner) => {
            depth < DEPTH && !inner.keys().any(|key| calls_itself_an_id(key)) && names(inner, is_ours, depth + 1)
        }
        Value::Array(items) => depth < DEPTH && items.iter().any(|item| names_in(item, is_ours, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn calls_itself_an_id(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    matches!(key.as_str(), "id" | "_id" | "uuid" | "uid" | "guid" | "sub" | "localid") || key.ends_with("_id")
}

fn is_id(value: &Value, id: &RemoteId) -> bool {
    match value {
        Value::String(text) => text == id.as_str(),
        Value::Number(number) => number.to_string() == id.as_str(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whatever could be an id, once each; two are enough to know.
fn candidates(value: &Value, is_ours: &impl Fn(&str) -> bool, found: &mut Vec<String>, depth: usize) {
    let text = match value {
        Value::Object(map) if depth < DEPTH => {
            return map
                .values()
                .for_each(|member| candidates(member, is_ours, found, depth + 1));
        }
        Value::Array(items) if depth < DEPTH => {
            return items
                .iter()
                .for_each(|item| candidates(item, is_ours, found, depth + 1));
        }
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::String(text) if could_be_an_id(text) && !is_ours(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            return;
        }
    };
    if found.len() < 2 && !found.contains(&text) {
        found.push(text);
    }
}

/// Words and dates are none.
fn could_be_an_id(text: &str) -> bool {
    let is_date = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    (1..=128).contains(&text.len()) && has_digit && !is_date && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: Value) -> Answer {
        Answer::http(201, Vec::new(), Body::Json(body))
    }

    #[test]
    fn an_id_beside_our_name_is_ours_and_one_of_the_object_around_it_is_not() {
        let ours = |text: &str| text == "sd-x-alice";
        let id = RemoteId::new("7").expect("an id");
        for (body, expected) in [
            (json!({"id": 7, "username": "sd-x-alice"}), true),
            (json!({"data": {"id": "7", "attributes": {"name": "sd-x-alice"}}}), true),
            (json!({"id": 7, "user": {"id": 9, "username": "sd-x-alice"}}), false),
            (
                json!({"id": 7, "users": [{"user_id": 9, "username": "sd-x-alice"}]}),
                false,
            ),
        ] {
            assert_eq!(stands_beside(&of(body.clone()), &id, &ours), expected, "{body}");
        }
    }

    #[test]
    fn an_id_is_sole_where_nothing_else_could_be_one() {
        let ours = |text: &str| text == "sd-x-alice";
        let id = RemoteId::new("7").expect("an id");
        for (body, expected) in [
            (json!({"id": 7}), true),
            (
                json!({"id": 7, "status": "created", "at": "2026-11-29T00:00:00Z"}),
                true,
            ),
            (json!({"id": 7, "tenant": 3}), false),
            (json!({"id": 8}), false),
            (json!(7), true),
        ] {
            assert_eq!(is_sole(&of(body.clone()), &id, &ours), expected, "{body}");
        }
    }

    #[test]
    fn a_location_and_a_bare_text_give_an_id() {
        let nobody = |_: &str| false;
        let id = RemoteId::new("a b").expect("an id");
        let mut answer = of(json!({"one": 1, "two": 2}));
        assert!(!is_sole(&answer, &id, &nobody));
        let location = ("location".to_owned(), "http://h/users/a%20b?x".to_owned());
        answer = Answer::http(201, vec![location], answer.body);
        assert!(is_sole(&answer, &id, &nobody));
        let text = Answer::http(201, Vec::new(), Body::Text(" a b\n".to_owned()));
        assert!(is_sole(&text, &id, &nobody));
    }

    /// A value within so many lists and maps.
    fn within(levels: usize, value: Value, is_list: bool) -> Value {
        (0..levels).fold(
            value,
            |value, _| if is_list { json!([value]) } else { json!({"a": value}) },
        )
    }

    #[test]
    fn nothing_is_looked_for_deeper_than_people_nest() {
        let ours = |text: &str| text == "sd-x-alice";
        let id = RemoteId::new("7").expect("an id");
        for is_list in [true, false] {
            for (levels, expected) in [(0, true), (1, true), (DEPTH, true), (DEPTH + 1, false)] {
                let name = within(levels, json!("sd-x-alice"), is_list);
                assert_eq!(stands_in(&name, &ours), expected, "{levels}");
                assert_eq!(shows(&of(name.clone()), &ours), expected, "{levels}");
                let below = of(json!({"id": 7, "b": name}));
                assert_eq!(stands_beside(&below, &id, &ours), expected, "{levels}");
                let sole = of(within(levels, json!(7), is_list));
                assert_eq!(is_sole(&sole, &id, &ours), expected, "{levels}");
            }
            for (levels, expected) in [(1, true), (DEPTH - 1, true), (DEPTH, false), (DEPTH + 1, false)] {
                let pair = json!({"id": 7, "name": "sd-x-alice"});
                let whole = of(within(levels, pair, is_list));
                assert_eq!(stands_beside(&whole, &id, &ours), expected, "{levels}");
            }
        }
    }

    #[test]
    fn a_text_shows_a_name_and_values_of_other_kinds_show_none() {
        let ours = |text: &str| text == "sd-x-alice";
        let text = |text: &str| Answer::http(200, Vec::new(), Body::Text(text.to_owned()));
        assert!(shows(&text(" sd-x-alice\n"), &ours) && !shows(&text("sd-x-bob"), &ours));
        for body in [
            json!(null),
            json!(true),
            json!(7),
            json!("sd-x-bob"),
            json!([]),
            json!({}),
        ] {
            assert!(!shows(&of(body.clone()), &ours), "{body}");
        }
        let elsewhere = vec![("location".to_owned(), "http://h/users/8".to_owned())];
        let answer = Answer::http(201, elsewhere, Body::Json(json!({"a": 1, "b": 2})));
        assert!(!is_sole(&answer, &RemoteId::new("7").expect("an id"), &ours));
    }

    #[test]
    fn whole_numbers_and_words_with_digits_may_be_ids() {
        let ours = |text: &str| text == "sd-x-7";
        for (body, id, expected) in [
            (json!({"id": 7, "ratio": 1.5}), "7", true),
            (json!({"id": u64::MAX, "ratio": 1.5}), "18446744073709551615", true),
            (json!({"id": 7, "low": -3}), "7", false),
            (json!({"id": "a7", "name": "sd-x-7"}), "a7", true),
            (json!({"id": "a7", "key": "b8"}), "a7", false),
            (json!({"id": "a7", "word": "created"}), "a7", true),
        ] {
            let id = RemoteId::new(id).expect("an id");
            assert_eq!(is_sole(&of(body.clone()), &id, &ours), expected, "{body}");
        }
    }
}
