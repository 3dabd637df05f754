//! While the account is there: does every eye show it, under its id and by its name?

use std::cell::RefCell;
use std::time::Duration;

use serde_json::Value;

use super::super::copied::WitnessSecrets;
use super::super::create::{id, text};
use super::super::eyes::by_id;
use super::super::{Engine, Unprovisioned};
use super::findings::{Findings, Tried};
use super::mend;
use crate::config::{Find, List, Part, Request};
use crate::domain::account::{RemoteId, WITNESS};
use crate::domain::answer::{Answer, Body};
use crate::domain::finding::Finding;
use crate::domain::ledger::Status;
use crate::domain::secret::lets_in;
use crate::domain::why::Why;
use crate::engine::{Extent, Regard};
use crate::language::{Expression, Scope};
use crate::ports::World;

/// A look-up that is this much later than asked for is late.
const A_MOMENT: Duration = Duration::from_millis(500);

impl<W: World> Engine<'_, W> {
    /// What can be found out while the account at `place` is there; or why it is not.
    pub async fn check_made(&self, place: usize, failure: Option<&Unprovisioned>) -> Vec<Finding> {
        let Some(site) = self.site(place) else {
            return Vec::new();
        };
        let findings = Findings::new(self, place, site);
        if let Some(failure) = failure {
            findings.unmade(failure).await;
            return findings.end();
        }
        if self.record(place).status != Status::Verified {
            return findings.end();
        }
        findings.created();
        findings.verified().await;
        findings.found().await;
        // What shows others for any name says nothing of spellings.
        if findings.nobody_else().await {
            findings.in_other_letters().await;
        }
        findings.listed().await;
        findings.create_again().await;
        findings.strangers().await;
        findings.end()
    }
}

impl<W: World> Findings<'_, '_, W> {
    /// Why the account could not be had, by the block that failed.
    async fn unmade(&self, failure: &Unprovisioned) {
        let why = &failure.reason;
        let service = &self.site.service;
        let is_of = |block: &str| why.what.contains(&format!("`{block}"));
        let was_made = self.engine.record(self.place).existed && !is_of("create`");
        let (block, request) = match &service.verify {
            _ if is_of("after_create") => ("after_create", service.after_create.first()),
            Some(verify) if was_made => ("verify", Some(&verify.request)),
            Some(_) | None => ("create", Some(&service.create.request)),
        };
        let created = self.engine.heard_created(self.place).filter(Answer::is_success);
        let read = self.engine.last_answer(self.place);
        let why = match &created {
            _ if block == "verify" => {
                let hint = "correct its request, `expect`, `name` or `until`, or allow more time with `within`";
                why.clone().or_hint(hint)
            }
            Some(answer) if !self.is_expected(answer) => why.clone().or_hint(expected(answer)),
            Some(_) | None => why.clone(),
        };
        self.wrong((block, "as in setup"), request, why);
        if let Some(answer) = &created {
            self.name_of_create(answer);
            self.id_of_create(answer).await;
        }
        if let (Some(verify), Some(answer)) = (&service.verify, read.filter(|_| block == "verify")) {
            let scope = self.scope().answer(&answer);
            if verify.name.is_some() && answer.is_success() {
                self.name(
                    ("verify", "its `name`"),
                    &verify.request,
                    verify.name.as_ref(),
                    &scope,
                    &answer,
                );
            }
        }
    }

    /// A wrong id leads nowhere, or to somebody else: the look-up may know better.
    async fn id_of_create(&self, answer: &Answer) {
        let create = &self.site.service.create;
        let given = id(create.id.as_ref(), &self.scope().answer(answer));
        let (Some(find), Some(given)) = (&self.site.service.find, given) else {
            return;
        };
        let Ok(ids) = self.engine.find(self.place, self.site, find).await else {
            return;
        };
        let Some(other) = ids.first().filter(|_| !ids.contains(&given)) else {
            return;
        };
        let better = mend::in_body(answer, other.as_str());
        let why = format!("it gives `{given}`, and `find` shows the account as `{other}`");
        let hint = better.map(|better| format!("write `id: {better}` into `create`"));
        self.wrong(("create", "its `id`"), None, Why::new(why, hint));
    }

