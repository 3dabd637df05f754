//! One process after another, each with its death, and the journal that outlives them.

use crate::ports::Stop;

/// Where the process dies, at the append of this number, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// The line is not written.
    Before(usize),
    /// Half of the line is written.
    Torn(usize),
    /// The line is written, and nothing after it is done.
    After(usize),
    /// The line is written and the next request sent.
    Sent(usize),
}

/// The journal, and the process that writes it now.
#[derive(Default)]
pub(super) struct Process {
    /// The text of the journal, which outlives the process.
    pub(super) journal: String,
    /// How many lines it has appended.
    pub(super) appends: usize,
    crash: Option<Crash>,
    /// It dies as soon as its next request is on its way.
    pub(super) dies_when_sent: bool,
    /// Whatever it does now has no effect.
    pub(super) dead: bool,
    /// From this append on none succeeds.
    pub(super) breaks_at: Option<usize>,
    /// An append has failed.
    pub(super) broken: bool,
    /// How many creates it sent after that.
    pub(super) creates_after_break: usize,
    /// It was told to stop.
    pub(super) stop: Option<Stop>,
}

impl Process {
    /// The next one begins over the same journal.
    pub(super) fn be_born(&mut self, crash: Option<Crash>) {
        let mut journal = std::mem::take(&mut self.journal);
        // It ends a torn line, so that its own does not join it.
        if !journal.is_empty() && !journal.ends_with('\n') {
            journal.push('\n');
        }
        *self = Self {
            journal,
            crash,
            ..Self::default()
        };
    }

    /// Writes a line, and says whether the process knows that it is written.
    pub(super) fn append(&mut self, line: &str) -> bool {
        if self.dead {
            return false;
        }
        self.appends += 1;
        let at = self.appends;
        if self.breaks_at.is_some_and(|first| at >= first) {
            self.broken = true;
            return false;
        }
        // If it was to die with its next request, it has come here without one.
        self.dead = self.dies_when_sent;
        match self.crash {
            Some(Crash::Before(crash)) if crash == at => self.dead = true,
            Some(Crash::Torn(crash)) if crash == at => {
                self.journal.push_str(&line[..line.len() / 2]);
                self.dead = true;
            }
            Some(Crash::After(crash)) if crash == at => {
                self.journal.push_str(line);
                self.dead = true;
            }
            Some(Crash::Sent(crash)) if crash == at => self.dies_when_sent = true,
            Some(Crash::Before(_) | Crash::Torn(_) | Crash::After(_) | Crash::Sent(_)) | None => {}
        }
        if !self.dead {
            self.journal.push_str(line);
        }
        !self.dead
    }
}
