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

/// The compiler says this of what other crates see alone, and most modules here are private.
#[test]
fn every_public_item_says_what_it_is_for() {
    check(undocumented);
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

fn undocumented(file: &Source) -> Vec<String> {
    let is_test = file.path.split('/').any(|part| part.starts_with("tests")) || file.path.ends_with("captured.rs");
    if !file.path.starts_with("src/") || is_test {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let is_item = |line: &str| line.starts_with("pub ") && !line.starts_with("pub use") && !line.starts_with("pub mod");
    let items = (0..lines.len()).filter(|at| is_item(lines[*at]));
    items
        .filter(|at| !is_documented(&lines[..*at]))
        .map(|at| format!("{}:{}: `{}` has no `///`", file.path, at + 1, lines[at]))
        .collect()
}

/// Does what stands before an item, but for its attributes, end with its documentation?
fn is_documented(before: &[&str]) -> bool {
    let mut before = before.iter().rev();
    while let Some(line) = before.next() {
        if line.starts_with("///") {
            return true;
        }
        if line.starts_with("#[") || line.starts_with("//") {
            continue;
        }
        if !line.ends_with(']') {
            return false;
        }
        // The last line of an attribute that has several.
        before.find(|line| line.starts_with("#["));
    }
    false
}

#[test]
fn an_item_without_documentation_is_caught() {
    let complaints = |text: &str| undocumented(&source("src/a.rs", text)).len();
    assert_eq!(complaints("pub fn a() {}\n/// B.\n#[must_use]\npub fn b() {}\n"), 1);
    assert_eq!(
        complaints("/// A.\n#[a(\n  b,\n)]\npub struct A {\n    pub b: u8,\n}\n"),
        1
    );
    assert_eq!(
        complaints("pub mod a;\npub use a::B;\nfn c() {}\npub(super) fn d() {}\n"),
        0
    );
}

#[test]
fn a_long_file_is_caught() {
    let lines = |count| "//\n".repeat(count);
    assert!(too_long(&source("src/a.rs", &lines(501))).is_some());
    assert!(too_long(&source("src/a.rs", &lines(500))).is_none());
    assert!(too_long(&source("tests/it/a.rs", &lines(701))).is_some());
    assert!(too_long(&source("tests/it/a.rs", &lines(700))).is_none());
}
