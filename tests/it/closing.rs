//! Servers that close a connection after an answer without saying so, as `uwsgi --http` and Keystone do: what is sent on it is
//! lost, and nothing is wrong with the service.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::desk::Desk;
use crate::liar::{self, Asked};

/// When the server closes a connection on which it has answered.
#[derive(Clone, Copy)]
enum Closes {
    /// With its answer.
    AtOnce,
    /// When the next request comes, which is the worst moment that there is.
    AtTheNext,
}

/// What the server saw.
#[derive(Default)]
struct Seen {
    accounts: Vec<String>,
    /// The requests that it has answered.
    answered: Vec<Asked>,
    /// How many requests came on a connection that had had its answer.
    lost: usize,
}

/// The convention's service, with a look-up. Each connection gets one answer. It is served until the test's process ends.
fn serve(closes: Closes) -> (String, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&shared);
            thread::spawn(move || converse(stream, closes, &seen));
        }
    });
    (url, seen)
}

fn converse(mut stream: TcpStream, closes: Closes, seen: &Mutex<Seen>) {
    let Some(asked) = liar::read(&stream) else { return };
    let (status, body) = reply(&asked, &mut seen.lock().unwrap());
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    if stream.write_all(answer.as_bytes()).is_ok()
        && matches!(closes, Closes::AtTheNext)
        && stream.read(&mut [0; 64]).is_ok_and(|read| read > 0)
    {
        seen.lock().unwrap().lost += 1;
    }
}

fn reply(asked: &Asked, seen: &mut Seen) -> (u16, String) {
    seen.answered.push(asked.clone());
    let shown = |id: &str, name: &str| format!(r#"{{"id": "{id}", "username": "{name}"}}"#);
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let id = path.rsplit('/').next().unwrap();
    let at = seen.accounts.iter().position(|name| name == id);
    match (asked.method.as_str(), at) {
        ("POST", _) => {
            let name = asked.username();
            seen.accounts.push(name.clone());
            (201, shown(&name, &name))
        }
        ("GET", _) if !query.is_empty() => {
            let found = seen.accounts.iter().filter(|name| query.ends_with(name.as_str()));
            let found: Vec<String> = found.map(|name| shown(name, name)).collect();
            (200, format!("[{}]", found.join(",")))
        }
        ("GET", Some(_)) => (200, shown(id, id)),
        ("DELETE", Some(at)) => {
            seen.accounts.remove(at);
            (204, String::new())
        }
        _ => (404, "{}".to_owned()),
    }
}

/// A desk with twelve accounts of this service.
fn desk(url: &str, more: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:
  - name: users
    url: {url}
{more}
    find: {{ request: 'GET /accounts?username={{{{ account.username }}}}', items: body, id: item.id, name: item.username }}
accounts: [{{ name: alice, count: 12 }}]
"
    ))
}

/// Sets up and cleans up, and sees that nothing is left.
fn live(desk: &Desk, seen: &Mutex<Seen>) -> String {
    let mut told = String::new();
    for command in ["setup", "cleanup"] {
        let ended = desk.run(&[command]);
        assert_eq!(ended.code, Some(0), "{command}: {}", ended.stderr);
        told += &ended.stderr;
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.accounts, Vec::<String>::new());
    let creates = seen.answered.iter().filter(|asked| asked.method == "POST");
    let (witnesses, own): (Vec<String>, Vec<String>) =
        creates.map(Asked::username).partition(|name| !name.contains("-alice-"));
    assert_eq!(own.len(), 12, "each account is made once: {told}");
    let names: HashSet<&String> = own.iter().collect();
    assert_eq!(names.len(), 12, "each account is made once: {told}");
    // After a create that was sent twice a second account is looked for, by a look-up that has to be seen to see.
    let is_doubtful = told.contains("unclear whether");
    assert!(witnesses.len() <= usize::from(is_doubtful), "{witnesses:?}: {told}");
    told
}

#[test]
fn a_service_that_closes_connections_without_a_word_loses_two_requests_and_no_create() {
    let (url, seen) = serve(Closes::AtTheNext);
    let desk = desk(&url, "    limits: { concurrency: 1 }");
    let told = live(&desk, &seen);
    // Two reads in setup. A delete is not sent again at once, and the next is sent on a connection of its own.
    assert_eq!(seen.lock().unwrap().lost, 2 + 1, "{told}");
    assert!(!told.contains("unclear whether"), "{told}");
}

#[test]
fn a_service_that_closes_connections_under_many_requests_at_once_is_soon_asked_on_fresh_ones() {
    for closes in [Closes::AtTheNext, Closes::AtOnce] {
        let (url, seen) = serve(closes);
        let told = live(&desk(&url, "    timeout: 1s"), &seen);
        // What is under way at the first loss may be lost too.
        let lost = seen.lock().unwrap().lost;
        assert!(lost <= 2 * 8, "{lost} were lost: {told}");
    }
}

#[test]
fn a_header_that_asks_for_the_connection_to_be_closed_is_heeded() {
    let (url, seen) = serve(Closes::AtTheNext);
    live(&desk(&url, "    headers: { Connection: close }"), &seen);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.lost, 0);
    for asked in &seen.answered {
        let fields = asked
            .headers
            .iter()
            .filter(|field| field.to_ascii_lowercase().starts_with("connection:"));
        assert_eq!(fields.count(), 1, "{asked:?}");
    }
}
