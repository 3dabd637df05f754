//! `check`: makes one account in each service, proves each block of the description on it, and deletes it.

use anyhow::Context as _;
use futures_util::future::join_all;
use serde::Serialize;
use tracing::Instrument as _;

use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::job_report::ReportLeftover;
use super::prepare::{Prepared, prepare};
use super::watch::{Watch, owing};
use super::world::{creator, world_of_setup};
use super::{of_entry, settle};
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::domain::finding::{Finding, Verdict};
use crate::engine::Engine;
use crate::ports::{Stop, World as _};
use crate::report::{self, Ended, Phase, plural};
use crate::settings::{DataFormat, OnLeftover};

/// The version of the JSON shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct CheckReport<'a> {
    version: u32,
    ok: bool,
    findings: Vec<ShownFinding<'a>>,
    leftovers: Vec<ReportLeftover<'a>>,
}

#[derive(Serialize)]
struct ShownFinding<'a> {
    service: &'a str,
    block: &'a str,
    tried: &'a str,
    asked: Option<&'a str>,
    answered: Option<&'a str>,
    took_ms: Option<u128>,
    verdict: Verdict,
    why: &'a str,
    hint: Option<&'a str>,
}

/// What a check came to.
struct Checked {
    findings: Vec<Finding>,
    ended: Ended,
    stopped: Option<Stop>,
}

/// The command.
pub(super) async fn check(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("can't listen for signals")?;
    match prepare(context)? {
        Some(prepared) => prove(context, prepared, &signals).await,
        None => Ok(ExitCode::Success),
    }
}

/// Proves what is prepared, and deletes whatever was created for it.
pub(super) async fn prove(context: &Context, prepared: Prepared, signals: &Signals) -> Result<ExitCode, Failure> {
    let Prepared {
        entry,
        draft,
        wired,
        journal,
        kept,
        lock,
    } = prepared;
    let services = draft.planned.accounts.iter().map(|account| &account.key.service);
    let watch = Watch::new(context, Phase::Setup, services);
    let listener = |notice| watch.hear(&notice);
    let world = world_of_setup(context, &entry, (journal, kept), wired.services, signals, listener);
    let deadline = context.clock.now() + context.settings.deadline;
    let engine = creator(&world, &wired.sites, &draft, deadline);
    let phase = tracing::info_span!("phase", name = "check");
    let again = settle::again(context, &entry);
    let work = drive(context, engine, &world, &watch, &again).instrument(phase);
    let checked = watch.over(work).await;
    drop(world);
    let told = tell(context, &checked, &again);
    let ended = &checked.ended;
    if let Some(stop) = checked.stopped {
        let code = match stop {
            Stop::Signal(signal) => ExitCode::Signal(signal),
            Stop::Superseded => ExitCode::Failed,
        };
        if stop == Stop::Superseded {
            told?;
            return Ok(code);
        }
        // What ended the check must not end the deleting too; another signal does.
        signals.forget();
        drop(lock);
        let mut course = Course::begin(context, signals);
        let cleaned = of_entry::settle(context, &entry, &mut course).await?;
        told?;
        return Ok(course.end(context, code.and_then(cleaned)));
    }
    settle::say(context, ended, ended.took, OnLeftover::Fail);
    of_entry::tidy(context, &entry, &ended.ledger);
    told?;
    let fails = checked.findings.iter().any(Finding::fails) || !ended.leftovers.is_empty();
    Ok(if fails { ExitCode::Failed } else { ExitCode::Success })
}

/// Asks before the creates, between, and after the deletes.
async fn drive(
    context: &Context,
    mut engine: Engine<'_, LiveWorld<'_>>,
    world: &LiveWorld<'_>,
    watch: &Watch<'_>,
    again: &str,
) -> Checked {
    let settings = &context.settings;
    let begun = context.clock.now();
    let places = 0..engine.ledger().plan().accounts.len();
    engine.listen();
    let before = places.clone().map(|place| engine.check_before(place, settings.wait));
    let mut findings: Vec<Finding> = join_all(before).await.into_iter().flatten().collect();
    let provisioned = engine.provision(settings.wait, true).await;
    let made = places.clone().map(|place| {
        let key = engine.ledger().account(place).key.clone();
        let failure = provisioned.failures.iter().find(|failure| failure.key == key);
        engine.check_made(place, failure)
    });
    findings.extend(join_all(made).await.into_iter().flatten());
    world.begin_phase();
    engine.set_deadline(context.clock.now() + settings.sealed.cleanup_deadline);
    watch.turn_to(Phase::Cleanup, owing(&engine.ledger()));
    let phase = tracing::info_span!("phase", name = "rollback");
    let settled = settle::take_back(context, &mut engine, None, phase).await;
    let gone = places.map(|place| {
        let key = engine.ledger().account(place).key.clone();
        let left = settled.leftovers.iter().find(|left| left.key == key);
        engine.check_gone(place, left)
    });
    findings.extend(join_all(gone).await.into_iter().flatten());
    engine.complete_journal();
    let (requests, took) = (engine.requests(), context.clock.now().since(begun));
    let stopped = world.stop();
    let (ledger, _) = engine.into_parts();
    Checked {
        findings: in_order(findings),
        ended: settle::ended(settled, ledger, again, requests, took),
        stopped,
    }
}

/// The blocks, in the order in which they are told.
const BLOCKS: [&str; 10] = [
    "ready",
    "probe",
    "create",
    "after_create",
    "verify",
    "find",
    "list",
    "delete",
    "gone",
    "limits",
];

/// Service by service and block by block.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut services: Vec<_> = Vec::new();
    for finding in &findings {
        if !services.contains(&finding.service) {
            services.push(finding.service.clone());
        }
    }
    findings.sort_by_key(|finding| {
        let service = services.iter().position(|service| *service == finding.service);
        (service, BLOCKS.iter().position(|block| *block == finding.block))
    });
    findings
}

fn tell(context: &Context, checked: &Checked, again: &str) -> Result<(), Failure> {
    let findings = &checked.findings;
    let wrong = findings.iter().filter(|finding| finding.fails()).count();
    let open = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Open)
        .count();
    let title = format!(
        "{} proved, {open} open, {wrong} wrong",
        plural(findings.len() - wrong - open, "check")
    );
    if context.settings.format == DataFormat::Json {
        let leftovers = &checked.ended.leftovers;
        let report = CheckReport {
            version: VERSION,
            ok: wrong == 0 && leftovers.is_empty() && checked.stopped.is_none(),
            findings: findings.iter().map(shown).collect(),
            leftovers: leftovers
                .iter()
                .map(|left| ReportLeftover::of(left, &left.key.account, again))
                .collect(),
        };
        context.console.data(&serde_json::to_string_pretty(&report)?);
    } else {
        let table = report::check_table(findings);
        context.console.data(&format!("{table}\n\n{title}"));
    }
    if context.settings.sealed.summary {
        settle::write_summary(context, &report::check_summary(&title, findings));
    }
    Ok(())
}

fn shown(finding: &Finding) -> ShownFinding<'_> {
    ShownFinding {
        service: finding.service.as_str(),
        block: finding.block,
        tried: finding.tried,
        asked: finding.asked.as_deref(),
        answered: finding.answered.as_deref(),
        took_ms: finding.took.map(|took| took.as_millis()),
        verdict: finding.verdict,
        why: &finding.why.what,
        hint: finding.why.hint(),
    }
}
