//! What expressions read, against what can be there: `account.NAME`, `run.NAME`, `capture.NAME`, `needs.SERVICE.NAME`.

use std::collections::{BTreeMap, BTreeSet};

use super::auth::Auth;
use super::decode::{Decoder, Read, Reader};
use super::persona::Persona;
use super::request::Request;
use super::scope::{ACCOUNT_KEYS, TOTP_SECRET, listed, not_of_account};
use super::service::Service;
use super::source::Span;
use crate::domain::account::ServiceName;
use crate::language::nearest;

/// The keys of `run`.
const RUN_KEYS: &[&str] = &["id", "attempt", "url", "prefix", "marker", "expires", "expires_at"];
/// The keys of `service`.
const SERVICE_KEYS: &[&str] = &["name", "url"];
/// The keys of `request`, which a signature is made over.
const REQUEST_KEYS: &[&str] = &["method", "url", "path", "query", "body"];
/// The keys of `oidc`.
const OIDC_KEYS: &[&str] = &["token"];

/// What a service's templates can read of other accounts and of earlier answers.
struct Readable<'s> {
    needs: BTreeSet<&'s str>,
    /// What its requests capture. A log-in's is for `use` alone.
    captures: BTreeSet<&'s str>,
    /// What is captured before the account is created.
    before: BTreeSet<&'s str>,
    /// What is captured before the account is read back.
    made: BTreeSet<&'s str>,
    /// What the log-in captures.
    log_in: BTreeSet<&'s str>,
    /// What its account shows to those that need it.
    shown: BTreeSet<&'s str>,
}

impl<'s> Readable<'s> {
    fn of(service: &'s Service) -> Self {
        let names = |request: &'s Request| request.captures.iter().map(|(name, _)| name.as_str());
        let before: BTreeSet<&str> = service.before_create.iter().flat_map(names).collect();
        let made = std::iter::once(&service.create.request).chain(&service.after_create);
        let made: BTreeSet<&str> = made.flat_map(names).chain(before.iter().copied()).collect();
        let log_in = match &service.auth {
            Auth::Login(login) => login.steps.iter().flat_map(names).collect(),
            Auth::None
            | Auth::Basic { .. }
            | Auth::Bearer(_)
            | Auth::Header(_)
            | Auth::OAuth2(_)
            | Auth::Jwt(_)
            | Auth::Google(_)
            | Auth::Aws(_)
            | Auth::Sign(_)
            | Auth::GithubOidc { .. } => BTreeSet::new(),
        };
        let later = service.delete.iter().flat_map(names);
        let verify = service.verify.iter().map(|verify| &verify.request);
        let verified: BTreeSet<&str> = made.iter().copied().chain(verify.flat_map(names)).collect();
        let captures = verified.iter().copied().chain(later).collect();
        let outputs = service.setup_requests().flat_map(|request| &request.outputs);
        Self {
            needs: service.needs.iter().map(ServiceName::as_str).collect(),
            shown: ["id", "username"]
                .into_iter()
                .chain(verified)
                .chain(outputs.map(|(name, _)| name.as_str()))
                .collect(),
            captures,
            before,
            made,
            log_in,
        }
    }
}

