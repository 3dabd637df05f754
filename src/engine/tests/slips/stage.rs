//! A description that was read, with its plan, and what each process makes of it in its own environment.

use std::cell::OnceCell;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::Value;
use url::Url;

use super::super::super::Site;
use crate::config::{Action, Auth, Config, Service};
use crate::domain::marker::{Marker, Origin};
use crate::domain::time::Timestamp;
use crate::language::{Environment, Scope, Template};
use crate::plan::{self, Draft, Run, Selection};

/// Any day will do.
pub(super) const EPOCH: u64 = 1_800_000_000_000;

/// The variables of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variables {
    /// Those of setup.
    Own,
    /// Another address, at which there is such a service too.
    OtherAddress,
    /// Another path at the same address.
    OtherPath,
    /// Another tenant.
    OtherTenant,
    /// Another tenant's key.
    OtherKey,
}

impl Variables {
    pub(super) const ALL: [Self; 5] = [
        Self::Own,
        Self::OtherAddress,
        Self::OtherPath,
        Self::OtherTenant,
        Self::OtherKey,
    ];

    fn environment(self) -> Environment {
        let url = match self {
            Self::OtherAddress => "http://b.test",
            Self::OtherPath => "http://a.test/other",
            Self::Own | Self::OtherTenant | Self::OtherKey => "http://a.test",
        };
        let tenant = if self == Self::OtherTenant { "t2" } else { "t1" };
        let token = if self == Self::OtherKey { "token-2" } else { "token-1" };
        let pairs = [("URL", url), ("TENANT", tenant), ("TOKEN", token)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Environment::new(pairs, None)
    }
}

/// Where the requests of a service go, and with what.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) host: String,
    /// In front of every path.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) credential: Option<String>,
}

/// What a process makes of the services.
pub(super) struct Outfit {
    pub(super) sites: Vec<Site>,
    pub(super) endpoints: Vec<Option<Endpoint>>,
}

/// A configuration and its plan.
pub(super) struct Stage {
    pub(super) config: Config,
    pub(super) draft: Draft,
    pub(super) run: Run,
    outfits: [OnceCell<Outfit>; 5],
}

impl Stage {
    /// Reads a document. `Err` is what the configuration says against it.
    pub(super) fn new(document: &Value) -> Result<Self, String> {
        let environment = Variables::Own.environment();
        let config = Config::parse("standin.json", &document.to_string(), &environment)
            .map_err(|found| crate::config::render(&found).in_full())?;
        let now = Timestamp::from_millis(EPOCH);
        let run = run(INVOCATION);
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let draft = plan::draw_up(
            &config,
            &environment,
            &run,
            &Selection::default(),
            now,
            plan::Passwords::Drawn(&mut random),
        )
        .map_err(|error| error.to_string())?;
        Ok(Self {
            config,
            draft,
            run,
            outfits: Default::default(),
        })
    }

    /// What a process with these variables works with.
    pub(super) fn outfit(&self, variables: Variables) -> &Outfit {
        let place = Variables::ALL.iter().position(|one| *one == variables).unwrap_or(0);
        self.outfits[place].get_or_init(|| self.wire(&variables.environment()))
    }

    /// The variables as the configuration sees them.
    pub(super) fn environment(variables: Variables) -> Environment {
        variables.environment()
    }

    fn wire(&self, environment: &Environment) -> Outfit {
        let scope = plan::scope(environment, &self.run);
        let mut outfit = Outfit {
            sites: Vec::new(),
            endpoints: Vec::new(),
        };
        for service in self.config.services.iter().cloned() {
            let parameters = service.parameters(&scope).map_err(|error| error.to_string());
            let scope = scope
                .clone()
                .with_json("with", parameters.as_ref().unwrap_or(&Value::Null));
            let url = parameters.and_then(|_| {
                let text = service.url.render(&scope).map_err(|error| error.to_string())?;
                Url::parse(&text).map_err(|error| error.to_string())
            });
            let shown = url.as_ref().map_or("", Url::as_str).trim_end_matches('/');
            let known = [("name", service.name.as_str().to_owned()), ("url", shown.to_owned())];
            let scope = scope.with("service", minijinja::Value::from_pairs(known));
            let endpoint = url.and_then(|url| endpoint(&service, &url, &scope));
            let (endpoint, unusable) = match endpoint {
                Ok(endpoint) => (Some(endpoint), None),
                Err(reason) => (None, Some(reason.into())),
            };
            outfit.endpoints.push(endpoint);
            outfit.sites.push(Site::new(service, scope, unusable));
        }
        outfit
    }
}

/// The invocation of every setup.
pub(super) const INVOCATION: &str = "k3x9q";

/// The run of one invocation.
pub(super) fn run(invocation: &str) -> Run {
    let origin = Origin {
        repository: "acme/shop",
        run: "42",
        attempt: 1,
    };
    let now = Timestamp::from_millis(EPOCH);
    Run {
        repository: "acme/shop".to_owned(),
        id: "42".to_owned(),
        attempt: 1,
        url: None,
        marker: Marker::new("sd", now, Duration::from_hours(24), &origin, invocation),
    }
}

fn endpoint(service: &Service, url: &Url, scope: &Scope) -> Result<Endpoint, String> {
    let render = |template: &Template| template.render(scope).map_err(|error| error.to_string());
    let pairs = |pairs: &[(String, Template)]| -> Result<Vec<(String, String)>, String> {
        pairs
            .iter()
            .map(|(name, value)| Ok((name.clone(), render(value)?)))
            .collect()
    };
    let credential = match &service.auth {
        Auth::None => None,
        Auth::Basic { username, password } => Some(format!("Basic {}:{}", render(username)?, render(password)?)),
        Auth::Bearer(token) => Some(format!("Bearer {}", render(token)?)),
        Auth::Header(fields) => Some(format!("{:?}", pairs(fields)?)),
        Auth::OAuth2(oauth2) => {
            let secret = oauth2.client_secret.as_ref().map_or(Ok(String::new()), render)?;
            let url = render(&oauth2.token_url)?;
            let client = oauth2.client_id.as_ref().map_or(Ok(String::new()), render)?;
            Some(format!("{url} {client} {secret}"))
        }
        Auth::Login(login) => {
            let step = login.steps.first().ok_or("a log-in without a step")?;
            let Action::Http(request) = &step.action;
            let target = request.target.render(scope).map_err(|error| error.to_string())?;
            Some(format!(
                "{target} {:?} {:?}",
                request.payload,
                pairs(&login.carried.headers)
            ))
        }
        Auth::Jwt(_) | Auth::Google(_) | Auth::Aws(_) | Auth::Sign(_) | Auth::GithubOidc { .. } => {
            return Err("no such credentials here".to_owned());
        }
    };
    Ok(Endpoint {
        host: url.host_str().unwrap_or_default().to_owned(),
        path: url.path().trim_end_matches('/').to_owned(),
        headers: pairs(&service.headers)?,
        credential,
    })
}

/// A document of these services and personas.
pub(super) fn document(services: &[Value], accounts: &Value) -> Value {
    serde_json::json!({ "services": services, "accounts": accounts })
}
