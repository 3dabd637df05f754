//! Listing a service's accounts page by page: the whole list is never held, only what is asked to be kept.

mod items;
mod link;
mod next;

use std::collections::HashSet;

use minijinja::value::Value;

use super::create::text;
use super::exchange::{Insistence, Trouble, unsendable};
use super::words::asked;
use super::{Engine, Site};
use crate::config::{List, Next, Request};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::domain::meaning::Meaning;
use crate::domain::paging;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{Doing, Identity, Outgoing, World};
use items::{Items, Tally};
pub(super) use link::next_page;
use next::{doubt, is_cut, pointer};

/// A list of more pages ends with an error.
const PAGES_MAX: usize = 100_000;

/// So many empty pages a list may have before its end.
const EMPTY_MAX: usize = 20;

/// What is kept of accounts that are told of or looked for, in bytes: beside a number for each that is planned, so that what a
/// service makes up does not fill the memory.
const KEPT_MAX: usize = 4 * 1024 * 1024;
const KEPT_OF_EACH: usize = 1024;
/// What is kept of one beside its texts.
const BESIDE: usize = 96;

/// A list that has shown another account of ours at each of so many readings ends with an error.
const READINGS_MAX: usize = 5;

/// Which accounts a service is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// Those of the run's prefix, where the list has a `filter`.
    Prefix,
    /// Those of the plan's marker, where the list has a `filter`.
    Marker,
    /// The same, and nobody where the service refuses the filter.
    MarkerAlone,
}

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
    /// How many it says that there are, where it does.
    pub total: Option<usize>,
    /// Was the service asked for the accounts of the prefix alone?
    pub filtered: bool,
    /// It has several pages, and there was no time to read them again.
    pub once: bool,
    /// What the service said to the `filter`, where it would not have it.
    pub refused: Option<String>,
    /// Why it may be cut short, unless it told where it ends: by another page that is empty or isn't there, by its total, or by
    /// a filter.
    pub doubt: Option<Why>,
    /// Why it does not show all of them, if so.
    pub incomplete: Option<Why>,
    /// Was its first page refused (4xx), or are the credentials known to be dead?
    pub barred: bool,
}

