//! A journal as the tests read it: its lines, and what they add up to.

use std::fs;
use std::path::Path;

use standin::adapters::journal::{JournalRead, parse};
use standin::domain::ledger::{Record, Status};

/// One journal at one moment.
pub(crate) struct Diary {
    pub(crate) text: String,
    reading: JournalRead,
}

impl Diary {
    /// The one journal in a directory of journals; none if the directory is not there.
    pub(crate) fn in_directory(journals: &Path) -> Option<Self> {
        let mut entries = fs::read_dir(journals).ok()?.map(|entry| entry.unwrap().path());
        let entry = entries.next()?;
        assert!(entries.next().is_none(), "one setup makes one journal");
        let text = fs::read_to_string(entry.join("journal.jsonl")).ok()?;
        let reading = parse(text.as_bytes()).unwrap();
        Some(Self { text, reading })
    }

    /// How many lines the one journal in a directory of journals has; none while there is no journal.
    pub(crate) fn lines_in(journals: &Path) -> usize {
        let entry = fs::read_dir(journals).ok().and_then(|mut entries| entries.next()?.ok());
        let text = entry.and_then(|entry| fs::read_to_string(entry.path().join("journal.jsonl")).ok());
        text.map_or(0, |text| text.matches('\n').count())
    }

    /// Every line is whole and fits to those before it.
    pub(crate) fn assert_whole(&self, when: &str) {
        assert!(self.text.ends_with('\n'), "{when}: the last line is torn");
        assert!(self.reading.remarks.is_empty(), "{when}: {:?}", self.reading.remarks);
    }

    /// The last line.
    pub(crate) fn last_line(&self) -> &str {
        self.text.lines().last().unwrap_or_default()
    }

    /// How many whole lines tell this event.
    pub(crate) fn count(&self, event: &str) -> usize {
        let event = format!("\"{event}\"");
        let lines = self.text.split_inclusive('\n').skip(1);
        lines
            .filter(|line| line.ends_with('\n') && line.contains(&event))
            .count()
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        let ledger = &self.reading.ledger;
        (0..ledger.plan().accounts.len()).map(|place| ledger.record(place))
    }

    /// Where each account stands.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.records().map(|record| record.status).collect()
    }

    /// Whether a create was announced whose outcome is not known.
    pub(crate) fn has_open_intent(&self) -> bool {
        self.records().any(|record| record.open_intents > 0)
    }

    /// Whether nothing is owed any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.reading.ledger.is_settled()
    }

    /// The user names of the plan.
    pub(crate) fn usernames(&self) -> Vec<&str> {
        let accounts = &self.reading.ledger.plan().accounts;
        accounts.iter().map(|account| account.username.as_str()).collect()
    }
}
