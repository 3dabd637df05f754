//! Ways in which a running step is cut short, and the trigger that a test pulls.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use super::process::Event;

/// What happens to the step that runs when the trigger is pulled, and to the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The user cancels the job: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL, to the entry process only. In a job container that
    /// is what stands before the container, and no signal reaches the process inside: it goes on beside post.
    Cancel,
    /// `timeout-minutes` of the step is over: signals as for a cancel, but the step fails and the job goes on.
    Timeout,
    /// The runner itself is shut down: signals as for a cancel, and nothing runs afterwards, not even post.
    Shutdown,
    /// Something ends the entry process by SIGKILL, the kernel's lack of memory for instance.
    Kill,
    /// The runner's own worker is killed: by the listener, 285 s after a cancel that it has not come to an end with, or by
    /// what else may happen to it. No signal reaches the process; nobody reads its streams and files any more.
    WorkerKilled,
}

/// Interrupts a job once, at the moment that a test chooses. Clones pull the same trigger.
#[derive(Clone)]
pub(crate) struct Trigger {
    interruption: Interruption,
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    fired: Option<Instant>,
    delivered: bool,
    target: Option<Sender<Event>>,
}

impl Trigger {
    /// A trigger that has not been pulled.
    pub(crate) fn new(interruption: Interruption) -> Self {
        Self {
            interruption,
            shared: Arc::default(),
        }
    }

    /// What it does.
    pub(crate) fn interruption(&self) -> Interruption {
        self.interruption
    }

    /// Pulls it. Returns when the first signal was sent, for a kill when the process is gone: a service that pulls
    /// before it answers can be sure that nobody reads the answer. Between steps it returns at once.
    pub(crate) fn fire(&self) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        if state.fired.is_some() {
            return;
        }
        state.fired = Some(Instant::now());
        let sent = state
            .target
            .as_ref()
            .is_some_and(|target| target.send(Event::Interrupted(self.clone())).is_ok());
        while sent && !state.delivered {
            state = changed.wait(state).unwrap();
        }
    }

    /// Whether it was pulled.
    pub(crate) fn fired(&self) -> bool {
        self.fired_at().is_some()
    }

    /// When it was.
    pub(crate) fn fired_at(&self) -> Option<Instant> {
        self.shared.0.lock().unwrap().fired
    }

    /// Aims it at a process that starts; `None` when that has ended, after which nobody needs to wait for it.
    pub(crate) fn aim(&self, target: Option<Sender<Event>>) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        // It stays delivered: who pulled it may come to look only when the next process is aimed at.
        state.delivered |= target.is_none() && state.fired.is_some();
        state.target = target;
        changed.notify_all();
    }

    /// Lets the test that pulled it go on.
    pub(crate) fn delivered(&self) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        state.delivered |= state.fired.is_some();
        changed.notify_all();
    }
}
