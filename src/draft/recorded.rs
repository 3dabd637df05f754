//! A draft from recorded `curl` commands: the one that creates an account, and those that read, find and delete the same one.
//!
//! A command holds secrets. Their values never reach the file or a message: credentials, cookies and whatever looks like one
//! become variables, and what can't be told apart is left open.

mod credentials;
mod looks;
mod pasted;
mod payload;
mod recording;

use serde_json::Value;

use super::Draft;
use super::block::{Block, Item, open};
use super::curl::{self, Recorded};
use super::foreign::shown;
use super::name::readable;
use super::route::Route;
use super::shell;
use super::words::{is_prefix, words};
use crate::domain::why::Why;
use recording::{Id, Recording, body, deletes, logs_in};

/// Writes a configuration from the commands in `text`, which `source` is the name of.
pub fn from_curl(source: &str, text: &str) -> Result<Draft, Why> {
    let commands = shell::commands(text);
    let recorded: Vec<Recorded> = commands.iter().filter_map(curl::read).collect();
    if recorded.is_empty() {
        return Err(Why::hinted(
            "there is no `curl` command in it",
            "give the command that creates an account; those that read and delete it may follow",
        ));
    }
    let is_create = |one: &&Recorded| ["POST", "PUT"].contains(&one.method.as_str()) && !logs_in(one) && !deletes(one);
    let Some(create) = recorded.iter().find(is_create) else {
        return Err(Why::hinted(
            "no command in it creates an account",
            "the command that creates one has the method POST or PUT",
        ));
    };
    let others: Vec<&Recorded> = recorded.iter().filter(|one| !std::ptr::eq(*one, create)).collect();
    let name = readable(name(create));
    let mut recording = Recording::new(create, &others, &name);
    let service = recording.service(&name);
    let head = vec![
        format!("Written by `standin init` from the commands of {}", shown(source)),
        "Credentials are read from variables; no value of theirs stands here.".to_owned(),
    ];
    Ok(Draft::of(&head, service, recording.notices))
}

/// A name for the service: of its host, else of what is created.
fn name(create: &Recorded) -> String {
    let host = create
        .origin
        .split("://")
        .nth(1)
        .unwrap_or_default()
        .split(':')
        .next()
        .unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_address = host.is_empty()
        || host == "localhost"
        || host.chars().all(|c| c.is_ascii_digit() || c == '.')
        || host.starts_with('[');
    let usable = |label: &&&str| {
        ![
            "www", "api", "app", "com", "net", "org", "io", "dev", "local", "internal",
        ]
        .contains(*label)
            && label.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let label = labels.iter().find(usable).filter(|_| !is_address);
    let noun = || {
        create
            .path
            .iter()
            .rev()
            .skip(usize::from(create.method == "PUT"))
            .find(|segment| Route::parse(segment).is_some() && !is_prefix(segment))
            .map_or("users", String::as_str)
            .to_owned()
    };
    let text = label.map_or_else(noun, |label| (*label).to_owned());
    let name: String = words(&text)
        .join("-")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(24)
        .collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.trim_end_matches('-').to_owned()
    } else {
        "users".to_owned()
    }
}

impl Recording<'_> {
    fn service(&mut self, name: &str) -> Block {
        let mut service = Block::default();
        service.put("name", name);
        if self.create.origin.is_empty() {
            service
                .put("url", format!("{{{{ env.{}_URL }}}}", self.variable))
                .note("the command has no plain address");
        } else {
            service.put("url", self.create.origin.clone());
        }
        let (auth, headers) = self.credentials(self.create);
        match auth {
            Some(auth) => service.put("auth", auth),
            None => service.comment("auth: the command has no credentials"),
        };
        let id = self.id();
        let create = self.create_block(&id, headers);
        service.put("create", create).note(self.told(self.create, &id));
        if !self.has_password {
            service.comment("the command sets no password: the account has none that Standin knows");
        }
        self.looks(&mut service, &id);
        self.delete(&mut service, &id);
        if self.others.iter().any(|one| logs_in(one)) {
            service
                .comment("a log-in was recorded too: `auth: { login: ... }` can send it in place of a token that ends");
        }
        service
    }

    fn create_block(&mut self, id: &Id, headers: Block) -> Block {
        let create = self.create;
        let mut block = Block::default();
        block.put("request", format!("{} {}", create.method, self.path(create, id)));
        let query = self.query(create, id);
        if !query.is_empty() {
            block.put("query", query);
        }
        if !headers.is_empty() {
            block.put("headers", headers);
        }
        if create.has_file {
            block.put("body", open()).note("the command sends a file");
        } else if let Some(body) = body(create).filter(|_| create.is_json) {
            block.put("json", self.filled("", &body));
        } else if create.body.is_some() && create.is_json {
            block.put("json", open()).note("what the command sends is not JSON");
        } else if create.body.is_some() {
            self.put_form(&mut block);
        }
        if self.user_name.is_none() && self.email.is_none() {
            block.comment("no field takes a user name or an e-mail address: write `account.username` as a template where the service keeps the name");
        }
        block.comment("duplicate: the commands do not show how a taken name is refused");
        block.put("id", id.expression.clone()).note_if(id.note.clone());
        match self.shown_name(self.answer.as_ref(), "body") {
            Some(name) => block.put("name", name),
            None => block
                .put("name", Item::Plain(Value::Null))
                .note("no answer shows the user name"),
        };
        block
    }
}
