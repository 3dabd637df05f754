//! How many requests of a service are under way at once, and whose turn is next.
//!
//! More accounts are under way than requests: while one waits to be as it was asked for, or its turn to be read back, another
//! uses its place. Creates go first, since most of an account's work comes after its create: so the last ones don't end
//! with most places idle.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::oneshot::{Sender, channel};

/// Who is let in first when a place is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Creates.
    First,
    /// Everything else.
    Then,
}

/// The places of one service. Clones share them.
#[derive(Clone)]
pub(super) struct Slots(Rc<Capacity>);

struct Capacity {
    free: Cell<usize>,
    first: RefCell<VecDeque<Sender<Slot>>>,
    then: RefCell<VecDeque<Sender<Slot>>>,
}

/// One place, which is free again when this is dropped.
#[must_use = "the place is free again when this is dropped"]
pub(super) struct Slot(Option<Slots>);

impl Slots {
    /// So many places, one at least.
    pub(super) fn new(places: usize) -> Self {
        Self(Rc::new(Capacity {
            free: Cell::new(places.max(1)),
            first: RefCell::default(),
            then: RefCell::default(),
        }))
    }

    /// Waits for a place. Whoever stops waiting loses none.
    pub(super) async fn take(&self, turn: Turn) -> Slot {
        let free = self.0.free.get();
        if free > 0 {
            self.0.free.set(free - 1);
            return Slot(Some(self.clone()));
        }
        let queue = match turn {
            Turn::First => &self.0.first,
            Turn::Then => &self.0.then,
        };
        loop {
            let (sender, receiver) = channel();
            queue.borrow_mut().push_back(sender);
            // The other end is in the queue until it is sent a place.
            if let Ok(slot) = receiver.await {
                return slot;
            }
        }
    }
}

impl Slots {
    /// Hands a place to whoever is next, or keeps it for whoever comes.
    fn pass_on(&self) {
        loop {
            let next = self.0.first.borrow_mut().pop_front();
            let Some(next) = next.or_else(|| self.0.then.borrow_mut().pop_front()) else {
                self.0.free.set(self.0.free.get() + 1);
                return;
            };
            match next.send(Slot(Some(self.clone()))) {
                Ok(()) => return,
                // Nobody waits there any more; the place is still here.
                Err(mut back) => back.0 = None,
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.0.take() {
            slots.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn no_more_places_are_taken_than_there_are() {
        let slots = Slots::new(2);
        let one = slots.take(Turn::Then).now_or_never();
        let two = slots.take(Turn::Then).now_or_never();
        assert!(one.is_some() && two.is_some());
        assert!(slots.take(Turn::First).now_or_never().is_none());
        drop(one);
        assert!(slots.take(Turn::Then).now_or_never().is_some());
    }

    #[test]
    fn a_create_goes_before_those_that_have_waited_longer() {
        let slots = Slots::new(1);
        let held = slots.take(Turn::Then).now_or_never();
        let mut read = Box::pin(slots.take(Turn::Then));
        let mut create = Box::pin(slots.take(Turn::First));
        assert!(read.as_mut().now_or_never().is_none());
        assert!(create.as_mut().now_or_never().is_none());
        drop(held);
        assert!(read.as_mut().now_or_never().is_none());
        let held = create.as_mut().now_or_never();
        assert!(held.is_some());
        drop(held);
        assert!(read.as_mut().now_or_never().is_some());
    }

    #[test]
    fn a_place_is_not_lost_with_whoever_waited_for_it() {
        let slots = Slots::new(1);
        let held = slots.take(Turn::Then).now_or_never();
        let mut waiting = Box::pin(slots.take(Turn::Then));
        let mut gone = Box::pin(slots.take(Turn::First));
        assert!(gone.as_mut().now_or_never().is_none());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(gone);
        drop(held);
        // It was handed over, and dropped before it was looked at.
        drop(waiting);
        assert!(slots.take(Turn::Then).now_or_never().is_some());
    }
}
