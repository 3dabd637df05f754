//! One logical test user of the document, and the copies that it stands for.

use super::decode::Decoder;
use super::keys::document::ACCOUNTS;
use super::keys::{COPIES_LIMIT, Key, account as key};
use super::locale::{self, Locale};
use super::scope::{self, ACCOUNT_KEYS};
use super::service;
use super::source::Span;
use super::tree::{Content, Node};
use super::{Config, Diagnostic};
use crate::domain::account::{ServiceName, is_witness};
use crate::language::{Environment, JsonTemplate, Scope, Template};

/// The most accounts of a document: each copy of each persona in each of its services.
const TOTAL_LIMIT: usize = 100_000;

/// A logical test user.
#[derive(Clone, Debug)]
pub struct Persona {
    /// Its name: `[A-Za-z_][A-Za-z0-9_-]*`.
    pub name: String,
    /// The services in which it has an account, in the order of the services.
    pub services: Vec<ServiceName>,
    /// Services in which it has another persona's account in place of one of its own.
    pub shares: Vec<(ServiceName, String)>,
    /// How many copies there are; without it one, which is called as the persona.
    pub count: Option<Count>,
    /// Its role; `tester` where it is not said.
    pub role: Option<Template>,
    /// Its user name in place of the default one.
    pub username: Option<Template>,
    /// Its e-mail address in place of the default one.
    pub email: Option<Template>,
    /// Its first name in place of a made one.
    pub first_name: Option<Template>,
    /// Its last name in place of a made one.
    pub last_name: Option<Template>,
    /// The language of made names.
    pub locale: Locale,
    /// Its password in place of a made one.
    pub password: Option<Template>,
    /// Its user name carries no marker, so that it is never adopted or swept.
    pub unmarked: bool,
    /// Everything else, as `account.NAME`.
    pub fields: Vec<(String, JsonTemplate)>,
    pub(super) span: Span,
}

/// How many copies a persona has.
#[derive(Clone, Debug)]
pub enum Count {
    /// So many.
    Fixed(u32),
    /// As many as this says when the copies are made; only `env` is in scope.
    Template(Template),
}

/// One copy of a persona: an account of the same name in each of the persona's services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// `alice`, or `buyer-7` of a persona with a count.
    pub name: String,
    /// Which of [`Config::personas`].
    pub persona: usize,
    /// From 1.
    pub index: u32,
}

/// The role of a persona that gives none.
const DEFAULT_ROLE: &str = "tester";
/// What a persona's own templates can see.
const NAMES: &[&str] = &["env", "run", "account"];
/// What `count` can see.
const COUNT_NAMES: &[&str] = &["env"];

impl Persona {
    /// The one persona of a document that names none: `test_user` of role `tester`, everywhere.
    pub(super) fn default_one(services: &[ServiceName], span: Span) -> Self {
        Self {
            name: "test_user".to_owned(),
            services: services.to_vec(),
            shares: Vec::new(),
            count: None,
            role: Some(Template::literal(DEFAULT_ROLE)),
            username: None,
            email: None,
            first_name: None,
            last_name: None,
            locale: Locale::default(),
            password: None,
            unmarked: false,
            fields: Vec::new(),
            span,
        }
    }
}

/// `accounts`. Names of services are checked only where all of them are known.
pub(super) fn decode_all(
    decoder: &mut Decoder,
    node: &Node,
    known: &[ServiceName],
    complete: bool,
) -> Option<Vec<Persona>> {
    let items = decoder.list(node, ACCOUNTS.name)?;
    if items.is_empty() {
        decoder.error_with_hint(
            node.span,
            "`accounts` is empty",
            "leave it out for one persona `test_user` in every service",
        );
    }
    let personas: Vec<_> = items
        .iter()
        .map(|item| decode(decoder, item, known, complete))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for persona in personas.iter().flatten() {
        if seen.contains(&persona.name.as_str()) {
            let message = format!("duplicate persona `{}`", persona.name);
            decoder.error(persona.span, message);
        }
        seen.push(&persona.name);
    }
    personas.into_iter().collect()
}

