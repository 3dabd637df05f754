//! A service that answers whatever a test wants, true or not, and remembers what it was asked.
//!
//! The sandbox keeps books and is believed; this one has none and is not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// The head's lines after the first.
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Asked {
    /// The body as JSON, null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Told {
    /// A status alone.
    pub(crate) fn status(status: u16) -> Self {
        Self::text(status, "")
    }

    /// A status and text.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        let (kind, body) = ("text/plain", body.to_owned());
        Self { status, kind, body }
    }

    /// A status and JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let (kind, body) = ("application/json", body.to_string());
        Self { status, kind, body }
    }
}

/// A service on a thread of its own, until the tests' process ends.
pub(crate) struct Liar {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Liar {
    /// Starts one that answers as this says, one request after the other.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Told + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // A connection without a request is how it is asked whether anybody is here.
                let Some(request) = receive(&stream) else { continue };
                let told = answer(&request);
                memory.lock().unwrap().push(request);
                let head = format!(
                    "HTTP/1.1 {} Told\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    told.status,
                    told.kind,
                    told.body.len()
                );
                // Whoever asked may be gone.
                let _nobody_reads = stream.write_all((head + &told.body).as_bytes());
            }
        });
        Self { address, asked }
    }

    /// Where it is, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn receive(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        target,
        head: lines.split_off(1),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
