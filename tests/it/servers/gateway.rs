//! A gateway before a real server, in which the answers to creates get lost.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How many creates are answered. The answer to as many more is lost, and those after them don't arrive.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) answered: usize,
    pub(super) lost: usize,
}

struct Shared {
    server: u16,
    plan: Plan,
    creates: Mutex<Creates>,
    changed: Condvar,
}

#[derive(Default)]
struct Creates {
    sent: usize,
    lost: usize,
    swallowed: usize,
    /// From now on all is passed on.
    open: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passed,
    Lost,
    Swallowed,
}

/// The gateway. It serves as long as the test process lives: an idle thread is all that stays behind.
pub(super) struct Gateway {
    port: u16,
    shared: Arc<Shared>,
}

impl Gateway {
    /// A gateway before a server on this port of the loopback.
    pub(super) fn start(server: u16, plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server,
            plan,
            creates: Mutex::default(),
            changed: Condvar::new(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { port, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until every answer that is to be lost is, and a create did not arrive. Panics after some minutes.
    pub(super) fn until_lost(&self) {
        let creates = self.shared.creates.lock().unwrap();
        let lost = self.shared.plan.lost;
        let (_creates, waited) = self
            .shared
            .changed
            .wait_timeout_while(creates, Duration::from_mins(4), |creates| {
                creates.lost < lost || creates.swallowed == 0
            })
            .unwrap();
        assert!(!waited.timed_out(), "setup does not send its creates");
    }

    /// From now on it only passes on.
    pub(super) fn open(&self) {
        self.shared.creates.lock().unwrap().open = true;
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let Some((head, body)) = read(&stream) else { return };
        let fate = self.fate(&head);
        let answer = if fate == Fate::Swallowed {
            None
        } else {
            self.forward(&head, &body)
        };
        if fate != Fate::Passed {
            let mut creates = self.creates.lock().unwrap();
            match fate {
                Fate::Lost => creates.lost += 1,
                Fate::Swallowed => creates.swallowed += 1,
                Fate::Passed => {}
            }
            drop(creates);
            self.changed.notify_all();
            // Nobody answers, and nobody hangs up before the client does.
            stream.read_to_end(&mut Vec::new()).ok();
        } else if let Some(answer) = answer {
            // Who asked may be dead: then nobody reads this.
            stream.write_all(&answer).ok();
        }
    }

    fn fate(&self, head: &str) -> Fate {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if !head.starts_with("POST ") || !path.ends_with("/users") {
            return Fate::Passed;
        }
        let mut creates = self.creates.lock().unwrap();
        if creates.open {
            return Fate::Passed;
        }
        creates.sent += 1;
        let Plan { answered, lost } = self.plan;
        if creates.sent <= answered {
            Fate::Passed
        } else if creates.sent <= answered + lost {
            Fate::Lost
        } else {
            Fate::Swallowed
        }
    }

    /// Has the server do it, on a connection of its own that the server closes.
    fn forward(&self, head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let mut server = TcpStream::connect(("127.0.0.1", self.server)).ok()?;
        let fields = head.trim_end().lines();
        let mut kept: Vec<_> = fields
            .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
            .collect();
        kept.extend(["Connection: close", "", ""]);
        server.write_all(kept.join("\r\n").as_bytes()).ok()?;
        server.write_all(body).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}

/// The head and the body of a request; none if the client goes away before it has sent all of it.
fn read(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
        let line = head[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}
