//! One copy of a persona: what it is called, in every service alike.

use std::collections::HashSet;
use std::sync::Arc;

use fake::Fake as _;
use fake::faker::name::raw::{FirstName, LastName};
use fake::locales;
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use ring::digest;

use super::{DrawnSecrets, Run, one_time, password};
use crate::config::{Copy, Locale, Persona};
use crate::domain::account::uuid_of;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{EvalError, Scope, Template};

/// The role where none is said, as a service of the article's convention is told one always.
const ROLE: &str = "tester";

/// What is known of a password.
pub(super) enum Password<'a> {
    /// It was drawn for this copy, and so was the secret of its one-time codes.
    Drawn(Secret, Secret),
    /// It is computed from this seed, once the user name is known.
    Computed(&'a Secret),
    /// Chance knew it, and has forgotten it.
    Unknown,
}

/// How often other names are drawn for a copy whose names another has already.
const DRAWS: u32 = 100;

/// A copy with the names that were made for it, first and last.
pub(super) struct NamedCopy {
    pub(super) copy: Copy,
    names: (String, String),
}

/// Makes names for every copy, no two of them alike as long as the language has enough. They are of the whole document, so that the
/// part of it that is meant changes nobody's.
pub(super) fn named(copies: Vec<Copy>, personas: &[Persona], run: &Run) -> Vec<NamedCopy> {
    let mut taken = HashSet::new();
    let mut name = |copy: Copy| {
        let locale = personas[copy.persona].locale;
        let mut draws = (0..DRAWS)
            .map(|draw| made_names(locale, &copy.name, draw, run))
            .filter(are_names);
        // So many draws give a first one, and one that nobody has as long as the language has any.
        let first = draws.next().unwrap_or_else(|| ("Sam".to_owned(), "Smith".to_owned()));
        let names = std::iter::once(first.clone())
            .chain(draws)
            .find(|names| !taken.contains(names));
        let names = names.unwrap_or(first);
        taken.insert(names.clone());
        NamedCopy { copy, names }
    };
    copies.into_iter().map(&mut name).collect()
}

/// The tables have slips such as a tab behind a name, which no person has and few services take.
fn are_names((first, last): &(String, String)) -> bool {
    let is_name = |name: &String| {
        name.starts_with(char::is_alphabetic)
            && name.ends_with(char::is_alphabetic)
            && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\''))
    };
    is_name(first) && is_name(last)
}

/// One copy of a persona.
#[derive(Clone, Debug)]
pub struct Person {
    /// `alice`, or `buyer-7` of a persona with a count.
    pub name: String,
    /// From 1.
    pub index: u32,
    /// Which of the configuration's personas.
    pub persona: usize,
    /// The user name, before a service's limit cuts it.
    pub username: String,
    /// One password for all services; unknown where the person is only recalled.
    pub password: Option<Secret>,
    /// The secret of its one-time codes, where a service has one; as the password.
    pub totp_secret: Option<Secret>,
    role: String,
    first_name: String,
    last_name: String,
    email: Option<String>,
    fields: Vec<(String, serde_json::Value)>,
}

impl Person {
    /// The same with the secrets that setup drew.
    pub(super) fn with_secrets(&self, drawn: &DrawnSecrets<'_>) -> Arc<Self> {
        let clone = |drawn: Option<&Secret>, own: &Option<Secret>| drawn.cloned().or_else(|| own.clone());
        Arc::new(Self {
            password: clone(drawn.password, &self.password),
            totp_secret: clone(drawn.totp_secret, &self.totp_secret),
            ..self.clone()
        })
    }

    /// Makes it. Its own templates see `env`, `run` and what stands before them here.
    pub(super) fn make(
        persona: &Persona,
        named: &NamedCopy,
        run: &Run,
        scope: &Scope,
        password: &Password<'_>,
        has_totp: bool,
    ) -> Result<Self, Why> {
        let (copy, (first_name, last_name)) = (&named.copy, named.names.clone());
        let mut person = Self {
            name: copy.name.clone(),
            index: copy.index,
            persona: copy.persona,
            username: default_username(&copy.name, run),
            password: None,
            totp_secret: None,
            role: ROLE.to_owned(),
            first_name,
            last_name,
            email: None,
            fields: Vec::new(),
        };
        let given = |person: &Self, key: &str, template: &Option<Template>| -> Result<Option<String>, Why> {
            let Some(template) = template else { return Ok(None) };
            let scope = scope.clone().with("account", person.so_far());
            let text = template.render(&scope).map_err(|error| mistake(persona, key, error))?;
            if text.is_empty() {
                return Err(format!("`{key}` of the persona `{}` is empty", persona.name).into());
            }
            Ok(Some(text))
        };
        if let Password::Drawn(drawn, totp_secret) = password {
            person.password = Some(drawn.clone());
            person.totp_secret = has_totp.then(|| totp_secret.clone());
        }
        if let Some(role) = given(&person, "role", &persona.role)? {
            person.role = role;
        }
        if let Some(first_name) = given(&person, "first_name", &persona.first_name)? {
            person.first_name = first_name;
        }
        if let Some(last_name) = given(&person, "last_name", &persona.last_name)? {
            person.last_name = last_name;
        }
        if let Some(username) = given(&person, "username", &persona.username)? {
            if !persona.unmarked && !username.contains(run.marker.as_str()) {
                return Err(Why::hinted(
                    format!(
                        "the user name of the persona `{}` does not carry the marker",
                        persona.name
                    ),
                    "put `{{ run.marker }}` into its `username`, or say `unmarked: true`",
                ));
            }
            person.username = username;
        }
        if let Password::Computed(seed) = password {
            person.password = password::derive(seed, &person.username);
            person.totp_secret = has_totp.then(|| one_time::derive(seed, &person.username)).flatten();
        }
        person.email = given(&person, "email", &persona.email)?;
        if let Some(password) = given(&person, "password", &persona.password)? {
            person.password = Some(Secret::new(password));
        }
        for (name, template) in &persona.fields {
            let value = template
                .render(&scope.clone().with("account", person.so_far()))
                .map_err(|error| mistake(persona, name, error))?;
            person.fields.push((name.clone(), value));
        }
        Ok(person)
    }

