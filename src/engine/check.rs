//! Proving a description on the real service: each block is asked for what the engine relies on elsewhere.
//!
//! Accounts are made and deleted as in any setup, by [`Engine::provision`] and [`Engine::settle`]. What is asked beside that
//! comes before the creates, between, and after the deletes.

mod again;
mod allowance;
mod before;
mod findings;
mod gone;
mod lag;
mod letters;
mod made;
mod mend;
mod strangers;

use std::collections::HashMap;
use std::time::Duration;

use super::Engine;
use crate::domain::answer::Answer;
use crate::domain::outcome::Delivery;
use crate::domain::pace::Allowance;
use crate::domain::time::Timestamp;
use crate::ports::World;

/// What services answered, for whoever tells of it.
#[derive(Default)]
pub(super) struct Heard {
    /// By the place of the service: its last answer, or what became of the request, and how long that took.
    last: HashMap<usize, (Delivery, Duration)>,
    /// By the place of the service: what the latest answer with limits in its header told of them.
    allowed: HashMap<usize, Allowance>,
    /// By the place of the account: the last answer to its create.
    created: HashMap<usize, Answer>,
}

impl<W: World> Engine<'_, W> {
    /// Keeps the latest answers from here on.
    pub fn listen(&self) {
        self.heard.borrow_mut().get_or_insert_default();
    }

    pub(super) fn hear(&self, place: usize, sent: Timestamp, delivery: &Delivery) {
        if let Some(heard) = self.heard.borrow_mut().as_mut() {
            let now = self.world.now();
            if let Delivery::Answered(answer) = delivery {
                let allowance = Allowance::by(answer, now);
                if allowance.limit.is_some() || allowance.retry_after.is_some() {
                    heard.allowed.insert(self.site_of(place), allowance);
                }
            }
            let took = now.since(sent);
            heard.last.insert(self.site_of(place), (delivery.clone(), took));
        }
    }

    pub(super) fn hear_created(&self, place: usize, answer: &Answer) {
        if let Some(heard) = self.heard.borrow_mut().as_mut() {
            heard.created.insert(place, answer.clone());
        }
    }

    fn last_heard(&self, place: usize) -> Option<(Delivery, Duration)> {
        let heard = self.heard.borrow();
        heard.as_ref()?.last.get(&self.site_of(place)).cloned()
    }

    fn last_answer(&self, place: usize) -> Option<Answer> {
        match self.last_heard(place)? {
            (Delivery::Answered(answer), _) => Some(answer),
            (Delivery::NotSent(_) | Delivery::Unsendable(_) | Delivery::Barred(_) | Delivery::Lost(_), _) => None,
        }
    }

    fn heard_allowance(&self, place: usize) -> Option<Allowance> {
        self.heard.borrow().as_ref()?.allowed.get(&self.site_of(place)).copied()
    }

    fn heard_created(&self, place: usize) -> Option<Answer> {
        self.heard.borrow().as_ref()?.created.get(&place).cloned()
    }
}
