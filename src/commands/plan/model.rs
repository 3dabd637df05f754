//! What `plan` shows, as data: the JSON is this, and the text is made of it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::credentials::{self, ShownCredentials};
use super::finding::ShownFinding;
use super::request::{ShownRequest, requests};
use super::{Drawn, time, veil};
use crate::config::Service;
use crate::domain::account::ServiceName;
use crate::domain::event::PlannedAccount;
use crate::domain::secret::lets_in;
use crate::language::{EnvUse, Expression};
use crate::lint;

/// The version of the JSON shape. Keys are only ever added.
pub(super) const VERSION: u32 = 1;

/// The whole plan.
#[derive(Serialize)]
pub(super) struct ShownPlan<'a> {
    version: u32,
    pub(super) services: Vec<ShownService<'a>>,
    pub(super) accounts: Vec<ShownAccount<'a>>,
    pub(super) unset_variables: Vec<ShownVariable>,
    /// What is still to be written, and what each service lacks.
    pub(super) findings: Vec<ShownFinding>,
}

/// A service with its requests.
#[derive(Serialize)]
pub(super) struct ShownService<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preset: Option<&'a str>,
    pub(super) url: String,
    pub(super) auth: &'static str,
    pub(super) concurrency: usize,
    /// Requests in a time, such as `50/s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<String>,
    /// How long one request may take.
    pub(super) timeout: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) needs: Vec<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) with: Map<String, Value>,
    /// Files of certificates.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) tls: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_name_max: Option<usize>,
    /// May cleanup make an account to prove a look-up?
    pub(super) witness: bool,
    pub(super) credentials: ShownCredentials,
    pub(super) requests: Vec<ShownRequest>,
    /// The messages of its findings.
    notes: Vec<String>,
}

/// An account.
#[derive(Serialize)]
pub(super) struct ShownAccount<'a> {
    pub(super) service: &'a str,
    pub(super) account: &'a str,
    pub(super) username: &'a str,
    email: &'a str,
    pub(super) after: Vec<String>,
}

/// A variable that is not set.
#[derive(Serialize)]
pub(super) struct ShownVariable {
    pub(super) name: String,
    pub(super) places: Vec<String>,
}

impl<'a> ShownPlan<'a> {
    /// What was drawn up, with the services that have an account in it.
    pub(super) fn of(drawn: &'a Drawn) -> Self {
        let config = &drawn.config;
        let accounts = &drawn.draft.planned.accounts;
        let has_account = |service: &Service| accounts.iter().any(|account| account.key.service == service.name);
        let services = || config.placed().filter(|(service, _)| has_account(service));
        let todos = config.todos.iter().map(ShownFinding::todo);
        let notes = services().flat_map(|(service, at)| {
            let notes = lint::notes(service).into_iter();
            notes.map(|note| ShownFinding::note(service.name.as_str(), at, note))
        });
        Self {
            version: VERSION,
            services: services()
                .map(|(service, _)| ShownService::of(service, drawn))
                .collect(),
            accounts: accounts
                .iter()
                .map(|account| ShownAccount::of(account, accounts))
                .collect(),
            unset_variables: config
                .missing_variables(&drawn.variables)
                .into_iter()
                .map(|missing| ShownVariable {
                    name: missing.name,
                    places: missing.places.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            findings: todos.chain(notes).collect(),
        }
    }
}

impl<'a> ShownService<'a> {
    fn of(service: &'a Service, drawn: &Drawn) -> Self {
        let url = url(service, drawn);
        let tls = service.tls.iter().flat_map(|tls| {
            let files = [("ca", &tls.ca), ("cert", &tls.cert), ("key", &tls.key)];
            files
                .into_iter()
                .filter_map(|(name, file)| Some((name.to_owned(), file.as_ref()?.source().into())))
        });
        let with = service.with.iter();
        let rate = service.limits.rate.map(|rate| {
            let unit = if rate.per.as_secs() == 1 { "s" } else { "m" };
            format!("{}/{unit}", rate.count)
        });
        Self {
            name: service.name.as_str(),
            preset: service.preset.as_deref(),
            auth: credentials::kind(&service.auth),
            concurrency: service.limits.concurrency,
            rate,
            timeout: time(service.timeout),
            needs: service.needs.iter().map(ServiceName::as_str).collect(),
            with: with
                .map(|(name, value)| (name.clone(), veil::named(name, value)))
                .collect(),
            tls: tls.collect(),
            account_name_max: service.account_name_max,
            witness: service.witness,
            credentials: credentials::credentials(&service.auth),
            requests: requests(service, &url),
            notes: lint::notes(service).into_iter().map(|note| note.text).collect(),
            url,
        }
    }
}

impl<'a> ShownAccount<'a> {
    fn of(account: &'a PlannedAccount, all: &[PlannedAccount]) -> Self {
        Self {
            service: account.key.service.as_str(),
            account: &account.key.account,
            username: &account.username,
            email: &account.email,
            after: account.needs.iter().map(|need| all[*need].key.to_string()).collect(),
        }
    }
}

/// The address, as far as it is known without the values of variables: of one that is not set, its default.
fn url(service: &Service, drawn: &Drawn) -> String {
    let with = service.with.iter().flat_map(|(_, value)| value.expressions());
    let uses = service.url.expressions().chain(with).flat_map(Expression::env_uses);
    let uses = uses.flat_map(with_fallbacks);
    let (defaulted, needed): (Vec<&EnvUse>, Vec<&EnvUse>) = uses.partition(|one| one.fallback.is_some());
    let holds = |one: &&EnvUse| {
        let name = &one.name;
        // The default of a secret is one too.
        drawn.variables.get(name).is_none() && !lets_in(name) && needed.iter().all(|other| other.name != *name)
    };
    let names = defaulted.into_iter().filter(holds).map(|one| one.name.clone());
    let scope = drawn
        .scope
        .clone()
        .environment(&drawn.names.clone().without(names.collect()));
    let parameters = service.parameters(&scope).unwrap_or_default();
    service
        .url
        .render(&scope.with_json("with", &parameters))
        .unwrap_or_default()
}

/// A use of a variable, and those in its default.
fn with_fallbacks(one: &EnvUse) -> Vec<&EnvUse> {
    let inner = one.fallback.iter().flatten().flat_map(with_fallbacks);
    std::iter::once(one).chain(inner).collect()
}
