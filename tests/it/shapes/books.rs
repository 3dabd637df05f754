//! What a small service knows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::liar::{Asked, Reply, answer, json as reply};

/// An account of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) confirmed: bool,
    /// What it logs in with a code of.
    pub(super) secret: String,
    /// How often it was asked for before it is there for everybody.
    pub(super) asked: u32,
}

/// The books.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) accounts: BTreeMap<u64, Known>,
    pub(super) next: u64,
    /// How many requests came in all.
    pub(super) requests: u64,
    /// The session or token that is good.
    pub(super) session: u64,
    /// What came that never should.
    pub(super) wrong: Vec<String>,
    /// It refuses every create.
    pub(super) refuses: bool,
}

/// The value of a header field; empty where there is none.
pub(super) fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    let field = asked.headers.iter().find_map(|field| {
        let (known, value) = field.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    });
    field.unwrap_or_default()
}

/// The fields of a form or of a query.
pub(super) fn pairs(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// A body of JSON.
pub(super) fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap_or_default()
}

/// The path, and the query.
pub(super) fn split(asked: &Asked) -> (&str, BTreeMap<String, String>) {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    (path, pairs(query))
}

pub(super) fn empty(status: u16) -> Reply {
    answer(status, &[], b"")
}

impl Books {
    /// Opens an account; 409 where the name is taken.
    pub(super) fn open(&mut self, username: &str, email: &str) -> Result<u64, Reply> {
        if self.accounts.values().any(|known| known.username == username) {
            return Err(empty(409));
        }
        self.next += 1;
        let known = Known {
            username: username.to_owned(),
            email: email.to_owned(),
            ..Known::default()
        };
        self.accounts.insert(self.next, known);
        Ok(self.next)
    }

    fn shown(id: u64, known: &Known) -> Value {
        json!({"id": id, "username": known.username, "confirmed": known.confirmed, "plan": "free",
            "status": if known.confirmed { "active" } else { "new" }})
    }

    /// The same for an ordinary create.
    pub(super) fn create(&mut self, asked: &Asked) -> Reply {
        match self.open(&asked.username(), "") {
            Ok(id) => reply(201, &json!({"id": id})),
            Err(taken) => taken,
        }
    }

    /// What an ordinary administrator's interface below a path answers.
    pub(super) fn administer(&mut self, path: &str, asked: &Asked) -> Reply {
        let (target, query) = split(asked);
        let Some(rest) = target.strip_prefix(path) else {
            self.wrong.push(asked.line());
            return empty(404);
        };
        let id = rest.trim_start_matches('/').parse().ok();
        match (asked.method.as_str(), id) {
            ("GET", None) if query.contains_key("first") => {
                let first = query["first"].parse().unwrap();
                let shown = self.accounts.iter().take(first);
                reply(200, &shown.map(|(id, known)| Self::shown(*id, known)).collect())
            }
            ("GET", None) if query.contains_key("prefix") => {
                let shown = self
                    .accounts
                    .iter()
                    .filter(|(_, known)| known.username.starts_with(&query["prefix"]));
                reply(200, &shown.map(|(id, known)| Self::shown(*id, known)).collect())
            }
            ("GET", None) => {
                let wanted = query.get("username");
                let found = self
                    .accounts
                    .iter()
                    .filter(|(_, known)| Some(&known.username) == wanted);
                reply(200, &found.map(|(id, known)| Self::shown(*id, known)).collect())
            }
            ("GET", Some(id)) => match self.accounts.get(&id) {
                Some(known) => reply(200, &Self::shown(id, known)),
                None => empty(404),
            },
            ("DELETE", Some(id)) => empty(if self.accounts.remove(&id).is_some() { 204 } else { 404 }),
            ("POST", None) => self.create(asked),
            _ => empty(405),
        }
    }
}