fn decode(decoder: &mut Decoder, node: &Node, known: &[ServiceName], complete: bool) -> Option<Persona> {
    let mut fields = decoder.fields(node, "an account", &key::BLOCK)?;
    let name_node = fields.need(decoder, key::NAME);
    let name = name_node.and_then(|node| name(decoder, node));
    let shares = match fields.take(key::SHARES) {
        Some(node) => shares(decoder, node, known, complete),
        None => Vec::new(),
    };
    let is_shared = |service: &ServiceName| shares.iter().any(|(shared, _)| shared == service);
    let services = match fields.take(key::SERVICES) {
        Some(node) => services(decoder, node, known, complete),
        None => Some(known.iter().filter(|service| !is_shared(service)).cloned().collect()),
    };
    let count = fields
        .take(key::COUNT)
        .map_or(Some(None), |node| count(decoder, node).map(Some));
    let from = decoder.reads.len();
    let mut template = |key: Key| {
        fields.read_or(decoder, key, None, |decoder, node, name| {
            decoder.template(node, name, NAMES).map(Some)
        })
    };
    let role = template(key::ROLE);
    let username = template(key::USERNAME);
    let email = template(key::EMAIL);
    let first_name = template(key::FIRST_NAME);
    let last_name = template(key::LAST_NAME);
    let password = template(key::PASSWORD);
    scope::of_persona(decoder, from, &[]);
    let locale = fields.read_or(decoder, key::LOCALE, Locale::default(), locale::decode);
    let unmarked = fields.read_or(decoder, key::UNMARKED, false, Decoder::boolean);
    let is_username_open = fields.take(key::USERNAME).is_some_and(Node::is_todo);
    let own = fields.take(key::FIELDS).map(|node| own_fields(decoder, node));
    if let (Some(Some(template)), Some(false)) = (&username, unmarked) {
        let is_marked = template
            .expressions()
            .any(|expression| expression.paths().iter().any(|path| path == "run.marker"));
        if !is_marked && let Some(node) = fields.take(key::USERNAME) {
            decoder.error_with_hint(
                node.span,
                "the user name has no marker, so nothing would distinguish the account from a person's",
                "put `{{ run.marker }}` into it, or say `unmarked: true`: then it is never adopted or swept",
            );
        }
    }
    fields.finish(decoder);
    Some(Persona {
        span: name_node.map_or(node.span, |node| node.span),
        name: name?,
        services: services?,
        shares,
        count: count?,
        // What a service without a preset is sent has a role.
        role: role?.or_else(|| Some(Template::literal(DEFAULT_ROLE))),
        username: username?.filter(|_| !is_username_open),
        email: email?,
        first_name: first_name?,
        last_name: last_name?,
        locale: locale?,
        password: password?,
        unmarked: unmarked?,
        fields: own.unwrap_or_default(),
    })
}

fn name(decoder: &mut Decoder, node: &Node) -> Option<String> {
    let name = decoder.text(node, key::NAME.name)?;
    let mut chars = name.chars();
    let fits = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !fits {
        decoder.error_with_hint(
            node.span,
            "invalid account name",
            "begin with a letter or `_`, and use letters, digits, `_` and `-`",
        );
        return None;
    }
    if is_witness(&name) {
        decoder.error_with_hint(
            node.span,
            format!("`{name}` is reserved for the accounts by which cleanup tests a look-up"),
            "choose another name",
        );
        return None;
    }
    Some(name)
}

fn services(decoder: &mut Decoder, node: &Node, known: &[ServiceName], complete: bool) -> Option<Vec<ServiceName>> {
    let items = decoder.list(node, key::SERVICES.name)?;
    if items.is_empty() {
        decoder.error(node.span, "`services` is empty: there would be no account");
    }
    let mut chosen = Vec::new();
    for item in items {
        let text = decoder.text(item, key::SERVICES.name)?;
        if known.iter().any(|name| name.as_str() == text) {
            chosen.push(text);
        } else if complete {
            service::unknown(decoder, item.span, &text, known);
        }
    }
    Some(
        known
            .iter()
            .filter(|name| chosen.iter().any(|text| text == name.as_str()))
            .cloned()
            .collect(),
    )
}

