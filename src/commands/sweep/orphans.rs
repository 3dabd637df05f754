//! What a list showed, as a ledger of accounts that are there.

use std::collections::HashMap;

use super::findings::Marked;
use crate::domain::account::ServiceName;
use crate::domain::event::{Entry, Event, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::plan::Run;

/// What each of these accounts needs: that of the same name in a service which its own one needs.
fn needs<'c>(orphans: &[&Marked], of_service: impl Fn(&ServiceName) -> Option<&'c [ServiceName]>) -> Vec<Vec<usize>> {
    let mut places: HashMap<(&ServiceName, &str), Vec<usize>> = HashMap::new();
    for (place, orphan) in orphans.iter().enumerate() {
        places
            .entry((&orphan.service, &orphan.username))
            .or_default()
            .push(place);
    }
    let of = |orphan: &Marked| -> Vec<usize> {
        let services = of_service(&orphan.service).unwrap_or_default();
        let needed = services
            .iter()
            .filter_map(|service| places.get(&(service, orphan.username.as_str())));
        needed.flatten().copied().collect()
    };
    orphans.iter().map(|orphan| of(orphan)).collect()
}

/// A ledger of these accounts. Their names were seen when the list showed them, which may be a while ago: databases that
/// count ids may have given one to somebody else since.
pub(super) fn ledger<'c>(
    run: &Run,
    now: Timestamp,
    orphans: &[&Marked],
    of_service: impl Fn(&ServiceName) -> Option<&'c [ServiceName]>,
) -> Ledger {
    let planned = orphans
        .iter()
        .zip(needs(orphans, of_service))
        .enumerate()
        .map(|(place, (orphan, needs))| {
            // Several may have the same name, and each is an account of its own.
            let account = format!("{}#{place}", orphan.username);
            PlannedAccount {
                needs,
                ..PlannedAccount::listed(&orphan.service, orphan.username.clone(), account)
            }
        })
        .collect();
    let mut ledger = Ledger::new(run.planned(now, planned));
    for (place, orphan) in orphans.iter().enumerate() {
        for event in [Event::CreateIntended, Event::Adopted(vec![orphan.id.clone()])] {
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
    use crate::domain::account::RemoteId;
    use crate::domain::decide::Powers;
    use crate::domain::evidence::{Looks, Sight, Step, judge};
    use crate::domain::marker::{Marker, Origin};

    const READS: Powers = Powers {
        find: false,
        by_name: true,
        by_id: true,
        chosen_id: false,
        ids_proved: true,
        elsewhere: false,
        shared: false,
        repeatable: false,
        request_timeout: Duration::from_secs(10),
        settle: Duration::ZERO,
    };

    /// What is done first with an orphan of this id, so long after the list showed it.
    fn first(id: &str, after: Duration) -> Step {
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
        let orphan = Marked {
            service: ServiceName::parse("users").unwrap(),
            username: format!("{}-alice", run.marker),
            id: RemoteId::new(id.to_owned()).unwrap(),
            at: listed,
            what: Fate::Delete,
            why: String::new(),
        };
        let now = listed + after;
        let ledger = ledger(&run, now, &[&orphan], |_| None);
        judge(ledger.record(0), &Looks::default(), &Sight::default(), &READS, now)
    }

    #[test]
    fn a_counted_id_that_was_listed_a_while_ago_is_read_before_it_is_deleted() {
        let id = |id: &str| RemoteId::new(id.to_owned()).unwrap();
        let minute = Duration::from_mins(1);
        assert_eq!(first("17", minute), Step::Delete(id("17")));
        assert_eq!(first("17", minute + Duration::from_millis(1)), Step::Read(id("17")));
        let uuid = "7f9c24e8-3b12-4fef-91e0-0a1f3c5d2e4b";
        assert_eq!(first(uuid, 3 * minute), Step::Delete(id(uuid)));
    }
}
