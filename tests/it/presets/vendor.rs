//! A stand-in for a vendor over real sockets. It knows what the preset's sources say and nothing else: it is not the vendor.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::description::Description;

/// What proves the credentials, as a token, a header or the password of `admin` and `standin`.
pub(crate) const SECRET: &str = "right-secret";
const PROOFS: [&str; 3] = [SECRET, "YWRtaW46cmlnaHQtc2VjcmV0", "c3RhbmRpbjpyaWdodC1zZWNyZXQ="];

/// What is known of one vendor.
pub(crate) struct Vendor {
    /// The preset that describes it.
    pub(crate) preset: &'static str,
    /// `with` of the service, as YAML.
    pub(crate) with: &'static str,
    /// `auth` of the service, as YAML; `SECRET` stands for the variable.
    pub(crate) auth: &'static str,
    /// What it answers to a stranger; none where it knows no credentials.
    pub(crate) refusal: Option<u16>,
    /// What it holds of a person called `taken`.
    pub(crate) human: fn() -> Value,
    /// What it answers.
    pub(crate) answer: fn(&mut Store, &Call) -> Reply,
    /// What its own description doesn't know, although it is so: each ends with where that is from.
    pub(crate) undescribed: &'static [&'static str],
}

/// Its accounts.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) users: Vec<Value>,
    /// Those who can be used no more, and are kept.
    pub(crate) bin: Vec<Value>,
    /// How many creates would have sent a mail.
    pub(crate) mails: usize,
    ever: u64,
    loses_an_answer: bool,
}

/// One request.
pub(crate) struct Call {
    pub(crate) method: String,
    /// The path's segments, decoded.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Value,
}

/// One answer.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

pub(crate) fn reply(status: u16, body: Value) -> Reply {
    let body = Some(body);
    Reply {
        status,
        headers: Vec::new(),
        body,
    }
}

pub(crate) fn empty(status: u16) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: None,
    }
}

impl Reply {
    pub(crate) fn header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }
}

impl Store {
    /// Another id.
    pub(crate) fn id(&mut self) -> u64 {
        self.ever += 1;
        self.ever
    }

    /// Adds a user, unless another has the same at one of these places, in whatever case.
    pub(crate) fn add(&mut self, user: Value, unique: &[&str]) -> bool {
        let of = |user: &Value, place: &str| user.pointer(place).map(|found| found.to_string().to_lowercase());
        let is_taken = unique.iter().any(|place| {
            let own = of(&user, place);
            own.is_some() && self.users.iter().any(|known| of(known, place) == own)
        });
        if !is_taken {
            self.users.push(user);
        }
        !is_taken
    }

    /// The user that has this at a place.
    pub(crate) fn by(&self, place: &str, value: &str) -> Option<&Value> {
        self.users.iter().find(|user| is_at(user, place, value))
    }

    /// Removes it.
    pub(crate) fn remove(&mut self, place: &str, value: &str) -> bool {
        let before = self.users.len();
        self.users.retain(|user| !is_at(user, place, value));
        self.users.len() < before
    }

    /// At most two users behind so many: so short a page that every list has several.
    pub(crate) fn page(&self, skip: usize) -> Vec<Value> {
        self.page_of(skip, "", None)
    }

    /// The same of those alone that have this text at the front of what is at a place, where one is asked for.
    pub(crate) fn page_of(&self, skip: usize, place: &str, front: Option<&str>) -> Vec<Value> {
        let found = self.users.iter().filter(|user| is_fronted(user, place, front));
        found.skip(skip).take(2).cloned().collect()
    }
}

fn is_fronted(user: &Value, place: &str, front: Option<&str>) -> bool {
    let text = user.pointer(place).and_then(Value::as_str).unwrap_or_default();
    front.is_none_or(|front| text.starts_with(front))
}

fn is_at(user: &Value, place: &str, value: &str) -> bool {
    user.pointer(place).is_some_and(|found| match found.as_str() {
        Some(text) => text == value,
        None => format!("{found}") == value,
    })
}

