//! What a list showed, as a ledger of accounts that are there.

use super::findings::Found;
use crate::domain::event::{Entry, Event, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::plan::Run;

/// A ledger of these accounts. Their names were seen when the list showed them, which may be a while ago: databases that
/// count ids may have given one to somebody else since.
pub(super) fn ledger(run: &Run, now: Timestamp, orphans: &[&Found]) -> Ledger {
    let planned = orphans
        .iter()
        .enumerate()
        .map(|(place, orphan)| {
            // Several may have the same name, and each is an account of its own.
            let account = format!("{}#{place}", orphan.username);
            PlannedAccount::listed(&orphan.service, orphan.username.clone(), account)
        })
        .collect();
    let mut ledger = Ledger::new(run.planned(now, planned));
    for (place, orphan) in orphans.iter().enumerate() {
        for event in [
            Event::CreateIntended,
            Event::Created(orphan.id.clone()),
            Event::Verified,
        ] {
            let account = ledger.account(place).key.clone();
            let taken = ledger.apply(&Entry {
                at: orphan.at,
                account,
                event,
            });
            debug_assert!(taken.is_ok(), "the table has these steps: {taken:?}");
        }
    }
    ledger
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::commands::sweep::findings::Fate;
    use crate::domain::account::{RemoteId, ServiceName};
    use crate::domain::decide::{Powers, Settle, settle};
    use crate::domain::marker::{Marker, Origin};

    const READS: Powers = Powers {
        find: true,
        read: true,
        chosen_id: false,
        repeatable: false,
        request_timeout: Duration::from_secs(10),
        settle: Duration::ZERO,
    };

    /// What is done first with an orphan of this id, so long after the list showed it.
    fn first(id: &str, after: Duration) -> Settle {
        let listed = Timestamp::from_millis(1_795_420_800_000);
        let origin = Origin {
            repository: "a/b",
            run: "7",
            attempt: 1,
        };
        let run = Run {
            repository: "a/b".to_owned(),
            id: "7".to_owned(),
            attempt: 1,
            url: None,
            marker: Marker::new("sd", listed, Duration::ZERO, &origin, "k3x9q"),
        };
        let orphan = Found {
            service: ServiceName::parse("users").unwrap(),
            username: format!("{}-alice", run.marker),
            id: RemoteId::new(id.to_owned()).unwrap(),
            at: listed,
            what: Fate::Delete,
            why: String::new(),
        };
        let now = listed + after;
        settle(ledger(&run, now, &[&orphan]).record(0), &READS, false, now)
    }

    #[test]
    fn a_counted_id_that_was_listed_a_while_ago_is_read_before_it_is_deleted() {
        let id = |id: &str| RemoteId::new(id.to_owned()).unwrap();
        let minute = Duration::from_mins(1);
        assert_eq!(first("17", minute), Settle::Delete(id("17")));
        assert_eq!(first("17", minute + Duration::from_millis(1)), Settle::Read(id("17")));
        let uuid = "7f9c24e8-3b12-4fef-91e0-0a1f3c5d2e4b";
        assert_eq!(first(uuid, 3 * minute), Settle::Delete(id(uuid)));
    }
}
