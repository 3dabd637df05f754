//! Words that must not stand anywhere: names that say nothing, notes to oneself, folders of somebody's machine.

use super::{ROOT, Source, check, extension, source};

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

/// Phrasings that read as translated. `docs/words.md` has each of them, with what to write instead.
const TRANSLATED: [&str; 19] = [
    "all the same",
    "as a rule",
    "be listened for",
    "but for",
    "cause and cure",
    "counts as absent",
    "does not go by",
    "equal names",
    "for ever",
    "if it is meant",
    "in the order of the alphabet",
    "never there",
    "nobody says more",
    "on loopback alone",
    "stands here a second",
    "that is certain",
    "to be had",
    "told at once",
    "what came of",
];

/// As [`TRANSLATED`], but single words: documents and help alone, since code may name a variable so.
const TRANSLATED_WORDS: [&str; 3] = ["mended", "put aside", "whoever"];

/// The page that has the wrong phrasings on purpose.
const WORDS: &str = "docs/words.md";

#[test]
fn no_sentence_reads_as_translated() {
    check(translated);
}

#[test]
fn the_page_of_words_has_every_phrasing_that_is_caught() {
    let page = std::fs::read_to_string(std::path::Path::new(ROOT).join(WORDS)).unwrap();
    let wrong: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .collect();
    assert!(wrong.len() > 12, "{wrong:?}");
    for phrase in TRANSLATED.iter().chain(&TRANSLATED_WORDS) {
        assert!(
            wrong.iter().any(|line| has_word(line, phrase)),
            "{WORDS}: nothing on `{phrase}`"
        );
    }
}

#[test]
fn names_say_what_is_inside() {
    check(|file| vague_name(&file.path).into_iter().collect());
}

#[test]
fn notes_to_oneself_are_issues() {
    check(notes);
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

/// Notes to oneself: such a word at the beginning of a comment, or of a line of a document. Elsewhere it may be what is
/// told of: values that are still to be written.
fn notes(file: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut in_block = false;
    for (number, line) in file.text.lines().enumerate() {
        let is_page = extension(&file.path) == "md";
        in_block ^= is_page && line.trim_start().starts_with("```");
        for note in NOTES.iter().filter(|note| has_word(line, note)) {
            let begins = line.match_indices(note).any(|(at, _)| {
                let before = line[..at].trim_end();
                let is_prose = is_page && !in_block && before.trim().is_empty();
                is_prose
                    || ["//", "//!", "///", "#", "<!--", "/*"]
                        .iter()
                        .any(|mark| before.ends_with(mark))
            });
            if begins {
                complaints.push(format!("{}:{}: `{note}`", file.path, number + 1));
            }
        }
    }
    complaints
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

/// What reads as translated in a document, a help text or a message. Code blocks of documents are as the program says.
fn translated(file: &Source) -> Vec<String> {
    let path = file.path.as_str();
    let folder = |names: &[&str]| names.iter().any(|name| path.starts_with(name));
    let is_page = path != WORDS
        && (extension(path) == "md" || path == "action.yml" || folder(&["presets/", "templates/", "examples/"]));
    let is_help = folder(&["src/cli/", "src/settings", "src/config/keys"]);
    let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
    let is_source = path.starts_with("src/") && !is_test;
    let mut in_block = false;
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if is_source && line.starts_with("#[cfg(test)]") {
            break;
        }
        if extension(path) == "md" && line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        let line = line.to_lowercase();
        let is_comment = line.trim_start().starts_with("//");
        let both = is_page || is_help;
        let phrases = (both || (is_source && !is_comment)).then_some(&TRANSLATED[..]);
        let words = both.then_some(&TRANSLATED_WORDS[..]);
        for phrase in [phrases, words].into_iter().flatten().flatten() {
            if !in_block && has_word(&line, phrase) {
                complaints.push(format!("{path}:{}: `{phrase}`\nhint: see {WORDS}", number + 1));
            }
        }
    }
    complaints
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
fn a_phrasing_that_reads_as_translated_is_caught() {
    for (path, text, expected) in [
        ("a.md", "As a rule it works.", 1),
        ("a.md", "Use it as a ruler, for every job.", 0),
        ("a.md", "```text\nas a rule\n```\nwhoever", 1),
        (WORDS, "| as a rule | usually |", 0),
        ("src/a.rs", "    \"it is kept for ever\"", 1),
        ("src/a.rs", "// for ever\n#[cfg(test)]\nmod tests { \"for ever\" }", 0),
        ("src/cli/command.rs", "/// Whoever sees it", 1),
        ("src/a.rs", "let whoever = 1;", 0),
        ("src/a/tests.rs", "\"for ever\"", 0),
    ] {
        assert_eq!(translated(&source(path, text)).len(), expected, "{path}: {text}");
    }
}

#[test]
fn a_word_is_caught_whole() {
    assert_eq!(words(&source("a.md", "a\nb NOTE: c"), &["NOTE"]), ["a.md:2: `NOTE`"]);
    assert!(words(&source("a.md", "NOTES and FOOTNOTE"), &["NOTE"]).is_empty());
}

#[test]
fn a_note_to_oneself_is_caught_and_a_value_to_be_written_is_not() {
    let note = NOTES[0];
    for (path, text, expected) in [
        ("a.rs", format!("let a = 1; // {note}: b"), 1),
        ("a.rs", format!("/// {note} b"), 1),
        ("a.yml", format!("a: 1 # {note}"), 1),
        ("a.md", format!("{note}: write this"), 1),
        ("a.md", format!("```yaml\n{note}: x\n```\nIt is `{note}`."), 0),
        (
            "a.rs",
            format!("//! Values that are `{note}`\nconst WORD: &str = \"{note}\";"),
            0,
        ),
        ("a.yml", format!("role: {note}"), 0),
    ] {
        assert_eq!(notes(&source(path, &text)).len(), expected, "{path}: {text}");
    }
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
