//! What services list under a marker: accounts of a lost journal that today's configuration may no longer explain, and the
//! only way to those of a service without a look-up.

use super::events::{apply_at, intend};
use crate::commands::context::Context;
use crate::commands::course::Course;
use crate::commands::exit::Failure;
use crate::commands::ground::Ground;
use crate::commands::masks;
use crate::commands::wire::wire;
use crate::commands::world::{lister, world};
use crate::config::Config;
use crate::domain::account::{RemoteId, ServiceName};
use crate::domain::event::{Event, Planned, PlannedAccount};
use crate::domain::ledger::Ledger;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::engine::{Extent, Regard};

/// So many accounts are taken up, of all services together: a list may be hostile.
const LISTED_MAX: usize = 10_000;

/// An account that a list shows.
pub(super) struct ListedAccount {
    service: ServiceName,
    username: String,
    id: RemoteId,
    at: Timestamp,
}

/// Every account under exactly this run's marker, of the services that can be listed, and whether each of those lists was
/// read to its end. What a list does not show is looked for by name all the same.
pub(super) async fn under_the_marker(
    context: &Context,
    ground: &Ground,
    plan: &Planned,
    course: &Course<'_>,
) -> Result<(Vec<ListedAccount>, bool), Failure> {
    let Ground { run, sealed, .. } = ground;
    let wired = wire(context, ground)?;
    masks::mask(context, plan, &wired.secrets);
    let world = world(context, sealed, wired.services, course.signals, |_| {});
    let now = context.clock.now();
    // The other half is for deleting.
    let deadline = now + course.deadline(sealed).since(now) / 2;
    let engine = lister(&world, &wired.sites, run, (now, deadline));
    let mut found = Vec::new();
    let (mut is_full, mut is_whole) = (false, true);
    for (place, site) in wired.sites.iter().enumerate() {
        if site.service.list.is_none() || site.unusable.is_some() {
            continue;
        }
        let service = &site.service.name;
        context.console.info(format!("{service}: listing its accounts"));
        let listed = engine
            .list(place, Extent::Prefix, |id, username, _| {
                if Marker::at_front_of(username).is_none_or(|marker| marker != run.marker) {
                    return Regard::Stranger;
                }
                if found.len() == LISTED_MAX {
                    is_full = true;
                    return Regard::Stranger;
                }
                found.push(ListedAccount {
                    service: service.clone(),
                    username: username.to_owned(),
                    id: id.clone(),
                    at: context.clock.now(),
                });
                Regard::Wanted
            })
            .await;
        let full = "it shows more accounts of this run than one cleanup takes: run it again once these are deleted";
        if let Some(reason) = listed.incomplete.or_else(|| is_full.then(|| full.into())) {
            is_whole = false;
            context
                .console
                .error(reason.context(format_args!("{service}: the list is incomplete")));
        }
    }
    Ok((found, is_whole))
}

/// The ledger of a plan and of what was listed beside it: each account may be there, and those that were listed are. Where
/// an account of the plan has a look-up, that finds it.
pub(super) fn ledger(context: &Context, mut plan: Planned, found: Vec<ListedAccount>, config: &Config) -> Ledger {
    let mut ids: Vec<Option<(RemoteId, Timestamp)>> = vec![None; plan.accounts.len()];
    for ListedAccount {
        service,
        username,
        id,
        at,
    } in found
    {
        let known = plan
            .accounts
            .iter()
            .position(|account| account.key.service == service && account.username == username);
        let is_looked_up = config
            .service(service.as_str())
            .is_some_and(|service| service.find.is_some());
        match known {
            Some(_) if is_looked_up => {}
            Some(place) if ids[place].is_none() => ids[place] = Some((id, at)),
            Some(_) | None => {
                // Where a service has two of one name, the later ones are told from the first by their ids.
                let is_taken =
                    |account: &PlannedAccount| account.key.service == service && account.key.account == username;
                let account = if plan.accounts.iter().any(is_taken) {
                    format!("{username} ({id})")
                } else {
                    username.clone()
                };
                plan.accounts.push(PlannedAccount::listed(&service, username, account));
                ids.push(Some((id, at)));
            }
        }
    }
    let mut ledger = Ledger::new(plan);
    for (place, id) in ids.into_iter().enumerate() {
        intend(context, &mut ledger, place);
        if let Some((id, at)) = id {
            // The list has shown the name, at that time.
            apply_at(context, &mut ledger, place, Event::Adopted(vec![id]), at);
        }
    }
    ledger
}
