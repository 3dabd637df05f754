//! `sweep`: finds what was orphaned by listing the services, with no journal, and touches nothing else.

mod again;
mod findings;
mod orphans;
mod trial;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::join_all;
use tracing::Instrument as _;

use again::Swept;
use findings::{Fate, Findings, ListedService, Marked, Room, say_outcome, summarise, tell, write};
use trial::Trial;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::ground::Ground;
use super::load;
use super::settle;
use super::watch::Watch;
use super::wire::{Wired, all_usable, wire};
use super::world::{lister, world};
use crate::adapters::hosts::is_ci;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::domain::account::{AccountKey, RemoteId, ServiceName};
use crate::domain::leftover::Leftover;
use crate::domain::marker::Origin;
use crate::domain::sweep::{Rules, Verdict, Whose, judge};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::engine::{Engine, Extent, Listed, Regard, Site};
use crate::language::glob;
use crate::plan::Run;
use crate::ports::Stop;
use crate::report::{Ended, Phase, plural, seen};
use crate::settings::OnLeftover;

/// So many orphans are named one by one.
const ORPHANS_TOLD: usize = 1_000;
/// How often a long list is told of.
const TELL: Duration = Duration::from_secs(10);

/// The command.
pub(super) async fn sweep(context: &Context) -> Result<ExitCode, Failure> {
    if context.settings.sweep.run.is_some() && context.settings.sweep.all_owners {
        return Err(Failure::usage(Why::hinted(
            "`run` and `all-owners` ask for different accounts: a run is of one repository",
            "remove one of them",
        )));
    }
    refuse_for_others(context)?;
    let signals = Signals::listen().context("can't listen for signals")?;
    let sealed = &context.settings.sealed;
    let document = load::document(context)?;
    let (mut config, variables) = load::read(context, &document, sealed)?;
    let without_list = select(context, &mut config)?;
    load::require(&config, &variables, &context.settings.only)?;
    let run = context.idle_run(&config.prefix, context.clock.now());
    let ground = Ground::today(context, &document, (config, variables), run)?;
    let Wired {
        sites,
        services,
        secrets,
        warnings,
    } = wire(context, &ground)?;
    all_usable(&sites)?;
    for secret in &secrets {
        context.console.mask(secret);
    }
    for warning in &warnings {
        context.console.warning(warning);
    }
    let begun = context.clock.now();
    let watch = Watch::new(context, Phase::Cleanup, []);
    let listener = |notice| watch.hear(&notice);
    let world = world(context, sealed, services, &signals, listener);
    let deadline = begun + sealed.cleanup_deadline;
    // A list without an end must not take the time in which what it showed is deleted.
    let listed_by = begun + sealed.cleanup_deadline * 3 / 4;
    let places: Vec<(usize, Option<usize>)> = (0..sites.len()).map(|place| (place, None)).collect();
    let listing = list_all(context, &world, (&sites, &places), &ground.run, (begun, listed_by));
    let (mut lists, mut found, mut requests) = watch.over(listing).await;
    let trial = Trial {
        ground: &ground,
        sites: &sites,
        deadline,
    };
    let mut leftovers = Vec::new();
    requests += watch
        .over(try_lists(context, &world, &trial, &mut lists, &mut leftovers))
        .await;
    let mut hits = found.iter().filter(|found| found.what == Fate::Delete).count();
    let mut incomplete = without_list || lists.iter().any(|list| list.incomplete.is_some());
    let max = usize::try_from(context.settings.sweep.max).unwrap_or(usize::MAX);
    if hits > max {
        incomplete = true;
        refuse(context, (hits, max), &lists, &mut found);
    } else if hits > 0 && !context.settings.sweep.dry_run {
        let owing = found.iter().filter(|found| found.what == Fate::Delete);
        watch.turn_to(Phase::Cleanup, owing.map(|found| &found.service));
        let work = delete(context, &world, &sites, &ground.run, &mut found, deadline);
        let ended = watch.over(work).await;
        requests += ended.requests;
        leftovers.extend(ended.leftovers);
        if ended.stopped.is_none() {
            let swept = Swept {
                lists: &mut lists,
                found: &mut found,
                leftovers: &mut leftovers,
                max,
            };
            let work = again::list(context, &world, &trial, swept);
            requests += watch.over(work).await;
            incomplete = without_list || lists.iter().any(|list| list.incomplete.is_some());
            hits = found.iter().filter(|found| found.what != Fate::Kept).count();
        }
    }
    let took = context.clock.now().since(begun);
    tell(context, &found);
    summarise(context, &lists, &found, incomplete);
    write(context, &lists, &found, &leftovers, (requests, took))?;
    if let Some(signal) = signals.first() {
        return Ok(ExitCode::Signal(signal));
    }
    say_outcome(context, &lists, hits);
    Ok(if !leftovers.is_empty() || incomplete {
        ExitCode::Failed
    } else {
        ExitCode::Success
    })
}