    fn created(&self) {
        let service = &self.site.service;
        let id = self.engine.record(self.place).ids.first().cloned();
        let why = id.map_or_else(|| "it was created".to_owned(), |id| format!("it was created as `{id}`"));
        let why = format!("{why}, with a name of {} characters", self.username().chars().count());
        self.proved(("create", "as in setup"), None, why);
        if !service.after_create.is_empty() {
            self.proved(("after_create", "as in setup"), None, "every step was accepted");
        }
        if let Some(answer) = self.engine.heard_created(self.place) {
            self.answer_of_create(&answer);
        }
    }

    /// Setup goes on where a create is taken for unclear and a look-up shows the account: no two days go as well.
    fn answer_of_create(&self, answer: &Answer) {
        let create = &self.site.service.create;
        let scope = self.scope().answer(answer);
        if !self.is_expected(answer) {
            let why = self.engine.unexpected(&create.request, answer, &scope);
            let why = format!("{why}; the account was created, and a look-up had to show it");
            return self.wrong(
                ("create", "its `expect`"),
                Some(&create.request),
                Why::hinted(why, expected(answer)),
            );
        }
        let Some(own) = self.engine.record(self.place).ids.first().cloned() else {
            return;
        };
        if id(create.id.as_ref(), &scope).as_ref() == Some(&own) {
            return self.name_of_create(answer);
        }
        let is_in_location = answer
            .header("location")
            .is_some_and(|location| location.ends_with(own.as_str()));
        let better = if is_in_location {
            Some("headers.location | last_segment".to_owned())
        } else {
            mend::in_body(answer, own.as_str())
        };
        let source = create.id.as_ref().map_or("", Expression::source);
        let why = format!("`{source}` does not give `{own}`, under which a look-up had to show it");
        let hint = better.map(|better| format!("write `id: {better}` into `create`"));
        self.wrong(("create", "its `id`"), Some(&create.request), Why::new(why, hint));
    }

    fn is_expected(&self, answer: &Answer) -> bool {
        let expect = &self.site.service.create.request.expect;
        expect.holds(answer, &self.scope().answer(answer)).unwrap_or(false)
    }

    fn name_of_create(&self, answer: &Answer) {
        let create = &self.site.service.create;
        let scope = self.scope().answer(answer);
        let shows = text(create.name.as_ref(), &scope).is_some();
        if shows || !create.is_convention {
            self.name(
                ("create", "its `name`"),
                &create.request,
                create.name.as_ref(),
                &scope,
                answer,
            );
        }
    }

    async fn verified(&self) {
        let tried = ("verify", "reads the account");
        let Some(verify) = &self.site.service.verify else {
            let why = "there is none, so nothing shows that an account is what was asked for";
            return self.open(("verify", "is it given"), None, Why::hinted(why, "give `verify`"));
        };
        let scope = self.scope();
        let answer = match self.engine.look(self.place, "read", &verify.request, &scope).await {
            Ok(answer) => answer,
            Err(trouble) => return self.failed(tried, &verify.request, &trouble),
        };
        let seen = scope.answer(&answer);
        if !verify.request.expect.holds(&answer, &seen).unwrap_or(false) {
            let why = self.engine.unexpected(&verify.request, &answer, &seen);
            return self.wrong(tried, Some(&verify.request), why);
        }
        self.proved(tried, Some(&verify.request), "it shows the account");
        if by_id(self.site).is_some_and(|poll| poll.request.place == verify.request.place) {
            self.name(
                ("verify", "its `name`"),
                &verify.request,
                verify.name.as_ref(),
                &seen,
                &answer,
            );
        }
    }

