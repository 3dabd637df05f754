//! Listing a service's accounts page by page: the whole list is never held, only what is asked to be kept.

use std::collections::HashSet;

use minijinja::value::{Value, ValueKind};
use ring::digest;

use super::create::{id, text};
use super::exchange::{Trouble, status};
use super::{Engine, Site};
use crate::config::{Carrier, List, Next};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::language::Scope;
use crate::ports::{Identity, Outgoing, World};

/// A list of more pages ends with an error.
const PAGES_MAX: usize = 100_000;

/// A list that has shown another account of ours at each of so many readings ends with an error.
const READINGS_MAX: usize = 5;

/// What a listed account is to whoever lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regard {
    /// Nobody: it may be shown again.
    Stranger,
    /// It is told of, once.
    Told,
    /// It is what is looked for. While a reading shows new ones, another follows.
    Wanted,
}

/// How a listing went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// How often the list was read.
    pub readings: usize,
    /// How many pages were read, in all readings.
    pub pages: usize,
    /// How many accounts one reading showed at most.
    pub accounts: usize,
    /// Why it does not show all of them, if so.
    pub incomplete: Option<String>,
}

impl<W: World> Engine<'_, W> {
    /// Lists the service of the account at `place`, and hands over each account that has a name, with all that the list shows of it.
    ///
    /// Pages are asked for one after the other, and others create and delete accounts meanwhile: whoever stands behind one
    /// that is deleted moves up, at times from a page that is still to come to one that was read. No page tells that. So a
    /// list of several pages is read again until a reading shows nobody new who is wanted. An account that is shown twice is
    /// handed over once.
    pub async fn list(&self, place: usize, each: impl FnMut(&RemoteId, &str, &Value) -> Regard) -> Listed {
        let mut listed = Listed::default();
        let ended = tokio::select! {
            ended = self.readings(place, each, &mut listed) => ended,
            () = self.after_last_answers() => Err("it was stopped".to_owned()),
        };
        listed.incomplete = ended.err();
        listed
    }

    async fn readings(
        &self,
        place: usize,
        mut each: impl FnMut(&RemoteId, &str, &Value) -> Regard,
        listed: &mut Listed,
    ) -> Result<(), String> {
        // Of strangers nothing is kept, however many there are.
        let mut known: HashSet<(RemoteId, String)> = HashSet::new();
        let (mut whole, mut was_repeated) = (0, false);
        loop {
            let before = listed.pages;
            let mut is_new = false;
            listed.readings += 1;
            let take = |id: RemoteId, name: String, item: &Value| {
                let account = (id, name);
                if known.contains(&account) {
                    return;
                }
                let regard = each(&account.0, &account.1, item);
                is_new |= regard == Regard::Wanted;
                if regard != Regard::Stranger {
                    known.insert(account);
                }
            };
            let end = self.pages(place, take, listed).await?;
            if end == End::Repeated {
                // In a list that grows by a page's length, too: that does not happen twice.
                if std::mem::replace(&mut was_repeated, true) {
                    return Err("a page came twice: the service does not go by the parameter of `next`".to_owned());
                }
                continue;
            }
            whole += 1;
            let is_one_page = listed.pages == before + 1;
            if is_one_page || (whole > 1 && !is_new) {
                return Ok(());
            }
            if whole == READINGS_MAX {
                return Err(format!(
                    "it moves while it is read: each of {READINGS_MAX} readings showed accounts that those before had not"
                ));
            }
        }
    }

    /// One reading, from the first page to the last.
    async fn pages(
        &self,
        place: usize,
        mut each: impl FnMut(RemoteId, String, &Value),
        listed: &mut Listed,
    ) -> Result<End, String> {
        let site = self.site(place).ok_or("the configuration has no such service")?;
        if let Some(reason) = &site.unusable {
            return Err(reason.clone());
        }
        let list = site.service.list.as_ref().ok_or("it has no `list`")?;
        let mut page = Outgoing::render(&list.request, &site.scope, Identity::Own)
            .map_err(|error| format!("`{}` can't be sent: {error}", list.request.place))?;
        let mut number = match &list.next {
            Some(Next::Page { param, first }) => {
                turn(&mut page, list.carrier, param, (*first).into())?;
                *first
            }
            Some(Next::Offset { .. } | Next::Cursor { .. } | Next::Url { .. } | Next::Link) | None => 0,
        };
        let mut seen = HashSet::new();
        let (mut pages, mut shown) = (0, 0);
        loop {
            let (answer, items) = self.page(place, site, list, &page, &mut each).await?;
            pages += 1;
            shown += items.count;
            listed.pages += 1;
            listed.accounts = listed.accounts.max(shown);
            // An empty page ends a list; any other that comes again would come for ever.
            if items.count > 0 && !seen.insert(items.fingerprint) {
                return Ok(End::Repeated);
            }
            if pages == PAGES_MAX {
                return Err(format!("it has over {PAGES_MAX} pages"));
            }
            let scope = site.scope.clone().answer(&answer);
            let Some(next) = &list.next else {
                return Ok(End::Last);
            };
            let more = match next {
                Next::Page { param, .. } => {
                    number += 1;
                    turn(&mut page, list.carrier, param, number.into())?;
                    items.count > 0
                }
                Next::Offset { param } => {
                    number += items.count as u64;
                    turn(&mut page, list.carrier, param, number.into())?;
                    items.count > 0
                }
                Next::Cursor { expression, param } => match text(Some(expression), &scope) {
                    Some(cursor) => {
                        turn(&mut page, list.carrier, param, cursor.into())?;
                        true
                    }
                    None => false,
                },
                Next::Url { expression } => {
                    page.next = text(Some(expression), &scope);
                    page.next.is_some()
                }
                Next::Link => {
                    page.next = next_page(&answer);
                    page.next.is_some()
                }
            };
            if !more {
                return Ok(End::Last);
            }
        }
    }

    async fn page(
        &self,
        place: usize,
        site: &Site,
        list: &List,
        page: &Outgoing,
        each: &mut impl FnMut(RemoteId, String, &Value),
    ) -> Result<(Answer, Items), String> {
        let answer = self
            .repeat(place, "list", page)
            .await
            .map_err(|trouble: Trouble| trouble.reason())?;
        let scope = site.scope.clone().answer(&answer);
        if !list.request.expect.holds(&answer, &scope).unwrap_or(false) {
            return Err(format!("the list was answered with {}", status(&answer)));
        }
        let items = Self::items(list, &scope, each)?;
        Ok((answer, items))
    }

    fn items(list: &List, scope: &Scope, each: &mut impl FnMut(RemoteId, String, &Value)) -> Result<Items, String> {
        let source = list.items.source();
        let items = list
            .items
            .eval(scope)
            .map_err(|error| format!("the list can't be read: {error}"))?;
        let mut context = digest::Context::new(&digest::SHA256);
        let mut count = 0;
        if !items.is_none() {
            if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
                return Err(format!("the list can't be read: `{source}` is no list"));
            }
            for item in items
                .try_iter()
                .map_err(|error| format!("the list can't be read: {error}"))?
            {
                count += 1;
                let scope = scope.clone().with("item", item.clone());
                let (id, name) = (id(Some(&list.id), &scope), text(Some(&list.name), &scope));
                context.update(id.as_ref().map_or("", RemoteId::as_str).as_bytes());
                context.update(&[0]);
                // An item without a name or an id is none of ours.
                if let (Some(id), Some(name)) = (id, name) {
                    each(id, name, &item);
                }
            }
        }
        Ok(Items {
            count,
            fingerprint: context.finish().as_ref().to_vec(),
        })
    }
}

