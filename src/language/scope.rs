//! The names that an expression can see.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, Serde, Value};

use super::environment::Environment;
use crate::domain::answer::{Answer, Body, Head};

/// Names and their values, cheap to clone and to extend: a scope shares what it was made from.
#[derive(Clone, Default)]
pub struct Scope {
    last: Option<Arc<Binding>>,
}

struct Binding {
    name: &'static str,
    value: Value,
    before: Option<Arc<Self>>,
}

impl Scope {
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

    /// This scope with `status`, `headers` and `body` of an answer. Of a header that comes twice the first counts.
    #[must_use]
    pub fn answer(self, answer: &Answer) -> Self {
        let body = match &answer.body {
            Body::Json(json) => Value::from(Serde(json)),
            Body::Text(text) => Value::from(text.as_str()),
        };
        match &answer.head {
            Head::Http { status, headers } => {
                let mut first: Vec<(&str, &str)> = Vec::new();
                for (name, value) in headers {
                    if !first.iter().any(|(known, _)| known == name) {
                        first.push((name, value));
                    }
                }
                self.with("status", *status).with("headers", Value::from_pairs(first))
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

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key.as_str()?).cloned()
    }
}
