//! What every preset has to show on its server: a life cycle, a name that is taken, wrong credentials, a kill, and a sweep.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use standin::domain::marker::Marker;

use super::machine::{Ended, Machine};
use super::server::{Kind, SECRET, Server, Shared};

/// The presets whose lists have a filter.
const FILTERED: [&str; 9] = [
    "cognito",
    "jupyterhub",
    "keycloak",
    "keystone",
    "pocketbase",
    "redmine",
    "scim",
    "synapse",
    "wordpress",
];

/// A preset and the kind of server that it describes.
pub(crate) struct Preset {
    pub(crate) kind: Kind,
    pub(crate) shared: Shared,
    /// See [`Described`].
    pub(crate) service: &'static str,
    pub(crate) secret: fn(&Server) -> String,
    pub(crate) names: fn(&Server) -> Vec<String>,
    pub(crate) add: fn(&Server, &str),
}

impl Preset {
    /// The server that the tests share, with its description.
    pub(crate) fn real(&'static self) -> Described {
        self.described(self.shared.server(&self.kind))
    }

    /// Another server of the kind, with its description.
    pub(crate) fn described(&self, server: Arc<Server>) -> Described {
        Described {
            secret: (self.secret)(&server),
            server,
            service: self.service.to_owned(),
            names: self.names,
            add: self.add,
        }
    }
}

/// The secret that every server is started with.
pub(crate) fn started_with(_server: &Server) -> String {
    SECRET.to_owned()
}

/// The texts under a key of each item of a list.
pub(crate) fn texts(items: &serde_json::Value, key: &str) -> Vec<String> {
    let items = items.as_array().unwrap();
    items
        .iter()
        .map(|item| item[key].as_str().unwrap().to_owned())
        .collect()
}

/// Tests of what a preset has to show, in this order: `lives`, `proves` (to a check), `refuses STATUS` (a name that is taken), `keeps_out STATUS`
/// (wrong credentials), `settles` (what a killed setup left), `sweeps` (the same without its journal, among many people).
macro_rules! shows {
    ($preset:ident) => {};
    ($preset:ident, lives $($rest:tt)*) => {
        #[test]
        fn twenty_users_live_and_are_gone() {
            life::life_cycle(&$preset.real());
        }
        life::shows!($preset $($rest)*);
    };
    ($preset:ident, proves $($rest:tt)*) => {
        #[test]
        fn a_check_proves_each_block_and_leaves_nobody() {
            life::checked(&$preset.real());
        }
        life::shows!($preset $($rest)*);
    };
    ($preset:ident, refuses $status:literal $($rest:tt)*) => {
        #[test]
        fn a_person_of_the_same_name_stays() {
            let setup = life::duplicate(&$preset.real());
            assert!(setup.log.contains($status), "{}", setup.log);
        }
        life::shows!($preset $($rest)*);
    };
    ($preset:ident, keeps_out $status:literal $($rest:tt)*) => {
        #[test]
        fn wrong_credentials_make_nothing() {
            life::wrong_credentials(&$preset.real(), $status);
        }
        life::shows!($preset $($rest)*);
    };
    ($preset:ident, settles $($rest:tt)*) => {
        #[test]
        fn a_killed_setup_is_settled() {
            life::killed(&$preset.real());
        }
        life::shows!($preset $($rest)*);
    };
    ($preset:ident, sweeps) => {
        #[test]
        fn orphans_without_a_journal_are_swept_from_among_people() {
            life::swept(&$preset.real());
        }
    };
}
pub(crate) use shows;

/// How many people a server has beside the orphans that are swept.
const PEOPLE: usize = 200;

/// A server with the preset that describes it.
pub(crate) struct Described {
    pub(crate) server: Arc<Server>,
    /// The lines of the service beside its name, indented by four; its credentials read `env.SECRET`.
    pub(crate) service: String,
    /// What `env.SECRET` is.
    pub(crate) secret: String,
    /// The user names that the server itself lists.
    pub(crate) names: fn(&Server) -> Vec<String>,
    /// The accounts that all servers of the kind hold from the start, and those of the tests' people.
    pub(crate) add: fn(&Server, &str),
}

