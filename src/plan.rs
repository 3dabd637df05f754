//! From a configuration to the accounts that are meant: who they are, what they are called, and in which order.
//!
//! Pure but for the random numbers that it is handed. Names repeat for the same run, persona and index; passwords never do.

mod one_each;
mod one_time;
mod password;
mod person;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rand::CryptoRng;
use ring::digest;

use crate::config::{Config, Service};
use crate::domain::account::{AccountKey, ServiceName};
use crate::domain::event::{Planned, PlannedAccount, VERSION};
use crate::domain::marker::Marker;
use crate::domain::place::Places;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::{Environment, Scope};

pub use one_each::one_each;
pub use one_time::{derive as derive_totp_secret, draw as draw_totp_secret};
pub use password::{derive, draw};
pub use person::Person;

/// The accounts of a plan take so many bytes at most, their texts and what is kept of each beside them: what is in flight
/// comes on top, and the machine of a job is small.
const MEMORY_MAX: usize = 192 * 1024 * 1024;
/// What is kept of an account beside its texts.
const BESIDE: usize = 512;
/// What a cut user name ends in.
const HASH: usize = 4;

/// The run that accounts are made for, as templates see it under `run`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The repository or project.
    pub repository: String,
    /// The CI's id of the run.
    pub id: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Where a person can look at it.
    pub url: Option<String>,
    /// The marker of this invocation.
    pub marker: Marker,
}

impl Run {
    /// A plan of these accounts.
    pub fn planned(&self, at: Timestamp, accounts: Vec<PlannedAccount>) -> Planned {
        Planned {
            version: VERSION,
            at,
            repository: self.repository.clone(),
            run: self.id.clone(),
            attempt: self.attempt,
            marker: self.marker.as_str().to_owned(),
            accounts,
            places: Places::default(),
            boot: None,
        }
    }
}

/// Which part of the configuration is meant; empty lists mean all of it.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these services.
    pub services: Vec<String>,
    /// Only these personas.
    pub personas: Vec<String>,
}

/// Where the passwords of a plan come from.
pub enum Passwords<'a, R> {
    /// From chance: nobody else can know them.
    Drawn(&'a mut R),
    /// From a seed and the user names: whoever has both knows them.
    Computed(&'a Secret),
}

/// Secrets of one account that a setup drew, as far as they were kept.
#[derive(Clone, Copy, Default)]
pub struct DrawnSecrets<'a> {
    /// Its password.
    pub password: Option<&'a Secret>,
    /// The secret of its one-time codes.
    pub totp_secret: Option<&'a Secret>,
}

/// A plan, and the people it is about.
pub struct Draft {
    /// What the journal begins with.
    pub planned: Planned,
    /// One for each copy of each persona.
    pub people: Vec<Arc<Person>>,
    /// The person of each account of the plan.
    pub person_of: Vec<usize>,
}

impl Draft {
    /// What templates see as `account` of the account at a place of the plan.
    pub fn account(&self, place: usize) -> minijinja::Value {
        let planned = &self.planned.accounts[place];
        self.people[self.person_of[place]].value(&planned.username, &planned.email)
    }
}

/// The scope that every template of a run shares.
pub fn scope(environment: &Environment, run: &Run) -> Scope {
    let url = run.url.clone().unwrap_or_default();
    let expires = run.marker.expiry().as_millis() / 1000;
    let expires_at = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(expires));
    Scope::new().environment(environment).with(
        "run",
        minijinja::Value::from_pairs([
            ("id", minijinja::Value::from(run.id.clone())),
            ("attempt", run.attempt.to_string().into()),
            ("url", url.into()),
            ("prefix", run.marker.prefix().into()),
            ("marker", run.marker.as_str().into()),
            ("expires", expires.into()),
            ("expires_at", expires_at.to_string().into()),
        ]),
    )
}