    /// Does a `name` show the user name as it was sent? Setup would go on with another spelling, and warn.
    fn name(&self, tried: Tried, request: &Request, name: Option<&Expression>, scope: &Scope, answer: &Answer) {
        let username = self.username();
        let better = mend::in_body(answer, &username).or_else(|| mend::cut_from_body(answer, &username));
        let shown = text(name, scope);
        match (name, shown) {
            (_, Some(shown)) if shown == username => self.proved(tried, Some(request), "it shows the user name"),
            (Some(name), Some(shown)) => self.other_name(tried, request, (name, &shown), better),
            (Some(name), None) => {
                let why = format!("`{}` gives nothing", name.source());
                self.wrong(tried, Some(request), hinted(why, better));
            }
            (None, None) if better.is_some() || tried.0 == "verify" => {
                let why = "no user name is read from the answer".to_owned();
                self.open(tried, Some(request), hinted(why, better));
            }
            (None, _) => {}
        }
    }

    fn other_name(&self, tried: Tried, request: &Request, (name, shown): (&Expression, &str), better: Option<String>) {
        let username = self.username();
        let field = name.source().rsplit(['.', '[']).next().unwrap_or_default();
        // A mistake may read what lets somebody in.
        let why = if lets_in(field) || !self.engine.world.shows_answers() {
            format!(
                "`{}` shows something else than `{username}`, which was sent",
                name.source()
            )
        } else {
            let shown = self.engine.world.hide(shown);
            format!("`{}` shows `{shown}`, and `{username}` was sent", name.source())
        };
        if better.is_some() || !self.engine.is_its_name(self.place, shown) {
            self.wrong(tried, Some(request), hinted(why, better));
        } else {
            let hint = "the service keeps names in its own spelling, and the outputs have that";
            self.open(tried, Some(request), Why::hinted(why, hint));
        }
    }

    async fn found(&self) {
        let tried = ("find", "finds the account");
        let Some(find) = &self.site.service.find else { return };
        let request = &find.request;
        let (ids, lag) = match self.find_at_last(find).await {
            Ok(found) => found,
            Err(trouble) => {
                let hint = self.line_for_items("find", &find.items, &find.name);
                return self.failed_unless(tried, request, &trouble, hint);
            }
        };
        let own = self.engine.record(self.place).ids.first().cloned();
        match own {
            _ if ids.is_empty() => {
                let hint = self.line_for_items("find", &find.items, &find.name);
                let hint =
                    hint.unwrap_or_else(|| "correct its path or its query: it must ask for the user name".to_owned());
                let why = "it doesn't show the account, which exists";
                self.wrong(tried, Some(request), Why::hinted(why, hint));
            }
            Some(own) if !ids.contains(&own) => {
                let why = format!("it shows the account as `{}`, and it was created as `{own}`", ids[0]);
                let better = self
                    .engine
                    .last_answer(self.place)
                    .and_then(|answer| mend::in_list(&answer, own.as_str()));
                let hint = better.map(|(_, id)| format!("write `id: {id}` into `find`"));
                self.wrong(tried, Some(request), Why::new(why, hint));
            }
            Some(_) | None if lag > find.settle + A_MOMENT => {
                let lag = Duration::from_secs(lag.as_secs() + 1);
                let why = format!(
                    "it shows the account only {} after its create",
                    humantime::format_duration(lag)
                );
                let hint = format!("write `settle: {}` into `find`", humantime::format_duration(lag * 2));
                self.wrong(tried, Some(request), Why::hinted(why, hint));
            }
            Some(_) | None => {
                self.proved(tried, Some(request), "it shows the account");
                self.names_in_items(tried.0, request, &find.items, &find.name);
            }
        }
    }

    /// What to write where an answer has the account elsewhere than `items` and `name` look for it.
    fn line_for_items(&self, block: &str, items: &Expression, name: &Expression) -> Option<String> {
        let answer = self.engine.last_answer(self.place).filter(Answer::is_success)?;
        let (list, field) = mend::in_list(&answer, &self.username())?;
        let items = (list != items.source()).then(|| format!("`items: {list}`"));
        let name = (field != name.source()).then(|| format!("`name: {field}`"));
        let lines: Vec<String> = items.into_iter().chain(name).collect();
        (!lines.is_empty()).then(|| format!("write {} into `{block}`", lines.join(" and ")))
    }

