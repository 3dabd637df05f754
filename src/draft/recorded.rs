//! A draft from recorded `curl` commands: the one that creates an account, and those that read, find and delete the same one.
//!
//! A command holds secrets. Their values never reach the file or a message: credentials, cookies and whatever looks like one
//! become variables, and what can't be told apart is left open.

use serde_json::Value;

use super::Draft;
use super::answer::{local_part, member};
use super::block::{Block, Item, OPEN, literal, open};
use super::body::{EMAIL, PASSWORD, USER_NAME};
use super::curl::{self, Recorded, pairs};
use super::field::{Meaning, meaning};
use super::foreign::{is_plain_name, is_plain_value, shown};
use super::route::Route;
use super::shell;
use super::words::{is_id, is_prefix, words};
use crate::domain::secret::{is_sensitive, lets_in, plain};
use crate::domain::why::Why;

/// How deep a pasted answer is looked through.
const DEPTH_MAX: usize = 6;
/// The most values of a pasted answer that are looked at.
const VALUES_MAX: usize = 2_000;

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
    let name = super::name::readable(name(create));
    let mut writer = Writer::new(create, &others, &name);
    let service = writer.service(&name);
    let head = vec![
        format!("Written by `standin init` from the commands of {}", shown(source)),
        "Credentials are read from variables; no value of theirs stands here.".to_owned(),
    ];
    Ok(Draft::of(&head, service, writer.notices))
}

fn last_words(one: &Recorded) -> Vec<String> {
    one.path.last().map(|segment| words(segment)).unwrap_or_default()
}

fn logs_in(one: &Recorded) -> bool {
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

fn deletes(one: &Recorded) -> bool {
    one.method == "DELETE"
        || last_words(one)
            .iter()
            .any(|word| ["delete", "remove", "destroy"].contains(&word.as_str()))
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

struct Writer<'r> {
    create: &'r Recorded,
    others: &'r [&'r Recorded],
    variable: String,
    /// What was sent as user name and as address.
    user_name: Option<String>,
    email: Option<String>,
    has_password: bool,
    answer: Option<Value>,
    notices: Vec<String>,
    /// The variable of the first token is `NAME_TOKEN`; others are called after their header or field.
    tokens: Vec<String>,
}

/// The id of the recorded account, and the expression that gives it in the answer to the create.
#[derive(Clone)]
struct Id {
    value: String,
    expression: String,
    note: Option<String>,
}

impl<'r> Writer<'r> {
    fn new(create: &'r Recorded, others: &'r [&'r Recorded], name: &str) -> Self {
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
        };
        writer.sent();
        writer
    }

    /// Notes what was sent as user name and address.
    fn sent(&mut self) {
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
        self.user_name = self.user_name.take().filter(|name| !name.is_empty());
    }

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

    fn told(&self, one: &Recorded, id: &Id) -> String {
        format!(
            "recorded: {} {}",
            one.method,
            shown(&self.path(one, id).replace("{{ ", "{").replace(" }}", "}"))
        )
    }

    /// Credentials as `auth`, and the header fields that are none.
    fn credentials(&mut self, one: &Recorded) -> (Option<Item>, Block) {
        let mut auth: Option<Item> = None;
        let mut secret = Block::default();
        let mut headers = Block::default();
        if one.has_user {
            auth = Some(self.basic());
        }
        for (name, value) in &one.headers {
            let lower = name.to_ascii_lowercase();
            let is_token = !name.is_empty()
                && name.len() <= 60
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if !is_token || is_noise(&lower) {
                continue;
            }
            if lower == "authorization" && auth.is_none() {
                let (front, rest) = value.split_once(' ').unwrap_or(("", value));
                let is_word = !front.is_empty()
                    && front.len() <= 16
                    && front.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
                    && !rest.trim().contains(' ');
                if front.eq_ignore_ascii_case("basic") {
                    auth = Some(self.basic());
                } else if front.eq_ignore_ascii_case("bearer") {
                    let mut bearer = Block::default();
                    bearer.put("bearer", self.token(name));
                    auth = Some(bearer.into());
                } else {
                    let token = self.token(name);
                    secret.put(name, if is_word { format!("{front} {token}") } else { token });
                }
            } else if is_secret(&lower, value) {
                secret.put(name, self.token(name));
            } else if lower == "content-type"
                && (one.is_json || one.body.as_deref().is_none_or(|_| value.contains("form")))
                && !value.contains('+')
            {
                // The payload says it.
            } else {
                headers.put(
                    name,
                    if is_plain_value(value) {
                        Item::from(value.as_str())
                    } else {
                        open()
                    },
                );
            }
        }
        if !secret.is_empty() {
            match auth {
                // `auth` has one kind: what else is secret goes with each request.
                Some(_) => {
                    for (name, _) in &one.headers {
                        if let Some(value) = secret.get(name) {
                            headers.put(name, value.clone());
                        }
                    }
                }
                None => {
                    let mut header = Block::default();
                    header.put("header", secret);
                    auth = Some(header.into());
                }
            }
        }
        (auth, headers)
    }

