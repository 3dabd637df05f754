//! The variables that a document uses and that are not set.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::diagnostic::Position;
use crate::domain::account::ServiceName;
use crate::language::{Access, EnvUse, Environment};

/// A variable that is used without a default and is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The variable.
    pub name: String,
    /// Where it is used, in the order of the document.
    pub places: Vec<Position>,
    /// The services that can't be used without it, in the order of the document. Personas that use it need no service.
    pub services: Vec<ServiceName>,
}

/// One use of a variable.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) variable: EnvUse,
    pub(super) place: Position,
    pub(super) service: Option<ServiceName>,
}

impl Config {
    /// Every variable that is used and not set, by name. Empty means: every `env.NAME` has a value.
    pub fn missing_variables(&self, environment: &Environment) -> Vec<Missing> {
        let mut missing: BTreeMap<String, Missing> = BTreeMap::new();
        for one in &self.uses {
            for name in unset(&one.variable, environment) {
                let entry = missing.entry(name.clone()).or_insert_with(|| Missing {
                    name,
                    places: Vec::new(),
                    services: Vec::new(),
                });
                // Uses are in the order of the document, so that those of one place follow each other.
                if entry.places.last() != Some(&one.place) {
                    entry.places.push(one.place.clone());
                }
                if let Some(service) = &one.service
                    && !entry.services.contains(service)
                {
                    entry.services.push(service.clone());
                }
            }
        }
        missing.into_values().collect()
    }

    /// Every variable that is read anywhere, in the place of another too.
    pub(super) fn variables(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut open: Vec<&EnvUse> = self.uses.iter().map(|one| &one.variable).collect();
        while let Some(variable) = open.pop() {
            names.insert(variable.name.as_str());
            open.extend(variable.fallback.iter().flatten());
        }
        names
    }
}

/// What is missing for one use: what a default reads counts only where the variable itself is unset.
fn unset(variable: &EnvUse, environment: &Environment) -> Vec<String> {
    if environment.access(&variable.name) == Access::Set {
        return Vec::new();
    }
    match &variable.fallback {
        None => vec![variable.name.clone()],
        Some(inner) => inner.iter().flat_map(|variable| unset(variable, environment)).collect(),
    }
}
