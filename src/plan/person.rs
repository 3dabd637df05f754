//! One copy of a persona: what it is called, in every service alike.

use fake::Fake as _;
use fake::faker::name::raw::{FirstName, LastName};
use fake::locales;
use minijinja::Value;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use ring::digest;

use super::{PlanError, Run, password};
use crate::config::{Copy, Persona};
use crate::domain::secret::Secret;
use crate::language::{EvalError, Scope, Template};

/// The role where none is said, as a service of the article's convention is told one always.
const ROLE: &str = "tester";

/// What is known of a password.
pub(super) enum Password<'a> {
    /// It was drawn for this copy.
    Drawn(Secret),
    /// It is computed from this seed, once the user name is known.
    Computed(&'a Secret),
    /// Chance knew it, and has forgotten it.
    Unknown,
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
    role: String,
    first_name: String,
    last_name: String,
    email: Option<String>,
    fields: Vec<(String, serde_json::Value)>,
}

impl Person {
    /// Makes it. Its own templates see `env`, `run` and what stands before them here.
    pub(super) fn make(
        persona: &Persona,
        copy: &Copy,
        run: &Run,
        scope: &Scope,
        password: &Password<'_>,
    ) -> Result<Self, PlanError> {
        let (first_name, last_name) = made_names(persona.locale.as_deref(), &copy.name, run)?;
        let mut person = Self {
            name: copy.name.clone(),
            index: copy.index,
            persona: copy.persona,
            username: default_username(&copy.name, run),
            password: None,
            role: ROLE.to_owned(),
            first_name,
            last_name,
            email: None,
            fields: Vec::new(),
        };
        let given = |person: &Self, key: &str, template: &Option<Template>| -> Result<Option<String>, PlanError> {
            let Some(template) = template else { return Ok(None) };
            let scope = scope.clone().with(
                "account",
                person.value(&person.username, &person.email(&person.username)),
            );
            let text = template.render(&scope).map_err(|error| mistake(persona, key, &error))?;
            if text.is_empty() {
                return Err(PlanError(format!("`{key}` of the persona `{}` is empty", persona.name)));
            }
            Ok(Some(text))
        };
        if let Password::Drawn(drawn) = password {
            person.password = Some(drawn.clone());
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
                return Err(PlanError(format!(
                    "the user name of the persona `{}` does not carry the marker\nhint: put `{{{{ run.marker }}}}` into its `username`, or say `unmarked: true`",
                    persona.name
                )));
            }
            person.username = username;
        }
        if let Password::Computed(seed) = password {
            person.password = password::derive(seed, &person.username);
        }
        person.email = given(&person, "email", &persona.email)?;
        if let Some(password) = given(&person, "password", &persona.password)? {
            person.password = Some(Secret::new(password));
        }
        for (name, template) in &persona.fields {
            let account = person.value(&person.username, &person.email(&person.username));
            let value = template
                .render(&scope.clone().with("account", account))
                .map_err(|error| mistake(persona, name, &error))?;
            person.fields.push((name.clone(), value));
        }
        Ok(person)
    }

    /// The e-mail address that goes with a user name.
    pub(super) fn email(&self, username: &str) -> String {
        self.email.clone().unwrap_or_else(|| format!("{username}@example.com"))
    }

    /// What templates see as `account`, under the user name and e-mail of one service.
    pub fn value(&self, username: &str, email: &str) -> Value {
        let own = [
            ("name", self.name.as_str()),
            ("username", username),
            ("email", email),
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("role", &self.role),
        ];
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), Value::from(minijinja::value::Serde(value))));
        let password = self
            .password
            .iter()
            .map(|password| ("password", Value::from(password.expose())));
        Value::from_pairs(
            own.into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .chain([("index", Value::from(self.index))])
                .chain(password)
                .chain(fields),
        )
    }
}

fn mistake(persona: &Persona, key: &str, error: &EvalError) -> PlanError {
    PlanError(format!("`{key}` of the persona `{}`: {error}", persona.name))
}

/// `MARKER-PERSONA`, in lower case, with `_` as `-`.
fn default_username(name: &str, run: &Run) -> String {
    format!("{}-{}", run.marker, name.to_lowercase().replace('_', "-"))
}

/// Realistic names, the same for the same run, copy and attempt's run. Not portable between versions: `fake` may change.
fn made_names(locale: Option<&str>, copy: &str, run: &Run) -> Result<(String, String), PlanError> {
    let seed = digest::digest(
        &digest::SHA256,
        [run.repository.as_str(), &run.id, copy].join("\n").as_bytes(),
    );
    let mut bytes = [0_u8; 32];
    bytes.copy_from_slice(seed.as_ref());
    let mut random = ChaCha20Rng::from_seed(bytes);
    macro_rules! of {
        ($locale:expr) => {
            Ok((
                FirstName($locale).fake_with_rng(&mut random),
                LastName($locale).fake_with_rng(&mut random),
            ))
        };
    }
    let asked = locale.unwrap_or("en").to_lowercase().replace('-', "_");
    match asked.as_str() {
        "en" | "en_us" | "en_gb" => of!(locales::EN),
        "de" | "de_de" => of!(locales::DE_DE),
        "fr" | "fr_fr" => of!(locales::FR_FR),
        "it" | "it_it" => of!(locales::IT_IT),
        "ja" | "ja_jp" => of!(locales::JA_JP),
        "nl" | "nl_nl" => of!(locales::NL_NL),
        "pt" | "pt_pt" => of!(locales::PT_PT),
        "pt_br" => of!(locales::PT_BR),
        "tr" | "tr_tr" => of!(locales::TR_TR),
        "zh" | "zh_cn" => of!(locales::ZH_CN),
        _ => Err(PlanError(format!(
            "there are no names of the locale `{}`\nhint: use one of `en`, `de`, `fr`, `it`, `ja`, `nl`, `pt`, `pt_br`, `tr`, `zh`",
            locale.unwrap_or_default()
        ))),
    }
}