impl Described {
    /// A machine with twenty accounts, whose names begin with `prefix`: the tests share a server.
    pub(crate) fn machine(&self, prefix: &str, more: &str) -> Machine {
        let service = &self.service;
        let config = format!(
            "prefix: {prefix}\nservices:\n  - name: real\n{service}accounts:\n  - {{ name: alice, role: admin }}\n  - {{ name: buyer, count: 19 }}\n{more}"
        );
        let mut machine = Machine::new(&config);
        machine.set("URL", &self.server.url());
        machine.set("SECRET", &self.secret);
        machine
    }

    /// How many accounts with this prefix the server has.
    pub(crate) fn count(&self, prefix: &str) -> usize {
        let front = format!("{prefix}-");
        let names = (self.names)(&self.server);
        names.iter().filter(|name| name.starts_with(&front)).count()
    }
}

/// Twenty accounts are there after setup and gone after cleanup, and a second cleanup finds nothing to do.
pub(crate) fn life_cycle(real: &Described) {
    let machine = real.machine("lif", "");
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(0), "{}", setup.log);
    assert_eq!(real.count("lif"), 20, "{}", setup.log);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    // A create that a busy server did not answer was sent again, and what the first one may have made is "not found".
    for part in ["20 deleted", ", 0 left"] {
        assert!(cleanup.log.contains(part), "{part}: {}", cleanup.log);
    }
    assert_eq!(real.count("lif"), 0, "{}", cleanup.log);
    let again = machine.run(&["cleanup"]);
    assert_eq!(again.code(), Some(0), "{}", again.log);
    for ended in [&setup, &cleanup, &again] {
        assert_quiet(ended, &real.secret);
    }
}

/// A check finds nothing wrong, and deletes what it has created.
pub(crate) fn checked(real: &Described) {
    let machine = real.machine("chk", "");
    let check = machine.run(&["check", "--format", "json"]);
    assert_eq!(check.code(), Some(0), "{}\n{}", check.data, check.log);
    assert_eq!(real.count("chk"), 0, "{}", check.log);
    assert_quiet(&check, &real.secret);
}

/// A name that somebody has is refused; what was made beside it is taken back, and the person stays.
pub(crate) fn duplicate(real: &Described) -> Ended {
    (real.add)(&real.server, "taken");
    let machine = real.machine("dup", "  - { name: fixed, username: taken, unmarked: true }\n");
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    for part in ["real/fixed", "`taken`"] {
        assert!(setup.log.contains(part), "{part}: {}", setup.log);
    }
    assert!(setup.log.contains(", 0 left"), "{}", setup.log);
    assert_eq!(real.count("dup"), 0, "{}", setup.log);
    let names = (real.names)(&real.server);
    assert!(names.iter().any(|name| name == "taken"), "{names:?}\n{}", setup.log);
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    setup
}

/// Wrong credentials fail setup, and neither make nor leave anything.
pub(crate) fn wrong_credentials(real: &Described, status: &str) {
    let wrong = "another-0123456789abcdef-of-nobody";
    let mut machine = real.machine("bad", "");
    machine.set("SECRET", wrong);
    let setup = machine.run(&["setup"]);
    assert_eq!(setup.code(), Some(1), "{}", setup.log);
    assert!(setup.log.contains(status), "{}", setup.log);
    assert_quiet(&setup, wrong);
    assert_eq!(real.count("bad"), 0);
}

/// A setup that was killed in its midst is settled by cleanup.
pub(crate) fn killed(real: &Described) {
    let machine = half_made(real, "kil", "");
    let there = real.count("kil");
    let cleanup = machine.run(&["cleanup"]);
    assert_eq!(cleanup.code(), Some(0), "{}", cleanup.log);
    assert!(cleanup.log.contains(", 0 left"), "{}", cleanup.log);
    assert_eq!(real.count("kil"), 0, "there were {there}: {}", cleanup.log);
}