/// `shares`: whose account it has in which service. Whether that persona has one there is found out once all are known.
fn shares(decoder: &mut Decoder, node: &Node, known: &[ServiceName], complete: bool) -> Vec<(ServiceName, String)> {
    let named = decoder.named(node, "`shares`", |decoder, entry| {
        let service = known.iter().find(|name| name.as_str() == entry.key);
        if service.is_none() && complete {
            service::unknown(decoder, entry.key_span, &entry.key, known);
        }
        Some((service.cloned()?, decoder.text(&entry.value, key::SHARES.name)?))
    });
    named.into_iter().map(|(_, share)| share).collect()
}

impl Persona {
    /// Whose account it has in a service in place of one of its own.
    pub fn shares_in(&self, service: &ServiceName) -> Option<&str> {
        let (_, owner) = self.shares.iter().find(|(shared, _)| shared == service)?;
        Some(owner)
    }
}

fn count(decoder: &mut Decoder, node: &Node) -> Option<Count> {
    if let Content::String(_) = node.kind {
        let template = decoder.template(node, key::COUNT.name, COUNT_NAMES)?;
        if template.expressions().next().is_some() {
            return Some(Count::Template(template));
        }
    }
    decoder
        .number(node, key::COUNT.name, key::COUNT.bounds())
        .map(Count::Fixed)
}

fn own_fields(decoder: &mut Decoder, node: &Node) -> Vec<(String, JsonTemplate)> {
    let mut before: Vec<String> = Vec::new();
    decoder.named(node, "`fields`", |decoder, entry| {
        if ACCOUNT_KEYS.contains(&entry.key.as_str()) || entry.key == key::LOCALE.name {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` is a built-in field", entry.key),
                "put it beside `fields`, or call it something else",
            );
        }
        let from = decoder.reads.len();
        let value = decoder.json(&entry.value, NAMES);
        scope::of_persona(decoder, from, &before);
        before.push(entry.key.clone());
        value
    })
}

impl Config {
    /// The copies of every persona, in the order of the document. Fails where a `count` can't be known or is out of bounds, and
    /// where names would meet once they are outputs or variables.
    pub fn copies(&self, environment: &Environment) -> Result<Vec<Copy>, Vec<Diagnostic>> {
        let mut copies = Vec::new();
        let mut diagnostics = Vec::new();
        let mut accounts = 0_usize;
        for (persona, at) in self.personas.iter().zip(0..) {
            let count = match &persona.count {
                None => Ok(None),
                Some(count) => self.count(persona, count, environment).map(Some),
            };
            // Before any is made: a short document can ask for millions.
            let of_each = persona.services.len();
            accounts = accounts.saturating_add(match count {
                Ok(Some(count)) => of_each.saturating_mul(count as usize),
                Ok(None) | Err(_) => of_each,
            });
            if accounts > TOTAL_LIMIT {
                let message = format!("there are more than {TOTAL_LIMIT} accounts with this one");
                let hint = "let it have a smaller `count`, or an account in fewer `services`".to_owned();
                return Err(vec![self.sources.diagnostic(persona.span, message, Some(hint))]);
            }
            match count {
                Ok(None) => copies.push(Copy {
                    name: persona.name.clone(),
                    persona: at,
                    index: 1,
                }),
                Ok(Some(count)) => copies.extend((1..=count).map(|index| Copy {
                    name: format!("{}-{index}", persona.name),
                    persona: at,
                    index,
                })),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        diagnostics.extend(self.meetings(&copies));
        if diagnostics.is_empty() {
            Ok(copies)
        } else {
            Err(diagnostics)
        }
    }

    fn count(&self, persona: &Persona, count: &Count, environment: &Environment) -> Result<u32, Box<Diagnostic>> {
        let template = match count {
            Count::Fixed(count) => return Ok(*count),
            Count::Template(template) => template,
        };
        let scope = Scope::new().environment(environment);
        let failed = |message: String| Box::new(self.sources.diagnostic(persona.span, message, None));
        let text = template
            .render(&scope)
            .map_err(|error| failed(format!("the `count` of `{}`: {}", persona.name, error.message)))?;
        text.trim()
            .parse()
            .ok()
            .filter(|count| (1..=COPIES_LIMIT).contains(count))
            .ok_or_else(|| {
                failed(format!(
                    "the `count` of `{}` is not a whole number from 1 to {COPIES_LIMIT}",
                    persona.name
                ))
            })
    }
}
