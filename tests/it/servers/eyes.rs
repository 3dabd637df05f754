//! Whether a cleanup or a sweep that can't see says so: a scene on a real server, and what its own books say of the end.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::Arc;

use serde_json::Value;

use super::gateway::{Gateway, Plan};
use super::life::{self, Described};
use super::machine::{Ended, Machine};
use super::server::Server;

/// How many creates of a killed setup were answered, and how many were done and not answered.
const ANSWERED: usize = 3;
const LOST: usize = 2;
/// How many accounts a killed setup made.
pub(super) const HALF: usize = ANSWERED + LOST;
/// How many accounts a setup makes that isn't killed.
pub(super) const WHOLE: usize = 3;

/// Are the tests on that the engine does not pass yet?
pub(super) fn open() -> bool {
    env::var_os("STANDIN_TEST_EYES").is_some()
}

/// How the administrator reads the books.
#[derive(Clone, Copy)]
pub(super) struct Books {
    pub(super) users: fn(&Server) -> Value,
    /// Under which key the name is.
    pub(super) name: &'static str,
    /// How long a request may take there while other tests are at work.
    pub(super) timeout: &'static str,
}

/// A machine with a setup behind it.
pub(super) struct Scene {
    pub(super) real: Described,
    pub(super) machine: Machine,
    gateway: Gateway,
    books: Books,
    front: String,
    /// What setup made: the names by their ids.
    made: BTreeMap<String, String>,
}

/// How a command ended, and what its report names.
pub(super) struct Told {
    pub(super) ended: Ended,
    leftovers: Vec<Leftover>,
}

#[derive(Debug)]
struct Leftover {
    id: Option<String>,
    username: Option<String>,
    reason: String,
}

