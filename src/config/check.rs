//! What can be checked only when everything is known: needs, names that would meet, and what `account.NAME` can be.

use std::collections::{BTreeMap, BTreeSet};

use super::auth::Auth;
use super::decode::Decoder;
use super::persona::{ACCOUNT_KEYS, Copy, Count, Persona};
use super::service::Service;
use super::source::Span;
use super::tree::Node;
use super::{Config, Diagnostic};
use crate::domain::account::ServiceName;
use crate::language::{Environment, nearest};

/// The keys of `run`.
const RUN_KEYS: &[&str] = &["id", "attempt", "url", "marker"];
/// The keys of `service`.
const SERVICE_KEYS: &[&str] = &["name", "url"];

/// Tells that there is no service of this name.
pub(super) fn unknown_service(decoder: &mut Decoder, span: Span, name: &str, known: &[ServiceName]) {
    let known: Vec<&str> = known.iter().map(ServiceName::as_str).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the services are {}", known.join(", ")),
    };
    let shown: String = name.chars().take(60).collect();
    decoder.error_with_hint(span, format!("there is no service `{shown}`"), hint);
}

/// `needs`: known services, no cycle, and no persona that lacks an account in a needed service.
pub(super) fn needs(decoder: &mut Decoder, services: &[Service], personas: &[Persona], document: &Node) {
    let known: Vec<ServiceName> = services.iter().map(|service| service.name.clone()).collect();
    for (index, service) in services.iter().enumerate() {
        for (at, need) in service.needs.iter().enumerate() {
            let span = need_span(document, index, at);
            if !known.contains(need) {
                unknown_service(decoder, span, need.as_str(), &known);
                continue;
            }
            for persona in personas {
                let absent = persona.services.contains(&service.name) && !persona.services.contains(need);
                if absent && need != &service.name {
                    decoder.error_with_hint(
                        persona.span,
                        format!(
                            "`{}` has an account in `{}`, which needs `{need}`, but none there",
                            persona.name, service.name
                        ),
                        format!("add `{need}` to its `services`"),
                    );
                }
            }
        }
    }
    if let Some(cycle) = cycle(services) {
        let index = known.iter().position(|name| *name == cycle[0]).unwrap_or_default();
        let shown: Vec<&str> = cycle.iter().map(ServiceName::as_str).collect();
        decoder.error_with_hint(
            need_span(document, index, 0),
            format!("the services need each other in a circle: {}", shown.join(" -> ")),
            "take one of these needs away",
        );
    }
}

/// Where a need stands.
fn need_span(document: &Node, service: usize, need: usize) -> Span {
    let item = |node: Option<&Node>, at: usize| {
        let items = node.and_then(Node::as_list)?;
        items.get(at).map(|item| (item.span, item.get("needs").cloned()))
    };
    item(document.get("services"), service)
        .and_then(|(_, needs)| item(needs.as_ref(), need))
        .map_or(document.span, |(span, _)| span)
}

