//! What the expressions of a request come to on its answer, for whoever looks for a fault. It decides nothing itself.

use std::collections::HashMap;

use super::{Condition, Poll, Request, Service};
use crate::domain::answer::Answer;
use crate::language::{Expression, Scope};

/// What decides on the answers of one service, by the place of the request.
#[derive(Clone, Debug, Default)]
pub struct Decisions(HashMap<String, Deciding>);

/// What decides on the answers to one request.
#[derive(Clone, Debug)]
struct Deciding {
    expect: Condition,
    /// What an answer that is not as expected may mean.
    otherwise: (&'static str, Condition),
    /// What an answer that is as expected shows.
    reads: Vec<(&'static str, Expression)>,
    until: Option<Expression>,
}

/// How what is in an answer is shown.
pub struct Showing<'a> {
    /// A text without secrets.
    pub text: &'a dyn Fn(&str) -> String,
    /// Is the value of a field of this name hidden?
    pub hides: &'a dyn Fn(&str) -> bool,
}

impl Decisions {
    /// Those of a service.
    pub fn of(service: &Service) -> Self {
        let mut decisions = Self::default();
        let plain = service.ready.iter().chain(&service.probe).chain(&service.before_create);
        for request in plain.chain(&service.after_create).chain(&service.delete) {
            decisions.add(request, ("gone", &request.gone), []);
        }
        let create = &service.create;
        let reads = [("id", create.id.as_ref()), ("name", create.name.as_ref())];
        decisions.add(&create.request, ("duplicate", &create.duplicate), reads);
        for poll in service.verify.iter().chain(&service.gone) {
            decisions.add_poll(poll);
        }
        if let Some(find) = &service.find {
            let reads = [("items", Some(&find.items))];
            decisions.add(&find.request, ("absent", &find.absent), reads);
        }
        if let Some(list) = &service.list {
            let reads = [("items", Some(&list.items)), ("total", list.total.as_ref())];
            for request in list.filter.iter().chain([&list.request]) {
                decisions.add(request, ("gone", &request.gone), reads);
            }
        }
        decisions
    }

    fn add_poll(&mut self, poll: &Poll) {
        let gone = ("gone", &poll.request.gone);
        let deciding = self.add(&poll.request, gone, [("name", poll.name.as_ref())]);
        deciding.until.clone_from(&poll.until);
    }

    fn add<'s>(
        &mut self,
        request: &Request,
        (key, otherwise): (&'static str, &Condition),
        reads: impl IntoIterator<Item = (&'static str, Option<&'s Expression>)>,
    ) -> &mut Deciding {
        let reads = reads.into_iter();
        let deciding = Deciding {
            expect: request.expect.clone(),
            otherwise: (key, otherwise.clone()),
            reads: reads.filter_map(|(key, read)| Some((key, read?.clone()))).collect(),
            until: None,
        };
        self.0.entry(request.place.clone()).insert_entry(deciding).into_mut()
    }

    /// What decides on an answer to the request at this place, a line each. `scope` is what the request saw.
    pub fn told(&self, place: &str, answer: &Answer, scope: &Scope, showing: &Showing<'_>) -> Vec<String> {
        let Some(deciding) = self.0.get(place) else {
            return Vec::new();
        };
        // `services[0].create`
        let step = place.split_once("].").map_or(place, |(_, step)| step);
        let seen = scope.clone().answer(answer);
        let mut lines = Vec::new();
        let expected = deciding.expect.holds(answer, &seen).unwrap_or(false);
        lines.extend(condition(
            &format!("{step}.expect"),
            &deciding.expect,
            expected,
            &seen,
            showing,
        ));
        if !expected {
            let (key, otherwise) = &deciding.otherwise;
            let holds = otherwise.holds(answer, &seen).unwrap_or(false);
            let told = condition(&format!("{step}.{key}"), otherwise, holds, &seen, showing);
            lines.extend(told.filter(|_| holds || matches!(otherwise, Condition::Expression(_))));
            return lines;
        }
        for (key, expression) in &deciding.reads {
            let value = value(expression, &seen, showing);
            lines.push(format!("`{step}.{key}: {}` is {value}", expression.told()));
        }
        if let Some(until) = &deciding.until {
            let holds = until.eval_bool(&seen).unwrap_or(false);
            lines.push(claim(&format!("{step}.until"), until, holds, &seen, showing));
        }
        lines
    }
}

/// Any 2xx is nothing to tell: the status says it.
fn condition(key: &str, condition: &Condition, holds: bool, seen: &Scope, showing: &Showing<'_>) -> Option<String> {
    match condition {
        Condition::Success => None,
        Condition::Codes(codes) => {
            let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
            Some(format!("`{key}: [{}]` {}", codes.join(", "), verb(holds)))
        }
        Condition::Expression(expression) => Some(claim(key, expression, holds, seen, showing)),
    }
}

fn claim(key: &str, expression: &Expression, holds: bool, seen: &Scope, showing: &Showing<'_>) -> String {
    let told = format!("`{key}: {}` {}", expression.told(), verb(holds));
    // Of what is hidden nothing is read: not even a number.
    let is_hidden = |path: &String| path.split('.').any(|name| (showing.hides)(name));
    let is_open = !expression.paths().iter().any(is_hidden) && !expression.last_names().into_iter().any(showing.hides);
    let readings = is_open.then(|| expression.readings(seen, showing.text));
    match readings.filter(|readings| !readings.is_empty()) {
        Some(readings) => format!("{told}: {readings}"),
        None => told,
    }
}

fn verb(holds: bool) -> &'static str {
    if holds { "holds" } else { "does not hold" }
}