/// Draws the plan up, or says which mistake of the configuration shows now that the variables are at hand.
pub fn draw_up(
    config: &Config,
    environment: &Environment,
    run: &Run,
    selection: &Selection,
    now: Timestamp,
    mut passwords: Passwords<'_, impl CryptoRng>,
) -> Result<Draft, Why> {
    check(selection, config)?;
    let scope = scope(environment, run);
    let mut people = Vec::new();
    let mut memory = Memory(0);
    let copies = config
        .copies(environment)
        .map_err(|found| crate::config::render(&found))?;
    for named in person::named(copies, &config.personas, run) {
        let persona = &config.personas[named.copy.persona];
        if selection.personas.is_empty() || selection.personas.contains(&persona.name) {
            let password = match &mut passwords {
                Passwords::Drawn(random) => person::Password::Drawn(password::make(*random), one_time::make(*random)),
                Passwords::Computed(seed) => person::Password::Computed(seed),
            };
            let person = Person::make(persona, &named, run, &scope, &password, config.has_codes(persona))?;
            memory.take(person.weight(), &persona.name)?;
            people.push(Arc::new(person));
        }
    }
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    let mut person_of = Vec::new();
    let mut places: HashMap<AccountKey, usize> = HashMap::new();
    let mut names: HashSet<(ServiceName, String)> = HashSet::new();
    for service in in_order(config) {
        if !selection.services.is_empty() && !selection.services.iter().any(|name| name == service.name.as_str()) {
            continue;
        }
        for (index, person) in people.iter().enumerate() {
            let persona = &config.personas[person.persona];
            if !persona.services.contains(&service.name) {
                continue;
            }
            let key = AccountKey {
                service: service.name.clone(),
                account: person.name.clone(),
            };
            let needs = service
                .needs
                .iter()
                .map(|need| {
                    let owner = persona.shares_in(need);
                    let needed = AccountKey {
                        service: need.clone(),
                        account: match owner {
                            Some(owner) => shared(config, owner, person.index),
                            None => person.name.clone(),
                        },
                    };
                    places.get(&needed).copied().ok_or_else(|| {
                        let hint = match owner {
                            Some(owner) => {
                                format!("name `{owner}` in `persona` and `{need}` in `only` too, or give it that copy")
                            }
                            None => format!("name `{need}` in `only` too"),
                        };
                        Why::hinted(format!("`{key}` needs `{needed}`, which is not part of this run"), hint)
                    })
                })
                .collect::<Result<Vec<usize>, _>>()?;
            let username = cut(&person.username, service, run)?;
            if !names.insert((service.name.clone(), username.clone())) {
                return Err(Why::hinted(
                    format!(
                        "two accounts of `{}` would have the user name `{username}`",
                        service.name
                    ),
                    "give the persona's `username` its own `{{ account.name }}`",
                ));
            }
            let email = person.email(&username);
            memory.take(
                BESIDE + 3 * (key.account.len() + username.len() + email.len()),
                &persona.name,
            )?;
            places.insert(key.clone(), accounts.len());
            accounts.push(PlannedAccount {
                key,
                email,
                full_username: (username != person.username).then(|| person.username.clone()),
                own_password: persona.password.is_some(),
                totp: config.codes.contains(&service.name),
                username,
                timeout_ms: u64::try_from(service.timeout.as_millis()).unwrap_or(u64::MAX),
                needs,
                unmarked: persona.unmarked,
            });
            person_of.push(index);
        }
    }
    if accounts.is_empty() {
        return Err("there is no account to create: no persona has a service that is meant".into());
    }
    Ok(Draft {
        planned: run.planned(now, accounts),
        people,
        person_of,
    })
}

/// Which copy of a persona another shares: the one of the same index, or the only one.
fn shared(config: &Config, owner: &str, index: u32) -> String {
    let persona = config.personas.iter().find(|persona| persona.name == owner);
    match persona.and_then(|persona| persona.count.as_ref()) {
        Some(_) => format!("{owner}-{index}"),
        None => owner.to_owned(),
    }
}

/// What the accounts of a plan take so far.
struct Memory(usize);

impl Memory {
    fn take(&mut self, bytes: usize, persona: &str) -> Result<(), Why> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 <= MEMORY_MAX {
            return Ok(());
        }
        Err(Why::hinted(
            format!(
                "the accounts take over {} MiB of memory, with those of the persona `{persona}`",
                MEMORY_MAX >> 20
            ),
            "let it have shorter texts or a smaller `count`, or leave services or personas out with `only` and `persona`",
        ))
    }
}

/// The people of a plan that a journal tells of, as far as the configuration and the variables of now can say.
pub struct Recalled {
    people: HashMap<String, Arc<Person>>,
}

/// Recalls who a journal's accounts were. Passwords that chance made are gone; what can't be recalled has its names alone.
pub fn recall(config: &Config, environment: &Environment, run: &Run, seed: Option<&Secret>) -> Recalled {
    let scope = scope(environment, run);
    let copies = config.copies(environment).unwrap_or_default();
    let mut memory = Memory(0);
    let people = person::named(copies, &config.personas, run)
        .iter()
        .filter_map(|named| {
            let password = seed.map_or(person::Password::Unknown, person::Password::Computed);
            let persona = &config.personas[named.copy.persona];
            let person = Person::make(persona, named, run, &scope, &password, config.has_codes(persona)).ok()?;
            // No setup had more than fit: what is over was changed since.
            memory.take(person.weight(), &persona.name).ok()?;
            Some((person.name.clone(), Arc::new(person)))
        })
        .collect();
    Recalled { people }
}

