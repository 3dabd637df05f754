//! Handing the accounts over: outputs, files and variables.

use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::context::Context;
use super::state::State;
use crate::adapters::entry::EntryDir;
use crate::adapters::hosts::github::{FileCommands, OUTPUT_MAX, VARIABLE_MAX};
use crate::adapters::hosts::{gitlab, jenkins};
use crate::adapters::private_dir::write_private_file;
use crate::domain::ledger::Ledger;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::engine::Learnt;
use crate::plan::Person;
use crate::settings::CleanupWhen;

/// Linux starts no process whose arguments and environment are over 2 MB; the job has variables of its own.
const ENVIRONMENT_MAX: usize = 1_000_000;
/// The version of the shapes here.
const VERSION: u32 = 1;

/// One account that is ready, with all that was learnt of it; as JSON it is an item of the output `accounts`, without secrets.
#[derive(Serialize, Deserialize)]
pub(super) struct Delivered {
    /// The service.
    pub service: String,
    /// The copy of the persona.
    pub account: String,
    /// The user name.
    pub username: String,
    /// The e-mail.
    pub email: String,
    /// The id.
    pub id: String,
    /// What the configuration's `outputs` read.
    #[serde(skip_deserializing)]
    pub outputs: Map<String, Value>,
    /// With a seed, the user name before it was cut, where it was: what the password is computed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_username: Option<String>,
    /// With a seed: the configuration gave the password all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_password: bool,
    /// With a seed: it has a secret of one-time codes, which is computed as the password is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub totp: bool,
    /// The password, and what the configuration's `secrets` read.
    #[serde(skip)]
    pub password: Secret,
    /// The secret of its one-time codes, where it has one.
    #[serde(skip)]
    pub totp_secret: Option<Secret>,
    /// See `password`.
    #[serde(skip)]
    pub secrets: Vec<(String, Secret)>,
}

#[derive(Serialize)]
struct HandedOver<'a> {
    version: u32,
    accounts: BTreeMap<String, HandedCredential<'a>>,
}

#[derive(Serialize)]
struct HandedCredential<'a> {
    service: &'a str,
    account: &'a str,
    username: &'a str,
    email: &'a str,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<&'a str>,
    id: &'a str,
    secrets: BTreeMap<&'a str, &'a str>,
}

/// The accounts that are ready, in the order of the plan.
pub(super) fn delivered(
    ledger: &Ledger,
    learnt: &[Learnt],
    ready: &[usize],
    is_seeded: bool,
    person: impl Fn(usize) -> Arc<Person>,
) -> Vec<Delivered> {
    ready
        .iter()
        .map(|place| {
            let account = ledger.account(*place);
            let person = person(*place);
            Delivered {
                service: account.key.service.as_str().to_owned(),
                account: account.key.account.clone(),
                username: learnt[*place]
                    .username
                    .clone()
                    .unwrap_or_else(|| account.username.clone()),
                email: account.email.clone(),
                id: ledger
                    .record(*place)
                    .ids
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                full_username: account.full_username.clone().filter(|_| is_seeded),
                own_password: is_seeded && account.own_password,
                totp: is_seeded && account.totp,
                outputs: learnt[*place].outputs.clone(),
                password: person.password.clone().unwrap_or_default(),
                totp_secret: person.totp_secret.clone().filter(|_| account.totp),
                secrets: learnt[*place].secrets.clone(),
            }
        })
        .collect()
}

impl Delivered {
    /// `SERVICE/ACCOUNT`.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.service, self.account)
    }

    /// All that is told nobody but the tests.
    pub(super) fn all_secrets(&self) -> impl Iterator<Item = &Secret> {
        let learnt = self.secrets.iter().map(|(_, secret)| secret);
        iter::once(&self.password).chain(&self.totp_secret).chain(learnt)
    }

    /// `STANDIN_SERVICE_ACCOUNT`, the front of its variables.
    fn variable(&self) -> String {
        format!("STANDIN_{}_{}", upper(&self.service), upper(&self.account))
    }

    /// Its variables, secrets included.
    pub(super) fn variables(&self) -> Vec<(String, Secret)> {
        let name = self.variable();
        let mut variables = vec![
            (format!("{name}_ID"), Secret::new(self.id.clone())),
            (format!("{name}_USERNAME"), Secret::new(self.username.clone())),
            (format!("{name}_EMAIL"), Secret::new(self.email.clone())),
            (format!("{name}_PASSWORD"), self.password.clone()),
        ];
        variables.extend(
            self.totp_secret
                .iter()
                .map(|secret| (format!("{name}_TOTP_SECRET"), secret.clone())),
        );
        for (secret, value) in &self.secrets {
            variables.push((format!("{name}_{}", upper(secret)), value.clone()));
        }
        variables
    }
}

