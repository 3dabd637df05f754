//! What `scripts/release` makes is what a workflow uses: the tag carries the action and its binary, and the branch does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::{article, left, made, put, start, three};

const PASSWORD: &str = "sesame-open-9";

/// The repository as it lies here, committed or not, as one commit of a repository of its own.
struct Repository {
    root: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            root: TempDir::with_prefix("standin-release-").unwrap(),
        };
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(here)
            .output()
            .unwrap();
        for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
            let (from, to) = (here.join(name), repository.path(name));
            if from.is_file() {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(from, to).unwrap();
            }
        }
        let changes = repository.path("CHANGELOG.md");
        let text = fs::read_to_string(&changes).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        fs::write(&changes, text.replace("## Unreleased", &format!("## {version}"))).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.git(&["add", "--all"]);
        let identity = [
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        repository.git(&[&identity[..], &["commit", "--quiet", "--message=test"]].concat());
        fs::copy(env!("CARGO_BIN_EXE_standin"), repository.path("dist/standin-linux-x64")).unwrap();
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.root.path())
            .env("HOME", self.root.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn release(&self, arguments: &[&str]) -> Output {
        Command::new(self.path("scripts/release"))
            .args(arguments)
            .current_dir(self.root.path())
            .env("HOME", self.root.path())
            .output()
            .unwrap()
    }
}

#[test]
fn a_release_tag_is_an_action_that_works_and_is_made_once() {
    let (repository, version) = (Repository::new(), env!("CARGO_PKG_VERSION"));
    let made_it = repository.release(&["tag", version]);
    assert!(made_it.status.success(), "{made_it:?}");
    let (major, _) = version.split_once('.').unwrap();
    let commit = repository.git(&["rev-parse", &format!("v{version}")]);
    assert_eq!(
        repository.git(&["rev-parse", &format!("v{major}")]),
        commit,
        "the major version's tag moves along"
    );
    assert_eq!(
        repository.git(&["ls-files", "dist"]),
        "dist/.gitkeep\n",
        "the branch carries no binary"
    );
    assert_eq!(repository.git(&["status", "--porcelain"]), "");

    // A pinned commit pins all that runs: what the runner downloads is that commit's tree.
    let (sandbox, runner) = (start(three(PASSWORD)), Runner::new());
    let action = runner.root().join("_work/_actions/standin-ci/standin/release");
    fs::create_dir_all(&action).unwrap();
    let archive = repository.path("action.tar");
    repository.git(&["archive", "--output", archive.to_str().unwrap(), commit.trim()]);
    let unpacked = Command::new("tar")
        .arg("-xf")
        .arg(&archive)
        .arg("-C")
        .arg(&action)
        .status();
    assert!(unpacked.unwrap().success());
    put(&runner, "standin.json", &article(&sandbox, PASSWORD));
    let result = Job::new().step(Step::uses(&action).id("accounts")).run(&runner);
    assert_eq!(result.conclusion, Outcome::Success, "{}", result.step("accounts").log);
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));

    let again = repository.release(&["tag", version]);
    assert!(!again.status.success());
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("is there already"), "{said}");
}

#[test]
fn a_release_that_the_repository_does_not_say_it_is_is_refused() {
    let repository = Repository::new();
    for (version, said) in [
        ("v1", "`v1` is no version"),
        ("99.0.0", "Cargo.toml says"),
        (env!("CARGO_PKG_VERSION"), "CHANGELOG.md has no heading"),
    ] {
        if said.starts_with("CHANGELOG") {
            fs::write(repository.path("CHANGELOG.md"), "# Changelog\n\n## Unreleased\n").unwrap();
        }
        for step in ["check", "bundle", "tag"] {
            let output = repository.release(&[step, version]);
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(
                !output.status.success() && told.contains(said),
                "{step} {version}: {told}"
            );
        }
    }
    assert_eq!(repository.git(&["tag"]), "");
}
