//! How a setup or a cleanup ended: the outcome first, then what is left, then what to do.

use std::fmt::Write as _;
use std::time::Duration;

use super::cause::by_cause;
use super::line::Line;
use super::narrator::{quoted, span};
use super::table::seen;
use crate::domain::ledger::Ledger;
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Stop};

/// How a setup or a cleanup ended. The lines, the job summary and the JSON report show it.
#[derive(Debug)]
pub struct Ended {
    /// Where each account stands.
    pub ledger: Ledger,
    /// How many accounts were deleted; several under one name count each.
    pub deleted: usize,
    /// How many were looked for and are not there.
    pub absent: usize,
    /// Those that may still exist.
    pub leftovers: Vec<Leftover>,
    /// What stopped the deleting.
    pub stopped: Option<Stop>,
    /// The journal could not be written on the way.
    pub journal_broken: Option<JournalBroken>,
    /// The command that tries what is left once more.
    pub again: String,
    /// How many requests it took.
    pub requests: u64,
    /// How long it took.
    pub took: Duration,
}

impl Ended {
    /// The line that says how a cleanup or a rollback ended, which took so long.
    pub fn outcome(&self, took: Duration) -> Line {
        after_cleanup(self.deleted, self.absent, self.leftovers.len(), took)
    }

    /// What is left, once for each reason, with what to do; then the name of each that is left.
    pub fn left(&self) -> Vec<Line> {
        leftovers(&self.leftovers, &self.again)
    }
}

/// The line that says how setup ended.
pub fn after_setup(ready: usize, planned: usize, took: Duration, requests: u64) -> Line {
    let effort = format!(
        "in {}, {}",
        span(took),
        count(usize::try_from(requests).unwrap_or(usize::MAX), "request", "requests")
    );
    if ready == planned {
        Line::info(format!("{} ready {effort}", count(ready, "account is", "accounts are")))
    } else {
        Line::error(format!(
            "setup failed: {ready} of {} ready {effort}",
            count(planned, "account is", "accounts are")
        ))
    }
}

/// The line that says how a cleanup or a rollback ended.
fn after_cleanup(deleted: usize, absent: usize, left: usize, took: Duration) -> Line {
    if deleted + absent + left == 0 {
        return Line::info("nothing to delete, 0 left");
    }
    let mut text = format!("{deleted} deleted");
    if absent > 0 {
        // Writing to a string can't fail.
        write!(text, ", {absent} not found").unwrap_or_default();
    }
    write!(text, ", {left} left in {}", span(took)).unwrap_or_default();
    if left == 0 { Line::info(text) } else { Line::error(text) }
}

/// What is left, once for each reason, with what to do; then the name of each that is left.
fn leftovers(left: &[Leftover], again: &str) -> Vec<Line> {
    of_one_cause(left)
        .iter()
        .flat_map(|members| match members.as_slice() {
            [leftover] => vec![Line::error(Why::hinted(sentence(leftover), hint(leftover, again)))],
            members => together(members, again),
        })
        .collect()
}

/// Leftovers of the same service and the same reason, together.
pub(super) fn of_one_cause(left: &[Leftover]) -> Vec<Vec<&Leftover>> {
    by_cause(left, |leftover| (&leftover.key, &leftover.detail))
}

/// So many names stand in a line.
const NAMES_A_LINE: usize = 10;

fn together(members: &[&Leftover], again: &str) -> Vec<Line> {
    let Some(first) = members.first() else {
        return Vec::new();
    };
    let service = &first.key.service;
    let number = plural(members.len(), "account");
    let text = format!("{service}: {number} may still exist: {}", first.detail);
    let mut lines = vec![Line::error(Why::hinted(text, hint(first, again)))];
    for some in members.chunks(NAMES_A_LINE) {
        let named: Vec<String> = some.iter().map(|leftover| name(leftover)).collect();
        lines.push(Line::info(format!("{service}: left are {}", named.join(", "))));
    }
    lines
}

/// A leftover among others: what to look for.
fn name(leftover: &Leftover) -> String {
    let account = seen(&leftover.key.to_string());
    let username = seen(&leftover.username);
    let ids: Vec<String> = leftover.ids.iter().map(quoted).collect();
    if ids.is_empty() {
        format!("{account} (`{username}`)")
    } else {
        format!("{account} (`{username}`, id {})", ids.join(", "))
    }
}

/// What is left, in one sentence.
fn sentence(leftover: &Leftover) -> String {
    let ids: Vec<String> = leftover.ids.iter().map(quoted).collect();
    let known = if ids.is_empty() {
        "with no known id".to_owned()
    } else {
        format!("with the id {}", ids.join(", "))
    };
    format!(
        "{} may still exist, under the user name `{}`, {known}: {}",
        seen(&leftover.key.to_string()),
        seen(&leftover.username),
        leftover.detail
    )
}

