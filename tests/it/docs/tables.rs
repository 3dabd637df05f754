//! Tables that follow from the code, and the one way to write them again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use standin::config::{Provenance, preset, preset_names};
use standin::lint::RULES;

use super::{ROOT, keys, read, settings};

const REFRESH: &str = "STANDIN_REFRESH_DOCS=1 cargo test --test it docs::";

/// A part of a page that is made: lines from the first that begins so, below this heading.
struct Made {
    page: &'static str,
    heading: &'static str,
    begins: &'static str,
    lines: Vec<String>,
}

#[test]
fn tables_that_follow_from_the_code_are_as_it_is() {
    for made in everything() {
        let page = read(made.page);
        let refreshed = with(&page, &made);
        if std::env::var_os("STANDIN_REFRESH_DOCS").is_some() {
            fs::write(Path::new(ROOT).join(made.page), refreshed).unwrap();
        } else {
            assert!(
                page == refreshed,
                "{}, below `{}`: should be\n{}\nrefresh it with: {REFRESH}",
                made.page,
                made.heading,
                made.lines.join("\n")
            );
        }
    }
}

/// The page with this part as it should be.
fn with(page: &str, made: &Made) -> String {
    let lines: Vec<&str> = page.lines().collect();
    let heading = lines.iter().position(|line| *line == made.heading);
    let heading = heading.unwrap_or_else(|| panic!("{} has no `{}`", made.page, made.heading));
    let found = lines[heading..].iter().position(|line| line.starts_with(made.begins));
    let start = heading + found.unwrap_or_else(|| panic!("{}: no line begins with `{}`", made.page, made.begins));
    let length = lines[start..].iter().take_while(|line| !line.is_empty()).count();
    let made = made.lines.iter().map(String::as_str);
    let all: Vec<&str> = lines[..start]
        .iter()
        .copied()
        .chain(made)
        .chain(lines[start + length..].iter().copied())
        .collect();
    all.join("\n") + "\n"
}

fn everything() -> Vec<Made> {
    let action: Action = serde_saphyr::from_str(&read("action.yml")).unwrap();
    let page = "docs/configuration.md";
    let mut outputs = described("| name | what it holds |", "outputs", &action.outputs);
    outputs.push(
        "| `SERVICE-ACCOUNT-id` | The id of one account, for example `users-test_user-id` or `identity-buyer-7-id` |"
            .to_owned(),
    );
    let table = |page, heading, lines| Made {
        page,
        heading,
        begins: "|",
        lines,
    };
    let sentence = |kind: &'static str| Made {
        page,
        heading: "## Expressions",
        begins: kind,
        lines: vec![keys::words(kind)],
    };
    vec![
        table("docs/action.md", "## Inputs", settings::inputs()),
        Made {
            page: "action.yml",
            heading: "inputs:",
            begins: "  ",
            lines: settings::manifest(),
        },
        table("docs/action.md", "## Outputs", outputs),
        table("docs/commands.md", "## What plan notes", rules()),
        table("docs/commands.md", "## Exit codes", exit_codes()),
        table(page, "## Settings", settings::everywhere()),
        table("docs/presets.md", "## The presets", presets()),
        known("Run on the system itself", |known| match known {
            Provenance::RunOn(system) => Some(format!(" ({system})")),
            Provenance::RunOnEmulator(_) | Provenance::Described | Provenance::Documents => None,
        }),
        known("Run on an emulator", |known| match known {
            Provenance::RunOnEmulator(emulator) => Some(format!(" ({emulator})")),
            Provenance::RunOn(_) | Provenance::Described | Provenance::Documents => None,
        }),
        known("Held against the vendor's description", |known| {
            (*known == Provenance::Described).then(String::new)
        }),
        known("Written from documents", |known| {
            (*known == Provenance::Documents).then(String::new)
        }),
        sentence("Filters"),
        sentence("Tests after `is`"),
        sentence("Functions"),
    ]
}

/// The presets of which this has something to tell.
fn known(begins: &'static str, told: fn(&Provenance) -> Option<String>) -> Made {
    let names: Vec<String> = preset_names()
        .filter_map(|name| told(&preset(name).unwrap().known).map(|told| format!("`{name}`{told}")))
        .collect();
    Made {
        page: "README.md",
        heading: "## Your own service",
        begins,
        lines: vec![format!("{begins}: {}.", names.join(", "))],
    }
}

/// Each preset, and how it is known.
fn presets() -> Vec<String> {
    let mut lines = vec![
        "| preset | how it is known | what for | parameters |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for name in preset_names() {
        let preset = preset(name).unwrap();
        let parameters: Vec<String> = preset
            .parameters
            .iter()
            .map(|one| format!("`{}`{}", one.name, if one.is_required() { " (required)" } else { "" }))
            .collect();
        lines.push(format!(
            "| `{name}` | {} | {} | {} |",
            preset.known,
            preset.about,
            parameters.join(", ")
        ));
    }
    lines
}

#[derive(Deserialize)]
struct Action {
    outputs: BTreeMap<String, Described>,
}

#[derive(Deserialize)]
struct Described {
    description: String,
}

/// A table in the order of action.yml.
fn described(head: &str, part: &str, entries: &BTreeMap<String, Described>) -> Vec<String> {
    let text = read("action.yml");
    let (_, below) = text.split_once(&format!("\n{part}:\n")).unwrap();
    let place = |name: &str| {
        below
            .find(&format!("\n  {name}:\n"))
            .or_else(|| below.find(&format!("  {name}:\n")))
    };
    let mut names: Vec<&String> = entries.keys().collect();
    names.sort_by_key(|name| place(name));
    let rows = names
        .iter()
        .map(|name| format!("| `{name}` | {} |", entries[*name].description));
    [head.to_owned(), "|---|---|".to_owned()]
        .into_iter()
        .chain(rows)
        .collect()
}

/// The exit codes as the enum's own documentation says.
fn rules() -> Vec<String> {
    let rows = RULES.iter().map(|rule| format!("| `{}` | {} |", rule.code, rule.finds));
    ["| code | what it finds |".to_owned(), "|---|---|".to_owned()]
        .into_iter()
        .chain(rows)
        .collect()
}

fn exit_codes() -> Vec<String> {
    let source = read("src/commands/exit.rs");
    let (_, rest) = source.split_once("pub enum ExitCode {").unwrap();
    let (variants, _) = rest.split_once("\n}").unwrap();
    let sentences = variants.lines().filter_map(|line| line.trim().strip_prefix("/// "));
    let rows = sentences.map(|sentence| {
        let sentence = sentence.trim_end_matches('.');
        match sentence.strip_suffix(')').and_then(|it| it.rsplit_once(" (")) {
            Some((meaning, code)) => format!("| {code} | {meaning} |"),
            None => format!("| its own | {sentence} |"),
        }
    });
    ["| code | meaning |".to_owned(), "|---|---|".to_owned()]
        .into_iter()
        .chain(rows)
        .collect()
}
