//! The eyes of a service: what shows an account by its id, by its name, or in a list.
//!
//! A service's own filter is not believed: each name is compared. What an eye shows of an account that is known to be there
//! earns it sight; whether "not there" then counts is `domain::evidence`'s to say.

use minijinja::value::ValueKind;

use super::create::{id, is_nameless, text};
use super::exchange::Trouble;
use super::list::next_page;
use super::{Engine, Halt, Site};
use crate::config::{Find, Next, Poll, Request, Service};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::domain::evidence::{Blindness, Eye, Look};
use crate::domain::ledger::Status;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Shown;
use crate::domain::paging;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::World;

/// What the eye by the name shows.
pub(super) enum Found {
    /// These ids, under exactly our name.
    Ours(Vec<RemoteId>),
    /// Nobody of our name.
    Nobody,
    /// It can't be told.
    Unread(Trouble),
}

/// The request that shows an account by its id: `verify`, else `gone`. What comes with the account's own credentials is no eye.
pub(super) fn by_id(site: &Site) -> Option<&Poll> {
    eye_by_id(&site.service)
}

/// The same of a service as it is described.
pub fn eye_by_id(service: &Service) -> Option<&Poll> {
    let own = |poll: &&Poll| {
        let request = &poll.request;
        // What is left out for some accounts shows nothing of them.
        request.when.is_none() && !request.is_sent_by_the_account() && !request.logs_in()
    };
    let verify = service.verify.as_ref().filter(own);
    verify.or_else(|| service.gone.as_ref().filter(own))
}

/// Does an answer to `gone` say that there is no such account?
pub(super) fn is_gone(gone: &Poll, answer: &Answer, scope: &Scope) -> bool {
    match gone.until {
        Some(_) => !answer.is_overruled() && gone.holds(scope),
        None => gone.request.gone.holds(answer, scope).unwrap_or(false),
    }
}

