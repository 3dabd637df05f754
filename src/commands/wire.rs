//! From the configuration to services that can be asked.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::Url;
use serde_json::Value;

use super::context::Context;
use super::exit::Failure;
use super::grant::{Around, grant};
use super::ground::Ground;
use super::literals::Literals;
use super::signing::signer;
use crate::adapters::http::{
    self, Clients, Credentials, Endpoint, HostPolicy, Insight, Signer, TlsFiles, Token, TokenSource,
};
use crate::config::{Auth, Config, Decisions, Destination, Rate, Service, Withheld};
use crate::domain::said::Hider;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::engine::{Site, own_credentials};
use crate::language::{Scope, Template};
use crate::plan;

/// The services of a configuration: for the engine, and for the wire.
pub(super) struct Wired {
    /// What the engine drives.
    pub sites: Vec<Site>,
    /// What it reaches them through.
    pub services: Vec<Option<http::HttpService>>,
    /// Every secret of every `auth`.
    pub secrets: Vec<Secret>,
    /// What should be said about them.
    pub warnings: Vec<Why>,
}

/// Wires every service up. One that can't be asked is kept with the reason, so that cleanup can name its accounts.
pub(super) fn wire(context: &Context, ground: &Ground) -> anyhow::Result<Wired> {
    let Ground {
        config,
        variables,
        run,
        sealed,
        files,
    } = ground;
    let scope = plan::scope(variables, run);
    let missing = config.missing_variables(variables);
    let mut wired = Wired {
        sites: Vec::new(),
        services: Vec::new(),
        secrets: Vec::new(),
        warnings: Vec::new(),
    };
    let policy = HostPolicy::new(sealed.allow_hosts.clone());
    let around = Around {
        environment: &context.environment,
        policy: &policy,
        audiences: sealed.allow_audience.as_deref(),
    };
    let shared =
        Clients::new(shortest_timeout(config), &policy, &TlsFiles::default()).context("no service can be asked")?;
    for service in config.services.iter().cloned() {
        let unset = missing
            .iter()
            .find(|variable| variable.services.contains(&service.name));
        let parameters = match unset {
            Some(variable) => Err(format!("the variable `{}` is not set", variable.name).into()),
            None => service
                .parameters(&scope)
                .map_err(|error| Why::from(error).context(format_args!("`with` of `{}`", service.name))),
        };
        let scope = scope
            .clone()
            .with_json("with", parameters.as_ref().unwrap_or(&Value::Null));
        let base = match parameters {
            Ok(_) => base(&service, &scope, &policy),
            Err(reason) => Err(reason),
        };
        // Without a slash at the end: what is put behind it begins with one.
        let url = base.as_ref().map_or("", Url::as_str).trim_end_matches('/');
        let known = [("name", service.name.as_str().to_owned()), ("url", url.to_owned())];
        let scope = scope.with("service", minijinja::Value::from_pairs(known));
        let ready = base.and_then(|base| {
            let grant = grant(&service, &base, &scope, &around)?;
            let own = match files.of(&service, &scope)? {
                None => None,
                Some(files) => Some(
                    Clients::new(service.timeout, &policy, &files)
                        .map_err(|error| Why::from(&error).context(format_args!("`tls` of `{}`", service.name)))?,
                ),
            };
            let mut endpoint = endpoint(base, &service, &scope, &mut wired.warnings)?;
            endpoint.signer = signer(&service, &scope)?;
            endpoint.insight = context.console.is_verbose().then(|| insight(&service, config));
            let literals = Literals::of(&service);
            literals.hide(context, config);
            let name = &service.name;
            let made = grant.iter().flat_map(TokenSource::secrets);
            let made = made.chain(endpoint.signer.iter().flat_map(Signer::secrets));
            for (key, secrets) in [
                (key_of(&service.auth), endpoint.credentials.secrets()),
                (key_of(&service.auth), made.collect()),
                ("headers, queries or bodies", beside_auth(&service, &scope)),
            ] {
                for secret in secrets.into_iter().filter(|secret| !literals.hold(secret)) {
                    context
                        .console
                        .name(&secret, &format!("a secret in `{key}` of `{name}`"));
                    wired.secrets.push(secret);
                }
            }
            let signed = keeper(context, format!("a signature of `{name}`"));
            let token = grant.map(|grant| {
                let keep = keeper(context, format!("the token of `{name}`"));
                let console = context.console.clone();
                let hide: Hider<'static> = Box::new(move |text| console.redact(text).into_owned());
                Token::new(grant, keep, sealed.show_answers.then_some(hide))
            });
            let clients = own.as_ref().unwrap_or(&shared);
            let interval = service.limits.rate.map(Rate::interval);
            let at_once = service.limits.concurrency;
            let gate = context
                .gates
                .to(service.name.as_str(), &endpoint.base, interval, at_once);
            http::HttpService::new([clients, &shared], endpoint, token, gate, context.clock, signed)
                .map_err(|reason| reason.context(format_args!("no request to `{name}` can be sent")))
        });
        let (ready, unusable) = match ready {
            Ok(ready) => (Some(ready), None),
            Err(reason) => (None, Some(reason)),
        };
        wired.services.push(ready);
        wired.sites.push(Site::new(service, scope, unusable));
    }
    Ok(wired)
}

