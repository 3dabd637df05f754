//! A witness as templates see it: a copy of an account of the plan under a name, an e-mail and a password of its own.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use super::Engine;
use crate::domain::account::uuid_of;
use crate::domain::secret::Secret;
use crate::ports::World;

impl<W: World> Engine<'_, W> {
    /// What templates see as `account`.
    pub(super) fn account_value(&self, place: usize) -> Value {
        let made = self.copies.borrow();
        let Some(copied) = place.checked_sub(self.originals).and_then(|place| made.get(place)) else {
            return (self.account)(place);
        };
        let ledger = self.ledger.borrow();
        let account = ledger.account(place);
        Value::from_object(Witness {
            base: (self.account)(copied.base),
            name: account.key.account.clone(),
            username: account.username.clone(),
            email: account.email.clone(),
            made: copied.made.clone(),
        })
    }
}

/// Of which account a witness is a copy, and what was made for it alone.
pub(super) struct Copied {
    pub(super) base: usize,
    pub(super) made: WitnessSecrets,
}

/// The secrets of a witness; those of an account that only joins are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct WitnessSecrets {
    pub(super) password: Secret,
    /// That of its one-time codes, where its service has one.
    pub(super) totp_secret: Option<Secret>,
}

/// A witness as templates see it: a copy under a name, an e-mail and a password of its own.
#[derive(Debug)]
struct Witness {
    base: Value,
    name: String,
    username: String,
    email: String,
    made: WitnessSecrets,
}

impl Object for Witness {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "name" => Value::from(self.name.as_str()),
            "username" => Value::from(self.username.as_str()),
            "uuid" => Value::from(uuid_of(&self.username)),
            "email" => Value::from(self.email.as_str()),
            "password" => Value::from(self.made.password.expose()),
            "totp_secret" => Value::from(self.made.totp_secret.as_ref()?.expose()),
            _ => return self.base.get_item(key).ok().filter(|value| !value.is_undefined()),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<Value> = ["name", "username", "uuid", "email", "password"]
            .map(Value::from)
            .to_vec();
        let base = self.base.try_iter().into_iter().flatten();
        let more: Vec<Value> = base.filter(|name| !names.contains(name)).collect();
        names.extend(more);
        Enumerator::Values(names)
    }
}
