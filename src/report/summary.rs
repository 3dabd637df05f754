//! The job summary: what a person sees on the run's page.

use std::time::Duration;

use serde::Serialize;

use super::cause::{by_cause, names};
use super::narrator::span;
use super::outcome::{Ended, hint, of_one_cause, plural};
use super::table::{CELL_MAX, escape, markdown};
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::ledger::{Ledger, Record};
use crate::domain::leftover::Leftover;
use crate::domain::said::cut;
use crate::domain::why::Why;

/// A summary that the runner takes is under 1 MiB; rows beyond this are only counted.
const ROWS_MAX: usize = 500;
/// So many causes are told in full; of more only the start, since each may be as long as a service's words.
const CAUSES_MAX: usize = 50;
const START: usize = 100;

/// One account, as every table and report shows it.
#[derive(Clone, Debug, Serialize)]
pub struct AccountRow {
    /// The service.
    pub service: String,
    /// The copy of the persona.
    pub account: String,
    /// Its user name.
    pub username: String,
    /// Its id, if it has one.
    pub id: Option<RemoteId>,
    /// Where it stands, in a word.
    pub status: String,
    /// Why it stands there, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl AccountRow {
    /// The accounts of a ledger, with the ids that are to be shown.
    pub fn all(ledger: &Ledger, id: impl Fn(&Record) -> Option<&RemoteId>) -> Vec<Self> {
        let accounts = ledger.plan().accounts.iter().enumerate();
        accounts
            .map(|(place, account)| Self {
                service: account.key.service.to_string(),
                account: account.key.account.clone(),
                username: account.username.clone(),
                id: id(ledger.record(place)).cloned(),
                status: ledger.record(place).status.to_string(),
                reason: None,
            })
            .collect()
    }

    fn cells(&self) -> Vec<String> {
        vec![
            format!("{}/{}", self.service, self.account),
            self.username.clone(),
            self.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.status.clone(),
        ]
    }
}

/// The summary of a setup.
pub fn setup_summary(title: &str, rows: &[AccountRow], took: Duration, failures: &[(AccountKey, Why)]) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title, CELL_MAX));
    let cells: Vec<Vec<String>> = rows.iter().take(ROWS_MAX).map(AccountRow::cells).collect();
    text.push_str(&markdown(&["account", "user name", "id", "status"], &cells));
    text.push_str(&more(rows.len()));
    if !failures.is_empty() {
        let causes = by_cause(failures, |(key, reason)| (key, reason));
        let cells: Vec<Vec<String>> = causes
            .iter()
            .take(ROWS_MAX)
            .enumerate()
            .map(|(index, members)| {
                let keys: Vec<String> = members.iter().map(|(key, _)| key.to_string()).collect();
                let why = members.first().map(|(_, why)| why.in_line());
                vec![names(&keys, false), in_turn(index, why.unwrap_or_default())]
            })
            .collect();
        text.push_str("\n#### What failed\n\n");
        text.push_str(&markdown(&["account", "why"], &cells));
        text.push_str(&more(causes.len()));
    }
    text + &format!("\nTook {}.\n", span(took))
}

impl Ended {
    /// The job summary of a cleanup.
    pub fn summary(&self) -> String {
        let title = if self.leftovers.is_empty() {
            format!("{} deleted, 0 left", self.deleted)
        } else {
            format!("{} may be left", plural(self.leftovers.len(), "account"))
        };
        cleanup_summary(&title, &self.leftovers, &self.again)
    }
}

