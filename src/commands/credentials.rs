//! `credentials`: names and passwords of the run's accounts, from the files of its setups or computed from a seed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::context::Context;
use super::deliver::{self, Delivered};
use super::exit::{ExitCode, Failure};
use super::sealed::SealedCopy;
use super::state::{Signature, State, StateAccount};
use crate::adapters::console::redactor::would_change;
use crate::adapters::entry::EntryDir;
use crate::adapters::private_dir::{read_private_file, remove_private_file};
use crate::adapters::unreadable::why;
use crate::domain::ledger::Ledger;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::plan;
use crate::settings::DataFormat;

/// A credentials file, as `deliver` writes it.
#[derive(Deserialize)]
struct CredentialsFile {
    accounts: BTreeMap<String, ReadCredential>,
}

#[derive(Deserialize)]
struct ReadCredential {
    service: String,
    account: String,
    username: String,
    email: String,
    password: String,
    #[serde(default)]
    totp_secret: Option<String>,
    id: String,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

/// The command.
pub(super) fn credentials(context: &Context) -> Result<ExitCode, Failure> {
    let accounts = known(context)?;
    let text = match context.settings.format {
        DataFormat::Dotenv => dotenv(&accounts)?,
        DataFormat::Json | DataFormat::Text => deliver::credentials_json(&accounts)?.expose().to_owned(),
    };
    context.console.data(&text);
    Ok(ExitCode::Success)
}

/// The accounts of `state`, else of this run, with their secrets, which nothing prints from here on.
pub(super) fn known(context: &Context) -> Result<Vec<Delivered>, Failure> {
    let accounts = match context.state()? {
        Some(text) => of_state(context, &text)?,
        None => of_run(context)?,
    };
    // In another job than that of the setup the runner has not heard of them yet.
    for account in &accounts {
        for secret in account.all_secrets() {
            context
                .console
                .name(secret, &format!("a secret of the account `{}`", account.key()));
            context.console.mask(secret);
        }
    }
    Ok(accounts)
}

/// What the setups of this run have put aside on this machine.
fn of_run(context: &Context) -> Result<Vec<Delivered>, Failure> {
    let journals = context.journals()?;
    let mut found: Vec<(Ledger, Vec<Delivered>)> = Vec::new();
    for entry in EntryDir::ours(&journals)? {
        if !context.is_of_this_run(entry.name()) {
            continue;
        }
        match (entry.read(), of_entry(&entry)) {
            (Ok(reading), Ok(Some(accounts))) => found.push((reading.ledger, accounts)),
            (Ok(_), Ok(None)) => {}
            (Err(error), _) | (_, Err(error)) => context.console.warning(&error),
        }
    }
    found.sort_by_key(|(ledger, _)| ledger.plan().at);
    let mut accounts: Vec<Delivered> = Vec::new();
    for account in found.into_iter().flat_map(|(_, accounts)| accounts) {
        if let Some(older) = accounts.iter().position(|other| other.key() == account.key()) {
            context.console.warning(Why::hinted(
                format!(
                    "`{}` was created by several setups of this run; only the last is shown",
                    account.key()
                ),
                "name one by `state`",
            ));
            accounts.remove(older);
        }
        accounts.push(account);
    }
    if accounts.is_empty() {
        return Err(Failure::usage(Why::hinted(
            format!(
                "`{}` holds no credentials of this run: no setup has succeeded here, or its accounts are deleted",
                journals.path().display()
            ),
            "run `standin setup` first; in another job set `STANDIN_SEED`, and give the setup's output `state`",
        )));
    }
    Ok(accounts)
}

/// Keeps what a setup has handed over out of all that is printed, and from being taken for an id. The runner was told of it then.
pub(super) fn hide(context: &Context, entry: &EntryDir) {
    let accounts = match of_entry(entry) {
        Ok(accounts) => accounts.unwrap_or_default(),
        Err(error) => return context.console.debug(&error),
    };
    for account in &accounts {
        let names = [
            &account.service,
            &account.account,
            &account.username,
            &account.email,
            &account.id,
        ];
        for secret in account.all_secrets() {
            if !names.iter().any(|name| would_change(name, secret)) {
                context.console.hide(secret);
            }
        }
    }
}

/// Removes the credentials of an entry, wherever they are, whatever becomes of the accounts.
pub(super) fn forget(context: &Context, entry: &EntryDir) {
    if let Err(error) = entry.forget_credentials() {
        context.console.warning(error);
    }
    match entry.is_elsewhere() {
        Ok(true) => {}
        // A file of that name is the user's own: setup did not come so far as to write it.
        Ok(false) => return,
        Err(error) => context.console.warning(error),
    }
    let elsewhere = entry
        .sealed::<SealedCopy>()
        .ok()
        .flatten()
        .and_then(|sealed| sealed.credentials_file);
    if let Some(path) = elsewhere
        && let Err(error) = remove_private_file(&path).and_then(|()| entry.forget_elsewhere())
    {
        context.console.warning(error);
    }
}

/// The credentials file of an entry, wherever it is; none before the setup has succeeded and after a cleanup has begun.
fn of_entry(entry: &EntryDir) -> anyhow::Result<Option<Vec<Delivered>>> {
    let bytes = if entry.is_elsewhere()? {
        let Some(path) = entry.sealed::<SealedCopy>()?.and_then(|sealed| sealed.credentials_file) else {
            return Ok(None);
        };
        read_private_file(&path)?
    } else {
        let Some(bytes) = entry.credentials()? else {
            return Ok(None);
        };
        bytes
    };
    let file: CredentialsFile = serde_json::from_slice(&bytes)
        .map_err(|error| anyhow::anyhow!("the credentials of `{}` can't be read: {}", entry.name(), why(&error)))?;
    let accounts = file.accounts.into_values().map(|it| Delivered {
        service: it.service,
        account: it.account,
        username: it.username,
        email: it.email,
        id: it.id,
        full_username: None,
        own_password: false,
        totp: false,
        outputs: Map::new(),
        password: Secret::new(it.password),
        totp_secret: it.totp_secret.map(Secret::new),
        secrets: it
            .secrets
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    });
    Ok(Some(accounts.collect()))
}

/// What another job told, with the passwords that its seed gives.
fn of_state(context: &Context, text: &str) -> Result<Vec<Delivered>, Failure> {
    let is_list = serde_json::from_str::<Vec<Value>>(text).is_ok();
    let told: Vec<Delivered> = if is_list {
        serde_json::from_str(text).map_err(|error| {
            Failure::usage(Why::hinted(
                format!("`state` can't be read as the output `accounts`: {}", why(&error)),
                "give the output `state` or `accounts` of the setup as it is",
            ))
        })?
    } else {
        let state = State::read(text)?;
        if let Some(accounts) = here(context, &state)? {
            return Ok(accounts);
        }
        if state.signature(context.settings.seed.as_ref()) == Signature::Wrong {
            return Err(Failure::usage(Why::hinted(
                "`state` is not signed with this seed, or was changed since: its passwords can't be computed",
                "give the seed that the setup was given",
            )));
        }
        if let Some(text) = state.of_earlier_attempt(context) {
            context.console.warning(&text);
        }
        state.accounts.into_iter().map(Delivered::from).collect()
    };
    let Some(seed) = &context.settings.seed else {
        return Err(Failure::usage(Why::hinted(
            "there is no `seed`, and the passwords of another job's accounts can only be computed",
            "give setup and this command the same seed, in the variable `STANDIN_SEED`",
        )));
    };
    let mut accounts = Vec::new();
    for one in told {
        let full = one.full_username.as_ref().unwrap_or(&one.username);
        let Some(password) = plan::derive(seed, full).filter(|_| !one.own_password) else {
            context.console.warning(format!(
                "`{}/{}` is left out: its password is in the configuration",
                one.service, one.account
            ));
            continue;
        };
        accounts.push(Delivered {
            totp_secret: one.totp.then(|| plan::derive_totp_secret(seed, full)).flatten(),
            full_username: None,
            own_password: false,
            totp: false,
            password,
            ..one
        });
    }
    Ok(accounts)
}

/// The credentials of a state's setup, where that was on this machine.
fn here(context: &Context, state: &State) -> Result<Option<Vec<Delivered>>, Failure> {
    if !context.is_of_this_run(&state.marker) {
        return Ok(None);
    }
    let entry = context
        .journals()
        .and_then(|journals| EntryDir::open_in(&journals, &state.marker));
    Ok(match entry {
        Ok(entry) => of_entry(&entry)?,
        Err(_) => None,
    })
}

impl From<StateAccount> for Delivered {
    fn from(account: StateAccount) -> Self {
        Self {
            email: account.email(),
            service: account.service,
            account: account.account,
            username: account.username,
            id: account.id.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            full_username: account.full_username,
            own_password: account.own_password,
            totp: account.totp,
            outputs: Map::new(),
            password: Secret::default(),
            totp_secret: None,
            secrets: Vec::new(),
        }
    }
}

/// Lines for a shell, which the usual readers of dotenv files take too: between single quotes nothing has a meaning.
fn dotenv(accounts: &[Delivered]) -> Result<String, Failure> {
    let mut text = String::new();
    for (name, value) in accounts.iter().flat_map(Delivered::variables) {
        let value = value.expose();
        if value.contains('\'') || value.chars().any(char::is_control) {
            return Err(Failure::usage(Why::hinted(
                format!("`{name}` has a quote or a control character, which dotenv parsers read differently"),
                "use `--format json`",
            )));
        }
        text.extend([name.as_str(), "='", value, "'\n"]);
    }
    Ok(text)
}
