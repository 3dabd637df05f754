//! Reads the repository itself: layout, arrows, words and links. It runs nothing and changes nothing.
//!
//! Each rule is a function from a file to complaints, so that the rules have tests of their own at the foot.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is what is tested here, and is read as it lies"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Who may name whom. A module that is not here is unknown, and so may neither name nor be named.
///
/// `main -> commands -> {engine, adapters, report, sandbox} -> ports -> config -> language -> domain`; `cli` and
/// `settings` sit beside the commands.
const ARROWS: [(&str, &[&str]); 13] = [
    ("main", &["commands", "cli", "settings"]),
    (
        "commands",
        &[
            "cli", "settings", "engine", "adapters", "report", "sandbox", "ports", "plan", "config", "language",
            "domain",
        ],
    ),
    ("cli", &["settings", "config", "language", "domain"]),
    ("settings", &["cli", "adapters", "config", "language", "domain"]),
    ("engine", &["ports", "config", "language", "domain"]),
    ("adapters", &["ports", "config", "language", "domain"]),
    ("report", &["ports", "config", "language", "domain"]),
    ("sandbox", &["ports", "config", "language", "domain"]),
    ("ports", &["config", "language", "domain"]),
    ("plan", &["config", "language", "domain"]),
    ("config", &["language", "domain"]),
    ("language", &["domain"]),
    ("domain", &[]),
];

/// What the pure part must not touch.
const IMPURE: [&str; 10] = [
    "tokio",
    "reqwest",
    "hyper",
    "tracing",
    "std::fs",
    "std::env",
    "std::net",
    "SystemTime",
    "Instant",
    "async",
];

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
fn dependencies_point_one_way() {
    check(against_the_arrows);
}

#[test]
fn the_domain_is_pure() {
    check(|file| {
        if module(&file.path) == Some("domain") {
            words(file, &IMPURE)
        } else {
            Vec::new()
        }
    });
}

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

#[test]
fn links_between_documents_lead_somewhere() {
    check(broken_links);
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

#[test]
fn the_readme_lists_the_inputs_and_outputs_of_the_action() {
    let tree = tree();
    let text = |path: &str| {
        tree.iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    };
    let (Some(readme), Some(action)) = (text("README.md"), text("action.yml")) else {
        // Either without the other is a repository that is still being set up.
        return;
    };
    let inputs = keys(action, "inputs");
    assert!(!inputs.is_empty(), "action.yml has no inputs");
    assert_eq!(
        table(readme, "Inputs"),
        inputs,
        "README's table under `Inputs` against action.yml"
    );
    // The README also names the outputs that each account adds, which action.yml cannot.
    let outputs = table(readme, "Outputs");
    let missing: Vec<_> = keys(action, "outputs")
        .into_iter()
        .filter(|name| !outputs.contains(name))
        .collect();
    assert!(missing.is_empty(), "README's table under `Outputs` lacks {missing:?}");
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

/// The top-level module that a path belongs to: `src/engine/limits.rs` and `src/engine.rs` are `engine`. Tests are of none:
/// they set their stage with whatever it takes.
fn module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let is_test = inside.split('/').any(|part| part == "tests");
    inside.split('/').next().filter(|name| *name != "lib" && !is_test)
}

fn against_the_arrows(file: &Source) -> Vec<String> {
    let Some(from) = module(&file.path) else {
        return Vec::new();
    };
    let allowed = ARROWS
        .iter()
        .find(|(name, _)| *name == from)
        .map(|(_, allowed)| *allowed);
    let Some(allowed) = allowed else {
        return vec![format!("{}: the module `{from}` is not in tidy.rs's ARROWS", file.path)];
    };
    let up = "super::".repeat(file.path.matches('/').count());
    let named: BTreeSet<&str> = ["crate::", "standin::", &up]
        .into_iter()
        .flat_map(|prefix| named(&file.text, prefix))
        .collect();
    ARROWS
        .iter()
        .map(|(to, _)| *to)
        .filter(|to| *to != from && named.contains(to) && !allowed.contains(to))
        .map(|to| format!("{}: `{from}` may not name `{to}`", file.path))
        .collect()
}

/// The first names after `prefix` in code: `a` and `b` for `use crate::{a, b::c}`.
fn named<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(prefix) {
        let start = at + found;
        at = start + prefix.len();
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let inside_a_name = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        if inside_a_name || text[line..start].trim_start().starts_with("//") {
            continue;
        }
        let rest = &text[at..];
        if rest.starts_with('{') {
            names.extend(group(rest));
        } else {
            names.push(identifier(rest));
        }
    }
    names
}

/// The first names of the members of `{a, b::{c, d}, e}`.
fn group(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (character == '{' || character == ',') {
            names.push(identifier(text[at + 1..].trim_start()));
        }
    }
    names
}

fn identifier(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default()
}

fn vague_name(path: &str) -> Option<String> {
    let vague = path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .find(|stem| VAGUE.contains(stem));
    vague.map(|stem| format!("{path}: `{stem}` does not say what is inside"))
}

