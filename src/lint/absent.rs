//! Blocks that a bad day would need and that are not there.

use super::draft::{Draft, quoted};
use super::{Found, place};
use crate::config::{Effect, Poll, Service};
use crate::engine::{eye_by_id, has_auth};
use crate::language::Expression;

/// No `find`.
pub(super) fn find(service: &Service) -> Vec<Found> {
    if service.find.is_some() {
        return Vec::new();
    }
    let reads_chosen_id = service.chooses_id() && eye_by_id(service).is_some();
    let lost = if service.list.is_some() {
        "an account whose create gets no answer fails the setup, and cleanup reads the whole list for it"
    } else if reads_chosen_id {
        "an account whose create gets no answer fails the setup"
    } else {
        "an account whose create gets no answer fails the setup, and can only be named as a leftover, not deleted"
    };
    vec![Found::new(
        place(service),
        format!("no `find`: {lost}"),
        Draft::of(service).find(service),
    )]
}

/// No `list`.
pub(super) fn list(service: &Service) -> Vec<Found> {
    let lost = "no `list`: `sweep` can't find its accounts after the machine or the journal is lost";
    let is_given = service.list.is_some();
    (!is_given)
        .then(|| Found::new(place(service), lost, Draft::of(service).list()))
        .into_iter()
        .collect()
}

/// No `probe`, where credentials could end.
pub(super) fn probe(service: &Service) -> Vec<Found> {
    if service.probe.is_some() || !has_auth(service) {
        return Vec::new();
    }
    let lost = "no `probe`: \"not found\" counts only if another request succeeds afterwards, or the service refuses the same \
                one without credentials; otherwise the account is a leftover";
    let collection = Draft::of(service).collection;
    let write = format!("probe: {{ request: \"GET {collection}\" }}");
    vec![Found::new(place(service), lost, write)]
}

/// No `verify`.
pub(super) fn verify(service: &Service) -> Vec<Found> {
    if service.verify.is_some() {
        return Vec::new();
    }
    let lost = if service.gone.is_some() {
        "no `verify`: setup reports an account as ready that nothing has shown"
    } else {
        "no `verify`: setup reports an account as ready that nothing has shown, and cleanup can't read it by its id"
    };
    vec![Found::new(place(service), lost, Draft::of(service).verify())]
}

/// A `verify` that doesn't say whose account it shows.
pub(super) fn name(service: &Service) -> Vec<Found> {
    let nameless = |verify: &&Poll| {
        let request = &verify.request;
        // The account's own log-in shows whose it is, and so does a condition on who is shown.
        let tells = verify.until.iter().flat_map(Expression::paths);
        let mut tells = tells.filter(|path| matches!(path.as_str(), "id" | "account.username"));
        verify.name.is_none() && !request.is_sent_by_the_account() && !request.logs_in() && tells.next().is_none()
    };
    let verify = service.verify.as_ref().filter(nameless);
    let note = |verify: &Poll| {
        let lost = "`verify` has no `name`: a renamed account, or an id that leads to somebody else's, is not noticed";
        let name = format!("name: {}", quoted(&Draft::of(service).own_name));
        Found::new(&verify.request.place, lost, name)
    };
    verify.map(note).into_iter().collect()
}

/// A `find`, and no word on whether the service refuses duplicate names.
pub(super) fn duplicate(service: &Service) -> Vec<Found> {
    let create = &service.create;
    let is_told = create.duplicate_declared || create.idempotency_header.is_some();
    // Whoever replaces what is there refuses no name.
    let replaces = create.request.action.effect() == Effect::Replaces;
    if service.find.is_none() || is_told || replaces {
        return Vec::new();
    }
    let lost = "`create` doesn't say whether the service refuses duplicate names: after a lost answer, setup creates the \
                account again only once the time-out has passed, and not at all before `find` has shown an account";
    vec![Found::new(&create.request.place, lost, "duplicate: [409]")]
}
