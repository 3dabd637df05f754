//! A JSON document whose strings and keys are templates.

use serde_json::{Map, Value as Json};

use super::error::{EvalError, EvalErrorKind};
use super::expression::Expression;
use super::scope::Scope;
use super::template::Template;

/// A JSON tree with templates in place of its strings and keys.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A string: a template, which may give a value of another type.
    Text(Template),
    /// Null, true, false or a number.
    Scalar(Json),
    /// A list.
    List(Vec<Self>),
    /// A map, in the order in which it was written.
    Map(Vec<(Template, Self)>),
}

impl JsonTemplate {
    /// The document with every template rendered.
    pub fn render(&self, scope: &Scope) -> Result<Json, EvalError> {
        Ok(match self {
            Self::Text(template) => template.render_value(scope)?,
            Self::Scalar(scalar) => scalar.clone(),
            Self::List(items) => Json::Array(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?),
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if map.insert(key.render(scope)?, value.render(scope)?).is_some() {
                        // What the key has become may be a secret.
                        let message = format!("`{}` becomes a key that the map has already", key.source());
                        return Err(EvalError::new(EvalErrorKind::Unfit, message));
                    }
                }
                Json::Object(map)
            }
        })
    }

    /// Every template in it, in order.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(template) => vec![template],
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(entries) => {
                let entries = entries.iter();
                entries
                    .flat_map(|(key, value)| std::iter::once(key).chain(value.templates()))
                    .collect()
            }
        }
    }

    /// Every expression in it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.templates().into_iter().flat_map(Template::expressions)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(source: &str) -> Template {
        Template::parse(source).expect("a template")
    }

    fn map<const N: usize>(entries: [(&str, &str); N]) -> JsonTemplate {
        let entries = entries.map(|(key, value)| (template(key), JsonTemplate::Text(template(value))));
        JsonTemplate::Map(entries.into())
    }

    #[test]
    fn keys_are_templates_too_and_none_takes_the_place_of_another() {
        let scope = Scope::new().with("id", "7").with("name", "qa");
        let nested = JsonTemplate::Map(vec![(
            template("u-{{ id }}"),
            map([("{{ name }}", "{{ id }}"), ("x", "y")]),
        )]);
        assert_eq!(nested.render(&scope), Ok(json!({"u-7": {"qa": "7", "x": "y"}})));
        let mut names: Vec<&str> = nested
            .expressions()
            .flat_map(Expression::names)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["id", "id", "name"]);
        let error = map([("qa", "1"), ("{{ name }}", "2")])
            .render(&scope)
            .expect_err("one key twice");
        assert_eq!(error.message, "`{{ name }}` becomes a key that the map has already");
        assert!(map([("{{ none }}", "1")]).render(&scope).is_err());
    }
}