/// Text as a part of a variable's name.
fn upper(text: &str) -> String {
    let part = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    text.chars().map(part).collect()
}

/// The `accounts` output.
pub(super) fn accounts_json(accounts: &[Delivered]) -> serde_json::Result<String> {
    serde_json::to_string(accounts)
}

/// The `ids` output.
pub(super) fn ids_json(accounts: &[Delivered]) -> serde_json::Result<String> {
    let ids: Map<String, Value> = accounts
        .iter()
        .map(|it| (it.key(), Value::from(it.id.as_str())))
        .collect();
    serde_json::to_string(&ids)
}

/// The credentials file.
pub(super) fn credentials_json(accounts: &[Delivered]) -> serde_json::Result<Secret> {
    let accounts = accounts
        .iter()
        .map(|it| {
            let credential = HandedCredential {
                service: &it.service,
                account: &it.account,
                username: &it.username,
                email: &it.email,
                password: it.password.expose(),
                totp_secret: it.totp_secret.as_ref().map(Secret::expose),
                id: &it.id,
                secrets: it
                    .secrets
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.expose()))
                    .collect(),
            };
            (it.key(), credential)
        })
        .collect();
    let credentials = HandedOver {
        version: VERSION,
        accounts,
    };
    serde_json::to_string_pretty(&credentials).map(Secret::new)
}

/// Hands everything over, as the settings and the host ask for it; says where the credentials are.
pub(super) fn deliver(
    context: &Context,
    entry: &EntryDir,
    ledger: &Ledger,
    accounts: &[Delivered],
    complete: bool,
) -> anyhow::Result<PathBuf> {
    let settings = &context.settings;
    let list = accounts_json(accounts)?;
    let accounts_file = entry.write_accounts(&list)?;
    let credentials = credentials_json(accounts)?;
    let credentials_file = match &settings.credentials_file {
        Some(path) => {
            entry.put_elsewhere()?;
            write_private_file(path, credentials.expose().as_bytes())?;
            path.clone()
        }
        None => entry.write_credentials(&credentials)?,
    };
    State::write(context, ledger)?;
    if let Some(files) = context.host.files() {
        let paths = (accounts_file.as_path(), credentials_file.as_path());
        outputs(context, &files, ledger, accounts, &list, paths, complete)?;
    }
    let ids: Vec<(String, String)> = accounts
        .iter()
        .map(|it| (format!("{}_ID", it.variable()), it.id.clone()))
        .collect();
    if let Some(path) = &settings.dotenv {
        let report = gitlab::dotenv_report(&ids, &accounts_file.display().to_string())?;
        write_private_file(path, report.as_bytes()).context("the dotenv report can't be written")?;
    }
    if let Some(path) = &settings.properties {
        write_private_file(path, jenkins::properties(&ids).as_bytes())
            .context("the properties file can't be written")?;
    }
    Ok(credentials_file)
}

fn outputs(
    context: &Context,
    files: &FileCommands,
    ledger: &Ledger,
    accounts: &[Delivered],
    list: &str,
    (accounts_file, credentials_file): (&Path, &Path),
    complete: bool,
) -> anyhow::Result<()> {
    let ids = ids_json(accounts)?;
    let mut pairs: Vec<(String, String)> = vec![
        ("count".to_owned(), accounts.len().to_string()),
        ("ready".to_owned(), complete.to_string()),
        ("marker".to_owned(), ledger.plan().marker.clone()),
        ("accounts-file".to_owned(), accounts_file.display().to_string()),
        ("credentials-file".to_owned(), credentials_file.display().to_string()),
    ];
    let state = State::of(ledger, context.settings.seed.as_ref()).to_output()?;
    let single: Vec<(String, String)> = accounts
        .iter()
        .map(|it| (format!("{}-{}-id", it.service, it.account), it.id.clone()))
        .collect();
    let mut left = OUTPUT_MAX;
    let mut dropped = Vec::new();
    for (name, value) in [
        ("state", state),
        ("ids", Some(ids)),
        ("accounts", Some(list.to_owned())),
    ] {
        match value.filter(|value| value.len() <= left) {
            Some(value) => {
                left -= value.len();
                pairs.push((name.to_owned(), value));
            }
            None => dropped.push(format!("`{name}`")),
        }
    }
    let length: usize = single.iter().map(|(name, value)| name.len() + value.len()).sum();
    if length <= left {
        pairs.extend(single);
    } else {
        dropped.push("`SERVICE-ACCOUNT-id`".to_owned());
    }
    if !dropped.is_empty() {
        context.console.warning(Why::hinted(
            format!(
                "the outputs {} would be over what a job's outputs can carry, and are not set",
                dropped.join(", ")
            ),
            "read the file that the output `accounts-file` names, and delete in this job, or by a sweep of this run",
        ));
    }
    warn_of_long_state(context, &pairs);
    warn_of_masked(context, &pairs);
    files.set_outputs(&pairs)?;
    if context.settings.export_env {
        export(context, files, accounts)?;
    }
    Ok(())
}

