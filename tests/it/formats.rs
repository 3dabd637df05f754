//! Every version there ever was of a journal, a sealed copy and a state still cleans up. `tests/fixtures/formats` has one
//! folder for each version of the journal's format, as a program of that time wrote it: a setup of two accounts that was
//! killed when one of them had no answer yet.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use standin::adapters::boot;
use standin::domain::event::VERSION;
use standin::domain::place::digest;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;

/// What was written by a program of one version, and a service that has the accounts.
struct Past {
    folder: PathBuf,
    sandbox: SandboxHandle,
    /// The id in the files and the one that the service of today gives, for each account.
    ids: Vec<(String, String)>,
    marker: String,
}

impl Past {
    fn new(version: u32) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/formats/{version}"));
        assert!(
            folder.is_dir(),
            "there is no {}\nhint: keep what a setup of this version writes, before it is released",
            folder.display()
        );
        let state: Value = serde_json::from_str(&fs::read_to_string(folder.join("state.json")).unwrap()).unwrap();
        let accounts = state["accounts"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut users = ServiceSpec::new("users").basic("qa", "sandbox-pw");
        // To the sandbox they are people: what was there before it began.
        users.humans = accounts.iter().map(|account| text(&account["username"])).collect();
        let sandbox = Sandbox::spawn_thread(Sandbox::builder().service(users)).unwrap();
        let books = sandbox.books("users").unwrap();
        let ids = accounts
            .iter()
            .map(|account| {
                let mut people = books.humans();
                let human = people.find(|human| human.username == account["username"]).unwrap();
                (text(&account["id"]), human.id.clone())
            })
            .collect();
        Self {
            folder,
            sandbox,
            ids,
            marker: text(&state["marker"]),
        }
    }

    /// A file as that program would have written it here.
    fn read(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.join(name)).unwrap();
        let url = self.sandbox.url("users");
        let text = text
            .replace("SERVICE_URL", &url)
            .replace("SERVICE_PLACE", &digest(&url))
            .replace("MACHINE_BOOT", &boot::id().unwrap_or_default());
        self.ids.iter().fold(text, |text, (then, now)| text.replace(then, now))
    }

    /// The machine of that setup, in the run that the files tell of.
    fn desk() -> Desk {
        Desk::new()
            .with("GITHUB_ACTIONS", "true")
            .with("GITHUB_REPOSITORY", "octo/shop")
            .with("GITHUB_RUN_ID", "4711")
            .with("GITHUB_RUN_ATTEMPT", "1")
    }

    fn left(&self) -> usize {
        self.sandbox.books("users").unwrap().humans().count()
    }
}

#[test]
fn a_journal_of_every_version_is_settled() {
    for version in 1..=VERSION {
        let (past, desk) = (Past::new(version), Past::desk());
        let entry = desk.journals().join(&past.marker);
        fs::create_dir(&entry).unwrap();
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o700)).unwrap();
        for name in ["journal.jsonl", "sealed.json"] {
            fs::write(entry.join(name), past.read(name)).unwrap();
        }
        assert_eq!(past.left(), 2);
        let ended = desk.run(&["cleanup"]);
        assert_eq!(
            (ended.code, past.left()),
            (Some(0), 0),
            "version {version}: {}",
            ended.stderr
        );
        assert!(ended.stderr.contains("2 deleted, 0 left"), "{}", ended.stderr);
        assert!(!entry.join("sealed.json").exists());
    }
}

#[test]
fn a_state_of_every_version_is_settled() {
    for version in 1..=VERSION {
        let past = Past::new(version);
        let sealed: Value = serde_json::from_str(&past.read("sealed.json")).unwrap();
        let desk = Past::desk().configured(sealed["text"].as_str().unwrap());
        let ended = desk.run(&["cleanup", "--state", &past.read("state.json")]);
        assert_eq!(
            (ended.code, past.left()),
            (Some(0), 0),
            "version {version}: {}",
            ended.stderr
        );
    }
}
