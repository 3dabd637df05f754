//! No panic, no hang and no silent leak, whatever stands in a configuration and whatever a service answers.
//!
//! The cases are drawn by proptest: `PROPTEST_RNG_SEED` draws the same ones again, `PROPTEST_CASES` more of them. A case
//! that fails is printed whole. They run side by side, since they wait more than they work.

mod answers;
mod configurations;

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Mutex;
use std::thread;

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};

/// How many cases run at once.
const AT_ONCE: usize = 8;

/// How many cases a property has where nobody asks for more, and `PROPTEST_CASES` where somebody does.
fn cases(short: u32) -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default().cases,
        None => short,
    }
}

/// Draws values.
fn draw<S: Strategy>(strategy: &S, count: u32) -> Vec<S::Value> {
    let mut runner = TestRunner::new(Config::default());
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// Tries each case; the test fails with the complaints about all of them.
fn check<T: Debug + Send>(cases: Vec<T>, property: impl Fn(&T) -> Result<(), String> + Sync) {
    assert!(!cases.is_empty());
    let queue = Mutex::new(VecDeque::from(cases));
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some(case) = next else { return };
                    if let Err(complaint) = property(&case) {
                        complaints.lock().unwrap().push(format!("{complaint}\nof {case:#?}"));
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}
