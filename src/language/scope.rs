//! The names that an expression can see.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::value::{Object, Serde, Value};

use super::environment::Environment;
use crate::domain::answer::{Answer, Body, Head};
use crate::domain::time::Timestamp;

/// Names and their values, cheap to clone and to extend: a scope shares what it was made from.
#[derive(Clone, Default)]
pub struct Scope {
    last: Option<Arc<Binding>>,
    moment: Option<Timestamp>,
}

struct Binding {
    name: &'static str,
    value: Value,
    before: Option<Arc<Self>>,
}

impl Scope {
    /// Where the engine finds the moment: no expression can spell it.
    pub(super) const MOMENT: &str = "now()";

    /// No names at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// This scope and one name more; the latest of a name counts.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Value>) -> Self {
        Self {
            last: Some(Arc::new(Binding {
                name,
                value: value.into(),
                before: self.last,
            })),
            moment: self.moment,
        }
    }

    /// This scope for a request that is made at this moment, which `now()` and `totp` go by.
    #[must_use]
    pub fn at(self, moment: Timestamp) -> Self {
        Self {
            moment: Some(moment),
            ..self
        }
    }

    /// This scope with `name` as JSON data.
    #[must_use]
    pub fn with_json(self, name: &'static str, value: &serde_json::Value) -> Self {
        self.with(name, Value::from(Serde(value)))
    }

    /// This scope with `env`.
    #[must_use]
    pub fn environment(self, environment: &Environment) -> Self {
        self.with("env", Value::from_object(environment.clone()))
    }

    /// This scope with what an answer is: `status`, `headers` with the first field of each name, `headers_all` with all of
    /// them, `cookies` and `body`.
    #[must_use]
    pub fn answer(self, answer: &Answer) -> Self {
        let body = match &answer.body {
            Body::Json(json) => Value::from(Serde(json)),
            Body::Text(text) => Value::from(text.as_str()),
        };
        match &answer.head {
            Head::Http { status, headers } => {
                let mut all: IndexMap<&str, Vec<&str>> = IndexMap::new();
                for (name, value) in headers {
                    all.entry(name).or_default().push(value);
                }
                let first = all.iter().filter_map(|(name, values)| Some((*name, *values.first()?)));
                let lists = all
                    .iter()
                    .map(|(name, values)| (*name, values.iter().copied().collect::<Value>()));
                let cookies = all.get("set-cookie").into_iter().flatten();
                self.with("status", *status)
                    .with("headers", Value::from_pairs(first))
                    .with("cookies", Value::from_pairs(cookies.filter_map(|field| cookie(field))))
                    .with("headers_all", Value::from_pairs(lists))
            }
        }
        .with("body", body)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.bindings()
            .find(|binding| binding.name == name)
            .map(|binding| &binding.value)
    }

    /// The names, the latest first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.bindings().map(|binding| binding.name)
    }

    fn bindings(&self) -> impl Iterator<Item = &Binding> {
        std::iter::successors(self.last.as_deref(), |binding| binding.before.as_deref())
    }
}

/// The name and the value of a cookie that is set (RFC 6265, 5.2). Of two of one name the later counts.
fn cookie(field: &str) -> Option<(&str, &str)> {
    let (name, value) = field.split(';').next()?.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some((name, value.trim()))
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            Self::MOMENT => self.moment.map(|moment| moment.as_millis().into()),
            name => self.get(name).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Expression;

    #[test]
    fn an_answer_has_all_fields_of_a_name_and_the_cookies_that_it_sets() {
        let fields = [
            ("set-cookie", "sid=abc=; Path=/; HttpOnly"),
            ("link", "</a>"),
            ("set-cookie", "lang = de"),
            ("set-cookie", "lang=en"),
            ("set-cookie", "no cookie"),
            ("link", "</b>"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = Answer::http(200, fields.to_vec(), Body::Text(String::new()));
        let scope = Scope::new().answer(&answer);
        for (source, expected) in [
            ("headers.link", "</a>"),
            ("headers_all.link[1]", "</b>"),
            ("headers_all.link | length", "2"),
            ("cookies.sid", "abc="),
            ("cookies.lang", "en"),
            ("cookies | length", "2"),
            ("headers_all['x-none'] | default('none')", "none"),
        ] {
            let expression = Expression::parse(source).expect("an expression");
            let text = expression.eval_text(&scope).expect("a value");
            assert_eq!(text.as_deref(), Some(expected), "{source}");
        }
    }
}
