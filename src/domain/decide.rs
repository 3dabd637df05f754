//! What to do next with an account that is wanted: the pure half of the engine's way forward.
//!
//! It sees only the ledger's record and what the service can do; the engine carries the step out, writes down what happened,
//! and asks again. The way back is [`super::evidence`].

use std::time::Duration;

use super::ledger::{Record, Status};
use super::time::Timestamp;

/// What the configuration lets us do at a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a power of its own, and every combination occurs"
)]
pub struct Powers {
    /// There is a `find`.
    pub find: bool,
    /// There is an eye by the name: `find`, a `list`, or a reading by an id of our choice.
    pub by_name: bool,
    /// There is an eye by the id: `verify` or `gone`, with credentials that are not the account's own.
    pub by_id: bool,
    /// The id is chosen by us, so that a delete needs no answer of a create.
    pub chosen_id: bool,
    /// An account of the service was read back under an id that was come by in the same way; one that a look-up alone has given
    /// was read back itself.
    pub ids_proved: bool,
    /// The service is not where it was when the account was made, as far as can be told.
    pub elsewhere: bool,
    /// Another account has the same id, so that it can be neither's.
    pub shared: bool,
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
/// Where the service refuses equal names, or knows the request again by its key, once a look-up that lags would show the first
/// one; elsewhere only when that can't land any more.
pub fn may_create_again(record: &Record, powers: &Powers, now: Timestamp) -> bool {
    if powers.repeatable {
        now >= record.window_closes(powers.settle)
    } else {
        now >= powers.window_closes(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::RemoteId;
    use crate::domain::event::Event;

    const FULL: Powers = Powers {
        find: true,
        by_name: true,
        by_id: true,
        chosen_id: false,
        ids_proved: true,
        elsewhere: false,
        shared: false,
        repeatable: true,
        request_timeout: Duration::from_secs(10),
        settle: Duration::from_secs(2),
    };
    const BARE: Powers = Powers {
        find: false,
        by_name: false,
        by_id: false,
        repeatable: false,
        ..FULL
    };

    fn record(events: &[Event]) -> Record {
        let mut record = Record::default();
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
    fn a_second_create_waits_for_the_first_where_it_could_make_two() {
        let record = record(&[Event::CreateIntended, Event::CreateUnclear(String::new())]);
        let at = Timestamp::from_millis;
        assert!(!may_create_again(&record, &FULL, at(2_999)));
        assert!(may_create_again(&record, &FULL, at(3_000)));
        let loose = Powers {
            repeatable: false,
            ..FULL
        };
        assert!(!may_create_again(&record, &loose, at(12_999)));
        assert!(may_create_again(&record, &loose, at(13_000)));
    }
}