impl<W: World> Engine<'_, W> {
    /// What the eye by the id shows.
    pub(super) async fn read(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Look, Halt> {
        let Some(poll) = by_id(site) else {
            return Ok(Look::Nameless);
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        let asked = self.stamp();
        let answer = match self.look(place, "read", &poll.request, &scope).await {
            Ok(answer) => answer,
            Err(Trouble::Halted(halt, _)) => return Err(halt),
            // What is known of a listed account may be too little for it.
            Err(Trouble::Unsendable(_)) if self.only_listed => return Ok(Look::Nameless),
            Err(trouble) => return Ok(blind(&trouble, None)),
        };
        let seen = scope.answer(&answer);
        let is_verify = site.service.verify.is_some();
        let says_gone = if is_verify {
            poll.request.gone.holds(&answer, &seen).unwrap_or(false)
        } else {
            is_gone(poll, &answer, &seen)
        };
        if says_gone {
            return Ok(Look::Gone);
        }
        let is_expected = poll.request.expect.holds(&answer, &seen).unwrap_or(false);
        let shown = self.shown(place, poll.name.as_ref(), &seen);
        // Whatever else is said of it, another name is another account.
        if shown == Shown::Other && answer.is_success() {
            return Ok(Look::Other);
        }
        if !is_expected {
            // Some services answer of whom they don't have as of everybody, and `gone` alone can tell.
            if is_verify && answer.is_success() && self.holds_gone(place, site, id).await? {
                return Ok(Look::Gone);
            }
            let what = self.unexpected(&poll.request, &answer, &seen);
            let trouble = if answer.is_success() {
                Trouble::Useless(what.into())
            } else {
                Trouble::Unanswered(what.into())
            };
            return Ok(blind(&trouble, Some(&answer)));
        }
        let is_ours = shown == Shown::Ours || (shown == Shown::Nothing && self.stands_in(place, &answer));
        if is_ours {
            self.prove_by_reading(place, asked, &poll.request, &answer);
        }
        if is_ours || self.record(place).was_read(id) {
            self.earn(place, Eye::Id);
        }
        Ok(if is_ours { Look::Ours } else { Look::Nameless })
    }

    /// Does the service's `gone` hold of this id?
    async fn holds_gone(&self, place: usize, site: &Site, id: &RemoteId) -> Result<bool, Halt> {
        let Some(gone) = &site.service.gone else {
            return Ok(false);
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        match self.look(place, "check that it is gone", &gone.request, &scope).await {
            Ok(answer) => {
                let seen = scope.answer(&answer);
                Ok(is_gone(gone, &answer, &seen))
            }
            Err(Trouble::Halted(halt, _)) => Err(halt),
            Err(_) => Ok(false),
        }
    }

    /// What the eye by the name shows: `find`, else the list, else a reading by the id that we chose.
    pub(super) async fn find_by_name(&self, place: usize, site: &Site) -> Result<Found, Halt> {
        let blind = self.is_find_blind(place);
        let find = site.service.find.as_ref().filter(|_| site.powers.find);
        let mut nameless = None;
        if let Some(find) = find.filter(|_| !blind || site.service.list.is_none()) {
            let found = match self.find(place, site, find).await {
                Ok(ids) if ids.is_empty() => Found::Nobody,
                Ok(ids) => {
                    self.earn(place, Eye::Name);
                    Found::Ours(ids)
                }
                Err(Trouble::Halted(halt, _)) => return Err(halt),
                Err(trouble) => Found::Unread(trouble),
            };
            if !matches!(found, Found::Unread(_)) || site.service.list.is_none() {
                return Ok(found);
            }
            // Of a create that was refused a person may be shown here who has our address and, as people do, no name of ours.
            let may_be_ours = self.record(place).status != Status::Refused;
            nameless = Some(found).filter(|found| matches!(found, Found::Unread(Trouble::Nameless(_))) && may_be_ours);
        }
        if site.service.list.is_some() {
            let listed = self.find_in_list(place, site, self.world.now()).await?;
            // A list in which the account has no name either does not overrule what shows it.
            return Ok(match (listed, nameless) {
                (Found::Nobody, Some(nameless)) => nameless,
                (listed, _) => listed,
            });
        }
        let id = match self.chosen_id(place, site) {
            Ok(id) => id,
            Err(stuck) => return Ok(Found::Unread(Trouble::Unanswered(stuck.detail))),
        };
        Ok(match self.read(place, site, &id).await? {
            Look::Ours => {
                self.earn(place, Eye::Name);
                Found::Ours(vec![id])
            }
            Look::Gone => Found::Nobody,
            Look::Other => Found::Unread(Trouble::Unanswered("its id shows another name".into())),
            Look::Nameless => Found::Unread(Trouble::Unanswered("reading it shows no name".into())),
            Look::Blind { why, by } => Found::Unread(match by {
                Blindness::Refusal => Trouble::Refused(why),
                Blindness::Nonsense => Trouble::Useless(why),
                Blindness::Silence => Trouble::Unanswered(why),
            }),
        })
    }

    /// Is the list the eye by the name, since `find` did not show what it was asked for?
    pub(super) fn is_find_blind(&self, place: usize) -> bool {
        self.blind_finds.borrow().contains(&self.site_of(place))
    }

    /// The request that the absence of a name came from, and by which credentials are proved.
    pub(super) fn name_request<'s>(&self, place: usize, site: &'s Site) -> Option<&'s Request> {
        let blind = self.is_find_blind(place);
        let find = site.service.find.as_ref().filter(|_| site.powers.find);
        let list = site.service.list.as_ref();
        find.filter(|_| !blind || list.is_none())
            .map(|find| &find.request)
            .or(list.map(|list| &list.request))
            .or(by_id(site).map(|poll| &poll.request))
    }

    /// The ids of all accounts under our name that `find` shows. None is an answer too, but not yet a proof.
    pub(super) async fn find(&self, place: usize, site: &Site, find: &Find) -> Result<Vec<RemoteId>, Trouble> {
        let scope = self.scope(place, site);
        let asked = self.stamp();
        let answer = self.look(place, "look-up", &find.request, &scope).await?;
        let scope = scope.answer(&answer);
        if find.absent.holds(&answer, &scope).unwrap_or(false) {
            return Ok(Vec::new());
        }
        if !find.request.expect.holds(&answer, &scope).unwrap_or(false) {
            let said = self.unexpected(&find.request, &answer, &scope);
            return Err(if answer.meaning() == Meaning::NotFound {
                Trouble::Refused(Why::hinted(
                    said,
                    format!(
                        "check the path of `find`; if that is how the service says that there is none, write `absent: [{}]` into `find`",
                        answer.code()
                    ),
                ))
            } else if answer.meaning().is_refusal() {
                Trouble::Refused(said.into())
            } else {
                Trouble::Unanswered(said.into())
            });
        }
        let unreadable = |why: Why| Trouble::Useless(why.context("the look-up's answer can't be read"));
        let items = find.items.eval(&scope).map_err(|error| unreadable(error.into()))?;
        // Null is what a failed query gives too.
        if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(unreadable(self.why_nothing("items", &find.items, &scope).into()));
        }
        let mut ids = Vec::new();
        let (mut shown, mut named, mut nameless, mut others, mut is_one_ours) = (0_usize, 0_usize, false, false, false);
        let marker = self.ledger.borrow().plan().marker.clone();
        for item in items.try_iter().map_err(|error| unreadable(error.to_string().into()))? {
            shown += 1;
            let scope = scope.clone().with("item", item.clone());
            let Some(name) = text(Some(&find.name), &scope) else {
                nameless |= is_nameless(&find.name, &scope);
                is_one_ours |= self.stands_in_item(place, &item);
                continue;
            };
            named += 1;
            if self.shown(place, Some(&find.name), &scope) != Shown::Ours {
                others |= !name.to_lowercase().contains(&marker);
                continue;
            }
            let id = id(Some(&find.id), &scope)
                .ok_or_else(|| unreadable(format!("`{}` gives no id", find.id.source()).into()))?;
            if self.world.is_secret(id.as_str()) {
                let source = find.id.source();
                return Err(unreadable(
                    format!("what `{source}` gives is a secret, which can't be an id").into(),
                ));
            }
            ids.push(id);
        }
        if !ids.is_empty() {
            self.prove_credentials(place, asked, &find.request, &answer);
            return Ok(ids);
        }
        // Ours may be among them: the field that has the name may have been emptied since.
        if is_one_ours || (shown > 0 && named == 0) {
            let correct = if nameless { "" } else { "correct `name` of `find`, or " };
            return Err(Trouble::Nameless(Why::hinted(
                format!(
                    "the look-up's answer can't be read: `{}` gives no name for what it shows",
                    find.name.source()
                ),
                format!("{correct}check in the service whose account it is"),
            )));
        }
        if shown == 0 && paging::total(&answer).is_some_and(|total| total > 0) {
            return Err(unreadable(
                "it shows no accounts, but reports that there are some".into(),
            ));
        }
        // Somebody ignores what was asked for, and shows everybody page by page.
        if next_page(&answer).is_some() || has_more(site, &scope, others && shown > 1) || paging::is_round(shown) {
            return Err(Trouble::Useless(Why::hinted(
                "the look-up returned only part of a longer list",
                "let `find` ask for exactly this user name",
            )));
        }
        Ok(ids)
    }
}

