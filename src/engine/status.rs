//! How the accounts of a ledger stand with their services now. Nothing is changed and nothing is written down.

use super::create::text;
use super::exchange::Trouble;
use super::provision::until;
use super::schedule::{self, Flow, Queue};
use super::{Engine, Site};
use crate::config::{Find, Poll};
use crate::domain::account::RemoteId;
use crate::domain::ledger::{Record, Status};
use crate::domain::outcome::Shown;
use crate::domain::standing::Standing;
use crate::ports::World;

impl<W: World> Engine<'_, W> {
    /// Asks the services for every account of the ledger, all at once within their limits; in the order of the plan.
    pub async fn inspect(&self) -> Vec<Standing> {
        let lanes: Vec<usize> = self
            .places
            .borrow()
            .iter()
            .map(|site| (*site).min(self.sites.len()))
            .collect();
        let mut limits = self.lanes();
        // Accounts of services that the configuration no longer has are only named.
        limits.push(1);
        let mut standings = vec![Standing::Unknown(String::new()); lanes.len()];
        let nothing_first = vec![Vec::new(); lanes.len()];
        schedule::run(
            Queue::new(lanes, &nothing_first, &limits),
            |place| self.told_of(place, self.stands(place)),
            |place, standing| {
                standings[place] = standing;
                Flow::GoOn
            },
        )
        .await;
        standings
    }

    async fn stands(&self, place: usize) -> Standing {
        let record = self.record(place);
        if let Some(reason) = never_there(&record) {
            return Standing::Missing(reason.to_owned());
        }
        let Some(site) = self.site(place) else {
            return Standing::Unknown("the configuration has no such service any more".to_owned());
        };
        if let Some(reason) = &site.unusable {
            return Standing::Unknown(reason.clone());
        }
        // Whatever can't be asked of the place is told by what is asked of the account.
        let _known = self.learn_place(place, site).await;
        match self.look_at(place, site, &record).await {
            Ok(Standing::Missing(why)) => match self.is_elsewhere(place) {
                Some(what) => Standing::Unknown(format!("{why}, but this is not where it was made: `{what}` differs")),
                None => Standing::Missing(why),
            },
            Ok(standing) => standing,
            Err(trouble) => Standing::Unknown(trouble.reason()),
        }
    }

    async fn look_at(&self, place: usize, site: &Site, record: &Record) -> Result<Standing, Trouble> {
        let chosen = || text(site.service.create.id.as_ref(), &self.scope(place, site)).and_then(RemoteId::new);
        let known = record.ids.first().cloned();
        let id = known.or_else(|| site.powers.chosen_id.then(chosen).flatten());
        match (&site.service.verify, &site.service.find, id) {
            (Some(verify), _, Some(id)) => self.read_back(place, site, verify, &id).await,
            (_, Some(find), id) => self.look_up(place, site, find, id.as_ref()).await,
            (Some(_), None, None) => Ok(Standing::Unknown("its id is not known".to_owned())),
            (None, None, _) => Ok(Standing::Unknown(
                "the service has neither `verify` nor `find`".to_owned(),
            )),
        }
    }

    async fn read_back(&self, place: usize, site: &Site, verify: &Poll, id: &RemoteId) -> Result<Standing, Trouble> {
        let scope = self.scope(place, site).with("id", id.as_str());
        let asked = self.stamp();
        let answer = self.ask(place, "read", &verify.request, &scope).await?;
        let answered = self.stamp();
        let seen = scope.clone().answer(&answer);
        if verify.request.gone.holds(&answer, &seen).unwrap_or(false) {
            let proof = self.prove(place, site, &verify.request, &scope, answered).await?;
            return Ok(match proof {
                Some(_) => Standing::Missing("the service has no such account".to_owned()),
                None => Standing::Unknown(self.unproved(place, "it was not found")),
            });
        }
        if !verify.request.expect.holds(&answer, &seen).unwrap_or(false) {
            return Ok(Standing::Unknown(self.unexpected(&verify.request, &answer, &seen)));
        }
        self.prove_by_reading(place, asked, &verify.request, &answer);
        if self.shown(place, verify.name.as_ref(), &seen) == Shown::Other {
            return Ok(Standing::Changed("its id shows another name".to_owned()));
        }
        if !until(verify, &seen) {
            let why = verify.until.as_ref().map(|until| self.why_not_yet(until, &seen));
            return Ok(Standing::Changed(format!(
                "{}; it may be disabled or locked",
                why.unwrap_or_default()
            )));
        }
        Ok(Standing::Ready)
    }

    async fn look_up(
        &self,
        place: usize,
        site: &Site,
        find: &Find,
        id: Option<&RemoteId>,
    ) -> Result<Standing, Trouble> {
        let found = self.find(place, site, find).await?;
        let answered = self.stamp();
        if found.is_empty() {
            let scope = self.scope(place, site);
            let proof = self.prove(place, site, &find.request, &scope, answered).await?;
            return Ok(match proof {
                Some(_) => Standing::Missing("the service has no account of its name".to_owned()),
                None => Standing::Unknown(self.unproved(place, "it was not found")),
            });
        }
        Ok(match id {
            Some(id) if !found.contains(id) => Standing::Changed("its name belongs to another id".to_owned()),
            Some(_) | None => Standing::Ready,
        })
    }
}

/// Why there is nothing to ask for.
fn never_there(record: &Record) -> Option<&'static str> {
    match record.status {
        Status::Gone => Some("it was deleted"),
        Status::Untouched | Status::Refused => Some("it was not created"),
        Status::Stranger => Some("the service showed somebody else's account for it"),
        Status::Creating | Status::Unclear | Status::Live | Status::Verified | Status::Rejected | Status::Deleting => {
            None
        }
    }
}
