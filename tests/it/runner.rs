//! An emulator of the GitHub Actions runner, for the real `action.yml`, shim and binary in scrubbed environments.
//!
//! It follows the runner's own source (actions/runner) in what a JavaScript action can notice, in a job container too. It has
//! no `pre`, no composite and no Docker actions, and stops with a message where a manifest asks for one.

pub(crate) mod action;
pub(crate) mod caseless;
pub(crate) mod command;
pub(crate) mod console;
pub(crate) mod container;
pub(crate) mod environment;
pub(crate) mod expression;
pub(crate) mod file_command;
pub(crate) mod interruption;
pub(crate) mod job;
pub(crate) mod left_behind;
pub(crate) mod lines;
pub(crate) mod masker;
pub(crate) mod node;
pub(crate) mod orphans;
pub(crate) mod pipe;
pub(crate) mod process;
pub(crate) mod run;

mod behaviour;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use container::Container;
use node::Node;
use process::Patience;

/// A machine with a runner: its folders, the checked-out action and the tools that it brings along.
pub(crate) struct Runner {
    /// Above the folder that it stands in: it has to end first.
    container: Option<Container>,
    root: TempDir,
    node: Option<Node>,
    patience: Patience,
}

impl Runner {
    /// A fresh machine with the product in it: this repository's action with the binary that was built for the tests.
    pub(crate) fn new() -> Self {
        let root = TempDir::with_prefix("standin-runner-").unwrap();
        let runner = Self {
            container: None,
            root,
            node: None,
            patience: Patience::default(),
        };
        for folder in [
            runner.workspace(),
            runner.temp(),
            runner.home(),
            runner.tool_cache(),
            runner.system_temp(),
        ] {
            fs::create_dir_all(folder).unwrap();
        }
        check_out_action(&runner.action(), Path::new(env!("CARGO_BIN_EXE_standin")));
        runner
    }

    /// Runs all actions on this Node, whatever they declare.
    pub(crate) fn on_node(mut self, node: Node) -> Self {
        self.node = Some(node);
        self
    }

    /// Scales the runner's own waits: a tenth makes a cancel's 7.5 s 750 ms.
    pub(crate) fn at_pace(mut self, pace: f64) -> Self {
        self.patience.pace = pace;
        self
    }

    /// Shortens what GitHub gives a cancelled job to come to its end: 285 s, in which the posts must be done.
    pub(crate) fn ending_within(mut self, time: Duration) -> Self {
        self.patience.worker = time;
        self
    }

    /// Runs the steps of a job in a container, as this user.
    pub(crate) fn in_container(mut self, user: u32) -> Self {
        self.container = Some(Container::start(&self, user));
        self
    }

    /// Everything on this machine stands below.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// What the runner works in, and all that a job container sees of its machine.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("_work")
    }

    /// `GITHUB_WORKSPACE`, where steps run.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.path().join("_work/shop/shop")
    }

    /// `RUNNER_TEMP`. Not emptied at the job's end, so that a test can look at what the job left.
    pub(crate) fn temp(&self) -> PathBuf {
        self.root.path().join("_work/_temp")
    }

    /// `HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// `TMPDIR`.
    pub(crate) fn system_temp(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// `RUNNER_TOOL_CACHE`.
    pub(crate) fn tool_cache(&self) -> PathBuf {
        self.root.path().join("_work/_tool")
    }

    /// Where the product's action was downloaded to: outside the workspace.
    pub(crate) fn action(&self) -> PathBuf {
        self.root.path().join("_work/_actions/standin-ci/standin/v1")
    }

    /// The product's binary in it.
    pub(crate) fn binary(&self) -> PathBuf {
        self.action().join("dist/standin-linux-x64")
    }
}

/// Puts the product's action into a folder as a release tag has it, with this program as its binary.
pub(crate) fn check_out_action(folder: &Path, binary: &Path) {
    fs::create_dir_all(folder.join("action")).unwrap();
    fs::create_dir_all(folder.join("dist")).unwrap();
    for file in [
        "action.yml",
        "action/main.js",
        "action/post.js",
        "action/standin.js",
        "action/package.json",
    ] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), folder.join(file)).unwrap();
    }
    // A link: a copy would be open for writing while another test's thread starts a process, which then holds it
    // open, and Linux executes no file that is.
    symlink(binary, folder.join("dist/standin-linux-x64")).unwrap();
}
