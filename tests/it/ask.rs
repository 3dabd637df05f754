//! One question to a service on loopback, by a hand that is not ours.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// An answer.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Said {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The answer, if there is one. HTTP/1.0, so that every server says the length of its answer or closes after it.
pub(crate) fn ask(port: u16, method: &str, path: &str, headers: &[&str], body: &str) -> Option<Said> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let body = if method == "GET" { "" } else { body };
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    let length = body.len();
    let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Said {
        status: head.split(' ').nth(1)?.parse().ok()?,
        body: body.to_owned(),
    })
}
