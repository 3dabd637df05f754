//! What can be checked only when everything is known: needs, and names that would meet.

use std::collections::BTreeMap;

use super::action::{Effect, Part, Spot};
use super::decode::Decoder;
use super::keys::{self, service as key};
use super::persona::{Copy, Count, Persona};
use super::service::{self, Service};
use super::source::Span;
use super::tree::Node;
use super::{Config, Diagnostic};
use crate::domain::account::ServiceName;
use crate::language::{Environment, nearest};

/// `needs`: known services, no cycle, and no persona that lacks an account in a needed service.
pub(super) fn needs(
    decoder: &mut Decoder,
    services: &[Service],
    known: &[ServiceName],
    personas: &[Persona],
    document: &Node,
) {
    let place = |name: &ServiceName| known.iter().position(|known| known == name).unwrap_or_default();
    for one in services {
        let index = place(&one.name);
        for (at, need) in one.needs.iter().enumerate() {
            let span = need_span(document, index, at);
            if !known.contains(need) {
                service::unknown(decoder, span, need.as_str(), known);
                continue;
            }
            for persona in personas {
                let has = persona.services.contains(need) || persona.shares_in(need).is_some();
                let absent = persona.services.contains(&one.name) && !has;
                if absent && need != &one.name {
                    decoder.error_with_hint(
                        persona.span,
                        format!(
                            "`{}` has an account in `{}`, which needs `{need}`, but none there",
                            persona.name, one.name
                        ),
                        format!("add `{need}` to its `services`"),
                    );
                }
            }
        }
    }
    if let Some(cycle) = cycle(services) {
        let index = place(&cycle[0]);
        let shown: Vec<&str> = cycle.iter().map(ServiceName::as_str).collect();
        decoder.error_with_hint(
            need_span(document, index, 0),
            format!("the services need each other in a cycle: {}", shown.join(" -> ")),
            "remove one of these `needs`",
        );
    }
}

/// `shares`: another persona that has an account of its own there, for a service of the sharer's that needs it.
pub(super) fn shares(decoder: &mut Decoder, services: &[Service], personas: &[Persona]) {
    for persona in personas {
        for (service, name) in &persona.shares {
            let owner = personas.iter().find(|one| one.name == *name);
            let needs = |one: &&Service| persona.services.contains(&one.name) && one.needs.contains(service);
            let problem = match owner {
                None => Some((
                    format!(
                        "`{}` shares the account of `{name}`, and there is no such persona",
                        persona.name
                    ),
                    match nearest(name, personas.iter().map(|one| one.name.as_str())) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "name a persona of `accounts`".to_owned(),
                    },
                )),
                Some(_) if persona.services.contains(service) => Some((
                    format!(
                        "`{}` has an account of its own in `{service}`, and shares one there",
                        persona.name
                    ),
                    format!("remove `{service}` from its `services` or from its `shares`"),
                )),
                Some(owner) if !owner.services.contains(service) => Some((
                    format!(
                        "`{}` shares the account of `{name}` in `{service}`, which has none there",
                        persona.name
                    ),
                    format!("add `{service}` to the `services` of `{name}`"),
                )),
                Some(_) if !services.iter().any(|one| needs(&one)) => Some((
                    format!(
                        "`{}` shares an account in `{service}`, and none of its services needs it",
                        persona.name
                    ),
                    format!("add `{service}` to the `needs` of a service, or remove it from `shares`"),
                )),
                Some(_) => None,
            };
            if let Some((message, hint)) = problem {
                decoder.error_with_hint(persona.span, message, hint);
            }
        }
    }
}

/// What looks at accounts must neither make nor delete any.
pub(super) fn looks(decoder: &mut Decoder, span: Span, service: &Service) {
    let looks = [
        (key::READY, service.ready.as_ref()),
        (key::PROBE, service.probe.as_ref()),
        (key::VERIFY, service.verify.as_ref().map(|poll| &poll.request)),
        (key::FIND, service.find.as_ref().map(|find| &find.request)),
        (key::LIST, service.list.as_ref().map(|list| &list.request)),
        (key::GONE, service.gone.as_ref().map(|poll| &poll.request)),
    ];
    let create = &service.create.request.action;
    for (key, request) in looks {
        let Some(action) = request.map(|request| &request.action) else {
            continue;
        };
        let is_address = |part: &Part<'_>| part.spot == Spot::Address;
        let makes = create.parts().iter().any(is_address) && shape(action.source()) == shape(create.source());
        let does = match action.effect() {
            Effect::Deletes => "deletes",
            Effect::Changes | Effect::Replaces if makes => "makes accounts, as `create` does",
            Effect::Reads | Effect::Changes | Effect::Replaces => continue,
        };
        decoder.error_with_hint(
            span,
            format!("the `{}` of `{}` {does}: {}", key.name, service.name, action.source()),
            "let it read, as with GET",
        );
    }
}

/// A request without what its expressions say.
fn shape(source: &str) -> String {
    let mut parts = source.split("{{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shape, part| {
        let rest = part.split_once("}}").map_or("", |(_, rest)| rest);
        shape + "{{}}" + rest
    })
}

/// An account under a name that may be anybody's is looked for before a create that would change theirs.
pub(super) fn overwriting(decoder: &mut Decoder, services: &[Service], personas: &[Persona]) {
    for persona in personas.iter().filter(|persona| persona.unmarked) {
        let is_meant = |service: &&Service| persona.services.contains(&service.name);
        for service in services.iter().filter(is_meant) {
            let is_open = service.create.overwrites() && !service.create.request.action.is_conditional();
            if is_open && service.find.is_none() {
                decoder.error_with_hint(
                    persona.span,
                    format!(
                        "`{}` is unmarked, and its create in `{}` could overwrite the account that already has that name",
                        persona.name, service.name
                    ),
                    "say how the service is asked for a name (`find`), or how it refuses one that is taken (`duplicate` of `create`, or a header `If-None-Match: \"*\"`)",
                );
            }
        }
    }
}

/// Where a need stands.
fn need_span(document: &Node, service: usize, need: usize) -> Span {
    let item = |node: Option<&Node>, at: usize| {
        let items = node.and_then(Node::as_list)?;
        items.get(at).map(|item| (item.span, item.get(key::NEEDS).cloned()))
    };
    item(document.get(keys::document::SERVICES), service)
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
