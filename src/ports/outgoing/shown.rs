//! A request as a verbose log may show it: as the configuration wrote it, without what could be a secret in it.

use serde_json::{Map, Value};

use super::Identity;
use crate::config::{Carrier, HttpRequest, Payload};
use crate::domain::secret::{lets_in, looks_secret};
use crate::domain::shown::{body, hushed, text_lines};
use crate::language::{JsonTemplate, Scope, Template};

/// What stands in the place of what is hidden.
const HIDDEN: &str = "***";

/// A request as it may be shown. It is made only where somebody reads such logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShownRequest {
    /// The path.
    pub path: String,
    /// The query, pair by pair.
    query: Vec<String>,
    /// Header fields beside those of the service.
    headers: Vec<(String, String)>,
    body: Vec<String>,
    /// It goes where the page before said.
    follows: bool,
}

impl ShownRequest {
    /// What is shown of a request that sees these names.
    pub(super) fn of(request: &HttpRequest, scope: &Scope, identity: Identity) -> Self {
        let is_sent = |name: &str| identity != Identity::Anonymous || !lets_in(name);
        let in_target = request.target.shown_query(scope).unwrap_or_default();
        let in_target = in_target.split('&').filter(|pair| !pair.is_empty()).map(in_query);
        let own = request
            .query
            .iter()
            .map(|(name, value)| (name.clone(), named(name, value, scope)));
        let pairs = in_target.chain(own).filter(|(name, _)| is_sent(name));
        let headers = request.headers.iter().filter(|(name, _)| is_sent(name));
        let mut headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.clone(), named(name, value, scope)))
            .collect();
        let has_type = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(kind) = request.payload.content_type().filter(|_| !has_type) {
            headers.insert(0, ("Content-Type".to_owned(), kind.to_owned()));
        }
        Self {
            path: request.target.shown(scope),
            query: pairs.map(|(name, value)| pair(&name, &value)).collect(),
            headers,
            body: payload(&request.payload, scope),
            follows: false,
        }
    }

    /// With a header field more, whose value nobody needs to see.
    pub(super) fn with_field(&mut self, name: &str) {
        self.headers.push((name.to_owned(), HIDDEN.to_owned()));
    }

    /// Carries nothing.
    pub(super) fn only_look(&mut self) {
        self.body.clear();
        self.headers.retain(|(name, _)| name != "Content-Type");
    }

    /// Asks for another page. What an answer gave for it may be a secret.
    pub(super) fn set_page(&mut self, carrier: Carrier, param: &str, value: &Value) {
        let value = if value.is_string() {
            HIDDEN.to_owned()
        } else {
            value.to_string()
        };
        match carrier {
            Carrier::Template => {}
            Carrier::Query => {
                let front = format!("{param}=");
                self.query.retain(|pair| !pair.starts_with(&front));
                self.query.push(front + &value);
            }
            Carrier::Json => {
                let front = format!("with {param}: ");
                self.body.retain(|line| !line.starts_with(&front));
                self.body.push(front + &value);
            }
        }
    }

    /// Goes where the page before said.
    pub(super) fn set_follows(&mut self, follows: bool) {
        self.follows = follows;
    }

    /// The lines that show it, below the one that says where it goes. `beside` are the names of the fields that the service
    /// adds.
    pub fn lines(&self, beside: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        if self.follows {
            lines.push("the address that the previous page gave".to_owned());
        } else if !self.query.is_empty() {
            lines.push(body(&format!("?{}", self.query.join("&"))));
        }
        lines.extend(beside.iter().map(|name| format!("{name}: {HIDDEN}")));
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.extend(self.body.iter().cloned());
        lines
    }
}

/// A pair of a query as it is written, whose value is hidden where words of the configuration could let somebody in.
fn in_query(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let is_expression = value.starts_with("{{") && value.ends_with("}}") && value.matches("{{").count() == 1;
    let value = if looks_secret(name) && !is_expression && !value.is_empty() {
        HIDDEN
    } else {
        value
    };
    (name.to_owned(), value.to_owned())
}

fn pair(name: &str, value: &str) -> String {
    if value.is_empty() {
        name.to_owned()
    } else {
        format!("{name}={value}")
    }
}

/// A value under its name.
fn named(name: &str, value: &Template, scope: &Scope) -> String {
    if looks_secret(name) {
        value.veiled()
    } else {
        text(value, scope)
    }
}

/// A text whose name says nothing.
fn text(value: &Template, scope: &Scope) -> String {
    let is_open = |text: &str| hushed(text, &|_| false) == text;
    if value.literals().all(is_open) {
        value.shown(scope)
    } else {
        value.veiled()
    }
}

