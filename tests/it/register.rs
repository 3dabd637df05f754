//! The accounts of a service that a test makes by hand, by the convention.

use std::collections::BTreeMap;

use serde_json::json as value;

use crate::liar::{Asked, Reply, answer, json};

/// The accounts, by their ids.
#[derive(Default)]
pub(crate) struct Register {
    next: u32,
    accounts: BTreeMap<String, String>,
}

impl Register {
    /// What the service answers to who is let in.
    pub(crate) fn reply(&mut self, asked: &Asked) -> Reply {
        let path = asked.target.split('?').next().unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        match (asked.method.as_str(), self.accounts.get(&id)) {
            ("POST", _) => {
                self.next += 1;
                let (id, name) = (format!("id-{}", self.next), username(asked));
                self.accounts.insert(id.clone(), name.clone());
                json(201, &value!({ "id": id, "username": name }))
            }
            ("GET", Some(name)) => json(200, &value!({ "id": id, "username": name })),
            ("DELETE", Some(_)) => {
                self.accounts.remove(&id);
                answer(204, &[], b"")
            }
            _ => answer(404, &[], b""),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.accounts.len()
    }
}

/// In JSON or in a form.
fn username(asked: &Asked) -> String {
    let in_json = asked.username();
    if !in_json.is_empty() {
        return in_json;
    }
    let mut form = url::form_urlencoded::parse(asked.body.as_bytes());
    form.find_map(|(name, value)| (name == "username").then(|| value.into_owned()))
        .unwrap_or_default()
}

/// The value of a header field.
pub(crate) fn field<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.iter().find_map(|field| {
        let (known, value) = field.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
