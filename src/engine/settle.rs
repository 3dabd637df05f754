//! Back to nothing: every account that was made, or may have been made, is deleted and seen to be gone, or is named.
//!
//! This is the only way in which accounts are deleted: setup's rollback, `cleanup` and post all come here.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::create::{shown, text};
use super::deletion::Gone;
use super::exchange::{Trouble, status};
use super::provision::UNPROVED;
use super::schedule::{self, Flow, Queue};
use super::stuck::Stuck;
use super::{Engine, Site};
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::decide::{Settle, settle};
use crate::domain::event::Event;
use crate::domain::ledger::{Record, Status};
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::outcome::{Shown, pause};
use crate::ports::{JournalBroken, Progress, Proof, Stop, World};

/// What cleanup came to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// How many accounts were deleted; several under one name count each.
    pub deleted: usize,
    /// How many were looked for and certainly are not there.
    pub absent: usize,
    /// Those that may still exist.
    pub leftovers: Vec<Leftover>,
    /// It was told to stop.
    pub stopped: Option<Stop>,
    /// The journal could not be written on the way.
    pub journal_broken: Option<JournalBroken>,
}

/// Why an id that a create answered is not that of the account.
const NO_ACCOUNT: &str = "its id leads to no account";

/// What was seen of an account's ids in this very run.
#[derive(Default)]
struct Looked {
    /// Those that a look-up or a read showed under our name.
    ours: Vec<RemoteId>,
    /// Those against whose delete nothing speaks: the create answered them with our name, or a read showed no name.
    unopposed: Vec<RemoteId>,
    /// Those that were read under another name.
    others: Vec<RemoteId>,
}

impl Looked {
    /// May it be deleted without another look?
    fn allows(&self, id: &RemoteId) -> bool {
        self.ours.contains(id) || self.unopposed.contains(id)
    }
}

/// Its create said that it is there, nobody has seen it since, and under its id there is nothing: the id may be a wrong one, or
/// the service behind the times. Where an earlier delete may have been done, that is why.
fn must_be_somewhere(record: &Record, id: &RemoteId, looked: &Looked, site: &Site) -> bool {
    let was_seen = record.last_seen.is_some() || looked.ours.contains(id);
    let is_told = record.status == Status::Rejected || site.service.find.is_some();
    !was_seen && is_told && record.status != Status::Deleting
}

/// Two answers that can't both be true: whose account it is stays open, and it is left alone.
pub(super) fn contradictory(id: &RemoteId) -> String {
    let id = id.as_str();
    format!("the look-up shows it as `{id}`, and reading `{id}` back shows another name: it is left alone")
}

