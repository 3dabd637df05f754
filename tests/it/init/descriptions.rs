//! Real documents, where somebody has a folder of them: `STANDIN_TEST_DESCRIPTIONS` names it.

#![expect(clippy::print_stdout, reason = "the table is for whoever reads the test's output")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::desk::Desk;

/// Blocks of a service, as the table shows them.
const BLOCKS: [&str; 9] = [
    "url",
    "auth",
    "probe",
    "create",
    "verify",
    "find",
    "list",
    "delete",
    "duplicate",
];

#[test]
fn each_document_gives_a_file_that_passes_plan_or_a_clear_refusal() {
    let folder = std::env::var_os("STANDIN_TEST_DESCRIPTIONS")
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir());
    let Some(folder) = folder else {
        println!("skipped: `STANDIN_TEST_DESCRIPTIONS` names no folder of documents");
        return;
    };
    let mut documents: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    documents.sort();
    assert!(!documents.is_empty());
    println!("| document | {} |", BLOCKS.join(" | "));
    for path in documents {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let desk = Desk::new();
        let start = Instant::now();
        let ended = desk.run(&["init", "--openapi", path.to_str().unwrap()]);
        assert!(
            ended.is_orderly() && start.elapsed() < Duration::from_secs(20),
            "{name}: {}",
            ended.stderr
        );
        if ended.code != Some(0) {
            assert!(ended.stderr.lines().count() <= 3, "{name}: {}", ended.stderr);
            println!("| {name} | {} |", ended.stderr.lines().next().unwrap_or_default());
            continue;
        }
        let text = fs::read_to_string(desk.work().join("standin.yml")).unwrap();
        let plan = desk.run(&["plan"]);
        assert_eq!(plan.code, Some(0), "{name}: {}\n{text}", plan.stderr);
        let cells: Vec<&str> = BLOCKS.iter().map(|block| state(&text, block)).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

/// What became of a block: written, with something open in it, empty, or left out.
fn state(text: &str, block: &str) -> &'static str {
    let lines: Vec<&str> = text.lines().collect();
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let is_block = |line: &str| line.trim_start_matches([' ', '-']).starts_with(&format!("{block}:"));
    let Some(at) = lines.iter().position(|line| is_block(line)) else {
        return "left out";
    };
    let inner = lines[at + 1..].iter().take_while(|line| depth(line) > depth(lines[at]));
    let whole: Vec<&str> = std::iter::once(&lines[at]).chain(inner).copied().collect();
    let is_open = |line: &&&str| {
        !line.trim_start().starts_with('#')
            && line
                .split(" # ")
                .next()
                .is_some_and(|value| value.contains(standin::draft::OPEN))
    };
    if whole.iter().any(|line| is_open(&line)) {
        "open"
    } else if lines[at].contains("null") {
        "absent"
    } else {
        "written"
    }
}
