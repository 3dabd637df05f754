//! What other processes must have to look accounts up and to delete them: passwords and captures that such requests read.

use std::collections::{BTreeSet, HashMap};

use super::Engine;
use crate::config::{Request, Service};
use crate::domain::account::AccountKey;
use crate::domain::secret::Secret;
use crate::ports::{JournalBroken, Kept, World};

/// What is kept of the accounts of one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeps {
    /// Their passwords.
    pub password: bool,
    /// The secrets of their one-time codes.
    pub totp_secret: bool,
    /// What was captured of them, and their outputs.
    pub captures: bool,
}

impl Keeps {
    /// Is anything?
    pub fn any(self) -> bool {
        self.password || self.totp_secret || self.captures
    }
}

/// What is to be kept of each service: what its own later requests read, and those of others that need its accounts.
pub fn keeps<'s>(services: impl Iterator<Item = &'s Service> + Clone) -> Vec<Keeps> {
    let names: Vec<&str> = services.clone().map(|service| service.name.as_str()).collect();
    let mut keeps = vec![Keeps::default(); names.len()];
    for (own, service) in services.enumerate() {
        for path in later(service)
            .flat_map(Request::expressions)
            .flat_map(|expression| expression.paths().to_vec())
        {
            let mut parts = path.split('.');
            match (parts.next(), parts.next(), parts.next()) {
                (Some("account"), Some("password"), _) => keeps[own].password = true,
                (Some("account"), Some("totp_secret"), _) => keeps[own].totp_secret = true,
                (Some("capture"), _, _) => keeps[own].captures = true,
                (Some("needs"), Some(needed), read) if !matches!(read, Some("id" | "username")) => {
                    let needed = names.iter().position(|name| *name == needed);
                    if let Some(kept) = needed.and_then(|needed| keeps.get_mut(needed)) {
                        kept.captures = true;
                    }
                }
                _ => {}
            }
        }
    }
    keeps
}

/// What such requests of a service read that is kept in the job of its setup alone: no other job can send them.
pub fn kept_reads(service: &Service) -> BTreeSet<String> {
    // What a step of `delete` captures, those after it have wherever they are sent.
    let own: Vec<&str> = service
        .delete
        .iter()
        .flat_map(|step| &step.captures)
        .map(|(name, _)| name.as_str())
        .collect();
    let is_kept = |path: &String| {
        let mut parts = path.split('.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("account"), Some("password" | "totp_secret"), _) => true,
            (Some("capture"), Some(name), _) => !own.contains(&name),
            (Some("needs"), _, read) => !matches!(read, Some("id" | "username")),
            _ => false,
        }
    };
    let read = later(service)
        .flat_map(Request::expressions)
        .flat_map(|expression| expression.paths().to_vec());
    read.filter(is_kept).collect()
}

/// What such requests of a service read that nobody knows of an account of which only the name and the id are told.
pub fn unknown_of_adopted(service: &Service) -> Option<String> {
    let is_unknown = |path: &String| {
        let mut parts = path.split('.');
        match (parts.next(), parts.next()) {
            (Some("account"), Some(key)) => !matches!(key, "name" | "username"),
            (Some("needs"), _) => true,
            _ => false,
        }
    };
    let read = later(service)
        .flat_map(Request::expressions)
        .flat_map(|expression| expression.paths().to_vec());
    let kept = kept_reads(service);
    read.chain(kept.iter().cloned())
        .find(|path| is_unknown(path) || kept.contains(path))
}

/// What a cleanup in another process may send about one account.
fn later(service: &Service) -> impl Iterator<Item = &Request> {
    let finds = service.find.iter().map(|find| &find.request);
    let shows = service.gone.iter().map(|poll| &poll.request);
    service.delete.iter().chain(finds).chain(shows)
}

impl<W: World> Engine<'_, W> {
    /// Keeps what is known of an account by now, where a later request reads any of it.
    pub(super) fn keep(&self, place: usize) -> Result<(), JournalBroken> {
        let keeps = self.keeps.get(self.site_of(place)).copied().unwrap_or_default();
        if !keeps.any() {
            return Ok(());
        }
        let own = |name: &str| {
            let value = self.account_value(place).get_attr(name).ok()?;
            value.as_str().map(Secret::new)
        };
        let mut kept = Kept {
            password: keeps.password.then(|| own("password")).flatten(),
            totp_secret: keeps.totp_secret.then(|| own("totp_secret")).flatten(),
            ..Kept::default()
        };
        if keeps.captures {
            let learnt = &self.learnt.borrow()[place];
            kept.captures.clone_from(&learnt.captures);
            kept.outputs.clone_from(&learnt.outputs);
            let is_secret = |name: &&String| {
                learnt.captures[*name]
                    .as_str()
                    .is_some_and(|text| self.world.is_secret(text))
            };
            kept.hidden = learnt.captures.keys().filter(is_secret).cloned().collect();
        }
        if kept == Kept::default() {
            return Ok(());
        }
        self.world.keep(&self.key(place), &kept)
    }

    /// Takes up what another process kept. Passwords are with the accounts themselves.
    pub fn recall(&mut self, kept: &HashMap<AccountKey, Kept>) {
        for place in 0..self.originals {
            let Some(kept) = kept.get(&self.key(place)) else {
                continue;
            };
            kept.secrets().for_each(|secret| self.world.keep_secret(&secret));
            let learnt = &mut self.learnt.get_mut()[place];
            learnt.captures.clone_from(&kept.captures);
            learnt.outputs.clone_from(&kept.outputs);
        }
    }
}
