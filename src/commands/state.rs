//! The `state` output: what another job needs to settle the accounts of this one, and no secret.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::exit::Failure;
use crate::adapters::hosts::github::OUTPUT_MAX;
use crate::adapters::private_dir::write_private_file;
use crate::domain::account::{RemoteId, ServiceName};
use crate::domain::ledger::Ledger;
use crate::domain::place::Places;
use crate::domain::secret::Secret;
use crate::domain::why::Why;

/// The version of this shape.
pub(super) const VERSION: u32 = 2;
/// Keeps a signature apart from whatever else is computed from the same seed.
const SIGNED_AS: &str = "standin state 1\n";

/// Which accounts a setup made or means to make; never where or how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// [`VERSION`].
    pub version: u32,
    /// The repository or project.
    pub repository: String,
    /// The CI's id of the run.
    pub run: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The marker that the accounts carry.
    pub marker: String,
    /// The accounts.
    pub accounts: Vec<StateAccount>,
    /// Digests of where the services were.
    #[serde(default, skip_serializing_if = "Places::is_empty")]
    pub places: Places,
    /// Digests of what the services' `place` gave.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probed: BTreeMap<ServiceName, String>,
    /// HMAC-SHA256 by the seed over all of the above, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac: Option<String>,
}

/// One account of a [`State`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateAccount {
    /// The service.
    pub service: String,
    /// The copy of the persona.
    pub account: String,
    /// The user name.
    pub username: String,
    /// The user name before it was cut, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_username: Option<String>,
    /// The e-mail, where it is not `USERNAME@example.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The configuration gave the password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_password: bool,
    /// Its service has a secret of one-time codes from us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub totp: bool,
    /// The id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RemoteId>,
    /// Reading it back by its id showed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
}

/// Who made a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// Somebody with this seed: all of it can be believed.
    Ours,
    /// Nobody says.
    None,
    /// Somebody with another seed, or it was changed since.
    Wrong,
}

impl State {
    /// Reads a `state` output.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let state: Self = serde_json::from_str(text).map_err(|_| {
            let reason = match serde_json::from_str(text) {
                // It is what a setup prints, and what other jobs are given to find the accounts.
                Ok(serde_json::Value::Array(_)) => {
                    "is a list of accounts, as in the output `accounts`, which is not enough"
                }
                Ok(_) => "is JSON, but not what a setup gives",
                Err(_) => "is no JSON",
            };
            Failure::usage(Why::hinted(
                format!("`state` {reason}"),
                "give the output `state` of the setup as it is, or the file that its `state-file` names",
            ))
        })?;
        if state.version > VERSION {
            return Err(Failure::usage(Why::hinted(
                format!(
                    "`state` has the version {}, and this program knows {VERSION}",
                    state.version
                ),
                "use the same release for setup and cleanup",
            )));
        }
        Ok(state)
    }

    /// What "re-run failed jobs" does to those who use a state, where this is such a state: the setup is not run again, and
    /// its accounts are gone.
    pub(super) fn of_earlier_attempt(&self, context: &Context) -> Option<Why> {
        let (then, now) = (self.attempt, context.identity.attempt);
        let hint = "re-run all jobs, so that the setup is run again; to re-run failed jobs alone keeps the outputs of the earlier attempt";
        (then < now).then(|| {
            let what = format!(
                "this `state` is of attempt {then} and this is attempt {now}: the accounts of the earlier attempt were deleted at its end"
            );
            Why::hinted(what, hint)
        })
    }

    /// What a ledger says by now, signed where there is a seed.
    pub(super) fn of(ledger: &Ledger, seed: Option<&Secret>) -> Self {
        let plan = ledger.plan();
        let accounts = plan
            .accounts
            .iter()
            .enumerate()
            .map(|(place, account)| StateAccount {
                service: account.key.service.as_str().to_owned(),
                account: account.key.account.clone(),
                username: account.username.clone(),
                full_username: account.full_username.clone(),
                email: (account.email != email_of(&account.username)).then(|| account.email.clone()),
                own_password: account.own_password,
                totp: account.totp,
                id: ledger.record(place).ids.first().cloned(),
                seen: !ledger.record(place).read.is_empty(),
            })
            .collect();
        let mut state = Self {
            version: VERSION,
            repository: plan.repository.clone(),
            run: plan.run.clone(),
            attempt: plan.attempt,
            marker: plan.marker.clone(),
            accounts,
            places: plan.places.clone(),
            probed: ledger.told_places(),
            hmac: None,
        };
        state.hmac = seed.map(|seed| BASE64_STANDARD.encode(hmac::sign(&key(seed), state.signed().as_bytes())));
        state
    }

    /// As an output, unless it is more than the outputs of a job can carry.
    pub(super) fn to_output(&self) -> serde_json::Result<Option<String>> {
        Ok(Some(self.to_json()?).filter(|json| json.len() <= OUTPUT_MAX))
    }

    /// Writes it where the user wants it, if at all.
    pub(super) fn write(context: &Context, ledger: &Ledger) -> anyhow::Result<()> {
        let Some(path) = &context.settings.state_file else {
            return Ok(());
        };
        let state = Self::of(ledger, context.settings.seed.as_ref()).to_json()?;
        write_private_file(path, state.as_bytes()).context("the `state-file` can't be written")
    }

    /// As compact JSON.
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Was it made with this seed, and not changed since?
    pub(super) fn signature(&self, seed: Option<&Secret>) -> Signature {
        let (Some(told), Some(seed)) = (&self.hmac, seed) else {
            return Signature::None;
        };
        let told = BASE64_STANDARD.decode(told).unwrap_or_default();
        match hmac::verify(&key(seed), self.signed().as_bytes(), &told) {
            Ok(()) => Signature::Ours,
            Err(_) => Signature::Wrong,
        }
    }

    /// What is signed: a reader writes what it has read, and gets the same text.
    fn signed(&self) -> String {
        let bare = Self {
            hmac: None,
            ..self.clone()
        };
        // Texts, numbers and lists can always be written.
        SIGNED_AS.to_owned() + &bare.to_json().unwrap_or_default()
    }
}