impl Scene {
    /// A setup that was killed in its midst: it made [`HALF`] accounts, and doesn't know of all of them.
    pub(super) fn killed(real: Described, books: Books, prefix: &str, variables: &[(&'static str, &str)]) -> Self {
        let plan = Plan {
            answered: ANSWERED,
            lost: LOST,
        };
        let mut scene = Self::new(real, books, prefix, plan, variables);
        let mut setup = scene.machine.start(&["setup"]);
        scene.gateway.until_lost();
        setup.kill().unwrap();
        assert_eq!(Machine::end(setup).signal(), Some(9));
        scene.gateway.open();
        scene.made = scene.alive();
        assert_eq!(scene.made.len(), HALF);
        scene
    }

    /// A setup that made [`WHOLE`] accounts.
    pub(super) fn whole(real: Described, books: Books, prefix: &str, variables: &[(&'static str, &str)]) -> Self {
        let plan = Plan { answered: 0, lost: 0 };
        let mut scene = Self::new(real, books, prefix, plan, variables);
        scene.gateway.open();
        let setup = scene.machine.run(&["setup", "--persona", "whole"]);
        assert_eq!(setup.code(), Some(0), "{}", setup.log);
        scene.made = scene.alive();
        assert_eq!(scene.made.len(), WHOLE);
        scene
    }

    fn new(real: Described, books: Books, prefix: &str, plan: Plan, variables: &[(&'static str, &str)]) -> Self {
        let gateway = Gateway::start(real.server.port(), plan);
        let (service, timeout) = (&real.service, books.timeout);
        let mut machine = Machine::new(&format!(
            "prefix: {prefix}\nttl: 0s\nservices:\n  - name: real\n{service}    limits: {{ concurrency: 3 }}\n    timeout: {timeout}\naccounts:\n  - {{ name: half, count: 8 }}\n  - {{ name: whole, count: {WHOLE} }}\n"
        ));
        machine.set("URL", &gateway.url());
        machine.set("SECRET", &real.secret);
        for (name, value) in variables {
            machine.set(name, value);
        }
        Self {
            real,
            machine,
            gateway,
            books,
            front: format!("{prefix}-"),
            made: BTreeMap::new(),
        }
    }

    /// What the books hold of ours: what bears our prefix, and what setup made, whatever it is called by now.
    pub(super) fn alive(&self) -> BTreeMap<String, String> {
        let users = (self.books.users)(&self.real.server);
        let users = users.as_array().unwrap().iter().map(|user| {
            let id = text(&user["id"]).unwrap();
            // Whom another test deletes at this moment may have none any more.
            (id, user[self.books.name].as_str().unwrap_or_default().to_owned())
        });
        users
            .filter(|(id, name)| name.starts_with(&self.front) || self.made.contains_key(id))
            .collect()
    }

    fn told(&self, arguments: &[&str]) -> Told {
        let report = self.machine.path("report.json");
        fs::remove_file(&report).ok();
        let arguments = [arguments, &["--report", report.to_str().unwrap()]].concat();
        let ended = self.machine.run(&arguments);
        life::assert_quiet(&ended, &self.real.secret);
        let said: Value = fs::read_to_string(&report)
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap_or_default();
        let leftovers = said["leftovers"].as_array().into_iter().flatten();
        let leftovers = leftovers.map(|leftover| Leftover {
            id: text(&leftover["id"]),
            username: text(&leftover["username"]),
            reason: text(&leftover["reason"]).unwrap_or_default(),
        });
        Told {
            leftovers: leftovers.collect(),
            ended,
        }
    }

    /// Cleans up. Where it ends with 0 nothing is alive, and where it ends with 1 all that is alive is named, each with a reason.
    pub(super) fn cleanup(&self) -> Told {
        let told = self.told(&["cleanup"]);
        let alive = self.alive();
        let Told { ended, leftovers } = &told;
        let when = format!("alive: {alive:?}\nleftovers: {leftovers:?}\n{}", ended.log);
        match ended.code() {
            Some(0) => assert!(alive.is_empty(), "{when}"),
            Some(1) => {
                for (id, name) in &alive {
                    let made = self.made.get(id).unwrap_or(name);
                    let named = leftovers
                        .iter()
                        .find(|it| it.id.as_ref() == Some(id) || it.username.as_ref() == Some(made));
                    let named = named.unwrap_or_else(|| panic!("{id} {made} is not named: {when}"));
                    assert!(!named.reason.is_empty(), "{when}");
                }
                assert!(!leftovers.is_empty(), "{when}");
            }
            code => panic!("{code:?}: {when}"),
        }
        told
    }

    /// A cleanup that deletes all of them, or leaves one and names it by that id.
    pub(super) fn empties_or_names(&self, id: &str) {
        if self.cleanup().ended.code() == Some(1) {
            self.leaves(1, id);
        }
    }

    /// A cleanup that leaves so many accounts, names them, and says this.
    pub(super) fn leaves(&self, count: usize, part: &str) {
        let told = self.cleanup();
        let when = format!("{:?}\n{}", told.leftovers, told.ended.log);
        assert_eq!(told.ended.code(), Some(1), "{when}");
        assert_eq!(self.alive().len(), count, "{when}");
        assert!(told.ended.log.contains(part), "`{part}` is not said: {when}");
    }

    /// A cleanup after which the books are empty.
    pub(super) fn empties(&self) {
        let told = self.cleanup();
        assert_eq!(told.ended.code(), Some(0), "{:?}\n{}", told.leftovers, told.ended.log);
    }

    /// A sweep by somebody who can't see or delete them: it fails, and all of them are alive.
    pub(super) fn is_not_swept(&self) {
        let told = self.told(&["sweep", "--older-than", "0s"]);
        assert_eq!(told.ended.code(), Some(1), "{}", told.ended.log);
        assert_eq!(self.alive(), self.made, "{}", told.ended.log);
    }

    /// A sweep after which the books are empty.
    pub(super) fn is_swept(&self) {
        let told = self.told(&["sweep", "--older-than", "0s"]);
        assert_eq!(told.ended.code(), Some(0), "{}", told.ended.log);
        assert!(self.alive().is_empty(), "{}", told.ended.log);
    }

    /// Forgets the journal.
    pub(super) fn forget(&self) {
        fs::remove_dir_all(self.machine.path("home/.local")).unwrap();
    }

    /// The id of the account of that number among those that setup made.
    pub(super) fn id(&self, number: usize) -> &str {
        self.made.keys().nth(number).unwrap()
    }
}

/// The description with other credentials or with a mistake in it: each text stands in it and is replaced.
pub(super) fn changed(real: &Described, changes: &[(&str, &str)]) -> Described {
    let mut service = real.service.clone();
    for (from, to) in changes {
        assert!(service.contains(from), "`{from}` is not in {service}");
        service = service.replace(from, to);
    }
    Described {
        server: Arc::clone(&real.server),
        service,
        secret: real.secret.clone(),
        ..*real
    }
}

/// An id as text.
fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.as_u64().map(|number| number.to_string()))
}
