//! Words that must not stand anywhere: names that say nothing, notes to oneself, folders of somebody's machine.

use super::{ROOT, Source, check, source};

/// Names that say nothing about what is inside.
const VAGUE: [&str; 9] = [
    "mod", "util", "utils", "helper", "helpers", "common", "imp", "manager", "misc",
];

/// Notes to oneself belong to an issue. Written apart so that this file does not contain them.
const NOTES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of somebody's machine. `/home/runner` is GitHub's, and the same for everyone.
const MACHINES: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Use", "rs/"),
];

#[test]
fn names_say_what_is_inside() {
    check(|file| vague_name(&file.path).into_iter().collect());
}

#[test]
fn notes_to_oneself_are_issues() {
    check(|file| words(file, &NOTES));
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    check(machine_paths);
}

fn vague_name(path: &str) -> Option<String> {
    let vague = path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .find(|stem| VAGUE.contains(stem));
    vague.map(|stem| format!("{path}: `{stem}` does not say what is inside"))
}

/// Complaints about whole words.
pub(super) fn words(file: &Source, forbidden: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for word in forbidden {
            if has_word(line, word) {
                complaints.push(format!("{}:{}: `{word}`", file.path, number + 1));
            }
        }
    }
    complaints
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

fn machine_paths(file: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let shown = line.replace(concat!("/ho", "me/runner"), "");
        let starts = |folder: &str| {
            // In the middle of a longer path or address it is no folder of a machine, nor is a template in it anybody's.
            shown.match_indices(folder).any(|(at, _)| {
                !shown[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.}".contains(c))
                    && !shown[at + folder.len()..].starts_with("{{")
            })
        };
        if shown.contains(ROOT) || MACHINES.iter().any(|folder| starts(folder)) {
            complaints.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
    }
    complaints
}

#[test]
fn a_vague_name_is_caught_as_file_and_as_folder() {
    assert!(vague_name("src/engine/mod.rs").is_some());
    assert!(vague_name("tests/it/common/server.rs").is_some());
    assert!(vague_name("src/commands/model.rs").is_none());
}

#[test]
fn a_word_is_caught_whole() {
    assert_eq!(words(&source("a.md", "a\nb NOTE: c"), &["NOTE"]), ["a.md:2: `NOTE`"]);
    assert!(words(&source("a.md", "NOTES and FOOTNOTE"), &["NOTE"]).is_empty());
}

#[test]
fn a_path_of_a_machine_is_caught() {
    let home = concat!("`/ho", "me/ada/x`");
    assert_eq!(machine_paths(&source("a.md", home)).len(), 1);
    for harmless in [
        concat!("/ho", "me/runner/x https://host/ho", "me/x"),
        concat!("GET /Use", "rs/{{ id }}"),
    ] {
        assert!(machine_paths(&source("a.md", harmless)).is_empty(), "{harmless}");
    }
}
