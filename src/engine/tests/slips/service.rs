//! A service that is played from its model: it keeps books, and may lie.
#![expect(clippy::wildcard_enum_match_arm, reason = "most lies concern one place alone")]

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::http;
use super::book::{Book, Held, State};
use super::listing;
use super::model::{Act, Ids, Model, Said, Verb, fill};
use super::nature::{Lie, No, Rights};
use super::route::{Call, Route, find_route};
use crate::domain::answer::{Answer, Body, Head};
use crate::ports::{Identity, Outgoing};

/// A model with its routes.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) model: Model,
    pub(super) routes: Vec<Route>,
}

/// A service with its books.
pub(super) struct Service {
    compiled: Arc<Compiled>,
    pub(super) lie: Lie,
    pub(super) rights: Rights,
    pub(super) books: Vec<Book>,
    /// Which tenant a credential belongs to; one that is not here is a stranger's.
    pub(super) keys: HashMap<String, String>,
}

/// The tenants that there are.
pub(super) const TENANTS: [&str; 2] = ["t1", "t2"];
/// The addresses at which there is a service.
pub(super) const HOSTS: [&str; 2] = ["a.test", "b.test"];

impl Service {
    /// A service whose books have these people in them.
    pub(super) fn new(compiled: Arc<Compiled>, lie: Lie, humans: &[String]) -> Self {
        let ids = compiled.model.ids;
        let id = |index: usize, name: &str| match ids {
            Ids::Counted => (index + 1).to_string(),
            Ids::Random | Ids::Given => random_id(u64::try_from(index).unwrap_or(0)),
            Ids::Name => name.to_owned(),
        };
        let books = HOSTS
            .iter()
            .flat_map(|host| TENANTS.iter().map(move |tenant| format!("{host} {tenant}")))
            .map(|place| Book::new(place, humans, id))
            .collect();
        Self {
            compiled,
            lie,
            rights: Rights::ALL,
            books,
            keys: HashMap::new(),
        }
    }

    /// Carries a request out that came with this credential.
    pub(super) fn apply(
        &mut self,
        now: u64,
        host: &str,
        credential: Option<&str>,
        request: &Outgoing,
        target: &str,
    ) -> Answer {
        self.catch_up(now);
        let compiled = Arc::clone(&self.compiled);
        let (route, call) = find_route(&compiled.routes, request, target);
        let Some(route) = route else {
            return self.unknown(&http(request).method);
        };
        let act = &route.act;
        let credential = credential.filter(|_| request.identity == Identity::Own);
        let key = credential.and_then(|credential| self.keys.get(credential)).cloned();
        let open = !compiled.model.guarded || act.public;
        if !open && (key.is_none() || !self.rights.alive) {
            let no = if self.rights.alive {
                No::Unauthorized
            } else {
                self.rights.no
            };
            return self.refuse(no, act, 401);
        }
        let tenant = match compiled.model.tenant.as_deref() {
            None => TENANTS[0].to_owned(),
            Some("path") => call.param("tenant").unwrap_or(TENANTS[0]).to_owned(),
            Some("key") => key.unwrap_or_else(|| TENANTS[0].to_owned()),
            Some(header) => {
                let name = header.trim_start_matches("header:").to_ascii_lowercase();
                call.header(&name).unwrap_or("none").to_owned()
            }
        };
        let place = format!("{host} {tenant}");
        let Some(index) = self.books.iter().position(|book| book.place == place) else {
            if self.lie != Lie::OpenTenants {
                return self.error(404, "no such tenant");
            }
            let book = Book::new(place, &[], |_, _| String::new());
            self.books.push(book);
            return self.act(self.books.len() - 1, now, act, &call);
        };
        let may = match act.verb {
            Verb::Create | Verb::Touch | Verb::Join => self.rights.create,
            Verb::Read | Verb::Binned => self.rights.see,
            Verb::List | Verb::Bins => self.rights.list,
            Verb::Delete | Verb::Bin | Verb::Purge | Verb::Deactivate | Verb::Expire | Verb::Leave => {
                self.rights.delete
            }
            Verb::Probe => !act.sees || (self.rights.see && self.rights.list),
        };
        if !may {
            return self.refuse(self.rights.no, act, 403);
        }
        self.act(index, now, act, &call)
    }

