//! What to do next with one account: the pure half of the engine.
//!
//! [`provision`] drives an account forward, [`settle`] drives it back to nothing. Both see only the ledger's record and
//! what the service can do; the engine carries the step out, writes down what happened, and asks again.

use std::time::Duration;

use super::account::RemoteId;
use super::ledger::{Record, Status};
use super::time::Timestamp;

/// What the configuration lets us do at a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a power of its own, and every combination occurs"
)]
pub struct Powers {
    /// There is a look-up by user name.
    pub find: bool,
    /// Reading the account back may show its name.
    pub read: bool,
    /// The id is chosen by us, so that a delete needs no answer of a create.
    pub chosen_id: bool,
    /// Sending a create twice can't make two: the service refuses equal names, or an idempotency key is sent.
    pub repeatable: bool,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long a look-up may lag behind a create.
    pub settle: Duration,
}

impl Powers {
    /// When a look-up that finds nothing proves that nothing will come any more.
    pub fn window_closes(&self, record: &Record) -> Timestamp {
        record.window_closes(self.request_timeout) + self.settle
    }
}

/// The next step of an account that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provision {
    /// Write the intent down and send the create.
    Create,
    /// Look it up by name. If it is certainly absent, a create may follow.
    Look,
    /// Send what follows a create, then read it back.
    Complete,
    /// It is ready.
    Ready,
    /// It can't be had; what is known of it is a debt or not, by its status.
    Fail,
}

/// What to do next with an account that is wanted.
///
/// `creates_left` counts down the creates that may still be sent.
pub fn provision(record: &Record, powers: &Powers, creates_left: u32) -> Provision {
    match record.status {
        Status::Untouched | Status::Refused | Status::Gone if creates_left > 0 => Provision::Create,
        Status::Creating | Status::Unclear if powers.find => Provision::Look,
        Status::Live => Provision::Complete,
        Status::Verified => Provision::Ready,
        Status::Untouched
        | Status::Refused
        | Status::Gone
        | Status::Creating
        | Status::Unclear
        | Status::Rejected
        | Status::Stranger
        | Status::Deleting => Provision::Fail,
    }
}

/// May a create be sent again after a look-up that found nothing?
///
/// Where the service refuses equal names, or knows the request again by its key, at once; elsewhere only when the
/// first one can't land any more.
pub fn may_create_again(record: &Record, powers: &Powers, now: Timestamp) -> bool {
    powers.repeatable || now >= powers.window_closes(record)
}

/// The next step of an account that must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It owes nothing.
    Done,
    /// Look it up by name, until the window of late arrivals has closed.
    Look,
    /// Wait until the window of late arrivals has closed, then delete by the id that we chose ourselves.
    DeleteChosen,
    /// Read it back first: its name was never seen, or its id may be somebody else's by now.
    Read(RemoteId),
    /// Delete it.
    Delete(RemoteId),
    /// Nothing can be done: there is no look-up.
    GiveUp,
}

/// For so long after its name was seen, an id that is counted is taken for that of the same account.
const FRESH: Duration = Duration::from_mins(1);

/// What to do next with an account that must go. `name_seen` says that its name was read back in this very run.
pub fn settle(record: &Record, powers: &Powers, name_seen: bool, now: Timestamp) -> Settle {
    if !record.status.is_debt() {
        return Settle::Done;
    }
    match record.ids.first() {
        Some(id) if powers.read && !name_seen && needs_reading(record, id, now) => Settle::Read(id.clone()),
        Some(id) => Settle::Delete(id.clone()),
        None if powers.find => Settle::Look,
        None if powers.chosen_id && record.status != Status::Stranger => Settle::DeleteChosen,
        None => Settle::GiveUp,
    }
}

