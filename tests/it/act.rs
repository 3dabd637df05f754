//! The action under a foreign runner, nektos/act, which agrees with ours on what both can do.
//!
//! Where act is known to differ from GitHub's runner (a cancel kills at once, masks know no encodings, a blank line between
//! two entries of a file is an error), our own emulator is the one to believe.

mod job;
mod limits;
mod own;
mod rows;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

use crate::runner::check_out_action;
use crate::runner::node::Node;

const PASSWORD: &str = "sesame-open-9";

/// A repository with the action in its folder `standin`, and act beside it.
struct Act {
    project: TempDir,
    /// Outside the project, which act copies into it.
    home: TempDir,
    /// Where act finds it, it runs all actions on it.
    node: Node,
}

/// One line of act's log in JSON.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Line {
    msg: String,
    stage: String,
    #[serde(rename = "jobID")]
    job_id: String,
    #[serde(rename = "stepID")]
    step_id: Vec<String>,
    step_result: String,
    job_result: String,
    /// The step itself has printed it.
    #[serde(rename = "raw_output")]
    raw: bool,
    /// The file command that act has taken, with its `name` and `arg` or its `content`.
    command: String,
    name: String,
    arg: String,
    content: String,
}

/// All that act told.
struct Log(Vec<Line>);

impl Act {
    /// A repository with the product's action in its folder `standin`.
    fn new() -> Self {
        let act = Self::empty();
        check_out_action(
            &act.project.path().join("standin"),
            Path::new(env!("CARGO_BIN_EXE_standin")),
        );
        act
    }

    /// A repository without anything.
    fn empty() -> Self {
        Self {
            project: TempDir::with_prefix("standin-act-").unwrap(),
            home: TempDir::with_prefix("standin-act-home-").unwrap(),
            node: Node::TwentyFour,
        }
    }

    /// Runs actions on this Node.
    fn on_node(mut self, node: Node) -> Self {
        self.node = node;
        self
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a workflow of one job with these steps.
    fn run(&self, steps: &str) -> Log {
        self.commit_steps(steps);
        self.start(&["push"], false)
    }

    /// Commits a workflow of one job with these steps.
    fn commit_steps(&self, steps: &str) {
        // The first step makes act copy the repository to where steps run; it doesn't fetch the action.
        let head =
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n";
        self.write(".github/workflows/test.yml", &format!("{head}{steps}"));
        self.commit();
    }

    /// Makes the repository's one commit of what stands in its folder.
    fn commit(&self) {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=test"]);
        self.git(&["remote", "add", "origin", "https://github.com/octocat/shop"]);
    }

    /// Runs act with these words. Cut off, it has a loopback of its own, where every port is free, and no other network.
    fn start(&self, words: &[&str], cut_off: bool) -> Log {
        let node = self.node.program();
        let search_path = format!("{}:/usr/local/bin:/usr/bin:/bin", node.parent().unwrap().display());
        let mut command = if cut_off { alone() } else { Command::new(program()) };
        if cut_off {
            command.arg(program());
        }
        let platforms = ["ubuntu-latest", "ubuntu-24.04"].map(|name| ["-P".to_owned(), format!("{name}=-self-hosted")]);
        let output = command
            .args(words)
            .args(platforms.as_flattened())
            .args(["--json", "--no-cache-server", "--pull=false"])
            .current_dir(self.project.path())
            .env_clear()
            .env("PATH", search_path)
            .env("HOME", self.home.path())
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Log(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    fn git(&self, arguments: &[&str]) {
        let identity = [
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        let mut git = Command::new("git");
        git.args(identity)
            .args(arguments)
            .current_dir(self.project.path())
            .env("HOME", self.home.path());
        assert!(git.status().unwrap().success(), "{git:?}");
    }
}

impl Log {
    /// All of it, for a test that fails.
    fn told(&self) -> String {
        let line = |line: &Line| [line.job_id.as_str(), " ", line.msg.trim_end(), "\n"].concat();
        self.0.iter().map(line).collect()
    }

    fn of<'log>(&'log self, stage: &'log str, id: &'log str) -> impl Iterator<Item = &'log Line> {
        self.0
            .iter()
            .filter(move |line| line.stage == stage && line.step_id == [id])
    }

    /// What a phase of a step printed.
    fn printed(&self, stage: &str, id: &str) -> String {
        self.of(stage, id)
            .filter(|line| line.raw)
            .map(|line| line.msg.as_str())
            .collect()
    }

    /// How it ended; nothing if it never ran.
    fn result(&self, stage: &str, id: &str) -> &str {
        self.0
            .iter()
            .find(|line| line.stage == stage && line.step_id == [id] && !line.step_result.is_empty())
            .map_or("", |line| &line.step_result)
    }

    /// The last value that a step set it to.
    fn output(&self, id: &str, name: &str) -> Option<&str> {
        let line = self
            .0
            .iter()
            .rfind(|line| line.step_id == [id] && line.command == "set-output" && line.name == name);
        line.map(|line| line.arg.as_str())
    }

    fn summary(&self, id: &str) -> String {
        self.of("Main", id)
            .filter(|line| line.command == "summary")
            .map(|line| line.content.as_str())
            .collect()
    }

    fn job_result(&self) -> &str {
        self.0
            .iter()
            .map(|line| line.job_result.as_str())
            .find(|result| !result.is_empty())
            .unwrap_or_default()
    }
}

/// A command that starts another one cut off from the network and from all other processes, which end with it.
fn alone() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let start = "/usr/sbin/ip link set lo up; exec \"$@\"";
    command.args([
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        start,
        "sh",
    ]);
    command
}

/// Where act is. Panics where it is not: a test that skips itself would prove nothing and say nothing.
fn program() -> PathBuf {
    let program = env::var_os("STANDIN_TEST_ACT")
        .filter(|path| !path.is_empty())
        .map_or_else(|| "act".into(), PathBuf::from);
    let answer = Command::new(&program).arg("--version").output();
    assert!(
        answer.is_ok_and(|output| output.status.success()),
        "no act: `{}` does not answer\nhint: run `scripts/test`, which installs it and sets `STANDIN_TEST_ACT`",
        program.display()
    );
    program
}
