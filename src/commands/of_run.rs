//! Cleanup without any journal: what the services list of this run's accounts says whether there is nothing to do.

use std::cell::RefCell;

use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::ground::Ground;
use super::load;
use super::tls::KeptFiles;
use super::wire::wire;
use super::world::{lister, world};
use crate::adapters::hosts::is_ci;
use crate::adapters::signals::Signals;
use crate::domain::account::RemoteId;
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::engine::{Extent, Regard};
use crate::plan;
use crate::report::{plural, seen};

/// So many accounts are named; of more their number is told.
const SHOWN: usize = 10;

/// Asks the services that have a `list` for accounts of this run. They are named and not deleted: another job of the run may
/// still use them.
pub(super) async fn look(context: &Context, signals: &Signals) -> Result<ExitCode, Failure> {
    let found = match list(context, signals).await {
        Ok(found) => found,
        Err(failure) => {
            let why = Why::from(failure);
            context
                .console
                .notice(format!("the services can't be asked for accounts of this run: {why}"));
            return Ok(ExitCode::Success);
        }
    };
    if found.1 == 0 {
        return Ok(ExitCode::Success);
    }
    let (mut names, number) = found;
    if number > names.len() {
        names.push(format!("{} more", number - names.len()));
    }
    let identity = &context.identity;
    // A CI that is not known does not say whose accounts `this` run's are: then they have to be named.
    let whose = if is_ci(&context.environment) && !(identity.knows_repository() && identity.knows_run()) {
        format!(" --repository '{}' --run-id '{}'", identity.repository, identity.run_id)
    } else {
        String::new()
    };
    context.console.error(Why::hinted(
        format!(
            "{} of this run may still exist: {}",
            plural(number, "account"),
            names.join(", ")
        ),
        format!("if no other job of this run uses them, run `standin sweep --run this{whose}`"),
    ));
    Ok(ExitCode::Failed)
}

/// The names that are told, and how many there are.
async fn list(context: &Context, signals: &Signals) -> Result<(Vec<String>, usize), Failure> {
    let sealed = &context.settings.sealed;
    let document = load::document(context)?;
    let (config, variables) = load::read(context, &document, sealed)?;
    let now = context.clock.now();
    let run = context.idle_run(&config.prefix, now);
    let scope = plan::scope(&variables, &run);
    let (files, _) = KeptFiles::read_what_is_there(&config, &scope, &document.directory);
    let ground = Ground {
        config,
        variables,
        run,
        sealed: sealed.clone(),
        files,
    };
    let wired = wire(context, &ground)?;
    for secret in &wired.secrets {
        context.console.mask(secret);
    }
    let world = world(context, sealed, wired.services, signals, |_| {});
    let times = (now, now + sealed.cleanup_deadline);
    let engine = lister(&world, &wired.sites, &ground.run, times);
    let origin = context.origin();
    let found = RefCell::new((Vec::new(), 0));
    for (place, site) in wired.sites.iter().enumerate() {
        let service = &site.service.name;
        let why = if let Some(why) = &site.unusable {
            Some(why.clone())
        } else if site.service.list.is_none() {
            Some("it has no `list`".into())
        } else {
            let each = |_: &RemoteId, name: &str, _: &minijinja::Value| {
                if Marker::within(name).is_none_or(|marker| !marker.is_of_run(&origin)) {
                    return Regard::Stranger;
                }
                let (names, number) = &mut *found.borrow_mut();
                *number += 1;
                if names.len() < SHOWN {
                    names.push(format!("{service} `{}`", seen(name)));
                }
                Regard::Told
            };
            engine.list(place, Extent::Prefix, each).await.incomplete
        };
        if let Some(why) = why {
            context.console.warning(format!(
                "{service}: can't tell whether it has accounts of this run: {why}"
            ));
        }
    }
    Ok(found.into_inner())
}
