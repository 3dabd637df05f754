//! An account service in memory: its accounts, and what it answers.

use serde_json::{Value, json};

use super::http;
use crate::domain::answer::{Answer, Body};
use crate::ports::{Identity, Outgoing};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// `POST /accounts`
    Create,
    /// `GET /accounts/ID`
    Read,
    /// `GET /accounts?username=NAME`
    Find,
    /// `GET /accounts?page=N` or `?offset=N`: one page of all
    List,
    /// `DELETE /accounts/ID`
    Delete,
    /// `GET /me`
    Probe,
}

impl Kind {
    pub(super) fn of(request: &Outgoing) -> Self {
        match (http(request).method.as_str(), http(request).target.as_str()) {
            ("POST", "/accounts") => Self::Create,
            ("GET", "/me") => Self::Probe,
            ("GET", target) if target.starts_with("/accounts?username=") => Self::Find,
            ("GET", target) if target.starts_with("/accounts?") || target == "/accounts" => Self::List,
            ("GET", target) if target.starts_with("/accounts/") => Self::Read,
            ("DELETE", target) if target.starts_with("/accounts/") => Self::Delete,
            (method, target) => panic!("the service has no `{method} {target}`"),
        }
    }
}

/// How a service meets somebody without good credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strangers {
    /// It asks for no credentials.
    Welcome,
    /// With status 401.
    Refused,
    /// Nothing is there: 404, and look-ups are empty.
    SeeNothing,
    /// Every GET gives an empty list, and everything else 404.
    SeeEmptyLists,
    /// 404 to everything, look-ups too.
    NotFound,
}

/// What kind of service it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nature {
    /// How it meets strangers.
    pub(super) strangers: Strangers,
    /// It refuses equal names.
    pub(super) unique: bool,
    /// The id is the user name.
    pub(super) chosen: bool,
    /// It knows a request again by its `Idempotency-Key`.
    pub(super) keyed: bool,
    /// How long look-ups lag behind, in milliseconds.
    pub(super) lag: u64,
}

/// A service that asks for nothing, refuses equal names and shows everything at once.
pub(super) const PLAIN: Nature = Nature {
    strangers: Strangers::Welcome,
    unique: true,
    chosen: false,
    keyed: false,
    lag: 0,
};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) username: String,
    born: u64,
}

/// The books of one service.
pub(super) struct Book {
    pub(super) nature: Nature,
    held: Vec<Held>,
    humans: Vec<Held>,
    next: u32,
    keys: Vec<(String, String)>,
    /// How many more requests the credentials are good for.
    pub(super) good_for: Option<u32>,
    /// How often a second account was made of a name that was there.
    pub(super) twins: u32,
}

impl Book {
    /// Books with some accounts of people in them.
    pub(super) fn new(nature: Nature, humans: &[&str]) -> Self {
        let humans: Vec<Held> = humans
            .iter()
            .enumerate()
            .map(|(index, name)| Held {
                id: if nature.chosen {
                    (*name).to_owned()
                } else {
                    (index + 1).to_string()
                },
                username: (*name).to_owned(),
                born: 0,
            })
            .collect();
        Self {
            nature,
            held: humans.clone(),
            humans,
            next: 100,
            keys: Vec::new(),
            good_for: None,
            twins: 0,
        }
    }

    /// The accounts that were made for us.
    pub(super) fn ours(&self) -> Vec<Held> {
        self.held
            .iter()
            .filter(|held| !self.humans.contains(held))
            .cloned()
            .collect()
    }

    /// Is there an account of ours under this name?
    pub(super) fn has(&self, username: &str) -> bool {
        self.ours().iter().any(|held| held.username == username)
    }

    /// Are all accounts of people still there?
    pub(super) fn humans_are_whole(&self) -> bool {
        self.humans.iter().all(|human| self.held.contains(human))
    }

    /// The last account goes, and its id is somebody else's.
    pub(super) fn give_to(&mut self, username: &str) -> String {
        let held = self.held.last_mut().expect("an account");
        username.clone_into(&mut held.username);
        held.id.clone()
    }

