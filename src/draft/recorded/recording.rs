//! What was recorded: the commands, what they sent for an account, and which value of the answer the later ones name.

use serde_json::Value;

use super::super::answer::member;
use super::super::block::{Block, Item, OPEN};
use super::super::curl::{Recorded, pairs};
use super::super::field::{Meaning, meaning};
use super::super::words::{is_id, words};
use super::pasted::{as_text, leaves, location, pasted};
use crate::domain::secret::{is_sensitive, lets_in, plain};

/// A shorter value may stand in another by chance.
const SECRET_MIN: usize = 4;

/// Commands of one service, and what was sent for the account in them. They hold secrets, so there is no `Debug`.
pub(super) struct Recording<'r> {
    pub(super) create: &'r Recorded,
    pub(super) others: &'r [&'r Recorded],
    pub(super) variable: String,
    /// What was sent as user name and as address.
    pub(super) user_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) has_password: bool,
    pub(super) answer: Option<Value>,
    pub(super) notices: Vec<String>,
    /// Values that must not be written, wherever they stand.
    pub(super) secrets: Vec<String>,
    /// The variable of the first token is `NAME_TOKEN`; others are called after their header or field.
    pub(super) tokens: Vec<String>,
}

/// The id of the recorded account, and the expression that gives it in the answer to the create.
#[derive(Clone)]
pub(super) struct Id {
    pub(super) value: String,
    pub(super) expression: String,
    pub(super) note: Option<String>,
}

impl<'r> Recording<'r> {
    pub(super) fn new(create: &'r Recorded, others: &'r [&'r Recorded], name: &str) -> Self {
        let mut writer = Self {
            create,
            others,
            variable: name.replace('-', "_").to_uppercase(),
            user_name: None,
            email: None,
            has_password: false,
            answer: pasted(&create.below),
            notices: Vec::new(),
            tokens: Vec::new(),
            secrets: Vec::new(),
        };
        writer.sent();
        writer.secrets = std::iter::once(create)
            .chain(others.iter().copied())
            .flat_map(secrets)
            .collect();
        writer
    }

    /// Does a text hold a value that must not be written?
    pub(super) fn is_secret(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// Notes what was sent as user name and address.
    pub(super) fn sent(&mut self) {
        let fields: Vec<(String, String)> = match body(self.create) {
            Some(Value::Object(body)) => leaves(&Value::Object(body))
                .into_iter()
                .filter_map(|(path, value)| Some((path.last()?.clone(), value.as_str()?.to_owned())))
                .collect(),
            _ => form(self.create),
        };
        let find = |wanted: Meaning| {
            fields
                .iter()
                .find(|(name, _)| meaning(name) == Some(wanted))
                .map(|(_, value)| value.clone())
        };
        self.email = find(Meaning::Email).filter(|value| value.contains('@'));
        self.user_name = find(Meaning::UserName);
        if self.user_name.is_none() && (self.email.is_none() || find(Meaning::FullName).is_some()) {
            self.user_name = find(Meaning::Name);
        }
        // A user name that is an address is one.
        if let Some(name) = self.user_name.clone().filter(|name| name.contains('@')) {
            self.email.get_or_insert(name);
            self.user_name = None;
        }
        // `PUT /users/NAME` names the account in its path.
        let is_named_by_path = self.create.method == "PUT" && self.user_name.is_none() && self.email.is_none();
        if is_named_by_path {
            self.user_name = self.create.path.last().cloned();
        }
        self.user_name = self.user_name.take().filter(|name| !name.is_empty());
    }

    /// Which value of the create's answer the other commands name.
    pub(super) fn id(&self) -> Id {
        let used: Vec<String> = self
            .others
            .iter()
            .flat_map(|one| {
                one.path
                    .iter()
                    .cloned()
                    .chain(one.query.iter().map(|(_, value)| value.clone()))
            })
            .collect();
        let is_new = |value: &String| !self.create.path.contains(value);
        let expression = |path: &[String]| path.iter().fold("body".to_owned(), |of, name| member(&of, name));
        let leaves: Vec<(Vec<String>, String)> = self
            .answer
            .as_ref()
            .map(leaves)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(path, value)| Some((path, as_text(value)?)))
            .collect();
        let is_named = |path: &[String]| path.last().is_some_and(|name| is_id(name));
        let mut matching: Vec<&(Vec<String>, String)> = leaves
            .iter()
            .filter(|(_, value)| !value.is_empty() && used.contains(value) && is_new(value))
            .collect();
        matching.sort_by_key(|(path, _)| (!is_named(path), path.len()));
        if let Some((path, value)) = matching.first() {
            return Id {
                value: value.clone(),
                expression: expression(path),
                note: Some("the value that the other commands name".to_owned()),
            };
        }
        if let Some(location) = location(&self.create.below)
            && used.contains(&location)
        {
            return Id {
                value: location,
                expression: "headers.location | last_segment".to_owned(),
                note: Some("the header field `Location`, which the other commands name".to_owned()),
            };
        }
        if let Some(name) = self
            .user_name
            .as_ref()
            .filter(|name| used.contains(name) || self.create.path.contains(name))
        {
            return Id {
                value: name.clone(),
                expression: "account.username".to_owned(),
                note: Some("paths name the account by its user name".to_owned()),
            };
        }
        let found = leaves.iter().find(|(path, _)| {
            path.len() <= 3
                && path
                    .last()
                    .is_some_and(|name| ["id", "_id", "uuid", "guid", "userid"].contains(&plain(name).as_str()))
        });
        if let Some((path, value)) = found {
            return Id {
                value: value.clone(),
                expression: expression(path),
                note: Some("guessed by its name; no other command names it".to_owned()),
            };
        }
        // Another command one segment below the create names the account there.
        let below = self
            .others
            .iter()
            .find(|one| one.path.len() == self.create.path.len() + 1 && one.path.starts_with(&self.create.path));
        let value = below.and_then(|one| one.path.last().cloned()).unwrap_or_default();
        Id {
            value,
            expression: format!("body.{OPEN}"),
            note: Some("paste the answer below the command to have the id read".to_owned()),
        }
    }

    pub(super) fn basic(&self) -> Item {
        let mut pair = Block::default();
        pair.put("username", format!("{{{{ env.{}_USERNAME }}}}", self.variable))
            .put("password", format!("{{{{ env.{}_PASSWORD }}}}", self.variable));
        let mut basic = Block::default();
        basic.put("basic", pair);
        basic.into()
    }

    pub(super) fn token(&mut self, of: &str) -> String {
        let of = plain(of);
        let at = self.tokens.iter().position(|known| *known == of).unwrap_or_else(|| {
            self.tokens.push(of.clone());
            self.tokens.len() - 1
        });
        let suffix = if at == 0 {
            "TOKEN".to_owned()
        } else {
            of.chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_uppercase()
        };
        format!("{{{{ env.{}_{suffix} }}}}", self.variable)
    }
}

/// The body of a request as JSON, where it is.
pub(super) fn body(one: &Recorded) -> Option<Value> {
    serde_json::from_str(one.body.as_deref().filter(|_| one.is_json)?).ok()
}

pub(super) fn form(one: &Recorded) -> Vec<(String, String)> {
    one.body.as_deref().map(pairs).unwrap_or_default()
}

/// Could a word of a text be a token: long, and of letters and digits?
pub(super) fn looks_random(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let has = |test: fn(char) -> bool| word.chars().any(test);
        let is_address = word.contains("://") || word.contains('@');
        word.len() >= 20 && !is_address && has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_alphabetic())
    })
}