    /// What was to be done by now is done.
    fn catch_up(&mut self, now: u64) {
        for held in self.books.iter_mut().flat_map(|book| &mut book.held) {
            if held.ended > 0 && held.ended <= now && held.state == State::Alive {
                held.state = State::Deleted;
            }
        }
    }

    /// Is this a create?
    pub(super) fn creates(&self, request: &Outgoing, target: &str) -> bool {
        let (route, _) = find_route(&self.compiled.routes, request, target);
        route.is_some_and(|route| route.act.verb == Verb::Create)
    }

    /// Are there two accounts for one at this moment?
    pub(super) fn holds_twins(&self) -> bool {
        let mut names: Vec<&str> = self
            .books
            .iter()
            .flat_map(Book::left)
            .map(|held| held.asked.as_str())
            .collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// How it makes ids.
    pub(super) fn ids(&self) -> Ids {
        self.compiled.model.ids
    }

    /// What is left of ours in any place, by `now`.
    pub(super) fn left(&mut self, now: u64) -> Vec<(String, Held)> {
        self.catch_up(now);
        let left = self
            .books
            .iter()
            .flat_map(|book| book.left().map(|held| (book.place.clone(), held.clone())));
        left.collect()
    }

    fn unknown(&self, method: &str) -> Answer {
        match self.lie {
            Lie::EverythingSaysYes => json_answer(200, json!({})),
            Lie::DeletesSayYes if method == "DELETE" => no_content(204),
            _ => self.error(404, "no such address"),
        }
    }

    /// Says no to whoever lacks a right.
    fn refuse(&self, no: No, act: &Act, usual: u16) -> Answer {
        match no {
            No::Forbidden => self.error(usual, "no right"),
            No::Unauthorized => self.error(401, "who are you"),
            No::NotFound => self.error(404, "not found"),
            No::Empty => match act.verb {
                Verb::List | Verb::Bins => listing::empty(act),
                Verb::Delete | Verb::Bin | Verb::Purge | Verb::Deactivate | Verb::Expire | Verb::Leave => {
                    no_content(204)
                }
                Verb::Read | Verb::Binned => self.error(404, "not found"),
                Verb::Create | Verb::Touch | Verb::Join | Verb::Probe => self.error(usual, "no right"),
            },
        }
    }

    /// An answer that says no.
    pub(super) fn error(&self, status: u16, reason: &str) -> Answer {
        match &self.compiled.model.failure {
            Some(said) => saying(said, reason),
            None => json_answer(status, json!({ "error": reason })),
        }
    }

    fn act(&mut self, book: usize, now: u64, act: &Act, call: &Call) -> Answer {
        match act.verb {
            Verb::Create => self.create(book, now, act, call),
            Verb::Read => {
                let states: &[State] = if act.shows_inactive {
                    &[State::Alive, State::Inactive, State::Binned]
                } else {
                    &[State::Alive]
                };
                self.read(book, act, call, states)
            }
            Verb::Binned => self.read(book, act, call, &[State::Binned]),
            Verb::List => listing::list(self, book, now, act, call, State::Alive),
            Verb::Bins => listing::list(self, book, now, act, call, State::Binned),
            Verb::Probe => json_answer(
                act.status.unwrap_or(200),
                fill(act.answers.as_ref().unwrap_or(&json!({ "me": "qa" })), &|_| None),
            ),
            Verb::Delete | Verb::Bin => self.remove(book, now, act, call, &[State::Alive]),
            Verb::Deactivate => self.remove(book, now, act, call, &[State::Alive, State::Inactive]),
            Verb::Expire => self.remove(book, now, act, call, &[State::Alive, State::Binned]),
            Verb::Purge => self.remove(book, now, act, call, &[State::Binned]),
            Verb::Touch | Verb::Join | Verb::Leave => {
                let Some(held) = addressed(&mut self.books[book], call, &[State::Alive]) else {
                    return self.error(404, "not found");
                };
                held.touched = true;
                match act.verb {
                    Verb::Leave if !held.member => return self.error(404, "no member"),
                    Verb::Join => held.member = true,
                    Verb::Leave => held.member = false,
                    _ => {}
                }
                no_content(act.status.unwrap_or(204))
            }
        }
    }

    fn read(&mut self, book: usize, act: &Act, call: &Call, states: &[State]) -> Answer {
        let Some(held) = addressed(&mut self.books[book], call, states) else {
            return self.error(404, "not found");
        };
        let held = held.clone();
        let mut answer = json_answer(act.status.unwrap_or(200), around(act, &self.show(&held)));
        add(&mut answer, "etag", &etag(&held));
        answer
    }

    fn remove(&mut self, book: usize, now: u64, act: &Act, call: &Call, states: &[State]) -> Answer {
        let lie = self.lie;
        let usual = act.status.unwrap_or(204);
        let Some(held) = addressed(&mut self.books[book], call, states) else {
            if matches!(lie, Lie::DeletesSayYes | Lie::EverythingSaysYes) {
                return no_content(usual);
            }
            return match act.missing {
                Some(missing) => no_content(missing),
                None => self.error(404, "not found"),
            };
        };
        if held.member {
            return self.error(409, "a member");
        }
        if act.matches && call.header("if-match") != Some(&etag(held)) {
            return self.error(412, "it was changed");
        }
        if act.later > 0 && lie == Lie::None {
            held.ended = now + act.later;
            return no_content(usual);
        }
        match lie {
            Lie::DeletesNothing => return no_content(usual),
            Lie::DeletesLater(millis) => {
                held.ended = now + millis;
                return no_content(202);
            }
            _ => {}
        }
        held.ended = now.max(1);
        held.state = match act.verb {
            Verb::Bin => State::Binned,
            Verb::Expire if held.state == State::Alive => State::Binned,
            Verb::Deactivate => State::Inactive,
            _ => State::Deleted,
        };
        match &act.answers {
            Some(body) => json_answer(usual, body.clone()),
            None => no_content(usual),
        }
    }

    fn create(&mut self, book: usize, now: u64, act: &Act, call: &Call) -> Answer {
        let Some(asked) = call.param("name").filter(|name| !name.is_empty()).map(str::to_owned) else {
            return self.error(400, "no name");
        };
        let email = call.param("email").unwrap_or_default().to_owned();
        let name = match self.lie {
            Lie::Renames(rename) => rename.of(&asked),
            _ => asked.clone(),
        };
        let model = &self.compiled.model;
        let twins = model.twins || self.lie == Lie::Twins;
        let ids = model.ids;
        let unique_email = model.unique_email;
        let taken = model.taken.clone();
        let upserts = if self.lie == Lie::Upserts {
            Some(200)
        } else {
            act.upserts
        };
        let same = |held: &&mut Held| {
            held.state != State::Deleted && (held.name == name || (unique_email && held.email == email))
        };
        if let Some(held) = self.books[book].held.iter_mut().find(same) {
            if call.header("if-none-match") == Some("*") {
                return self.error(412, "it is there");
            }
            if let Some(status) = upserts {
                held.email = email;
                let held = held.clone();
                return self.made(&held, status, act);
            }
            if !twins {
                return match &taken {
                    Some(said) => saying(said, "taken"),
                    None => self.error(409, "taken"),
                };
            }
        }
        let lie = self.lie;
        let book = &mut self.books[book];
        if book.left().any(|held| held.asked == asked) {
            book.twins.push(asked.clone());
        }
        let number = book.number(lie == Lie::ReusesIds && ids == Ids::Counted);
        let id = match ids {
            Ids::Counted => number.to_string(),
            Ids::Random => random_id(number),
            Ids::Name => name.clone(),
            Ids::Given => match call.param("id") {
                Some(id) => id.to_owned(),
                None => random_id(number),
            },
        };
        let held = Held {
            id,
            asked,
            name,
            email,
            human: false,
            state: State::Alive,
            member: false,
            touched: false,
            born: now.max(1),
            ended: 0,
        };
        book.held.push(held.clone());
        match lie {
            Lie::SaysNo(status) => self.error(status, "no"),
            Lie::HidesId => json_answer(202, json!({ "id": null })),
            Lie::GivesOtherId | Lie::GivesNoId => {
                let somebody = &self.books[0].held[0].id;
                let id = if lie == Lie::GivesNoId { "987654" } else { somebody };
                let other = Held {
                    id: id.to_owned(),
                    ..held
                };
                self.made(&other, act.status.unwrap_or(201), act)
            }
            _ => self.made(&held, act.status.unwrap_or(201), act),
        }
    }

    fn made(&self, held: &Held, status: u16, act: &Act) -> Answer {
        let mut answer = match &act.answers {
            Some(Value::String(none)) if none == "none" => no_content(status),
            Some(template) => {
                let shown = self.show(held);
                let named = |name: &str| {
                    if name == "account" {
                        Some(shown.clone())
                    } else {
                        self.value(name, held)
                    }
                };
                json_answer(status, fill(template, &named))
            }
            None => json_answer(status, self.show(held)),
        };
        if let Some(location) = &act.location {
            let place = fill(&json!(location), &|name| self.value(name, held));
            add(&mut answer, "location", place.as_str().unwrap_or_default());
        }
        answer
    }

    /// An account as it is shown.
    pub(super) fn show(&self, held: &Held) -> Value {
        fill(&self.compiled.model.shows, &|name| self.value(name, held))
    }

    fn value(&self, name: &str, held: &Held) -> Option<Value> {
        let number = |id: &str| id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number));
        Some(match name {
            "id" if self.compiled.model.ids == Ids::Counted => number(&held.id),
            "id" => json!(held.id),
            "name" => json!(held.name),
            "email" => json!(held.email),
            "inactive" => json!(held.state == State::Inactive),
            "status" => json!(if held.state == State::Alive {
                "ACTIVE"
            } else {
                "DEPROVISIONED"
            }),
            "active" => json!(held.state == State::Alive),
            // Somebody else, who made it.
            "owner" => {
                let owner = &self.books[0].held[0].id;
                if self.compiled.model.ids == Ids::Counted {
                    number(owner)
                } else {
                    json!(owner)
                }
            }
            _ => return None,
        })
    }
}

