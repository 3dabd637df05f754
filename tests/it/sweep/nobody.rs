//! A list that shows nobody at all is believed once it has shown an account that was made for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

use crate::desk::{Desk, Ended};
use crate::liar::{Asked, Liar, Reply, answer, json as says};

/// Names by their ids.
type Books = Arc<Mutex<BTreeMap<String, String>>>;

/// A service of the convention with an orphan in it; `/nobody` is a list that shows nobody, and a filter by `front` goes by another
/// field.
fn service(creates: u16) -> (Liar, Books) {
    let origin = Origin {
        repository: "standin-ci/shop",
        run: "7",
        attempt: 1,
    };
    let made = Timestamp::from_millis(1_767_225_600_000);
    let marker = Marker::new("sd", made, std::time::Duration::ZERO, &origin, "k3x9q");
    let books: Books = Arc::new(Mutex::new(BTreeMap::from([(
        "u1".to_owned(),
        format!("{marker}-alice"),
    )])));
    let kept = Arc::clone(&books);
    let liar = Liar::start(move |asked| serve(&mut kept.lock().unwrap(), asked, creates));
    (liar, books)
}

fn serve(books: &mut BTreeMap<String, String>, asked: &Asked, creates: u16) -> Reply {
    let id = asked.target.rsplit('/').next().unwrap_or_default().to_owned();
    let items = |books: &BTreeMap<String, String>| -> Vec<Value> {
        let item = |(id, name): (&String, &String)| json!({"id": id, "username": name});
        books.iter().map(item).collect()
    };
    match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", _) if creates != 201 => says(creates, &json!({"error": "no seat is left"})),
        ("POST", _) => {
            let (id, name) = (format!("u{}", books.len() + 1), asked.username());
            books.insert(id.clone(), name.clone());
            says(201, &json!({"id": id, "username": name}))
        }
        ("GET", "/accounts") => says(200, &json!({ "items": items(books) })),
        ("GET", target) if target.starts_with("/nobody") || target.contains('?') => says(200, &json!({"items": []})),
        ("GET", _) => match books.get(&id) {
            Some(name) => says(200, &json!({"id": id, "username": name})),
            None => answer(404, &[], b""),
        },
        _ => match books.remove(&id) {
            Some(_) => answer(204, &[], b""),
            None => answer(404, &[], b""),
        },
    }
}

fn swept(liar: &Liar, list: &str, more: &str, arguments: &[&str]) -> Ended {
    let text = format!(
        "services:
  - name: users
    url: {}
    {more}
    list: {{ request: \"GET /{list}\", items: body.items, id: item.id, name: item.username, filter: {{ query: {{ front: '{{{{ run.prefix }}}}-' }} }} }}
accounts: [{{ name: alice }}]
",
        liar.url()
    );
    let desk = Desk::new()
        .with("CIRCLECI", "true")
        .with("CIRCLE_PROJECT_USERNAME", "standin-ci")
        .with("CIRCLE_PROJECT_REPONAME", "shop")
        .with("CIRCLE_WORKFLOW_ID", "8")
        .configured(&text);
    desk.run(&[&["sweep"], arguments].concat())
}

fn made(liar: &Liar) -> usize {
    liar.lines().iter().filter(|line| line.starts_with("POST ")).count()
}

#[test]
fn a_list_that_shows_nobody_whoever_is_there_makes_the_sweep_incomplete() {
    let (liar, books) = service(201);
    let ended = swept(&liar, "nobody", "", &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let told = "it is empty, and doesn't show a test account that was just created";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!((made(&liar), books.lock().unwrap().len()), (1, 1), "{}", ended.stderr);
}

#[test]
fn a_filter_that_shows_nobody_is_left_out() {
    let (liar, books) = service(201);
    let ended = swept(&liar, "accounts", "", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 deleted, 0 left"), "{}", ended.stderr);
    assert_eq!((made(&liar), books.lock().unwrap().len()), (0, 0), "{}", ended.stderr);
}

#[test]
fn a_service_with_nobody_in_it_is_swept_by_a_list_that_shows_who_is_made_for_it() {
    let (liar, books) = service(201);
    books.lock().unwrap().clear();
    let ended = swept(&liar, "accounts", "", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("its list is empty, but shows a test account"),
        "{}",
        ended.stderr
    );
    assert_eq!((made(&liar), books.lock().unwrap().len()), (1, 0), "{}", ended.stderr);
}

#[test]
fn nothing_is_made_in_a_dry_run_or_where_that_is_forbidden_and_a_warning_says_what_is_not_proved() {
    for (more, arguments, why) in [
        ("", &["--dry-run"] as &[&str], "a dry run makes none"),
        ("witness: false", &[], "`witness: false` forbids it"),
        ("witness: false", &["--dry-run"], "a dry run makes none"),
    ] {
        let (liar, _books) = service(201);
        let ended = swept(&liar, "nobody", more, arguments);
        assert_eq!((ended.code, made(&liar)), (Some(0), 0), "{}", ended.stderr);
        let told = format!("no test account could be created to see whether it shows any: {why}");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("our accounts may exist unseen"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn who_may_make_nobody_is_warned_that_the_list_was_not_tried() {
    let (liar, _books) = service(403);
    let ended = swept(&liar, "nobody", "", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told = "its list is empty, and no test account could be created to see whether it shows any";
    assert!(
        ended.stderr.contains(told) && ended.stderr.contains("no seat is left"),
        "{}",
        ended.stderr
    );
}
