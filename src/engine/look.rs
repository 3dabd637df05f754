//! Looking an account up by its user name. A service's own filter is not believed: each item's name is compared.

use minijinja::value::ValueKind;

use super::create::{id, is_nameless, text};
use super::exchange::{Trouble, status};
use super::list::next_page;
use super::{Engine, Site};
use crate::config::{Find, Next};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::language::Scope;
use crate::ports::World;

/// Does the answer point to another page, in the common way or in that of the service's own `list`?
///
/// Pages that are counted don't say so: where somebody is shown whose name has nothing of ours, the name was not looked for,
/// and this may be the first page of all.
fn has_more(site: &Site, answer: &Answer, scope: &Scope, shows_others: bool) -> bool {
    let next = site.service.list.as_ref().and_then(|list| list.next.as_ref());
    let told = match next {
        Some(Next::Cursor { expression, .. } | Next::Url { expression }) => text(Some(expression), scope),
        Some(Next::Page { .. } | Next::Offset { .. }) if shows_others => return true,
        Some(Next::Page { .. } | Next::Offset { .. } | Next::Link) | None => None,
    };
    told.is_some() || next_page(answer).is_some()
}

impl<W: World> Engine<'_, W> {
    /// The ids of all accounts under exactly our name. None is an answer too, but not yet a proof.
    pub(super) async fn find(&self, place: usize, site: &Site, find: &Find) -> Result<Vec<RemoteId>, Trouble> {
        let scope = self.scope(place, site);
        let asked = self.stamp();
        let answer = self.ask(place, "look-up", &find.request, &scope).await?;
        let scope = scope.answer(&answer);
        if find.absent.holds(&answer, &scope).unwrap_or(false) {
            return Ok(Vec::new());
        }
        if !find.request.expect.holds(&answer, &scope).unwrap_or(false) {
            return Err(Trouble::Unanswered(format!(
                "the look-up was answered with {}",
                status(&answer)
            )));
        }
        let unreadable = |what: String| Trouble::Unanswered(format!("the look-up's answer can't be read: {what}"));
        let items = find.items.eval(&scope).map_err(|error| unreadable(error.to_string()))?;
        // Some services say null where a list is empty; anything else that is no list may be a page of another kind.
        if items.is_none() {
            return Ok(Vec::new());
        }
        if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(unreadable(format!("`{}` is no list", find.items.source())));
        }
        let username = self.username(place);
        let mut ids = Vec::new();
        let mut folded = None;
        let (mut is_one_read, mut is_one_unread, mut shows_others) = (false, false, false);
        for item in items.try_iter().map_err(|error| unreadable(error.to_string()))? {
            let scope = scope.clone().with("item", item);
            let Some(name) = text(Some(&find.name), &scope) else {
                if is_nameless(&find.name, &scope) {
                    is_one_read = true;
                } else {
                    is_one_unread = true;
                }
                continue;
            };
            is_one_read = true;
            if name != username {
                let (lower, ours) = (name.to_lowercase(), username.to_lowercase());
                shows_others |= !lower.is_empty() && !lower.contains(&ours);
                folded = folded.or((lower == ours).then_some(name));
                continue;
            }
            let id =
                id(Some(&find.id), &scope).ok_or_else(|| unreadable(format!("`{}` gives no id", find.id.source())))?;
            if self.world.is_secret(id.as_str()) {
                let source = find.id.source();
                return Err(unreadable(format!(
                    "what `{source}` gives is a secret, and is told nobody"
                )));
            }
            ids.push(id);
        }
        // Ours may be among them.
        if is_one_unread && !is_one_read {
            return Err(unreadable(format!(
                "`{}` gives no name for what it shows\nhint: correct it, or let it end in `| default(\"\")` if others' accounts have none",
                find.name.source()
            )));
        }
        // A service that keeps names in another case has it all the same: it is not ours by name, and it is not absent.
        if let Some(name) = folded.filter(|_| ids.is_empty()) {
            return Err(Trouble::Unanswered(format!(
                "the look-up shows `{name}`, which differs from `{username}` in upper and lower case alone, and is left alone\nhint: give the persona a `username` in the case that the service keeps"
            )));
        }
        // Somebody ignores what was asked for, and shows everybody page by page.
        if ids.is_empty() && has_more(site, &answer, &scope, shows_others) {
            return Err(Trouble::Unanswered(
                "the look-up was answered with only a part of a longer list\nhint: let `find` ask for exactly this user name".to_owned(),
            ));
        }
        if !ids.is_empty() {
            self.prove_credentials(place, asked, &find.request, &answer);
        }
        Ok(ids)
    }
}