/// A circle of needs, from one of its services to the same again.
fn cycle(services: &[Service]) -> Option<Vec<ServiceName>> {
    /// Looks at what a service needs; `done` are services that lead into no circle.
    fn visit(
        name: &ServiceName,
        services: &[Service],
        path: &mut Vec<ServiceName>,
        done: &mut Vec<ServiceName>,
    ) -> Option<Vec<ServiceName>> {
        if done.contains(name) {
            return None;
        }
        if let Some(at) = path.iter().position(|one| one == name) {
            let mut circle = path[at..].to_vec();
            circle.push(name.clone());
            return Some(circle);
        }
        path.push(name.clone());
        let service = services.iter().find(|service| service.name == *name);
        for need in service.iter().flat_map(|service| &service.needs) {
            if let Some(circle) = visit(need, services, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        done.push(name.clone());
        None
    }
    let mut done = Vec::new();
    services
        .iter()
        .find_map(|service| visit(&service.name, services, &mut Vec::new(), &mut done))
}

/// What `delete` and `gone` read and a sweep does not have: it knows the name and the id that a list gave, and no more.
pub(super) fn sweepable(decoder: &mut Decoder, from: usize, captured: &[String]) {
    let mut unknown: Vec<(String, Span)> = Vec::new();
    for (path, span, _) in &decoder.paths[from..] {
        let root = path.split('.').next().unwrap_or_default();
        let is_known = match root {
            "account" => path == "account.username",
            "capture" => path
                .split('.')
                .nth(1)
                .is_some_and(|name| captured.iter().any(|known| known == name)),
            "needs" => false,
            "run" => path != "run.marker",
            _ => true,
        };
        if !is_known {
            unknown.push((path.clone(), *span));
        }
    }
    for (path, span) in unknown {
        decoder.error_with_hint(
            span,
            format!(
                "`{path}` is not there in a sweep, which has `id` and `account.username` of each listed account alone"
            ),
            "use those in `delete` and `gone`, or say `list: null`: then the service can't be swept",
        );
    }
}

/// What a service's templates can read of other accounts and of earlier answers.
struct Seen<'s> {
    needs: BTreeSet<&'s str>,
    captures: BTreeSet<&'s str>,
    /// What its account shows to those that need it.
    shown: BTreeSet<&'s str>,
}

impl<'s> Seen<'s> {
    fn of(service: &'s Service) -> Self {
        let login = match &service.auth {
            Auth::Login(login) => Some(&login.request),
            Auth::None
            | Auth::Basic { .. }
            | Auth::Bearer(_)
            | Auth::Header(_)
            | Auth::OAuth2(_)
            | Auth::GithubOidc { .. } => None,
        };
        let find = service.find.as_ref().map(|find| &find.request);
        let polls = service.verify.iter().chain(&service.gone).map(|poll| &poll.request);
        let captures: BTreeSet<&str> = std::iter::once(&service.create.request)
            .chain(login)
            .chain(find)
            .chain(polls)
            .chain(&service.after_create)
            .chain(&service.delete)
            .flat_map(|request| &request.captures)
            .map(|(name, _)| name.as_str())
            .collect();
        let outputs = service.create.outputs.iter().map(|(name, _)| name.as_str());
        Self {
            needs: service.needs.iter().map(ServiceName::as_str).collect(),
            shown: ["id", "username"]
                .into_iter()
                .chain(captures.iter().copied())
                .chain(outputs)
                .collect(),
            captures,
        }
    }
}

/// `account.NAME`, `run.NAME`, `capture.NAME` and `needs.SERVICE.NAME` that can't be there.
pub(super) fn paths(decoder: &mut Decoder, services: &[Service], personas: &[Persona]) {
    let mut account: BTreeSet<&str> = ACCOUNT_KEYS.iter().copied().collect();
    for persona in personas {
        account.extend(persona.fields.iter().map(|(key, _)| key.as_str()));
    }
    let run = RUN_KEYS.iter().copied().collect();
    let own = SERVICE_KEYS.iter().copied().collect();
    let nothing = BTreeSet::new();
    let all: BTreeMap<&ServiceName, Seen<'_>> = services.iter().map(|one| (&one.name, Seen::of(one))).collect();
    for (path, span, service) in std::mem::take(&mut decoder.paths) {
        let mut parts = path.split('.');
        let (Some(root), Some(key)) = (parts.next(), parts.next()) else {
            continue;
        };
        let seen = service.as_ref().and_then(|service| all.get(service));
        let known: &BTreeSet<&str> = match root {
            "account" => &account,
            "run" => &run,
            "service" => &own,
            "capture" => seen.map_or(&nothing, |seen| &seen.captures),
            "needs" => seen.map_or(&nothing, |seen| &seen.needs),
            _ => continue,
        };
        if known.contains(&key) {
            let needed = all.iter().find(|(name, _)| root == "needs" && name.as_str() == key);
            if let (Some((name, needed)), Some(part)) = (needed, parts.next()) {
                needed_part(decoder, span, name, &needed.shown, part);
            }
            continue;
        }
        let hint = match nearest(key, known.iter().copied()) {
            Some(meant) if meant.contains('-') => format!("write `{root}[\"{meant}\"]`"),
            Some(meant) => format!("did you mean `{root}.{meant}`?"),
            None if root == "needs" => match known.iter().find(|name| name.split('-').next() == Some(key)) {
                Some(name) => format!("write `needs[\"{name}\"]`"),
                None => format!("add `{key}` to the service's `needs`"),
            },
            None if root == "capture" => format!("add `capture: {{ {key}: ... }}` to the request whose answer has it"),
            None => format!("there are {}", listed(known)),
        };
        decoder.error_with_hint(span, format!("`{root}.{key}` is not known"), hint);
    }
}

/// `needs.SERVICE.PART` that the needed account doesn't show.
fn needed_part(decoder: &mut Decoder, span: Span, name: &ServiceName, known: &BTreeSet<&str>, part: &str) {
    if known.contains(&part) {
        return;
    }
    let hint = match nearest(part, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("`{name}` shows {}", listed(known)),
    };
    decoder.error_with_hint(span, format!("`{part}` of `needs.{name}` is not known"), hint);
}

fn listed(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

impl Config {
    /// Names that would meet are told when the document is read, if every count stands in it.
    pub(super) fn check_fixed_names(&self) -> Result<(), Vec<Diagnostic>> {
        let is_fixed = |persona: &Persona| !matches!(persona.count, Some(Count::Template(_)));
        if self.personas.iter().all(is_fixed) {
            self.copies(&Environment::default())?;
        }
        Ok(())
    }

    /// Accounts whose names would be one as outputs or as variables: `SERVICE_ACCOUNT`, lower-cased, other characters as `_`.
    pub(super) fn meetings(&self, copies: &[Copy]) -> Vec<Diagnostic> {
        let mut taken: BTreeMap<String, (String, usize)> = BTreeMap::new();
        let mut told: Vec<(usize, usize)> = Vec::new();
        let mut diagnostics = Vec::new();
        for copy in copies {
            let persona = &self.personas[copy.persona];
            for service in &persona.services {
                let name = format!("{service}/{}", copy.name);
                let met = taken.insert(plain(&name), (name.clone(), copy.persona));
                let Some((other, other_persona)) = met else {
                    continue;
                };
                if told.contains(&(other_persona, copy.persona)) {
                    continue;
                }
                told.push((other_persona, copy.persona));
                diagnostics.push(self.sources.diagnostic(
                    persona.span,
                    format!("`{name}` and `{other}` would have the same outputs and variables"),
                    Some("give one of them another name".to_owned()),
                ));
            }
        }
        diagnostics
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}