/// What to do about a leftover. `again` is the command that tries once more.
pub fn hint(leftover: &Leftover, again: &str) -> String {
    let service = &leftover.key.service;
    // What failed may have said itself how it is mended.
    if let Some(own) = leftover.detail.hint() {
        return format!("{own}, then run `{}`", with_config(again));
    }
    match leftover.reason {
        Reason::NoLookUp => {
            format!(
                "add a `find` to `{service}`, a request that looks an account up by its user name, then run `{}`; or search the service for the user name and delete it there",
                with_config(again)
            )
        }
        Reason::Blind => {
            format!(
                "correct the `find` of `{service}`, or let its credentials see accounts; then run `{}`",
                with_config(again)
            )
        }
        Reason::Elsewhere => format!("give `{service}` the values that setup had, then run `{again}`"),
        Reason::StillShown => format!("say in `gone` of `{service}` what counts as gone, then run `{again}`"),
        Reason::Doubtful | Reason::Stranger => {
            format!("search `{service}` for the user name; correct the `id` and `name` of its `create` and `verify`")
        }
        Reason::LinesLost => format!("search `{service}` for names that begin so; a `list` would let Standin do it"),
        // What it said can't be read: no credentials mend that.
        Reason::Unproved if leftover.detail.what.contains("can't be read") => {
            format!("correct the `find` of `{service}`, then run `{}`", with_config(again))
        }
        Reason::Unproved => format!("give `{service}` good credentials, then run `{again}`"),
        Reason::Unusable => format!("make `{service}` usable, then run `{again}`"),
        Reason::Failed | Reason::Deadline | Reason::Stopped => format!("run `{again}`"),
    }
}

/// The command with the configuration that was mended: `cleanup` goes by the one that setup put aside, unless another is given.
fn with_config(again: &str) -> String {
    if again.starts_with("standin cleanup") {
        format!("{again} --config FILE")
    } else {
        again.to_owned()
    }
}

/// `1 account`, `3 accounts`.
pub fn plural(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// `1 account is`, `3 accounts are`.
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::RemoteId;

    #[test]
    fn the_outcome_comes_first() {
        let took = Duration::from_millis(420);
        assert_eq!(
            after_setup(3, 3, took, 9).text.what,
            "3 accounts are ready in 420 ms, 9 requests"
        );
        assert_eq!(
            after_setup(1, 1, took, 2).text.what,
            "1 account is ready in 420 ms, 2 requests"
        );
        assert_eq!(
            after_setup(0, 2, took, 2).text.what,
            "setup failed: 0 of 2 accounts are ready in 420 ms, 2 requests"
        );
        assert_eq!(after_cleanup(3, 0, 0, took).text.what, "3 deleted, 0 left in 420 ms");
        assert_eq!(
            after_cleanup(2, 1, 1, took).text.what,
            "2 deleted, 1 not found, 1 left in 420 ms"
        );
    }

    fn leftover(account: &str, id: &str, detail: impl Into<Why>) -> Leftover {
        Leftover {
            key: format!("users/{account}").parse().expect("a key"),
            ids: RemoteId::new(id).into_iter().collect(),
            username: format!("sd-x-{account}"),
            reason: Reason::Failed,
            detail: detail.into(),
        }
    }

    #[test]
    fn a_leftover_says_what_may_exist_and_what_to_do() {
        let leftover = leftover("alice", "7", "the delete was answered with status 500");
        let lines = leftovers(&[leftover], "standin cleanup");
        assert_eq!(
            lines[0].text,
            Why::hinted(
                "users/alice may still exist, under the user name `sd-x-alice`, with the id `7`: the delete was answered with status 500",
                "run `standin cleanup`"
            )
        );
    }

    #[test]
    fn what_is_left_for_one_reason_is_told_once_and_each_is_named() {
        let left: Vec<Leftover> = (1..=12)
            .map(|n| leftover(&format!("buyer-{n}"), if n == 1 { "7" } else { "" }, "no"))
            .collect();
        let lines = leftovers(&left, "standin cleanup");
        assert_eq!(
            lines[0],
            Line::error(Why::hinted(
                "users: 12 accounts may still exist: no",
                "run `standin cleanup`"
            ))
        );
        assert_eq!(lines.len(), 3);
        assert!(
            lines[1].text.what.starts_with(
                "users: left are users/buyer-1 (`sd-x-buyer-1`, id `7`), users/buyer-2 (`sd-x-buyer-2`), "
            )
        );
        assert_eq!(
            lines[2],
            Line::info("users: left are users/buyer-11 (`sd-x-buyer-11`), users/buyer-12 (`sd-x-buyer-12`)")
        );
    }

    #[test]
    fn a_reason_that_says_what_to_do_has_no_second_hint() {
        let left = [leftover("alice", "7", Why::hinted("no", "mend it"))];
        let lines = leftovers(&left, "standin cleanup");
        assert_eq!(
            lines[0].text.hint(),
            Some("mend it, then run `standin cleanup --config FILE`")
        );
    }
}