    /// Is this id that of somebody of this name?
    pub(super) fn is_of(&self, id: &str, username: &str) -> bool {
        self.held.iter().any(|held| held.id == id && held.username == username)
    }

    /// The user name of an account of ours.
    pub(super) fn name_of(&self, id: &str) -> Option<String> {
        self.ours()
            .into_iter()
            .find(|held| held.id == id)
            .map(|held| held.username)
    }

    /// Carries a request out.
    pub(super) fn apply(&mut self, now: u64, request: &Outgoing) -> Answer {
        let kind = Kind::of(request);
        if !self.lets_in(request) {
            return self.to_a_stranger(kind);
        }
        let tail = |separator| {
            http(request)
                .target
                .rsplit(separator)
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        match kind {
            Kind::Probe => answer(200, json!({ "me": "qa" })),
            Kind::Create => self.create(now, request),
            Kind::Read => {
                let id = tail('/');
                self.held
                    .iter()
                    .find(|held| held.id == id)
                    .map_or_else(|| answer(404, json!({})), |held| answer(200, show(held)))
            }
            Kind::List => {
                let is_first =
                    ["/accounts", "/accounts?page=1", "/accounts?offset=0"].contains(&http(request).target.as_str());
                let all: Vec<Value> = self.held.iter().filter(|_| is_first).map(show).collect();
                answer(200, Value::Array(all))
            }
            Kind::Find => {
                let seen = |held: &&Held| held.born == 0 || held.born + self.nature.lag <= now;
                // This filter is as loose as some real ones: it gives whatever begins alike, people too.
                let list: Vec<Value> = self.held.iter().filter(seen).map(show).collect();
                answer(200, Value::Array(list))
            }
            Kind::Delete => {
                let id = tail('/');
                let before = self.held.len();
                self.held.retain(|held| held.id != id);
                if self.held.len() < before {
                    answer(204, Value::Null)
                } else {
                    answer(404, json!({}))
                }
            }
        }
    }

    fn lets_in(&mut self, request: &Outgoing) -> bool {
        if self.nature.strangers == Strangers::Welcome {
            return true;
        }
        if request.identity != Identity::Own {
            return false;
        }
        match &mut self.good_for {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    fn to_a_stranger(&self, kind: Kind) -> Answer {
        match (self.nature.strangers, kind) {
            (Strangers::Refused, _) => answer(401, json!({})),
            (Strangers::SeeNothing, Kind::Find)
            | (Strangers::SeeEmptyLists, Kind::Find | Kind::List | Kind::Read | Kind::Probe) => answer(200, json!([])),
            _ => answer(404, json!({})),
        }
    }

    fn create(&mut self, now: u64, request: &Outgoing) -> Answer {
        let body = http(request)
            .payload
            .as_ref()
            .map(|(_, bytes)| bytes.as_slice())
            .unwrap_or_default();
        let body: Value = serde_json::from_slice(body).expect("a create carries JSON");
        let username = body["username"].as_str().expect("a create carries a name").to_owned();
        let key = http(request).headers.iter().find(|(name, _)| name == "Idempotency-Key");
        if let (true, Some((_, key))) = (self.nature.keyed, key) {
            if let Some((_, id)) = self.keys.iter().find(|(known, _)| known == key) {
                return answer(201, json!({ "id": id, "username": username }));
            }
            self.keys.push((key.clone(), self.next.to_string()));
        }
        if self.held.iter().any(|held| held.username == username) {
            if self.nature.unique {
                return answer(409, json!({}));
            }
            self.twins += 1;
        }
        let id = if self.nature.chosen {
            username.clone()
        } else {
            self.next.to_string()
        };
        self.next += 1;
        let held = Held {
            id,
            username,
            born: now.max(1),
        };
        let shown = show(&held);
        self.held.push(held);
        answer(201, shown)
    }
}

fn show(held: &Held) -> Value {
    json!({ "id": held.id, "username": held.username })
}

/// An answer without headers.
pub(super) fn answer(status: u16, body: Value) -> Answer {
    Answer::http(status, Vec::new(), Body::Json(body))
}
