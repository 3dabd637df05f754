//! A real server on loopback, started by its script for as long as somebody holds it.

use std::env;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::ask::{Said, ask};

/// What the servers' administrators log in with.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";

/// Where their ports are. Those above are handed out to whoever connects: who asks there before the server listens can be connected to
/// itself, and so take its port.
const PORTS: Range<u16> = 10_000..32_000;

/// How a server is started and seen to be there.
pub(crate) struct Kind {
    /// Its script in `tests/servers`, without `.sh`.
    pub(crate) name: &'static str,
    /// What is asked until it is answered with 200.
    pub(crate) ready: &'static str,
    /// The credentials of that and of every other question of the tests.
    pub(crate) headers: &'static [&'static str],
}

/// The one server of a kind that the tests share: it starts with the first that needs it and ends with the last.
pub(crate) struct Shared(Mutex<Weak<Server>>);

impl Shared {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    pub(crate) fn server(&self, kind: &'static Kind) -> Arc<Server> {
        // Where one does not start, each test says so.
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Server::start(kind));
            *shared = Arc::downgrade(&server);
            server
        })
    }
}

/// A server, which ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    kind: &'static Kind,
    port: u16,
    /// All that it writes.
    _data: TempDir,
}

impl Server {
    /// Starts one and waits until it answers. Panics where the scripts are not named: a test that skips itself proves nothing.
    fn start(kind: &'static Kind) -> Self {
        let scripts = env::var_os("STANDIN_TEST_SERVERS").unwrap_or_else(|| {
            panic!("`STANDIN_TEST_SERVERS` is not set\nhint: run `scripts/test`, or set it to `tests/servers`")
        });
        let script = PathBuf::from(scripts).join(format!("{}.sh", kind.name));
        // A port that was free a moment ago may be taken by another test: then the server ends, and another is tried.
        for _ in 0..5 {
            let data = TempDir::with_prefix("standin-server-").unwrap();
            let log = std::fs::File::create(data.path().join("output")).unwrap();
            let port = free_port();
            let mut command = Command::new(&script);
            command.env("PORT", port.to_string()).env("DATA", data.path());
            for name in ["PASSWORD", "SECRET", "TOKEN"] {
                command.env(name, SECRET);
            }
            command
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log);
            // A group of its own, so that whatever it starts ends with it.
            let child = command.process_group(0).spawn().unwrap();
            let mut server = Self {
                child,
                kind,
                port,
                _data: data,
            };
            if server.is_ready() {
                return server;
            }
        }
        panic!(
            "{0} does not start\nhint: run `tests/servers/{0}.sh install`",
            kind.name
        );
    }

    /// Waits for its first answer; false if it ends before.
    fn is_ready(&mut self) -> bool {
        let patience = Instant::now() + Duration::from_mins(5);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < patience, "{} does not answer", self.kind.name);
            let (method, path) = self.kind.ready.split_once(' ').unwrap();
            if self
                .try_ask(method, path, self.kind.headers, "{}")
                .is_some_and(|said| said.status == 200)
            {
                return true;
            }
            // There is nothing to wait on but its port.
            thread::park_timeout(Duration::from_millis(50));
        }
        false
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer to one question with the administrator's credentials.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Said {
        self.ask_with(method, path, self.kind.headers, body)
    }

    /// The same with other header fields.
    pub(crate) fn ask_with(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Said {
        self.try_ask(method, path, headers, body)
            .unwrap_or_else(|| panic!("{} does not answer", self.kind.name))
    }

    fn try_ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Option<Said> {
        ask(self.port, method, path, headers, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        self.child.wait().unwrap();
    }
}

/// A port that is free, and so are the three behind it.
pub(crate) fn free_port() -> u16 {
    for _ in 0..100 {
        let first = rand::rng().random_range(PORTS);
        let held: Vec<_> = (first..first + 4)
            .map(|port| TcpListener::bind(("127.0.0.1", port)))
            .collect();
        if held.iter().all(Result::is_ok) {
            return first;
        }
    }
    panic!("there are no four free ports in a row");
}
