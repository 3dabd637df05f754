//! The action under a foreign runner, nektos/act, which agrees with ours on what both can do.
//!
//! Where act is known to differ from GitHub's runner (a cancel kills at once, masks know no encodings, a blank line between
//! two entries of a file is an error), our own emulator is the one to believe.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use standin::sandbox::{Moment, Observed};
use tempfile::TempDir;

use crate::runner::check_out_action;
use crate::runner::node::Node;
use crate::services::{article, left, made, start, three};

const PASSWORD: &str = "sesame-open-9";

/// A repository with the action in its folder `standin`, and act beside it.
struct Act {
    project: TempDir,
    /// Outside the project, which act copies into it.
    home: TempDir,
}

/// One line of act's log in JSON.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Line {
    msg: String,
    stage: String,
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
    /// A repository whose action has this program as its binary.
    fn new(binary: &Path) -> Self {
        let act = Self {
            project: TempDir::with_prefix("standin-act-").unwrap(),
            home: TempDir::with_prefix("standin-act-home-").unwrap(),
        };
        check_out_action(&act.project.path().join("standin"), binary);
        act
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a workflow of one job with these steps.
    fn run(&self, steps: &str) -> Log {
        // The first step makes act copy the repository to where steps run; it doesn't fetch the action.
        let head =
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n";
        self.write(".github/workflows/test.yml", &format!("{head}{steps}"));
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=test"]);
        self.git(&["remote", "add", "origin", "https://github.com/octocat/shop"]);
        let node = Node::TwentyFour.program();
        let search_path = format!("{}:/usr/local/bin:/usr/bin:/bin", node.parent().unwrap().display());
        let output = Command::new(program())
            .args([
                "push",
                "--json",
                "-P",
                "ubuntu-latest=-self-hosted",
                "--no-cache-server",
                "--pull=false",
            ])
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

#[test]
fn under_act_too_the_accounts_are_there_for_the_job_and_gone_after_it_fails() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new(Path::new(env!("CARGO_BIN_EXE_standin")));
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: accounts, uses: ./standin }
      - { id: use, run: 'echo id is ${{ steps.accounts.outputs.users-test_user-id }}; rm standin.json; exit 3' }
      - { id: never, run: 'echo never' }\n",
    );
    assert_eq!(
        log.result("Main", "accounts"),
        "success",
        "{}",
        log.printed("Main", "accounts")
    );
    let id = log.output("accounts", "users-test_user-id").unwrap();
    assert!(!id.is_empty());
    assert_eq!(log.printed("Main", "use"), format!("id is {id}\n"));
    assert_eq!(
        (log.output("accounts", "count"), log.output("accounts", "ready")),
        (Some("3"), Some("true"))
    );
    let ids: BTreeMap<String, String> = serde_json::from_str(log.output("accounts", "ids").unwrap()).unwrap();
    assert_eq!(
        ids.keys().collect::<Vec<_>>(),
        ["billing/test_user", "orders/test_user", "users/test_user"]
    );
    assert!(
        log.summary("accounts").contains("3 of 3 accounts ready"),
        "{}",
        log.summary("accounts")
    );
    assert_eq!(
        (log.result("Main", "use"), log.result("Main", "never")),
        ("failure", "")
    );

    assert_eq!(log.result("Post", "accounts"), "success");
    assert!(
        log.printed("Post", "accounts").contains("3 deleted, 0 left"),
        "{}",
        log.printed("Post", "accounts")
    );
    assert_eq!(log.job_result(), "failure");
    assert_eq!((made(&sandbox), left(&sandbox)), ([1; 3], [0; 3]));
}