/// Says that more would be deleted than may be, and spares them.
fn refuse(context: &Context, (hits, max): (usize, usize), lists: &[ListedService], found: &mut [Marked]) {
    let over = if lists.iter().any(|list| list.is_full) {
        "over "
    } else {
        ""
    };
    context.console.error(Why::hinted(
        format!(
            "{over}{} would be deleted, and `max` allows {max}: nothing is deleted",
            plural(hits, "account")
        ),
        "look at them with `--dry-run`, then raise `max`",
    ));
    for spared in found.iter_mut().filter(|found| found.what == Fate::Delete) {
        "more than `max` would be deleted".clone_into(&mut spared.why);
    }
}

/// On a CI that is not known every job that works in the same directory would be taken for this one, and its living accounts
/// for ours.
fn refuse_for_others(context: &Context) -> Result<(), Failure> {
    let (identity, settings) = (&context.identity, &context.settings.sweep);
    let is_named = |setting: &Option<String>| setting.is_some();
    if settings.all_owners || !is_ci(&context.environment) {
        return Ok(());
    }
    // Whoever names them has said whose accounts are meant, also by what they are where nobody says more.
    let unknown = if !identity.knows_repository() && !is_named(&context.settings.repository) {
        "repository"
    } else if settings.run.as_deref() == Some("this") && !identity.knows_run() && !is_named(&context.settings.run_id) {
        "run"
    } else {
        return Ok(());
    };
    Err(Failure::usage(Why::hinted(
        format!("this CI does not say which {unknown} this is, and the accounts of others might be swept"),
        "set `repository` and `run-id`, to setup too (`STANDIN_REPOSITORY`, `STANDIN_RUN_ID`), or sweep with `all-owners`",
    )))
}

/// Leaves the services that are meant and can be listed; says whether one that was asked for can't be.
fn select(context: &Context, config: &mut crate::config::Config) -> Result<bool, Failure> {
    let only = &context.settings.only;
    if let Some(name) = only.iter().find(|name| config.service(name).is_none()) {
        return Err(Failure::usage(format!(
            "`only` names `{name}`, which the configuration does not have"
        )));
    }
    let is_meant = |name: &ServiceName| only.is_empty() || only.iter().any(|asked| asked == name.as_str());
    config.services.retain(|service| is_meant(&service.name));
    let mut missing = false;
    for service in config.services.iter().filter(|service| service.list.is_none()) {
        let text = format!("`{}` has no `list`, and can't be swept", service.name);
        if only.is_empty() {
            context.console.warning(&text);
        } else {
            missing = true;
            context.console.error(&text);
        }
    }
    config.services.retain(|service| service.list.is_some());
    Ok(missing)
}

fn rules(context: &Context, now: Timestamp) -> Rules<'_> {
    let settings = &context.settings.sweep;
    let whose = match &settings.run {
        Some(run) if run == "this" => Whose::Run(context.origin()),
        Some(run) => Whose::Run(Origin {
            run,
            ..context.origin()
        }),
        None if settings.all_owners => Whose::Anybody,
        None => Whose::Repository(&context.identity.repository),
    };
    Rules {
        whose,
        older_than: settings.older_than,
        is_protected: |globs, name| globs.iter().any(|pattern| glob(pattern, name)),
        protected: &settings.protect,
        personas: &context.settings.persona,
        now,
    }
}