fn shortest_timeout(config: &Config) -> Duration {
    let timeouts = config.services.iter().map(|service| service.timeout);
    timeouts.min().unwrap_or(Duration::from_secs(10))
}

/// Keeps what is learnt out of all that is told.
fn keeper(context: &Context, whose: String) -> Box<dyn Fn(&Secret)> {
    let console = context.console.clone();
    Box::new(move |secret: &Secret| {
        console.name(secret, &whose);
        console.mask(secret);
    })
}

/// Refuses to go on where any of these can't be asked, and says of all of them why.
pub(super) fn all_usable<'a>(sites: impl IntoIterator<Item = &'a Site>) -> Result<(), Failure> {
    let unusable: Vec<Why> = sites.into_iter().filter_map(|site| site.unusable.clone()).collect();
    if unusable.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(Why::all("\n", unusable)))
}

/// What a log shows of a service's answers.
fn insight(service: &Service, config: &Config) -> Insight {
    Insight {
        withheld: Withheld::of(service, config),
        decisions: Decisions::of(service),
    }
}

/// The key under which the secrets of an `auth` stand.
fn key_of(auth: &Auth) -> &'static str {
    match auth {
        Auth::None => "auth",
        Auth::Basic { .. } => "auth.basic.password",
        Auth::Bearer(_) => "auth.bearer",
        Auth::Header(_) => "auth.header",
        Auth::OAuth2(_) => "auth.oauth2",
        Auth::Login(_) => "auth.login",
        Auth::Jwt(_) => "auth.jwt",
        Auth::Google(_) => "auth.google",
        Auth::Aws(_) => "auth.aws",
        Auth::Sign(_) => "auth.sign",
        Auth::GithubOidc { .. } => "auth.github_oidc",
    }
}

/// The secrets in headers, queries and bodies: whole, and without the scheme in front of a token.
fn beside_auth(service: &Service, scope: &Scope) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for value in own_credentials(service) {
        let Ok(text) = value.render(scope) else { continue };
        let token = text.split_once(' ').map(|(_, token)| Secret::new(token));
        secrets.extend(token);
        secrets.push(Secret::new(text));
    }
    secrets
}

/// The service's address, checked.
fn base(service: &Service, scope: &Scope, policy: &HostPolicy) -> Result<Url, Why> {
    let text = render(&service.url, scope, "url", service)?;
    let base = http::base(&format!("`url` of `{}`", service.name), &text, policy)?;
    // Other addresses that hang on an account are checked when they are asked.
    for request in service.requests() {
        let Destination::Elsewhere(url) = &request.destination else {
            continue;
        };
        if let Ok(text) = url.render(scope) {
            http::base(&format!("`{}.url`", request.place), &text, policy)?;
        }
    }
    Ok(base)
}

fn endpoint(base: Url, service: &Service, scope: &Scope, warnings: &mut Vec<Why>) -> Result<Endpoint, Why> {
    let name = &service.name;
    let headers = pairs(&service.headers, scope, "headers", service)?;
    let credentials = match &service.auth {
        // What has to be fetched first comes with the token, and what is made for each request with its signature.
        Auth::None
        | Auth::OAuth2(_)
        | Auth::Login(_)
        | Auth::Jwt(_)
        | Auth::Google(_)
        | Auth::Aws(_)
        | Auth::Sign(_)
        | Auth::GithubOidc { .. } => Credentials::None,
        Auth::Basic { username, password } => Credentials::Basic {
            username: render(username, scope, "auth.basic.username", service)?,
            password: Secret::new(render(password, scope, "auth.basic.password", service)?),
        },
        Auth::Bearer(token) => Credentials::Bearer(Secret::new(render(token, scope, "auth.bearer", service)?)),
        Auth::Header(fields) => Credentials::Header(
            pairs(fields, scope, "auth.header", service)?
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
        ),
    };
    if base.scheme() == "http" && !matches!(credentials, Credentials::None) && !http::is_private(&base) {
        warnings.push(Why::hinted(
            format!(
                "the credentials of `{name}` go over plain http to `{}`",
                base.host_str().unwrap_or_default()
            ),
            "use https",
        ));
    }
    Ok(Endpoint {
        name: name.as_str().to_owned(),
        base,
        headers,
        credentials,
        signer: None,
        timeout: service.timeout,
        insight: None,
    })
}

fn pairs(
    fields: &[(String, Template)],
    scope: &Scope,
    key: &str,
    service: &Service,
) -> Result<Vec<(String, String)>, Why> {
    fields
        .iter()
        .map(|(name, value)| Ok((name.clone(), render(value, scope, &format!("{key}.{name}"), service)?)))
        .collect()
}

fn render(template: &Template, scope: &Scope, key: &str, service: &Service) -> Result<String, Why> {
    template
        .render(scope)
        .map_err(|error| Why::from(error).context(format_args!("`{key}` of `{}`", service.name)))
}
