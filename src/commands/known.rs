//! Accounts that a journal or a state tells of, and an engine for them.

use std::cell::RefCell;
use std::collections::HashMap;

use super::context::Context;
use super::exit::Failure;
use super::load::{self, Document, Folder};
use super::masks;
use super::sealed::SealedCopy;
use super::settle::narrate;
use super::tls::KeptFiles;
use super::wire::wire;
use crate::adapters::entry::EntryDir;
use crate::adapters::journal::Journal;
use crate::adapters::signals::Signals;
use crate::adapters::world::LiveWorld;
use crate::cli::Command;
use crate::config::Config;
use crate::domain::account::AccountKey;
use crate::domain::ledger::Ledger;
use crate::domain::marker::Marker;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::engine::Engine;
use crate::language::Environment;
use crate::plan::{self, Run};
use crate::ports;
use crate::report::Narrator;
use crate::settings::Sealed;

/// Accounts that are known already, and what is needed to ask for them.
pub(super) struct Known<'a> {
    /// The configuration.
    pub(super) config: &'a Config,
    /// What it may see of the variables.
    pub(super) variables: &'a Environment,
    /// The run that made them.
    pub(super) run: &'a Run,
    /// The settings.
    pub(super) sealed: &'a Sealed,
    /// Where what is done is written down, if that can be done.
    pub(super) journal: Option<Journal>,
    /// What setup kept of the accounts for later requests.
    pub(super) kept: HashMap<AccountKey, ports::Kept>,
    /// Certificates and keys.
    pub(super) files: KeptFiles,
    /// When it must have ended.
    pub(super) deadline: Timestamp,
}

impl Known<'_> {
    /// Has an engine do something with them; gives what came of it, where each account then stands, and how many requests
    /// it took.
    pub(super) async fn engage<T>(
        self,
        context: &Context,
        ledger: Ledger,
        narrator: Narrator,
        signals: &Signals,
        work: impl AsyncFnOnce(&mut Engine<'_, LiveWorld<'_>>) -> T,
    ) -> Result<(T, Ledger, u64), Failure> {
        let scope = plan::scope(self.variables, self.run);
        let wired = wire(context, self.config, self.variables, &scope, self.sealed, &self.files)?;
        let people = plan::recall(self.config, self.variables, self.run, context.settings.seed.as_ref());
        masks::mask(
            context,
            ledger.plan(),
            wired.secrets.iter().chain(people.chosen_passwords(self.config)),
        );
        for secret in people.made_passwords(self.config) {
            context.console.hide(secret);
        }
        let narrator = RefCell::new(narrator);
        let world = LiveWorld {
            services: wired.services,
            journal: self.journal,
            kept: None,
            clock: context.clock,
            signals,
            stop_file: None,
            listener: Box::new(|notice| narrate(context, &narrator, &notice)),
            passwords: plan::draw,
            keeper: Box::new(|secret| context.console.mask(secret)),
            veil: context.veil(self.sealed),
            is_secret: Box::new(|text| context.console.is_secret(text)),
        };
        let planned = ledger.plan().clone();
        let kept = self.kept;
        let account = |place: usize| {
            let account = &planned.accounts[place];
            let password = kept.get(&account.key).and_then(|kept| kept.password.as_ref());
            people.value(account, password)
        };
        let mut engine = Engine::new(&world, &wired.sites, ledger, account, self.deadline);
        engine.recall(&kept);
        let done = work(&mut engine).await;
        let requests = engine.requests();
        let (ledger, _) = engine.into_parts();
        Ok((done, ledger, requests))
    }
}

/// What a setup's accounts are gone by later.
pub(super) struct Kept {
    /// The configuration, or why there is none.
    pub(super) document: Result<Document, Why>,
    /// The settings.
    pub(super) sealed: Sealed,
    /// The certificates and keys that were read with it.
    pub(super) files: Option<KeptFiles>,
}

/// The configuration and settings that setup sealed; without them those of now. A configuration that is given to `cleanup` or
/// `status` itself wins: it may mend what the sealed one lacks. Variables don't count as given, since they hold for a whole job,
/// which may have changed the file meanwhile.
pub(super) fn kept(context: &Context, entry: &EntryDir) -> Kept {
    let is_asked = matches!(context.invocation.command, Command::Cleanup | Command::Status);
    let is_given = is_asked && context.invocation.flags.contains_key("config-file");
    match entry.sealed::<SealedCopy>() {
        Ok(Some(sealed)) if is_given => {
            context.console.recognise(sealed.made);
            return Kept {
                sealed: context.over(sealed.settings),
                ..today(context)
            };
        }
        Ok(Some(sealed)) => {
            context.console.recognise(sealed.made);
            let document = Document {
                name: sealed.name,
                text: sealed.text,
                more: sealed.more,
                directory: Folder::default(),
            };
            return Kept {
                document: Ok(document),
                sealed: context.over(sealed.settings),
                files: Some(sealed.files),
            };
        }
        Ok(None) => context
            .console
            .warning("the configuration that setup stored is gone; today's is used"),
        Err(error) => context
            .console
            .warning(Why::from(&error).map(|why| format!("{why}; today's configuration is used"))),
    }
    today(context)
}

/// What setup kept of the accounts for later requests. Without it some of those can't be sent, which each says itself.
pub(super) fn recall(context: &Context, entry: &EntryDir) -> HashMap<AccountKey, ports::Kept> {
    entry.kept().unwrap_or_else(|error| {
        context.console.warning(&error);
        HashMap::new()
    })
}

/// The configuration and settings of now.
pub(super) fn today(context: &Context) -> Kept {
    Kept {
        document: load::document(context).map_err(Why::from),
        sealed: context.settings.sealed.clone(),
        files: None,
    }
}

/// Reads the configuration, and recalls the run that the journal is of.
pub(super) fn ready(
    document: &Document,
    variables: &Environment,
    sealed: &Sealed,
    ledger: &Ledger,
) -> Result<(Config, Run), Why> {
    let config = load::parse(document, variables, sealed)?;
    let plan = ledger.plan();
    let marker = Marker::at_front_of(&plan.marker).ok_or("the journal's marker is none")?;
    let run = Run {
        repository: plan.repository.clone(),
        id: plan.run.clone(),
        attempt: plan.attempt,
        url: None,
        marker,
    };
    Ok((config, run))
}