impl Call {
    pub(crate) fn parts(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// How many users are before the page of this number, counted from `first`.
    pub(crate) fn before(&self, name: &str, first: usize) -> usize {
        let number = self.query(name).map_or(first, |text| text.parse().unwrap());
        (number - first) * 2
    }

    pub(crate) fn text(&self, place: &str) -> String {
        self.body
            .pointer(place)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

/// A vendor that listens.
pub(crate) struct Stand {
    pub(crate) port: u16,
    store: Arc<Mutex<Store>>,
    complaints: Arc<Mutex<BTreeSet<String>>>,
}

impl Stand {
    /// One with a person, who loses the answer to the first create where asked to.
    pub(crate) fn start(vendor: &'static Vendor, loses_an_answer: bool) -> Self {
        let store = Store {
            users: vec![(vendor.human)()],
            ever: 100,
            loses_an_answer,
            ..Store::default()
        };
        let store = Arc::new(Mutex::new(store));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&store);
        let complaints = Arc::default();
        let told = Arc::clone(&complaints);
        let description = Arc::new(Description::of(vendor.preset));
        // It ends with the tests: nobody waits for it.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, told) = (Arc::clone(&shared), Arc::clone(&told));
                let description = Arc::clone(&description);
                thread::spawn(move || serve(vendor, description.as_ref().as_ref(), &shared, &told, &stream.unwrap()));
            }
        });
        Self {
            port,
            store,
            complaints,
        }
    }

    /// What was sent or answered so far that the vendor's description doesn't know.
    pub(crate) fn complaints(&self) -> BTreeSet<String> {
        self.complaints.lock().unwrap().clone()
    }

    /// What it holds, now.
    pub(crate) fn look<T>(&self, see: impl FnOnce(&mut Store) -> T) -> T {
        see(&mut self.store.lock().unwrap())
    }

    /// How many accounts there are beside the person's.
    pub(crate) fn ours(&self) -> usize {
        self.look(|store| store.users.len()) - 1
    }
}

fn serve(
    vendor: &Vendor,
    description: Option<&Description>,
    store: &Mutex<Store>,
    told: &Mutex<BTreeSet<String>>,
    stream: &TcpStream,
) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    // A connection that is opened and left is none of the tests' business.
    if reader.read_line(&mut first).is_err() || first.is_empty() {
        return;
    }
    let (mut length, mut head, mut content_type) = (0, String::new(), None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            } else if name.eq_ignore_ascii_case("content-type") {
                content_type = Some(value.trim().to_owned());
            }
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let form = String::from_utf8_lossy(&body).into_owned();
    let proves = |text: &str| PROOFS.iter().any(|proof| text.contains(proof));
    let sent = if content_type.as_deref() == Some("application/x-www-form-urlencoded") {
        fields(&body)
    } else {
        serde_json::from_slice(&body).unwrap_or_default()
    };
    let call = call(&first, content_type, sent);
    let mut store = store.lock().unwrap();
    let before = store.users.len();
    // RFC 6749 describes what a token is asked for with, and not the vendor.
    let is_token = call.path.last().is_some_and(|last| last == "token");
    let mut reply = if is_token {
        if proves(&head) || proves(&form) {
            let token = json!({"access_token": SECRET, "token_type": "Bearer", "expires_in": 300});
            reply(200, token)
        } else {
            reply(401, json!({"error": "invalid_client"}))
        }
    } else if let (Some(status), false) = (vendor.refusal, proves(&head)) {
        reply(status, json!({"message": "no"}))
    } else {
        (vendor.answer)(&mut store, &call)
    };
    if let Some(description) = description.filter(|_| !is_token) {
        if let Some(body) = &mut reply.body {
            description.complete(&call, reply.status, body);
        }
        let mut told = told.lock().unwrap();
        told.extend(description.complaints_of_request(&call));
        told.extend(description.complaints_of_answer(&call, reply.status, reply.body.as_ref()));
    }
    if store.users.len() > before && store.loses_an_answer {
        store.loses_an_answer = false;
        return;
    }
    drop(store);
    let body = reply.body.map(|body| body.to_string()).unwrap_or_default();
    let lines = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers = lines.collect::<Vec<_>>().concat();
    let text = format!(
        "HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        reply.status,
        body.len()
    );
    // Whoever asked may be gone.
    let mut stream = stream;
    stream.write_all(text.as_bytes()).ok();
}

/// A form as a map.
fn fields(form: &[u8]) -> Value {
    let pairs = url::form_urlencoded::parse(form);
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn call(first: &str, content_type: Option<String>, body: Value) -> Call {
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = |text: &str| -> Vec<(String, String)> {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    };
    let decoded = |segment: &str| pairs(&format!("s={}", segment.replace('+', "%2B"))).remove(0).1;
    Call {
        method: method.to_owned(),
        path: path.trim_start_matches('/').split('/').map(decoded).collect(),
        query: pairs(query),
        content_type,
        body,
    }
}
