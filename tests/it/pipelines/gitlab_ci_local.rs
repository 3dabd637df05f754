//! The GitLab component under a foreign runner, gitlab-ci-local: what it makes of includes, inputs, `extends`, artifacts and
//! dotenv reports. It knows no cancellation, and reads a dotenv report less strictly than GitLab does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use standin::sandbox::SandboxHandle;
use tempfile::TempDir;

use super::example::read;
use super::{configuration, write_program};
use crate::runner::node::Node;
use crate::services::start;

/// A user's repository with the component in it.
struct Project {
    root: TempDir,
    sandbox: SandboxHandle,
}

impl Project {
    fn new(pipeline: &str, tests: &str) -> Self {
        let sandbox = standin::sandbox::ServiceSpec::new("users").basic("qa", "sandbox-pw");
        let project = Self {
            root: TempDir::with_prefix("standin-gitlab-").unwrap(),
            sandbox: start(standin::sandbox::Sandbox::builder().service(sandbox)),
        };
        for folder in ["bin", "home", "shop/templates"] {
            fs::create_dir_all(project.path(folder)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_standin"), project.path("bin/standin")).unwrap();
        for name in ["accounts.yml", "stop.yml"] {
            let text = read(&format!("templates/{name}"));
            fs::write(project.path(&format!("shop/templates/{name}")), text).unwrap();
        }
        fs::write(project.path("shop/standin.yml"), configuration(&project.sandbox)).unwrap();
        fs::write(project.path("shop/.gitlab-ci.yml"), pipeline).unwrap();
        write_program(&project.path("shop/run-tests.sh"), tests);
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "--all"],
            &[
                "-c",
                "user.name=test",
                "-c",
                "user.email=test@example.com",
                "commit",
                "--quiet",
                "--message=test",
            ],
            &["remote", "add", "origin", "https://gitlab.com/octocat/shop.git"],
        ] {
            let mut git = Command::new("git");
            git.args(arguments)
                .current_dir(project.path("shop"))
                .env("HOME", project.path("home"));
            assert!(git.status().unwrap().success(), "{git:?}");
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs the pipeline; says whether it passed, and all that was printed.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let program = std::env::var_os("STANDIN_TEST_GITLAB_CI_LOCAL").expect(
            "no gitlab-ci-local\nhint: run `scripts/test`, which installs it and sets `STANDIN_TEST_GITLAB_CI_LOCAL`",
        );
        let node = Node::TwentyFour.program();
        let output = Command::new(node)
            .arg(program)
            .args([
                "--force-shell-executor",
                "--shell-executor-no-image",
                "--variable",
                "QA_PASSWORD=sandbox-pw",
            ])
            .args(arguments)
            .current_dir(self.path("shop"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("HOME", self.path("home"))
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), log)
    }

    /// How many accounts were ever made, and how many are left.
    fn accounts(&self) -> (u64, usize) {
        let books = self.sandbox.books("users").unwrap();
        (books.created_ever, books.left().count())
    }
}

/// The example, with the component taken from the repository itself.
fn example() -> String {
    let text = read("examples/ci/gitlab.yml");
    let local = text
        .replace(
            "component: $CI_SERVER_FQDN/standin-ci/standin/accounts@1",
            "local: templates/accounts.yml",
        )
        .replace(
            "component: $CI_SERVER_FQDN/standin-ci/standin/stop@1",
            "local: templates/stop.yml",
        );
    assert_eq!(local.matches("local: ").count(), 2, "{text}");
    local
}

#[test]
fn the_component_gives_a_job_accounts_and_takes_them_away() {
    let project = Project::new(&example(), "#!/bin/sh\ntest -s \"$STANDIN_CREDENTIALS_FILE\"\n");
    let (passed, log) = project.run(&[]);
    assert!(passed, "{log}");
    assert_eq!(project.accounts(), (1, 0), "{log}");
    // The report was read by a job that comes after.
    assert!(log.contains("tested as usr_"), "{log}");
    let files: Vec<_> = fs::read_dir(project.path("shop.tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files.len(), 1, "beside the journals nothing is left: {files:?}");
}

#[test]
fn tests_that_fail_in_the_component_leave_no_account() {
    let project = Project::new(&example(), "#!/bin/sh\nexit 3\n");
    let (passed, log) = project.run(&[]);
    assert!(!passed, "{log}");
    assert_eq!(project.accounts(), (1, 0), "{log}");
}

#[test]
fn to_stop_the_environment_sweeps_what_a_lost_job_has_left() {
    // A job that never comes to its end, as far as the accounts can tell.
    let script = "  script:\n    - ./run-tests.sh\n";
    let pipeline = example().replace(script, &format!("{script}  after_script: []\n"));
    assert!(pipeline.contains("after_script"));
    // In the order in which a person would press the button.
    let pipeline = pipeline + "\nstandin-stop:\n  needs: [standin-binary, end-to-end]\n";
    let project = Project::new(&pipeline, "#!/bin/sh\n");
    let (passed, log) = project.run(&["--manual", "standin-stop"]);
    assert!(passed, "{log}");
    assert_eq!(project.accounts(), (1, 0), "{log}");
    assert!(
        log.contains("standin sweep --run this") && log.contains("1 deleted, 0 left"),
        "{log}"
    );
}
