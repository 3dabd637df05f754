//! How a setup or a cleanup ended: the outcome first, then what is left, then what to do.

use std::fmt::Write as _;
use std::time::Duration;

use super::line::Line;
use super::narrator::{quoted, span};
use super::table::seen;
use crate::domain::leftover::{Leftover, Reason};

/// The line that says how setup ended.
///
/// `left` counts the accounts that may exist when a rollback is over, `kept` those that were to be kept.
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
pub fn after_cleanup(deleted: usize, absent: usize, left: usize, took: Duration) -> Line {
    if deleted + absent + left == 0 {
        return Line::info("nothing to delete, 0 left");
    }
    let mut text = format!("{deleted} deleted");
    if absent > 0 {
        // Writing to a string can't fail.
        write!(text, ", {absent} never there").unwrap_or_default();
    }
    write!(text, ", {left} left in {}", span(took)).unwrap_or_default();
    if left == 0 { Line::info(text) } else { Line::error(text) }
}

/// One line for each leftover, with what to do.
pub fn leftovers(left: &[Leftover], again: &str) -> Vec<Line> {
    left.iter()
        .map(|leftover| Line::error(format!("{}\nhint: {}", sentence(leftover), hint(leftover, again))))
        .collect()
}

/// What is left, in one sentence.
pub(super) fn sentence(leftover: &Leftover) -> String {
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
        split(&leftover.detail).0
    )
}

/// A reason, and the hint that comes with it.
fn split(detail: &str) -> (&str, Option<&str>) {
    match detail.split_once("\nhint: ") {
        Some((reason, hint)) => (reason, Some(hint)),
        None => (detail, None),
    }
}

/// What to do about a leftover. `again` is the command that tries once more.
pub fn hint(leftover: &Leftover, again: &str) -> String {
    let service = &leftover.key.service;
    if let (_, Some(hint)) = split(&leftover.detail) {
        return format!("{hint}; then run `{again}`");
    }
    match leftover.reason {
        Reason::NoLookUp => {
            format!(
                "search `{service}` for the user name and delete it there; a `find` in the configuration would let Standin do it"
            )
        }
        Reason::Blind => {
            format!("correct the `find` of `{service}`, or let its credentials see accounts; then run `{again}`")
        }
        Reason::Elsewhere => format!("give `{service}` the values that setup had, then run `{again}`"),
        Reason::StillShown => format!("say in `gone` of `{service}` what counts as gone, then run `{again}`"),
        Reason::Doubtful | Reason::Stranger => {
            format!("search `{service}` for the user name; correct the `id` and `name` of its `create` and `verify`")
        }
        Reason::LinesLost => format!("search `{service}` for names that begin so; a `list` would let Standin do it"),
        Reason::Unproved => format!("give `{service}` good credentials, then run `{again}`"),
        Reason::Unusable => format!("make `{service}` usable, then run `{again}`"),
        Reason::Failed | Reason::Deadline | Reason::Stopped => format!("run `{again}`"),
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
            after_setup(3, 3, took, 9).text,
            "3 accounts are ready in 420 ms, 9 requests"
        );
        assert_eq!(
            after_setup(1, 1, took, 2).text,
            "1 account is ready in 420 ms, 2 requests"
        );
        assert_eq!(
            after_setup(0, 2, took, 2).text,
            "setup failed: 0 of 2 accounts are ready in 420 ms, 2 requests"
        );
        assert_eq!(after_cleanup(3, 0, 0, took).text, "3 deleted, 0 left in 420 ms");
        assert_eq!(
            after_cleanup(2, 1, 1, took).text,
            "2 deleted, 1 never there, 1 left in 420 ms"
        );
    }

    #[test]
    fn a_leftover_says_what_may_exist_and_what_to_do() {
        let leftover = Leftover {
            key: "users/alice".parse().expect("a key"),
            ids: RemoteId::new("7").into_iter().collect(),
            username: "sd-x-alice".to_owned(),
            reason: Reason::Failed,
            detail: "the delete was answered with status 500".to_owned(),
        };
        let lines = leftovers(&[leftover], "standin cleanup");
        assert_eq!(
            lines[0].text,
            "users/alice may still exist, under the user name `sd-x-alice`, with the id `7`: the delete was answered with status 500\nhint: run `standin cleanup`"
        );
    }
}
