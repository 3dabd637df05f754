//! One service of the configuration, as the engine deals with it.

use crate::config::{Auth, Payload, Request, Service};
use crate::domain::decide::Powers;
use crate::language::{Expression, JsonTemplate, Scope, Template};
use crate::ports::lets_in;

/// One service of the configuration, as the engine deals with it.
pub struct Site {
    /// What the configuration says.
    pub service: Service,
    /// What that lets us do.
    pub powers: Powers,
    /// Whether it asks for credentials.
    pub has_auth: bool,
    /// The names that every template of it sees: `env`, `run`, `service`, `with`.
    pub scope: Scope,
    /// Why it can't be asked at all, such as a variable that is missing.
    pub unusable: Option<String>,
}

impl Site {
    /// Works out what the service's description lets us do. `scope` holds what all its templates see.
    pub fn new(service: Service, scope: Scope, unusable: Option<String>) -> Self {
        let create = &service.create;
        let powers = Powers {
            find: service.find.is_some(),
            read: service.verify.as_ref().is_some_and(|verify| verify.name.is_some()),
            chosen_id: service.chooses_id(),
            repeatable: create.duplicate_declared || create.idempotency_header.is_some(),
            request_timeout: service.timeout,
            settle: service.find.as_ref().map(|find| find.settle).unwrap_or_default(),
        };
        Self {
            has_auth: has_auth(&service),
            powers,
            scope,
            unusable,
            service,
        }
    }
}

/// Does it ask for credentials? Those that stand in a header, a query or a body of the configuration's own count too.
fn has_auth(service: &Service) -> bool {
    let looks = service.find.iter().map(|find| &find.request);
    let shows = service.gone.iter().chain(&service.verify).map(|poll| &poll.request);
    let requests: Vec<&Request> = service.delete.iter().chain(looks).chain(shows).collect();
    let own = requests.iter().flat_map(|request| &request.headers);
    let mut headers = service.headers.iter().chain(own);
    !matches!(service.auth, Auth::None)
        || headers.any(|(name, value)| {
            let reads = value.expressions().any(|expression| !expression.env_uses().is_empty());
            reads || lets_in(name) && (is_the_services(value) || is_authorization(name))
        })
        || requests.into_iter().any(carries_credentials)
}

/// Whoever logs in as the account itself is let in by the service too.
fn is_authorization(name: &str) -> bool {
    ["authorization", "cookie"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Do the query or the body of a request let it in?
fn carries_credentials(request: &Request) -> bool {
    let (_, query) = request.target.source().split_once('?').unwrap_or_default();
    let mut written = query.split('&').filter_map(|pair| pair.split_once('='));
    let form: &[_] = match &request.payload {
        Payload::Form(pairs) => pairs,
        Payload::None | Payload::Json(_) | Payload::Text(_) => &[],
    };
    written.any(|(name, value)| lets_in(name) && Template::parse(value).is_ok_and(|value| is_the_services(&value)))
        || request
            .query
            .iter()
            .chain(form)
            .any(|(name, value)| lets_in(name) && is_the_services(value))
        || matches!(&request.payload, Payload::Json(json) if has_credentials(json, false))
}

fn has_credentials(json: &JsonTemplate, named: bool) -> bool {
    match json {
        JsonTemplate::Text(value) => named && is_the_services(value),
        JsonTemplate::Scalar(_) => false,
        JsonTemplate::List(items) => items.iter().any(|item| has_credentials(item, named)),
        JsonTemplate::Map(entries) => entries
            .iter()
            .any(|(name, value)| has_credentials(value, named || lets_in(name))),
    }
}

/// Is the value the same for all accounts? An account's own password lets nobody look others up.
fn is_the_services(value: &Template) -> bool {
    value
        .expressions()
        .flat_map(Expression::names)
        .all(|name| matches!(name.as_str(), "env" | "with" | "run" | "service"))
}
