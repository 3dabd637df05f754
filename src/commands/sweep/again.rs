//! A list that has no way to a next page may show some accounts alone: once those of ours are deleted, others take their place.

use super::findings::{Fate, ListedService, Marked};
use super::trial::Trial;
use super::{delete, list_all};
use crate::adapters::world::LiveWorld;
use crate::commands::context::Context;
use crate::domain::leftover::Leftover;
use crate::domain::why::Why;
use crate::report::plural;

/// What a sweep has come to by now.
pub(super) struct Swept<'a> {
    pub(super) lists: &'a mut [ListedService],
    pub(super) found: &'a mut Vec<Marked>,
    pub(super) leftovers: &'a mut Vec<Leftover>,
    /// So many accounts may be deleted.
    pub(super) max: usize,
}

/// Lists such services again and deletes what comes up, until none of ours is shown; says how many requests that took.
pub(super) async fn list(context: &Context, world: &LiveWorld<'_>, trial: &Trial<'_>, swept: Swept<'_>) -> u64 {
    let Trial {
        ground,
        sites,
        deadline,
    } = *trial;
    let has_one_page = |place: &usize| {
        let list = sites[*place].service.list.as_ref();
        list.is_some_and(|list| list.next.is_none())
    };
    let mut latest = 0;
    let mut requests = 0;
    loop {
        // Where nothing was deleted just now, nobody has moved up.
        let has_moved = |place: &usize| {
            let name = &sites[*place].service.name;
            let mut latest = swept.found[latest..].iter();
            latest.any(|found| found.service == *name && found.what == Fate::Deleted)
        };
        let places = (0..sites.len()).filter(has_one_page).filter(has_moved);
        // One that has shown more, and all of it, is not cut short at another length.
        let places: Vec<(usize, Option<usize>)> = places
            .map(|place| {
                let list = &swept.lists[place];
                (place, list.incomplete.is_none().then_some(list.accounts))
            })
            .collect();
        if places.is_empty() {
            return requests;
        }
        let times = (context.clock.now(), deadline);
        let (lists, mut shown, asked) = list_all(context, world, (sites, &places), &ground.run, times).await;
        requests += asked;
        for ((place, _), list) in places.iter().zip(lists) {
            let known = &mut swept.lists[*place];
            known.readings += list.readings;
            known.pages += list.pages;
            known.accounts = known.accounts.max(list.accounts);
            known.incomplete = list.incomplete;
        }
        shown.retain(|one| {
            let is_known = |known: &Marked| known.service == one.service && known.id == one.id;
            !swept.found.iter().any(is_known)
        });
        let is_hit = |one: &&Marked| one.what != Fate::Kept;
        let hits = shown.iter().filter(is_hit).count();
        let all = swept.found.iter().filter(is_hit).count() + hits;
        if all > swept.max {
            let more = plural(hits, "more account");
            let why = format!(
                "{more} came up, and `max` allows {}: none of them is deleted",
                swept.max
            );
            for (place, _) in places {
                swept.lists[place].incomplete = Some(why.clone());
            }
            context.console.error(Why::hinted(why, "sweep again, or raise `max`"));
            return requests;
        }
        for (place, _) in &places {
            let list = &mut swept.lists[*place];
            list.accounts += shown
                .iter()
                .filter(|one| one.service == list.service && is_hit(one))
                .count();
        }
        latest = swept.found.len();
        if hits > 0 {
            let ended = delete(context, world, sites, &ground.run, &mut shown, deadline).await;
            requests += ended.requests;
            swept.leftovers.extend(ended.leftovers);
            if ended.stopped.is_some() {
                swept.found.extend(shown);
                return requests;
            }
        }
        swept.found.extend(shown);
    }
}