impl Recalled {
    /// The e-mail address of an account under its user name.
    pub fn email(&self, account: &str, username: &str) -> String {
        self.people
            .get(account)
            .map_or_else(|| format!("{username}@example.com"), |person| person.email(username))
    }

    /// Does the configuration explain this account?
    pub fn has(&self, account: &str) -> bool {
        self.people.contains_key(account)
    }

    /// The passwords that the configuration gives.
    pub fn chosen_passwords(&self, config: &Config) -> impl Iterator<Item = &Secret> {
        self.passwords(config, true)
    }

    /// Those that the seed gives.
    pub fn made_passwords(&self, config: &Config) -> impl Iterator<Item = &Secret> {
        self.passwords(config, false)
    }

    /// The secrets of one-time codes that the seed gives.
    pub fn totp_secrets(&self) -> impl Iterator<Item = &Secret> {
        self.people.values().filter_map(|person| person.totp_secret.as_ref())
    }

    fn passwords(&self, config: &Config, are_chosen: bool) -> impl Iterator<Item = &Secret> {
        let is_chosen = move |person: &&Arc<Person>| config.personas[person.persona].password.is_some();
        let people = self
            .people
            .values()
            .filter(move |person| is_chosen(person) == are_chosen);
        people.filter_map(|person| person.password.as_ref())
    }

    /// What templates see as `account`; its password and the secret of its codes only where they are given, computed or kept.
    pub fn value(&self, account: &PlannedAccount, drawn: &DrawnSecrets<'_>) -> minijinja::Value {
        let Some(person) = self.people.get(&account.key.account) else {
            let names = [
                ("name", account.key.account.as_str()),
                ("username", account.username.as_str()),
                ("email", account.email.as_str()),
            ];
            let secrets = [("password", drawn.password), ("totp_secret", drawn.totp_secret)];
            let secrets = secrets
                .into_iter()
                .filter_map(|(name, secret)| Some((name, secret?.expose())));
            return minijinja::Value::from_pairs(names.into_iter().chain(secrets));
        };
        if drawn.password.is_none() && drawn.totp_secret.is_none() {
            return person.value(&account.username, &account.email);
        }
        person.with_secrets(drawn).value(&account.username, &account.email)
    }
}

fn check(selection: &Selection, config: &Config) -> Result<(), Why> {
    let services: Vec<&str> = config.services.iter().map(|service| service.name.as_str()).collect();
    let personas: Vec<&str> = config.personas.iter().map(|persona| persona.name.as_str()).collect();
    for (setting, asked, known) in [
        ("only", &selection.services, services),
        ("persona", &selection.personas, personas),
    ] {
        for name in asked {
            if !known.contains(&name.as_str()) {
                return Err(Why::hinted(
                    format!("`{setting}` names `{name}`, which the configuration does not have"),
                    format!("it has `{}`", known.join("`, `")),
                ));
            }
        }
    }
    Ok(())
}

/// The services, each behind those that it needs; else as they are written. The configuration is free of cycles.
fn in_order(config: &Config) -> Vec<&Service> {
    let mut ordered: Vec<&Service> = Vec::new();
    let mut rest: Vec<&Service> = config.services.iter().collect();
    while !rest.is_empty() {
        let before = rest.len();
        rest.retain(|service| {
            let met = |need: &ServiceName| ordered.iter().any(|done| done.name == *need);
            let ready = service.needs.iter().all(met);
            if ready {
                ordered.push(service);
            }
            !ready
        });
        if rest.len() == before {
            ordered.append(&mut rest);
        }
    }
    ordered
}

/// Cuts a user name to what the service takes; the marker is never cut.
fn cut(username: &str, service: &Service, run: &Run) -> Result<String, Why> {
    let Some(max) = service.account_name_max else {
        return Ok(username.to_owned());
    };
    if username.chars().count() <= max {
        return Ok(username.to_owned());
    }
    let kept: String = username.chars().take(max.saturating_sub(HASH)).collect();
    let marker = run.marker.as_str();
    let whole = |name: &str| name.find(marker).is_some_and(|at| name.len() > at + marker.len());
    if username.contains(marker) && !whole(&kept) {
        return Err(format!(
            "`{}` takes user names of {max} characters, and the marker with its hash alone needs {}",
            service.name,
            run.marker.as_str().len() + 1 + HASH
        )
        .into());
    }
    Ok(format!("{kept}{}", hash(username)))
}

fn hash(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref()[..HASH]
        .iter()
        .map(|byte| char::from_digit(u32::from(*byte) % 36, 36).unwrap_or('0'))
        .collect()
}

#[cfg(test)]
mod tests;
