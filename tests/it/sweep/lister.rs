//! A service of the tests' own that lists whomever it is told to, for as long as it is asked, and writes down who was deleted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

use crate::desk::Desk;

/// The accounts of a page: their ids, which are their names too. `n` counts the pages that were asked for, from 1.
type Pages = dyn Fn(&mut Vec<String>, Asked<'_>) -> Vec<String> + Send + Sync;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) n: usize,
    /// How many accounts are before it, as `offset` or `page` says.
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// With what the names have to begin.
    pub(crate) front: &'a str,
}

/// The service. Its thread ends with the tests' process.
pub(crate) struct Lister {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What it has, and what it was asked.
#[derive(Default)]
struct Seen {
    there: Vec<String>,
    deleted: Vec<String>,
    pages: usize,
    /// What it answers whoever asks for a front.
    refusal: Option<&'static str>,
    /// `METHOD PATH` of each request.
    requests: Vec<String>,
}

impl Lister {
    /// Serves `there`, of which `pages` makes the pages.
    pub(crate) fn start(
        there: Vec<String>,
        pages: impl Fn(&mut Vec<String>, Asked<'_>) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen {
            there,
            ..Seen::default()
        }));
        let (pages, shared): (Arc<Pages>, _) = (Arc::new(pages), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (pages, seen) = (Arc::clone(&pages), Arc::clone(&shared));
                // A client that is gone is no failure of the service.
                thread::spawn(move || serve(&stream.ok()?, &pages, &seen));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it answers requests with a filter so.
    pub(crate) fn refuse_filters(&self, status: &'static str) {
        self.seen.lock().unwrap().refusal = Some(status);
    }

    /// Who is there.
    pub(crate) fn there(&self) -> Vec<String> {
        self.seen.lock().unwrap().there.clone()
    }

    /// Who was deleted.
    pub(crate) fn deleted(&self) -> Vec<String> {
        self.seen.lock().unwrap().deleted.clone()
    }

    /// The requests for a list.
    pub(crate) fn lists(&self) -> usize {
        self.seen.lock().unwrap().pages
    }

    /// The requests, in the order they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }
}

/// The name of an orphan of this repository, whose time has long been over.
pub(crate) fn orphaned(number: usize) -> String {
    let origin = Origin {
        repository: "standin-ci/shop",
        run: "7",
        attempt: 1,
    };
    let made = Timestamp::from_millis(1_767_225_600_000);
    let marker = Marker::new("sd", made, Duration::ZERO, &origin, &format!("{number:05}"));
    format!("{marker}-buyer")
}

/// A job of that repository, whose service is listed as `list` says.
pub(crate) fn sweeping(lister: &Lister, list: &str) -> Desk {
    let url = lister.url();
    Desk::new()
        .with("CIRCLECI", "true")
        .with("CIRCLE_PROJECT_USERNAME", "standin-ci")
        .with("CIRCLE_PROJECT_REPONAME", "shop")
        .with("CIRCLE_WORKFLOW_ID", "8")
        .configured(&format!(
            "services:\n  - name: users\n    url: {url}\n    timeout: 1s\n    {list}\n"
        ))
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, pages: &Arc<Pages>, seen: &Mutex<Seen>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        reader.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (status, header, body) = answer(method, target, pages, &mut seen.lock().unwrap());
        let length = body.len();
        write!(
            writer,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{header}\r\n{body}"
        )
        .ok()?;
    }
}

/// The status, a header's line or nothing, and the body.
fn answer(method: &str, target: &str, pages: &Arc<Pages>, seen: &mut Seen) -> (&'static str, String, String) {
    seen.requests.push(format!("{method} {target}"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let number = |name: &str| text(name).and_then(|value| value.parse::<usize>().ok());
    if let (Some(refusal), Some(_)) = (seen.refusal, text("front")) {
        return (refusal, String::new(), "{}".to_owned());
    }
    match (method, path.strip_prefix("/accounts/")) {
        ("GET", None) => {
            seen.pages += 1;
            let limit = number("limit").unwrap_or(usize::MAX);
            let asked = Asked {
                n: seen.pages,
                offset: number("page").map_or_else(|| number("offset").unwrap_or(0), |page| (page - 1) * limit),
                limit,
                front: text("front").unwrap_or_default(),
            };
            let items: Vec<_> = pages(&mut seen.there, asked)
                .iter()
                .map(|name| json!({"id": name, "username": name}))
                .collect();
            // Where the next page is, for those who do not count: a place in the list, as most services' cursors are.
            let next = (items.len() == limit).then(|| asked.offset + limit);
            let url = next.map(|next| format!("/accounts?limit={limit}&offset={next}"));
            let link = url
                .as_ref()
                .map_or_else(String::new, |url| format!("Link: <{url}>; rel=\"next\"\r\n"));
            let body = json!({ "items": items, "next": next, "url": url });
            ("200 OK", link, body.to_string())
        }
        ("GET", Some(id)) if seen.there.iter().any(|name| name == id) => {
            let body = json!({"id": id, "username": id});
            ("200 OK", String::new(), body.to_string())
        }
        ("DELETE", Some(id)) => {
            seen.there.retain(|name| name != id);
            seen.deleted.push(id.to_owned());
            ("204 No Content", String::new(), String::new())
        }
        _ => ("404 Not Found", String::new(), String::new()),
    }
}
