//! A request as it will be sent, and what is read of its answer: each as the configuration or the preset says it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{paging, time, veil};
use crate::config::{
    Action, Auth, Condition, Destination, HttpRequest, List, Patience, Payload, Poll, Request, Service,
};
use crate::domain::secret::lets_in;
use crate::language::{Expression, Template};

/// A request.
#[derive(Serialize)]
pub(super) struct ShownRequest {
    pub(super) step: &'static str,
    pub(super) request: String,
    pub(super) expect: String,
    /// Where it stands in the configuration.
    place: String,
    method: &'static str,
    /// The whole address; a variable is `${NAME}`, and what is known later an expression.
    address: String,
    /// Whose credentials it carries: the `service`'s, its `own` in their place, or `none`.
    credentials: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    headers: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    query: Map<String, Value>,
    /// One of `json`, `form` and `body`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    payload: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_header: Option<String>,
    /// What is asked otherwise where only some accounts are listed.
    #[serde(skip_serializing_if = "Map::is_empty")]
    filter: Map<String, Value>,
    /// What has to hold of the answer, and how long that may take.
    conditions: Map<String, Value>,
    /// What is read of the answer.
    #[serde(skip_serializing_if = "Map::is_empty")]
    reads: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    capture: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    outputs: Map<String, Value>,
    /// What is masked; the expressions, never a value.
    #[serde(skip_serializing_if = "Map::is_empty")]
    secrets: Map<String, Value>,
}

/// Every request of a service, in the order in which they may be sent. `url` is the service's address.
pub(super) fn requests(service: &Service, url: &str) -> Vec<ShownRequest> {
    let shown = |step, request: &Request| ShownRequest::of(step, request, service, url);
    let mut requests = Vec::new();
    requests.extend(service.ready.iter().map(|request| shown("ready", request)));
    requests.extend(service.probe.iter().map(|request| {
        let shown = shown("probe", request);
        shown.reading("place", service.place.as_ref())
    }));
    if let Auth::Login(login) = &service.auth {
        requests.extend(login.steps.iter().map(|step| ShownRequest {
            credentials: "none",
            ..shown("login", step)
        }));
    }
    let before = service.before_create.iter();
    requests.extend(before.map(|request| shown("before_create", request)));
    requests.push(create(service, url));
    requests.extend(service.find.iter().map(|find| {
        shown("find", &find.request)
            .having("absent", veil::condition(&find.absent))
            .having("settle", time(find.settle).into())
            .reading("items", Some(&find.items))
            .reading("id", Some(&find.id))
            .reading("name", Some(&find.name))
    }));
    requests.extend(
        service
            .after_create
            .iter()
            .map(|request| shown("after_create", request)),
    );
    requests.extend(service.verify.iter().map(|verify| {
        let shown = poll(shown("verify", &verify.request), verify);
        let expect = match &verify.until {
            Some(until) => format!("{}, until {}", shown.expect, veil::expression(until)),
            None => shown.expect.clone(),
        };
        ShownRequest { expect, ..shown }
    }));
    requests.extend(
        service
            .list
            .iter()
            .map(|list| of_list(shown("list", &list.request), list)),
    );
    requests.extend(service.delete.iter().map(|request| {
        let shown = shown("delete", request);
        shown.having("gone", veil::condition(&request.gone))
    }));
    requests.extend(service.gone.iter().map(|gone| {
        let shown = poll(shown("gone", &gone.request), gone);
        let expect = match &gone.until {
            Some(until) => veil::expression(until),
            None => in_words(&gone.request.gone),
        };
        ShownRequest { expect, ..shown }
    }));
    requests
}

fn create(service: &Service, url: &str) -> ShownRequest {
    let create = &service.create;
    let shown = ShownRequest::of("create", &create.request, service, url)
        .having("duplicate", veil::condition(&create.duplicate))
        .reading("id", create.id.as_ref())
        .reading("name", create.name.as_ref());
    let shown = match &create.refused {
        Some(refused) => shown.having("refused", veil::condition(refused)),
        None => shown,
    };
    ShownRequest {
        idempotency_header: create.idempotency_header.clone(),
        ..shown
    }
}

