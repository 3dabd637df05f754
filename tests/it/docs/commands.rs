//! Commands that the documents show: each is one that the program takes, and what is shown of its output is what comes.

use std::ffi::OsString;

use standin::cli;

use super::{ROOT, blocks, read, standin};
use crate::snapshot::steady;

/// Where commands to type stand in blocks of shell.
const PAGES: [&str; 9] = [
    "README.md",
    "docs/start.md",
    "docs/init.md",
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
    assert_eq!(steady(&shown).trim_end(), steady(&printed).trim_end());
}

/// pre-commit calls `entry`, `args` and the files whose names it was told.
#[test]
fn the_hook_of_pre_commit_is_a_command_that_checks_files() {
    #[derive(serde::Deserialize)]
    struct Hook {
        id: String,
        entry: String,
        args: Vec<String>,
        files: String,
    }
    let hooks: Vec<Hook> = serde_saphyr::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    let [hook] = hooks.as_slice() else {
        panic!("{} hooks", hooks.len())
    };
    assert!(read("docs/commands.md").contains(&format!("- id: {}", hook.id)));
    assert_eq!(hook.files, r"(^|/)standin\.(ya?ml|json)$");
    let entry: Vec<&str> = hook.entry.split(' ').collect();
    let ["standin", words @ ..] = entry.as_slice() else {
        panic!("{}", hook.entry)
    };
    let files = ["examples/swept.yml", "examples/devpi.yml"];
    let args = hook.args.iter().map(String::as_str);
    let words: Vec<&str> = words.iter().copied().chain(args).chain(files).collect();
    let output = standin(ROOT.as_ref(), &words, &[]);
    assert!(output.status.success(), "{output:?}");
}