    /// Does the `name` of the item that is our account show the user name as it was sent?
    fn names_in_items(&self, block: &'static str, request: &Request, items: &Expression, name: &Expression) {
        let Some(answer) = self.engine.last_answer(self.place) else {
            return;
        };
        let scope = self.scope().answer(&answer);
        let items = items
            .eval(&scope)
            .ok()
            .and_then(|items| serde_json::to_value(&items).ok());
        let Some(Value::Array(items)) = items else { return };
        let ours = items.iter().find(|item| {
            let scope = scope.clone().with_json("item", item);
            text(Some(name), &scope).is_some_and(|shown| self.engine.is_its_name(self.place, &shown))
        });
        let Some(item) = ours else { return };
        let username = self.username();
        let shown = text(Some(name), &scope.with_json("item", item)).unwrap_or_default();
        if shown != username {
            let better = mend::path(item, "item", &username);
            self.other_name((block, "its `name`"), request, (name, &shown), better);
        }
    }

    /// Does `find` show nobody for a name that never existed, while others are there?
    async fn nobody_else(&self) -> bool {
        let tried = ("find", "for a name that never existed");
        let Some(find) = &self.site.service.find else {
            return false;
        };
        let backwards: String = self.username().chars().rev().collect();
        match self
            .engine
            .find(self.nobody_of("nobody", &backwards), self.site, find)
            .await
        {
            Ok(ids) if ids.is_empty() => match self.shown_beside(find) {
                0 => {
                    self.proved(tried, Some(&find.request), "it shows no account");
                    return true;
                }
                _ if asks_for_the_account(&find.request) => {
                    let why = "it shows accounts of other names: the service ignores what it is asked for";
                    let hint = "correct the query of `find`, so that it shows this user name alone";
                    self.wrong(tried, Some(&find.request), Why::hinted(why, hint));
                }
                _ => {
                    let why = "it shows accounts of other names: on a longer list ours may stand on a later page";
                    let hint = "let `find` ask for exactly this user name";
                    self.open(tried, Some(&find.request), Why::hinted(why, hint));
                }
            },
            Ok(ids) => {
                let why = format!("it shows `{}`", ids[0]);
                self.wrong(tried, Some(&find.request), Why::hinted(why, "correct `name` of `find`"));
            }
            Err(trouble) => self.failed(tried, &find.request, &trouble),
        }
        false
    }

    /// An account that never was, under another name than ours: backwards, a search by likeness does not take it for ours. It
    /// is never created, and so stands in no journal.
    pub(super) fn nobody_of(&self, what: &str, username: &str) -> usize {
        let mut planned = self.engine.ledger.borrow().account(self.place).clone();
        planned.email = planned.email.replace(&planned.username, username);
        username.clone_into(&mut planned.username);
        planned.unmarked = true;
        planned.key.account = format!("{WITNESS}-{what}-{}", planned.key.account);
        self.engine.copy(self.place, planned, WitnessSecrets::default())
    }

    /// How many accounts the last answer to `find` shows.
    pub(super) fn shown_beside(&self, find: &Find) -> usize {
        let Some(answer) = self.engine.last_answer(self.place) else {
            return 0;
        };
        let scope = self.scope().answer(&answer);
        let is_absent = find.absent.holds(&answer, &scope).unwrap_or(false);
        let items = find.items.eval(&scope).ok().filter(|_| !is_absent);
        items.and_then(|items| items.len()).unwrap_or(0)
    }

    async fn listed(&self) {
        let Some(list) = &self.site.service.list else { return };
        self.list_as(list, ("list", "shows the account"), Extent::Whole).await;
        if list.filter.is_some() {
            self.list_as(list, ("list", "with its `filter`"), Extent::Prefix).await;
        }
    }