fn poll(shown: ShownRequest, poll: &Poll) -> ShownRequest {
    let shown = shown.having("gone", veil::condition(&poll.request.gone));
    let shown = match &poll.until {
        Some(until) => shown.having("until", veil::expression(until).into()),
        None => shown,
    };
    shown
        .having("within", time(poll.within).into())
        .reading("name", poll.name.as_ref())
}

fn of_list(shown: ShownRequest, list: &List) -> ShownRequest {
    let filtered = if list.filter.is_some() { ", by prefix" } else { "" };
    let expect = format!(
        "{}, {}{filtered}",
        shown.expect,
        paging::in_words(list.next.as_ref(), list.carrier)
    );
    let mut filter = Map::new();
    if let Some(Action::Http(request)) = list.filter.as_ref().map(|request| &request.action) {
        filter.insert("query".to_owned(), Value::Object(veil::values(&request.query)));
        filter.extend(payload(&request.payload));
    }
    let mut shown = shown
        .reading("items", Some(&list.items))
        .reading("id", Some(&list.id))
        .reading("name", Some(&list.name))
        .reading("total", list.total.as_ref());
    if let Some(next) = &list.next {
        shown
            .reads
            .insert("next".to_owned(), paging::in_json(next, list.carrier));
    }
    ShownRequest {
        expect,
        filter,
        ..shown
    }
}

/// When it is sent, what is expected of its answer, and until when, in a line.
fn expected(request: &Request) -> String {
    let until = request.patience.until.as_ref();
    let until = until.map(|until| format!(", until {}", veil::expression(until)));
    let when = request.when.as_ref();
    let when = when.map(|when| format!(", if {}", veil::expression(when)));
    format!(
        "{}{}{}",
        in_words(&request.expect),
        until.unwrap_or_default(),
        when.unwrap_or_default()
    )
}

/// What has to hold of an answer, and of what surrounds it.
fn conditions(request: &Request) -> Map<String, Value> {
    let Patience { until, retry, within } = &request.patience;
    let waits = (until.is_some() || retry.is_some()).then(|| time(*within).into());
    let expression = |expression: &Option<Expression>| expression.as_ref().map(|one| veil::expression(one).into());
    let condition = |condition: &Option<Condition>| condition.as_ref().map(veil::condition);
    let readings = request.readings.unusual();
    let readings = readings.map(|(key, condition)| (key.to_owned(), veil::condition(condition)));
    let given = [
        ("when", expression(&request.when)),
        ("expect", Some(veil::condition(&request.expect))),
        ("retry", condition(retry)),
        ("until", expression(until)),
        ("within", waits),
    ];
    let given = given
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given.chain(readings).collect()
}

impl ShownRequest {
    fn of(step: &'static str, request: &Request, service: &Service, url: &str) -> Self {
        let Action::Http(action) = &request.action;
        let source = veil::target(request.action.source());
        let (_, path) = source.split_once(' ').unwrap_or_default();
        let method = action.target.method.as_str();
        let address = match &request.destination {
            Destination::Elsewhere(address) => veil::text(address),
            Destination::Service | Destination::Unsigned => url.to_owned(),
        };
        let conditions = conditions(request);
        let mut reads = Map::new();
        if let Some(error) = &request.readings.error {
            reads.insert("error".to_owned(), veil::expression(error).into());
        }
        Self {
            step,
            expect: expected(request),
            place: request.place.clone(),
            method,
            address: format!("{}{}", address.trim_end_matches('/'), path.trim_start()),
            credentials: match &request.destination {
                Destination::Service => whose(action, service),
                Destination::Unsigned | Destination::Elsewhere(_) => whose_own(action),
            },
            headers: headers(action, service, &request.destination),
            query: veil::values(&action.query),
            payload: payload(&action.payload),
            idempotency_header: None,
            filter: Map::new(),
            conditions,
            reads,
            capture: veil::expressions(&request.captures),
            outputs: veil::expressions(&request.outputs),
            secrets: veil::expressions(&request.secrets),
            request: match &request.destination {
                Destination::Elsewhere(_) => format!("{method} {}{}", address.trim_end_matches('/'), path.trim_start()),
                Destination::Service | Destination::Unsigned => source.clone(),
            },
        }
    }

    /// With a condition more.
    fn having(mut self, key: &str, value: Value) -> Self {
        self.conditions.insert(key.to_owned(), value);
        self
    }

