//! The pipelines of other CI hosts that are shown in `examples/ci` and `templates`, run as those hosts run them: in order,
//! each step a process with the host's variables, and cancelled as the host cancels.

mod ends;
mod example;
mod gitlab;
mod gitlab_ci_local;
mod jenkinsfile;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use base64::Engine as _;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use standin::sandbox::{Sandbox, SandboxBuilder, SandboxHandle, ServiceSpec};
use tempfile::TempDir;

use example::{Example, every_example};

/// The tests of the user: they say that they have begun, and end as they are told, or wait to be cancelled.
const TESTS: &str = "#!/bin/sh
set -eu
if [ -n \"${STANDIN_CREDENTIALS_FILE-}\" ]; then test -s \"$STANDIN_CREDENTIALS_FILE\"; else test -n \"$STANDIN_USERS_TEST_USER_PASSWORD\"; fi
if [ -n \"${STANDIN_CREDENTIALS_FILE-}\" ]; then cat \"$STANDIN_CREDENTIALS_FILE\"; else echo \"\\\"password\\\": \\\"$STANDIN_USERS_TEST_USER_PASSWORD\\\"\"; fi >\"$SEEN\"
echo begun >\"$BEGUN\"
case $END in wait) exec sleep 60 ;; *) exit \"$END\" ;; esac
";
/// In the environment of every process of a Jenkins step, by which they are found and ended.
const COOKIE: &str = "JENKINS_SERVER_COOKIE=durable-0123456789abcdef";

/// How a host ends a step that is cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cancel {
    /// SIGTERM to every process of the step's group: GitLab's shell executor, Buildkite, `CircleCI`.
    Group,
    /// SIGTERM to every process that has the cookie in its environment: Jenkins.
    Cookie,
    /// SIGINT and then SIGTERM to the step's first process alone: Azure Pipelines.
    Entry,
}

/// How the user's tests end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Well,
    Badly,
    Cancelled,
}

/// A machine with the repository of a user.
struct Machine {
    root: TempDir,
    sandbox: SandboxHandle,
}

impl Machine {
    fn new() -> Self {
        Self::of(users())
    }

