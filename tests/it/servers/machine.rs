//! A machine without a runner, where the program is run against a real server.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// A working directory with a configuration, and a home.
pub(crate) struct Machine {
    root: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How a command ended, and what it printed.
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) data: String,
    pub(crate) log: String,
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn signal(&self) -> Option<i32> {
        self.status.signal()
    }
}

impl Machine {
    pub(crate) fn new(config: &str) -> Self {
        let machine = Self {
            root: TempDir::with_prefix("standin-servers-").unwrap(),
            variables: Vec::new(),
        };
        for folder in ["work", "home", "tmp"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        fs::write(machine.path("work/standin.yml"), config).unwrap();
        machine
    }

    /// Sets a variable for every command that follows.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.args(arguments).current_dir(self.path("work")).env_clear();
        command
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("PATH", "/usr/bin:/bin");
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Self::end(self.start(arguments))
    }

    /// Does any file below it hold this text?
    pub(crate) fn holds(&self, text: &str) -> bool {
        assert!(self.files().len() > 1, "there is no journal");
        self.occurrences(text) > 0
    }

    /// How often this text stands in the files below it.
    pub(crate) fn occurrences(&self, text: &str) -> usize {
        let read = |file: &PathBuf| fs::read(file).unwrap_or_default();
        let count = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).matches(text).count();
        self.files().iter().map(read).map(count).sum()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.root.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            // A file may go while it is looked at: setup is at work.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let list = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    &mut folders
                } else {
                    &mut files
                };
                list.push(entry.path());
            }
        }
        files
    }

    pub(crate) fn end(child: Child) -> Ended {
        let output = child.wait_with_output().unwrap();
        Ended {
            status: output.status,
            data: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
