//! How the accounts of a ledger stand with their services now. Nothing is changed and nothing is written down.

use super::create::text;
use super::exchange::Trouble;
use super::schedule::{self, Flow, Queue};
use super::{Engine, Site};
use crate::config::{Find, Poll};
use crate::domain::account::{RemoteId, is_witness};
use crate::domain::evidence::Eye;
use crate::domain::ledger::{Record, Status};
use crate::domain::outcome::Shown;
use crate::domain::standing::Standing;
use crate::domain::why::Why;
use crate::ports::{Progress, World};

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
        let mut looks = vec![(Standing::Unknown(Why::default()), None); lanes.len()];
        let nothing_first = vec![Vec::new(); lanes.len()];
        schedule::run(
            Queue::new(lanes, &nothing_first, &limits),
            |place| self.told_of(place, self.stands(place)),
            |place, look| {
                looks[place] = look;
                self.tell(place, Progress::LookedAt);
                Flow::GoOn
            },
        )
        .await;
        // Which eyes see is known when all accounts were looked at.
        let looks = looks.into_iter().enumerate();
        looks
            .map(|(place, (standing, eye))| self.believed(place, standing, eye))
            .collect()
    }

    /// What an account's standing comes to: "not there" counts only from what has shown a known account.
    fn believed(&self, place: usize, standing: Standing, eye: Option<Eye>) -> Standing {
        let (Standing::Missing(_), Some(eye)) = (&standing, eye) else {
            return standing;
        };
        if let Some(what) = self.is_elsewhere(place) {
            let why = format!("it was not found, but this is not where it was created: `{what}` differs");
            return Standing::Unknown(why.into());
        }
        let record = self.record(place);
        let has_shown = match eye {
            // It is the very request by which setup has seen this account.
            Eye::Id => record.ids.first().is_some_and(|id| record.was_read(id)),
            Eye::Name => false,
        };
        if has_shown || self.sees(place, eye) {
            return standing;
        }
        let what = match eye {
            Eye::Id => "reading it",
            Eye::Name => "the look-up",
        };
        let why = format!("it was not found, but {what} has shown no account, so this proves nothing");
        Standing::Unknown(why.into())
    }

    /// How an account stands by what is asked of it, and by which eye, if it was not found.
    async fn stands(&self, place: usize) -> (Standing, Option<Eye>) {
        let unknown = |why: Why| (Standing::Unknown(why), None);
        // What a cleanup has made to show something is none of the setup's.
        if is_witness(&self.key(place).account) {
            return unknown(Why::default());
        }
        let record = self.record(place);
        if let Some(reason) = never_there(&record) {
            return (Standing::Missing(reason.to_owned()), None);
        }
        let Some(site) = self.site(place) else {
            return unknown("the configuration has no such service any more".into());
        };
        if let Some(reason) = &site.unusable {
            return unknown(reason.clone());
        }
        // Whatever can't be asked of the place is told by what is asked of the account.
        let _known = self.learn_place(place, site).await;
        match self.look_at(place, site, &record).await {
            Ok(seen) => seen,
            Err(trouble) => unknown(trouble.reason()),
        }
    }

    async fn look_at(&self, place: usize, site: &Site, record: &Record) -> Result<(Standing, Option<Eye>), Trouble> {
        let chosen = || text(site.service.create.id.as_ref(), &self.scope(place, site)).and_then(RemoteId::new);
        let known = record.ids.first().cloned();
        let id = known.or_else(|| site.powers.chosen_id.then(chosen).flatten());
        match (&site.service.verify, &site.service.find, id) {
            (Some(verify), _, Some(id)) => {
                let standing = self.read_back(place, site, verify, &id).await?;
                Ok((standing, Some(Eye::Id)))
            }
            (_, Some(find), id) => {
                let standing = self.look_up(place, site, find, id.as_ref()).await?;
                Ok((standing, Some(Eye::Name)))
            }
            (Some(_), None, None) => Ok((Standing::Unknown("its id is not known".into()), None)),
            (None, None, _) => {
                let why = "the service has neither `verify` nor `find`";
                Ok((Standing::Unknown(why.into()), None))
            }
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
            return Ok(Standing::Unknown(
                self.unexpected(&verify.request, &answer, &seen).into(),
            ));
        }
        self.prove_by_reading(place, asked, &verify.request, &answer);
        match self.shown(place, verify.name.as_ref(), &seen) {
            Shown::Other => return Ok(Standing::Changed("its id shows another name".to_owned())),
            Shown::Ours => self.earn(place, Eye::Id),
            Shown::Nothing => {}
        }
        if !verify.holds(&seen) {
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
        self.earn(place, Eye::Name);
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
