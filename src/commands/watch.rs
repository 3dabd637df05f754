//! Watching an engine at work: what it tells is told, and nothing takes long without a word.

use std::cell::RefCell;
use std::time::Duration;

use super::context::Context;
use crate::domain::account::ServiceName;
use crate::domain::ledger::Ledger;
use crate::ports::Notice;
use crate::report::{Line, Narrator, Phase, Pulse};

/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// The story of a phase, and how far it is.
pub(super) struct Watch<'c> {
    context: &'c Context,
    story: RefCell<(Narrator, Pulse)>,
}

impl<'c> Watch<'c> {
    /// A phase begins: one item for each account, by its service.
    pub(super) fn new<'a>(
        context: &'c Context,
        phase: Phase,
        accounts: impl IntoIterator<Item = &'a ServiceName>,
    ) -> Self {
        let story = RefCell::new(begin(context, phase, accounts));
        Self { context, story }
    }

    /// Another phase begins.
    pub(super) fn turn_to<'a>(&self, phase: Phase, accounts: impl IntoIterator<Item = &'a ServiceName>) {
        self.story.replace(begin(self.context, phase, accounts));
    }

    /// Tells what the engine tells.
    pub(super) fn hear(&self, notice: &Notice) {
        let lines = {
            let (narrator, pulse) = &mut *self.story.borrow_mut();
            let lines = narrator.hear(notice);
            pulse.hear(notice, !lines.is_empty(), self.context.clock.now());
            lines
        };
        for line in &lines {
            self.context.say(line);
        }
        self.show();
    }

    /// Does the work, and says meanwhile how far it is.
    pub(super) fn over<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        // All of an engine's work is large to move.
        let mut work = Box::pin(work);
        async move {
            let done = loop {
                tokio::select! {
                    biased;
                    done = &mut work => break done,
                    () = tokio::time::sleep(LOOK) => self.look(),
                }
            };
            self.context.console.progress(&[]);
            done
        }
    }

    fn look(&self) {
        let word = self.story.borrow_mut().1.word(self.context.clock.now());
        match word {
            Some(word) if !self.context.console.is_live() => self.context.console.info(word),
            Some(_) | None => self.show(),
        }
    }

    fn show(&self) {
        let console = &self.context.console;
        if console.is_live() {
            console.progress(&self.story.borrow().1.lines(self.context.clock.now()));
        }
    }

    /// What failed, once for each reason: the lines that end this phase.
    pub(super) fn end(&self) -> Vec<Line> {
        self.story.borrow_mut().0.end()
    }
}

/// The services of what is owed, one item an account.
pub(super) fn owing(ledger: &Ledger) -> Vec<&ServiceName> {
    ledger.debts().map(|place| &ledger.account(place).key.service).collect()
}

fn begin<'a>(
    context: &Context,
    phase: Phase,
    accounts: impl IntoIterator<Item = &'a ServiceName>,
) -> (Narrator, Pulse) {
    let pulse = Pulse::new(phase, context.clock.now(), accounts);
    let narrator = Narrator::new(phase, pulse.expected(), context.console.is_verbose());
    (narrator, pulse)
}
