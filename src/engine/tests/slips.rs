//! Every single mistake in a description, every way in which a service lies, and what a job may do: whatever comes together,
//! a cleanup that ends with 0 has left nothing of ours, and nobody else was touched.
//!
//! The services are played from models, which are data. A mistake is one change of the description's tree.

mod book;
mod description;
mod exception;
mod history;
mod life;
mod listing;
mod model;
mod nature;
mod own;
mod presets;
mod real;
mod report;
mod route;
mod service;
mod slip;
mod stage;
mod trial;
mod vendors;
mod verdict;
mod world;

use description::Description;
use history::History;
use stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_right_description_makes_and_deletes() {
    for description in Description::all() {
        let name = description.name;
        let stage = Stage::new(&description.document(None)).unwrap();
        let went = life::live(&description, &stage, &History::QUIET, true).await;
        let story = went.trace.join("\n");
        assert!(went.ready, "{name}: {:?}\n{story}", went.failures);
        assert!(
            went.silent && went.left.is_empty(),
            "{name}: {:?} {:?}\n{story}",
            went.leftovers,
            went.left
        );
    }
}

/// So many lives are lived where nothing else is said.
const HISTORIES: usize = 2_000;

/// `STANDIN_TEST_HISTORIES` says how many lives, `PROPTEST_RNG_SEED` which, and `STANDIN_TEST_TRACES` how many of those that went wrong are
/// told in full.
#[test]
#[expect(clippy::print_stderr, reason = "the seed repeats the run")]
fn a_cleanup_that_ends_with_0_has_left_nothing() {
    let descriptions = Description::all();
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(1);
    let lives = number("STANDIN_TEST_HISTORIES").and_then(|lives| usize::try_from(lives).ok());
    let (tasks, refused) = trial::tasks(&descriptions, lives.unwrap_or(HISTORIES), seed);
    let mut tally = trial::run(&descriptions, &tasks);
    tally.refused = refused;
    eprintln!("slips: seed {seed}: {tally}");
    let in_full = number("STANDIN_TEST_TRACES").and_then(|traces| usize::try_from(traces).ok());
    if !tally.found.is_empty() {
        let runtime = trial::runtime();
        let text = runtime.block_on(report::report(&descriptions, &tally.found, in_full.unwrap_or(3)));
        eprintln!("{text}");
    }
    // Fewer lives may not need all of them.
    if lives.is_some_and(|lives| lives >= 1_000_000) {
        assert_eq!(tally.stale(), [], "exceptions that nothing needs any more");
    }
    let found = tally.found.len();
    assert!(found == 0, "{found} lives came to what they must not");
}

/// So many lives are lived on the real binary where nothing else is said.
const SAMPLE: usize = 24;

/// `STANDIN_TEST_BINARY` says which binary, `STANDIN_TEST_SAMPLE` how many lives, and `PROPTEST_RNG_SEED` which.
#[test]
#[expect(clippy::print_stderr, reason = "the seed repeats the run")]
fn a_sample_of_them_on_the_real_binary_goes_the_same_way() {
    let Some(binary) = variable("STANDIN_TEST_BINARY") else {
        eprintln!("slips: STANDIN_TEST_BINARY names no binary, so that no life is lived on one");
        return;
    };
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(1);
    let lives = number("STANDIN_TEST_SAMPLE").and_then(|lives| usize::try_from(lives).ok());
    let (tally, wrong) = trial::sample(binary.as_ref(), &Description::all(), lives.unwrap_or(SAMPLE), seed);
    eprintln!("slips: on the real binary, seed {seed}: {tally}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[expect(clippy::disallowed_methods, reason = "which lives are lived is said from outside")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str) -> Option<u64> {
    variable(name)?.parse().ok()
}