/// Lists the services at these places, each with how many accounts it has shown before, all at once, and keeps what is marked; says how many requests that took.
async fn list_all(
    context: &Context,
    world: &LiveWorld<'_>,
    (sites, places): (&[Site], &[(usize, Option<usize>)]),
    run: &Run,
    times: (Timestamp, Timestamp),
) -> (Vec<ListedService>, Vec<Marked>, u64) {
    let rules = rules(context, times.0);
    let engine = lister(world, sites, run, times);
    let max = Some(context.settings.sweep.max).filter(|_| !context.settings.sweep.dry_run);
    let room = Room::new(max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX)));
    let rules = (&rules, run.marker.prefix());
    let all = places.iter();
    let all = join_all(all.map(|(place, before)| {
        let site = (*place, &sites[*place], *before);
        list(context, &engine, site, rules, &room)
    }));
    let all = all.instrument(tracing::info_span!("phase", name = "list")).await;
    let (lists, found): (Vec<ListedService>, Vec<Vec<Marked>>) = all.into_iter().unzip();
    (lists, found.into_iter().flatten().collect(), engine.requests())
}

/// Tries each list that shows nobody at all; says how many requests that took.
async fn try_lists(
    context: &Context,
    world: &LiveWorld<'_>,
    trial: &Trial<'_>,
    lists: &mut [ListedService],
    leftovers: &mut Vec<Leftover>,
) -> u64 {
    let mut requests = 0;
    for (list, site) in lists.iter_mut().zip(trial.sites) {
        if list.accounts > 0 || list.incomplete.is_some() {
            continue;
        }
        if context.settings.sweep.dry_run {
            trial::warn(context, &list.service, "a dry run makes none");
            continue;
        }
        if !site.service.witness {
            trial::warn(context, &list.service, "`witness: false` forbids it");
            continue;
        }
        let tried = trial.of(context, world, &list.service).await;
        requests += tried.requests;
        leftovers.extend(tried.settled.leftovers);
        if let Some(reason) = &tried.incomplete {
            say_incomplete(context, &list.service, reason);
        }
        list.incomplete = tried.incomplete.as_ref().map(Why::in_line);
    }
    requests
}

fn say_incomplete(context: &Context, service: &ServiceName, reason: &Why) {
    let why = reason
        .clone()
        .context(format_args!("{service}: the list is incomplete"));
    context
        .console
        .error(why.or_hint("what it showed is swept; there may be more"));
}

