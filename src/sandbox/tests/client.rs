//! A client that hides nothing: it shows what came over the wire, also half of it, also nothing.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::sandbox::{Books, Sandbox, SandboxBuilder, ServiceSpec};

/// What came back.
#[derive(Debug)]
pub(super) struct Heard {
    /// `None` where the connection was closed without an answer.
    pub(super) status: Option<u16>,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Whether the body came to its announced end.
    pub(super) whole: bool,
}

impl Heard {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(super) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

/// A sandbox of one service, `users`, with these faults.
pub(super) async fn users_with(faults: &[&str]) -> Sandbox {
    start(faults.iter().fold(
        Sandbox::builder().service(ServiceSpec::new("users")),
        |builder, line| builder.fault(line),
    ))
    .await
}

pub(super) async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.unwrap()
}

/// The books of `users`.
pub(super) fn books(sandbox: &Sandbox) -> Books {
    sandbox.books("users").unwrap()
}

/// The names of the accounts that are left in `users`.
pub(super) fn left(sandbox: &Sandbox) -> Vec<String> {
    books(sandbox).left().map(|account| account.username.clone()).collect()
}

pub(super) async fn create(sandbox: &Sandbox, username: &str) -> Heard {
    post(
        sandbox,
        &format!(r#"{{"username": "{username}", "email": "{username}@example.com", "role": "tester"}}"#),
    )
    .await
}

pub(super) async fn post(sandbox: &Sandbox, body: &str) -> Heard {
    ask(sandbox, "POST /users/accounts", &[], body).await
}

pub(super) async fn get(sandbox: &Sandbox, path: &str) -> Heard {
    ask(sandbox, &format!("GET {path}"), &[], "").await
}

pub(super) async fn delete(sandbox: &Sandbox, id: &str) -> Heard {
    ask(sandbox, &format!("DELETE /users/accounts/{id}"), &[], "").await
}

/// Sends one request on a connection of its own and reads until the connection ends.
pub(super) async fn ask(sandbox: &Sandbox, request: &str, headers: &[&str], body: &str) -> Heard {
    let mut stream = send(sandbox, request, headers, body).await;
    let mut bytes = Vec::new();
    // A reset ends a connection as well as a close does; what came before it is what was heard.
    stream.read_to_end(&mut bytes).await.ok();
    hear(&bytes)
}

/// Sends one request and leaves the answer unread.
pub(super) async fn send(sandbox: &Sandbox, request: &str, headers: &[&str], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", sandbox.port())).await.unwrap();
    let mut text = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

fn hear(bytes: &[u8]) -> Heard {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        assert!(bytes.is_empty(), "half of a head");
        return Heard {
            status: None,
            head: String::new(),
            body: Vec::new(),
            whole: false,
        };
    };
    let text = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut heard = Heard {
        status,
        head: text,
        body: bytes[end + 4..].to_vec(),
        whole: true,
    };
    if heard.header("transfer-encoding") == Some("chunked") {
        heard.whole = heard.body.ends_with(b"0\r\n\r\n");
    } else if let Some(length) = heard.header("content-length") {
        heard.whole = length.parse() == Ok(heard.body.len());
    }
    heard
}
