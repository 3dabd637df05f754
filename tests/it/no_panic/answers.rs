//! A valid life cycle in which one part of one answer is not what it should be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{cases, check, draw};
use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply};

/// The answers of a life cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Create,
    Verify,
    /// It is asked only where the answer to the create was lost, so that it is in such a life cycle that this is mutated.
    Find,
    Delete,
    Gone,
}

/// One part of an answer, and what becomes of it.
#[derive(Clone, Debug)]
enum Part {
    /// The status line's code.
    Status(u16),
    /// The status line as a whole.
    StatusLine(&'static str),
    /// A field line is left out.
    NoField(&'static str),
    /// A field line more, which stands before the others.
    Field(&'static str),
    /// The JSON value under this pointer.
    Json(&'static str, Odd),
    /// The body ends after so many hundredths, and so does the connection.
    Cut(usize),
    /// The body is this.
    Body(&'static [u8]),
}

/// What may stand where something else was meant.
#[derive(Clone, Debug)]
enum Odd {
    /// Such a value.
    Value(Value),
    /// Bytes that are no JSON, in the value's place.
    Raw(&'static [u8]),
    /// Text of a megabyte.
    Huge,
    /// A list in a list, so deep.
    Nested(usize),
}

const LIFE: Duration = Duration::from_secs(25);

fn odd() -> impl Strategy<Value = Odd> {
    let values = vec![
        Odd::Value(Value::Null),
        Odd::Value(json!(true)),
        Odd::Value(json!(0)),
        Odd::Value(json!(-1)),
        Odd::Value(json!(1.5)),
        Odd::Value(json!(u64::MAX)),
        Odd::Value(json!("")),
        Odd::Value(json!("..")),
        Odd::Value(json!("another")),
        Odd::Value(json!("a\u{0}b")),
        Odd::Value(json!("\r\n::error::x\u{1b}[2J")),
        Odd::Value(json!([])),
        Odd::Value(json!({})),
        Odd::Value(json!([{"id": null}])),
        Odd::Raw(b"\"\xff\xfe\""),
        Odd::Raw(b"123456789012345678901234567890"),
        Odd::Raw(b"1e999"),
        Odd::Raw(b"\"\\ud800\""),
        Odd::Raw(b"NaN"),
        Odd::Raw(b"\"\x00\""),
        Odd::Huge,
        Odd::Nested(100),
        Odd::Nested(100_000),
    ];
    select(values)
}

/// Every answer, every part of it.
fn parts(step: Step) -> Vec<BoxedStrategy<Part>> {
    let pointers: &'static [&'static str] = match step {
        Step::Create => &["", "/id", "/username", "/email"],
        Step::Verify => &["", "/id", "/username", "/status"],
        Step::Find => &["", "/items", "/items/0", "/items/0/id", "/items/0/username"],
        Step::Delete | Step::Gone => &[""],
    };
    let mut parts: Vec<BoxedStrategy<Part>> = pointers
        .iter()
        .map(|pointer| odd().prop_map(move |odd| Part::Json(pointer, odd)).boxed())
        .collect();
    parts.extend([
        (100_u16..600).prop_map(Part::Status).boxed(),
        select(vec![408, 409, 423, 425, 429, 499, 500, 503, 204, 304])
            .prop_map(Part::Status)
            .boxed(),
        select(vec![
            "HTTP/9.9 201 X",
            "HTTP/1.1 2000 X",
            "HTTP/1.1",
            "HTTP/1.0 200 OK",
            "ICY 200 OK",
            "\0\0\0",
            "",
        ])
        .prop_map(Part::StatusLine)
        .boxed(),
        select(vec!["Content-Type", "Content-Length", "Location", "Connection"])
            .prop_map(Part::NoField)
            .boxed(),
        select(vec![
            "Content-Length: abc",
            "Content-Length: 99999999999999999999",
            "Content-Length: -1",
            "Transfer-Encoding: chunked",
            "Content-Encoding: gzip",
            "Content-Type: text/html; charset=\"",
            "Location: http://\u{0}/",
            "Location: //[",
            "Retry-After: 99999999999999999999",
            "Retry-After: Fri, 99 Foo 2026 99:99:99 GMT",
            "RateLimit-Remaining: 0\r\nRateLimit-Reset: 18446744073709551615",
            "X-RateLimit-Remaining: -1\r\nX-RateLimit-Reset: NaN",
            "no colon",
            ": no name",
            "X-\u{7f}: x",
            "Link: <::>; rel=next, <",
        ])
        .prop_map(Part::Field)
        .boxed(),
        (0_usize..100).prop_map(Part::Cut).boxed(),
        select(vec![
            b"" as &[u8],
            b"<!doctype html><form action=/login>",
            b"\xff\xfe\x00",
            b"{",
            b"null",
            b"\xef\xbb\xbf{}",
        ])
        .prop_map(Part::Body)
        .boxed(),
    ]);
    parts
}

#[derive(Clone, Debug)]
struct Case {
    step: Step,
    part: Part,
}

#[test]
fn no_part_of_an_answer_brings_it_down_or_hides_an_account() {
    let each = cases(1);
    let mut drawn = Vec::new();
    for step in [Step::Create, Step::Verify, Step::Find, Step::Delete, Step::Gone] {
        for part in parts(step) {
            drawn.extend(draw(&part, each).into_iter().map(|part| Case { step, part }));
        }
    }
    check(drawn, live);
}

#[test]
fn a_life_cycle_without_any_such_part_leaves_nothing() {
    // What all others are held against: the service is a good one, so that what goes wrong is the mutation's doing.
    let honest = |step| Case {
        step,
        part: Part::NoField("X-None"),
    };
    for step in [Step::Create, Step::Find] {
        let (ended, books) = tell(&honest(step));
        assert_eq!(ended.0, Some(0), "{}", ended.1);
        assert_eq!(
            (books.made.len(), books.alive.len(), books.met),
            (1, 0, true),
            "{}",
            ended.1
        );
    }
}

/// What the service knows, and whether the mutated answer was given at all.
#[derive(Clone, Debug, Default)]
struct Books {
    alive: BTreeMap<String, String>,
    /// The user name of each account that was ever made, also of a witness.
    made: Vec<String>,
    met: bool,
}

impl Books {
    /// Whether an account was made again under its name.
    fn made_twice(&self) -> bool {
        (1..self.made.len()).any(|n| self.made[n..].contains(&self.made[n - 1]))
    }
}

fn live(case: &Case) -> Result<(), String> {
    let begun = Instant::now();
    let ((code, stderr), books) = tell(case);
    let fail = |what: &str| Err(format!("{what}: exit {code:?}, {books:?}\n{stderr}"));
    if stderr.contains("panicked") {
        return fail("it panicked");
    }
    if !matches!(code, Some(0 | 1)) {
        return fail("it ended in another way");
    }
    if begun.elapsed() > LIFE {
        return fail("it took too long");
    }
    if !books.met {
        return fail("the answer was never asked for");
    }
    if books.made_twice() {
        return fail("it was made twice");
    }
    for name in books.alive.values() {
        if code == Some(0) || !stderr.contains(name.as_str()) {
            return fail("an account is alive, and nobody said so");
        }
    }
    Ok(())
}

/// A whole life cycle: setup, a command and cleanup, and a cleanup after it.
fn tell(case: &Case) -> ((Option<i32>, String), Books) {
    let books = Arc::new(Mutex::new(Books::default()));
    let (kept, mutated) = (Arc::clone(&books), case.clone());
    let liar = Liar::start(move |asked| serve(&mut kept.lock().unwrap(), &mutated, asked));
    let desk = Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    username: qa
    password: correct-horse
    timeout: 1s
    verify: {{ request: \"GET /accounts/{{{{ id }}}}\", name: body.username, until: \"body.status == 'active'\", within: 2s }}
    find: {{ request: \"GET /accounts?username={{{{ account.username }}}}\", items: body.items, id: item.id, name: item.username }}
    gone: {{ request: \"GET /accounts/{{{{ id }}}}\", until: \"status in [404, 410]\", within: 2s }}
accounts: [{{ name: alice }}]
",
        liar.url()
    ));
    let limits = ["--wait", "1s", "--deadline", "6s", "--cleanup-deadline", "8s"];
    let ended = desk.run(&[&["run"] as &[&str], &limits, &["--", "true"]].concat());
    let told = format!("{}{}", ended.stdout, ended.stderr);
    let books = books.lock().unwrap().clone();
    ((ended.code, told), books)
}

/// A service of the convention, but for the one answer. What is asked is done all the same, unless the answer says that
/// it certainly was not: then believing it is right.
fn serve(books: &mut Books, case: &Case, asked: &Asked) -> Reply {
    let id = asked.target.rsplit('/').next().unwrap_or_default().to_owned();
    let (step, status, body) = match (asked.method.as_str(), asked.target.contains('?')) {
        ("POST", _) => create(books, case, asked),
        ("GET", true) => {
            let items: Vec<Value> = books.alive.iter().map(|(id, name)| account(id, name)).collect();
            (Step::Find, 200, json!({ "items": items }))
        }
        ("GET", false) => match books.alive.get(&id) {
            Some(name) => (Step::Verify, 200, account(&id, name)),
            None => (Step::Gone, 404, json!({"error": "no such account"})),
        },
        _ => match books.alive.remove(&id) {
            Some(_) => (Step::Delete, 200, json!({})),
            None => (Step::Delete, 404, json!({"error": "no such account"})),
        },
    };
    if step == Step::Create && case.step == Step::Find && status == 201 {
        return Reply::Bytes(Vec::new());
    }
    let part = (step == case.step).then_some(&case.part);
    books.met |= part.is_some();
    Reply::Bytes(bytes(status, &body, part))
}

fn create(books: &mut Books, case: &Case, asked: &Asked) -> (Step, u16, Value) {
    let name = asked.username();
    if books.alive.values().any(|other| *other == name) {
        return (Step::Create, 409, json!({"error": "the name is taken"}));
    }
    let refuses = match (&case.part, case.step) {
        (Part::Status(status), Step::Create) => matches!(status, 400..=498 | 501) && !matches!(status, 408 | 409 | 423),
        _ => false,
    };
    if refuses {
        return (Step::Create, 201, json!({}));
    }
    books.made.push(name.clone());
    let id = format!("u{}", books.made.len());
    books.alive.insert(id.clone(), name.clone());
    (Step::Create, 201, account(&id, &name))
}

fn account(id: &str, name: &str) -> Value {
    json!({"id": id, "username": name, "email": "e@example.com", "status": "active"})
}

/// The answer as bytes, with its one part mutated.
fn bytes(status: u16, body: &Value, part: Option<&Part>) -> Vec<u8> {
    let mut line = format!("HTTP/1.1 {status} Said");
    let mut content = body.to_string().into_bytes();
    let mut left_out = "";
    let mut more = "";
    let mut kept = 100;
    match part {
        Some(Part::Status(status)) => line = format!("HTTP/1.1 {status} Said"),
        Some(Part::StatusLine(other)) => (*other).clone_into(&mut line),
        Some(Part::NoField(name)) => left_out = name,
        Some(Part::Field(field)) => more = field,
        Some(Part::Json(pointer, odd)) => content = replaced(body, pointer, odd),
        Some(Part::Cut(hundredths)) => kept = *hundredths,
        Some(Part::Body(bytes)) => content = bytes.to_vec(),
        None => {}
    }
    let mut fields = vec![
        "Connection: close".to_owned(),
        "Content-Type: application/json".to_owned(),
        format!("Content-Length: {}", content.len()),
        "Location: /accounts/u1".to_owned(),
    ];
    fields.retain(|field| left_out.is_empty() || !field.starts_with(left_out));
    if !more.is_empty() {
        fields.insert(0, more.to_owned());
    }
    content.truncate(content.len() * kept / 100);
    let mut bytes = format!("{line}\r\n{}\r\n\r\n", fields.join("\r\n")).into_bytes();
    bytes.extend(content);
    bytes
}

/// The JSON text with the value under the pointer replaced.
fn replaced(body: &Value, pointer: &str, odd: &Odd) -> Vec<u8> {
    const PLACE: &str = "\"the value stands here\"";
    let mut body = body.clone();
    let Some(place) = body.pointer_mut(pointer) else {
        return body.to_string().into_bytes();
    };
    *place = serde_json::from_str(PLACE).unwrap();
    let text = body.to_string();
    let (before, after) = text.split_once(PLACE).unwrap();
    let value = match odd {
        Odd::Value(value) => value.to_string().into_bytes(),
        Odd::Raw(raw) => raw.to_vec(),
        Odd::Huge => format!("\"{}\"", "x".repeat(1 << 20)).into_bytes(),
        Odd::Nested(depth) => ("[".repeat(*depth) + &"]".repeat(*depth)).into_bytes(),
    };
    [before.as_bytes(), &value, after.as_bytes()].concat()
}