/// The summary of a cleanup.
pub fn cleanup_summary(title: &str, left: &[Leftover], again: &str) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title, CELL_MAX));
    if left.is_empty() {
        return text;
    }
    let causes = of_one_cause(left);
    let all = causes.iter().enumerate().flat_map(|(cause, members)| {
        members.iter().enumerate().map(move |(index, leftover)| {
            let ids: Vec<String> = leftover.ids.iter().map(ToString::to_string).collect();
            // One cause is told once.
            let (why, what_to_do) = if index == 0 {
                (
                    in_turn(cause, leftover.detail.what.clone()),
                    in_turn(cause, hint(leftover, again)),
                )
            } else {
                ("the same".to_owned(), String::new())
            };
            let key = leftover.key.to_string();
            vec![key, leftover.username.clone(), ids.join(", "), why, what_to_do]
        })
    });
    let cells: Vec<Vec<String>> = all.take(ROWS_MAX).collect();
    text.push_str("These accounts may still exist:\n\n");
    text.push_str(&markdown(&["account", "user name", "id", "why", "what to do"], &cells));
    text.push_str(&more(left.len()));
    text
}

/// The summary of a sweep: what was to go, and the lists that don't show all, each with the reason.
pub fn sweep_summary(title: &str, head: &[&str], rows: &[Vec<String>], incomplete: &[Vec<String>]) -> String {
    let mut text = format!("### Standin: {}\n\n", escape(title, CELL_MAX));
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
        escape(title, CELL_MAX),
        markdown(head, shown),
        more(rows.len())
    )
}

/// What is told of a cause, by its place among them.
fn in_turn(index: usize, text: String) -> String {
    if index < CAUSES_MAX { text } else { cut(&text, START) }
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
    use crate::domain::leftover::Reason;

    #[test]
    fn a_hostile_id_stays_in_its_cell() {
        let rows = [AccountRow {
            service: "users".to_owned(),
            account: "alice".to_owned(),
            username: "sd-x-alice".to_owned(),
            id: RemoteId::new("1 | <script>\n# hi"),
            status: "ready".to_owned(),
            reason: None,
        }];
        let text = setup_summary("1 account is ready", &rows, Duration::from_millis(5), &[]);
        assert_eq!(text.lines().filter(|line| line.starts_with("| users")).count(), 1);
        assert!(!text.contains("<script>"));
        assert!(!text.contains("\n# hi"));
    }

    #[test]
    fn a_summary_is_bounded() {
        let row = AccountRow {
            service: "users".to_owned(),
            account: "alice".to_owned(),
            username: "x".repeat(300),
            id: RemoteId::new("<".repeat(300)),
            status: "ready".to_owned(),
            reason: None,
        };
        let text = setup_summary("t", &vec![row; 10_000], Duration::ZERO, &[]);
        assert!(text.len() < 1_000_000, "{}", text.len());
        assert!(text.contains("and 9500 more."));
    }

    #[test]
    fn one_cause_is_told_once() {
        let left: Vec<Leftover> = ["alice", "bob"]
            .iter()
            .map(|account| Leftover {
                key: format!("users/{account}").parse().expect("a key"),
                ids: Vec::new(),
                username: format!("sd-x-{account}"),
                reason: Reason::Failed,
                detail: "no".into(),
            })
            .collect();
        let text = cleanup_summary("t", &left, "standin cleanup");
        assert_eq!(text.matches("standin cleanup").count(), 1, "{text}");
        assert!(text.contains("| the same |"), "{text}");
        let failures: Vec<(AccountKey, Why)> = left
            .iter()
            .map(|leftover| (leftover.key.clone(), Why::hinted("no", "mend it")))
            .collect();
        let text = setup_summary("t", &[], Duration::ZERO, &failures);
        assert_eq!(text.matches("mend it").count(), 1, "{text}");
        assert!(text.contains("| users/alice, users/bob |"), "{text}");
    }

    #[test]
    fn a_summary_of_as_many_causes_as_accounts_is_bounded() {
        let left: Vec<Leftover> = (0..10_000)
            .map(|number| Leftover {
                key: format!("users/a{number}").parse().expect("a key"),
                ids: Vec::new(),
                username: "x".repeat(300),
                reason: Reason::Failed,
                detail: format!("{number} {}", "<".repeat(300)).into(),
            })
            .collect();
        let text = cleanup_summary("t", &left, "standin cleanup");
        assert!(text.len() < 1_000_000, "{}", text.len());
    }
}