/// The value of an expression in a word.
fn value(expression: &Expression, seen: &Scope, showing: &Showing<'_>) -> String {
    let value = match expression.eval_optional(seen) {
        Ok(Some(value)) => value,
        Ok(None) => return "nothing".to_owned(),
        Err(_) => return "no value".to_owned(),
    };
    if expression.last_names().into_iter().any(showing.hides) {
        return "***".to_owned();
    }
    match value.len().filter(|_| value.as_str().is_none()) {
        Some(0) => "an empty list".to_owned(),
        Some(1) => "a list of one".to_owned(),
        Some(items) => format!("a list of {items}"),
        None => format!("`{}`", (showing.text)(&value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Config;
    use crate::domain::answer::Body;
    use crate::language::Environment;

    fn told(place: &str, status: u16, body: serde_json::Value) -> String {
        let text = "services:
  - name: users
    url: http://localhost:1
    create: { expect: status == 201 and body.ok, id: body.id, duplicate: body.code == 7, secrets: { pin: body.pin } }
    verify: { request: 'GET /u/{{ id }}', expect: [200], until: body.state == 'on' and body.hidden == 1 }
    find: { request: GET /u, items: body.items, id: item.id, name: item.name, absent: [404] }
";
        let config = Config::parse("standin.yml", text, &Environment::default()).unwrap();
        let showing = Showing {
            text: &|text| text.replace("secret", "***"),
            hides: &|name| name == "hidden",
        };
        let answer = Answer::http(status, Vec::new(), Body::Json(body));
        let place = format!("services[0].{place}");
        Decisions::of(&config.services[0])
            .told(&place, &answer, &Scope::new(), &showing)
            .join("\n")
    }

    #[test]
    fn each_expression_that_decides_is_told_with_what_it_came_to() {
        for (place, status, body, expected) in [
            (
                "create",
                201,
                json!({"ok": true, "id": "a-secret"}),
                "`create.expect: status == 201 and body.ok` holds: `status` was 201, `body.ok` was true\n`create.id: body.id` is `a-***`\n`create.name: body.username` is nothing",
            ),
            (
                "create",
                409,
                json!({"code": 7}),
                "`create.expect: status == 201 and body.ok` does not hold: `status` was 409, `body.ok` was undefined (`body` has `code`)\n`create.duplicate: body.code == 7` holds: `body.code` was 7",
            ),
            (
                "create",
                201,
                json!({"ok": 1, "username": "a"}),
                "`create.expect: status == 201 and body.ok` holds: `status` was 201, `body.ok` was 1\n`create.id: body.id` is nothing\n`create.name: body.username` is `a`",
            ),
            (
                "verify",
                200,
                json!({"state": "off", "hidden": 1}),
                "`verify.expect: [200]` holds\n`verify.name: body.username` is nothing\n`verify.until: body.state == 'on' and body.hidden == 1` does not hold",
            ),
            (
                "find",
                200,
                json!({"items": [1, 2]}),
                "`find.items: body.items` is a list of 2",
            ),
            (
                "find",
                200,
                json!({"items": []}),
                "`find.items: body.items` is an empty list",
            ),
            ("find", 404, json!({}), "`find.absent: [404]` holds"),
            ("delete", 204, json!({}), ""),
            ("elsewhere", 204, json!({}), ""),
        ] {
            assert_eq!(told(place, status, body), expected, "{place}");
        }
    }
}