/// Complaints about whole words, comments aside only where they are documentation links.
fn words(file: &Source, forbidden: &[&str]) -> Vec<String> {
    let code = extension(&file.path) == "rs" && forbidden == IMPURE.as_slice();
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if code && line.trim_start().starts_with("//") {
            continue;
        }
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

fn broken_links(file: &Source) -> Vec<String> {
    if extension(&file.path) != "md" {
        return Vec::new();
    }
    let folder = Path::new(ROOT)
        .join(&file.path)
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf);
    links(&file.text)
        .into_iter()
        .filter(|target| !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:"))
        .filter(|target| {
            let path = target.split('#').next().unwrap_or(target);
            !folder.join(path).exists()
        })
        .map(|target| format!("{}: nothing at `{target}`", file.path))
        .collect()
}

/// The targets of `[text](target)` outside code blocks.
fn links(markdown: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            if let Some((target, _)) = line[at + 2..].split_once(')') {
                targets.push(target.split_whitespace().next().unwrap_or_default());
            }
        }
    }
    targets
}

/// The keys one level below `section:` of a YAML file that indents by two.
fn keys(yaml: &str, section: &str) -> BTreeSet<String> {
    let heading = format!("{section}:");
    let below = yaml.lines().skip_while(|line| line.trim_end() != heading).skip(1);
    below
        .take_while(|line| line.is_empty() || line.starts_with([' ', '#']))
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with([' ', '#']))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// The names in backticks in the first column of the table under the heading `title`.
fn table(markdown: &str, title: &str) -> BTreeSet<String> {
    let under = markdown
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != title || !line.starts_with('#'));
    under
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

mod rules {
    //! The rules against samples that they must catch, and neighbours of these that they must not.

    use super::{Source, against_the_arrows, broken_links, keys, machine_paths, table, too_long, vague_name, words};

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn arrows(path: &str, text: &str) -> usize {
        against_the_arrows(&source(path, text)).len()
    }

    #[test]
    fn an_arrow_that_points_up_is_caught_however_it_is_written() {
        assert_eq!(arrows("src/domain/plan.rs", "use crate::config::Config;"), 1);
        assert_eq!(
            arrows("src/engine.rs", "use crate::{domain::plan, report::{lines, table}};"),
            1
        );
        assert_eq!(
            arrows("src/engine.rs", "use crate::{\n    adapters,\n    report,\n};"),
            2
        );
        assert_eq!(arrows("src/report/table.rs", "fn f() { crate::engine::run(); }"), 1);
        assert_eq!(arrows("src/ports.rs", "use super::engine::Step;"), 1);
        assert_eq!(arrows("src/ports/clock.rs", "use super::super::engine::Step;"), 1);
        assert_eq!(arrows("src/main.rs", "standin::engine::run();"), 1);
        assert_eq!(arrows("src/plumbing.rs", ""), 1);
    }

    #[test]
    fn an_arrow_that_points_down_is_allowed() {
        assert_eq!(
            arrows(
                "src/commands/setup.rs",
                "use crate::{adapters::http, cli, domain::plan, engine};"
            ),
            0
        );
        assert_eq!(
            arrows("src/engine/limits.rs", "use crate::engine::call;\nuse super::report;"),
            0
        );
        assert_eq!(
            arrows("src/domain/plan.rs", "/// See [`crate::engine`].\n// crate::engine"),
            0
        );
        assert_eq!(arrows("src/lib.rs", "pub mod engine;"), 0);
    }

    #[test]
    fn a_long_file_is_caught() {
        let lines = |count| "//\n".repeat(count);
        assert!(too_long(&source("src/a.rs", &lines(501))).is_some());
        assert!(too_long(&source("src/a.rs", &lines(500))).is_none());
        assert!(too_long(&source("tests/it/a.rs", &lines(701))).is_some());
        assert!(too_long(&source("tests/it/a.rs", &lines(700))).is_none());
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

    #[test]
    fn a_link_to_nothing_is_caught() {
        let text = "[a](Cargo.toml) [b](absent.md#x) [c](#here) [d](https://example.com/x)\n```\n[e](gone.md)\n```\n";
        assert_eq!(
            broken_links(&source("README.md", text)),
            ["README.md: nothing at `absent.md#x`"]
        );
    }

    #[test]
    fn inputs_are_read_from_both_documents() {
        let action = "name: x\ninputs:\n  # c\n  mode:\n    description: d\n\n  only:\n    default: ''\noutputs:\n  ids:\n    description: d\n";
        let readme = "## Inputs\n\n| name | what |\n| --- | --- |\n| `mode` | x |\n| `only` | `y` |\n## Outputs\n| `ids` | z |\n";
        assert_eq!(keys(action, "inputs"), table(readme, "Inputs"));
        assert_eq!(keys(action, "inputs").len(), 2);
        assert_eq!(keys(action, "outputs"), table(readme, "Outputs"));
    }
}
