//! The examples in which each parallel worker has an account of its own, run by pytest and Playwright themselves. Of Cypress
//! there is its configuration alone: the program itself is a browser.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};
use tempfile::TempDir;

use crate::runner::node::Node;

/// A checkout of the example, and the shop.
struct Project {
    root: TempDir,
    sandbox: SandboxHandle,
}

impl Project {
    fn new() -> Self {
        let shop = Sandbox::builder().service(ServiceSpec::new("orders").basic("qa", "sandbox-pw"));
        let project = Self {
            root: TempDir::with_prefix("standin-workers-").unwrap(),
            sandbox: Sandbox::spawn_thread(shop).unwrap(),
        };
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workers");
        for entry in fs::read_dir(example).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), project.root.path().join(entry.file_name())).unwrap();
        }
        project
    }

    fn credentials(&self) -> PathBuf {
        self.root.path().join("credentials.json")
    }

    /// Runs a test runner with accounts for three workers.
    fn run(&self, words: &[&str]) -> Output {
        let node = Node::TwentyFour.program();
        let search_path = format!("{}:/usr/bin:/bin", node.parent().unwrap().display());
        let output = Command::new(env!("CARGO_BIN_EXE_standin"))
            .args(["run", "--config", "standin.yml", "--"])
            .args(words)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", search_path)
            .env("HOME", self.root.path())
            .env("SHOP_URL", self.sandbox.url("orders"))
            .env("SHOP_PASSWORD", "sandbox-pw")
            .env("WORKERS", "3")
            .env("STANDIN_CREDENTIALS_FILE", self.credentials())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{log}");
        let books = self.sandbox.books("orders").unwrap();
        assert_eq!((books.created_ever, books.left().count()), (3, 0), "{log}");
        assert!(!self.credentials().exists(), "the passwords are left behind");
        output
    }
}

/// The parts of the user names behind the marker.
fn buyers(text: &str) -> BTreeSet<String> {
    let names = text.split("-buyer-").skip(1);
    names.map(|rest| format!("buyer-{}", &rest[..1])).collect()
}

/// A tool that `scripts/test` installs and names in a variable.
fn tool(variable: &str) -> PathBuf {
    let path = env::var_os(variable).map(PathBuf::from);
    path.unwrap_or_else(|| panic!("`{variable}` is not set\nhint: run `scripts/test`, which installs what it names"))
}

fn all_three() -> BTreeSet<String> {
    ["buyer-1", "buyer-2", "buyer-3"].map(str::to_owned).into()
}

#[test]
fn each_worker_of_pytest_has_an_account_of_its_own() {
    let (project, python) = (Project::new(), tool("STANDIN_TEST_PYTHON"));
    let words = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "3",
        "--junitxml",
        "report.xml",
    ];
    project.run(&[&[python.to_str().unwrap()][..], &words].concat());
    let report = fs::read_to_string(project.root.path().join("report.xml")).unwrap();
    assert!(report.contains("tests=\"6\""), "{report}");
    assert_eq!(buyers(&report), all_three());
}

#[test]
fn each_worker_of_playwright_has_an_account_of_its_own() {
    let project = Project::new();
    symlink(
        tool("STANDIN_TEST_PLAYWRIGHT"),
        project.root.path().join("node_modules"),
    )
    .unwrap();
    let runner = "node_modules/@playwright/test/cli.js";
    let output = project.run(&["node", runner, "test", "--workers", "3", "--reporter", "json"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("\"expected\": 6"), "{report}");
    assert_eq!(buyers(&report), all_three());
}

#[test]
fn each_process_of_cypress_is_configured_with_an_account_of_its_own() {
    let project = Project::new();
    let module = project.root.path().join("node_modules/cypress");
    fs::create_dir_all(&module).unwrap();
    fs::write(module.join("index.js"), "exports.defineConfig = (config) => config;").unwrap();
    let script = "for worker in 1 2 3; do WORKER=$worker node -p 'require(\"./cypress.config.js\").env.username'; done";
    let output = project.run(&["sh", "-ec", script]);
    assert_eq!(buyers(&String::from_utf8(output.stdout).unwrap()), all_three());
}