    fn basic(&self) -> Item {
        let mut pair = Block::default();
        pair.put("username", format!("{{{{ env.{}_USERNAME }}}}", self.variable))
            .put("password", format!("{{{{ env.{}_PASSWORD }}}}", self.variable));
        let mut basic = Block::default();
        basic.put("basic", pair);
        basic.into()
    }

    fn token(&mut self, of: &str) -> String {
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

    /// Which value of the create's answer the other commands name.
    fn id(&self) -> Id {
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

    fn put_form(&mut self, block: &mut Block) {
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
    fn filled(&mut self, name: &str, value: &Value) -> Item {
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

    fn leaf(&mut self, name: &str, value: &Value) -> Item {
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
        if is_sensitive(name) && text.is_some() {
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
            Some(text) if !is_plain_value(text) || text.contains('$') || looks_random(text) => open(),
            _ => literal(value),
        }
    }

    /// A path with templates in place of what names the account.
    fn path(&self, one: &Recorded, id: &Id) -> String {
        let mut path = String::new();
        for segment in &one.path {
            path.push('/');
            path.push_str(&self.segment(segment, id));
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }

    fn segment(&self, segment: &str, id: &Id) -> String {
        let is_create = |segment: &str| self.create.path.iter().any(|one| one == segment);
        if !id.value.is_empty() && segment == id.value && (id.expression == "account.username" || !is_create(segment)) {
            return if id.expression == "account.username" && is_create(segment) {
                USER_NAME.to_owned()
            } else {
                "{{ id }}".to_owned()
            };
        }
        if Some(segment) == self.user_name.as_deref() {
            return USER_NAME.to_owned();
        }
        if Some(segment) == self.email.as_deref() {
            return EMAIL.to_owned();
        }
        let is_usable = Route::parse(segment).is_some_and(|route| route.len() == 1 && route.last_parameter().is_none())
            && !segment.contains(['$', '%'])
            && !looks_random(segment);
        if is_usable { segment.to_owned() } else { OPEN.to_owned() }
    }

    fn query(&mut self, one: &Recorded, id: &Id) -> Block {
        let mut query = Block::default();
        for (name, value) in &one.query {
            if !is_plain_name(name) {
                continue;
            }
            let item: Item = if lets_in(name) || is_sensitive(name) {
                self.token(name).into()
            } else if *value == id.value && !value.is_empty() && id.expression != "account.username" {
                "{{ id }}".into()
            } else if Some(value) == self.user_name.as_ref() {
                USER_NAME.into()
            } else if Some(value) == self.email.as_ref() {
                EMAIL.into()
            } else if let Some(name) = self
                .user_name
                .as_ref()
                .filter(|name| value.contains(name.as_str()) && is_plain_value(value))
            {
                value.replace(name.as_str(), USER_NAME).into()
            } else if is_plain_value(value) && !value.contains('$') && !looks_random(value) {
                value.as_str().into()
            } else {
                open()
            };
            query.put(name, item);
        }
        query
    }

    /// `verify`, `find`, `list` and `probe`.
    fn looks(&mut self, service: &mut Block, id: &Id) {
        let others = self.others;
        let gets: Vec<&Recorded> = others
            .iter()
            .copied()
            .filter(|one| one.method == "GET" && one.origin == self.create.origin)
            .collect();
        let names_id = |one: &Recorded| {
            !id.value.is_empty()
                && (one.path.contains(&id.value) || one.query.iter().any(|(_, value)| *value == id.value))
        };
        let names_account = |one: &Recorded| {
            let is_one = |value: &String| Some(value) == self.user_name.as_ref() || Some(value) == self.email.as_ref();
            let contains = |value: &String| {
                self.user_name
                    .as_ref()
                    .is_some_and(|name| value.contains(name.as_str()))
            };
            one.path.iter().any(is_one) || one.query.iter().any(|(_, value)| is_one(value) || contains(value))
        };
        let verify = gets
            .iter()
            .copied()
            .find(|one| names_id(one) && one.path.len() > self.create.path.len().min(1));
        let find = gets
            .iter()
            .copied()
            .find(|one| names_account(one) && verify.is_none_or(|verify| !std::ptr::eq(*one, verify)));
        let list = gets
            .iter()
            .copied()
            .find(|one| !names_id(one) && !names_account(one) && one.path == self.create.path);
        if let Some(list) = list {
            let mut probe = Block::default();
            probe.put("request", format!("GET {}", self.path(list, id)));
            let query = self.query(list, id);
            if !query.is_empty() {
                probe.put("query", query);
            }
            service.put("probe", probe).note("the recorded list");
        }
        match verify {
            Some(one) => {
                let mut block = self.look(one, id);
                match self.shown_name(pasted(&one.below).as_ref().or(self.answer.as_ref()), "body") {
                    Some(name) => block.put("name", name),
                    None => block
                        .put("name", Item::Plain(Value::Null))
                        .note("no answer shows the user name"),
                };
                service.put("verify", block).note(self.told(one, id));
            }
            None => {
                service
                    .put("verify", Item::Plain(Value::Null))
                    .note("no command reads the account by its id");
            }
        }
        match find {
            Some(one) => {
                let mut block = self.look(one, id);
                self.put_items(&mut block, pasted(&one.below).as_ref(), id);
                service.put("find", block).note(self.told(one, id));
            }
            None => {
                service.comment("find: no command looks an account up by its name; without one, an account whose create gets no answer is a leftover");
            }
        }
        match list {
            Some(one) => {
                let mut block = self.look(one, id);
                self.put_items(&mut block, pasted(&one.below).as_ref(), id);
                block.comment("if the service gives pages, say how the next one is asked for with `next`");
                service.put("list", block).note(self.told(one, id));
            }
            None => {
                service.comment(
                    "list: no command lists the accounts; without one, `standin sweep` can't find old accounts",
                );
            }
        }
    }

    fn look(&mut self, one: &Recorded, id: &Id) -> Block {
        let mut block = Block::default();
        block.put("request", format!("{} {}", one.method, self.path(one, id)));
        let query = self.query(one, id);
        if !query.is_empty() {
            block.put("query", query);
        }
        block
    }

    fn put_items(&self, block: &mut Block, answer: Option<&Value>, id: &Id) {
        let place = answer.and_then(items);
        let (items, item) = place.map_or((None, None), |(items, item)| (Some(items), item));
        let is_one = answer.is_some_and(|answer| answer.is_object() && self.shown_name(Some(answer), "body").is_some());
        if is_one {
            block.put("items", "[body]");
        } else {
            block.put("items", items.unwrap_or_else(|| format!("body.{OPEN}")));
        }
        let item = if is_one { answer.cloned() } else { item };
        let of = |value: &str| {
            let leaves = item.as_ref().map(leaves).unwrap_or_default();
            let found = leaves
                .into_iter()
                .find(|(_, leaf)| as_text(leaf).as_deref() == Some(value));
            found.map(|(path, _)| path.iter().fold("item".to_owned(), |of, name| member(&of, name)))
        };
        let by_create = id
            .expression
            .strip_prefix("body.")
            .and_then(|rest| rest.rsplit('.').next())
            .filter(|name| *name != OPEN);
        let known = of(&id.value).or_else(|| {
            by_create
                .filter(|name| item.as_ref().is_some_and(|item| item.get(name).is_some()))
                .map(|name| format!("item.{name}"))
        });
        block.put("id", known.unwrap_or_else(|| format!("item.{OPEN}")));
        block.put(
            "name",
            self.shown_name(item.as_ref(), "item")
                .unwrap_or_else(|| format!("item.{OPEN}")),
        );
    }

    /// Where an answer shows the user name that was sent.
    fn shown_name(&self, answer: Option<&Value>, root: &str) -> Option<String> {
        let all = leaves(answer?);
        let find = |value: &String| {
            all.iter()
                .find(|(_, leaf)| leaf.as_str() == Some(value))
                .map(|(path, _)| path.iter().fold(root.to_owned(), |of, name| member(&of, name)))
        };
        let by_key = |wanted: Meaning| {
            all.iter()
                .find(|(path, leaf)| leaf.is_string() && path.last().is_some_and(|name| meaning(name) == Some(wanted)))
                .map(|(path, _)| path.iter().fold(root.to_owned(), |of, name| member(&of, name)))
        };
        match (&self.user_name, &self.email) {
            (Some(name), _) => find(name).or_else(|| by_key(Meaning::UserName)),
            (None, Some(email)) => find(email)
                .or_else(|| by_key(Meaning::Email))
                .map(|address| local_part(&address)),
            (None, None) => None,
        }
    }

    fn delete(&mut self, service: &mut Block, id: &Id) {
        let found = self.others.iter().copied().find(|one| deletes(one));
        let Some(one) = found else {
            let mut block = Block::default();
            block.put("request", format!("DELETE /{OPEN}/{{{{ id }}}}"));
            service.put("delete", block).note("no command deletes the account");
            return;
        };
        let mut block = self.look(one, id);
        if let Some(Value::Object(body)) = body(one) {
            let mut sent = Block::default();
            for (key, value) in &body {
                let is_id = as_text(value).is_some_and(|value| value == id.value);
                if is_plain_name(key) {
                    let item = if is_id {
                        Item::from("{{ id }}")
                    } else {
                        self.filled(key, value)
                    };
                    sent.put(key, item);
                }
            }
            block.put("json", sent);
        }
        service.put("delete", block).note(self.told(one, id));
        let is_told =
            one.path.contains(&id.value) || one.query.iter().any(|(_, value)| *value == id.value) || one.body.is_some();
        if id.value.is_empty() || !is_told {
            self.notices
                .push("the command that deletes names no id that another one shows: check `delete`".to_owned());
        }
    }
}

/// Header fields that say how a client is made, or what the payload says.
fn is_noise(lower: &str) -> bool {
    const NOISE: [&str; 24] = [
        "accept-encoding",
        "accept-language",
        "user-agent",
        "origin",
        "referer",
        "priority",
        "dnt",
        "pragma",
        "cache-control",
        "connection",
        "host",
        "content-length",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "http2-settings",
        "if-none-match",
        "if-modified-since",
        "expect",
        "accept-charset",
        "upgrade-insecure-requests",
        "x-request-id",
    ];
    NOISE.contains(&lower) || lower.starts_with("sec-") || lower.starts_with("proxy-") || lower.starts_with(':')
}

/// Does a header field let its sender in, by its name or by the look of its value?
fn is_secret(lower: &str, value: &str) -> bool {
    const PARTS: [&str; 12] = [
        "auth",
        "token",
        "key",
        "secret",
        "session",
        "csrf",
        "xsrf",
        "signature",
        "cookie",
        "cred",
        "jwt",
        "pass",
    ];
    PARTS.iter().any(|part| lower.contains(part)) || looks_random(value)
}

/// Could a text be a token: long, and of letters and digits without a space?
fn looks_random(text: &str) -> bool {
    let has = |test: fn(char) -> bool| text.chars().any(test);
    let is_long = text.len() >= 20 && !text.contains(char::is_whitespace);
    let is_address = text.contains("://") || text.contains('@');
    is_long && !is_address && has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_alphabetic())
}

/// The body of a request as JSON, where it is.
fn body(one: &Recorded) -> Option<Value> {
    serde_json::from_str(one.body.as_deref().filter(|_| one.is_json)?).ok()
}

fn form(one: &Recorded) -> Vec<(String, String)> {
    one.body.as_deref().map(pairs).unwrap_or_default()
}

/// The JSON below a command.
fn pasted(below: &str) -> Option<Value> {
    let starts = below.char_indices().filter(|(at, c)| {
        let is_line_start =
            below[..*at].trim_end_matches([' ', '\t', '<']).ends_with('\n') || below[..*at].trim().is_empty();
        matches!(c, '{' | '[') && is_line_start
    });
    starts.take(20).find_map(|(at, _)| {
        serde_json::Deserializer::from_str(&below[at..])
            .into_iter::<Value>()
            .next()?
            .ok()
    })
}

/// The last segment of the header field `Location` below a command.
fn location(below: &str) -> Option<String> {
    let line = below
        .lines()
        .map(|line| line.trim_start_matches(['<', ' ']))
        .find(|line| line.to_ascii_lowercase().starts_with("location:"))?;
    let address = line.split_once(':')?.1.trim();
    address
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
}

/// Every scalar of an answer with its path. Lists are passed over: an expression could name only one place in them.
fn leaves(value: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut leaves = Vec::new();
    let mut level: Vec<(Vec<String>, &Value)> = vec![(Vec::new(), value)];
    for _ in 0..DEPTH_MAX {
        let mut below = Vec::new();
        for (path, value) in level {
            for (name, value) in value
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| is_plain_name(name))
            {
                let mut path = path.clone();
                path.push(name.clone());
                if value.is_object() {
                    below.push((path, value))
                } else if !value.is_array() {
                    leaves.push((path, value))
                }
            }
            if leaves.len() + below.len() > VALUES_MAX {
                return leaves;
            }
        }
        level = below;
    }
    leaves
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first list in an answer: its expression, and its first item.
fn items(answer: &Value) -> Option<(String, Option<Value>)> {
    if let Value::Array(items) = answer {
        return Some(("body".to_owned(), items.first().cloned()));
    }
    let mut level = vec![("body".to_owned(), answer)];
    for _ in 0..3 {
        let mut below = Vec::new();
        for (expression, value) in level {
            for (name, value) in value
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| is_plain_name(name))
            {
                let expression = member(&expression, name);
                match value {
                    Value::Array(items) => return Some((expression, items.first().cloned())),
                    Value::Object(_) => below.push((expression, value)),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
            }
        }
        level = below;
    }
    None
}