fn last_words(one: &Recorded) -> Vec<String> {
    one.path.last().map(|segment| words(segment)).unwrap_or_default()
}

pub(super) fn logs_in(one: &Recorded) -> bool {
    const LOG_INS: [&str; 8] = [
        "login",
        "signin",
        "token",
        "tokens",
        "auth",
        "authenticate",
        "session",
        "sessions",
    ];
    last_words(one).iter().any(|word| LOG_INS.contains(&word.as_str()))
}

pub(super) fn deletes(one: &Recorded) -> bool {
    one.method == "DELETE"
        || last_words(one)
            .iter()
            .any(|word| ["delete", "remove", "destroy"].contains(&word.as_str()))
}

/// What a command shows of secrets: its password, the values of its credentials, and fields that are called so, in what it
/// sends and in the answer below it.
fn secrets(one: &Recorded) -> Vec<String> {
    let mut all = vec![one.pass.clone()];
    for (name, value) in &one.headers {
        let lower = name.to_ascii_lowercase();
        if lower == "cookie" {
            all.extend(
                value
                    .split(';')
                    .filter_map(|pair| Some(pair.split_once('=')?.1.trim().to_owned())),
            );
        } else if lets_in(&lower) || lower.contains("auth") {
            all.extend(value.split_whitespace().last().map(str::to_owned));
        }
    }
    let is_named = |name: &str| {
        lets_in(name) || is_sensitive(name) || is_short_secret(name) || meaning(name) == Some(Meaning::Password)
    };
    let fields = one
        .query
        .iter()
        .cloned()
        .chain(if one.is_json { Vec::new() } else { form(one) });
    all.extend(fields.filter(|(name, _)| is_named(name)).map(|(_, value)| value));
    for value in [body(one), pasted(&one.below)].into_iter().flatten() {
        let named = leaves(&value)
            .into_iter()
            .filter(|(path, _)| path.last().is_some_and(|name| is_named(name)));
        all.extend(named.filter_map(|(_, value)| as_text(value)));
    }
    all.retain(|secret| secret.len() >= SECRET_MIN && !secret.starts_with('$'));
    all
}

/// Names of secrets that are too short to be recognised as a part of a name.
pub(super) fn is_short_secret(name: &str) -> bool {
    ["pin", "otp", "totp", "cvv", "cvc", "ssn", "passphrase"].contains(&plain(name).as_str())
}
