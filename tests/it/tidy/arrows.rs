//! Dependencies point one way, and the pure part stays pure.

use std::collections::{BTreeMap, BTreeSet};

use super::words::words;
use super::{Source, check, source, tree};

/// Who may name whom. A module that is not here is unknown, and so may neither name nor be named.
///
/// `main -> commands -> {engine, adapters, report, sandbox} -> ports -> config -> language -> domain`; `cli` and
/// `settings` sit beside the commands, and `lint` says what the engine would lack.
const ARROWS: [(&str, &[&str]); 15] = [
    ("main", &["commands", "cli", "settings"]),
    (
        "commands",
        &[
            "cli", "settings", "lint", "engine", "adapters", "report", "sandbox", "draft", "ports", "plan", "config",
            "language", "domain",
        ],
    ),
    ("cli", &["settings", "config", "language", "domain"]),
    ("settings", &["cli", "adapters", "config", "language", "domain"]),
    ("lint", &["engine", "config", "language", "domain"]),
    ("engine", &["ports", "config", "language", "domain"]),
    ("adapters", &["ports", "config", "language", "domain"]),
    ("report", &["ports", "config", "language", "domain"]),
    ("sandbox", &["ports", "config", "language", "domain"]),
    ("draft", &["config", "language", "domain"]),
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

#[test]
fn dependencies_point_one_way() {
    check(against_the_arrows);
}

#[test]
fn the_domain_is_pure() {
    check(|file| {
        if module(&file.path) == Some("domain") {
            // Comments may well say what is not done.
            let lines = file.text.lines();
            let code: String = lines
                .map(|line| {
                    if line.trim_start().starts_with("//") {
                        "\n".to_owned()
                    } else {
                        format!("{line}\n")
                    }
                })
                .collect();
            words(&source(&file.path, &code), &IMPURE)
        } else {
            Vec::new()
        }
    });
}

/// The files of these modules lean on each other in one direction too, so that each can be read with those below it.
#[test]
fn the_files_of_a_module_form_no_circle() {
    for of in ["commands", "config", "engine"] {
        let mut leans = leans(of);
        assert!(leans.len() > 20, "{leans:?}");
        // What leans on nothing that is left is taken away, again and again.
        let mut left = usize::MAX;
        while leans.len() < left {
            left = leans.len();
            let known: BTreeSet<String> = leans.keys().cloned().collect();
            leans.retain(|part, on| on.iter().any(|on| on != part && known.contains(on)));
        }
        assert!(leans.is_empty(), "there is a circle in `{of}`: {:?}", leans.keys());
    }
}

/// What each file of a module leans on in it, with the files in its folder.
fn leans(of: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut leans: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let front = format!("src/{of}/");
    for file in tree() {
        let inside = file.path.strip_prefix(&front).unwrap_or_default();
        let Some(part) = inside
            .split(['/', '.'])
            .next()
            .filter(|_| module(&file.path) == Some(of))
        else {
            continue;
        };
        let up = "super::".repeat(inside.matches('/').count() + 1);
        let whole = format!("crate::{of}::");
        let named = [&whole, &up].into_iter().flat_map(|prefix| named(&file.text, prefix));
        leans
            .entry(part.to_owned())
            .or_default()
            .extend(named.map(str::to_owned));
    }
    leans
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
        return vec![format!(
            "{}: the module `{from}` is not in tidy/arrows.rs's ARROWS",
            file.path
        )];
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
