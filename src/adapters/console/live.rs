//! The live lines of a terminal, below what is printed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line turns.
const TURN: Duration = Duration::from_millis(100);

/// The lines.
pub(super) struct Live {
    all: MultiProgress,
    lines: Mutex<Vec<ProgressBar>>,
}

impl Live {
    /// None yet, on standard error.
    pub(super) fn new() -> Self {
        Self {
            all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            lines: Mutex::default(),
        }
    }

    /// Shows these in place of those that are shown.
    pub(super) fn show(&self, texts: &[String]) {
        // A thread that panicked here left a line undrawn at most.
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        while lines.len() > texts.len() {
            if let Some(line) = lines.pop() {
                line.finish_and_clear();
                self.all.remove(&line);
            }
        }
        while lines.len() < texts.len() {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            let line =
                ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            let line = self.all.add(line);
            line.enable_steady_tick(TURN);
            lines.push(line);
        }
        for (line, text) in lines.iter().zip(texts) {
            line.set_message(text.clone());
        }
    }

    /// Does something with the lines out of the way.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.all.suspend(work)
    }
}
