//! One service of the configuration, as the engine deals with it.

use std::borrow::Cow;

use super::eyes::by_id;
use crate::config::{Auth, List, Named, Request, Service, Spot, is_credential};
use crate::domain::decide::Powers;
use crate::domain::place::Place;
use crate::domain::why::Why;
use crate::language::{Expression, Scope, Template};
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
    /// Where it is.
    pub place: Place,
    /// Why it can't be asked at all, such as a variable that is missing.
    pub unusable: Option<Why>,
}

impl Site {
    /// Works out what the service's description lets us do. `scope` holds what all its templates see.
    pub fn new(service: Service, scope: Scope, unusable: Option<Why>) -> Self {
        let create = &service.create;
        let position = service.list.as_ref().and_then(List::first_position);
        let scope = match position {
            Some((name, first)) => scope.with_json(name, &first),
            None => scope,
        };
        let powers = Powers {
            find: service.find.is_some(),
            by_name: false,
            by_id: false,
            chosen_id: service.chooses_id(),
            ids_proved: false,
            elsewhere: false,
            shared: false,
            repeatable: create.duplicate_declared || create.idempotency_header.is_some(),
            request_timeout: service.timeout,
            settle: service.find.as_ref().map(|find| find.settle).unwrap_or_default(),
        };
        let mut site = Self {
            has_auth: has_auth(&service),
            place: place(&service, &scope),
            powers,
            scope,
            unusable,
            service,
        };
        site.powers.by_id = by_id(&site).is_some();
        let named = site.service.find.is_some() || site.service.list.is_some();
        site.powers.by_name = named || (site.powers.chosen_id && site.powers.by_id);
        site
    }
}

/// Where a service is: its address, its parameters, its own header fields, who asks, and the variables that later requests read. Nothing secret.
fn place(service: &Service, scope: &Scope) -> Place {
    let mut parts: Vec<(String, String)> = Vec::new();
    let url = scope.get("service").and_then(|known| known.get_attr("url").ok());
    parts.extend(url.map(|url| ("url".to_owned(), url.to_string())));
    let is_open = |expression: &Expression| expression.env_uses().iter().all(|read| !lets_in(&read.name));
    let with = scope.get("with");
    for (name, template) in &service.with {
        let value = with.and_then(|with| with.get_attr(name).ok());
        if let Some(value) = value.filter(|_| !lets_in(name) && template.expressions().all(is_open)) {
            parts.push((format!("with.{name}"), value.to_string()));
        }
    }
    for (name, template) in service.headers.iter().filter(|(name, _)| !lets_in(name)) {
        let value = template.render(scope).ok();
        if let Some(value) = value.filter(|_| template.expressions().all(is_open)) {
            parts.push((format!("headers.{name}"), value));
        }
    }
    let mut who = |key: &str, template: &Template| {
        if let Ok(value) = template.render(scope) {
            parts.push((format!("auth.{key}"), value));
        }
    };
    match &service.auth {
        Auth::Basic { username, .. } => who("basic.username", username),
        Auth::OAuth2(oauth2) => {
            if let Some(client_id) = &oauth2.client_id {
                who("oauth2.client_id", client_id);
            }
            who("oauth2.token_url", &oauth2.token_url);
            if let Some(username) = &oauth2.username {
                who("oauth2.username", username);
            }
        }
        Auth::Aws(aws) => {
            who("aws.region", &aws.region);
            who("aws.service", &aws.service);
        }
        Auth::Google(google) => {
            if let Some(subject) = &google.subject {
                who("google.subject", subject);
            }
        }
        Auth::None
        | Auth::Bearer(_)
        | Auth::Header(_)
        | Auth::Login(_)
        | Auth::Jwt(_)
        | Auth::Sign(_)
        | Auth::GithubOidc { .. } => {}
    }
    let env = scope.get("env");
    let mut read = |expression: &Expression| {
        for one in expression.env_uses().iter().filter(|one| !lets_in(&one.name)) {
            let value = env.and_then(|env| env.get_attr(&one.name).ok());
            if let Some(value) = value.filter(|value| !value.is_undefined()) {
                parts.push((format!("env.{}", one.name), value.to_string()));
            }
        }
    };
    for request in requests(service) {
        let parts = request.action.parts().into_iter();
        let open = parts.filter(|part| match part.spot {
            Spot::Field(name) | Spot::Body(Some(name)) => !lets_in(name),
            Spot::Address | Spot::Body(None) => true,
        });
        open.for_each(|part| read(part.expression));
    }
    let pairs: Vec<(String, &str)> = parts
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str()))
        .collect();
    Place::new(pairs)
}

/// Does it ask for credentials? Those of the configuration's own count too.
pub fn has_auth(service: &Service) -> bool {
    !matches!(service.auth, Auth::None)
        || service.headers.iter().any(|(name, value)| is_credential(name, value))
        || requests(service)
            .iter()
            .any(|request| request.action.brings_credentials())
        || !own_credentials(service).is_empty()
}

/// What lets us in beside `auth`: values in headers, queries and bodies, under a name that says so, that are the same for all
/// accounts.
pub fn own_credentials(service: &Service) -> Vec<Template> {
    let mut found: Vec<Template> = Vec::new();
    let headers = service.headers.iter().map(|(name, value)| Named {
        names: vec![name.into()],
        value: Cow::Borrowed(value),
    });
    let requests = requests(service).into_iter();
    for named in headers.chain(requests.flat_map(|request| request.action.named())) {
        // What stands below a key that says so needs no such key of its own.
        let lets = named.names.iter().any(|name| lets_in(name));
        // `?key=name` asks for something, `?key={{ env.KEY }}` lets in.
        let is_key = named.names.last().is_some_and(|name| name.eq_ignore_ascii_case("key"));
        let asks = is_key && named.value.expressions().next().is_none();
        if lets && is_the_services(&named.value) && !asks {
            found.push(named.value.into_owned());
        }
    }
    found
}

/// The requests that look at accounts and delete them. A create sends secrets of the accounts.
fn requests(service: &Service) -> Vec<&Request> {
    let looks = service.find.iter().map(|find| &find.request);
    let lists = service
        .list
        .iter()
        .flat_map(|list| list.filter.iter().chain([&list.request]));
    let shows = service.gone.iter().chain(&service.verify).map(|poll| &poll.request);
    service.delete.iter().chain(looks).chain(lists).chain(shows).collect()
}

/// Is the value the same for all accounts? An account's own password lets nobody look others up.
fn is_the_services(value: &Template) -> bool {
    value
        .expressions()
        .flat_map(Expression::names)
        .all(|name| matches!(name.as_str(), "env" | "with" | "run" | "service"))
}
