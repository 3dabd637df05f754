//! A JSON document whose strings are templates.

use serde_json::Value as Json;

use super::error::EvalError;
use super::expression::Expression;
use super::scope::Scope;
use super::template::Template;

/// A JSON tree with templates in place of its strings. Keys are taken as they are.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A string: a template, which may give a value of another type.
    Text(Template),
    /// Null, true, false or a number.
    Scalar(Json),
    /// A list.
    List(Vec<Self>),
    /// A map, in the order in which it was written.
    Map(Vec<(String, Self)>),
}

impl JsonTemplate {
    /// The document with every template rendered.
    pub fn render(&self, scope: &Scope) -> Result<Json, EvalError> {
        Ok(match self {
            Self::Text(template) => template.render_value(scope)?,
            Self::Scalar(scalar) => scalar.clone(),
            Self::List(items) => Json::Array(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?),
            Self::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.render(scope)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// Every template in it, in order.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(template) => vec![template],
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, value)| value.templates()).collect(),
        }
    }

    /// Every expression in it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.templates().into_iter().flat_map(Template::expressions)
    }
}