impl StateAccount {
    /// The e-mail.
    pub(super) fn email(&self) -> String {
        self.email.clone().unwrap_or_else(|| email_of(&self.username))
    }
}

/// The e-mail of an account for which the configuration says none.
fn email_of(username: &str) -> String {
    format!("{username}@example.com")
}

fn key(seed: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, seed.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let account = StateAccount {
            service: "users".to_owned(),
            account: "alice".to_owned(),
            username: "sd-x-alice".to_owned(),
            full_username: None,
            email: None,
            own_password: false,
            totp: false,
            id: None,
            seen: false,
        };
        State {
            version: 1,
            repository: "o/shop".to_owned(),
            run: "7".to_owned(),
            attempt: 1,
            marker: "sd-x".to_owned(),
            accounts: vec![account],
            places: Places::default(),
            probed: BTreeMap::new(),
            hmac: None,
        }
    }

    /// Computed by another program: jobs with different releases must agree.
    #[test]
    fn a_signature_holds_for_what_was_signed_and_for_nothing_else() {
        let seed = Secret::new("0123456789abcdef0123456789abcdef");
        let mut signed = state();
        signed.hmac = Some("FbRUf8QWOoUUvSnnhlS5ZUpEP538+vQE8wsMt1RJYos=".to_owned());
        assert_eq!(signed.signature(Some(&seed)), Signature::Ours);
        let read: State = serde_json::from_str(&signed.to_json().expect("JSON")).expect("a state");
        assert_eq!(read.signature(Some(&seed)), Signature::Ours);
        assert_eq!(read.signature(None), Signature::None);
        assert_eq!(state().signature(Some(&seed)), Signature::None);
        let other = Secret::new("0123456789abcdef0123456789abcdeg");
        assert_eq!(read.signature(Some(&other)), Signature::Wrong);
        let mut changed = read;
        changed.accounts[0].id = Some(RemoteId::new("1").expect("an id"));
        assert_eq!(changed.signature(Some(&seed)), Signature::Wrong);
    }
}