#[test]
fn under_act_too_a_setup_that_fails_leaves_nothing_and_says_who_failed_it() {
    let sandbox = start(three(PASSWORD).fault("orders POST * status 403"));
    let act = Act::new(Path::new(env!("CARGO_BIN_EXE_standin")));
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run("      - { id: accounts, uses: ./standin }\n");
    assert_eq!(log.result("Main", "accounts"), "failure");
    assert_eq!(log.output("accounts", "ready"), Some("false"));
    assert!(
        log.summary("accounts").contains("setup failed and left nothing"),
        "{}",
        log.summary("accounts")
    );
    assert_eq!(log.result("Post", "accounts"), "success");
    assert!(log.printed("Post", "accounts").contains("nothing is left to delete"));
    assert_eq!((made(&sandbox), left(&sandbox)), ([1, 0, 1], [0; 3]));
}

#[test]
fn under_act_too_a_job_that_succeeds_has_its_accounts_and_two_uses_have_each_their_own() {
    let sandbox = start(three(PASSWORD));
    let act = Act::new(Path::new(env!("CARGO_BIN_EXE_standin")));
    act.write("standin.json", &article(&sandbox, PASSWORD));
    let log = act.run(
        "      - { id: first, uses: ./standin, with: { only: users } }
      - { id: second, uses: ./standin }
      - { id: use, run: 'test ${{ steps.first.outputs.users-test_user-id }} != ${{ steps.second.outputs.users-test_user-id }}' }\n",
    );
    for id in ["first", "second"] {
        assert_eq!(log.result("Main", id), "success", "{}", log.printed("Main", id));
        assert_eq!(log.result("Post", id), "success", "{}", log.printed("Post", id));
    }
    assert_eq!(log.result("Main", "use"), "success");
    let deleted = |id, text| log.printed("Post", id).contains(text);
    assert!(deleted("first", "1 deleted, 0 left") && deleted("second", "3 deleted, 0 left"));
    assert_eq!(log.job_result(), "success");
    assert_eq!((made(&sandbox), left(&sandbox)), ([2, 1, 1], [0; 3]));
}

#[test]
fn under_act_too_post_deletes_what_a_killed_setup_has_made() {
    let act = Act::new(Path::new(env!("CARGO_BIN_EXE_standin")));
    let home = act.home.path().to_owned();
    // When the second account is made, before its answer is on its way.
    let kill = move |seen: &Observed| {
        if seen.moment == Moment::AfterApply && seen.method == "POST" && seen.n > 1 {
            kill_setup(&home);
        }
    };
    let sandbox = start(three(PASSWORD).observer(Arc::new(kill)));
    act.write("standin.json", &with_look_up(&article(&sandbox, PASSWORD)));
    let log = act.run("      - { id: accounts, uses: ./standin }\n");
    assert_eq!(
        log.result("Main", "accounts"),
        "failure",
        "{}",
        log.printed("Main", "accounts")
    );
    assert!(made(&sandbox).iter().sum::<u64>() >= 2);
    assert_eq!(
        log.result("Post", "accounts"),
        "success",
        "{}",
        log.printed("Post", "accounts")
    );
    assert_eq!(left(&sandbox), [0; 3], "{}", log.printed("Post", "accounts"));
}

/// The article's file with a look-up, without which an account whose create was not answered can only be named.
fn with_look_up(article: &str) -> String {
    let mut config: serde_json::Value = serde_json::from_str(article).unwrap();
    for service in config["services"].as_array_mut().unwrap() {
        service["timeout"] = "1s".into();
        service["find"] = serde_json::json!({
            "request": "GET /accounts?username={{ account.username }}",
            "items": "body.items", "id": "item.id", "name": "item.username",
        });
    }
    config.to_string()
}

/// Kills the main phase of the action that act has started: the process of ours with act's home.
fn kill_setup(home: &Path) {
    let binary = fs::canonicalize(env!("CARGO_BIN_EXE_standin")).unwrap();
    let mark = home.as_os_str().as_encoded_bytes();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let is_ours = fs::read_link(entry.path().join("exe")).is_ok_and(|program| program == binary)
            && fs::read(entry.path().join("environ")).is_ok_and(|it| it.windows(mark.len()).any(|part| part == mark));
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .and_then(Pid::from_raw);
        if let (true, Some(pid)) = (is_ours, pid) {
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
}
