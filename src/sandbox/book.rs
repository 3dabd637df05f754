//! The books of one service: which accounts are alive, and which ever were.
//!
//! Pure state. It knows nothing of requests, credentials or faults, which is what makes it a judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use crate::domain::secret::Secret;

/// How many accounts one service makes before it refuses more, so that a client gone wild can't take all memory.
const MAX_MADE: u64 = 1_000_000;

/// One account as the service holds it. Its password is kept elsewhere and shown by nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Unique over all services of the sandbox.
    pub id: String,
    /// The user name.
    pub username: String,
    /// The e-mail address that was given, if any.
    pub email: Option<String>,
    /// The role that was given, if any.
    pub role: Option<String>,
    /// `active` unless it was changed.
    pub status: String,
    /// What else was given, without any `password`.
    pub fields: Map<String, Value>,
    /// Whether it was there from the start and belongs to a person.
    pub human: bool,
}

impl Account {
    /// What an answer shows of it.
    pub(super) fn to_json(&self) -> Value {
        json!({ "id": self.id, "username": self.username, "email": self.email, "role": self.role, "status": self.status })
    }
}

/// What a service's books say, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    /// The accounts that exist, in the order they were made; humans' too.
    pub alive: Vec<Account>,
    /// How many were ever made by request.
    pub created_ever: u64,
    /// How many were ever deleted.
    pub deleted: u64,
    /// How many accounts of each name exist.
    pub alive_by_username: BTreeMap<String, u64>,
    /// How many accounts of each name were ever made by request: two for one show here, also when both are gone.
    pub made_by_username: BTreeMap<String, u64>,
}

impl Books {
    /// The accounts that exist and were made by request: after a cleanup there must be none.
    pub fn left(&self) -> impl Iterator<Item = &Account> {
        self.alive.iter().filter(|account| !account.human)
    }

    /// The humans' accounts that exist: no cleanup may touch one.
    pub fn humans(&self) -> impl Iterator<Item = &Account> {
        self.alive.iter().filter(|account| account.human)
    }
}

/// What is given for a new or changed account; `None` is "not given".
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
    pub(super) role: Option<String>,
    pub(super) status: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) fields: Map<String, Value>,
}

/// Why the books don't take an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another account has the name.
    Taken,
    /// The service holds all that it can.
    Full,
    /// There is no such account.
    Absent,
}

/// Makes ids that look random, never repeat within a sandbox, and are the same in each run of it.
#[derive(Debug, Default)]
pub(super) struct Ids {
    made: u64,
}

impl Ids {
    fn next(&mut self) -> String {
        self.made += 1;
        // The finaliser of SplitMix64: a bijection, so two counts never meet.
        let mut mixed = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("usr_{:016x}", mixed ^ (mixed >> 31))
    }
}

/// One service's accounts. Positions are the order of creation.
#[derive(Debug, Default)]
pub(super) struct Book {
    unique_names: bool,
    made: u64,
    deleted: u64,
    next_position: u64,
    alive: BTreeMap<u64, Account>,
    by_id: HashMap<String, u64>,
    by_name: HashMap<String, BTreeSet<u64>>,
    made_by_name: BTreeMap<String, u64>,
    passwords: HashMap<u64, Secret>,
    by_key: HashMap<String, Account>,
    first_human: Option<Account>,
}

impl Book {
    pub(super) fn new(unique_names: bool) -> Self {
        Self {
            unique_names,
            ..Self::default()
        }
    }

    /// Enters a person's account, as if it had always been there.
    pub(super) fn seed(&mut self, ids: &mut Ids, username: &str) -> Account {
        let account = Account {
            id: ids.next(),
            username: username.to_owned(),
            email: Some(format!("{username}@example.com")),
            role: Some("human".into()),
            status: "active".into(),
            fields: Map::new(),
            human: true,
        };
        self.first_human.get_or_insert_with(|| account.clone());
        self.enter(account.clone());
        account
    }

    /// Makes an account named `username` of what is given.
    pub(super) fn create(&mut self, ids: &mut Ids, username: String, given: Given) -> Result<Account, Refused> {
        if self.unique_names && self.by_name.contains_key(&username) {
            return Err(Refused::Taken);
        }
        if self.made >= MAX_MADE {
            return Err(Refused::Full);
        }
        self.made += 1;
        *self.made_by_name.entry(username.clone()).or_default() += 1;
        let account = Account {
            id: ids.next(),
            username,
            email: given.email,
            role: given.role,
            status: given.status.unwrap_or_else(|| "active".into()),
            fields: given.fields,
            human: false,
        };
        let position = self.enter(account.clone());
        if let Some(password) = given.password {
            self.passwords.insert(position, password);
        }
        Ok(account)
    }

    fn enter(&mut self, account: Account) -> u64 {
        let position = self.next_position;
        self.next_position += 1;
        self.by_id.insert(account.id.clone(), position);
        self.by_name
            .entry(account.username.clone())
            .or_default()
            .insert(position);
        self.alive.insert(position, account);
        position
    }

    /// The account that was made under an idempotency key, as it was then.
    pub(super) fn made_under(&self, key: &str) -> Option<&Account> {
        self.by_key.get(key)
    }

