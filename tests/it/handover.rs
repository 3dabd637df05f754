//! The files that other CI systems read: a dotenv report, a properties file, credentials and the report, in their exact shapes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use standin::sandbox::SandboxHandle;
use tempfile::TempDir;

use crate::services::{NAMES, article, left, made, start, three};

const PASSWORD: &str = "sesame-open-9";

/// A machine without a runner: a working directory with the article's file, and a home.
struct Machine {
    root: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How a command ended, and what it printed.
struct Ended {
    code: Option<i32>,
    data: String,
    log: String,
}

impl Machine {
    fn new(sandbox: &SandboxHandle) -> Self {
        let machine = Self {
            root: TempDir::with_prefix("standin-handover-").unwrap(),
            variables: Vec::new(),
        };
        for folder in ["work", "home", "tmp"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        fs::write(machine.path("work/standin.json"), article(sandbox, PASSWORD)).unwrap();
        machine
    }

    /// The same in a job of GitLab CI.
    fn gitlab(mut self) -> Self {
        let project = self.path("work").display().to_string();
        self.variables = vec![
            ("GITLAB_CI", "true".to_owned()),
            ("CI_PROJECT_DIR", project),
            ("CI_PIPELINE_ID", "7301".to_owned()),
            ("CI_PROJECT_PATH", "octocat/shop".to_owned()),
        ];
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("work").join(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.args(arguments).current_dir(self.path("work")).env_clear();
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        let output = command
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .output()
            .unwrap();
        Ended {
            code: output.status.code(),
            data: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The id of the account in each service, as the service's books have it.
fn ids(sandbox: &SandboxHandle) -> [String; 3] {
    NAMES.map(|name| sandbox.books(name).unwrap().left().next().unwrap().id.clone())
}

fn variables(sandbox: &SandboxHandle) -> String {
    let lines = NAMES.iter().zip(ids(sandbox));
    let lines = lines.map(|(name, id)| format!("STANDIN_{}_TEST_USER_ID={id}\n", name.to_uppercase()));
    lines.collect::<Vec<_>>().concat()
}

/// What the output `accounts` holds on GitHub.
fn accounts(sandbox: &SandboxHandle) -> String {
    let accounts = NAMES.map(|name| {
        let account = sandbox.books(name).unwrap().left().next().unwrap().clone();
        let (id, username, email) = (account.id, account.username, account.email.unwrap());
        format!(
            r#"{{"service":"{name}","account":"test_user","username":"{username}","email":"{email}","id":"{id}","outputs":{{}}}}"#
        )
    });
    format!("[{}]\n", accounts.join(","))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_plain_host_gets_files_of_ids_and_private_credentials() {
    let sandbox = start(three(PASSWORD));
    let machine = Machine::new(&sandbox);
    let ended = machine.run(&[
        "setup",
        "--dotenv",
        "ids.env",
        "--properties=ids.properties",
        "--credentials-file",
        "credentials.json",
        "--report",
        "report.json",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert_eq!(ended.data, accounts(&sandbox));
    assert!(
        !ended.log.contains("::"),
        "no command of a runner that is not there: {}",
        ended.log
    );
    assert_eq!(machine.read("ids.env"), variables(&sandbox));
    assert_eq!(machine.read("ids.properties"), variables(&sandbox));
    let credentials: Value = serde_json::from_str(&machine.read("credentials.json")).unwrap();
    let users = &credentials["accounts"]["users/test_user"];
    assert_eq!(
        (&credentials["version"], &users["id"]),
        (&json!(1), &json!(ids(&sandbox)[0]))
    );
    for name in ["ids.env", "ids.properties", "credentials.json", "report.json"] {
        assert_eq!(mode(&machine.path("work").join(name)), 0o600, "{name}");
    }
    let report: Value = serde_json::from_str(&machine.read("report.json")).unwrap();
    let username = users["username"].as_str().unwrap();
    let accounts: Vec<Value> = NAMES
        .iter()
        .zip(ids(&sandbox))
        .map(|(name, id)| json!({"service": name, "account": "test_user", "username": username, "id": id, "status": "verified"}))
        .collect();
    assert_eq!(
        report,
        json!({
            "version": 1, "run": report["run"], "phase": "setup", "accounts": accounts, "leftovers": [],
            "requests": 6, "seconds": report["seconds"],
        })
    );
    assert!(
        report["run"].is_string() && report["seconds"].as_f64().unwrap() > 0.0,
        "{report}"
    );
    let journals = machine.path("home/.local/state/standin");
    assert_eq!(mode(&journals), 0o700);

    let ended = machine.run(&["cleanup", "--report", "after.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(ended.log.contains("3 deleted, 0 left"), "{}", ended.log);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn gitlab_gets_a_strict_dotenv_report_and_a_journal_beside_the_project() {
    let sandbox = start(three(PASSWORD));
    let machine = Machine::new(&sandbox).gitlab();
    let ended = machine.run(&["setup", "--dotenv", "ids.env"]);
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert_eq!(ended.data, accounts(&sandbox));
    assert!(!ended.log.contains("add-mask"), "GitLab would print it: {}", ended.log);
    assert_eq!(machine.read("ids.env"), variables(&sandbox));
    assert_eq!(mode(&machine.path("work.tmp/standin")), 0o700);
    assert!(!machine.path("home/.local").exists());
    let ended = machine.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn more_than_gitlab_takes_becomes_the_path_of_a_file() {
    let sandbox = start(three(PASSWORD));
    for (count, fits) in [(20, true), (21, false)] {
        let machine = Machine::new(&sandbox).gitlab();
        let config = format!(
            "services: [{{ name: users, url: '{}', username: qa, password: {PASSWORD} }}]\naccounts: [{{ name: buyer, count: {count} }}]\n",
            sandbox.url("users")
        );
        fs::remove_file(machine.path("work/standin.json")).unwrap();
        fs::write(machine.path("work/standin.yml"), config).unwrap();
        let ended = machine.run(&["setup", "--dotenv", "ids.env"]);
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        let report = machine.read("ids.env");
        if fits {
            assert_eq!(report.lines().count(), 20);
            assert!(
                report.lines().all(|line| line.starts_with("STANDIN_USERS_BUYER_")),
                "{report}"
            );
        } else {
            let path = report
                .strip_prefix("STANDIN_ACCOUNTS_FILE=")
                .unwrap()
                .strip_suffix('\n')
                .unwrap();
            let accounts: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            assert_eq!(accounts.len(), count);
        }
        assert_eq!(machine.run(&["cleanup"]).code, Some(0));
    }
    assert_eq!((made(&sandbox), left(&sandbox)), ([41, 0, 0], [0; 3]));
}

#[test]
fn the_report_of_a_leftover_says_which_why_and_what_to_do() {
    let sandbox = start(three(PASSWORD).fault("orders DELETE 1 status 403"));
    let machine = Machine::new(&sandbox);
    let ended = machine.run(&["setup"]);
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    let id = ids(&sandbox)[1].clone();
    let ended = machine.run(&["cleanup", "--report", "report.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    let report: Value = serde_json::from_str(&machine.read("report.json")).unwrap();
    let username = report["accounts"][1]["username"].as_str().unwrap();
    let hint = report["leftovers"][0]["hint"].as_str().unwrap();
    let told = "let the credentials of `orders` delete accounts, then run `standin cleanup --journal ";
    assert!(hint.starts_with(told), "{hint}");
    assert_eq!(
        report["leftovers"],
        json!([{
            "service": "orders", "account": "test_user", "id": id, "username": username, "reason": "failed", "hint": hint,
        }])
    );
    assert_eq!(report["phase"], "cleanup");
    let statuses: BTreeMap<&str, &str> = report["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["service"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    assert_eq!((statuses["users"], statuses["billing"]), ("gone", "gone"));
    assert_ne!(statuses["orders"], "gone");
    for part in [
        "orders/test_user",
        username,
        &id,
        "was answered with 403: a fault",
        "hint: let the credentials of `orders` delete accounts, then run `standin cleanup --journal ",
    ] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
    let ended = machine.run(&["cleanup"]);
    assert_eq!((ended.code, left(&sandbox)), (Some(0), [0; 3]), "{}", ended.log);
    let ended = machine.run(&["cleanup"]);
    assert_eq!(ended.code, Some(0), "twice is harmless: {}", ended.log);
    assert!(ended.log.contains("nothing is left to delete"), "{}", ended.log);
}
