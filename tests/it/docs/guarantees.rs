//! Each promise of the guarantees names tests, and each test that is named is one.

use std::process::Command;

use super::{ROOT, read};

const SHOWN: &str = "Shown by: ";

/// The names of all tests in the repository: the functions right below an attribute that makes a test.
fn tests() -> Vec<String> {
    let listing = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "src/*.rs",
            "tests/*.rs",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let paths = String::from_utf8(listing.stdout).unwrap();
    let mut names = Vec::new();
    for path in paths
        .split_terminator('\0')
        .filter(|path| std::path::Path::new(ROOT).join(path).exists())
    {
        let mut is_test = false;
        for line in read(path).lines().map(str::trim) {
            if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                names.extend(rest.split('(').next().map(str::to_owned));
            }
            is_test =
                line.starts_with("#[test]") || line.starts_with("#[tokio::test") || (is_test && line.starts_with("#["));
        }
    }
    names
}

#[test]
fn every_promise_is_shown_by_tests_that_exist() {
    let (page, tests) = (read("docs/guarantees.md"), tests());
    let mut named = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix(SHOWN)) {
        named.extend(line.split(", ").map(|name| name.trim_matches('`')));
    }
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !tests.iter().any(|test| test == *name))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/guarantees.md names tests that are none: {missing:?}"
    );
    let promises = page.lines().filter(|line| line.starts_with("**")).count();
    let shown = page.lines().filter(|line| line.starts_with(SHOWN)).count();
    assert!(
        promises > 10 && shown == promises,
        "{promises} promises, {shown} of them shown by tests"
    );
}