/// The answer around an account.
fn around(act: &Act, shown: &Value) -> Value {
    match &act.answers {
        Some(template) => fill(template, &|name| (name == "account").then(|| shown.clone())),
        None => shown.clone(),
    }
}

/// The account that a call speaks of.
fn addressed<'b>(book: &'b mut Book, call: &Call, states: &[State]) -> Option<&'b mut Held> {
    match (call.param("id"), call.param("name")) {
        (Some(id), _) => book.get(id, states),
        (None, Some(name)) => {
            let meant = |held: &&mut Held| held.name == name && states.contains(&held.state);
            book.held.iter_mut().rev().find(meant)
        }
        (None, None) => None,
    }
}

fn etag(held: &Held) -> String {
    format!("\"v{}\"", held.id)
}

/// An id that nobody guesses, always the same for the same number.
fn random_id(number: u64) -> String {
    format!("{:016x}", (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn saying(said: &Said, reason: &str) -> Answer {
    json_answer(
        said.status,
        fill(&said.body, &|name| (name == "reason").then(|| json!(reason))),
    )
}

/// An answer with a body of JSON.
pub(super) fn json_answer(status: u16, body: Value) -> Answer {
    Answer::http(status, Vec::new(), Body::Json(body))
}

/// An answer without a body.
pub(super) fn no_content(status: u16) -> Answer {
    Answer::http(status, Vec::new(), Body::Text(String::new()))
}

/// Gives an answer another header field.
pub(super) fn add(answer: &mut Answer, name: &str, value: &str) {
    let Head::Http { headers, .. } = &mut answer.head;
    headers.push((name.to_owned(), value.to_owned()));
}
