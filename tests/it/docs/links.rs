//! Links to a heading: that the file is there is tidy's to see, that the heading is, is seen here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{ROOT, read};

/// The pages that stand outside of docs.
const OTHERS: [&str; 5] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "examples/README.md",
];

/// Every page, by its path from the root.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|it| it == "md"));
    let names = pages.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    let pages = names.map(|name| format!("docs/{name}"));
    pages.chain(OTHERS.map(str::to_owned)).collect()
}

/// The anchors that GitHub gives the headings of a page.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let mut in_code = false;
    let mut anchors = BTreeSet::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        if !in_code && line.starts_with('#') {
            anchors.insert(anchor(line.trim_start_matches('#').trim()));
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// `docs/../SECURITY.md` is `SECURITY.md`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn links_to_headings_lead_to_one() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            let Some((path, heading)) = target.split_once('#') else {
                continue;
            };
            if path.contains("://") {
                continue;
            }
            let path = if path.is_empty() {
                PathBuf::from(&page)
            } else {
                plain(&Path::new(&page).parent().unwrap().join(path))
            };
            let there = anchors(&read(path.to_str().unwrap()));
            assert!(there.contains(heading), "{page}: `{target}` is none of {there:?}");
            seen += 1;
        }
    }
    assert!(seen > 8, "only {seen} links were found");
}

#[test]
fn a_heading_has_the_anchor_that_github_gives_it() {
    assert_eq!(
        anchor("Configurations by people who don't own the workflow"),
        "configurations-by-people-who-dont-own-the-workflow"
    );
}
