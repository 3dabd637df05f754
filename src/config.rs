//! The configuration: text in, validated values out, or every mistake at once with its place.
//!
//! Nothing here reads a file or the process's environment: the caller passes the text and the variables.

mod action;
mod address;
mod auth;
mod check;
mod condition;
mod decision;
mod decode;
mod diagnostic;
mod document;
mod excerpt;
mod keys;
mod list;
mod locale;
mod merge;
mod persona;
mod preset;
mod reads;
mod request;
mod scalar;
mod scope;
mod service;
mod short;
mod source;
mod tls;
mod todo;
mod tree;
mod variables;
mod withheld;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::account::ServiceName;
use crate::domain::why::Why;
use crate::language::Environment;

pub use crate::domain::secret::is_sensitive;

pub use action::{Action, Effect, HttpRequest, Named, Part, Payload, Spot, is_credential};
pub use auth::{
    Algorithm, Auth, Aws, Carry, ClientAuth, Exchange, Expiry, Google, Grant, Jwt, Login, OAuth2, Sign, reads_id_token,
};
pub use condition::{Condition, Readings, did_not_hold, gave_nothing};
pub use decision::{Decisions, Showing};
pub use diagnostic::{Diagnostic, Position, render};
pub use keys::schema;
pub use list::{Carrier, List, Next};
pub use locale::Locale;
pub use persona::{Copy, Count, Persona};
pub use preset::{Parameter, Preset, Provenance, preset, preset_names};
pub use request::{Awaits, Create, Destination, Find, Patience, Poll, Request};
pub use scalar::Rate;
pub use service::{Limits, Service};
pub use tls::Tls;
pub use variables::Missing;
pub use withheld::Withheld;

use decode::Decoder;
use source::Sources;
use variables::Use;

/// A whole configuration, checked: only [`Config::parse`] makes one.
#[derive(Clone, Debug)]
pub struct Config {
    /// The first letters of every marker: `[a-z]{2,3}`.
    pub prefix: String,
    /// How long the accounts are meant to live at most, up to 30 days.
    pub ttl: Duration,
    /// The services in the order of the document. What a service needs may stand behind it.
    pub services: Vec<Service>,
    /// The personas in the order of the document, with names of their own.
    pub personas: Vec<Persona>,
    /// The services whose requests read the secret of an account's one-time codes: only there is one made.
    pub codes: BTreeSet<ServiceName>,
    /// What should be known before it is used, though it is no mistake.
    pub warnings: Vec<Why>,
    /// What is still to be written: values that are `TODO`. Nothing can be sent with one, but it can be planned.
    pub todos: Vec<Diagnostic>,
    /// Where each service is described.
    places: Vec<Position>,
    uses: Vec<Use>,
    sources: Arc<Sources>,
}

impl Config {
    /// Reads a document. `source_name` is what messages call it. No variable has to be set, but none may be used that
    /// `variables` never gives.
    pub fn parse(source_name: &str, text: &str, variables: &Environment) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_merged((source_name, text), &[], variables)
    }

    /// As [`Config::parse`], with further documents, each a name and a text, merged over the first in their order.
    pub fn parse_merged(
        (source_name, text): (&str, &str),
        more: &[(String, String)],
        variables: &Environment,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut decoder = Decoder::new(source_name, text, variables.clone());
        for (source_name, text) in more {
            decoder.merge_over(source_name, text);
        }
        let todos = decoder.todos();
        let document = document::decode(&mut decoder);
        let (sources, uses, mut diagnostics) = decoder.finish();
        // Whatever else is wrong with such a value, it will be another.
        diagnostics.retain(|one| todos.iter().all(|todo| todo.place != one.place));
        match document {
            Some(document) if diagnostics.is_empty() => {
                let config = Self {
                    warnings: document.services.iter().filter_map(Service::warning).collect(),
                    todos,
                    prefix: document.prefix,
                    ttl: document.ttl,
                    services: document.services,
                    places: document.places,
                    personas: document.personas,
                    codes: document.codes,
                    uses,
                    sources: Arc::new(sources),
                };
                config.check_fixed_names()?;
                Ok(config)
            }
            _ => Err(diagnostic::in_order(diagnostics, todos)),
        }
    }

    /// The services, each with where it is described.
    pub fn placed(&self) -> impl Iterator<Item = (&Service, &Position)> {
        self.services.iter().zip(&self.places)
    }

    /// Has an account of this persona a secret of one-time codes?
    pub fn has_codes(&self, persona: &Persona) -> bool {
        persona.services.iter().any(|service| self.codes.contains(service))
    }

    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }
}

#[cfg(test)]
mod tests;
