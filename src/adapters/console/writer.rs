//! Who writes: one line at a time, in one write, without secrets.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fingerprints::Fingerprints;
use super::live::Live;
use super::redactor::Redactor;
use super::{LineStyle, LogFormat};
use crate::adapters::clock::Clock;
use crate::domain::secret::Secret;

/// Of so many hints it is known that they were told.
const HINTS_MAX: usize = 1_000;

/// Where a console writes to.
pub(super) struct Streams {
    pub(super) log: Box<dyn Write + Send>,
    pub(super) data: Box<dyn Write + Send>,
}

/// The streams, and what is known of what passes them.
pub(super) struct Writer {
    pub(super) style: LineStyle,
    pub(super) live: Option<Live>,
    pub(super) clock: Clock,
    state: Mutex<ConsoleState>,
}

pub(super) struct ConsoleState {
    streams: Streams,
    pub(super) redactor: Redactor,
    /// Secrets that other processes have made.
    pub(super) made: Vec<Fingerprints>,
    /// How many of each kind were made, by `Level`.
    pub(super) annotations: [usize; 5],
    /// What was said to do, and whether in an annotation.
    hinted: HashSet<(bool, String)>,
    /// What short secrets are called, so that a warning can name them.
    pub(super) names_of_short: Vec<(Secret, String)>,
    /// Which of them were warned of.
    pub(super) warned_of: Vec<String>,
    pub(super) data_lost: Option<String>,
    /// How many secrets the runner was told.
    pub(super) masks: usize,
}

impl Writer {
    pub(super) fn new(streams: Streams, style: LineStyle, live: Option<Live>, clock: Clock) -> Self {
        let state = ConsoleState {
            streams,
            redactor: Redactor::default(),
            made: Vec::new(),
            annotations: [0; 5],
            hinted: HashSet::new(),
            names_of_short: Vec::new(),
            warned_of: Vec::new(),
            data_lost: None,
            masks: 0,
        };
        Self {
            style,
            live,
            clock,
            state: Mutex::new(state),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.style.format == LogFormat::Json
    }

    /// Since the epoch, as GitLab's sections want it.
    pub(super) fn seconds(&self) -> u64 {
        self.clock.now().as_millis() / 1000
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ConsoleState> {
        // A thread that panicked here left a line unwritten at most.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One write of one whole line or more to the log.
    pub(super) fn write(&self, state: &mut ConsoleState, line: &str) {
        // A log that can't be written is no reason to leave accounts behind.
        drop(self.aside(|| write_out(&mut state.streams.log, line)));
    }

    /// The same to standard output. Whoever closed the pipe has read enough.
    pub(super) fn write_data(&self, state: &mut ConsoleState, text: &str) {
        let written = self.aside(|| write_out(&mut state.streams.data, text));
        if let Some(error) = written.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            state.data_lost = Some(error.to_string());
        }
    }

    /// Writes with the live lines out of the way.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.live {
            Some(live) => live.aside(write),
            None => write(),
        }
    }
}

impl ConsoleState {
    /// The text without the secrets that are known.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.redactor.redact(text)
    }

    /// Is this told to do for the first time?
    pub(super) fn is_first_hint(&mut self, hint: &str, is_annotation: bool) -> bool {
        let key = (is_annotation, hint.to_owned());
        !self.hinted.contains(&key) && (self.hinted.len() >= HINTS_MAX || self.hinted.insert(key))
    }
}

fn write_out(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
}