/// Has the next request ask for another page.
fn turn(page: &mut Outgoing, carrier: Carrier, param: &str, value: serde_json::Value) -> Result<(), String> {
    match (carrier, value) {
        (Carrier::Json, value) => page
            .set_json(param, value)
            .map_err(|key| format!("`{param}` is no place in the body: `{key}` is no map there"))?,
        (Carrier::Query, serde_json::Value::String(text)) => page.set_query(param, &text),
        (Carrier::Query, value) => page.set_query(param, &value.to_string()),
    }
    Ok(())
}

/// Why a reading is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The last page was read.
    Last,
    /// A page came for the second time.
    Repeated,
}

/// What a page held.
struct Items {
    count: usize,
    /// Of its ids, in their order.
    fingerprint: Vec<u8>,
}

/// Where an answer's own links say that the next page is. Some servers send a field for each link.
pub(super) fn next_page(answer: &Answer) -> Option<String> {
    let fields = answer.headers.iter().filter(|(name, _)| name == "link");
    fields.map(|(_, field)| field).find_map(|field| next_link(field))
}

/// The target of `rel="next"` in a `Link` field (RFC 8288, section 3).
fn next_link(field: &str) -> Option<String> {
    let mut rest = field;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>')?;
        let target = &rest[start + 1..end];
        let parameters = &rest[end + 1..];
        // The next link begins behind a comma that no target follows earlier.
        let stop = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..stop].split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let kinds = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && kinds.split_whitespace().any(|kind| kind.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &parameters[stop..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        for (field, expected) in [
            (r#"<https://h/u?page=2>; rel="next""#, Some("https://h/u?page=2")),
            (
                r#"<https://h/u?page=9>; rel="last", </u?page=2>; rel="next""#,
                Some("/u?page=2"),
            ),
            (r"<u?a=1,2>; rel=next; title=x", Some("u?a=1,2")),
            (r#"<https://h/u?page=2>; REL="prev next""#, Some("https://h/u?page=2")),
            (r#"<https://h/u?page=1>; rel="first""#, None),
            ("nonsense", None),
            ("<unclosed", None),
            ("", None),
        ] {
            assert_eq!(next_link(field).as_deref(), expected, "{field}");
        }
    }
}
