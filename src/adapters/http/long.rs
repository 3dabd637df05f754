//! Long answers, a few at a time: a process that asks many services must not hold as many of them at once.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// So much of an answer is read at any time.
const SHORT: usize = 64 * 1024;
/// So many longer ones are read at once, in the whole process.
const AT_ONCE: usize = 2;

/// The turns of long answers.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// One answer, and how long it has waited for its turn: that is our own doing, and not part of the time it may take.
#[derive(Clone, Debug)]
pub(super) struct LongRead {
    turns: Turns,
    begun: Instant,
    waited: Rc<Cell<Duration>>,
    waits_since: Rc<Cell<Option<Instant>>>,
}

impl LongRead {
    pub(super) fn new(turns: &Turns) -> Self {
        Self {
            turns: turns.clone(),
            begun: Instant::now(),
            waited: Rc::default(),
            waits_since: Rc::default(),
        }
    }

    /// Waits for a turn where the answer is long; it is held until the answer is read and understood.
    pub(super) async fn take_turn(&self, length: usize, turn: &mut Option<OwnedSemaphorePermit>) {
        if length <= SHORT || turn.is_some() {
            return;
        }
        let since = Instant::now();
        self.waits_since.set(Some(since));
        // It is never closed.
        *turn = Arc::clone(&self.turns.0).acquire_owned().await.ok();
        self.waits_since.set(None);
        self.waited.set(self.waited.get() + since.elapsed());
    }

    /// Ends once it has taken so long, without what it waited for its turn.
    pub(super) async fn until(&self, timeout: Duration) {
        loop {
            let waits = self.waits_since.get().map(|since| since.elapsed()).unwrap_or_default();
            let due = self.begun + timeout + self.waited.get() + waits;
            if Instant::now() >= due {
                return;
            }
            sleep_until(due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_is_no_part_of_the_time_that_an_answer_may_take() {
        let turns = Turns::default();
        let mut held = [None, None];
        for turn in &mut held {
            LongRead::new(&turns).take_turn(SHORT + 1, turn).await;
        }
        let begun = Instant::now();
        let reading = LongRead::new(&turns);
        let mut turn = None;
        reading.take_turn(SHORT, &mut turn).await;
        assert!(turn.is_none(), "a short one needs none");
        let release = async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            held[0].take();
        };
        let read = async {
            reading.take_turn(SHORT + 1, &mut turn).await;
            tokio::time::sleep(Duration::from_hours(1)).await;
        };
        tokio::select! {
            () = reading.until(Duration::from_secs(10)) => {}
            _ = async { tokio::join!(release, read) } => {}
        }
        assert_eq!(begun.elapsed(), Duration::from_secs(70));
    }
}