/// `account.NAME`, `run.NAME`, `capture.NAME` and `needs.SERVICE.NAME` that can't be there. Of a service with a mistake of its own it is
/// not known what it captures and needs, and of `personas` with one not what fields there are.
///
/// Gives the services that read the secret of one-time codes.
pub(super) fn check(
    decoder: &mut Decoder,
    services: &[Service],
    personas: Option<&[Persona]>,
) -> BTreeSet<ServiceName> {
    let mut codes = BTreeSet::new();
    let run = RUN_KEYS.iter().copied().collect();
    let own = SERVICE_KEYS.iter().copied().collect();
    let sent = REQUEST_KEYS.iter().copied().collect();
    let oidc = OIDC_KEYS.iter().copied().collect();
    let nothing = BTreeSet::new();
    let all: BTreeMap<&ServiceName, Readable<'_>> = services.iter().map(|one| (&one.name, Readable::of(one))).collect();
    for read in std::mem::take(&mut decoder.reads) {
        let mut parts = read.path.split('.');
        let (Some(root), Some(key)) = (parts.next(), parts.next()) else {
            continue;
        };
        if root == "account" && key == TOTP_SECRET {
            codes.extend(read.service.clone());
        }
        let seen = read.service.as_ref().and_then(|service| all.get(service));
        if seen.is_none() && read.service.is_some() && matches!(root, "capture" | "needs") {
            continue;
        }
        let known: &BTreeSet<&str> = match root {
            "account" => {
                if let Some(personas) = personas {
                    of_accounts(decoder, &read, key, personas);
                }
                continue;
            }
            "run" => &run,
            "service" => &own,
            "request" => &sent,
            "oidc" => &oidc,
            "capture" => seen.map_or(&nothing, |seen| match read.reader {
                Reader::Auth => &seen.log_in,
                Reader::Creates => &seen.before,
                Reader::Follows => &seen.made,
                Reader::Other => &seen.captures,
            }),
            "needs" => seen.map_or(&nothing, |seen| &seen.needs),
            _ => continue,
        };
        if known.contains(&key) {
            let needed = all.iter().find(|(name, _)| root == "needs" && name.as_str() == key);
            if let (Some((name, needed)), Some(part)) = (needed, parts.next()) {
                needed_part(decoder, read.span, name, &needed.shown, part);
            }
            continue;
        }
        let hint = match nearest(key, known.iter().copied()) {
            Some(meant) if meant.contains('-') => format!("write `{root}[\"{meant}\"]`"),
            Some(meant) => format!("did you mean `{root}.{meant}`?"),
            None if root == "needs" => match known.iter().find(|name| name.split('-').next() == Some(key)) {
                Some(name) => format!("write `needs[\"{name}\"]`"),
                None => format!("add `{key}` to the service's `needs`"),
            },
            None if root == "capture" && read.reader == Reader::Creates => {
                format!("only `before_create` is sent before this one; add `capture: {{ {key}: ... }}` there")
            }
            None if root == "capture" && read.reader == Reader::Follows => {
                format!("add `capture: {{ {key}: ... }}` to `before_create`, `create` or `after_create`")
            }
            None if root == "capture" => format!("add `capture: {{ {key}: ... }}` to the request whose answer has it"),
            None => format!("there are {}", listed(known)),
        };
        decoder.error_with_hint(read.span, format!("`{root}.{key}` is not known"), hint);
    }
    codes
}

/// `account.KEY` of a service's requests: every persona with an account there has to have it.
fn of_accounts(decoder: &mut Decoder, read: &Read, key: &str, personas: &[Persona]) {
    let has = |persona: &Persona| persona.fields.iter().any(|(name, _)| name == key);
    if ACCOUNT_KEYS.contains(&key) {
        return;
    }
    let here: Vec<&Persona> = personas
        .iter()
        .filter(|persona| {
            let service = read.service.as_ref();
            service.is_none_or(|service| persona.services.contains(service))
        })
        .collect();
    if !here.iter().any(|persona| has(persona)) {
        let fields = here.iter().flat_map(|persona| &persona.fields);
        let known = ACCOUNT_KEYS.iter().copied();
        let known: BTreeSet<&str> = known.chain(fields.map(|(name, _)| name.as_str())).collect();
        not_of_account(decoder, read.span, key, &known);
        return;
    }
    let lacking = here.iter().find(|persona| !has(persona));
    if let Some(persona) = lacking
        && !read.is_guarded
    {
        let own = persona.fields.iter().map(|(name, _)| name.as_str());
        let hint = match nearest(key, own) {
            Some(meant) => format!("it has `{meant}`: give it the same name everywhere"),
            None => format!("add `{key}` to its `fields`, or write `account.{key} | default(...)`"),
        };
        let message = format!("`account.{key}` is not known for the persona `{}`", persona.name);
        decoder.error_with_hint(read.span, message, hint);
    }
}

/// `needs.SERVICE.PART` that the needed account doesn't show.
fn needed_part(decoder: &mut Decoder, span: Span, name: &ServiceName, known: &BTreeSet<&str>, part: &str) {
    if known.contains(&part) {
        return;
    }
    let hint = match nearest(part, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("`{name}` shows {}", listed(known)),
    };
    decoder.error_with_hint(span, format!("`{part}` of `needs.{name}` is not known"), hint);
}
