//! The gate to a service: who may send now, by its pace, and who waits for the first answer.
//!
//! The gates outlive the services that are wired behind them: what one phase of a process has learnt of a service holds for
//! the next one too.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Notify;

use super::long::Turns;
use crate::domain::answer::Answer;
use crate::domain::pace::Pace;
use crate::domain::time::Timestamp;

/// The first answer is awaited for so long: a service that takes longer is not overrun by a few requests more, and a request
/// that never starts must hold up nobody.
const FIRST_ANSWER: Duration = Duration::from_millis(500);

/// The gate to one service.
#[derive(Debug)]
pub struct Gate {
    pace: RefCell<Pace>,
    answered: Notify,
    /// How many requests were lost on connections that had brought answers before.
    lost: Cell<u32>,
    turns: Turns,
}

impl Gate {
    fn among(turns: &Turns, pace: Pace) -> Self {
        Self {
            turns: turns.clone(),
            pace: RefCell::new(pace),
            answered: Notify::new(),
            lost: Cell::new(0),
        }
    }

    /// The turns of long answers, of all services together.
    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Waits for the first answer, if enough requests are on their way to bring it.
    pub async fn pass(&self) {
        if !self.pace.borrow().waits_for_answer() {
            return;
        }
        if tokio::time::timeout(FIRST_ANSWER, self.answered.notified())
            .await
            .is_err()
        {
            self.open();
        }
    }

    /// Lets those in who wait: something has come back, whatever it is.
    pub fn open(&self) {
        self.pace.borrow_mut().open();
        self.answered.notify_waiters();
    }

    /// Takes a turn at the service's pace, or says how long to wait.
    pub fn turn(&self, now: Timestamp) -> Result<(), Duration> {
        self.pace.borrow_mut().turn(now)
    }

    /// A request was lost on a connection that had brought an answer before.
    pub fn lose_connection(&self) {
        self.lost.set(self.lost.get().saturating_add(1));
    }

    /// Is the next request better sent on a connection of its own? After one loss this is so for what can't be sent again,
    /// after two for everything.
    pub fn distrusts_connections(&self, repeatable: bool) -> bool {
        self.lost.get() >= if repeatable { 2 } else { 1 }
    }

    /// Begins another phase at the same service, as [`Pace::begin_phase`] says.
    pub fn begin_phase(&self) {
        self.pace.borrow_mut().begin_phase();
    }

    /// Learns from an answer.
    pub fn learn(&self, answer: &Answer, sent: Timestamp, now: Timestamp) {
        self.pace.borrow_mut().learn(answer, sent, now, rand::random());
    }
}

/// The gates of a process, by the names of the services and where they are: journals of several configurations are settled
/// one after the other, and each may have another service of the same name.
#[derive(Debug, Default)]
pub struct Gates {
    gates: RefCell<HashMap<(String, Url), Rc<Gate>>>,
    turns: Turns,
}

impl Gates {
    /// The gate to a service that is asked `at_once` requests at once, with an `interval` between them where its rate is
    /// limited.
    pub fn to(&self, name: &str, base: &Url, interval: Option<Duration>, at_once: usize) -> Rc<Gate> {
        let mut gates = self.gates.borrow_mut();
        let gate = gates
            .entry((name.to_owned(), base.clone()))
            .and_modify(|gate| gate.pace.borrow_mut().resume(interval))
            .or_insert_with(|| Rc::new(Gate::among(&self.turns, Pace::new(interval, at_once))));
        Rc::clone(gate)
    }
}
