//! docs/journal.md and docs/cleanup.md against the types that are written: the example is read, the tables are complete.

use std::collections::BTreeSet;

use standin::adapters::journal;

use super::{blocks, read, rows, section};

/// The variants of an enum in a source file, as serde writes them.
fn variants(path: &str, name: &str) -> BTreeSet<String> {
    let source = read(path);
    let (_, rest) = source.split_once(&format!("pub enum {name} {{")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| snake(line.split(['(', '{', ',']).next().unwrap_or_default().trim()))
        .collect()
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn first_column(page: &str, heading: &str) -> BTreeSet<String> {
    let rows = rows(&section(&read(page), heading));
    rows.into_iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_journal_that_is_shown_is_one_that_is_read() {
    let shown = blocks(&read("docs/journal.md"), "json").swap_remove(0);
    let reading = journal::parse(shown.as_bytes()).unwrap();
    assert_eq!(reading.remarks, Vec::<String>::new());
    assert!(reading.ledger.is_settled());
    assert_eq!(reading.ledger.plan().accounts.len(), 1);
    let half = shown.lines().take(4).collect::<Vec<_>>().join("\n") + "\n";
    let reading = journal::parse(half.as_bytes()).unwrap();
    assert_eq!(reading.ledger.debts().count(), 1);
}

#[test]
fn every_event_of_a_journal_is_described() {
    assert_eq!(
        first_column("docs/journal.md", "### Events"),
        variants("src/domain/event.rs", "Event")
    );
}

#[test]
fn every_remark_of_a_journal_is_described() {
    assert_eq!(
        first_column("docs/journal.md", "### Remarks"),
        variants("src/domain/event.rs", "Mark")
    );
}

#[test]
fn every_reason_of_a_leftover_is_described() {
    let reasons = variants("src/domain/leftover.rs", "Reason");
    assert_eq!(first_column("docs/cleanup.md", "## Leftovers"), reasons);
    assert_eq!(first_column("docs/journal.md", "### Leftovers"), reasons);
}

#[test]
fn every_file_of_an_entry_is_described() {
    let source = read("src/adapters/entry.rs");
    let named: BTreeSet<String> = source
        .lines()
        .filter(|line| line.starts_with("const ") && line.contains(": &str = \""))
        .filter_map(|line| line.split('"').nth(1))
        .map(str::to_owned)
        .collect();
    assert!(named.len() > 3, "{named:?}");
    assert_eq!(first_column("docs/journal.md", "# The journal"), named);
}
