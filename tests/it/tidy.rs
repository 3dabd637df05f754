//! Reads the repository itself: layout, arrows, words and links. It runs nothing and changes nothing.
//!
//! Each rule is a function from a file to complaints, so that it is tried on samples that it must catch, and on neighbours
//! of these that it must not.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is what is tested here, and is read as it lies"
)]

mod arrows;
mod documents;
mod errors;
mod tables;
mod words;

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A file of the repository: its path from the root with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

#[test]
fn a_file_is_about_one_noun_and_short() {
    check(|file| too_long(file).into_iter().collect());
}

#[test]
fn every_rust_file_says_first_what_it_is_for() {
    check(|file| {
        let silent = extension(&file.path) == "rs" && !file.text.starts_with("//! ");
        silent
            .then(|| format!("{}: does not begin with `//! `", file.path))
            .into_iter()
            .collect()
    });
}

#[test]
fn what_is_run_can_be_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut complaints = Vec::new();
    for file in tree() {
        let script = file.text.starts_with("#!");
        let mode = Path::new(ROOT)
            .join(&file.path)
            .metadata()
            .expect("a file that was just read")
            .permissions()
            .mode();
        if script != (mode & 0o111 != 0) {
            complaints.push(format!(
                "{}: mode {:o}, and first line {:?}",
                file.path,
                mode & 0o777,
                file.text.lines().next()
            ));
        }
    }
    assert!(tree().iter().any(|file| file.path == ".ci/run"), "`.ci/run` is missing");
    report(&complaints);
}

/// Every text file that is, or could be, committed.
fn tree() -> Vec<Source> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(ROOT)
        .output()
        .expect("the tests need git");
    assert!(
        listing.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listing.stderr)
    );
    let paths = String::from_utf8(listing.stdout).expect("file names here are UTF-8");
    let tree: Vec<Source> = paths
        .split_terminator('\0')
        .filter_map(|path| {
            Some(Source {
                path: path.to_owned(),
                text: std::fs::read_to_string(Path::new(ROOT).join(path)).ok()?,
            })
        })
        .collect();
    assert!(
        tree.iter().any(|file| file.path == "src/lib.rs"),
        "git lists no sources"
    );
    tree
}

fn check(rule: impl Fn(&Source) -> Vec<String>) {
    report(&tree().iter().flat_map(rule).collect::<Vec<_>>());
}

fn report(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} complaints\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// A sample.
fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn too_long(file: &Source) -> Option<String> {
    if !["rs", "js"].contains(&extension(&file.path)) {
        return None;
    }
    let limit = if file.path.starts_with("tests/") || file.path.ends_with(".test.js") {
        700
    } else {
        500
    };
    let lines = file.text.lines().count();
    (lines > limit).then(|| format!("{}: {lines} lines, at most {limit}", file.path))
}

#[test]
fn a_long_file_is_caught() {
    let lines = |count| "//\n".repeat(count);
    assert!(too_long(&source("src/a.rs", &lines(501))).is_some());
    assert!(too_long(&source("src/a.rs", &lines(500))).is_none());
    assert!(too_long(&source("tests/it/a.rs", &lines(701))).is_some());
    assert!(too_long(&source("tests/it/a.rs", &lines(700))).is_none());
}