    /// How much memory it takes, roughly: the texts of a persona are multiplied by its `count`.
    pub(super) fn weight(&self) -> usize {
        let texts = [
            &self.name,
            &self.username,
            &self.role,
            &self.first_name,
            &self.last_name,
        ];
        let texts: usize = texts.into_iter().chain(&self.email).map(String::len).sum();
        let fields: usize = self
            .fields
            .iter()
            .map(|(name, value)| name.len() + json_weight(value))
            .sum();
        let secrets = self.password.iter().chain(&self.totp_secret);
        let secrets: usize = secrets.map(|secret| secret.expose().len()).sum();
        size_of::<Self>() + texts + fields + secrets
    }

    /// The e-mail address that goes with a user name.
    pub(super) fn email(&self, username: &str) -> String {
        self.email.clone().unwrap_or_else(|| format!("{username}@example.com"))
    }

    /// What its own templates see as `account` while it is made.
    fn so_far(&self) -> Value {
        Arc::new(self.clone()).value(&self.username, &self.email(&self.username))
    }

    /// What templates see as `account`, under the user name and e-mail of one service.
    pub fn value(self: &Arc<Self>, username: &str, email: &str) -> Value {
        Value::from_object(AccountView {
            person: Arc::clone(self),
            username: username.to_owned(),
            email: email.to_owned(),
        })
    }
}

/// A person in one service, as templates see it: a map whose values are made when they are asked for.
#[derive(Debug)]
struct AccountView {
    person: Arc<Person>,
    username: String,
    email: String,
}

/// The names that every account has.
const NAMES: [&str; 8] = [
    "name",
    "username",
    "uuid",
    "email",
    "first_name",
    "last_name",
    "role",
    "index",
];

impl Object for AccountView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let person = &self.person;
        let key = key.as_str()?;
        // A field may not be called like one of ours, so that the order is of no matter.
        Some(match key {
            "name" => Value::from(person.name.as_str()),
            "username" => Value::from(self.username.as_str()),
            "uuid" => Value::from(uuid_of(&self.username)),
            "email" => Value::from(self.email.as_str()),
            "first_name" => Value::from(person.first_name.as_str()),
            "last_name" => Value::from(person.last_name.as_str()),
            "role" => Value::from(person.role.as_str()),
            "index" => Value::from(person.index),
            "password" if person.password.is_some() => Value::from(person.password.as_ref()?.expose()),
            "totp_secret" if person.totp_secret.is_some() => Value::from(person.totp_secret.as_ref()?.expose()),
            _ => {
                let (_, value) = person.fields.iter().find(|(name, _)| name == key)?;
                Value::from(minijinja::value::Serde(value))
            }
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let password = self.person.password.iter().map(|_| Value::from("password"));
        let totp_secret = self.person.totp_secret.iter().map(|_| Value::from("totp_secret"));
        let fields = self.person.fields.iter().map(|(name, _)| Value::from(name.as_str()));
        let names = NAMES.into_iter().map(Value::from);
        Enumerator::Values(names.chain(password).chain(totp_secret).chain(fields).collect())
    }
}

fn json_weight(value: &serde_json::Value) -> usize {
    let below = match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => items.iter().map(json_weight).sum(),
        serde_json::Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + json_weight(value)).sum(),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => 0,
    };
    size_of_val(value) + below
}

fn mistake(persona: &Persona, key: &str, error: EvalError) -> Why {
    Why::from(error).context(format_args!("`{key}` of the persona `{}`", persona.name))
}

/// `MARKER-PERSONA`, in lower case, with `_` as `-`.
fn default_username(name: &str, run: &Run) -> String {
    format!("{}-{}", run.marker, name.to_lowercase().replace('_', "-"))
}

/// Realistic names, the same for the same run, copy and attempt's run. Not portable between versions: `fake` may change.
pub(super) fn made_names(locale: Locale, copy: &str, draw: u32, run: &Run) -> (String, String) {
    let mut parts = vec![run.repository.clone(), run.id.clone(), copy.to_owned()];
    parts.extend((draw > 0).then(|| draw.to_string()));
    let seed = digest::digest(&digest::SHA256, parts.join("\n").as_bytes());
    let mut bytes = [0_u8; 32];
    bytes.copy_from_slice(seed.as_ref());
    let mut random = ChaCha20Rng::from_seed(bytes);
    macro_rules! of {
        ($locale:expr) => {
            (
                FirstName($locale).fake_with_rng(&mut random),
                LastName($locale).fake_with_rng(&mut random),
            )
        };
    }
    match locale {
        Locale::En => of!(locales::EN),
        Locale::De => of!(locales::DE_DE),
        Locale::Fr => of!(locales::FR_FR),
        Locale::It => of!(locales::IT_IT),
        Locale::Ja => of!(locales::JA_JP),
        Locale::Nl => of!(locales::NL_NL),
        Locale::Pt => of!(locales::PT_PT),
        Locale::PtBr => of!(locales::PT_BR),
        Locale::Tr => of!(locales::TR_TR),
        Locale::Zh => of!(locales::ZH_CN),
    }
}
