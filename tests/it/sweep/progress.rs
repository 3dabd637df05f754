//! A long list is told of while it is read.

use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::lister::{Asked, Lister, orphaned, sweeping};

/// With a word each 10 s it comes within the first fifty; a list that never ends would hold the test for ever.
const PAGES_MAX: usize = 250;

#[test]
fn how_far_a_long_list_is_read_is_told_while_it_lasts() {
    let word = Arc::new((Mutex::new(false), Condvar::new()));
    let awaited = Arc::clone(&word);
    // A page of people each 200 ms, and the first of all is ours: until the word has come, and then no more.
    let lister = Lister::start(vec![orphaned(0)], move |there, Asked { n, offset, limit, .. }| {
        let (has_come, changed) = &*awaited;
        let waited = changed.wait_timeout_while(has_come.lock().unwrap(), Duration::from_millis(200), |it| !*it);
        let is_over = *waited.unwrap().0 || n > PAGES_MAX;
        let last = if is_over { there.len() } else { offset + limit };
        let name = |number| there.get(number).cloned().unwrap_or_else(|| format!("person-{number}"));
        (offset..last).map(name).collect()
    });
    let list = "list: { request: \"GET /accounts?limit=30\", items: body.items, id: item.id, name: item.username, next: { offset: offset } }";
    let desk = sweeping(&lister, list);
    let mut sweep = desk.command(env!("CARGO_BIN_EXE_standin"), &["sweep"]).spawn().unwrap();
    let mut log = String::new();
    for line in BufReader::new(sweep.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains(" accounts read so far, 1 of them marked") {
            *word.0.lock().unwrap() = true;
            word.1.notify_all();
        }
        log += &line;
        log.push('\n');
    }
    assert_eq!(sweep.wait().unwrap().code(), Some(0), "{log}");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("read so far")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("users: "), "{log}");
    assert!(log.contains("1 deleted, 0 left"), "{log}");
    assert_eq!(lister.deleted(), [orphaned(0)]);
}