/// Inputs are variables: of a longer one the runner can't start the step that would delete, nor say so in our words.
fn warn_of_long_state(context: &Context, pairs: &[(String, String)]) {
    let is_long = pairs
        .iter()
        .any(|(name, value)| name == "state" && value.len() > VARIABLE_MAX);
    if is_long && context.settings.sealed.cleanup == CleanupWhen::Manual {
        context.console.warning(Why::hinted(
            "the output `state` is longer than a variable can be: no step that is given it as `state` can start",
            "let the last job delete with `mode: sweep` and `run: this`, which needs no state",
        ));
    }
}

/// Sets variables for the later steps of the job, as far as Linux can start a process with them.
fn export(context: &Context, files: &FileCommands, accounts: &[Delivered]) -> anyhow::Result<()> {
    const HINT: &str = "read the file that the output `credentials-file` names";
    let (fit, long): (Vec<(String, Secret)>, Vec<_>) = accounts
        .iter()
        .flat_map(Delivered::variables)
        .partition(|(_, value)| value.expose().len() <= VARIABLE_MAX);
    for (name, _) in long {
        let what = format!("`{name}` would be longer than a variable can be, and is not set");
        context.console.warning(Why::hinted(what, HINT));
    }
    let length: usize = fit
        .iter()
        .map(|(name, value)| name.len() + value.expose().len() + 2)
        .sum();
    if length > ENVIRONMENT_MAX {
        let what = format!(
            "the variables of `export-env` would be {length} bytes, with which no later step could start, and are not set"
        );
        context.console.warning(Why::hinted(what, HINT));
        return Ok(());
    }
    let pairs: Vec<(&str, &str)> = fit
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    files.export(&pairs)?;
    Ok(())
}

/// The runner drops a job output that holds a masked value: better said here than found missing in the next job.
fn warn_of_masked(context: &Context, pairs: &[(String, String)]) {
    for (name, value) in pairs {
        if context.console.redact(value) != value.as_str() {
            context.console.warning(format!(
                "the output `{name}` holds a value that is masked, and the runner will not pass it to another job"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Delivered {
        Delivered {
            service: "user-api".to_owned(),
            account: "buyer-7".to_owned(),
            username: "sd-x-buyer-7".to_owned(),
            email: "sd-x-buyer-7@example.com".to_owned(),
            id: "00017".to_owned(),
            full_username: None,
            own_password: false,
            totp: false,
            outputs: Map::new(),
            password: Secret::new("p4ssword"),
            totp_secret: Some(Secret::new("GEZDGNBVGY3TQOJQ")),
            secrets: vec![("api-key".to_owned(), Secret::new("k3y"))],
        }
    }

    #[test]
    fn the_shapes_are_those_of_the_contract() {
        let accounts = [account()];
        assert_eq!(
            accounts_json(&accounts).expect("JSON"),
            r#"[{"service":"user-api","account":"buyer-7","username":"sd-x-buyer-7","email":"sd-x-buyer-7@example.com","id":"00017","outputs":{}}]"#
        );
        assert_eq!(ids_json(&accounts).expect("JSON"), r#"{"user-api/buyer-7":"00017"}"#);
        let credentials: Value =
            serde_json::from_str(credentials_json(&accounts).expect("JSON").expose()).expect("JSON");
        assert_eq!(credentials["version"], 1);
        let one = &credentials["accounts"]["user-api/buyer-7"];
        assert_eq!(one["password"], "p4ssword");
        assert_eq!(one["totp_secret"], "GEZDGNBVGY3TQOJQ");
        assert_eq!(one["secrets"]["api-key"], "k3y");
    }

    #[test]
    fn variables_are_upper_case_with_underscores() {
        let names: Vec<String> = account().variables().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "STANDIN_USER_API_BUYER_7_ID",
                "STANDIN_USER_API_BUYER_7_USERNAME",
                "STANDIN_USER_API_BUYER_7_EMAIL",
                "STANDIN_USER_API_BUYER_7_PASSWORD",
                "STANDIN_USER_API_BUYER_7_TOTP_SECRET",
                "STANDIN_USER_API_BUYER_7_API_KEY",
            ]
        );
    }
}
