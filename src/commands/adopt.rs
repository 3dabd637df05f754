//! `adopt`: takes an account that the tests themselves made into this run's journal, so that cleanup deletes it too.
//!
//! No request is sent. Whose the account is, cleanup finds out: a name with this setup's marker may be looked up, and any other
//! is deleted by its id alone, and only where the service shows the name for it.

use std::time::Duration;

use anyhow::Context as _;

use super::cleanup::{self, Trace};
use super::context::Context;
use super::exit::{ExitCode, Failure};
use super::load;
use super::sealed::SealedCopy;
use crate::adapters::entry::{EntryDir, Lock};
use crate::config::{Config, Service};
use crate::domain::account::{AccountKey, RemoteId, is_witness};
use crate::domain::event::{Entry, Event, PlannedAccount};
use crate::domain::ledger::{Ledger, Status};
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::engine::{eye_by_id, unknown_of_adopted};
use crate::language::nearest;
use crate::report::seen;

/// How long a setup or a cleanup that works on the same accounts is waited for.
const WAIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// No service has longer names and ids, in bytes.
const LONGEST: usize = 1024;

/// The account that is meant.
pub(super) struct Adopted<'a> {
    /// The service.
    pub(super) service: &'a str,
    /// Its user name there.
    pub(super) name: &'a str,
    /// Its id there.
    pub(super) id: Option<&'a str>,
}

/// The command.
pub(super) async fn adopt(context: &Context, wanted: &Adopted<'_>) -> Result<ExitCode, Failure> {
    let id = wanted.id.map(|id| ("--id", id));
    for (flag, text) in [("--name", wanted.name)].into_iter().chain(id) {
        let problem = if text.trim().is_empty() {
            "is empty"
        } else if text.len() > LONGEST {
            "is longer than any service keeps"
        } else if text.chars().any(char::is_control) {
            "has a control character"
        } else if flag == "--id" && matches!(text, "." | "..") {
            "leads elsewhere in a path"
        } else {
            continue;
        };
        return Err(Failure::usage(format!("`{flag}` {problem}")));
    }
    let id = wanted.id.and_then(RemoteId::new);
    let (entry, config) = entry_of_run(context, wanted)?;
    let service = config.service(wanted.service).ok_or_else(|| unknown(wanted, &config))?;
    let _lock = lock(context, &entry).await?;
    // A cleanup may have ended meanwhile.
    if !entry.is_sealed().map_err(anyhow::Error::from)? {
        return Err(none(context));
    }
    let ledger = entry.read()?.ledger;
    let marker = &ledger.plan().marker;
    let is_marked = Marker::within(wanted.name).is_some_and(|found| found.as_str() == marker);
    can_be_settled(service, wanted, is_marked)?;
    let account = PlannedAccount {
        unmarked: !is_marked,
        ..PlannedAccount::listed(&service.name, wanted.name.to_owned(), wanted.name.to_owned())
    };
    if let Some(lines) = lines(&ledger, account, id)? {
        let journal = entry.resume()?;
        let at = context.clock.now();
        for (account, event) in lines {
            let entry = Entry { at, account, event };
            journal.append(&entry).context("the journal can't be written")?;
        }
        journal.sync().context("the journal can't be written")?;
        context.console.info(format!(
            "{}: `{}` is adopted, and cleanup deletes it",
            service.name,
            seen(wanted.name)
        ));
    } else {
        context.console.info(format!(
            "{}: `{}` is in the journal already, and cleanup deletes it",
            service.name,
            seen(wanted.name)
        ));
    }
    Ok(ExitCode::Success)
}

/// The entry that the account is written into, and its configuration: of the setup whose marker the name has, else of this
/// run's last one.
fn entry_of_run(context: &Context, wanted: &Adopted<'_>) -> Result<(EntryDir, Config), Failure> {
    let journals = context.journals().map_err(anyhow::Error::from)?;
    let mut found = Vec::new();
    cleanup::each_of_this_run(context, &journals, |one| {
        if let Trace::Journal(entry) = one
            && entry.is_sealed()?
        {
            found.push(entry);
        }
        Ok(())
    })
    .map_err(anyhow::Error::from)?;
    let mut plans = Vec::new();
    for entry in found {
        let plan = entry.plan()?;
        let named = Marker::within(wanted.name).is_some_and(|marker| marker.as_str() == plan.marker);
        plans.push((named, plan.at, entry));
    }
    plans.sort_by_key(|(named, at, _)| (*named, *at));
    let Some((_, _, entry)) = plans.pop() else {
        return Err(none(context));
    };
    let sealed: SealedCopy = entry.sealed()?.ok_or_else(|| none(context))?;
    let document = sealed.document();
    let (config, _) = load::read(context, &document, &sealed.settings)?;
    Ok((entry, config))
}

