//! The whole document: its own keys, and everything below them in an order that lets each part be checked against the others.

use std::collections::BTreeSet;
use std::time::Duration;

use super::check;
use super::decode::{Decoder, PresetName};
use super::diagnostic::Position;
use super::keys::{self, SERVICES_LIMIT, document as key};
use super::merge::merge_service;
use super::persona::{self, Persona};
use super::preset;
use super::reads;
use super::service::{self, Service};
use super::todo;
use super::tree::{Content, Node};
use crate::domain::account::ServiceName;

/// The longest time to live: 30 days.
const TTL_LIMIT: Duration = Duration::from_hours(30 * 24);
const TTL_DEFAULT: Duration = Duration::from_hours(24);

/// A document's values.
pub(super) struct Decoded {
    pub(super) prefix: String,
    pub(super) ttl: Duration,
    pub(super) services: Vec<Service>,
    /// Where each of them is described.
    pub(super) places: Vec<Position>,
    pub(super) personas: Vec<Persona>,
    /// The services that read the secret of an account's one-time codes.
    pub(super) codes: BTreeSet<ServiceName>,
}

/// The whole document.
pub(super) fn decode(decoder: &mut Decoder) -> Option<Decoded> {
    let document = decoder.document.take()?;
    let mut fields = decoder.fields(&document, "the configuration", &key::BLOCK)?;
    let prefix = fields.read_or(decoder, key::PREFIX, "sd".to_owned(), prefix);
    let ttl = fields.read_or(decoder, key::TTL, TTL_DEFAULT, |decoder, node, name| {
        let ttl = decoder.duration(node, name)?;
        if ttl > TTL_LIMIT {
            decoder.error(node.span, format!("`{name}` is 30 days at most"));
        }
        Some(ttl)
    });
    let services = fields.need(decoder, key::SERVICES).map(|node| services(decoder, node));
    decoder.service = None;
    let accounts = fields.take(key::ACCOUNTS);
    fields.finish(decoder);
    let services = services?;
    let items = document.get(key::SERVICES).and_then(Node::as_list).unwrap_or_default();
    let places = items.iter().map(|item| decoder.sources.place(item.span)).collect();
    // A service with a mistake of its own must not make its name unknown elsewhere, nor hide the mistakes of the others.
    let names = names(&document);
    let known: Vec<ServiceName> = names.iter().flatten().cloned().collect();
    let all_named = known.len() == names.len();
    let personas = match accounts {
        Some(node) => persona::decode_all(decoder, node, &known, all_named),
        None => Some(vec![Persona::default_one(&known, document.span)]),
    };
    let complete = services.iter().all(Option::is_some);
    let services: Vec<Service> = services.into_iter().flatten().collect();
    if all_named {
        check::needs(
            decoder,
            &services,
            &known,
            personas.as_deref().unwrap_or_default(),
            &document,
        );
        if complete {
            check::shares(decoder, &services, personas.as_deref().unwrap_or_default());
        }
        check::overwriting(decoder, &services, personas.as_deref().unwrap_or_default());
    }
    let codes = reads::check(decoder, &services, personas.as_deref());
    Some(Decoded {
        prefix: prefix?,
        ttl: ttl?,
        services: complete.then_some(services)?,
        places,
        personas: personas?,
        codes,
    })
}

/// The names that the services are given; none where it is no name.
fn names(document: &Node) -> Vec<Option<ServiceName>> {
    let items = document.get(key::SERVICES).and_then(Node::as_list).unwrap_or_default();
    let name = |item: &Node| {
        item.get(keys::service::NAME)
            .and_then(Node::as_text)
            .and_then(ServiceName::parse)
    };
    items.iter().map(name).collect()
}

fn prefix(decoder: &mut Decoder, node: &Node, name: &str) -> Option<String> {
    let prefix = decoder.text(node, name)?;
    let fits = matches!(prefix.len(), 2 | 3) && prefix.chars().all(|c| c.is_ascii_lowercase());
    if !fits {
        decoder.error(node.span, format!("`{name}` is two or three letters from `a` to `z`"));
        return None;
    }
    Some(prefix)
}

fn services(decoder: &mut Decoder, node: &Node) -> Vec<Option<Service>> {
    let Some(items) = decoder.list(node, key::SERVICES.name) else {
        return Vec::new();
    };
    if items.is_empty() {
        decoder.error(node.span, "`services` is empty");
    }
    if u32::try_from(items.len()).is_ok_and(|count| count > SERVICES_LIMIT) {
        decoder.error(node.span, format!("there are more than {SERVICES_LIMIT} services"));
        return Vec::new();
    }
    let mut seen: Vec<String> = Vec::new();
    let mut services = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(name) = item.get(keys::service::NAME)
            && let Content::String(text) = &name.kind
        {
            if seen.contains(text) {
                decoder.error_with_hint(
                    name.span,
                    format!("duplicate service `{text}`"),
                    "give each service its own name",
                );
            }
            seen.push(text.clone());
            decoder.service = ServiceName::parse(text);
        }
        services.push(one(decoder, item, index));
    }
    decoder.preset = None;
    services
}

/// One service, merged over its preset or over the convention.
fn one(decoder: &mut Decoder, item: &Node, index: usize) -> Option<Service> {
    let item = &todo::spelled_out(item.clone());
    if !matches!(item.kind, Content::Map(_)) {
        return service::decode(decoder, item, index);
    }
    let named = item
        .get(keys::service::PRESET)
        .filter(|node| !matches!(node.kind, Content::Null) && !node.is_todo());
    let preset = match named {
        Some(node) => Some((preset::of_service(decoder, node)?, node.span)),
        None => None,
    };
    decoder.preset = preset.as_ref().map(|(preset, span)| PresetName {
        span: *span,
        name: preset.name,
    });
    let base = match &preset {
        Some((preset, _)) => preset.base(),
        None => decoder.convention.clone()?,
    };
    let merged = merge_service(base, item.clone());
    let from = decoder.reads.len();
    let service = service::decode(decoder, &merged, index);
    if let Some(service) = &service {
        check::looks(decoder, merged.span, service);
    }
    let preset = preset.as_ref().map(|(preset, span)| (preset, *span));
    preset::check(decoder, from, item, &merged, preset);
    service
}
