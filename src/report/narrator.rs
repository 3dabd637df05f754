//! The story of a setup or a cleanup, as it happens.

use std::collections::HashMap;
use std::time::Duration;

use super::cause::{by_cause, cause, names};
use super::line::Line;
use super::table::seen;
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::level::Level;
use crate::domain::why::Why;
use crate::ports::{Notice, Progress, Proof};

/// Of more accounts than this, what went well is not told account by account.
const EACH: usize = 50;

/// Which way the accounts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// They are created.
    Setup,
    /// They are deleted.
    Cleanup,
    /// They are looked up.
    Status,
}

/// Turns notices into lines. It counts, so that many accounts make few lines.
pub struct Narrator {
    phase: Phase,
    expected: usize,
    /// Is everything told, down to what only somebody who looks for a fault wants to read?
    verbose: bool,
    /// What failed for good: told at the end, since many may have failed for one reason.
    failures: Vec<(AccountKey, Why)>,
    /// Who told first of a request that is sent again for this reason. The others would say the same.
    told_again: HashMap<String, AccountKey>,
}

impl Narrator {
    /// A narrator of so many accounts. Lines that only `verbose` shows are put together for nobody else.
    pub fn new(phase: Phase, expected: usize, verbose: bool) -> Self {
        Self {
            phase,
            expected,
            verbose,
            failures: Vec::new(),
            told_again: HashMap::new(),
        }
    }

    /// The lines for a notice; often one, sometimes none.
    pub fn hear(&mut self, notice: &Notice) -> Vec<Line> {
        match notice {
            Notice::Waiting {
                service,
                reason,
                waited,
            } => {
                let so_far = format!("{service}: waiting for it to answer, {} so far", span(*waited));
                vec![Line::info(reason.clone().context(so_far))]
            }
            Notice::Answers { service, waited } => {
                vec![Line::info(format!("{service}: answers after {}", span(*waited)))]
            }
            Notice::Busy { .. } => Vec::new(),
            Notice::Account { key, progress } => {
                if let Progress::Failed { reason } = progress {
                    self.failures.push((key.clone(), reason.clone()));
                }
                let level = self.level(key, progress);
                if *progress == Progress::LookedAt || (level == Level::Debug && !self.verbose) {
                    return Vec::new();
                }
                vec![Line::new(level, in_words(progress).context(seen(&key.to_string())))]
            }
        }
    }

    /// What failed, once for each reason: the lines that end this phase.
    pub fn end(&mut self) -> Vec<Line> {
        let failures = std::mem::take(&mut self.failures);
        let causes = by_cause(&failures, |(key, reason)| (key, reason));
        causes
            .iter()
            .flat_map(|members| match members.as_slice() {
                [(key, reason)] => vec![Line::error(reason.clone().context(seen(&key.to_string())))],
                members => self.of_one_cause(members),
            })
            .collect()
    }

    fn of_one_cause(&self, members: &[&(AccountKey, Why)]) -> Vec<Line> {
        let Some((first, reason)) = members.first() else {
            return Vec::new();
        };
        let service = &first.service;
        let accounts: Vec<String> = members.iter().map(|(key, _)| seen(&key.to_string())).collect();
        vec![
            Line::error(
                reason
                    .clone()
                    .context(format_args!("{service}: {} accounts failed", members.len())),
            ),
            Line::info(format!("{service}: these are {}", names(&accounts, self.verbose))),
        ]
    }

    fn level(&mut self, key: &AccountKey, progress: &Progress) -> Level {
        match progress {
            // What is left is named at the end, and so is what failed.
            Progress::Created { .. } | Progress::LookedAt | Progress::Failed { .. } | Progress::Left { .. } => {
                Level::Debug
            }
            Progress::Ready { .. } | Progress::Deleted { .. } if self.expected > EACH => Level::Debug,
            // How it ended is told of each account.
            Progress::LookingUp if self.phase != Phase::Setup => Level::Debug,
            Progress::Again { what, reason, .. } => {
                let cause = cause(key, &format!("{what} {reason}"));
                let first = self.told_again.entry(cause).or_insert_with(|| key.clone());
                if first == key { Level::Info } else { Level::Debug }
            }
            Progress::Adopted { ids } if ids.len() > 1 => Level::Warning,
            Progress::Spelled { .. } | Progress::Unseen { .. } => Level::Warning,
            Progress::Ready { .. }
            | Progress::Deleted { .. }
            | Progress::Adopted { .. }
            | Progress::Unclear { .. }
            | Progress::LookingUp
            | Progress::NotThere
            | Progress::Absent { .. } => Level::Info,
        }
    }
}

