//! One service of the configuration, as the engine deals with it.

use crate::config::{Auth, Request, Service};
use crate::domain::decide::Powers;
use crate::language::Scope;

/// One service of the configuration, as the engine deals with it.
pub struct Site {
    /// What the configuration says.
    pub service: Service,
    /// What that lets us do.
    pub powers: Powers,
    /// Whether it asks for credentials.
    pub has_auth: bool,
    /// The names that every template of it sees: `env`, `run`, `service`, `with`.
    pub scope: Scope,
    /// Why it can't be asked at all, such as a variable that is missing.
    pub unusable: Option<String>,
}

impl Site {
    /// Works out what the service's description lets us do. `scope` holds what all its templates see.
    pub fn new(service: Service, scope: Scope, unusable: Option<String>) -> Self {
        let create = &service.create;
        let powers = Powers {
            find: service.find.is_some(),
            read: service.verify.as_ref().is_some_and(|verify| verify.name.is_some()),
            chosen_id: service.chooses_id(),
            repeatable: create.duplicate_declared || create.idempotency_header.is_some(),
            request_timeout: service.timeout,
            settle: service.find.as_ref().map(|find| find.settle).unwrap_or_default(),
        };
        Self {
            has_auth: has_auth(&service),
            powers,
            scope,
            unusable,
            service,
        }
    }
}

/// Does it ask for credentials? Those that stand in a header of the configuration's own count too.
fn has_auth(service: &Service) -> bool {
    let looks = service.find.iter().map(|find| &find.request);
    let shows = service.gone.iter().chain(&service.verify).map(|poll| &poll.request);
    let requests = service.delete.iter().chain(looks).chain(shows);
    let own = requests.flat_map(|request: &Request| &request.headers);
    let mut headers = service.headers.iter().chain(own);
    !matches!(service.auth, Auth::None)
        || headers.any(|(name, value)| {
            let carries = ["authorization", "cookie"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known));
            carries || value.expressions().any(|expression| !expression.env_uses().is_empty())
        })
}