/// Does an answer point to another page by what the service's own `list` goes by? Pages that are counted don't say so: where
/// several are shown whose names have nothing of ours, the name was not looked for, and this may be the first page of all.
fn has_more(site: &Site, scope: &Scope, shows_others: bool) -> bool {
    let next = site.service.list.as_ref().and_then(|list| list.next.as_ref());
    match next {
        Some(Next::Cursor { expression, .. } | Next::Url { expression }) => text(Some(expression), scope).is_some(),
        Some(Next::Page { .. } | Next::Offset { .. }) => shows_others,
        Some(Next::Link) | None => false,
    }
}

/// An eye that says nothing of use.
pub(super) fn blind(trouble: &Trouble, answer: Option<&Answer>) -> Look {
    Look::Blind {
        why: trouble.reason(),
        by: match trouble {
            Trouble::Refused(_) => Blindness::Refusal,
            _ if answer.is_some_and(|answer| answer.meaning().is_refusal()) => Blindness::Refusal,
            Trouble::Useless(_) | Trouble::Nameless(_) | Trouble::Unsendable(_) | Trouble::Another => {
                Blindness::Nonsense
            }
            Trouble::Unanswered(_) | Trouble::Halted(..) | Trouble::Hopeless(_) | Trouble::Journal(_) => {
                Blindness::Silence
            }
        },
    }
}