fn in_words(progress: &Progress) -> Why {
    match progress {
        Progress::Created { id, took } => format!("created as {} in {}", quoted(id), span(*took)).into(),
        Progress::Unclear { reason } => {
            let unclear = |reason| format!("unclear whether it was created ({reason})");
            reason.clone().map(unclear)
        }
        Progress::LookingUp => "looking it up by its user name".into(),
        Progress::Adopted { ids } if ids.len() == 1 => {
            format!("found as {}: it had been created, and is adopted", quoted(&ids[0])).into()
        }
        Progress::Adopted { ids } => {
            let listed: Vec<String> = ids.iter().map(quoted).collect();
            let (number, listed) = (ids.len(), listed.join(", "));
            format!("{number} accounts have exactly its user name: {listed}; all of them are ours").into()
        }
        Progress::NotThere => "not found".into(),
        Progress::Spelled { username } => {
            let username = seen(username);
            format!("the service keeps its user name as `{username}`; outputs carry it so").into()
        }
        Progress::Unseen { reason } => {
            let unseen = |reason| {
                format!(
                    "it is there, and `find` does not show it ({reason}): an account whose create is not answered would be left"
                )
            };
            let late = "correct `find`; if the service shows new accounts late, say how late in `find.settle`";
            reason.clone().map(unseen).or_hint(late)
        }
        Progress::Again { what, reason, pause } => {
            let when = if pause.is_zero() {
                "as soon as the service allows it".to_owned()
            } else {
                format!("in {}", span(*pause))
            };
            reason
                .clone()
                .map(|reason| format!("the {what} failed ({reason}); again {when}"))
        }
        Progress::Ready { took } => format!("ready in {}", span(*took)).into(),
        Progress::Failed { reason } => reason.clone(),
        Progress::Deleted { id } => format!("deleted {}", quoted(id)).into(),
        Progress::Absent { proof } => format!("confirmed absent ({})", proof_in_words(*proof)).into(),
        Progress::LookedAt => "looked at".into(),
        Progress::Left { reason } => reason.clone().context("left"),
    }
}

fn proof_in_words(proof: Proof) -> &'static str {
    match proof {
        Proof::Open => "the service asks for no credentials",
        Proof::Credentials => "the same credentials were accepted afterwards",
        Proof::StrangersRefused => {
            "a request without credentials was refused, and ours was not; rights were not proved"
        }
    }
}

/// An id as a log shows it. A service may have put the end of a line into it, and what follows would look like one of ours.
pub(super) fn quoted(id: &RemoteId) -> String {
    format!("`{}`", seen(id.as_str()))
}

/// A duration for people: whole milliseconds under ten seconds, then seconds.
pub(super) fn span(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::{AccountKey, RemoteId};

    fn notice(progress: Progress) -> Notice {
        Notice::Account {
            key: "users/alice".parse::<AccountKey>().expect("a key"),
            progress,
        }
    }

    #[test]
    fn few_accounts_are_told_one_by_one() {
        let mut narrator = Narrator::new(Phase::Setup, 2, false);
        let lines = narrator.hear(&notice(Progress::Ready {
            took: Duration::from_millis(31),
        }));
        assert_eq!(lines, [Line::info("users/alice: ready in 31 ms")]);
    }

    #[test]
    fn every_account_is_told_to_whoever_looks_for_a_fault() {
        let mut narrator = Narrator::new(Phase::Cleanup, 1_000, true);
        let id = RemoteId::new("7").expect("an id");
        let deleted = notice(Progress::Deleted { id });
        let told = narrator.hear(&deleted);
        assert_eq!(told, [Line::new(Level::Debug, "users/alice: deleted `7`")]);
        assert_eq!(Narrator::new(Phase::Cleanup, 1_000, false).hear(&deleted), []);
    }

    #[test]
    fn what_failed_for_one_reason_is_told_once() {
        let mut narrator = Narrator::new(Phase::Setup, 30, false);
        for number in 1..=30 {
            let key = format!("users/buyer-{number}").parse::<AccountKey>().expect("a key");
            let reason = Why::hinted(format!("`sd-x1-abcdefg-buyer-{number}` was refused"), "check the key");
            let progress = Progress::Failed { reason };
            assert_eq!(narrator.hear(&Notice::Account { key, progress }), []);
        }
        assert_eq!(narrator.hear(&notice(Progress::Failed { reason: "no".into() })), []);
        assert_eq!(
            narrator.end(),
            [
                Line::error(Why::hinted(
                    "users: 30 accounts failed: `sd-x1-abcdefg-buyer-1` was refused",
                    "check the key"
                )),
                Line::info(
                    "users: these are users/buyer-1, users/buyer-2, users/buyer-3, users/buyer-4, users/buyer-5, users/buyer-6, users/buyer-7, users/buyer-8, users/buyer-9, users/buyer-10 and 20 more"
                ),
                Line::error("users/alice: no"),
            ]
        );
        assert_eq!(narrator.end(), []);
    }

    #[test]
    fn a_request_that_is_sent_again_is_told_of_one_account_for_each_reason() {
        let mut narrator = Narrator::new(Phase::Setup, 2, false);
        let again = |account: &str| Notice::Account {
            key: format!("users/{account}").parse::<AccountKey>().expect("a key"),
            progress: Progress::Again {
                what: "create",
                reason: "status 503".into(),
                pause: Duration::from_secs(1),
            },
        };
        let told: Vec<usize> = ["alice", "bob", "alice"]
            .map(|account| narrator.hear(&again(account)).len())
            .to_vec();
        assert_eq!(told, [1, 0, 1]);
    }

    #[test]
    fn several_under_one_name_are_counted_aloud() {
        let ids = ["7", "8"].iter().filter_map(|id| RemoteId::new(*id)).collect();
        let lines = Narrator::new(Phase::Setup, 1, false).hear(&notice(Progress::Adopted { ids }));
        assert_eq!(lines[0].level, Level::Warning);
        assert!(
            lines[0]
                .text
                .what
                .contains("2 accounts have exactly its user name: `7`, `8`")
        );
    }
}
