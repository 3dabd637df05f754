//! Where the next page of a list is, in words and as the configuration says it.

use serde_json::Value;

use super::veil;
use crate::config::{Carrier, Next};

/// How a list goes on.
pub(super) fn in_words(next: Option<&Next>, carrier: Carrier) -> String {
    if let (Carrier::Template, Some(name)) = (carrier, next.and_then(Next::position)) {
        return format!("pages by `{{{{ {name} }}}}`");
    }
    match next {
        None => "one page".to_owned(),
        Some(Next::Link) => "pages by the `Link` header".to_owned(),
        Some(Next::Page { param, first }) => format!("pages by `{param}` from {first}"),
        Some(Next::Offset { param }) => format!("pages by `{param}` as an offset"),
        Some(Next::Cursor { expression, param }) => {
            format!("pages by `{param}` of {}", veil::expression(expression))
        }
        Some(Next::Url { expression }) => format!("pages at {}", veil::expression(expression)),
    }
}

/// The same as the configuration has it.
pub(super) fn in_json(next: &Next, carrier: Carrier) -> Value {
    let in_templates = carrier == Carrier::Template;
    let named = |param: &String| {
        if in_templates {
            true.into()
        } else {
            param.clone().into()
        }
    };
    let pairs = match next {
        Next::Link => return "link".into(),
        Next::Page { param, first } => vec![("page", named(param)), ("first", (*first).into())],
        Next::Offset { param } => vec![("offset", named(param))],
        Next::Cursor { expression, .. } if in_templates => vec![("cursor", veil::expression(expression).into())],
        Next::Cursor { expression, param } => vec![
            ("cursor", veil::expression(expression).into()),
            ("param", param.clone().into()),
        ],
        Next::Url { expression } => vec![("url", veil::expression(expression).into())],
    };
    let place = (carrier == Carrier::Json).then(|| ("in", Value::from("json")));
    let pairs = pairs.into_iter().chain(place);
    Value::Object(pairs.map(|(key, value)| (key.to_owned(), value)).collect())
}
