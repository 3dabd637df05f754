//! A second create of the same account: is the name unique, and does the service say so as the description has it?

use super::super::create::Sent;
use super::super::eyes::Found;
use super::findings::Findings;
use crate::domain::answer::Answer;
use crate::domain::event::Event;
use crate::domain::why::Why;
use crate::ports::World;

const TRIED: (&str, &str) = ("create", "a second time");

impl<W: World> Findings<'_, '_, W> {
    /// Creates the account a second time, where what that makes could be found and deleted.
    pub(super) async fn create_again(&self) {
        let service = &self.site.service;
        let unmarked = self.engine.ledger.borrow().account(self.place).unmarked;
        if unmarked || (service.find.is_none() && service.list.is_none()) {
            let why = "not tried: a second account could not be found, since there is neither `find` nor `list`";
            return self.open(TRIED, None, why);
        }
        let Some(first) = self.engine.record(self.place).ids.first().cloned() else {
            return;
        };
        // It is written down as another create of the same account: whoever cleans up after a kill looks for both.
        let sent = match self.engine.create(self.place, self.site).await {
            Ok(sent) => sent,
            Err(trouble) => return self.failed(TRIED, &service.create.request, &trouble),
        };
        let answer = self.engine.heard_created(self.place);
        let request = Some(&service.create.request);
        match sent {
            Sent::Noted if self.engine.record(self.place).ids == [first] => {
                self.proved(TRIED, request, "it gives the same account again");
            }
            Sent::Noted => self.made_two(),
            sent @ (Sent::Unclear { .. }
            | Sent::Taken(_)
            | Sent::Again { .. }
            | Sent::Renewable(_)
            | Sent::Refused(_)) => {
                // Whatever it was answered with, the name tells how many there are.
                let there = self.engine.find_by_name(self.place, self.site).await;
                match (there, answer) {
                    (Ok(Found::Ours(ids)), Some(answer)) => {
                        let is_second = ids.len() > 1;
                        // What can't be written down is gone by in this command all the same.
                        self.engine.note(self.place, Event::Adopted(ids)).unwrap_or_default();
                        self.answered_again(sent, &answer, is_second);
                    }
                    (Ok(_) | Err(_), _) => self.open(TRIED, request, reason(sent)),
                }
            }
        }
    }

    /// What a second create was answered with that did not go through as the first.
    fn answered_again(&self, sent: Sent, answer: &Answer, is_second: bool) {
        let request = Some(&self.site.service.create.request);
        match sent {
            _ if is_second => self.made_two(),
            Sent::Again { .. } | Sent::Renewable(_) => self.open(TRIED, request, reason(sent)),
            Sent::Noted | Sent::Unclear { .. } | Sent::Taken(_) | Sent::Refused(_) if answer.is_success() => {
                self.proved(TRIED, request, "it is accepted, and makes no second account");
            }
            Sent::Noted | Sent::Unclear { .. } | Sent::Taken(_) | Sent::Refused(_) => self.refused(answer),
        }
    }

    fn made_two(&self) {
        let create = &self.site.service.create;
        let why = "it makes a second account of the same name";
        if let Some(header) = &create.idempotency_header {
            let why = format!("{why}: the service ignores the key in `{header}`");
            let hint = "leave out `idempotency_header`: a create that is not answered would be sent again";
            return self.wrong(TRIED, Some(&create.request), Why::hinted(why, hint));
        }
        if create.duplicate_declared {
            let hint = "leave out `duplicate`: a create that is not answered would be sent again";
            return self.wrong(TRIED, Some(&create.request), Why::hinted(why, hint));
        }
        let why = format!("{why}, so a create that is not answered is looked up and not sent again");
        self.open(TRIED, Some(&create.request), why);
    }

    fn refused(&self, answer: &Answer) {
        let create = &self.site.service.create;
        let request = Some(&create.request);
        let scope = self.scope().answer(answer);
        let holds = create.duplicate.holds(answer, &scope).unwrap_or(false);
        let line = format!("write `duplicate: [{}]` into `create`", answer.code());
        match (holds, create.duplicate_declared) {
            (true, true) => self.proved(TRIED, request, "the name is taken, and `duplicate` holds"),
            (false, true) => {
                let condition = self.engine.why_not("duplicate", &create.duplicate, answer, &scope);
                let why = format!("the name is taken, and {}", condition.unwrap_or_default());
                self.wrong(TRIED, request, Why::hinted(why, line));
            }
            (_, false) => {
                let why =
                    "the name is taken; `duplicate` would say so, and let a create that is not answered be sent again";
                self.open(TRIED, request, Why::hinted(why, line));
            }
        }
    }
}

/// Why a create did not go through.
fn reason(sent: Sent) -> Why {
    match sent {
        Sent::Noted => Why::default(),
        Sent::Unclear { reason, .. } | Sent::Again { reason, .. } | Sent::Renewable(reason) | Sent::Refused(reason) => {
            reason
        }
        Sent::Taken(told) => told.into(),
    }
}
