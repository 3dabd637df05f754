//! What a command goes by: a configuration, the run that the accounts are of, and the settings that count.

use super::context::Context;
use super::exit::Failure;
use super::load::{self, Document};
use super::sealed::SealedCopy;
use super::tls::KeptFiles;
use crate::adapters::entry::EntryDir;
use crate::cli::Command;
use crate::config::Config;
use crate::domain::ledger::Ledger;
use crate::domain::marker::Marker;
use crate::domain::why::Why;
use crate::language::Environment;
use crate::plan::{self, Recalled, Run};
use crate::settings::Sealed;

/// What a command goes by.
pub(super) struct Ground {
    /// The configuration.
    pub(super) config: Config,
    /// What it may see of the variables.
    pub(super) variables: Environment,
    /// The run that the accounts are of.
    pub(super) run: Run,
    /// The settings.
    pub(super) sealed: Sealed,
    /// Certificates and keys.
    pub(super) files: KeptFiles,
}

impl Ground {
    /// The people of the configuration, as far as they are known without a draw.
    pub(super) fn people(&self, context: &Context) -> Recalled {
        let seed = context.settings.seed.as_ref();
        plan::recall(&self.config, &self.variables, &self.run, seed)
    }

    /// For accounts of today: what is read of today's document, with every file that it names.
    pub(super) fn today(
        context: &Context,
        document: &Document,
        (config, variables): (Config, Environment),
        run: Run,
    ) -> Result<Self, Failure> {
        let scope = plan::scope(&variables, &run);
        let files = KeptFiles::read(&config, &scope, &document.directory, &context.settings.only)?;
        Ok(Self {
            config,
            variables,
            run,
            sealed: context.settings.sealed.clone(),
            files,
        })
    }

    /// Without a journal: the configuration that setup put aside in the entry, else the one of now.
    pub(super) fn without_journal(context: &Context, entry: Option<&EntryDir>, run: Run) -> Result<Self, Failure> {
        let (document, sealed, files) = match entry.map(|entry| sealed(context, entry)) {
            Some((Ok(document), sealed, files)) => (document, sealed, files),
            Some((Err(_), ..)) | None => (load::document(context)?, context.settings.sealed.clone(), None),
        };
        let (config, variables) = load::read(context, &document, &sealed)?;
        let files = files.unwrap_or_else(|| {
            let scope = plan::scope(&variables, &run);
            let (files, unread) = KeptFiles::read_what_is_there(&config, &scope, &document.directory);
            for reason in unread {
                context.console.warning(&reason);
            }
            files
        });
        Ok(Self {
            config,
            variables,
            run,
            sealed,
            files,
        })
    }
}

/// What the accounts of an entry's journal are asked for by: the settings, and the rest or why there is none.
pub(super) fn of_entry(context: &Context, entry: &EntryDir, ledger: &Ledger) -> (Sealed, Result<Ground, Why>) {
    let (document, sealed, files) = sealed(context, entry);
    let ground = document.and_then(|document| {
        let (config, variables) = load::read(context, &document, &sealed)?;
        let plan = ledger.plan();
        let marker = Marker::at_front_of(&plan.marker).ok_or("the journal's marker is invalid")?;
        let run = Run {
            repository: plan.repository.clone(),
            id: plan.run.clone(),
            attempt: plan.attempt,
            url: None,
            marker,
        };
        Ok(Ground {
            config,
            variables,
            run,
            sealed: sealed.clone(),
            files: files.unwrap_or_default(),
        })
    });
    (sealed, ground)
}

/// The configuration or why there is none, the settings, and the files that were read with the configuration.
type Aside = (Result<Document, Why>, Sealed, Option<KeptFiles>);

/// The configuration and settings that setup sealed; without them those of now. A configuration that is given to `cleanup` or
/// `status` itself wins: it may mend what the sealed one lacks. Variables don't count as given, since they hold for a whole job,
/// which may have changed the file meanwhile.
fn sealed(context: &Context, entry: &EntryDir) -> Aside {
    let today = || load::document(context).map_err(Why::from);
    let is_asked = matches!(context.invocation.command, Command::Cleanup | Command::Status);
    let is_given = is_asked && context.invocation.flags.contains_key("config-file");
    match entry.sealed::<SealedCopy>() {
        Ok(Some(copy)) => {
            let document = copy.document();
            context.console.recognise(copy.made);
            if is_given {
                return (today(), context.over(copy.settings), None);
            }
            return (Ok(document), context.over(copy.settings), Some(copy.files));
        }
        Ok(None) => context
            .console
            .warning("the configuration that setup stored is gone; today's is used"),
        Err(error) => context
            .console
            .warning(Why::from(&error).map(|why| format!("{why}; today's configuration is used"))),
    }
    (today(), context.settings.sealed.clone(), None)
}
