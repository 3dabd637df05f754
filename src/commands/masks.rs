//! Keeps secrets out of everything that is printed, but for one that stands in a name: names have to be read.

use std::collections::HashSet;

use super::context::Context;
use crate::adapters::console::redactor::would_change;
use crate::domain::event::Planned;
use crate::domain::secret::Secret;

/// So many secrets that the user chose are looked for in the names of accounts; each look is at every name.
const LOOKED_FOR: usize = 1_000;

/// Masks secrets that the user chose; says whether one stands in a name of the plan, and so is not.
pub(super) fn mask<'a>(context: &Context, plan: &Planned, secrets: impl IntoIterator<Item = &'a Secret>) -> bool {
    let mut names: HashSet<&str> = HashSet::from([plan.marker.as_str(), &plan.repository]);
    for account in &plan.accounts {
        let key = &account.key;
        names.extend([key.service.as_str(), &key.account, &account.username, &account.email]);
    }
    let mut done: HashSet<&str> = HashSet::new();
    let mut seen_in_names = false;
    for secret in secrets {
        let value = secret.expose();
        if value.is_empty() || !done.insert(value) {
            continue;
        }
        if done.len() <= LOOKED_FOR && names.iter().any(|name| would_change(name, secret)) {
            seen_in_names = true;
        } else {
            context.console.mask(secret);
        }
    }
    seen_in_names
}
