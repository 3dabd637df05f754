//! One question to a service on loopback, by a hand that is not ours.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// An answer.
pub(crate) struct Said {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Said {
    /// The first header field of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    }

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
    if !headers.iter().any(|header| header.starts_with("Content-Type:")) {
        head.push_str("Content-Type: application/json\r\n");
    }
    let length = body.len();
    let head = format!("{head}Content-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Said {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}
