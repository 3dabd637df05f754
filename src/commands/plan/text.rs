//! The plan as text: a line for each request, and with `--verbose` all that is sent and read.

use std::fmt::Write as _;

use super::finding::ShownFinding;
use super::model::{ShownPlan, ShownService};
use super::request::one_line;
use crate::report;

/// The whole plan. Every line of it is harmless: a configuration may be a stranger's.
pub(super) fn text(shown: &ShownPlan<'_>, is_verbose: bool) -> String {
    let mut text = String::new();
    for service in &shown.services {
        of_service(&mut text, service, is_verbose);
        let is_its_own = |finding: &&ShownFinding| finding.service.as_deref() == Some(service.name);
        for note in shown.findings.iter().filter(is_its_own) {
            row(&mut text, "note", &note.told());
            note.mend()
                .iter()
                .for_each(|mend| row(&mut text, "", &format!("  {mend}")));
        }
        text.push('\n');
    }
    let rows: Vec<Vec<String>> = shown
        .accounts
        .iter()
        .map(|account| {
            vec![
                format!("{}/{}", account.service, account.account),
                account.username.to_owned(),
                account.after.join(", "),
            ]
        })
        .collect();
    text.push_str(&report::table(&["account", "user name (as of now)", "after"], &rows));
    text.push('\n');
    if shown.unset_variables.is_empty() {
        text.push_str("\nevery variable that is used is set\n");
    } else {
        text.push_str("\nnot set, and needed by setup:\n");
    }
    for variable in &shown.unset_variables {
        writeln!(text, "  {}, used at {}", variable.name, variable.places.join(", ")).unwrap_or_default();
    }
    let mut todos = shown
        .findings
        .iter()
        .filter(|finding| finding.service.is_none())
        .peekable();
    if todos.peek().is_some() {
        text.push_str("\nto be written before setup:\n");
    }
    for finding in todos {
        writeln!(text, "  {}: {}", finding.at, finding.message).unwrap_or_default();
    }
    text.lines().map(|line| report::seen(line) + "\n").collect()
}

fn of_service(text: &mut String, service: &ShownService<'_>, is_verbose: bool) {
    // Writing to a string can't fail.
    let preset = service
        .preset
        .map(|preset| format!(" (preset {preset})"))
        .unwrap_or_default();
    writeln!(
        text,
        "{}{preset} at {}, auth {}, {} at once",
        service.name, service.url, service.auth, service.concurrency
    )
    .unwrap_or_default();
    if is_verbose {
        row(text, "service", &format!("timeout {}", service.timeout));
        below(text, details(service));
    }
    for request in &service.requests {
        row(
            text,
            request.step,
            &format!("{} -> {}", request.request, request.expect),
        );
        if is_verbose {
            below(text, request.details());
        }
    }
}

/// One line, whatever is in it: what follows would look like one of ours.
fn row(text: &mut String, what: &str, line: &str) {
    let line = line.lines().collect::<Vec<_>>().join(" ");
    writeln!(text, "  {what:12}  {line}").unwrap_or_default();
}

fn below(text: &mut String, details: Vec<(&'static str, String)>) {
    for (what, value) in details {
        row(text, "", &format!("  {what:9}  {value}"));
    }
}

/// What is said of the service itself.
fn details(service: &ShownService<'_>) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    details.extend(service.rate.as_ref().map(|rate| ("rate", rate.clone())));
    if !service.needs.is_empty() {
        details.push(("needs", service.needs.join(", ")));
    }
    for (what, map) in [("with", &service.with), ("tls", &service.tls)] {
        details.extend(
            map.iter()
                .map(|(name, value)| (what, format!("{name}: {}", one_line(value)))),
        );
    }
    let most = service.account_name_max;
    details.extend(most.map(|most| ("names", format!("{most} characters at most"))));
    if !service.witness {
        details.push(("witness", "never made".to_owned()));
    }
    let credentials = &service.credentials;
    for (what, names) in [("header", &credentials.headers), ("query", &credentials.query)] {
        details.extend(names.iter().map(|name| ("auth", format!("{what} {name}"))));
    }
    let from = credentials.from.iter();
    details.extend(from.map(|(name, value)| ("auth", format!("{name}: {}", one_line(value)))));
    details
}
