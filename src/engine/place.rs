//! Is a service where it was when its accounts were made? Elsewhere "not there" is no news, and an id is somebody else's.

use super::stuck::Stuck;
use super::{Engine, Halt, Site};
use crate::domain::event::{Mark, Remark};
use crate::domain::ledger::Ledger;
use crate::domain::place::digest;
use crate::domain::why::Why;
use crate::engine::create::text;
use crate::engine::exchange::Trouble;
use crate::ports::{JournalBroken, World};

impl<W: World> Engine<'_, W> {
    /// Writes something about the whole setup down.
    pub(super) fn remark(&self, mark: Mark) -> Result<(), JournalBroken> {
        self.ledger.borrow_mut().remark(&mark);
        self.world.remark(&Remark {
            at: self.world.now(),
            remark: mark,
        })
    }

    /// Remarks, before the first account of a service, what its `place` gives.
    pub(super) async fn tell_place(&self, place: usize, site: &Site) -> Result<(), Why> {
        let service = &site.service.name;
        if site.service.place.is_none() || self.ledger.borrow().place_of(service).is_some() {
            return Ok(());
        }
        let told = self.place_now(place, site).await.map_err(|trouble| trouble.reason())?;
        let digest = told.ok_or("the probe's `place` gives nothing")?;
        let service = service.clone();
        let mark = Mark::Place { service, digest };
        self.remark(mark).map_err(|broken| broken.to_string().into())
    }

    /// Finds out what the `place` of an account's service gives in this command, where setup has remarked it. Once a service.
    pub(super) async fn learn_place(&self, place: usize, site: &Site) -> Result<(), Stuck> {
        let is_told = self.ledger.borrow().place_of(&site.service.name).is_some();
        let Some(here) = self.here.get(self.site_of(place)).filter(|_| is_told) else {
            return Ok(());
        };
        here.get_or_try_init(async || match self.place_now(place, site).await {
            Ok(told) => Ok(told),
            Err(Trouble::Halted(halt, _)) => Err(halt),
            // What can't be asked is not known to be the same.
            Err(_) => Ok(None),
        })
        .await
        .map(drop)
        .map_err(|halt: Halt| halt.into())
    }

    async fn place_now(&self, place: usize, site: &Site) -> Result<Option<String>, Trouble> {
        let (Some(probe), Some(expression)) = (&site.service.probe, &site.service.place) else {
            return Ok(None);
        };
        let answer = self.look(place, "probe", probe, &site.scope).await?;
        let scope = site.scope.clone().answer(&answer);
        if !probe.expect.holds(&answer, &scope).unwrap_or(false) {
            return Ok(None);
        }
        Ok(text(Some(expression), &scope).map(|told| digest(&told)))
    }

    /// What differs from where an account's service was at setup, in a word; nothing where an account of the plan was seen here.
    pub(super) fn is_elsewhere(&self, place: usize) -> Option<String> {
        let is_shown = self.shown_here.borrow().contains(&self.site_of(place));
        let ledger = self.ledger.borrow();
        self.differs(place, &ledger).filter(|_| !is_shown)
    }

    /// The same, whoever was seen.
    pub(super) fn differs(&self, place: usize, ledger: &Ledger) -> Option<String> {
        let site = self.site(place)?;
        let service = &site.service.name;
        if let Some(made) = ledger.plan().places.of(service) {
            let differing = site.place.differs_from(made);
            if !differing.is_empty() {
                return Some(differing.join("`, `"));
            }
        }
        let made = ledger.place_of(service)?;
        let now = self.here.get(self.site_of(place))?.get()?;
        (now.as_deref() != Some(made)).then(|| "probe.place".to_owned())
    }
}
