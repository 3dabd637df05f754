//! The job summary: what a person sees on the run's page.

use std::time::Duration;

use super::narrator::span;
use super::outcome::hint;
use super::table::{escape, markdown};
use crate::domain::leftover::Leftover;

/// A summary that the runner takes is under 1 MiB; rows beyond this are only counted.
const ROWS_MAX: usize = 500;

/// One account of the summary's table.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// `SERVICE/ACCOUNT`.
    pub key: String,
    /// Its user name.
    pub username: String,
    /// Its id, if it has one.
    pub id: String,
    /// Where it stands, in a word.
    pub status: String,
}

/// The summary of a setup.
pub fn setup_summary(title: &str, rows: &[AccountRow], took: Duration, failures: &[(String, String)]) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .take(ROWS_MAX)
        .map(|row| {
            vec![
                row.key.clone(),
                row.username.clone(),
                row.id.clone(),
                row.status.clone(),
            ]
        })
        .collect();
    text.push_str(&markdown(&["account", "user name", "id", "status"], &cells));
    text.push_str(&more(rows.len()));
    if !failures.is_empty() {
        let cells: Vec<Vec<String>> = failures
            .iter()
            .take(ROWS_MAX)
            .map(|(key, reason)| vec![key.clone(), reason.clone()])
            .collect();
        text.push_str("\n#### What failed\n\n");
        text.push_str(&markdown(&["account", "why"], &cells));
        text.push_str(&more(failures.len()));
    }
    text + &format!("\nTook {}.\n", span(took))
}

/// The summary of a cleanup.
pub fn cleanup_summary(title: &str, left: &[Leftover], again: &str) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title));
    if left.is_empty() {
        return text;
    }
    let cells: Vec<Vec<String>> = left
        .iter()
        .take(ROWS_MAX)
        .map(|leftover| {
            let ids: Vec<String> = leftover.ids.iter().map(ToString::to_string).collect();
            vec![
                leftover.key.to_string(),
                leftover.username.clone(),
                ids.join(", "),
                leftover.detail.clone(),
                hint(leftover, again),
            ]
        })
        .collect();
    text.push_str("These accounts may still exist:\n\n");
    text.push_str(&markdown(&["account", "user name", "id", "why", "what to do"], &cells));
    text.push_str(&more(left.len()));
    text
}

/// The summary of a sweep: what was to go, and the lists that don't show all, each with the reason.
pub fn sweep_summary(title: &str, head: &[&str], rows: &[Vec<String>], incomplete: &[Vec<String>]) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title));
    if !rows.is_empty() {
        text.push_str(&markdown(head, &rows[..rows.len().min(ROWS_MAX)]));
        text.push_str(&more(rows.len()));
    }
    if !incomplete.is_empty() {
        text.push_str("\n#### Lists that are incomplete\n\n");
        let shown = &incomplete[..incomplete.len().min(ROWS_MAX)];
        text.push_str(&markdown(&["service", "why"], shown));
        text.push_str(&more(incomplete.len()));
    }
    text
}

/// The summary of a look at accounts.
pub fn status_summary(title: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let shown = &rows[..rows.len().min(ROWS_MAX)];
    format!(
        "### Standin: {}\n\n{}{}",
        escape(title),
        markdown(head, shown),
        more(rows.len())
    )
}

fn more(rows: usize) -> String {
    match rows.checked_sub(ROWS_MAX) {
        None | Some(0) => String::new(),
        Some(more) => format!("\nand {more} more.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_id_stays_in_its_cell() {
        let rows = [AccountRow {
            key: "users/alice".to_owned(),
            username: "sd-x-alice".to_owned(),
            id: "1 | <script>\n# hi".to_owned(),
            status: "ready".to_owned(),
        }];
        let text = setup_summary("1 account is ready", &rows, Duration::from_millis(5), &[]);
        assert_eq!(text.lines().filter(|line| line.starts_with("| users")).count(), 1);
        assert!(!text.contains("<script>"));
        assert!(!text.contains("\n# hi"));
    }

    #[test]
    fn a_summary_is_bounded() {
        let row = AccountRow {
            key: "users/alice".to_owned(),
            username: "x".repeat(300),
            id: "<".repeat(300),
            status: "ready".to_owned(),
        };
        let text = setup_summary("t", &vec![row; 10_000], Duration::ZERO, &[]);
        assert!(text.len() < 1_000_000, "{}", text.len());
        assert!(text.contains("and 9500 more."));
    }
}
