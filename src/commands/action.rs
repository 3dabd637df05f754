//! The two phases of the GitHub action: its shim calls `action main` and `action post`.

use anyhow::Context as _;

use super::cleanup::{self, Trace};
use super::context::Context;
use super::course::Course;
use super::exit::{ExitCode, Failure};
use super::{check, plan, prepare, setup, status, sweep};
use crate::adapters::entry::EntryDir;
use crate::adapters::signals::Signals;
use crate::settings::{CleanupWhen, Mode};

/// What main tells post. Every key is set from the beginning: one that main did not set, a later step could.
struct Saved<'a> {
    /// What main did: its mode, or `skipped` where a setup was not to be.
    mode: &'a str,
    /// The entry's name in the journals' directory; empty before there is one. The directory itself follows from the
    /// environment: the runner rewrites paths of it in containers.
    entry: &'a str,
    /// How far it came: `begun`, `ready` or `failed`.
    outcome: &'a str,
    /// Who deletes after a setup that succeeded.
    cleanup: &'a str,
}

impl Saved<'_> {
    fn save(&self, context: &Context) -> Result<(), Failure> {
        let files = context.host.files().unwrap_or_default();
        let pairs = [
            ("mode", self.mode),
            ("entry", self.entry),
            ("outcome", self.outcome),
            ("cleanup", self.cleanup),
        ];
        files
            .save_state(&pairs)
            .context("no account was created: post could not be told what to clean up")?;
        Ok(())
    }
}

/// The main phase.
pub(super) async fn main(context: &Context) -> Result<ExitCode, Failure> {
    let mode = match context.settings.mode {
        // Post settles a check that was killed as it does a setup.
        Mode::Setup | Mode::Check => "setup",
        Mode::Cleanup => "cleanup",
        Mode::Sweep => "sweep",
        Mode::Status => "status",
        Mode::Plan => "plan",
    };
    let manual = context.settings.sealed.cleanup == CleanupWhen::Manual;
    let mut saved = Saved {
        mode,
        entry: "",
        outcome: "begun",
        cleanup: if manual { "manual" } else { "post" },
    };
    saved.save(context)?;
    match context.settings.mode {
        Mode::Cleanup => cleanup::cleanup(context).await,
        Mode::Sweep => sweep::sweep(context).await,
        Mode::Status => status::status(context).await,
        Mode::Plan => plan::plan(context, &[]),
        Mode::Check | Mode::Setup => {
            let signals = Signals::listen().context("can't listen for signals")?;
            let Some(prepared) = prepare::prepare(context)? else {
                saved.mode = "skipped";
                saved.save(context)?;
                return Ok(ExitCode::Success);
            };
            let entry = prepared.entry.name().to_owned();
            saved.entry = &entry;
            saved.save(context)?;
            if context.is_check() {
                let code = check::prove(context, prepared, &signals).await?;
                saved.outcome = "failed";
                saved.save(context)?;
                return Ok(code);
            }
            prepare::announce(context, &prepared)?;
            let code = setup::make(context, prepared, &signals).await?.code;
            saved.outcome = if code == ExitCode::Success { "ready" } else { "failed" };
            saved.save(context)?;
            Ok(code)
        }
    }
}

/// The post phase: settles what this use of the action has made, and nothing else.
pub(super) async fn post(context: &Context) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().context("can't listen for signals")?;
    let saved = |key: &str| context.environment.get(key).unwrap_or_default();
    if saved("STATE_mode") != "setup" {
        return Ok(ExitCode::Success);
    }
    let name = saved("STATE_entry");
    if name.is_empty() {
        context
            .console
            .info("nothing is left to delete: setup did not get as far as its first request");
        return Ok(ExitCode::Success);
    }
    if saved("STATE_cleanup") == "manual" && saved("STATE_outcome") == "ready" {
        context
            .console
            .info("the accounts stay: `cleanup` is `manual`, and a later job deletes them");
        return Ok(ExitCode::Success);
    }
    // A directory that is not ours alone is as good as none: whoever made it may have written what is in it.
    let entry = context
        .journals()
        .and_then(|journals| EntryDir::open_in(&journals, name));
    let found = match entry {
        Ok(entry) => Trace::Journal(entry),
        Err(error) => {
            context.console.warning(error);
            Trace::Unopened(name.to_owned())
        }
    };
    cleanup::settle_all(context, &[found], Course::begin(context, &signals)).await
}
