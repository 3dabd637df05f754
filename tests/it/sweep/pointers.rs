//! A list that is paged by what its answers give: what leads nowhere, or is no text, is no end of it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json as says};

/// Names by their ids.
type Books = BTreeMap<String, String>;

/// How the service gives the cursor of the next page.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Text,
    Map,
    List,
    /// Over 1 MiB of text.
    Huge,
}

const PAGE: usize = 2;

fn serve(books: &mut Books, asked: &Asked, shape: Shape, creates: u16) -> Reply {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    match asked.method.as_str() {
        "POST" => {
            let id = format!("u{:02}", books.len() + 1);
            books.insert(id.clone(), asked.username());
            says(creates, &json!({"id": id}))
        }
        "GET" if path == "/accounts" => {
            let after = query.strip_prefix("after=").unwrap_or_default().trim_start_matches('x');
            let behind: Vec<(&String, &String)> = books.iter().filter(|(id, _)| id.as_str() > after).collect();
            let items: Vec<Value> = behind
                .iter()
                .take(PAGE)
                .map(|(id, name)| json!({"id": id, "username": name}))
                .collect();
            let last = behind
                .get(PAGE - 1)
                .map(|(id, _)| id.as_str())
                .filter(|_| behind.len() > PAGE);
            let next = last.map(|last| match shape {
                Shape::Text => json!(last),
                Shape::Map => json!({ "id": last }),
                Shape::List => json!([last]),
                Shape::Huge => json!("x".repeat(1_100_000) + last),
            });
            says(200, &json!({ "items": items, "next": next }))
        }
        "GET" if path.starts_with("/named/") => {
            let named = books.iter().filter(|(_, name)| **name == id);
            let items: Vec<Value> = named.map(|(id, name)| json!({"id": id, "username": name})).collect();
            says(200, &json!({ "items": items }))
        }
        "GET" => match books.get(&id) {
            Some(name) => says(200, &json!({"id": id, "username": name})),
            None => answer(404, &[], b""),
        },
        _ => answer(if books.remove(&id).is_some() { 204 } else { 404 }, &[], b""),
    }
}

fn service(books: Books, shape: Shape, creates: u16) -> (Liar, Arc<Mutex<Books>>) {
    let books = Arc::new(Mutex::new(books));
    let kept = Arc::clone(&books);
    let liar = Liar::start(move |asked| serve(&mut kept.lock().unwrap(), asked, shape, creates));
    (liar, books)
}

const FIND: &str =
    "find: { request: 'GET /named/{{ account.username }}', items: body.items, id: item.id, name: item.username }";

fn desk(liar: &Liar, next: &str, more: &str) -> Desk {
    Desk::new().configured(&format!(
        "services:
  - name: users
    url: {}
    timeout: 1s
    {more}
    list: {{ request: GET /accounts, items: body.items, id: item.id, name: item.username, next: {{ {next} }} }}
accounts: [{{ name: alice, count: 6 }}]
",
        liar.url()
    ))
}

/// Six orphans of another run.
fn orphans() -> Books {
    let origin = Origin {
        repository: "standin-ci/shop",
        run: "7",
        attempt: 1,
    };
    let made = Timestamp::from_millis(1_767_225_600_000);
    let marker = Marker::new("sd", made, std::time::Duration::ZERO, &origin, "k3x9q");
    (1..=6)
        .map(|n| (format!("u{n:02}"), format!("{marker}-alice-{n}")))
        .collect()
}

#[test]
fn a_sweep_takes_no_pointer_that_it_can_not_read_for_the_end_of_a_list() {
    let wrong = [
        (Shape::Map, "cursor: body.next, param: after"),
        (Shape::List, "cursor: body.next, param: after"),
        (Shape::Huge, "cursor: body.next, param: after"),
        (Shape::Huge, "url: body.next"),
        (Shape::Text, "cursor: body.nxt, param: after"),
        (Shape::Text, "cursor: body.next.token, param: after"),
        (Shape::Text, "cursor: body.paging.next, param: after"),
        (Shape::Text, "cursor: \"body.nxt | default('')\", param: after"),
        (Shape::Text, "cursor: body.next + 1, param: after"),
        (Shape::Text, "cursor: \"body.items[5].id\", param: after"),
        (Shape::Text, "url: body.link"),
    ];
    for (shape, next) in wrong {
        let (liar, books) = service(orphans(), shape, 201);
        let ended = desk(&liar, next, "").run(&["sweep", "--older-than", "1h", "--all-owners"]);
        assert_eq!(ended.code, Some(1), "{shape:?}, {next}: {}", ended.stderr);
        assert!(ended.stderr.contains("`next`"), "{shape:?}, {next}: {}", ended.stderr);
        assert!(
            !books.lock().unwrap().is_empty(),
            "{shape:?}, {next}: a slip that is none"
        );
    }
    let (liar, books) = service(orphans(), Shape::Text, 201);
    let ended =
        desk(&liar, "cursor: body.next, param: after", "").run(&["sweep", "--older-than", "1h", "--all-owners"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(books.lock().unwrap().is_empty(), "{}", ended.stderr);
}

/// Every create is done, and answered with an error. Two people fill the first page.
#[test]
fn a_cleanup_believes_nobody_absent_whom_a_page_behind_a_wrong_pointer_may_show() {
    let people = Books::from([("a1", "maria"), ("a2", "otto")].map(|(id, name)| (id.to_owned(), name.to_owned())));
    for (next, code) in [
        ("cursor: body.next, param: after", 0),
        ("cursor: body.nxt, param: after", 1),
    ] {
        let (liar, books) = service(people.clone(), Shape::Text, 500);
        let desk = desk(&liar, next, "");
        assert_eq!(desk.run(&["setup"]).code, Some(1), "{next}");
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(code), "{next}: {}", ended.stderr);
        assert_eq!(*books.lock().unwrap() == people, code == 0, "{next}: {}", ended.stderr);
    }
}

/// Whoever is in no plan of today is on a page that was not read, and named by nobody else.
#[test]
fn a_cleanup_that_has_lost_its_journal_fails_where_a_list_breaks_off() {
    for (next, code) in [
        ("cursor: body.next, param: after", 0),
        ("cursor: body.nxt, param: after", 1),
    ] {
        let (liar, books) = service(Books::new(), Shape::Text, 201);
        let desk = desk(&liar, next, FIND);
        assert_eq!(desk.run(&["setup"]).code, Some(0), "{next}");
        let entry = fs::read_dir(desk.journals()).unwrap().next().unwrap().unwrap();
        fs::remove_file(entry.path().join("journal.jsonl")).unwrap();
        let ended = desk.run(&["cleanup"]);
        assert_eq!(ended.code, Some(code), "{next}: {}", ended.stderr);
        assert!(books.lock().unwrap().is_empty(), "{next}: {}", ended.stderr);
    }
}