impl<W: World> Engine<'_, W> {
    /// Lists the service of the account at `place`, and hands over each account with all that the list shows of it. The name of
    /// one that has none is empty.
    ///
    /// Pages are asked for one after the other, and others create and delete accounts meanwhile: whoever stands behind one
    /// that is deleted moves up, at times from a page that is still to come to one that was read. No page tells that. So a
    /// list of several pages is read again until a reading shows nobody new who is wanted. An account that is shown twice is
    /// handed over once.
    pub async fn list(
        &self,
        place: usize,
        extent: Extent,
        each: impl FnMut(&RemoteId, &str, &Value) -> Regard,
    ) -> Listed {
        let mut listed = Listed::default();
        let ended = tokio::select! {
            ended = self.readings(place, extent, each, &mut listed) => ended,
            () = self.after_last_answers() => Err("it was stopped".into()),
        };
        self.busy(place, None);
        listed.incomplete = ended.err();
        listed
    }

    async fn readings(
        &self,
        place: usize,
        extent: Extent,
        mut each: impl FnMut(&RemoteId, &str, &Value) -> Regard,
        listed: &mut Listed,
    ) -> Result<(), Why> {
        let site = self.site(place).ok_or("the configuration has no such service")?;
        if let Some(reason) = &site.unusable {
            return Err(reason.clone());
        }
        let list = site.service.list.as_ref().ok_or("it has no `list`")?;
        let mut filter = list.filter.as_ref().filter(|_| extent != Extent::Whole);
        let scope = self.scope_of(site, extent);
        // Of strangers nothing is kept, however many there are.
        let mut known: HashSet<(RemoteId, String)> = HashSet::new();
        let (mut whole, mut was_repeated) = (0, false);
        let mut room = KEPT_MAX + KEPT_OF_EACH * self.ledger.borrow().plan().accounts.len();
        let mut is_full = false;
        loop {
            let before = listed.pages;
            let begun = self.world.now();
            let mut is_new = false;
            listed.readings += 1;
            let take = |id: RemoteId, name: String, item: &Value| {
                let account = (id, name);
                if known.contains(&account) {
                    return;
                }
                if is_full {
                    return;
                }
                let regard = each(&account.0, &account.1, item);
                is_new |= regard == Regard::Wanted;
                if regard != Regard::Stranger {
                    let bytes = BESIDE + account.0.as_str().len() + account.1.len();
                    is_full = bytes > room;
                    room = room.saturating_sub(bytes);
                    known.insert(account);
                }
            };
            listed.filtered = filter.is_some();
            let first = filter.unwrap_or(&list.request);
            let (shown, is_empty, is_cut) = match self.pages((place, list, &scope), first, take, listed).await? {
                End::Last {
                    shown,
                    is_empty,
                    is_cut,
                } => (shown, is_empty, is_cut),
                End::Repeated if was_repeated => {
                    return Err("the same page came twice: the service ignores the parameter of `next`".into());
                }
                // In a list that grows by a page's length, too: that does not happen twice.
                End::Repeated => {
                    was_repeated = true;
                    continue;
                }
                // A service may know less than the whole language of filters. What it lists without one is as good.
                End::Refused(answer) if extent != Extent::MarkerAlone && filter.take().is_some() => {
                    listed.refused = Some(answer);
                    continue;
                }
                End::Refused(answer) => return Err(format!("{} was answered with {answer}", asked(first)).into()),
            };
            if is_full {
                return Err("it shows more accounts of ours than can be kept in memory".into());
            }
            // That none of them is ours can't be told.
            if let Some(reason) = shown.unreadable(list) {
                return Err(reason.into());
            }
            whole += 1;
            if is_cut && list.next.is_some() {
                return Err(Why::hinted(
                    "its last page says that there are more, but its `next` leads nowhere",
                    "correct `next`",
                ));
            }
            let is_told = filter.is_some() || listed.total == Some(shown.items);
            listed.doubt = doubt(list, shown.items, is_cut, is_told);
            if let Some(total) = listed.total.filter(|total| *total > shown.items) {
                let shown = shown.items;
                return Err(format!("it says that there are {total} accounts, and shows {shown}").into());
            }
            let is_one_page = listed.pages == before + 1;
            if is_one_page || (whole > 1 && !is_new) {
                // Whoever was shown anybody by this reading was let in when the one before it had ended.
                return self.prove_list(place, site, first, shown.items > 0).await;
            }
            if whole == READINGS_MAX {
                let moves = format!("it changes while it is read: each of {READINGS_MAX} readings showed new accounts");
                return Err(moves.into());
            }
            // A reading that would be cut off is not begun. One whole reading is a list.
            if self.world.now().since(begun) > self.time_left() {
                if whole > 1 {
                    return Err("it changes while it is read, and there is no time to read it again".into());
                }
                listed.once = true;
                return self.prove_list(place, site, first, !is_empty).await;
            }
        }
    }

    /// What the list's request sees. A cleanup asks for its own marker in place of the prefix.
    fn scope_of(&self, site: &Site, extent: Extent) -> Scope {
        if !matches!(extent, Extent::Marker | Extent::MarkerAlone) {
            return site.scope.clone();
        }
        let marker = self.ledger.borrow().plan().marker.clone();
        let run = site.scope.get("run").cloned().unwrap_or_default();
        let keys = ["id", "attempt", "url", "marker", "expires", "expires_at"];
        let kept = keys.into_iter().filter_map(|key| Some((key, run.get_attr(key).ok()?)));
        let run = Value::from_pairs(kept.chain([("prefix", Value::from(marker))]));
        site.scope.clone().with("run", run)
    }

    /// An empty page is the end of a list, and also what a dead token is shown: unless credentials have proved themselves by
    /// what the list showed, they have to do it now.
    async fn prove_list(&self, place: usize, site: &Site, request: &Request, is_proved: bool) -> Result<(), Why> {
        // Some services show strangers a part of the list.
        if is_proved && site.service.probe.is_none() {
            return Ok(());
        }
        match self.prove(place, site, request, &site.scope, self.stamp()).await {
            Ok(Some(_)) => Ok(()),
            Err(trouble @ Trouble::Halted(..)) => Err(trouble.reason()),
            Ok(None)
            | Err(
                Trouble::Unsendable(_)
                | Trouble::Unanswered(_)
                | Trouble::Refused(_)
                | Trouble::Useless(_)
                | Trouble::Nameless(_)
                | Trouble::Another
                | Trouble::Hopeless(_)
                | Trouble::Journal(_),
            ) => Err(self.unproved(place, "the list can't be trusted")),
        }
    }

    /// One reading, from the first page to the last.
    async fn pages(
        &self,
        (place, list, scope): (usize, &List, &Scope),
        first: &Request,
        mut each: impl FnMut(RemoteId, String, &Value),
        listed: &mut Listed,
    ) -> Result<End, Why> {
        let mut number = match &list.next {
            Some(Next::Page { first, .. }) => *first,
            Some(Next::Offset { .. } | Next::Cursor { .. } | Next::Url { .. } | Next::Link) | None => 0,
        };
        let mut page = self.page_request(first, scope)?;
        if let Some(Next::Page { param, .. }) = &list.next {
            page.set_page(list.carrier, param, number.into())?;
        }
        let mut fingerprints = HashSet::new();
        let (mut pages, mut empty, mut shown) = (0, 0, Tally::default());
        loop {
            let read = self.page(place, scope, list, &page, &mut each).await;
            listed.barred = pages == 0
                && match &read {
                    Ok(Ok(_)) => false,
                    Ok(Err(answer)) => answer.meaning().is_refusal(),
                    Err(trouble) => matches!(trouble, Trouble::Refused(_)),
                };
            let (answer, items) = match read.map_err(|trouble| trouble.reason())? {
                Ok(page) => page,
                // Credentials that are refused are refused without a filter, too.
                Err(answer) if pages == 0 && answer.meaning() != Meaning::Unauthorized => {
                    return Ok(End::Refused(self.status_in_words(first, &answer, scope)));
                }
                Err(answer) => return Err(self.unexpected(first, &answer, scope).into()),
            };
            pages += 1;
            let count = items.shown.items;
            shown.add(items.shown);
            listed.pages += 1;
            listed.accounts = listed.accounts.max(shown.items);
            let accounts = shown.items;
            self.busy(place, Doing::Listing { pages, accounts });
            // An empty page ends a list; any other that comes again would come for ever.
            if count > 0 && !fingerprints.insert(items.fingerprint) {
                // Without ids one page looks like another.
                return shown
                    .unreadable(list)
                    .map_or(Ok(End::Repeated), |reason| Err(reason.into()));
            }
            if pages == PAGES_MAX {
                return Err(format!("it has over {PAGES_MAX} pages").into());
            }
            let seen = scope.clone().answer(&answer);
            if let Some(total) = &list.total {
                let total = text(Some(total), &seen).and_then(|total| total.parse().ok());
                listed.total = total.or(listed.total);
            }
            if count == 0
                && pages == 1
                && listed.total.is_none()
                && paging::total(&answer).is_some_and(|total| total > 0)
            {
                return Err("it shows no accounts, but reports that there are some".into());
            }
            let more = match &list.next {
                None => false,
                Some(Next::Page { param, .. }) => {
                    number += 1;
                    self.turn_page(&mut page, (first, scope), list, param, number.into())?;
                    count > 0
                }
                Some(Next::Offset { param }) => {
                    number += count as u64;
                    self.turn_page(&mut page, (first, scope), list, param, number.into())?;
                    count > 0
                }
                Some(Next::Cursor { expression, param }) => match pointer(expression, &seen)? {
                    Some(cursor) => {
                        self.turn_page(&mut page, (first, scope), list, param, cursor.into())?;
                        true
                    }
                    None => false,
                },
                Some(Next::Url { expression }) => page.follow(pointer(expression, &seen)?),
                Some(Next::Link) => page.follow(next_page(&answer)),
            };
            if more && count == 0 {
                empty += 1;
                // Some services filter a page after they have cut it, and so give empty ones in between.
                if empty > EMPTY_MAX {
                    return Err("page after page is empty and points to another: the service ignores `next`".into());
                }
            }
            if !more {
                let is_cut = is_cut(list, &answer, shown.items, listed.filtered);
                return Ok(End::Last {
                    shown,
                    is_empty: count == 0,
                    is_cut,
                });
            }
        }
    }

    /// The request of a page. Where its templates say which one is asked for, the scope says it.
    fn page_request(&self, first: &Request, scope: &Scope) -> Result<Outgoing, Why> {
        let mut page = Outgoing::render(first, scope, Identity::Own, self.world.now())
            .map_err(|error| unsendable(first, error))?;
        page.set_fresh();
        page.repeatable = true;
        Ok(page)
    }

    /// Has a page's request ask for another.
    fn turn_page(
        &self,
        page: &mut Outgoing,
        (first, scope): (&Request, &Scope),
        list: &List,
        param: &str,
        position: serde_json::Value,
    ) -> Result<(), Why> {
        let Some((name, _)) = list.first_position() else {
            return Ok(page.set_page(list.carrier, param, position)?);
        };
        *page = self.page_request(first, &scope.clone().with_json(name, &position))?;
        Ok(())
    }

    /// One page. `Err` within is an answer that is none.
    async fn page(
        &self,
        place: usize,
        scope: &Scope,
        list: &List,
        page: &Outgoing,
        each: &mut impl FnMut(RemoteId, String, &Value),
    ) -> Result<Result<(Answer, Items), Answer>, Trouble> {
        let mut insistence = Insistence::begin(self.world.now());
        let answer = loop {
            let answer = self.repeat(place, "list", page).await?;
            let step = (&list.request, scope);
            if !self.insists(place, step, &answer, false, &mut insistence).await? {
                break answer;
            }
        };
        let scope = scope.clone().answer(&answer);
        if !list.request.expect.holds(&answer, &scope).unwrap_or(false) {
            return Ok(Err(answer));
        }
        let items = items::read(list, &scope, each).map_err(Trouble::Useless)?;
        Ok(Ok((answer, items)))
    }
}

/// Why a reading is over.
enum End {
    /// The last page was read.
    Last {
        shown: Tally,
        is_empty: bool,
        /// It says itself that there are more.
        is_cut: bool,
    },
    /// A page came for the second time.
    Repeated,
    /// The first page was answered otherwise than is expected.
    Refused(String),
}