    async fn list_as(&self, list: &List, tried: Tried, extent: Extent) {
        let request = match extent {
            Extent::Whole => &list.request,
            Extent::Prefix | Extent::Marker | Extent::MarkerAlone => list.filter.as_ref().unwrap_or(&list.request),
        };
        let ours: RefCell<Option<(RemoteId, String, Value)>> = RefCell::default();
        let own = self.engine.record(self.place).ids.first().cloned();
        let listed = self
            .engine
            .list(self.place, extent, |id, name, item| {
                let is_ours = self.engine.is_its_name(self.place, name);
                if is_ours || own.as_ref() == Some(id) {
                    let item = serde_json::to_value(item).unwrap_or_default();
                    ours.borrow_mut()
                        .get_or_insert_with(|| (id.clone(), name.to_owned(), item));
                    return Regard::Wanted;
                }
                Regard::Stranger
            })
            .await;
        let username = self.username();
        match (ours.into_inner(), listed.refused, listed.incomplete) {
            (_, Some(refused), _) => {
                let why = format!("the `filter` was answered with {refused}");
                self.wrong(
                    tried,
                    Some(request),
                    Why::hinted(why, "correct `filter`, or leave it out"),
                );
            }
            (Some((id, name, item)), None, _) if name != username && own.as_ref() == Some(&id) => {
                let better = mend::path(&item, "item", &username);
                self.other_name(("list", "its `name`"), request, (&list.name, &name), better);
            }
            (Some((id, _, item)), None, _) if own.as_ref().is_some_and(|own| *own != id) => {
                let own = own.map(|own| own.as_str().to_owned()).unwrap_or_default();
                let better = mend::path(&item, "item", &own);
                let why = format!("it shows the account as `{id}`, and it was created as `{own}`");
                let hint = better.map(|id| format!("write `id: {id}` into `list`"));
                self.wrong(tried, Some(request), Why::new(why, hint));
            }
            (_, None, Some(why)) => {
                let line = self.line_for_items("list", &list.items, &list.name);
                let line =
                    line.unwrap_or_else(|| "correct the request of `list`, its `items`, `id` and `name`".to_owned());
                self.wrong(tried, Some(request), why.or_hint(line));
            }
            (Some(_), None, None) => {
                let shown = listed.total.map_or_else(
                    || format!("it shows the account among {}", listed.accounts),
                    |total| format!("it shows the account among {}, and counts {total}", listed.accounts),
                );
                self.proved(tried, Some(request), shown);
            }
            (None, None, None) => self.unlisted(list, tried, request),
        }
    }

    fn unlisted(&self, list: &List, tried: Tried, request: &Request) {
        let why = "it ends without the account, which is there";
        let line = self.line_for_items("list", &list.items, &list.name);
        let hint = line.unwrap_or_else(|| {
            if std::ptr::eq(request, &raw const list.request) {
                "correct its path, its query or `next`".to_owned()
            } else {
                "correct `filter`: it hides what it should show".to_owned()
            }
        });
        self.wrong(tried, Some(request), Why::hinted(why, hint));
    }
}

fn expected(answer: &Answer) -> String {
    format!("write `expect: [{}]` into `create`", answer.code())
}

/// Does it ask for something that the account alone has?
pub(super) fn asks_for_the_account(request: &Request) -> bool {
    let reads = |part: &Part<'_>| part.expression.names().iter().any(|name| name == "account");
    request.action.parts().iter().any(reads)
}

fn hinted(why: String, better: Option<String>) -> Why {
    Why::new(why, better.map(|path| format!("write `name: {path}`")))
}

/// Is this an answer of which nothing can be told?
pub(super) fn is_empty(answer: &Answer) -> bool {
    match &answer.body {
        Body::Text(text) => text.trim().is_empty(),
        Body::Json(json) => json.is_null(),
    }
}