/// A look-up, a verified read and an earlier delete have all compared the name before. But the job may have deleted the
/// account itself since, or the earlier delete may have been done: an id that is counted may then have been given again.
fn needs_reading(record: &Record, id: &RemoteId, now: Timestamp) -> bool {
    match record.status {
        Status::Live | Status::Rejected | Status::Unclear | Status::Creating => true,
        Status::Verified => id.is_counted() && record.last_seen.is_none_or(|seen| now.since(seen) > FRESH),
        Status::Deleting => id.is_counted(),
        Status::Untouched | Status::Refused | Status::Stranger | Status::Gone => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;

    const FULL: Powers = Powers {
        find: true,
        read: true,
        chosen_id: false,
        repeatable: true,
        request_timeout: Duration::from_secs(10),
        settle: Duration::from_secs(2),
    };
    const BARE: Powers = Powers {
        find: false,
        read: false,
        repeatable: false,
        ..FULL
    };

    fn record(events: &[Event]) -> Record {
        let mut record = Record {
            status: Status::Untouched,
            ids: Vec::new(),
            open_intents: 0,
            last_intent: None,
            last_seen: None,
            known_as: None,
        };
        for event in events {
            assert!(
                record.apply(Timestamp::from_millis(1_000), event),
                "{event:?} does not fit"
            );
        }
        record
    }

    fn id() -> RemoteId {
        RemoteId::new("7").expect("an id")
    }

    #[test]
    fn an_account_is_driven_forward() {
        use Event::{CreateIntended, CreateRefused, CreateUnclear, Created, Verified, VerifyFailed};
        let why = String::new;
        let rows = [
            (vec![], FULL, 3, Provision::Create),
            (vec![], FULL, 0, Provision::Fail),
            (vec![CreateIntended, CreateRefused(why())], FULL, 1, Provision::Create),
            (vec![CreateIntended, CreateUnclear(why())], FULL, 1, Provision::Look),
            (vec![CreateIntended, CreateUnclear(why())], BARE, 1, Provision::Fail),
            (vec![CreateIntended, Created(id())], BARE, 0, Provision::Complete),
            (vec![CreateIntended, Created(id()), Verified], BARE, 0, Provision::Ready),
            (
                vec![CreateIntended, Created(id()), VerifyFailed(why())],
                FULL,
                2,
                Provision::Fail,
            ),
        ];
        for (events, powers, left, expected) in rows {
            assert_eq!(provision(&record(&events), &powers, left), expected, "{events:?}");
        }
    }

    #[test]
    fn an_account_is_driven_back() {
        use Event::{
            Adopted, CreateIntended, CreateRefused, CreateUnclear, Created, DeleteIntended, Deleted, StrangerShown,
            Verified,
        };
        let why = String::new;
        let chosen = Powers {
            chosen_id: true,
            ..BARE
        };
        let rows = [
            (vec![], FULL, Settle::Done),
            (vec![CreateIntended], FULL, Settle::Look),
            (vec![CreateIntended], BARE, Settle::GiveUp),
            (vec![CreateIntended], chosen, Settle::DeleteChosen),
            (vec![CreateIntended, CreateRefused(why())], FULL, Settle::Done),
            (vec![CreateIntended, CreateUnclear(why())], FULL, Settle::Look),
            (vec![CreateIntended, Created(id())], FULL, Settle::Read(id())),
            (vec![CreateIntended, Created(id())], BARE, Settle::Delete(id())),
            (
                vec![CreateIntended, Created(id()), Verified],
                FULL,
                Settle::Delete(id()),
            ),
            (
                vec![CreateIntended, Created(id()), StrangerShown(why())],
                FULL,
                Settle::Look,
            ),
            (
                vec![CreateIntended, Created(id()), StrangerShown(why())],
                chosen,
                Settle::GiveUp,
            ),
            (
                vec![CreateIntended, Adopted(vec![id()]), DeleteIntended],
                FULL,
                Settle::Read(id()),
            ),
            (
                vec![CreateIntended, Created(id()), DeleteIntended, Deleted(id())],
                FULL,
                Settle::Done,
            ),
            // The first of two creates is still open: what was deleted was the second's.
            (
                vec![
                    CreateIntended,
                    CreateUnclear(why()),
                    CreateIntended,
                    Created(id()),
                    Verified,
                    DeleteIntended,
                    Deleted(id()),
                ],
                FULL,
                Settle::Look,
            ),
        ];
        for (events, powers, expected) in rows {
            let now = Timestamp::from_millis(1_000);
            assert_eq!(settle(&record(&events), &powers, false, now), expected, "{events:?}");
        }
        assert_eq!(
            settle(
                &record(&[CreateIntended, Created(id())]),
                &FULL,
                true,
                Timestamp::from_millis(0)
            ),
            Settle::Delete(id()),
        );
    }

    #[test]
    fn an_id_that_may_have_been_given_again_is_read_before_a_delete() {
        use Event::{CreateIntended, Created, DeleteIntended, Verified};
        let uuid = RemoteId::new("3f0e8a52-9f11-4c54-9a01-0d6f2f1b7c11").expect("an id");
        let snowflake = RemoteId::new("1085478933920317440").expect("an id");
        let verified = |id: &RemoteId| record(&[CreateIntended, Created(id.clone()), Verified]);
        let deleting = |id: &RemoteId| record(&[CreateIntended, Created(id.clone()), Verified, DeleteIntended]);
        let (soon, late) = (Timestamp::from_millis(60_000), Timestamp::from_millis(70_000));
        for id in [uuid, snowflake] {
            for record in [verified(&id), deleting(&id)] {
                assert_eq!(settle(&record, &FULL, false, late), Settle::Delete(id.clone()));
            }
        }
        let counted = id();
        assert_eq!(settle(&verified(&counted), &FULL, false, soon), Settle::Delete(id()));
        assert_eq!(settle(&verified(&counted), &FULL, false, late), Settle::Read(id()));
        assert_eq!(settle(&deleting(&counted), &FULL, false, soon), Settle::Read(id()));
        for (powers, name_seen) in [(BARE, false), (FULL, true)] {
            assert_eq!(
                settle(&verified(&counted), &powers, name_seen, late),
                Settle::Delete(id())
            );
        }
    }

    #[test]
    fn a_second_create_waits_for_the_first_where_it_could_make_two() {
        let record = record(&[Event::CreateIntended, Event::CreateUnclear(String::new())]);
        let at = Timestamp::from_millis;
        assert!(may_create_again(&record, &FULL, at(1_001)));
        let loose = Powers {
            repeatable: false,
            ..FULL
        };
        assert!(!may_create_again(&record, &loose, at(12_999)));
        assert!(may_create_again(&record, &loose, at(13_000)));
    }
}
