//! What of a service's answers no log shows, whatever it is called: what the configuration takes for a secret, and what is
//! never printed.
//!
//! An answer is shown before the engine has read it. So what it would read is read here first.

use minijinja::Value;
use serde_json::Value as Json;

use super::{Config, Service};
use crate::domain::answer::{Answer, Body};
use crate::domain::secret::{Secret, looks_secret, plain};
use crate::language::{Expression, Scope};

/// More values are not told apart from the rest of an answer.
const VALUES_MAX: usize = 500;
/// Nor is a longer one.
const LONGEST: usize = 16_384;
/// A shorter variable is no secret, and stands in words by chance.
const VARIABLE_MIN: usize = 4;
/// Names under which services show what tells accounts apart. A capture makes no secret of them.
const OPEN: [&str; 7] = ["email", "href", "id", "index", "name", "username", "uuid"];

/// What of the answers of one service no log shows.
#[derive(Clone, Debug, Default)]
pub struct Withheld {
    /// What `secrets` reads, and captures that are secrets by their names.
    expressions: Vec<Expression>,
    names: Vec<String>,
    variables: Vec<String>,
}

/// What is taken of a value.
#[derive(Clone, Copy, PartialEq)]
enum Take {
    /// All of it.
    All,
    /// All but ids and user names.
    Learnt,
    /// What stands under a name that looks like a secret's.
    Secrets,
}

/// What of one answer is hidden by its value.
#[derive(Default)]
pub struct Hidden {
    /// The values.
    pub values: Vec<Secret>,
    /// Nothing of the answer can be shown: it could not be told what is secret in it.
    pub all: bool,
}

impl Withheld {
    /// That of a service of this configuration.
    pub fn of(service: &Service, config: &Config) -> Self {
        let mut withheld = Self {
            variables: config.variables().into_iter().map(str::to_owned).collect(),
            ..Self::default()
        };
        for (_, expression) in service.setup_requests().flat_map(|request| &request.secrets) {
            withheld.take(expression, &[]);
        }
        for (name, expression) in service.requests().flat_map(|request| &request.captures) {
            if looks_secret(name) || expression.last_names().into_iter().any(looks_secret) {
                withheld.take(expression, &[]);
            } else {
                withheld.take_names(expression, &OPEN);
            }
        }
        withheld
    }

    /// Names of fields whose values are hidden, in lower case and without `_` and `-`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What is hidden of an answer to a request that captured this and saw these names.
    pub fn of_answer(&self, answer: &Answer, captures: &[Expression], scope: &Scope) -> Hidden {
        let mut hidden = Hidden::default();
        let mut read: Vec<&Expression> = self.expressions.iter().chain(captures).collect();
        read.dedup_by(|one, other| one.source() == other.source());
        if !read.is_empty() {
            let seen = scope.clone().answer(answer);
            let is_text = matches!(answer.body, Body::Text(_));
            for expression in read {
                // What is made of a text can't be found in it.
                hidden.all |= is_text && expression.paths().iter().any(|path| path == "body");
                if let Ok(value) = expression.eval(&seen) {
                    hidden.take(&value, Take::All);
                }
            }
        }
        for (name, take) in [
            ("capture", Take::All),
            ("needs", Take::Learnt),
            ("account", Take::Secrets),
            ("with", Take::Secrets),
        ] {
            if let Some(value) = scope.get(name) {
                hidden.take(value, take);
            }
        }
        let variables = scope.get("env");
        let values = self.variables.iter().filter_map(|name| variables?.get_attr(name).ok());
        for value in values {
            let text = value.as_str().unwrap_or_default();
            if text.len() >= VARIABLE_MIN && !is_in_a_name(text, scope) {
                hidden.add(text);
            }
        }
        hidden
    }

    fn take(&mut self, expression: &Expression, open: &[&str]) {
        self.expressions.push(expression.clone());
        self.take_names(expression, open);
    }

    fn take_names(&mut self, expression: &Expression, open: &[&str]) {
        let names = expression.last_names().into_iter().map(plain);
        self.names.extend(names.filter(|name| !open.contains(&name.as_str())));
        self.names.sort_unstable();
        self.names.dedup();
    }
}

impl Hidden {
    /// Takes texts and numbers in a value.
    fn take(&mut self, value: &Value, take: Take) {
        match serde_json::to_value(value) {
            Ok(value) => self.take_json(&value, take),
            Err(_) => self.all = true,
        }
    }