async fn list(
    context: &Context,
    engine: &Engine<'_, LiveWorld<'_>>,
    (place, site, before): (usize, &Site, Option<usize>),
    (rules, prefix): (&Rules<'_>, &str),
    room: &Room,
) -> (ListedService, Vec<Marked>) {
    let service = &site.service.name;
    let has_filter = site.service.list.as_ref().is_some_and(|list| list.filter.is_some());
    // Other owners may have other prefixes.
    let extent = match rules.whose {
        Whose::Anybody => Extent::Whole,
        Whose::Repository(_) | Whose::Run(_) => Extent::Prefix,
    };
    let prefix = if has_filter && extent == Extent::Prefix {
        format!(" whose names begin with `{prefix}-`")
    } else {
        String::new()
    };
    context.console.info(format!("{service}: listing its accounts{prefix}"));
    let mut found = Findings::new(room);
    let mut seen = 0;
    let mut told = context.clock.now();
    let mut each = |id: &RemoteId, username: &str, item: &minijinja::Value| {
        seen += 1;
        if context.clock.now().since(told) >= TELL {
            told = context.clock.now();
            context.console.info(format!(
                "{service}: {seen} accounts read so far, {} of them marked",
                found.len()
            ));
        }
        let (what, why, regard) = match judge(username, rules, || item.to_string()) {
            Verdict::Unmarked => return Regard::Stranger,
            Verdict::Sweep(_) => (Fate::Delete, String::new(), Regard::Wanted),
            Verdict::Keep(why) => (Fate::Kept, why.to_owned(), Regard::Told),
        };
        let is_kept = found.add(Marked {
            service: service.clone(),
            username: username.to_owned(),
            id: id.clone(),
            at: context.clock.now(),
            what,
            why,
        });
        // Of what is not kept the engine keeps nothing either.
        if is_kept { regard } else { Regard::Stranger }
    };
    let mut listed = engine.list(place, extent, &mut each).await;
    // A wrong filter shows nobody: then people show whether the list does.
    if listed.filtered && listed.accounts == 0 && listed.incomplete.is_none() {
        listed = engine.list(place, Extent::Whole, &mut each).await;
    }
    let Listed {
        readings,
        pages,
        accounts,
        filtered,
        once,
        refused,
        incomplete,
        total: _,
        doubt,
        barred: _,
    } = listed;
    let (found, full) = found.end(context, service);
    let is_full = full.is_some();
    let incomplete = incomplete.or(full);
    if let Some(answer) = refused {
        context.console.info(format!(
            "{service}: it answered its `filter` with {answer}, and all accounts are listed"
        ));
    }
    let doubt = doubt.filter(|_| before.is_none_or(|before| before <= accounts));
    let incomplete = incomplete.or(doubt);
    if once {
        let missed = "there is no time to read its list again, and accounts that moved to an earlier page meanwhile may be missed";
        let missed = format!("{service}: {missed}");
        context.console.warning(Why::hinted(missed, "raise `cleanup-deadline`"));
    }
    if let Some(reason) = &incomplete {
        say_incomplete(context, service, reason);
    }
    let list = ListedService {
        service: service.clone(),
        readings,
        pages,
        accounts,
        filtered,
        is_full,
        incomplete: incomplete.as_ref().map(Why::in_line),
    };
    (list, found)
}

async fn delete(
    context: &Context,
    world: &LiveWorld<'_>,
    sites: &[Site],
    run: &Run,
    found: &mut [Marked],
    deadline: Timestamp,
) -> Ended {
    let hits: Vec<usize> = (0..found.len())
        .filter(|place| found[*place].what == Fate::Delete)
        .collect();
    // Post or `cleanup` should have deleted it: something went wrong there. Whoever names a run asks for all that it has made.
    let is_orphaned = context.settings.sweep.run.is_none();
    for place in hits.iter().filter(|_| is_orphaned).take(ORPHANS_TOLD) {
        let orphan = &found[*place];
        context
            .console
            .warning(format!("{}: `{}` was orphaned", orphan.service, seen(&orphan.username)));
    }
    if is_orphaned && hits.len() > ORPHANS_TOLD {
        let more = plural(hits.len() - ORPHANS_TOLD, "more account");
        context.console.warning(format!("{more} were orphaned"));
    }
    let orphans: Vec<&Marked> = hits.iter().map(|place| &found[*place]).collect();
    let names: Vec<String> = orphans.iter().map(|orphan| orphan.username.clone()).collect();
    let needs = |name: &ServiceName| {
        let site = sites.iter().find(|site| site.service.name == *name)?;
        Some(site.service.needs.as_slice())
    };
    let ledger = orphans::ledger(run, context.clock.now(), &orphans, needs);
    let account = |place: usize| minijinja::Value::from_pairs([("username", names[place].clone())]);
    let mut engine = Engine::new(world, sites, ledger, account, deadline);
    engine.only_listed();
    let begun = context.clock.now();
    let phase = tracing::info_span!("phase", name = "sweep");
    let title = format!("deleting {}", plural(hits.len(), "account"));
    let settled = settle::take_back(context, &mut engine, Some(&title), phase).await;
    let took = context.clock.now().since(begun);
    let requests = engine.requests();
    let (ledger, _) = engine.into_parts();
    let ended = settle::ended(settled, ledger, "standin sweep", requests, took);
    settle::say(context, &ended, took, OnLeftover::Fail);
    let why: HashMap<&AccountKey, &Why> = ended
        .leftovers
        .iter()
        .map(|leftover| (&leftover.key, &leftover.detail))
        .collect();
    for (account, place) in hits.iter().enumerate() {
        let left = why.get(&ended.ledger.account(account).key);
        found[*place].what = if left.is_some() { Fate::Left } else { Fate::Deleted };
        found[*place].why = left.map(|why| why.in_line()).unwrap_or_default();
    }
    if let Some(Stop::Signal(signal)) = ended.stopped {
        context
            .console
            .error(format!("stopped by signal {signal}: run `standin sweep` again"));
    }
    ended
}
