//! Nothing takes long without a word: how far each service is, and what it waits for.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::json as value;

use crate::desk::Desk;
use crate::liar::{Asked, Liar, Reply, answer, json};

/// The test fails where nothing comes for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads what a command says, tells once `word` has come, and gives all of it at the end.
fn hear(child: &mut Child, word: &'static str) -> (Receiver<()>, JoinHandle<String>) {
    let log = BufReader::new(child.stderr.take().unwrap());
    let (tell, told) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut all = String::new();
        for line in log.lines() {
            let line = line.unwrap();
            if line.contains(word) {
                // Nobody may listen any more.
                tell.send(()).unwrap_or_default();
            }
            all += &line;
            all.push('\n');
        }
        all
    });
    (told, reading)
}

/// Runs `setup` beside a service that answers as `reply` says; what it is handed waits until the command has said `word`.
fn setup(word: &'static str, mut reply: impl FnMut(&Asked, &dyn Fn()) -> Reply + Send + 'static) -> String {
    let (hand_over, handed) = mpsc::channel::<Receiver<()>>();
    let mut told = None;
    let users = Liar::start(move |asked: &Asked| {
        let told = told.get_or_insert_with(|| handed.recv().unwrap());
        reply(asked, &|| told.recv_timeout(PATIENCE).unwrap())
    });
    let service = format!("{{ name: users, url: '{}', timeout: 30s }}", users.url());
    let desk = Desk::new().configured(&format!("services: [{service}]"));
    let mut child = desk.command(env!("CARGO_BIN_EXE_standin"), &["setup"]).spawn().unwrap();
    let (told, reading) = hear(&mut child, word);
    hand_over.send(told).unwrap();
    let code = child.wait().unwrap().code();
    let log = reading.join().unwrap();
    assert_eq!(code, Some(0), "{log}");
    log
}

#[test]
fn a_create_that_takes_long_is_told_of_while_it_does() {
    let word = "users: 0 of 1 ready";
    let log = setup(word, |asked, wait| {
        if asked.method == "POST" {
            wait();
        }
        json(201, &value!({ "id": "7" }))
    });
    assert_eq!(log.matches(word).count(), 1, "{log}");
}

#[test]
fn a_wait_that_the_service_asks_for_is_told_with_its_time() {
    let mut creates = 0;
    setup(
        "users: 0 of 1 ready, slowed down by the service, next request in ",
        move |asked, wait| {
            creates += usize::from(asked.method == "POST");
            match (asked.method.as_str(), creates) {
                ("POST", 1) => answer(429, &["Retry-After: 3"], b""),
                ("POST", _) => {
                    wait();
                    json(201, &value!({ "id": "7" }))
                }
                _ => json(200, &value!({ "id": "7" })),
            }
        },
    );
}
