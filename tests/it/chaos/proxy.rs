//! A proxy between the program and a real server that loses, delays, refuses, cuts and doubles, as a seed says.
//!
//! What happens to a request follows from the seed, its method, the persona that it is about and how often that was asked
//! before, so that the order in which requests come changes nothing. It notes what the server itself answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

/// How late an answer or a request is.
const LATE: Duration = Duration::from_millis(150);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passed,
    /// The server never sees it, and nobody answers.
    Dropped,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// Nobody answers, and it is done a little later.
    DoneLate,
    /// It is done, and answered late.
    Slow,
    /// 503, not done.
    Unavailable,
    /// Done, and answered 502.
    BadGateway,
    /// Done, and answered by half.
    Cut,
    /// Done, and answered by a page for people.
    Page,
    /// Done twice; the second answer is passed on.
    Twice,
    /// 429 with a wait, not done.
    TooMany,
}

impl Fate {
    fn draw(seed: u64, key: &str, count: usize) -> Self {
        let mut hasher = DefaultHasher::new();
        (key, count).hash(&mut hasher);
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ hasher.finish());
        let creates = key.starts_with("POST");
        // Who asks again and again is let through in the end.
        let roll = random.random_range(0..if count > 3 { 1_000 } else { 100 });
        match (creates, roll) {
            (true, 0..14) | (false, 20..26) => Self::AnswerLost,
            (true, 14..22) => Self::BadGateway,
            (true, 22..29) | (false, 26..29) => Self::Cut,
            (true, 29..35) => Self::DoneLate,
            (true, 35..41) => Self::Twice,
            (true, 41..46) => Self::Page,
            (true, 46..50) | (false, 0..6) => Self::Dropped,
            (true, 50..54) | (false, 6..12) => Self::Unavailable,
            (true, 54..57) | (false, 12..15) => Self::TooMany,
            (true, 57..62) | (false, 15..20) => Self::Slow,
            _ => Self::Passed,
        }
    }
}

/// What the server did, by its own answers, and what the proxy did.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// How often it said 201, by user name.
    pub(super) made: BTreeMap<String, usize>,
    /// How often it said 204 to a delete.
    pub(super) deleted: usize,
    /// How often each fate struck, by method.
    pub(super) fates: BTreeMap<String, usize>,
    /// How many creates came, and how many of them nobody could know the end of.
    pub(super) creates: usize,
    pub(super) unclear: usize,
    /// Whose create was done after its connection was closed.
    pub(super) late: BTreeSet<String>,
    asked: HashMap<String, usize>,
    persona_of_id: HashMap<String, String>,
    calm: bool,
    under_way: usize,
}

impl Books {
    /// How many accounts the server has ever made.
    pub(super) fn total(&self) -> usize {
        self.made.values().sum()
    }
}

/// Told of each create and delete when the server has done it: the method, and how many of it there were.
pub(super) type Watch = Box<dyn Fn(&str, usize) + Send + Sync>;

struct Shared {
    seed: u64,
    server: u16,
    books: Mutex<Books>,
    idle: Condvar,
    watch: Watch,
}

/// The proxy. It serves as long as the test process lives: an idle thread is all that stays behind.
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy before a server on this port of the loopback.
    pub(super) fn start(server: u16, seed: u64, watch: Watch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            seed,
            server,
            books: Mutex::default(),
            idle: Condvar::new(),
            watch,
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

    /// From now on it only passes on.
    pub(super) fn calm(&self) {
        self.shared.books.lock().unwrap().calm = true;
    }

    /// What happened, when nothing is under way any more.
    pub(super) fn books(&self) -> Books {
        let books = self.shared.books.lock().unwrap();
        let books = self.shared.idle.wait_while(books, |books| books.under_way > 0).unwrap();
        books.clone()
    }
}

/// One request, whole.
struct Request {
    bytes: Vec<u8>,
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Request {
    /// None if the client goes away before it has sent all of it.
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let (mut bytes, mut length) = (Vec::new(), 0);
        loop {
            let start = bytes.len();
            reader.read_until(b'\n', &mut bytes).ok().filter(|read| *read > 0)?;
            let line = String::from_utf8_lossy(&bytes[start..]).to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let mut words = head.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        bytes.extend_from_slice(&body);
        Some(Self {
            bytes,
            method,
            path,
            body,
        })
    }

    /// The user name in its body.
    fn username(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body["userName"].as_str()?.to_owned())
    }
}