fn none(context: &Context) -> Failure {
    let place = match context.journals() {
        Ok(journals) => format!("`{}`", journals.path().display()),
        Err(_) => "the journals' directory".to_owned(),
    };
    Failure::usage(Why::hinted(
        format!("{place} holds no unsettled journal of this run to adopt an account into"),
        "run `standin setup` before, in the same job and with the same `journal`, or adopt it before cleanup",
    ))
}

fn unknown(wanted: &Adopted<'_>, config: &Config) -> Failure {
    let names = || config.services.iter().map(|service| service.name.as_str());
    let hint = match nearest(wanted.service, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
    };
    Failure::usage(Why::hinted(
        format!(
            "the configuration of the setup has no service `{}`",
            seen(wanted.service)
        ),
        hint,
    ))
}

/// Can cleanup tell whose the account is, and delete it by what is known of it?
fn can_be_settled(service: &Service, wanted: &Adopted<'_>, is_marked: bool) -> Result<(), Failure> {
    let name = &service.name;
    let looks_up = is_marked && (service.find.is_some() || service.list.is_some());
    let refused = |what: String, hint: &str| Err(Failure::usage(Why::hinted(what, hint)));
    if wanted.id.is_none() && !is_marked {
        return refused(
            format!(
                "`{}` does not carry this setup's marker, and is deleted by its id alone",
                seen(wanted.name)
            ),
            "give its `--id`, or sign accounts up under names that begin with `STANDIN_MARKER`",
        );
    }
    if wanted.id.is_none() && !looks_up {
        return refused(
            format!("`{name}` has neither `find` nor `list` to look it up by its name"),
            "give its `--id`",
        );
    }
    if !looks_up && eye_by_id(service).is_none() {
        return refused(
            format!("nothing of `{name}` shows whose an id is, and it would never be deleted"),
            "give the service `verify` with a `name`",
        );
    }
    if let Some(read) = unknown_of_adopted(service) {
        return refused(
            format!(
                "`{name}` reads `{read}` to delete an account, and of an adopted one only its name and id are known"
            ),
            "use only `id`, `account.username` and `account.name` in `find`, `delete` and `gone`",
        );
    }
    Ok(())
}

/// What to write into the journal; nothing where it has the account already.
fn lines(
    ledger: &Ledger,
    mut account: PlannedAccount,
    id: Option<RemoteId>,
) -> Result<Option<Vec<(AccountKey, Event)>>, Failure> {
    let plan = ledger.plan();
    let is_same =
        |other: &PlannedAccount| other.key.service == account.key.service && other.username == account.username;
    if let Some(place) = plan.accounts.iter().position(is_same) {
        let record = ledger.record(place);
        let known = &plan.accounts[place];
        account.key = known.key.clone();
        match (record.status, &id) {
            (Status::Gone | Status::Untouched | Status::Refused, _) | (Status::Unclear, Some(_)) => {}
            (Status::Creating, Some(id)) => {
                return Ok(Some(vec![(account.key, Event::Given(id.clone()))]));
            }
            (_, Some(id)) if !record.ids.contains(id) => {
                let ids: Vec<String> = record.every_id().iter().map(|id| format!("`{id}`")).collect();
                return Err(Failure::usage(format!(
                    "`{}` is in the journal already, with the id {}",
                    seen(&account.username),
                    ids.join(", ")
                )));
            }
            _ => return Ok(None),
        }
    } else if ledger.place(&account.key).is_some() || is_witness(&account.key.account) {
        account.key.account = format!("{} (adopted)", account.username);
    }
    let key = account.key.clone();
    let mut lines = Vec::new();
    if ledger.place(&key).is_none() {
        lines.push((key.clone(), Event::Added(Box::new(account))));
    }
    lines.push((key.clone(), Event::CreateIntended));
    lines.extend(id.map(|id| (key, Event::Given(id))));
    Ok(Some(lines))
}

/// Waits until nobody else works in the entry: whoever does goes by what it has read before.
async fn lock(context: &Context, entry: &EntryDir) -> Result<Lock, Failure> {
    let begun = context.clock.now();
    let mut said = false;
    loop {
        if let Some(lock) = entry.try_lock()? {
            return Ok(lock);
        }
        if context.clock.now().since(begun) >= WAIT {
            return Err(Failure::usage(Why::hinted(
                "another process is still working on this run's accounts, and wouldn't see an account adopted now",
                "adopt it once setup has ended, and before cleanup",
            )));
        }
        if !std::mem::replace(&mut said, true) {
            let what = "waiting for another process that works on these accounts to end";
            context.console.info(what);
        }
        tokio::time::sleep(LOOK).await;
    }
}
