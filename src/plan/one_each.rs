//! One account for each service: as few as show everything.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::{Selection, check};
use crate::config::{Config, Count, Persona};
use crate::domain::account::ServiceName;
use crate::domain::why::Why;

/// Narrows a configuration to one account for each selected service, and for each that such an account needs. Personas whose
/// names carry the marker come first, since others may be anybody's, and of those the longest names: what a service does to
/// those, it does to no other.
pub fn one_each(config: &mut Config, selection: &mut Selection) -> Result<(), Why> {
    check(selection, config)?;
    let wanted = with_needs(config, &selection.services);
    let is_meant = |name: &String| selection.personas.is_empty() || selection.personas.contains(name);
    let mut personas = std::mem::take(&mut config.personas);
    personas.retain(|persona| is_meant(&persona.name));
    personas.sort_by_key(|persona| (persona.unmarked, Reverse(persona.name.chars().count())));
    let mut covered: HashSet<ServiceName> = HashSet::new();
    loop {
        let new = |persona: &Persona| -> Vec<String> {
            let services = persona.services.iter().filter(|service| !covered.contains(*service));
            let names = services.map(|service| service.as_str().to_owned());
            names.filter(|name| wanted.contains(name)).collect()
        };
        // The first of those that show the most.
        let most = personas.iter().map(|persona| new(persona).len()).max().unwrap_or(0);
        let first = personas
            .iter()
            .position(|persona| most > 0 && new(persona).len() == most);
        let Some(place) = first else { break };
        let mut persona = personas.remove(place);
        let kept = with_needs(config, &new(&persona));
        persona.services.retain(|service| kept.contains(service.as_str()));
        persona.count = persona.count.map(|_| Count::Fixed(1));
        covered.extend(persona.services.iter().cloned());
        let shares = persona
            .shares
            .iter()
            .filter(|(service, _)| kept.contains(service.as_str()));
        let shares: Vec<(ServiceName, String)> = shares.cloned().collect();
        config.personas.push(persona);
        for (service, owner) in shares {
            covered.insert(service.clone());
            add_owner(config, &mut personas, &service, &owner);
        }
    }
    selection.personas.clear();
    selection.services = if selection.services.is_empty() {
        Vec::new()
    } else {
        wanted.into_iter().collect()
    };
    Ok(())
}

/// Has the persona be there whose account another shares, with that account.
fn add_owner(config: &mut Config, others: &mut Vec<Persona>, service: &ServiceName, owner: &str) {
    if let Some(known) = config.personas.iter_mut().find(|persona| persona.name == owner) {
        if !known.services.contains(service) {
            known.services.push(service.clone());
        }
        return;
    }
    let Some(place) = others.iter().position(|persona| persona.name == owner) else {
        return;
    };
    let mut persona = others.remove(place);
    let kept = with_needs(config, &[service.as_str().to_owned()]);
    persona.services.retain(|service| kept.contains(service.as_str()));
    persona.count = persona.count.map(|_| Count::Fixed(1));
    config.personas.push(persona);
}

/// These services, all of them if none is named, and whatever they need.
fn with_needs(config: &Config, names: &[String]) -> HashSet<String> {
    let all = config.services.iter().map(|service| service.name.as_str().to_owned());
    let mut kept: HashSet<String> = if names.is_empty() {
        all.collect()
    } else {
        names.iter().cloned().collect()
    };
    loop {
        let needed = config
            .services
            .iter()
            .filter(|service| kept.contains(service.name.as_str()));
        let needed: Vec<String> = needed
            .flat_map(|service| &service.needs)
            .map(|need| need.as_str().to_owned())
            .collect();
        let before = kept.len();
        kept.extend(needed);
        if kept.len() == before {
            return kept;
        }
    }
}