/// The part of a user name behind the marker, which is the same in every run.
fn persona(username: &str) -> String {
    username.splitn(3, '-').nth(2).unwrap_or(username).to_owned()
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = Request::read(&stream) else { return };
        let fate = self.begin(&request);
        // Who asked may be dead: then nobody reads this.
        self.answer(&request, fate, &mut stream).ok();
        drop(stream);
        if fate == Fate::DoneLate {
            thread::park_timeout(LATE);
            self.forward(&request);
        }
        self.books.lock().unwrap().under_way -= 1;
        self.idle.notify_all();
    }

    /// Notes a request and draws its fate.
    fn begin(&self, request: &Request) -> Fate {
        let mut books = self.books.lock().unwrap();
        books.under_way += 1;
        let id = request.path.rsplit('/').next().unwrap_or_default();
        let about = match (request.username(), request.path.split_once("userName")) {
            (Some(username), _) => persona(&username),
            (None, Some((_, filter))) => persona(filter),
            (None, None) => books.persona_of_id.get(id).cloned().unwrap_or_default(),
        };
        let key = format!("{} {about}", request.method);
        let asked = books.asked.entry(key.clone()).or_default();
        *asked += 1;
        let count = *asked;
        let fate = if books.calm {
            Fate::Passed
        } else {
            Fate::draw(self.seed, &key, count)
        };
        if fate != Fate::Passed {
            *books.fates.entry(format!("{} {fate:?}", request.method)).or_default() += 1;
        }
        if fate == Fate::DoneLate {
            books.late.extend(request.username());
        }
        if request.method == "POST" {
            books.creates += 1;
            books.unclear += usize::from(!matches!(fate, Fate::Passed | Fate::Slow | Fate::TooMany));
        }
        fate
    }

    fn answer(&self, request: &Request, fate: Fate, stream: &mut TcpStream) -> std::io::Result<()> {
        let words = |status: &str, more: &str| {
            format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Length: 13\r\n\r\n<html></html>")
        };
        match fate {
            Fate::Dropped | Fate::DoneLate => return Ok(()),
            Fate::Unavailable => return stream.write_all(words("503 Unavailable", "").as_bytes()),
            Fate::TooMany => return stream.write_all(words("429 Too Many", "Retry-After: 1\r\n").as_bytes()),
            Fate::Passed | Fate::AnswerLost | Fate::Slow | Fate::BadGateway | Fate::Cut | Fate::Page | Fate::Twice => {}
        }
        let mut answer = self.forward(request);
        match fate {
            Fate::AnswerLost => return Ok(()),
            Fate::BadGateway => answer = words("502 Bad Gateway", "").into_bytes(),
            Fate::Page => answer = words("200 OK", "Content-Type: text/html\r\n").into_bytes(),
            Fate::Cut => answer.truncate(answer.len() / 2),
            Fate::Twice => answer = self.forward(request),
            Fate::Slow => thread::park_timeout(LATE),
            Fate::Passed | Fate::Dropped | Fate::DoneLate | Fate::Unavailable | Fate::TooMany => {}
        }
        stream.write_all(&answer)
    }

    /// Has the server do it, and notes what it says itself. It closes each connection.
    fn forward(&self, request: &Request) -> Vec<u8> {
        let mut server = TcpStream::connect(("127.0.0.1", self.server)).unwrap();
        server.write_all(&request.bytes).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).unwrap_or_default();
        let done = {
            let mut books = self.books.lock().unwrap();
            match (request.method.as_str(), status) {
                ("POST", "201") => {
                    let username = request.username().unwrap();
                    let body = text.split_once("\r\n\r\n").unwrap().1;
                    let id = serde_json::from_str::<Value>(body).unwrap()["id"]
                        .as_str()
                        .unwrap()
                        .to_owned();
                    books.persona_of_id.insert(id, persona(&username));
                    *books.made.entry(username).or_default() += 1;
                    Some(books.total())
                }
                ("DELETE", "204") => {
                    books.deleted += 1;
                    Some(books.deleted)
                }
                _ => None,
            }
        };
        if let Some(count) = done {
            (self.watch)(&request.method, count);
        }
        answer
    }
}