    fn take_json(&mut self, value: &Json, take: Take) {
        match value {
            Json::String(text) if take != Take::Secrets => self.add(text),
            Json::Number(number) if take != Take::Secrets => self.add(&number.to_string()),
            Json::Array(items) => items.iter().for_each(|item| self.take_json(item, take)),
            Json::Object(map) => {
                for (name, value) in map {
                    match take {
                        Take::Learnt if matches!(name.as_str(), "id" | "username") => {}
                        Take::Secrets if looks_secret(name) => self.take_json(value, Take::All),
                        Take::All | Take::Learnt | Take::Secrets => self.take_json(value, take),
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn add(&mut self, text: &str) {
        if text.trim().is_empty() || self.all || self.values.iter().any(|known| known.expose() == text) {
            return;
        }
        self.all = self.values.len() >= VALUES_MAX || text.len() > LONGEST;
        self.values.push(Secret::new(text));
    }
}

/// Names have to be read, and the address of a service is told anyway.
fn is_in_a_name(text: &str, scope: &Scope) -> bool {
    let names = [
        ("account", "username"),
        ("account", "email"),
        ("service", "url"),
        ("run", "marker"),
    ];
    names.into_iter().any(|(of, name)| {
        let value = scope.get(of).and_then(|of| of.get_attr(name).ok());
        value.is_some_and(|value| value.as_str().is_some_and(|name| name.contains(text)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::language::Environment;

    fn config() -> (Config, Environment) {
        let text = "services:
  - name: users
    url: http://localhost:1
    create: { secrets: { first: body.initial, of: \"headers['x-first']\" }, capture: { group: body.data.group, own: body.id } }
    find: { request: 'GET /u', items: body.items, id: item.id, name: item.name, capture: { api_token: body.shown.value } }
    verify: { request: 'GET /u/{{ id }}?k={{ env.KEY | default(env.OTHER) }}' }
";
        let variables = [("KEY", "of-the-key"), ("OTHER", "abc"), ("UNREAD", "not-read")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment::new(variables, None);
        (Config::parse("standin.yml", text, &environment).unwrap(), environment)
    }

    #[test]
    fn fields_are_withheld_by_the_names_under_which_they_are_read() {
        let (config, _) = config();
        let withheld = Withheld::of(&config.services[0], &config);
        assert_eq!(withheld.names(), ["group", "initial", "value", "xfirst"]);
    }

    #[test]
    fn what_a_request_knows_and_what_its_answer_gives_is_hidden_by_value() {
        let (config, environment) = config();
        let withheld = Withheld::of(&config.services[0], &config);
        let own: Vec<Expression> = config.services[0]
            .create
            .request
            .captures
            .iter()
            .map(|(_, one)| one.clone())
            .collect();
        let scope = Scope::new()
            .environment(&environment)
            .with_json("capture", &json!({"a": ["b-1", 7, true]}))
            .with_json(
                "needs",
                &json!({"crm": {"id": "id-1", "username": "sd-1", "sid": "s-1"}}),
            )
            .with_json(
                "account",
                &json!({"username": "sd-2", "password": "pw-1", "role": "admin"}),
            );
        let values = |body, captures: &[Expression]| {
            let answer = Answer::http(200, vec![("x-first".to_owned(), "h-1".to_owned())], body);
            let hidden = withheld.of_answer(&answer, captures, &scope);
            let mut values: Vec<String> = hidden.values.iter().map(|value| value.expose().to_owned()).collect();
            values.sort_unstable();
            (hidden.all, values.join(" "))
        };
        let body =
            Body::Json(json!({"initial": "i-1", "data": {"group": "group-1"}, "id": 9, "shown": {"value": {"x": 5}}}));
        assert_eq!(
            values(body.clone(), &own),
            (false, "5 7 9 b-1 group-1 h-1 i-1 of-the-key pw-1 s-1".to_owned())
        );
        assert_eq!(
            values(body, &[]),
            (false, "5 7 b-1 h-1 i-1 of-the-key pw-1 s-1".to_owned()),
            "harmless captures of other requests"
        );
        let of_body = Expression::parse("body | upper").unwrap();
        assert!(values(Body::Text("abc".to_owned()), &[of_body]).0);
        let many: Vec<String> = (0..VALUES_MAX + 2).map(|n| format!("n-{n}")).collect();
        assert!(values(Body::Json(json!({ "initial": many })), &[]).0);
    }
}
