//! The `state` output: what another job needs to settle the accounts of this one, and no secret.

use serde::{Deserialize, Serialize};

use crate::domain::account::RemoteId;
use crate::domain::ledger::Ledger;

/// The version of this shape.
pub(super) const VERSION: u32 = 1;

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
    /// The id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RemoteId>,
}

impl State {
    /// What a ledger says by now.
    pub(super) fn of(ledger: &Ledger) -> Self {
        let plan = ledger.plan();
        let accounts = plan
            .accounts
            .iter()
            .enumerate()
            .map(|(place, account)| StateAccount {
                service: account.key.service.as_str().to_owned(),
                account: account.key.account.clone(),
                username: account.username.clone(),
                id: ledger.record(place).ids.first().cloned(),
            })
            .collect();
        Self {
            version: VERSION,
            repository: plan.repository.clone(),
            run: plan.run.clone(),
            attempt: plan.attempt,
            marker: plan.marker.clone(),
            accounts,
        }
    }

    /// As compact JSON.
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}
