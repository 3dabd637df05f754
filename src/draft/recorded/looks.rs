//! The commands that read, find, list and delete the account that was created.

use serde_json::Value;

use super::super::answer::{local_part, member};
use super::super::block::{Block, Item, OPEN, open};
use super::super::body::{EMAIL, USER_NAME};
use super::super::curl::Recorded;
use super::super::field::{Meaning, meaning};
use super::super::foreign::{is_plain_name, is_plain_value, shown};
use super::super::route::Route;
use super::pasted::{as_text, items, leaves, pasted};
use super::recording::{Id, Recording, body, deletes, looks_random};
use crate::domain::secret::{is_sensitive, lets_in};

impl Recording<'_> {
    pub(super) fn told(&self, one: &Recorded, id: &Id) -> String {
        format!(
            "recorded: {} {}",
            one.method,
            shown(&self.path(one, id).replace("{{ ", "{").replace(" }}", "}"))
        )
    }

    /// A path with templates in place of what names the account.
    pub(super) fn path(&self, one: &Recorded, id: &Id) -> String {
        let mut path = String::new();
        for segment in &one.path {
            path.push('/');
            path.push_str(&self.segment(segment, id, std::ptr::eq(one, self.create)));
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }

    pub(super) fn segment(&self, segment: &str, id: &Id, is_create: bool) -> String {
        let is_fixed = self.create.path.iter().any(|one| one == segment) && id.expression != "account.username";
        // Before the create there is no id.
        if !is_create && !is_fixed && !id.value.is_empty() && segment == id.value {
            return "{{ id }}".to_owned();
        }
        if Some(segment) == self.user_name.as_deref() {
            return USER_NAME.to_owned();
        }
        if Some(segment) == self.email.as_deref() {
            return EMAIL.to_owned();
        }
        let is_usable = Route::parse(segment).is_some_and(|route| route.len() == 1 && route.last_parameter().is_none())
            && !segment.contains(['$', '%'])
            && !looks_random(segment)
            && !self.is_secret(segment);
        if is_usable { segment.to_owned() } else { OPEN.to_owned() }
    }

    pub(super) fn query(&mut self, one: &Recorded, id: &Id) -> Block {
        let mut query = Block::default();
        for (name, value) in &one.query {
            if !is_plain_name(name) {
                continue;
            }
            let item: Item = if lets_in(name) || is_sensitive(name) || self.is_secret(value) {
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
    pub(super) fn looks(&mut self, service: &mut Block, id: &Id) {
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

    pub(super) fn look(&mut self, one: &Recorded, id: &Id) -> Block {
        let mut block = Block::default();
        block.put("request", format!("{} {}", one.method, self.path(one, id)));
        let query = self.query(one, id);
        if !query.is_empty() {
            block.put("query", query);
        }
        block
    }

    pub(super) fn put_items(&self, block: &mut Block, answer: Option<&Value>, id: &Id) {
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
    pub(super) fn shown_name(&self, answer: Option<&Value>, root: &str) -> Option<String> {
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

    pub(super) fn delete(&mut self, service: &mut Block, id: &Id) {
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
        let note = self.told(one, id);
        // A delete without a template would always delete the same, and that may be anybody's.
        let written = block.written();
        if ["{{ id }}", USER_NAME, EMAIL]
            .iter()
            .any(|template| written.contains(template))
        {
            service.put("delete", block).note(note);
            return;
        }
        let mut open = Block::default();
        open.put("request", format!("{} /{OPEN}/{{{{ id }}}}", one.method));
        let why = "the command that deletes names nothing that the create shows: paste the create's answer below it";
        service.put("delete", open).note(note).note(why);
        self.notices.push(why.to_owned());
    }
}