    /// Remembers that `account` was made under `key`.
    pub(super) fn remember(&mut self, key: String, account: Account) {
        self.by_key.insert(key, account);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Account> {
        self.alive.get(self.by_id.get(id)?)
    }

    pub(super) fn change(&mut self, id: &str, given: Given) -> Result<Account, Refused> {
        let position = *self.by_id.get(id).ok_or(Refused::Absent)?;
        let account = self.alive.get_mut(&position).ok_or(Refused::Absent)?;
        if let Some(name) = given.username
            && name != account.username
        {
            if self.unique_names && self.by_name.contains_key(&name) {
                return Err(Refused::Taken);
            }
            let old = std::mem::replace(&mut account.username, name.clone());
            forget_name(&mut self.by_name, &old, position);
            self.by_name.entry(name).or_default().insert(position);
        }
        account.email = given.email.or(account.email.take());
        account.role = given.role.or(account.role.take());
        if let Some(status) = given.status {
            account.status = status;
        }
        account.fields.extend(given.fields);
        if let Some(password) = given.password {
            self.passwords.insert(position, password);
        }
        Ok(account.clone())
    }

    /// Deletes the account, and gives it back if there was one.
    pub(super) fn delete(&mut self, id: &str) -> Option<Account> {
        let position = self.by_id.remove(id)?;
        let account = self.alive.remove(&position)?;
        forget_name(&mut self.by_name, &account.username, position);
        self.passwords.remove(&position);
        self.deleted += 1;
        Some(account)
    }

    /// The accounts in the order they were made.
    pub(super) fn alive(&self) -> impl Iterator<Item = &Account> {
        self.alive.values()
    }

    /// The accounts of exactly this name, in the order they were made.
    pub(super) fn named(&self, username: &str) -> impl Iterator<Item = &Account> {
        self.by_name
            .get(username)
            .into_iter()
            .flatten()
            .filter_map(|position| self.alive.get(position))
    }

    /// The account that may log in with this name and password.
    pub(super) fn log_in(&self, username: &str, password: &str) -> Option<&Account> {
        self.by_name.get(username)?.iter().find_map(|position| {
            let right = self.passwords.get(position)?.expose() == password;
            right.then(|| self.alive.get(position))?
        })
    }

    /// The first person's account, also when something has deleted it.
    pub(super) fn first_human(&self) -> Option<&Account> {
        self.first_human.as_ref()
    }

    pub(super) fn books(&self) -> Books {
        let count = |positions: &BTreeSet<u64>| u64::try_from(positions.len()).unwrap_or(u64::MAX);
        Books {
            alive: self.alive.values().cloned().collect(),
            created_ever: self.made,
            deleted: self.deleted,
            alive_by_username: self
                .by_name
                .iter()
                .map(|(name, at)| (name.clone(), count(at)))
                .collect(),
            made_by_username: self.made_by_name.clone(),
        }
    }
}

fn forget_name(by_name: &mut HashMap<String, BTreeSet<u64>>, name: &str, position: u64) {
    if let Some(positions) = by_name.get_mut(name) {
        positions.remove(&position);
        if positions.is_empty() {
            by_name.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(password: &str) -> Given {
        Given {
            password: Some(Secret::new(password)),
            ..Given::default()
        }
    }

    #[test]
    fn equal_names_are_refused_or_counted() {
        let mut ids = Ids::default();
        let mut strict = Book::new(true);
        strict.create(&mut ids, "bob".into(), Given::default()).unwrap();
        assert_eq!(
            strict.create(&mut ids, "bob".into(), Given::default()),
            Err(Refused::Taken)
        );

        let mut easy = Book::new(false);
        let first = easy.create(&mut ids, "bob".into(), Given::default()).unwrap();
        let second = easy.create(&mut ids, "bob".into(), Given::default()).unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(easy.books().alive_by_username["bob"], 2);
        easy.delete(&first.id).unwrap();
        easy.delete(&second.id).unwrap();
        assert_eq!(easy.books().alive_by_username.get("bob"), None);
        assert_eq!(easy.books().made_by_username["bob"], 2);
        assert_eq!((easy.books().created_ever, easy.books().deleted), (2, 2));
    }

    #[test]
    fn a_changed_name_is_found_and_the_old_one_is_free() {
        let mut ids = Ids::default();
        let mut book = Book::new(true);
        let account = book.create(&mut ids, "bob".into(), Given::default()).unwrap();
        let as_rob = Given {
            username: Some("rob".into()),
            ..Given::default()
        };
        assert_eq!(book.change(&account.id, as_rob).unwrap().username, "rob");
        assert_eq!(book.named("bob").count(), 0);
        assert_eq!(book.named("rob").count(), 1);
        book.create(&mut ids, "bob".into(), Given::default()).unwrap();
        let taken = Given {
            username: Some("bob".into()),
            ..Given::default()
        };
        assert_eq!(book.change(&account.id, taken), Err(Refused::Taken));
    }

    #[test]
    fn only_the_right_password_logs_in_and_only_while_the_account_is_alive() {
        let mut ids = Ids::default();
        let mut book = Book::new(true);
        let account = book.create(&mut ids, "bob".into(), given("right-one")).unwrap();
        assert!(book.log_in("bob", "wrong").is_none());
        assert_eq!(
            book.log_in("bob", "right-one").map(|found| &found.id),
            Some(&account.id)
        );
        book.delete(&account.id).unwrap();
        assert!(book.log_in("bob", "right-one").is_none());
    }

    #[test]
    fn humans_are_alive_but_were_not_made_here() {
        let mut book = Book::new(true);
        book.seed(&mut Ids::default(), "maria.keller");
        assert_eq!(book.books().humans().count(), 1);
        assert_eq!(book.books().left().count(), 0);
        assert_eq!(book.books().created_ever, 0);
    }
}
