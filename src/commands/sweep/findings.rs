//! What a sweep has found, for people and for programs.

use std::cell::Cell;
use std::time::Duration;

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::job_report::{self, Report, ReportLeftover};
use crate::commands::settle::write_summary;
use crate::domain::account::{RemoteId, ServiceName};
use crate::domain::leftover::Leftover;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::report::{self, plural};
use crate::settings::DataFormat;

const HEAD: &[&str] = &["service", "user name", "id", "", "why"];

/// Rows of the table; more are only counted. So many that stay are kept of each service.
const ROWS_MAX: usize = 1_000;
/// So many accounts are deleted by one sweep, of all services together: each takes some kilobytes until it is gone.
const HITS_MAX: usize = 5_000;
/// What is kept of all lists together, in bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// One that stays is kept with a name and an id up to here: nobody's are longer.
const LONGEST: usize = 4_096;

/// A marked account that a list showed.
#[derive(Serialize)]
pub(super) struct Marked {
    pub(super) service: ServiceName,
    pub(super) username: String,
    pub(super) id: RemoteId,
    /// When the list showed it.
    #[serde(skip)]
    pub(super) at: Timestamp,
    /// What becomes of it.
    pub(super) what: Fate,
    /// Why it stays, or is left.
    pub(super) why: String,
}

/// What becomes of a marked account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// It is to be deleted.
    Delete,
    /// It is deleted, and seen to be gone where the service is asked.
    Deleted,
    /// It could not be deleted.
    Left,
    /// It stays.
    Kept,
}

impl Fate {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Deleted => "deleted",
            Self::Left => "left",
            Self::Kept => "kept",
        }
    }
}

impl Marked {
    /// It in the table.
    fn row(&self) -> Vec<String> {
        vec![
            self.service.to_string(),
            self.username.clone(),
            self.id.to_string(),
            self.what.as_str().to_owned(),
            self.why.clone(),
        ]
    }
}

/// What is kept of all lists so far.
pub(super) struct Room {
    bytes: Cell<usize>,
    hits: Cell<usize>,
    /// With more nothing is deleted, and what is beyond need not be kept.
    hits_max: usize,
}

impl Room {
    /// Room for what may be deleted, where `max` accounts may be at most.
    pub(super) fn new(max: usize) -> Self {
        Self {
            bytes: Cell::new(0),
            hits: Cell::new(0),
            // With fewer than there are rows, what would be deleted is told in full.
            hits_max: max.clamp(ROWS_MAX, HITS_MAX),
        }
    }

    fn takes(&self, is_hit: bool, bytes: usize) -> bool {
        let hits = self.hits.get() + usize::from(is_hit);
        let bytes = self.bytes.get() + bytes;
        let takes = hits <= self.hits_max && bytes <= BYTES_MAX;
        if takes {
            self.hits.set(hits);
            self.bytes.set(bytes);
        }
        takes
    }
}

/// What the list of one service shows, as far as it is kept: a list may be hostile, and is read to its end all the same.
pub(super) struct Findings<'a> {
    room: &'a Room,
    found: Vec<Marked>,
    /// Accounts that stay, beyond those that are kept to be told of.
    more: usize,
    kept: usize,
    /// Were there more to delete than can be kept?
    is_full: bool,
}

impl<'a> Findings<'a> {
    pub(super) fn new(room: &'a Room) -> Self {
        Self {
            room,
            found: Vec::new(),
            more: 0,
            kept: 0,
            is_full: false,
        }
    }

    /// How many are marked so far.
    pub(super) fn len(&self) -> usize {
        self.found.len() + self.more
    }

    /// Keeps an account, unless it is one too many; says whether it is kept.
    pub(super) fn add(&mut self, found: Marked) -> bool {
        let bytes = size_of::<Marked>() + found.service.as_str().len() + found.username.len() + found.id.as_str().len();
        let is_left = found.what == Fate::Kept;
        if is_left && (self.kept >= ROWS_MAX || bytes > LONGEST) {
            self.more += 1;
            return false;
        }
        if !self.room.takes(!is_left, bytes) {
            self.is_full |= !is_left;
            self.more += usize::from(is_left);
            return false;
        }
        self.kept += usize::from(is_left);
        self.found.push(found);
        true
    }

    /// All that is kept, once the list is read, and why it is not all that the list showed, if so.
    pub(super) fn end(self, context: &Context, service: &ServiceName) -> (Vec<Marked>, Option<Why>) {
        if self.more > 0 {
            context.console.info(format!(
                "{service}: {} more that look like ours are left, and not listed",
                self.more
            ));
        }
        let full = || {
            let hits = self.room.hits.get();
            let full = "with it there are more accounts to delete than one sweep takes";
            format!("{full}: the first {hits} are known, and the rest is for another sweep").into()
        };
        let full = self.is_full.then(full);
        (self.found, full)
    }
}

/// How the listing of a service went.
#[derive(Serialize)]
pub(super) struct ListedService {
    pub(super) service: ServiceName,
    /// How often it was read: again until nobody new was shown.
    pub(super) readings: usize,
    pub(super) pages: usize,
    pub(super) accounts: usize,
    /// Was the service asked for the accounts of the configuration's prefix alone?
    pub(super) filtered: bool,
    /// Did it show more to delete than is kept?
    #[serde(skip)]
    pub(super) is_full: bool,
    pub(super) incomplete: Option<String>,
}

