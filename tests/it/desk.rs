//! A bare machine for the real binary: a working directory, a home and a journal directory, and nothing of the
//! environment that the tests run in. What a command printed can be held against a snapshot.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// What a shell has where nobody set anything.
const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// No command in these tests may take longer; most end in a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// The machine. Everything on it is gone with it.
pub(crate) struct Desk {
    root: TempDir,
    variables: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none after a signal.
    pub(crate) code: Option<i32>,
    /// What it printed for programs.
    pub(crate) stdout: String,
    /// What it printed for people; what is not UTF-8 is replaced.
    pub(crate) stderr: String,
}

impl Desk {
    /// A machine with an empty working directory.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("desk").tempdir().unwrap();
        for folder in ["work", "home", "tmp", "journals"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let desk = Self {
            root,
            variables: Vec::new(),
        };
        fs::set_permissions(desk.journals(), fs::Permissions::from_mode(0o700)).unwrap();
        desk
    }

    /// A machine of a job on GitHub, with the files that the runner reads.
    pub(crate) fn on_github(repository: &str, run: &str) -> Self {
        let desk = Self::new()
            .with("GITHUB_ACTIONS", "true")
            .with("GITHUB_REPOSITORY", repository)
            .with("GITHUB_RUN_ID", run);
        let files = [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("GITHUB_STATE", "state"),
        ];
        files.into_iter().fold(desk, |desk, (variable, name)| {
            let path = desk.root().join(name);
            fs::write(&path, "").unwrap();
            desk.with(variable, path.to_str().unwrap())
        })
    }

    /// The same machine with one variable more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same machine with this `standin.yml`.
    pub(crate) fn configured(self, text: &str) -> Self {
        self.write("standin.yml", text);
        self
    }

    /// Writes a file in the working directory.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.work().join(name), text).unwrap();
    }

    /// The working directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Where journals are kept.
    pub(crate) fn journals(&self) -> PathBuf {
        self.root.path().join("journals")
    }

    /// Where all of it lies.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.work())
            .env_clear()
            .env("PATH", SEARCH_PATH)
            .env("HOME", self.root.path().join("home"))
            .env("TMPDIR", self.root.path().join("tmp"))
            .env("STANDIN_JOURNAL", self.journals())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(env!("CARGO_BIN_EXE_standin"), arguments).spawn().unwrap())
    }

    /// What was printed, with all that differs from run to run replaced.
    pub(crate) fn steady(&self, text: &str) -> String {
        let root = self.root.path().to_str().unwrap();
        super::snapshot::steady(&text.replace(root, "DESK"))
    }
}

impl Ended {
    /// The exit code and what people read, for a snapshot.
    pub(crate) fn told(&self, desk: &Desk) -> String {
        format!("exit {}\n{}", self.code.unwrap(), desk.steady(&self.stderr))
    }

    /// No end of ours is a panic or a signal, and the code is one of the documented.
    pub(crate) fn is_orderly(&self) -> bool {
        !self.stderr.contains("panicked") && matches!(self.code, Some(0..=2))
    }
}

/// Waits for a process; one that takes too long is killed, and the test fails.
pub(crate) fn finish(mut child: Child) -> Ended {
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let pid = rustix::process::Pid::from_child(&child);
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait().unwrap()));
    let status = end.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
        panic!(
            "still running after {PATIENCE:?}:\n{}",
            stderr.recv().unwrap_or_default()
        )
    });
    Ended {
        code: status.code(),
        stdout: stdout.recv().unwrap(),
        stderr: stderr.recv().unwrap(),
    }
}

/// Reads a stream on a thread of its own, so that a full pipe stops nobody.
fn drain(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok();
        sender.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
    });
    receiver
}
