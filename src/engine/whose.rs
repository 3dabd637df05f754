//! Whose account an answer shows: our user name in whatever spelling, and the ids beside it.

use super::create::text;
use super::{Engine, Site};
use crate::domain::account::{RemoteId, is_written_as_uuid, uuid_of};
use crate::domain::answer::Answer;
use crate::domain::event::Event;
use crate::domain::marker::Marker;
use crate::domain::name::{Names, is_ours};
use crate::domain::outcome::Shown;
use crate::domain::owner;
use crate::language::{Expression, Scope};
use crate::ports::{Progress, World};

impl<W: World> Engine<'_, W> {
    /// Is this the user name of the account, as its service may keep it?
    pub(super) fn is_its_name(&self, place: usize, shown: &str) -> bool {
        let ledger = self.ledger.borrow();
        let account = ledger.account(place);
        if shown == account.username {
            return true;
        }
        // Whose account it is that somebody names to us, its name alone says, and to the letter.
        if account.unmarked && ledger.is_added(place) {
            return false;
        }
        let mut names = self.names.borrow_mut();
        let planned = names.entry(self.site_of(place)).or_insert_with(|| {
            let accounts = ledger.plan().accounts.iter();
            let of_service = accounts.filter(|other| other.key.service == account.key.service);
            Names::new(of_service.map(|other| other.username.as_str()))
        });
        let marker = Marker::within(&account.username).filter(|_| !account.unmarked);
        is_ours(shown, &account.username, marker.as_ref().map(Marker::as_str), planned)
    }

    /// Is this a text that only this account has: its user name, its UUID or its e-mail address?
    fn is_its_own(&self, place: usize, text: &str) -> bool {
        let (email, shortest) = {
            let ledger = self.ledger.borrow();
            let account = ledger.account(place);
            let is_email = !account.email.is_empty() && text.eq_ignore_ascii_case(&account.email);
            (is_email, account.username.len().min(20))
        };
        // A name without separators, or cut, still has the marker.
        email || self.is_its_uuid(place, text) || (text.len() >= shortest && self.is_its_name(place, text))
    }

    fn is_its_uuid(&self, place: usize, text: &str) -> bool {
        is_written_as_uuid(text) && text.eq_ignore_ascii_case(&uuid_of(&self.username(place)))
    }

    /// The name that an answer shows, held against ours. Another spelling of it is remembered for the outputs, and told once.
    pub(super) fn shown(&self, place: usize, name: Option<&Expression>, scope: &Scope) -> Shown {
        let Some(shown) = text(name, scope) else {
            return Shown::Nothing;
        };
        // A service that keeps ids and no names shows one for the other.
        if self.is_its_uuid(place, &shown) {
            return Shown::Ours;
        }
        if !self.is_its_name(place, &shown) {
            return Shown::Other;
        }
        if shown != self.username(place) {
            self.spell(place, shown);
        }
        Shown::Ours
    }

    fn spell(&self, place: usize, shown: String) {
        let is_news = {
            let mut learnt = self.learnt.borrow_mut();
            let learnt = &mut learnt[place];
            learnt.username.get_or_insert_with(|| shown.clone());
            let is_news = !learnt.spellings.contains(&shown);
            learnt.spellings.extend(is_news.then(|| shown.clone()));
            is_news
        };
        if is_news {
            self.tell(place, Progress::Spelled { username: shown });
        }
    }

    /// Does the answer hold our name or e-mail address anywhere?
    pub(super) fn stands_in(&self, place: usize, answer: &Answer) -> bool {
        owner::shows(answer, &|text: &str| self.is_its_own(place, text))
    }

    /// The same of one item of an answer.
    pub(super) fn stands_in_item(&self, place: usize, item: &minijinja::Value) -> bool {
        serde_json::to_value(item).is_ok_and(|item| owner::stands_in(&item, &|text: &str| self.is_its_own(place, text)))
    }

    /// What the answer to a create tells of the id that it gave.
    pub(super) fn gave(&self, place: usize, site: &Site, answer: &Answer, id: RemoteId) -> Event {
        let is_ours = |text: &str| self.is_its_own(place, text);
        if site.powers.chosen_id || owner::stands_beside(answer, &id, &is_ours) {
            Event::Created(id)
        } else if owner::is_sole(answer, &id, &is_ours) {
            Event::Sole(id)
        } else {
            Event::Given(id)
        }
    }
}