impl<W: World> Engine<'_, W> {
    /// Deletes everything that the ledger owes, dependents before what they need.
    ///
    /// One account that can't be deleted holds up nothing but its own order: what it needs is tried after it all the same.
    pub async fn settle(&self) -> Settled {
        let settled = RefCell::new(Settled::default());
        let broken: Cell<Option<JournalBroken>> = Cell::new(None);
        // The last created go first.
        let debts: Vec<usize> = {
            let debts: Vec<usize> = self.ledger.borrow().debts().collect();
            debts.into_iter().rev().collect()
        };
        let after = self.dependents(&debts);
        let lanes: Vec<usize> = debts
            .iter()
            .map(|place| self.places[*place].min(self.sites.len()))
            .collect();
        let mut limits = self.lanes();
        // Accounts of services that the configuration no longer has are only named.
        limits.push(1);
        let everything = schedule::run(
            Queue::new(lanes, &after, &limits),
            |task| self.settle_one(debts[task], &settled, &broken),
            |task, result: Result<(), Stuck>| {
                if let Err(stuck) = result {
                    settled.borrow_mut().leftovers.push(self.leftover(debts[task], stuck));
                }
                Flow::GoOn
            },
        );
        tokio::select! {
            () = everything => {}
            () = self.after_last_answers() => {}
        }
        let mut settled = settled.into_inner();
        self.name_the_rest(&debts, &mut settled);
        settled.stopped = self.world.stop();
        settled.journal_broken = broken.into_inner();
        settled.leftovers.sort_by(|a, b| a.key.cmp(&b.key));
        settled
    }

    /// Names what was cut off by a stop.
    fn name_the_rest(&self, debts: &[usize], settled: &mut Settled) {
        let named: HashSet<AccountKey> = settled.leftovers.iter().map(|leftover| leftover.key.clone()).collect();
        for place in debts {
            if self.record(*place).status.is_debt() && !named.contains(&self.key(*place)) {
                let stuck = Trouble::Halted(super::Halt::Stopped).into();
                settled.leftovers.push(self.leftover(*place, stuck));
            }
        }
    }

    /// For each of these, the tasks among them that need it and so go first.
    fn dependents(&self, debts: &[usize]) -> Vec<Vec<usize>> {
        let ledger = self.ledger.borrow();
        let tasks: HashMap<usize, usize> = debts.iter().enumerate().map(|(task, place)| (*place, task)).collect();
        let mut dependents = vec![Vec::new(); debts.len()];
        for (task, place) in debts.iter().enumerate() {
            let needs = &ledger.account(*place).needs;
            for needed in needs.iter().filter_map(|need| tasks.get(need)) {
                dependents[*needed].push(task);
            }
        }
        dependents
    }

    fn leftover(&self, place: usize, stuck: Stuck) -> Leftover {
        self.tell(
            place,
            Progress::Left {
                reason: stuck.detail.clone(),
            },
        );
        let ledger = self.ledger.borrow();
        Leftover {
            key: ledger.account(place).key.clone(),
            ids: ledger.record(place).ids.clone(),
            username: ledger.account(place).username.clone(),
            reason: stuck.reason,
            detail: stuck.detail,
        }
    }

    async fn settle_one(
        &self,
        place: usize,
        settled: &RefCell<Settled>,
        broken: &Cell<Option<JournalBroken>>,
    ) -> Result<(), Stuck> {
        let site = self
            .site(place)
            .ok_or_else(|| Stuck::new(Reason::Unusable, "the configuration has no such service any more"))?;
        if let Some(reason) = &site.unusable {
            return Err(Stuck::new(Reason::Unusable, reason.clone()));
        }
        // A journal that can't be written any more does not stop a deletion: the next cleanup looks again.
        let write = |noted: Result<(), JournalBroken>| {
            if let Err(error) = noted {
                broken.set(Some(error));
            }
        };
        let mut looked = Looked::default();
        if self.learnt.borrow()[place].is_named {
            looked.unopposed.clone_from(&self.record(place).ids);
        }
        loop {
            let record = self.record(place);
            let checked = record.ids.first().is_some_and(|id| looked.allows(id));
            match settle(&record, &self.powers(place, site), checked, self.world.now()) {
                Settle::Done => return Ok(()),
                Settle::GiveUp => return Err(Stuck::new(Reason::NoLookUp, self.why_unclear(place))),
                Settle::Look => match self.look_for_owed(place, site).await? {
                    Owed::Found(ids) => {
                        if let Some(id) = ids.iter().find(|id| looked.others.contains(id)) {
                            return Err(Stuck::new(Reason::Failed, contradictory(id)));
                        }
                        // The look-up compared the name. But where somebody else was shown before, it may be behind the times.
                        if record.status != Status::Stranger {
                            looked.ours.extend(ids.iter().cloned());
                        }
                        write(self.note(place, Event::Adopted(ids.clone())));
                        self.tell(place, Progress::Adopted { ids });
                    }
                    Owed::Absent(proof) => {
                        write(self.note(place, Event::Absent));
                        settled.borrow_mut().absent += 1;
                        self.tell(place, Progress::Absent { proof });
                    }
                },
                Settle::Read(id) => match self.read_name(place, site, &id).await? {
                    Shown::Nothing if self.doubts_ids => {
                        let proof = self.prove_unread(place, site, &id).await?;
                        if site.service.find.is_some() {
                            looked.unopposed.push(id);
                            write(self.note(place, Event::StrangerShown(NO_ACCOUNT.to_owned())));
                        } else {
                            write(self.note(place, Event::DeleteIntended));
                            write(self.note(place, Event::Deleted(id.clone())));
                            self.count(place, id, &Gone::NeverThere(proof), settled);
                        }
                    }
                    Shown::Ours => looked.ours.push(id),
                    Shown::Nothing => looked.unopposed.push(id),
                    Shown::Other => {
                        looked.others.push(id);
                        let reason = "its id leads to an account under another name, which is left alone";
                        write(self.note(place, Event::StrangerShown(reason.to_owned())));
                    }
                },
                Settle::DeleteChosen => {
                    let id = self.chosen_id(place, site)?;
                    self.wait_for_late_arrivals(place, site).await?;
                    let gone = self.delete(place, site, &id, &write).await?;
                    write(self.note(place, Event::Absent));
                    self.count(place, id, &gone, settled);
                }
                Settle::Delete(id) => {
                    let gone = self.delete(place, site, &id, &write).await?;
                    if matches!(gone, Gone::NeverThere(_)) && must_be_somewhere(&record, &id, &looked, site) {
                        write(self.note(place, Event::StrangerShown(NO_ACCOUNT.to_owned())));
                        continue;
                    }
                    write(self.note(place, Event::Deleted(id.clone())));
                    self.count(place, id, &gone, settled);
                }
            }
        }
    }

    fn count(&self, place: usize, id: RemoteId, gone: &Gone, settled: &RefCell<Settled>) {
        match gone {
            Gone::Deleted => {
                settled.borrow_mut().deleted += 1;
                self.tell(place, Progress::Deleted { id });
            }
            Gone::NeverThere(proof) => {
                settled.borrow_mut().absent += 1;
                self.tell(place, Progress::Absent { proof: *proof });
            }
        }
    }

    fn why_unclear(&self, place: usize) -> String {
        let begun = match self.record(place).status {
            Status::Stranger => "it was created, and its id does not lead to it",
            Status::Untouched
            | Status::Creating
            | Status::Refused
            | Status::Unclear
            | Status::Live
            | Status::Verified
            | Status::Rejected
            | Status::Deleting
            | Status::Gone => "it may have been created",
        };
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let why = if unmarked {
            "its name carries no marker, so that nothing tells it from somebody else's"
        } else {
            "the service has no look-up"
        };
        format!("{begun}, and {why}")
    }

    /// Looks for an account that may have been created, for as long as its create may still land.
    async fn look_for_owed(&self, place: usize, site: &Site) -> Result<Owed, Stuck> {
        let Some(find) = &site.service.find else {
            return Err(Stuck::new(Reason::NoLookUp, self.why_unclear(place)));
        };
        self.tell(place, Progress::LookingUp);
        let mut round = 0;
        loop {
            let asked = self.world.now();
            let ids = self.find(place, site, find).await?;
            let answered = self.stamp();
            if !ids.is_empty() {
                return Ok(Owed::Found(ids));
            }
            let closes = self.powers(place, site).window_closes(&self.record(place));
            if asked >= closes {
                let scope = self.scope(place, site);
                let proof = self.prove(place, site, &find.request, &scope, answered).await?;
                return proof
                    .map(Owed::Absent)
                    .ok_or_else(|| Stuck::new(Reason::Unproved, UNPROVED));
            }
            round += 1;
            // The last look comes right after the window has closed.
            self.pause(pause(round, 1.0).min(closes.since(asked))).await?;
        }
    }

    async fn wait_for_late_arrivals(&self, place: usize, site: &Site) -> Result<(), Stuck> {
        let closes = self.powers(place, site).window_closes(&self.record(place));
        Ok(self.pause(closes.since(self.world.now())).await?)
    }

    /// The id that the configuration computes without an answer.
    fn chosen_id(&self, place: usize, site: &Site) -> Result<RemoteId, Stuck> {
        text(site.service.create.id.as_ref(), &self.scope(place, site))
            .and_then(RemoteId::new)
            .ok_or_else(|| Stuck::new(Reason::NoLookUp, "its id can't be computed"))
    }

    /// Whose name the account of an id bears. An account that can't be read is not deleted unread; one that is not there,
    /// or that shows no name, says nothing against it.
    pub(super) async fn read_name(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Shown, Stuck> {
        let Some(verify) = &site.service.verify else {
            return Ok(Shown::Nothing);
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        let asked = self.stamp();
        let answer = self.ask(place, "read", &verify.request, &scope).await?;
        let seen = scope.answer(&answer);
        if verify.request.gone.holds(&answer, &seen).unwrap_or(false) {
            return Ok(Shown::Nothing);
        }
        if !answer.is_success() {
            // The look-up compares names too.
            if let Some(find) = site.service.find.as_ref().filter(|_| self.powers(place, site).find)
                && self.find(place, site, find).await?.contains(id)
            {
                return Ok(Shown::Ours);
            }
            let detail = format!(
                "it is not deleted unread, and reading it back was answered with {}",
                status(&answer)
            );
            return Err(Stuck::new(Reason::Failed, detail));
        }
        let shown = shown(verify.name.as_ref(), &seen, &self.username(place));
        if shown == Shown::Ours {
            self.prove_by_reading(place, asked, &verify.request, &answer);
        }
        Ok(shown)
    }

    /// As [`Engine::read_name`], where somebody else's name would end the matter: one answer is not enough for that. A second
    /// reading has to show it again, and the look-up, where there is one, must not show ours under this id: then nothing is sure.
    pub(super) async fn read_name_surely(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
    ) -> Result<Option<Shown>, Stuck> {
        let shown = self.read_name(place, site, id).await?;
        if shown != Shown::Other {
            return Ok(Some(shown));
        }
        let again = self.read_name(place, site, id).await?;
        if again != Shown::Other {
            return Ok(Some(again));
        }
        if let Some(find) = site.service.find.as_ref().filter(|_| self.powers(place, site).find)
            && self.find(place, site, find).await?.contains(id)
        {
            return Ok(None);
        }
        Ok(Some(Shown::Other))
    }

    /// Proves that an id of which reading back shows nothing leads to no account at all.
    async fn prove_unread(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Proof, Stuck> {
        let unread = || Stuck::new(Reason::Unproved, "reading it back does not show whose it is");
        let verify = site.service.verify.as_ref().ok_or_else(unread)?;
        let scope = self.scope(place, site).with("id", id.as_str());
        let answer = self.ask(place, "read", &verify.request, &scope).await?;
        let answered = self.stamp();
        let seen = scope.clone().answer(&answer);
        if !verify.request.gone.holds(&answer, &seen).unwrap_or(false) {
            return Err(unread());
        }
        let proof = self.prove(place, site, &verify.request, &scope, answered).await?;
        proof.ok_or_else(|| Stuck::new(Reason::Unproved, UNPROVED))
    }
}

/// What a look-up of an account that must go came to.
enum Owed {
    Found(Vec<RemoteId>),
    Absent(Proof),
}
