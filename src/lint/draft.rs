//! The line to write, drawn from what the rest of the description says: where accounts are, and what their fields are called.

use serde_json::Value;

use crate::config::{Action, Effect, Payload, Request, Service};
use crate::language::{Expression, JsonTemplate, Template};

/// What a description lets us guess of what it lacks.
pub(super) struct Draft {
    /// Where all accounts are, such as `/users`.
    pub(super) collection: String,
    /// Where one account is, such as `/users/{{ id }}`.
    pub(super) item: String,
    /// The list of accounts in an answer.
    pub(super) items: String,
    /// The field of the id.
    pub(super) id: String,
    /// The field of the user name.
    pub(super) name: String,
    /// The user name in an answer that shows one account.
    pub(super) own_name: String,
}

impl Draft {
    /// What can be guessed of a service.
    pub(super) fn of(service: &Service) -> Self {
        let create = path(&service.create.request);
        let all = service.list.iter().map(|list| path(&list.request));
        let made = match service.create.request.action.effect() {
            // `PUT /users/NAME` makes what it names.
            Effect::Replaces => parent(&create),
            Effect::Reads | Effect::Changes | Effect::Deletes => create.clone(),
        };
        let collection = all.chain([made]).find(|path| !path.is_empty()).unwrap_or_default();
        let polls = service.verify.iter().chain(&service.gone).map(|poll| &poll.request);
        let mut one = polls
            .chain(service.delete.last())
            .map(path)
            .filter(|path| path.contains("{{"));
        let item = one
            .next()
            .unwrap_or_else(|| format!("{}/{{{{ id }}}}", collection.trim_end_matches('/')));
        let of_items = |list: Option<&Expression>, find: Option<&Expression>| {
            list.or(find).map(|expression| expression.source().to_owned())
        };
        let (list, find) = (service.list.as_ref(), service.find.as_ref());
        let items = of_items(list.map(|list| &list.items), find.map(|find| &find.items));
        let id = of_items(list.map(|list| &list.id), find.map(|find| &find.id));
        let name = of_items(list.map(|list| &list.name), find.map(|find| &find.name));
        let verify = service.verify.as_ref().and_then(|verify| verify.name.as_ref());
        let shown = verify.or(service.create.name.as_ref()).and_then(plain);
        let field = name
            .as_deref()
            .and_then(field_of_item)
            .or_else(|| shown.as_deref().and_then(last))
            .or_else(|| sent(&service.create.request))
            .unwrap_or_else(|| "username".to_owned());
        let made = service.create.id.as_ref().and_then(plain);
        Self {
            collection,
            item,
            items: items.unwrap_or_else(|| "body".to_owned()),
            id: (id.as_deref().and_then(field_of_item))
                .or_else(|| made.as_deref().and_then(last))
                .unwrap_or_else(|| "id".to_owned()),
            own_name: shown.unwrap_or_else(|| format!("body.{field}")),
            name: field,
        }
    }

    /// How to look an account up by its name.
    pub(super) fn find(&self, service: &Service) -> String {
        let Self { items, id, name, .. } = self;
        let chosen = service.create.id.as_ref().filter(|_| service.chooses_id());
        if let Some(chosen) = chosen.filter(|_| self.item.contains("{{ id }}")) {
            // It is where its name says.
            let item = self.item.replace("{{ id }}", &format!("{{{{ {} }}}}", chosen.source()));
            return format!(
                "find: {{ request: \"GET {item}\", items: \"[body]\", id: {}, name: item.{name}, absent: [404] }}",
                chosen.source()
            );
        }
        let mark = if self.collection.contains('?') { '&' } else { '?' };
        format!(
            "find: {{ request: \"GET {}{mark}{name}={{{{ account.username }}}}\", items: {}, id: item.{id}, name: item.{name} }}",
            self.collection,
            quoted(items)
        )
    }

    /// How to list all accounts.
    pub(super) fn list(&self) -> String {
        let Self { items, id, name, .. } = self;
        format!(
            "list: {{ request: \"GET {}\", items: {}, id: item.{id}, name: item.{name}, next: link }}",
            self.collection,
            quoted(items)
        )
    }

    /// How to read an account back.
    pub(super) fn verify(&self) -> String {
        format!(
            "verify: {{ request: \"GET {}\", name: {} }}",
            self.item,
            quoted(&self.own_name)
        )
    }
}

/// As it stands in a flow map of YAML.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// The path of a request, without its query.
fn path(request: &Request) -> String {
    let source = request.action.source();
    let (_, target) = source.split_once(' ').unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    path.trim().to_owned()
}

/// The path above the last segment.
fn parent(path: &str) -> String {
    let (above, _) = path.rsplit_once('/').unwrap_or_default();
    if above.is_empty() {
        "/".to_owned()
    } else {
        above.to_owned()
    }
}

/// A path of names alone, such as `body.data.id`.
fn plain(expression: &Expression) -> Option<String> {
    let source = expression.source();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    (source.starts_with("body.") && source.chars().all(is_name)).then(|| source.to_owned())
}

fn last(path: &str) -> Option<String> {
    path.rsplit('.').next().map(str::to_owned)
}

fn field_of_item(source: &str) -> Option<String> {
    let name = source.strip_prefix("item.")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    name.chars().all(is_name).then(|| name.to_owned())
}

/// The field in which a create sends the user name.
fn sent(request: &Request) -> Option<String> {
    let is_name = |template: &Template| template.source() == "{{ account.username }}";
    let Action::Http(action) = &request.action;
    match &action.payload {
        Payload::Json(JsonTemplate::Map(entries)) => {
            let mut entries = entries.iter();
            let found = entries.find(|(_, value)| matches!(value, JsonTemplate::Text(text) if is_name(text)));
            found.map(|(name, _)| name.source())
        }
        Payload::Form(pairs) => {
            let mut pairs = pairs.iter();
            pairs.find(|(_, value)| is_name(value)).map(|(name, _)| name.clone())
        }
        Payload::Json(_) | Payload::Text(_) | Payload::None => None,
    }
}