/// What was found, for people or for programs.
pub(super) fn tell(context: &Context, found: &[Marked]) {
    if context.settings.format == DataFormat::Json {
        return;
    }
    let rows: Vec<Vec<String>> = found.iter().take(ROWS_MAX).map(Marked::row).collect();
    if !rows.is_empty() {
        context.console.data(&report::table(HEAD, &rows));
    }
}

pub(super) fn write(
    context: &Context,
    lists: &[ListedService],
    found: &[Marked],
    leftovers: &[Leftover],
    effort: (u64, Duration),
) -> anyhow::Result<()> {
    let left = leftovers.iter();
    let left = left.map(|leftover| ReportLeftover::of(leftover, copy_of(&leftover.username), "standin sweep"));
    let whose = (context.identity.run_id.as_str(), "sweep");
    let json = Report::new(whose, found, left.collect(), effort)
        .of_sweep(context.settings.sweep.dry_run, lists)
        .json()?;
    if context.settings.format == DataFormat::Json {
        context.console.data(&json);
    }
    if let Some(path) = &context.settings.sealed.report {
        job_report::write(context, path, &json)?;
    }
    Ok(())
}

/// The copy of a persona that a name is for: what follows the marker.
fn copy_of(username: &str) -> &str {
    Marker::at_front_of(username).map_or(username, |marker| {
        username[marker.as_str().len()..].trim_start_matches('-')
    })
}

pub(super) fn say_outcome(context: &Context, lists: &[ListedService], hits: usize) {
    let listed = listed(lists);
    let text = match (hits, context.settings.sweep.dry_run) {
        (0, _) => format!("{listed}, none to sweep"),
        (hits, true) => format!("{listed}, {hits} to sweep; nothing was deleted, as `dry-run` asks"),
        (hits, false) => format!("{listed}, {hits} of them to sweep"),
    };
    context.console.info(&text);
}

/// Adds to the job summary, if it is wanted, what was listed, and what became of all that was to go.
pub(super) fn summarise(context: &Context, lists: &[ListedService], found: &[Marked], is_incomplete: bool) {
    if !context.settings.sealed.summary {
        return;
    }
    let of = |fate: Fate| found.iter().filter(move |found| found.what == fate);
    let (spared, deleted, left) = (
        of(Fate::Delete).count(),
        of(Fate::Deleted).count(),
        of(Fate::Left).count(),
    );
    let outcome = if spared > 0 {
        format!("{spared} to sweep, nothing was deleted")
    } else {
        format!("{deleted} deleted, {left} left")
    };
    let more = if is_incomplete { ", incomplete" } else { "" };
    let title = format!("{}, {outcome}{more}", listed(lists));
    // What is left comes first: rows beyond a number are only counted.
    let rows = of(Fate::Left).chain(of(Fate::Delete)).chain(of(Fate::Deleted));
    let rows: Vec<Vec<String>> = rows.map(Marked::row).collect();
    let incomplete: Vec<Vec<String>> = lists
        .iter()
        .filter_map(|list| Some(vec![list.service.to_string(), list.incomplete.clone()?]))
        .collect();
    write_summary(context, &report::sweep_summary(&title, HEAD, &rows, &incomplete));
}

fn listed(lists: &[ListedService]) -> String {
    let accounts: usize = lists.iter().map(|list| list.accounts).sum();
    format!(
        "{} listed in {}",
        plural(accounts, "account"),
        plural(lists.len(), "service")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(username: String, what: Fate) -> Marked {
        Marked {
            service: ServiceName::parse("users").expect("a name"),
            username,
            id: RemoteId::new("17").expect("an id"),
            at: Timestamp::from_millis(0),
            what,
            why: String::new(),
        }
    }

    #[test]
    fn of_a_list_of_near_misses_a_bounded_part_is_kept_and_the_rest_counted() {
        let room = Room::new(1_000_000);
        let mut findings = Findings::new(&room);
        for number in 0..5_000 {
            findings.add(found(format!("sd-{number}"), Fate::Kept));
        }
        findings.add(found("x".repeat(1_000_000), Fate::Kept));
        assert_eq!(
            (findings.found.len(), findings.more, findings.len()),
            (ROWS_MAX, 4_001, 5_001)
        );
        for _ in 0..40 {
            findings.add(found("x".repeat(1_000_000), Fate::Delete));
        }
        assert!(room.bytes.get() <= BYTES_MAX && findings.is_full);
    }

    #[test]
    fn of_all_lists_together_so_many_are_kept_as_may_be_deleted() {
        for (max, expected) in [(0, 1_000), (500, 1_000), (3_000, 3_000), (100_000_000, 5_000)] {
            let room = Room::new(max);
            let mut lists = [Findings::new(&room), Findings::new(&room)];
            for number in 0..20_000 {
                lists[number % 2].add(found(format!("sd-{number}"), Fate::Delete));
            }
            let kept: usize = lists.iter().map(|list| list.found.len()).sum();
            assert_eq!(kept, expected, "{max}");
            assert!(lists.iter().all(|list| list.is_full), "{max}");
        }
    }
}
