//! One service of the configuration, as the engine deals with it.

use std::time::Duration;

use crate::config::{Auth, Service};
use crate::domain::decide::Powers;
use crate::language::{Expression, Scope};

/// The names that only an answer gives.
const OF_ANSWERS: [&str; 5] = ["status", "headers", "body", "item", "capture"];

/// One service of the configuration, as the engine deals with it.
pub struct Site {
    /// What the configuration says.
    pub service: Service,
    /// What that lets us do.
    pub powers: Powers,
    /// Whether it asks for credentials.
    pub has_auth: bool,
    /// The names that every template of it sees: `env`, `run`, `service`.
    pub scope: Scope,
    /// Why it can't be asked at all, such as a variable that is missing.
    pub unusable: Option<String>,
}

impl Site {
    /// Reads off a service what it lets us do.
    pub fn new(service: Service, scope: Scope, unusable: Option<String>) -> Self {
        let create = &service.create;
        let powers = Powers {
            find: service.find.is_some(),
            read: service.verify.as_ref().is_some_and(|verify| verify.name.is_some()),
            chosen_id: create.id.as_ref().is_some_and(is_known_beforehand),
            repeatable: create.duplicate_declared || create.idempotency_header.is_some(),
            request_timeout: service.timeout,
            settle: service.find.as_ref().map_or(Duration::ZERO, |find| find.settle),
        };
        Self {
            powers,
            has_auth: !matches!(service.auth, Auth::None),
            scope,
            unusable,
            service,
        }
    }
}

/// Does an expression read nothing of an answer?
fn is_known_beforehand(expression: &Expression) -> bool {
    !expression
        .names()
        .iter()
        .any(|name| OF_ANSWERS.contains(&name.as_str()))
}
