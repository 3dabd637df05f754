//! What of a configuration's values may be shown: all but what could be a secret that stands in it, which is `***`.
//!
//! Values of variables are in no configuration, so an expression can always be shown, without its literals where those could
//! be secrets. When in doubt, nothing is shown.

use serde_json::{Map, Value};

use crate::config::Condition;
use crate::domain::secret::lets_in;
use crate::language::{Expression, JsonTemplate, Template};

/// What stands for a literal that may not be shown.
const HIDDEN: &str = "***";
/// Keys that say what something is, also below a key that names secrets.
const KINDS: [&str; 3] = ["type", "kind", "algorithm"];

/// A value under its name.
pub(super) fn value(name: &str, template: &Template) -> String {
    if lets_in(name) {
        template.veiled()
    } else {
        text(template)
    }
}

/// Values under their names.
pub(super) fn values(pairs: &[(String, Template)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(name, template)| (name.clone(), value(name, template).into()))
        .collect()
}

/// A text whose name says nothing: a statement or a document in it may name a secret and hold it.
pub(super) fn text(template: &Template) -> String {
    if template.literals().any(holds_secret) {
        template.veiled()
    } else {
        template.source_with(expression)
    }
}

/// Is there a name that lets in, and behind it more than quotes and marks: `password=hunter2`, `<secret>hunter2</secret>`?
fn holds_secret(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let word = &rest[start..];
        let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
        rest = &word[end..];
        let value = rest.trim_start_matches([' ', '"', '\'', '=', ':', '>', '\\']);
        if lets_in(&word[..end]) && value.starts_with(char::is_alphanumeric) {
            return true;
        }
    }
    false
}

/// An expression. What it gives in place of a variable that holds a secret may be a secret too.
pub(super) fn expression(expression: &Expression) -> String {
    let reads_secret = expression.env_uses().iter().any(|read| lets_in(&read.name))
        || expression
            .paths()
            .iter()
            .any(|path| path.starts_with("with.") && path.split('.').any(lets_in));
    if reads_secret {
        expression.veiled()
    } else {
        expression.source().to_owned()
    }
}

/// Expressions under their names.
pub(super) fn expressions(pairs: &[(String, Expression)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(name, one)| (name.clone(), expression(one).into()))
        .collect()
}

/// A class of answers: `2xx`, a list of codes, or an expression.
pub(super) fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::Success => "2xx".into(),
        Condition::Codes(codes) => codes.clone().into(),
        Condition::Expression(one) => expression(one).into(),
    }
}

/// A JSON document. What a name says of a value holds for all that is below it.
pub(super) fn json(json: &JsonTemplate) -> Value {
    below(json, false)
}

/// A value of JSON under its name.
pub(super) fn named(name: &str, json: &JsonTemplate) -> Value {
    below(json, lets_in(name))
}

fn below(json: &JsonTemplate, is_secret: bool) -> Value {
    match json {
        JsonTemplate::Text(template) if is_secret => template.veiled().into(),
        JsonTemplate::Text(template) => text(template).into(),
        JsonTemplate::Scalar(Value::Number(_)) if is_secret => HIDDEN.into(),
        JsonTemplate::Scalar(scalar) => scalar.clone(),
        JsonTemplate::List(items) => items.iter().map(|item| below(item, is_secret)).collect(),
        JsonTemplate::Map(entries) => {
            let entry = |(key, value): &(Template, JsonTemplate)| {
                let name = key.source();
                let is_secret = lets_in(&name) || (is_secret && !KINDS.contains(&name.as_str()));
                (text(key), below(value, is_secret))
            };
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

/// A request as it is written, such as `GET /users?active=true`.
pub(super) fn target(source: &str) -> String {
    let Some((path, query)) = source.split_once('?') else {
        return source.to_owned();
    };
    let shown: Vec<String> = query.split('&').map(pair).collect();
    format!("{path}?{}", shown.join("&"))
}

fn pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) if lets_in(name) => {
            let shown = Template::parse(value).map_or_else(|_| HIDDEN.to_owned(), |value| value.veiled());
            format!("{name}={shown}")
        }
        Some(_) | None => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(source: &str) -> Template {
        Template::parse(source).expect("a template")
    }

    #[test]
    fn a_literal_under_a_name_that_lets_in_is_hidden() {
        for (name, source, expected) in [
            ("username", "qa", "qa"),
            ("password", "hunter2", "***"),
            ("password", "{{ env.QA_PASSWORD }}", "{{ env.QA_PASSWORD }}"),
            (
                "password",
                "{{ env.PW | default('hunter2') }}",
                "{{ env.PW | default('***') }}",
            ),
            ("Authorization", "Bearer {{ env.TOKEN }}", "Bearer {{ env.TOKEN }}"),
            ("Authorization", "Bearer hunter2", "***"),
            ("X-Api-Key", "k{{ run.id }}", "***{{ run.id }}"),
            (
                "realm",
                "{{ env.REALM | default('qa') }}",
                "{{ env.REALM | default('qa') }}",
            ),
            (
                "realm",
                "{{ env.API_TOKEN | default('abc') }}",
                "{{ env.API_TOKEN | default('***') }}",
            ),
        ] {
            assert_eq!(value(name, &template(source)), expected, "{name}: {source}");
        }
    }

    #[test]
    fn a_text_that_names_a_secret_and_holds_it_shows_no_literal() {
        for (source, expected) in [
            (
                "<user>{{ account.username }}</user>",
                "<user>{{ account.username }}</user>",
            ),
            ("user=root&password=hunter2&id={{ id }}", "***{{ id }}"),
            ("{\"api_key\": \"k\"}", "***"),
            ("<password>hunter2</password>", "***"),
            (
                "SET PASSWORD '{{ account.password }}'",
                "SET PASSWORD '{{ account.password }}'",
            ),
            ("add(password: $password)", "add(password: $password)"),
        ] {
            assert_eq!(text(&template(source)), expected, "{source}");
        }
    }

    #[test]
    fn json_is_hidden_below_a_name_that_lets_in() {
        let text = |source| JsonTemplate::Text(template(source));
        let document = JsonTemplate::Map(vec![
            (Template::literal("name"), text("{{ account.username }}")),
            (Template::literal("pin_secret"), JsonTemplate::Scalar(json!(1234))),
            (
                Template::literal("credentials"),
                JsonTemplate::List(vec![JsonTemplate::Map(vec![
                    (Template::literal("type"), text("password")),
                    (Template::literal("value"), text("hunter2")),
                    (Template::literal("temporary"), JsonTemplate::Scalar(json!(false))),
                ])]),
            ),
        ]);
        assert_eq!(
            json(&document),
            json!({
                "name": "{{ account.username }}",
                "pin_secret": "***",
                "credentials": [{"type": "password", "value": "***", "temporary": false}],
            })
        );
    }

    #[test]
    fn a_key_in_an_address_is_hidden() {
        for (source, expected) in [
            ("GET /users?active=true", "GET /users?active=true"),
            ("GET /users?api_key=abc&q={{ id }}", "GET /users?api_key=***&q={{ id }}"),
            ("GET /users?token={{ env.TOKEN }}", "GET /users?token={{ env.TOKEN }}"),
            ("GET /users/{{ 'a?b=c' }}", "GET /users/{{ 'a?b=c' }}"),
        ] {
            assert_eq!(target(source), expected);
        }
    }
}
