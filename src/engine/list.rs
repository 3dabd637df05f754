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

/// How a listing went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// How many pages were read.
    pub pages: usize,
    /// How many accounts they showed.
    pub accounts: usize,
    /// Why it does not show all of them, if so.
    pub incomplete: Option<String>,
}

impl<W: World> Engine<'_, W> {
    /// Lists the service of the account at `place`, and hands over each account that has a name, with all that the list shows of it.
    pub async fn list(&self, place: usize, each: impl FnMut(RemoteId, String, &Value)) -> Listed {
        let mut listed = Listed::default();
        let ended = tokio::select! {
            ended = self.pages(place, each, &mut listed) => ended,
            () = self.after_last_answers() => Err("it was stopped".to_owned()),
        };
        listed.incomplete = ended.err();
        listed
    }

    async fn pages(
        &self,
        place: usize,
        mut each: impl FnMut(RemoteId, String, &Value),
        listed: &mut Listed,
    ) -> Result<(), String> {
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
        loop {
            let (answer, items) = self.page(place, site, list, &page, &mut each).await?;
            listed.pages += 1;
            listed.accounts += items.count;
            // An empty page ends a list; any other that comes again would come for ever.
            if items.count > 0 && !seen.insert(items.fingerprint) {
                return Err("a page came twice: the service does not go by the parameter of `next`".to_owned());
            }
            if listed.pages == PAGES_MAX {
                return Err(format!("it has over {PAGES_MAX} pages"));
            }
            let scope = site.scope.clone().answer(&answer);
            let Some(next) = &list.next else { return Ok(()) };
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
                return Ok(());
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
