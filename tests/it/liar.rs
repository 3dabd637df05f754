//! A service on a raw socket that answers whatever bytes a test wants, right or wrong, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query, byte for byte.
    pub(crate) target: String,
    /// The field lines, as they came.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Asked {
    /// Method and target in one.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The `username` of a create's JSON body.
    pub(crate) fn username(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["username"].as_str().unwrap_or_default().to_owned()
    }
}

/// What is written back. The connection is closed after it, so that every request has one of its own.
pub(crate) enum Reply {
    /// These bytes, exactly.
    Bytes(Vec<u8>),
    /// The first bytes, then the second ones again and again, with a pause between, until the other side has had enough.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

/// An answer with these field lines and this body; its length is declared.
pub(crate) fn answer(status: u16, fields: &[&str], body: &[u8]) -> Reply {
    let mut bytes = format!(
        "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for field in fields {
        bytes.push_str(field);
        bytes.push_str("\r\n");
    }
    let mut bytes = (bytes + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &serde_json::Value) -> Reply {
    answer(status, &["Content-Type: application/json"], body.to_string().as_bytes())
}

/// The service. It stops when it is dropped.
pub(crate) struct Liar {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Liar {
    /// A service that answers with what `reply` says; it is called for one request at a time, in the order they came.
    pub(crate) fn start(reply: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let reply = Arc::new(Mutex::new(reply));
        let (remember, stop) = (Arc::clone(&asked), Arc::clone(&stopped));
        let listening = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (remember, reply, stop) = (Arc::clone(&remember), Arc::clone(&reply), Arc::clone(&stop));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    remember.lock().unwrap().push(request.clone());
                    let reply = (reply.lock().unwrap())(&request);
                    // A client that has had enough closes the connection.
                    write(stream, &reply, &stop).ok();
                });
            }
        });
        Self {
            port,
            asked,
            stopped,
            listening: Some(listening),
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and target of what it was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // It waits for a connection; this is one.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(listening) = self.listening.take() {
            listening.join().ok();
        }
    }
}

/// One request; none if the connection was closed before one came.
pub(crate) fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let field = field.trim_end();
        if field.is_empty() {
            break;
        }
        headers.push(field.to_owned());
    }
    let length = headers
        .iter()
        .find_map(|field| {
            field
                .to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        target,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn write(mut stream: TcpStream, reply: &Reply, stop: &AtomicBool) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(bytes)?,
        Reply::Endless(first, again, pause) => {
            stream.write_all(first)?;
            while !stop.load(Ordering::SeqCst) {
                stream.write_all(again)?;
                thread::sleep(*pause);
            }
        }
    }
    stream.shutdown(Shutdown::Write)
}
