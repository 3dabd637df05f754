//! How a service lists and finds: filters, pages, and what is around them.

use serde_json::{Value, json};

use super::book::{Held, State};
use super::model::{Act, Pages, Style, fill};
use super::nature::Lie;
use super::route::Call;
use super::service::{Service, add, json_answer};
use crate::domain::answer::Answer;

/// A list in which nobody is.
pub(super) fn empty(act: &Act) -> Answer {
    json_answer(200, around(act, &[], 0, 0, None))
}

/// The accounts of a book that a call asks for.
pub(super) fn list(service: &Service, book: usize, now: u64, act: &Act, call: &Call, state: State) -> Answer {
    let lag = if let Lie::Lags(lag) = service.lie { lag } else { 0 };
    let mut meant: Vec<&Held> = Vec::new();
    for held in &service.books[book].held {
        let is_shown =
            held.state == state || (act.shows_inactive && matches!(held.state, State::Inactive | State::Binned));
        let is_there = is_shown && (held.human || held.born + lag <= now);
        let lingers = held.state == State::Deleted && state == State::Alive && held.ended + lag > now && lag > 0;
        if !is_there && !lingers {
            continue;
        }
        match passes(service, act, call, held) {
            Some(true) => meant.push(held),
            Some(false) => {}
            None => return service.error(400, "no such filter"),
        }
    }
    if service.lie == Lie::EmptyLists {
        meant.clear();
    }
    let total = meant.len();
    let shown = |held: &&Held| service.show(held);
    let Some(pages) = &act.pages else {
        let items: Vec<Value> = meant.iter().map(shown).collect();
        return json_answer(act.status.unwrap_or(200), around(act, &items, total, 0, None));
    };
    let size = number(call, &pages.size).unwrap_or(pages.usual).max(1);
    let size = if service.lie == Lie::ShortPages {
        size.min(3)
    } else {
        size
    };
    let asked = number(call, &pages.param).unwrap_or(pages.first);
    let place = asked.saturating_sub(pages.first);
    let start = match pages.style {
        Style::Page | Style::Link => place * size,
        Style::Offset => place,
    };
    let items: Vec<Value> = meant.iter().skip(start).take(size).map(shown).collect();
    let end = start + items.len();
    let next = (end < total).then(|| next(pages, asked, end));
    let mut answer = json_answer(
        act.status.unwrap_or(200),
        around(act, &items, total, start + pages.first, next),
    );
    if let (Style::Link, Some(next)) = (pages.style, next) {
        let link = format!("<?{}={next}&{}={size}>; rel=\"next\"", pages.param, pages.size);
        add(&mut answer, "link", &link);
    }
    answer
}

fn next(pages: &Pages, asked: usize, end: usize) -> usize {
    match pages.style {
        Style::Page | Style::Link => asked + 1,
        Style::Offset => end + pages.first,
    }
}

fn number(call: &Call, name: &str) -> Option<usize> {
    let (_, value) = call.query.iter().find(|(known, _)| known == name)?;
    value.parse().ok()
}

fn around(act: &Act, items: &[Value], total: usize, start: usize, next: Option<usize>) -> Value {
    let template = act.answers.clone().unwrap_or_else(|| json!("$items"));
    fill(&template, &|name| match name {
        "items" => Some(json!(items)),
        "total" => Some(json!(total)),
        "start" => Some(json!(start)),
        "count" => Some(json!(items.len())),
        "next" => Some(json!(next.map(|next| next.to_string()))),
        _ => None,
    })
}

/// Does an account pass what the call asks for? `None` is a filter that can't be read.
fn passes(service: &Service, act: &Act, call: &Call, held: &Held) -> Option<bool> {
    if let Some(name) = &act.by {
        let wanted = call.param(name)?;
        let value = if name == "email" { &held.email } else { &held.name };
        if value != wanted {
            return Some(false);
        }
    }
    for (name, value) in &call.query {
        let is_of_pages = act
            .pages
            .as_ref()
            .is_some_and(|pages| pages.param == *name || pages.size == *name);
        if is_of_pages {
            continue;
        }
        let kind = act.filters.get(name).and_then(Value::as_str);
        let passed = match kind {
            None => service.lie != Lie::StrictFilters,
            Some("ignored") => true,
            Some("name") => held.name == *value,
            Some("name*") => held.name.starts_with(value.as_str()),
            Some("name~") => held.name.contains(value.as_str()),
            Some("realm") => format!("{}@corp.example", held.name) == *value,
            Some("email") => held.email.eq_ignore_ascii_case(value),
            Some("email~") => held.email.contains(value.as_str()),
            Some("id") => held.id == *value,
            Some("okta") => okta(value, held)?,
            Some("matrix") => format!("@{}:example.org", held.name).contains(value.as_str()),
            Some("exact") => {
                let exact = call
                    .query
                    .iter()
                    .any(|(name, value)| name == "exact" && value == "true");
                if exact {
                    held.name == *value
                } else {
                    held.name.contains(value.as_str())
                }
            }
            Some("scim") => scim(value, held)?,
            Some("directus") => directus(value, held)?,
            Some("pocket") => pocket(value, held)?,
            Some(other) => panic!("the model has no filter `{other}`"),
        };
        if !passed {
            return Some(false);
        }
    }
    Some(true)
}

/// `profile.login sw "FRONT"`; other searches are met by everybody.
fn okta(search: &str, held: &Held) -> Option<bool> {
    match search.strip_prefix("profile.login sw \"") {
        Some(front) => Some(held.name.starts_with(front.strip_suffix('"')?)),
        None => search.starts_with("lastUpdated gt \"").then_some(true),
    }
}

/// `userName eq "NAME"` and `userName sw "FRONT"`.
fn scim(filter: &str, held: &Held) -> Option<bool> {
    let mut words = filter.splitn(3, ' ');
    let (field, operator, value) = (words.next()?, words.next()?, words.next()?);
    let value = value.strip_prefix('"')?.strip_suffix('"')?;
    if field != "userName" {
        return None;
    }
    match operator {
        "eq" => Some(held.name == value),
        "sw" => Some(held.name.starts_with(value)),
        _ => None,
    }
}

/// A name, or one of several addresses.
fn directus(filter: &str, held: &Held) -> Option<bool> {
    let filter: Value = serde_json::from_str(filter).ok()?;
    let name = filter.pointer("/_or/0/external_identifier/_eq")?;
    let emails = filter.pointer("/_or/1/email/_in")?.as_array()?;
    let is_one = |email: &Value| {
        email
            .as_str()
            .is_some_and(|email| held.email.eq_ignore_ascii_case(email))
    };
    Some(*name == held.name.as_str() || emails.iter().any(is_one))
}

/// `(email='ADDRESS')` and `(email~'FRONT%')`, where the name is the front of the address.
fn pocket(filter: &str, held: &Held) -> Option<bool> {
    let address = format!("{}@example.com", held.name);
    let inner = filter.strip_prefix("(email")?.strip_suffix("')")?;
    if let Some(value) = inner.strip_prefix("='") {
        return Some(address == value);
    }
    let value = inner.strip_prefix("~'")?;
    Some(match value.strip_suffix('%') {
        Some(front) => address.starts_with(front),
        None => address.contains(value),
    })
}
