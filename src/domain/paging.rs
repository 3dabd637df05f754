//! Whether an answer that shows accounts says itself that there are more than it shows.
//!
//! What a description says of pages may have a slip in it, so an answer's own words are heard too, in the names that they
//! commonly have. They can only take trust away from a list: nothing is believed absent because of them.

use serde_json::{Map, Value};

use super::answer::{Answer, Body};

/// How deep such words stand: `{"data": {"users": {"pageInfo": {"hasNextPage": true}}}}`.
const DEPTH: usize = 4;

/// What a total is called, in lower case and without separators.
const TOTALS: [&str; 7] = [
    "total",
    "totalresults",
    "totalcount",
    "totalitems",
    "totalelements",
    "totalsize",
    "numfound",
];

/// What leads to the next page, or says that there is one, is called.
const POINTERS: [&str; 22] = [
    "next",
    "nextpage",
    "nexturl",
    "nexturi",
    "nextlink",
    "nexthref",
    "nextcursor",
    "nexttoken",
    "nextpagetoken",
    "nextpageurl",
    "nextmarker",
    "nextoffset",
    "nextkey",
    "odatanextlink",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "moreresults",
    "istruncated",
    "continue",
    "continuationtoken",
    "lastevaluatedkey",
];

/// Is this a number that pages commonly have? Then a list of one page may be cut short.
pub fn is_round(items: usize) -> bool {
    items >= 10 && (items.is_multiple_of(10) || items.is_multiple_of(25) || items.is_power_of_two())
}

/// How many accounts an answer says that there are, if it does.
pub fn total(answer: &Answer) -> Option<u64> {
    walk(answer, &|key, value| value.as_u64().filter(|_| TOTALS.contains(&key)))
}

/// Does an answer say that there is another page?
pub fn points_on(answer: &Answer) -> bool {
    walk(answer, &|key, value| {
        (POINTERS.contains(&key) && leads(value)).then_some(())
    })
    .is_some()
}

/// The first that `find` gives for a key and its value. Items stand in lists, and say nothing of pages.
fn walk<T>(answer: &Answer, find: &impl Fn(&str, &Value) -> Option<T>) -> Option<T> {
    match &answer.body {
        Body::Json(Value::Object(map)) => within(map, find, DEPTH),
        Body::Json(_) | Body::Text(_) => None,
    }
}

fn within<T>(map: &Map<String, Value>, find: &impl Fn(&str, &Value) -> Option<T>, depth: usize) -> Option<T> {
    map.iter().find_map(|(key, value)| {
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        find(&key.to_ascii_lowercase(), value).or_else(|| {
            let inner = value.as_object().filter(|_| depth > 1);
            inner.and_then(|map| within(map, find, depth - 1))
        })
    })
}

/// Does it lead anywhere: a text, a number, a yes, or a map that holds one?
fn leads(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_so) => *is_so,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "false" | "null"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => map.values().any(leads),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: Value) -> Answer {
        Answer::http(200, Vec::new(), Body::Json(body))
    }

    #[test]
    fn an_answer_points_on_by_what_has_a_value() {
        for (body, expected) in [
            (json!({"items": [], "next": "abc"}), true),
            (json!({"items": [], "next": null}), false),
            (json!({"items": [], "next": ""}), false),
            (json!({"items": [], "next": {"id": "u7"}}), true),
            (json!({"_links": {"next": {"href": "/users?page=2"}}}), true),
            (json!({"_links": {"self": {"href": "/users?page=2"}}}), false),
            (json!({"data": {"users": {"pageInfo": {"hasNextPage": true}}}}), true),
            (json!({"users": {"pageInfo": {"hasNextPage": true}}}), true),
            (
                json!({"users": {"pageInfo": {"hasNextPage": false, "endCursor": "x"}}}),
                false,
            ),
            (json!({"@odata.nextLink": "https://x/"}), true),
            (json!({"Users": [], "IsTruncated": true}), true),
            (json!({"LastEvaluatedKey": {"id": {"S": "u7"}}}), true),
            (json!({"next_page": 0}), false),
            (json!({"nextSyncToken": "x"}), false),
            (json!([{"next": "a user's own"}]), false),
            (json!({"items": [{"next": "a user's own"}]}), false),
        ] {
            assert_eq!(points_on(&answer(body.clone())), expected, "{body}");
        }
    }

    #[test]
    fn a_total_is_read_where_it_commonly_stands() {
        for (body, expected) in [
            (json!({"total": 3}), Some(3)),
            (json!({"meta": {"page": {"total_count": 7}}}), Some(7)),
            (json!({"totalResults": 0}), Some(0)),
            (json!({"items": [{"total": 3}]}), None),
            (json!({"total": "3"}), None),
        ] {
            assert_eq!(total(&answer(body.clone())), expected, "{body}");
        }
    }

    #[test]
    fn numbers_that_pages_commonly_have_are_round() {
        for (number, expected) in [
            (5, false),
            (8, false),
            (9, false),
            (10, true),
            (11, false),
            (20, true),
            (25, true),
            (35, false),
            (64, true),
        ] {
            assert_eq!(is_round(number), expected, "{number}");
        }
    }

    #[test]
    fn nothing_is_looked_for_deeper_than_answers_are_nested() {
        let nested = |depth: usize| (1..depth).fold(json!({"total": 3}), |inner, _| json!({ "in": inner }));
        assert_eq!(total(&answer(nested(DEPTH))), Some(3));
        assert_eq!(total(&answer(nested(DEPTH + 1))), None);
    }

    #[test]
    fn a_list_points_on_by_what_is_in_it() {
        assert!(points_on(&answer(json!({"next": ["/users?page=2"]}))));
        assert!(!points_on(&answer(json!({"next": []}))));
    }
}