fn payload(payload: &Payload, scope: &Scope) -> Vec<String> {
    match payload {
        Payload::None => Vec::new(),
        Payload::Json(json) => vec![body(&in_json(json, scope, false).to_string())],
        Payload::Form(pairs) => {
            let shown = pairs.iter().map(|(name, value)| pair(name, &named(name, value, scope)));
            vec![body(&shown.collect::<Vec<_>>().join("&"))]
        }
        Payload::Text(value) => text_lines(&body(&text(value, scope))),
    }
}

/// JSON as it is written. What a name says of a value holds for all that is below it.
fn in_json(json: &JsonTemplate, scope: &Scope, is_secret: bool) -> Value {
    match json {
        JsonTemplate::Text(value) if is_secret => value.veiled().into(),
        JsonTemplate::Text(value) => text(value, scope).into(),
        JsonTemplate::Scalar(Value::Number(_)) if is_secret => HIDDEN.into(),
        JsonTemplate::Scalar(scalar) => scalar.clone(),
        JsonTemplate::List(items) => items.iter().map(|item| in_json(item, scope, is_secret)).collect(),
        JsonTemplate::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| {
                let is_secret = is_secret || looks_secret(&name.source());
                (text(name, scope), in_json(value, scope, is_secret))
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Action, Config};
    use crate::language::Environment;

    fn shown(create: &str, identity: Identity) -> String {
        let text = format!("services: [{{ name: users, url: 'http://localhost:1', create: {create} }}]\n");
        let environment = Environment::new([("KEY".to_owned(), "key-secret".to_owned())], None);
        let config = Config::parse("standin.yml", &text, &environment).unwrap();
        let scope = Scope::new().environment(&environment).with_json(
            "account",
            &json!({"username": "sd-1", "email": "a@b", "password": "pw-secret", "role": "admin"}),
        );
        let Action::Http(request) = &config.services[0].create.request.action;
        let shown = ShownRequest::of(request, &scope, identity).lines(&[]).join("\n");
        assert!(!shown.contains("secret"), "{shown}");
        shown
    }

    #[test]
    fn a_request_is_shown_as_it_is_written_with_names_by_value() {
        for (create, expected) in [
            (
                "{ request: 'POST /u?a=1&key={{ env.KEY }}&token=abc', query: { n: '{{ account.username }}', sig: x }, json: { username: '{{ account.username }}', password: '{{ account.password }}', pin: 1234, role: '{{ account.role }}', admin: true } }",
                "?a=1&key={{ env.KEY }}&token=***&n=sd-1&sig=***\nContent-Type: application/json\n{\"username\":\"sd-1\",\"password\":\"{{ account.password }}\",\"pin\":\"***\",\"role\":\"{{ account.role }}\",\"admin\":true}",
            ),
            (
                "{ request: POST /u, headers: { X-Api-Key: 'k-secret', Authorization: 'Bearer {{ env.KEY }}', X-Mail: '{{ account.email }}' }, form: { user: '{{ account.username }}', passwd: 'hunter-secret{{ env.KEY }}' } }",
                "Content-Type: application/x-www-form-urlencoded\nX-Api-Key: ***\nAuthorization: Bearer {{ env.KEY }}\nX-Mail: a@b\nuser=sd-1&passwd=***{{ env.KEY }}",
            ),
            (
                "{ request: POST /u, body: \"<user>{{ account.username }}</user>\\n<pw>{{ account.password }}</pw>\" }",
                "Content-Type: text/plain; charset=utf-8\n<user>sd-1</user>\n<pw>{{ account.password }}</pw>",
            ),
            (
                "{ request: POST /u, body: 'user={{ account.username }}&password=the-secret&x' }",
                "Content-Type: text/plain; charset=utf-8\n***{{ account.username }}***",
            ),
        ] {
            assert_eq!(shown(create, Identity::Own), expected, "{create}");
        }
        assert_eq!(
            shown(
                "{ request: 'POST /u?token=abc&a=1', headers: { X-Api-Key: k, X-A: b }, body: hi }",
                Identity::Anonymous
            ),
            "?a=1\nContent-Type: text/plain; charset=utf-8\nX-A: b\nhi"
        );
    }

    #[test]
    fn another_page_is_shown_by_its_number_and_not_by_what_an_answer_gave() {
        let mut request = ShownRequest {
            query: vec!["limit=5".to_owned(), "page=1".to_owned()],
            ..ShownRequest::default()
        };
        request.set_page(Carrier::Query, "page", &json!(2));
        request.set_page(Carrier::Query, "cursor", &json!("abc"));
        request.set_page(Carrier::Json, "query.offset", &json!(7));
        assert_eq!(
            request.lines(&[]),
            ["?limit=5&page=2&cursor=***", "with query.offset: 7"]
        );
        request.set_follows(true);
        assert_eq!(request.lines(&[])[0], "the address that the previous page gave");
    }
}