    /// With an expression more, where it is given.
    fn reading(mut self, key: &str, expression: Option<&Expression>) -> Self {
        let shown = expression.map(|expression| (key.to_owned(), veil::expression(expression).into()));
        self.reads.extend(shown);
        self
    }

    /// All of it that a line does not show, each part under what it is.
    pub(super) fn details(&self) -> Vec<(&'static str, String)> {
        let whose = match self.credentials {
            "own" => "its own, in place of the service's",
            "none" => "none",
            _ => "the service's",
        };
        let mut details = vec![
            ("address", format!("{} {}", self.method, self.address)),
            ("auth", whose.to_owned()),
        ];
        let maps = [
            ("header", &self.headers),
            ("query", &self.query),
            ("", &self.payload),
            ("filter", &self.filter),
            ("", &self.conditions),
            ("", &self.reads),
            ("capture", &self.capture),
            ("output", &self.outputs),
            ("secret", &self.secrets),
        ];
        for (what, map) in maps {
            for (name, value) in map {
                let value = one_line(value);
                match (what, key(name)) {
                    ("", Some(key)) => details.push((key, value)),
                    (_, _) => details.push((what, format!("{name}: {value}"))),
                }
            }
        }
        let header = self.idempotency_header.as_ref();
        details.extend(header.map(|header| ("header", format!("{header}: a UUID fixed by the account"))));
        details
    }
}

/// The keys that stand for themselves in the text.
fn key(name: &str) -> Option<&'static str> {
    const KEYS: [&str; 22] = [
        "when",
        "json",
        "form",
        "body",
        "expect",
        "busy",
        "dead",
        "refused",
        "retry",
        "duplicate",
        "absent",
        "settle",
        "gone",
        "until",
        "within",
        "items",
        "id",
        "name",
        "total",
        "next",
        "place",
        "error",
    ];
    KEYS.into_iter().find(|key| *key == name)
}

/// A value in one line: foreign text must not look like a line of ours.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) => text.lines().collect::<Vec<_>>().join("\\n"),
        Value::Array(codes) if codes.iter().all(Value::is_number) => {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            if codes.is_empty() {
                "none".to_owned()
            } else {
                codes.join(", ")
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Whose credentials a request carries that gets none of the service's.
fn whose_own(action: &HttpRequest) -> &'static str {
    let mut names = action.headers.iter().map(|(name, _)| name);
    if names.any(|name| name.eq_ignore_ascii_case("Authorization")) {
        "own"
    } else {
        "none"
    }
}

/// Whose credentials a request carries. An `Authorization` of its own or of the service's headers replaces those of `auth`.
fn whose(action: &HttpRequest, service: &Service) -> &'static str {
    let mut names = service.headers.iter().chain(&action.headers).map(|(name, _)| name);
    if names.any(|name| name.eq_ignore_ascii_case("Authorization")) {
        "own"
    } else if matches!(service.auth, Auth::None) {
        "none"
    } else {
        "service"
    }
}

/// The service's header fields, and the request's in place of those of the same name.
fn headers(action: &HttpRequest, service: &Service, destination: &Destination) -> Map<String, Value> {
    let is_replaced = |name: &str| action.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let goes = |name: &str| match destination {
        Destination::Service => true,
        Destination::Unsigned => !lets_in(name),
        Destination::Elsewhere(_) => false,
    };
    let kept = service
        .headers
        .iter()
        .filter(|(name, _)| goes(name) && !is_replaced(name));
    let all: Vec<(String, Template)> = kept.chain(&action.headers).cloned().collect();
    veil::values(&all)
}

fn payload(payload: &Payload) -> Map<String, Value> {
    let (key, value) = match payload {
        Payload::None => return Map::new(),
        Payload::Json(json) => ("json", veil::json(json)),
        Payload::Form(pairs) => ("form", Value::Object(veil::values(pairs))),
        Payload::Text(text) => ("body", veil::text(text).into()),
    };
    Map::from_iter([(key.to_owned(), value)])
}

fn in_words(condition: &Condition) -> String {
    match condition {
        Condition::Success => "2xx".to_owned(),
        Condition::Codes(codes) => codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
        Condition::Expression(expression) => veil::expression(expression),
    }
}
