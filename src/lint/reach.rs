//! What cleanup reads and may not have, or may have wrongly.

use std::collections::BTreeSet;

use super::{Found, place};
use crate::config::{Auth, Jwt, Request, Service};
use crate::engine::kept_reads as kept;
use crate::language::{EnvUse, Expression, JsonTemplate, Template};

/// What only the job of the setup has.
pub(super) fn kept_reads(service: &Service) -> Vec<Found> {
    kept(service).iter().map(|read| of_kept(service, read)).collect()
}

fn of_kept(service: &Service, read: &str) -> Found {
    let reads = |request: &&Request| {
        let mut parts = request.action.parts().into_iter();
        parts.any(|part| part.expression.paths().iter().any(|path| path == read))
    };
    let at = later(service)
        .find(reads)
        .map_or(place(service), |request| &request.place);
    // What comes from a seed is computed in any job that has it.
    let but = if matches!(read, "account.password" | "account.totp_secret") {
        ", unless both have the `seed`"
    } else {
        ""
    };
    Found {
        place: at.to_owned(),
        text: format!("`{read}` stays in the job of the setup: another job can't clean up{but}"),
        write: read
            .strip_prefix("capture.")
            .and_then(|name| captured_again(service, name)),
    }
}

/// A first step of `delete` that reads a capture once more.
fn captured_again(service: &Service, name: &str) -> Option<String> {
    let mut captures = service.setup_requests().flat_map(|request| &request.captures);
    let (_, expression) = captures.find(|(known, _)| known == name)?;
    let verify = &service.verify.as_ref()?.request;
    Some(format!(
        "- {{ request: \"{}\", capture: {{ {name}: {} }} }}   # the first step of `delete`",
        verify.action.source(),
        super::draft::quoted(expression.source())
    ))
}

/// Variables on which a delete hangs, and nothing that setup sends.
pub(super) fn unproved_variables(service: &Service) -> Vec<Found> {
    let gone = service.gone.iter().map(|poll| &poll.request);
    let proved = proved(service);
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for request in service.delete.iter().chain(gone) {
        for name in of_request(request) {
            if proved.contains(&name) || !told.insert(name.clone()) {
                continue;
            }
            found.push(Found {
                place: request.place.clone(),
                text: format!(
                    "`env.{name}` is read to delete accounts, and no request of setup uses it: with a wrong value, setup \
                     creates accounts that can't be deleted"
                ),
                write: None,
            });
        }
    }
    found
}

/// The variables of what setup sends.
fn proved(service: &Service) -> BTreeSet<String> {
    let sent = service
        .ready
        .iter()
        .chain(&service.probe)
        .chain(service.setup_requests());
    let mut names: BTreeSet<String> = sent.flat_map(of_request).collect();
    let headers = service.headers.iter().map(|(_, value)| value);
    for template in headers.chain([&service.url]).chain(of_auth(&service.auth)) {
        names.extend(template.expressions().flat_map(of_expression));
    }
    for (_, value) in &service.with {
        names.extend(JsonTemplate::expressions(value).flat_map(of_expression));
    }
    if let Auth::Login(login) = &service.auth {
        names.extend(login.steps.iter().flat_map(of_request));
    }
    names
}

fn of_auth(auth: &Auth) -> Vec<&Template> {
    match auth {
        Auth::None => Vec::new(),
        Auth::Basic { username, password } => vec![username, password],
        Auth::Bearer(token) => vec![token],
        Auth::Header(fields) => fields.iter().map(|(_, value)| value).collect(),
        Auth::OAuth2(oauth2) => {
            let given = [
                &oauth2.client_secret,
                &oauth2.username,
                &oauth2.password,
                &oauth2.scope,
                &oauth2.audience,
            ];
            let params = oauth2.params.iter().map(|(_, value)| value);
            let assertions = oauth2.assertion.iter().chain(&oauth2.client_assertion);
            let whole = std::iter::once(&oauth2.token_url).chain(&oauth2.client_id);
            let whole = whole.chain(given.into_iter().flatten()).chain(params);
            whole.chain(assertions.flat_map(Jwt::templates)).collect()
        }
        Auth::Login(login) => {
            let used = login.carried.headers.iter().chain(&login.carried.query);
            let json = login.carried.json.iter().flat_map(|(_, value)| value.templates());
            used.map(|(_, value)| value).chain(json).collect()
        }
        Auth::Jwt(jwt) => jwt.templates(),
        Auth::Google(google) => {
            let whole = std::iter::once(&google.credentials);
            whole.chain(&google.scopes).chain(&google.subject).collect()
        }
        Auth::Aws(aws) => aws.templates(),
        Auth::Sign(sign) => sign.templates().collect(),
        Auth::GithubOidc { audience, exchange } => {
            let exchange = exchange.iter().flat_map(|exchange| {
                let params = exchange.params.iter().map(|(_, value)| value);
                std::iter::once(&exchange.token_url).chain(params)
            });
            audience.iter().chain(exchange).collect()
        }
    }
}

fn of_request(request: &Request) -> Vec<String> {
    let parts = request.action.parts().into_iter();
    parts.flat_map(|part| of_expression(part.expression)).collect()
}

fn of_expression(expression: &Expression) -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting: Vec<&EnvUse> = expression.env_uses().iter().collect();
    while let Some(one) = waiting.pop() {
        names.push(one.name.clone());
        waiting.extend(one.fallback.iter().flatten());
    }
    names
}

/// What a cleanup in another process may send about one account.
fn later(service: &Service) -> impl Iterator<Item = &Request> {
    let finds = service.find.iter().map(|find| &find.request);
    let shows = service.gone.iter().map(|poll| &poll.request);
    service.delete.iter().chain(finds).chain(shows)
}
