//! Commands that the documents show: each is one that the program takes, and what is shown of its output is what comes.

use std::ffi::OsString;

use standin::cli;
use tempfile::TempDir;

use super::{ROOT, blocks, read, standin};

/// Where commands to type stand in blocks of shell.
const PAGES: [&str; 7] = [
    "README.md",
    "docs/ci.md",
    "examples/README.md",
    "docs/configuration.md",
    "docs/cleanup.md",
    "docs/journal.md",
    "docs/testing.md",
];

/// The words of a line of shell, without its quotes.
fn words(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.into());
        } else {
            words.extend(part.split_whitespace().map(OsString::from));
        }
    }
    words
}

#[test]
fn every_command_that_is_shown_is_one_that_is_taken() {
    let mut lines: Vec<String> = PAGES.iter().flat_map(|page| blocks(&read(page), "sh")).collect();
    lines.push(read("examples/gitlab-ci.yml").replace("    - ", ""));
    let mut seen = 0;
    for line in lines.iter().flat_map(|block| block.lines()) {
        let Some(arguments) = line
            .strip_prefix("standin ")
            .or_else(|| line.strip_prefix("cargo run --release -- "))
        else {
            continue;
        };
        // Where the output goes is the shell's business.
        let (arguments, _) = arguments.split_once(" > ").unwrap_or((arguments, ""));
        let parsed = cli::parse(words(arguments));
        assert!(matches!(parsed, Ok(cli::Parsed::Do(_))), "{line}: {parsed:?}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} commands were found");
}

/// A line without what differs from run to run: markers, ids and durations.
fn normal(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut shown: Vec<String> = Vec::new();
    for word in words {
        let bare = word.trim_end_matches(',');
        let is_unit = matches!(bare, "ms" | "s") && shown.last().is_some_and(|last| last.parse::<f64>().is_ok());
        if is_unit {
            shown.pop();
            shown.push(word.replace(bare, "TIME"));
        } else if let Some(at) = word.find("usr_") {
            shown.push(format!(
                "{}usr_ID{}",
                &word[..at],
                word.get(at + 20..).unwrap_or_default()
            ));
        } else if let Some(at) = word.find("sd-") {
            shown.push(format!(
                "{}MARKER{}",
                &word[..at],
                word.get(at + 26..).unwrap_or_default()
            ));
        } else {
            shown.push(word.to_owned());
        }
    }
    shown.join(" ")
}

#[test]
fn the_readme_shows_what_the_demo_says() {
    let folder = TempDir::new().unwrap();
    let output = standin(folder.path(), &["demo"], &[]);
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).unwrap();
    let mut said = log.lines().map(normal);
    let shown = blocks(&read("README.md"), "text").swap_remove(0);
    assert!(shown.lines().count() > 8);
    for line in shown.lines().filter(|line| *line != "...") {
        let line = normal(line);
        assert!(
            said.any(|other| other == line),
            "the demo does not say, or not here: {line}\n{log}"
        );
    }
}

#[test]
fn the_examples_show_what_a_plan_looks_like() {
    let output = standin(
        ROOT.as_ref(),
        &["plan", "--config", "examples/article.json", "--only", "users"],
        &[],
    );
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let shown = blocks(&read("examples/README.md"), "text").swap_remove(0);
    let lines = |text: &str| text.lines().map(normal).collect::<Vec<_>>();
    assert_eq!(lines(shown.trim_end()), lines(printed.trim_end()));
}

#[test]
fn what_differs_from_run_to_run_is_left_out_of_the_comparison() {
    assert_eq!(
        normal("a: found as `usr_f88bb8a8724c81ec`: x in 1.0 s, 14 requests"),
        "a: found as `usr_ID`: x in TIME, 14 requests"
    );
    assert_eq!(
        normal("sd-25q7gff4di8p41860ifcxc9-alice in 5 ms"),
        "MARKER-alice in TIME"
    );
    assert_eq!(
        normal("GET /accounts?username=sd-25q7gff4di8p41860ifcxc9-alice 200"),
        "GET /accounts?username=MARKER-alice 200"
    );
    assert_eq!(normal("2 in users, 2 s"), "2 in users, TIME");
}