/// What a killed setup made is swept from among many people although its journal is lost, and no person is touched.
pub(crate) fn swept(real: &Described) {
    // Half of them have names that come as near to a marker as can be: only the check code is wrong.
    let people: BTreeSet<String> = (0..PEOPLE)
        .map(|number| match number % 2 {
            0 => format!("maria.keller-{number}"),
            _ => format!("hum-{number:023}-maria"),
        })
        .collect();
    for name in &people {
        assert!(Marker::at_front_of(name).is_none(), "{name}");
        (real.add)(&real.server, name);
    }
    let names = || -> BTreeSet<String> { (real.names)(&real.server).into_iter().collect() };
    let missing: Vec<_> = people.difference(&names()).cloned().collect();
    assert!(missing.is_empty(), "these people were not added: {missing:?}");
    let machine = half_made(real, "orp", "ttl: 0s\n");
    fs::remove_dir_all(machine.path("home/.local")).unwrap();
    // Where it is asked for our accounts alone, it lists nobody else; all of them are there for whoever asks for them.
    let all = lists(&machine.run(&["sweep", "--dry-run", "--format", "json", "--all-owners"]));
    assert!(all.accounts >= people.len() && !all.filtered, "{all:?}");
    let own = lists(&machine.run(&["sweep", "--dry-run", "--format", "json"]));
    let is_filtered = FILTERED
        .iter()
        .any(|name| real.service.contains(&format!("preset: {name}\n")))
        || real.service.contains("filter:");
    assert_eq!(own.filtered, is_filtered, "{own:?}");
    assert_eq!(own.accounts < people.len(), is_filtered, "{own:?}");
    // What was in flight when setup was killed may land after a sweep has looked: the next one finds it.
    for sweep in 0.. {
        let there = real.count("orp");
        assert!(sweep > 0 || there >= 3, "there are only {there} orphans");
        if there == 0 {
            break;
        }
        let ended = machine.run(&["sweep", "--older-than", "0s"]);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        assert!(
            sweep < 5,
            "{there} orphans are there after {sweep} sweeps: {}",
            ended.log
        );
        assert_quiet(&ended, &real.secret);
    }
    let touched: Vec<_> = people.difference(&names()).cloned().collect();
    assert!(touched.is_empty(), "these people are gone: {touched:?}");
}

/// What a sweep says of the one service's list.
#[derive(Debug, Deserialize)]
struct List {
    accounts: usize,
    filtered: bool,
}

fn lists(ended: &Ended) -> List {
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let mut report: serde_json::Value = serde_json::from_str(&ended.data).unwrap();
    serde_json::from_value(report["services"][0].take()).unwrap()
}

/// A machine whose setup was killed when three of its accounts were ready. Its journal tells, since the server may list its
/// users so slowly that setup is over by then.
fn half_made(real: &Described, prefix: &str, more: &str) -> Machine {
    let real = Described {
        server: Arc::clone(&real.server),
        service: format!(
            "{}    limits: {{ concurrency: 2, rate: 5/s }}\n    timeout: 10s\n",
            real.service
        ),
        secret: real.secret.clone(),
        ..*real
    };
    let machine = real.machine(prefix, more);
    let mut setup = machine.start(&["setup"]);
    let patience = Instant::now() + Duration::from_mins(3);
    while machine.occurrences(r#""event":"verified""#) < 3 {
        assert!(
            Instant::now() < patience && setup.try_wait().unwrap().is_none(),
            "setup makes no accounts"
        );
        thread::park_timeout(Duration::from_millis(10));
    }
    setup.kill().unwrap();
    assert_eq!(Machine::end(setup).signal(), Some(9));
    machine
}

/// Neither stream holds the secret, nor was there a panic.
pub(crate) fn assert_quiet(ended: &Ended, secret: &str) {
    for text in [&ended.data, &ended.log] {
        assert!(
            !text.contains(secret) && !text.contains(SECRET) && !text.contains("panicked"),
            "{text}"
        );
    }
}
