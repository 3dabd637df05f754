//! What a persona's own templates and a sweep's requests can read of an account, and how what they can't is told.

use std::collections::BTreeSet;

use super::decode::{Decoder, Read};
use super::source::Span;
use crate::language::nearest;

/// The key of `account` that is made where a service reads it.
pub(super) const TOTP_SECRET: &str = "totp_secret";

/// The keys of `account` that are there without `fields`.
pub(super) const ACCOUNT_KEYS: &[&str] = &[
    "name",
    "index",
    "username",
    "uuid",
    "email",
    "password",
    TOTP_SECRET,
    "first_name",
    "last_name",
    "role",
];

/// What `delete` and `gone` read and a sweep does not have: it knows the name and the id that a list gave, and no more.
pub(super) fn sweepable(decoder: &mut Decoder, from: usize, captured: &[String]) {
    let mut unknown: Vec<(String, Span)> = Vec::new();
    for Read { path, span, .. } in &decoder.reads[from..] {
        let root = path.split('.').next().unwrap_or_default();
        let is_known = match root {
            "account" => path == "account.username",
            "capture" => path
                .split('.')
                .nth(1)
                .is_some_and(|name| captured.iter().any(|known| known == name)),
            "needs" => false,
            // Those of the setup that made the account.
            "run" => !["run.marker", "run.expires", "run.expires_at"].contains(&path.as_str()),
            _ => true,
        };
        if !is_known {
            unknown.push((path.clone(), *span));
        }
    }
    for (path, span) in unknown {
        decoder.error_with_hint(
            span,
            format!(
                "`{path}` doesn't exist in a sweep, which has only `id` and `account.username` of each listed account"
            ),
            "use only these in `delete` and `gone`, or write `list: null`, and give up sweeping the service",
        );
    }
}

/// `account.KEY` of a persona's own templates, which see what stands before them. `from` is where their names begin in
/// [`Decoder::reads`].
pub(super) fn of_persona(decoder: &mut Decoder, from: usize, fields: &[String]) {
    let reads = decoder.reads.split_off(from);
    let (own, others): (Vec<Read>, Vec<Read>) = reads.into_iter().partition(|read| read.path.starts_with("account."));
    decoder.reads.extend(others);
    for read in own {
        let key = read.path.split('.').nth(1).unwrap_or_default();
        // Whether there is a secret of codes is said by what services read.
        let known = ACCOUNT_KEYS.iter().copied().filter(|key| *key != TOTP_SECRET);
        let known: BTreeSet<&str> = known.chain(fields.iter().map(String::as_str)).collect();
        if !known.contains(key) {
            not_of_account(decoder, read.span, key, &known);
        }
    }
}

pub(super) fn not_of_account(decoder: &mut Decoder, span: Span, key: &str, known: &BTreeSet<&str>) {
    let hint = match nearest(key, known.iter().copied()) {
        Some(meant) => format!("did you mean `account.{meant}`?"),
        None => format!("there are {}", listed(known)),
    };
    decoder.error_with_hint(span, format!("`account.{key}` is not known"), hint);
}

pub(super) fn listed(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
