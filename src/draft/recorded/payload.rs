//! What the create sends, with the account's own values in place of those that were recorded.

use serde_json::Value;

use super::super::block::{Block, Item, literal, open};
use super::super::body::{EMAIL, PASSWORD, USER_NAME};
use super::super::field::{Meaning, meaning};
use super::super::foreign::{is_plain_name, is_plain_value};
use super::recording::{Recording, form, is_short_secret, looks_random};
use crate::domain::secret::{is_sensitive, lets_in};

impl Recording<'_> {
    pub(super) fn put_form(&mut self, block: &mut Block) {
        let is_form = self
            .create
            .body
            .as_deref()
            .is_some_and(|body| body.contains('=') && !body.trim_start().starts_with('<'));
        if !is_form {
            block
                .put("body", open())
                .note("what the command sends is neither JSON nor a form");
            return;
        }
        let mut form_block = Block::default();
        for (name, value) in form(self.create) {
            if is_plain_name(&name) {
                let item = self.leaf(&name, &Value::String(value));
                form_block.put(&name, item);
            }
        }
        block.put("form", form_block);
    }

    /// JSON with the account's own values in place of those that were recorded.
    pub(super) fn filled(&mut self, name: &str, value: &Value) -> Item {
        match value {
            Value::Object(entries) => {
                let mut block = Block::default();
                for (key, value) in entries {
                    if !is_plain_name(key) {
                        continue;
                    }
                    let item = self.filled(key, value);
                    let is_power = meaning(key) == Some(Meaning::Power);
                    let gives_power = |item: &Item| *item == open();
                    let note = (is_power && gives_power(&item)).then(|| "gives power, so it is not copied".to_owned());
                    block.put(key, item).note_if(note);
                }
                block.into()
            }
            Value::Array(_) if meaning(name) == Some(Meaning::Power) => open(),
            Value::Array(items) => Item::List(items.iter().map(|item| self.filled(name, item)).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.leaf(name, value),
        }
    }

    pub(super) fn leaf(&mut self, name: &str, value: &Value) -> Item {
        let text = value.as_str();
        match meaning(name) {
            Some(Meaning::Password) => {
                self.has_password = true;
                return PASSWORD.into();
            }
            Some(Meaning::Power) => return open(),
            Some(Meaning::FirstName) => return "{{ account.first_name }}".into(),
            Some(Meaning::LastName) => return "{{ account.last_name }}".into(),
            _ => {}
        }
        if (is_sensitive(name) || lets_in(name) || is_short_secret(name)) && !value.is_boolean() && !value.is_null() {
            return self.token(name).into();
        }
        if text.is_some() && text == self.user_name.as_deref() {
            return USER_NAME.into();
        }
        if text.is_some() && text == self.email.as_deref() {
            return EMAIL.into();
        }
        if matches!(meaning(name), Some(Meaning::FullName | Meaning::Name)) && text.is_some() {
            return "{{ account.first_name }} {{ account.last_name }}".into();
        }
        match text {
            // What carries the recorded name would not be the account's.
            Some(text)
                if self
                    .user_name
                    .as_deref()
                    .is_some_and(|name| name.len() > 2 && text.contains(name)) =>
            {
                open()
            }
            Some(text) if !is_plain_value(text) || text.contains('$') || looks_random(text) || self.is_secret(text) => {
                open()
            }
            _ => literal(value),
        }
    }
}