    /// A machine with this service.
    fn of(sandbox: SandboxBuilder) -> Self {
        let machine = Self {
            root: TempDir::with_prefix("standin-pipeline-").unwrap(),
            sandbox: Sandbox::spawn_thread(sandbox).unwrap(),
        };
        for folder in ["bin", "home", "tmp", "work", "work@tmp", "work.tmp", "work/.standin"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        for link in ["bin/standin", "work/.standin/standin"] {
            symlink(env!("CARGO_BIN_EXE_standin"), machine.path(link)).unwrap();
        }
        fs::write(machine.path("work/standin.yml"), configuration(&machine.sandbox)).unwrap();
        write_program(&machine.path("work/run-tests.sh"), TESTS);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A step, ready to be started in a group of its own.
    fn step(&self, example: &Example, script: &str, variables: &[(String, String)], end: End) -> Command {
        let root = self.root.path().to_str().unwrap();
        let here = |text: &str| {
            text.replace("ROOT", root)
                .replace("$CI_PROJECT_DIR", &format!("{root}/work"))
        };
        let (shell, flags) = example.shell.split_first().unwrap();
        let mut command = Command::new(shell);
        command
            .args(flags)
            .args(["-c", script])
            .current_dir(self.path("work"))
            .env_clear();
        command
            .env("PATH", format!("{root}/bin:/usr/bin:/bin"))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("QA_PASSWORD", "sandbox-pw")
            .env("BEGUN", self.path("begun"))
            .env("SEEN", self.path("seen"))
            .env(
                "END",
                match end {
                    End::Well => "0",
                    End::Badly => "7",
                    End::Cancelled => "wait",
                },
            )
            .envs(example.host.iter().map(|(name, value)| (*name, here(value))))
            .envs(variables.iter().map(|(name, value)| (name, here(value))))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some((name, value)) = COOKIE.split_once('=') {
            command.env(name, value);
        }
        command
    }

    /// Runs a pipeline; says whether a step failed, and all that was printed.
    fn run(&self, example: &Example, end: End) -> (bool, String) {
        let (mut failed, mut log) = (false, String::new());
        for step in &example.steps {
            if failed && !step.always {
                continue;
            }
            let begun = self.path("begun");
            fs::remove_file(&begun).unwrap_or_default();
            // A pipe: who opens it to read waits until the tests have opened it to write.
            rustix::fs::mkfifoat(rustix::fs::CWD, &begun, rustix::fs::Mode::RWXU).unwrap();
            let runs_tests = step.script.contains("./run-tests.sh");
            let mut child = self.step(example, &step.script, &step.variables, end).spawn().unwrap();
            let mut streams = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
            if runs_tests {
                let mut word = String::new();
                fs::File::open(&begun).unwrap().read_to_string(&mut word).unwrap();
                assert_eq!(word, "begun\n");
            }
            let group = Pid::from_child(&child);
            if runs_tests && end == End::Cancelled {
                example.cancel.end(&child);
            }
            let status = child.wait().unwrap();
            if runs_tests && end == End::Cancelled {
                // What the host leaves behind ends with the machine.
                kill_process_group(group, Signal::KILL).unwrap_or_default();
            }
            streams.0.read_to_string(&mut log).unwrap();
            streams.1.read_to_string(&mut log).unwrap();
            failed |= !status.success();
        }
        (failed, log)
    }
}

impl Cancel {
    fn end(self, child: &Child) {
        let first = Pid::from_child(child);
        match self {
            Self::Group => kill_process_group(first, Signal::TERM).unwrap(),
            Self::Entry => {
                kill_process(first, Signal::INT).unwrap();
                kill_process(first, Signal::TERM).unwrap();
            }
            Self::Cookie => {
                for pid in with_cookie(child) {
                    kill_process(pid, Signal::TERM).unwrap_or_default();
                }
            }
        }
    }
}

/// The processes of this step: those of its group that have the cookie. Other tests' steps have the same.
fn with_cookie(child: &Child) -> Vec<Pid> {
    let group = Pid::from_child(child);
    // A process that is just becoming another program has no environment for a moment, and a step may be one alone.
    for _ in 0..1000 {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let found: Vec<Pid> = processes.filter_map(|entry| of_step(&entry.path(), group)).collect();
        if !found.is_empty() {
            return found;
        }
        thread::yield_now();
    }
    panic!("nothing has the cookie")
}

/// The process of this folder below `/proc`, if it is of this group and has the cookie.
fn of_step(process: &Path, group: Pid) -> Option<Pid> {
    let pid = Pid::from_raw(process.file_name()?.to_str()?.parse().ok()?)?;
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    let has_cookie = environment
        .split(|byte| *byte == 0)
        .any(|pair| pair == COOKIE.as_bytes());
    (has_cookie && rustix::process::getpgid(Some(pid)) == Ok(group)).then_some(pid)
}

/// The service that the user's configuration describes.
fn users() -> SandboxBuilder {
    Sandbox::builder().service(ServiceSpec::new("users").basic("qa", "sandbox-pw"))
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// One service that can be swept.
fn configuration(sandbox: &SandboxHandle) -> String {
    format!(
        "services:\n  - name: users\n    url: {}\n    auth: {{ basic: {{ username: qa, password: \"{{{{ env.QA_PASSWORD }}}}\" }} }}\n    \
         list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username }}\n",
        sandbox.url("users")
    )
}

#[test]
fn every_pipeline_deletes_its_accounts_however_the_tests_end() {
    let examples = every_example();
    assert_eq!(examples.len(), 5);
    for example in &examples {
        for end in [End::Well, End::Badly, End::Cancelled] {
            let machine = Machine::new();
            let (failed, log) = machine.run(example, end);
            let context = format!("{} {end:?}:\n{log}", example.name);
            assert_eq!(failed, end != End::Well, "{context}");
            let books = machine.sandbox.books("users").unwrap();
            assert_eq!((books.created_ever, books.left().count()), (1, 0), "{context}");
            assert!(!log.contains("add-mask"), "elsewhere a mask is the leak: {context}");
            let seeds: Vec<_> = ["work", "work@tmp", "work.tmp"]
                .into_iter()
                .flat_map(|folder| fs::read_dir(machine.path(folder)).unwrap())
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.contains("credentials") || name == "accounts.env")
                .collect();
            assert!(seeds.is_empty(), "{seeds:?} are left: {context}");
        }
    }
}

/// The spellings in which a value may stand in a log: as it is, in base64 with any two characters before it, and
/// percent-encoded.
fn spellings(value: &str) -> Vec<String> {
    let shifted = (0..3).map(|shift| {
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode("x".repeat(shift) + value);
        // The ends depend on what stands around it.
        encoded[4 * shift.min(1)..encoded.len() - 2].to_owned()
    });
    let escaped: Vec<String> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let percent = escaped.concat();
    let urlencoded = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    [value.to_owned(), percent, urlencoded]
        .into_iter()
        .chain(shifted)
        .collect()
}

#[test]
fn no_pipeline_prints_a_password_in_any_spelling() {
    for example in &every_example() {
        for end in [End::Well, End::Badly] {
            let machine = Machine::new();
            let (_, log) = machine.run(example, end);
            let seen = fs::read_to_string(machine.path("seen")).unwrap();
            let (_, password) = seen.split_once("\"password\": \"").unwrap();
            let password = password.split('"').next().unwrap();
            assert_eq!(password.len(), 24, "{password}");
            for spelling in spellings(password) {
                assert!(!log.contains(&spelling), "{}: `{spelling}` in:\n{log}", example.name);
            }
        }
    }
}
