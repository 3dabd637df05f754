//! Back to nothing: every account that was made, or may have been made, is deleted and seen to be gone, or is named.
//!
//! This is the only way in which accounts are deleted: setup's rollback, `cleanup`, post and the sweep all come here. What to
//! do next is `domain::evidence`'s to say; here it is done, written down, and asked again.

use std::collections::{HashMap, HashSet};

use super::create::text;
use super::ends::{Delete, Ends, Settled};
use super::exchange::Trouble;
use super::eyes::{Found, blind};
use super::refusals::has_cheap_list;
use super::schedule::{self, Flow, Queue};
use super::stuck::Stuck;
use super::{Engine, Site};
use crate::domain::account::{AccountKey, RemoteId};
use crate::domain::event::Event;
use crate::domain::evidence::{Eye, Look, Looks, Step, judge};
use crate::domain::ledger::{Record, Status};
use crate::domain::leftover::{Leftover, Reason};
use crate::domain::outcome::pause;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Progress, Proof, World};

/// Why an id that a create answered is not that of the account.
const NO_ACCOUNT: &str = "a look-up shows the account under another id";

impl<W: World> Engine<'_, W> {
    /// Deletes everything that the ledger owes, dependents before what they need.
    ///
    /// One account that can't be deleted holds up nothing but its own order: what it needs is tried after it all the same.
    pub async fn settle(&self) -> Settled {
        let ends = Ends::new();
        self.persist(true);
        // The last created go first.
        let debts: Vec<usize> = {
            let debts: Vec<usize> = self.ledger.borrow().open().collect();
            debts.into_iter().rev().collect()
        };
        let after = self.dependents(&debts);
        let lanes: Vec<usize> = debts
            .iter()
            .map(|place| self.site_of(*place).min(self.sites.len()))
            .collect();
        let mut limits = self.lanes();
        // Accounts of services that the configuration no longer has are only named.
        limits.push(1);
        let everything = schedule::run(
            Queue::new(lanes, &after, &limits),
            |task| self.told_of(debts[task], self.settle_one(debts[task], &ends)),
            |task, result: Result<(), Stuck>| {
                if let Err(stuck) = result {
                    self.leave(debts[task], stuck, &ends);
                }
                Flow::GoOn
            },
        );
        tokio::select! {
            () = everything => {}
            () = self.after_last_answers() => {}
        }
        self.persist(false);
        let mut settled = ends.settled.into_inner();
        self.name_the_rest(&mut settled);
        settled.stopped = self.world.stop();
        settled.journal_broken = ends.broken.into_inner();
        settled.leftovers.sort_by(|a, b| a.key.cmp(&b.key));
        settled
    }

    /// Names an account that can't be settled. A refusal that nobody could look into is none: it ended with its reason.
    pub(super) fn leave(&self, place: usize, stuck: Stuck, ends: &Ends) {
        if self.record(place).status.is_debt() || stuck.reason == Reason::Unproved {
            let leftover = self.leftover(place, stuck);
            ends.settled.borrow_mut().leftovers.push(leftover);
        }
    }

    /// Names what was cut off by a stop.
    fn name_the_rest(&self, settled: &mut Settled) {
        let named: HashSet<AccountKey> = settled.leftovers.iter().map(|leftover| leftover.key.clone()).collect();
        let debts: Vec<usize> = self.ledger.borrow().debts().collect();
        for place in debts {
            if !named.contains(&self.key(place)) {
                let stuck = Trouble::from(super::Halt::Stopped).into();
                settled.leftovers.push(self.leftover(place, stuck));
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
        let record = ledger.record(place);
        Leftover {
            key: ledger.account(place).key.clone(),
            ids: record.every_id(),
            username: ledger.account(place).username.clone(),
            reason: stuck.reason,
            detail: stuck.detail,
        }
    }

    pub(super) async fn settle_one(&self, place: usize, ends: &Ends) -> Result<(), Stuck> {
        let site = self
            .site(place)
            .ok_or_else(|| Stuck::new(Reason::Unusable, "the configuration has no such service any more"))?;
        if let Some(reason) = &site.unusable {
            return Err(Stuck::new(Reason::Unusable, reason.clone()));
        }
        let write = |noted| ends.write(noted);
        let mut looks = Looks::default();
        let mut is_counted = false;
        let mut endings = 0;
        let mut eye = self.is_find_blind(place);
        self.learn_place(place, site).await?;
        loop {
            // What another eye has said before says nothing of what this one sees.
            if std::mem::replace(&mut eye, self.is_find_blind(place)) != eye {
                looks.forget_name();
            }
            let record = self.record(place);
            let sight = self.sight(place);
            // What a look-up shows again and again is asked for with a pause.
            if endings > 1 {
                self.pause(pause(endings, 1.0)).await?;
            }
            match judge(&record, &looks, &sight, &self.powers(place, site), self.world.now()) {
                Step::Done => return Ok(()),
                Step::NeverMade => {
                    write(self.note(place, Event::Absent));
                    return Ok(());
                }
                Step::Gone(eye) => {
                    endings += 1;
                    let proof = self.prove_gone(place, site, eye).await?;
                    let event = match record.ids.first() {
                        Some(id) => {
                            if record.status != Status::Deleting {
                                write(self.note(place, Event::DeleteIntended));
                            }
                            Event::Deleted(id.clone())
                        }
                        None => Event::Absent,
                    };
                    write(self.note(place, event));
                    looks.forget_name();
                    // Of an account that was deleted it is no news that there is no second one.
                    if !std::mem::replace(&mut is_counted, true) {
                        self.count(place, ends, |settled| settled.absent += 1);
                        self.tell(place, Progress::Absent { proof });
                    }
                }
                Step::Look => self.look_by_name(place, site, &mut looks, ends).await?,
                Step::Read(id) => {
                    let look = self.read(place, site, &id).await?;
                    self.take_reading(place, &record, (&id, &look), &write);
                    looks.read(id, look);
                }
                Step::DeleteChosen => {
                    looks.chosen_tried = true;
                    let id = self.chosen_id(place, site)?;
                    let closes = self.powers(place, site).window_closes(&record);
                    let left = closes.since(self.world.now());
                    self.pause_until(place, "a create without an answer can no longer land", left)
                        .await?;
                    if self.delete(place, site, &id, ends).await? == Delete::Done {
                        write(self.note(place, Event::Absent));
                        self.count(place, ends, |settled| settled.deleted += 1);
                        self.tell(place, Progress::Deleted { id });
                    }
                }
                Step::Delete(id) => match self.delete(place, site, &id, ends).await? {
                    Delete::Done => {
                        endings += 1;
                        write(self.note(place, Event::Deleted(id.clone())));
                        looks.forget_name();
                        is_counted = true;
                        self.count(place, ends, |settled| settled.deleted += 1);
                        self.tell(place, Progress::Deleted { id });
                    }
                    Delete::Under(ids) => {
                        if record.was_read(&id) {
                            is_counted = true;
                            self.count(place, ends, |settled| settled.deleted += 1);
                            self.tell(place, Progress::Deleted { id });
                        }
                        self.adopt(place, ids, &mut looks, ends)?;
                    }
                    Delete::Denied => looks.deny(id),
                },
                Step::Earn(eye) => self.earn_sight(place, site, eye, ends).await?,
                Step::Leave(reason, detail) => return Err(self.stuck(place, reason, detail)),
            }
        }
    }

    /// Writes down what reading an account by its id tells.
    fn take_reading(
        &self,
        place: usize,
        record: &Record,
        (id, look): (&RemoteId, &Look),
        write: &impl Fn(Result<(), JournalBroken>),
    ) {
        match look {
            Look::Ours if !record.owns(id) && !self.site(place).is_some_and(|site| self.powers(place, site).shared) => {
                write(self.note(place, Event::Adopted(vec![id.clone()])));
                // What no look-up may find is gone once the reading that has shown it says so, in whatever process.
                if self.ledger.borrow().account(place).unmarked && record.status == Status::Live {
                    write(self.note(place, Event::Verified));
                }
            }
            Look::Other => {
                let reason = "its id now belongs to an account with another name, which is left alone";
                write(self.note(place, Event::StrangerShown(reason.to_owned())));
            }
            Look::Ours | Look::Nameless | Look::Gone | Look::Blind { .. } => {}
        }
    }

    fn stuck(&self, place: usize, reason: Reason, detail: Why) -> Stuck {
        if reason == Reason::NoLookUp {
            return Stuck::new(reason, self.why_unclear(place));
        }
        // No eye sees who is somewhere else: the place is what to mend, and not the eye.
        let is_blind = reason == Reason::Blind;
        let elsewhere = is_blind.then(|| self.elsewhere(place)).flatten();
        elsewhere.unwrap_or_else(|| Stuck::new(reason, detail))
    }

    /// Counts an account of the plan; what was made to show something is none.
    fn count(&self, place: usize, ends: &Ends, count: impl FnOnce(&mut Settled)) {
        if place < self.originals {
            count(&mut ends.settled.borrow_mut());
        }
    }

    /// Why an account that was not found may well be there, where this is another place than setup's.
    pub(super) fn elsewhere(&self, place: usize) -> Option<Stuck> {
        let what = self.is_elsewhere(place)?;
        Some(Stuck::new(
            Reason::Elsewhere,
            Why::hinted(
                format!("not found, but this is not where it was created: `{what}` differs"),
                "run it with the same values as setup",
            ),
        ))
    }

    /// Proves that "not there" is no lie told to a stranger, and that it was said at the same place.
    pub(super) async fn prove_gone(&self, place: usize, site: &Site, eye: Eye) -> Result<Proof, Stuck> {
        if let Some(stuck) = self.elsewhere(place) {
            return Err(stuck);
        }
        let request = match eye {
            Eye::Id => super::eyes::by_id(site).map(|poll| &poll.request),
            Eye::Name => self.name_request(place, site),
        };
        let Some(request) = request else {
            return Ok(Proof::Open);
        };
        let is_list = site
            .service
            .list
            .as_ref()
            .is_some_and(|list| std::ptr::eq(&raw const list.request, request));
        let scope = if is_list {
            site.scope.clone()
        } else {
            self.scope(place, site)
        };
        let scope = match (scope.get("id"), self.chosen_id(place, site)) {
            (None, Ok(id)) => scope.with("id", id.as_str()),
            _ => scope,
        };
        let proof = self.prove(place, site, request, &scope, self.stamp()).await?;
        proof.ok_or_else(|| Stuck::new(Reason::Unproved, self.unproved(place, "it was not found")))
    }

    fn why_unclear(&self, place: usize) -> String {
        let record = self.record(place);
        let begun = if record.status == Status::Stranger {
            "it was created, but its id doesn't lead to it"
        } else {
            "it may have been created"
        };
        let unmarked = self.ledger.borrow().account(place).unmarked;
        let why = if unmarked {
            "its name has no marker, so nothing distinguishes it from other accounts"
        } else {
            "the service has no look-up"
        };
        format!("{begun}, and {why}")
    }

    /// Looks an account up by its name, for as long as its create may still land.
    async fn look_by_name(&self, place: usize, site: &Site, looks: &mut Looks, ends: &Ends) -> Result<(), Stuck> {
        let record = self.record(place);
        let is_refused = record.status == Status::Refused;
        if is_refused && !self.is_worth_a_look(place, site, &record) {
            looks.found(Look::Gone);
            return Ok(());
        }
        if !is_refused {
            self.tell(place, Progress::LookingUp);
        }
        let mut round = 0;
        loop {
            let asked = self.world.now();
            let found = if is_refused && has_cheap_list(site) {
                self.find_in_list(place, site, record.window_closes(site.powers.settle))
                    .await?
            } else {
                self.find_by_name(place, site).await?
            };
            match found {
                Found::Ours(ids) => {
                    if is_refused {
                        self.doubt_refusals(place, &record);
                    }
                    // What was said of an id before may have been a slip of `name`; what it shows now counts.
                    for id in ids.iter().filter(|id| record.strange.contains(id)) {
                        looks.read(id.clone(), self.read(place, site, id).await?);
                    }
                    return self.adopt(place, ids, looks, ends);
                }
                Found::Nobody => {
                    let is_settled = !record.ids.is_empty();
                    let powers = self.powers(place, site);
                    // What was refused was answered: only the look-up may lag.
                    let closes = if is_refused {
                        record.window_closes(powers.settle)
                    } else {
                        powers.window_closes(&record)
                    };
                    if is_settled || asked >= closes {
                        looks.found(Look::Gone);
                        return Ok(());
                    }
                    round += 1;
                    // The last look comes right after the window has closed.
                    let left = pause(round, 1.0).min(closes.since(asked));
                    self.pause_until(place, "a create without an answer can no longer land", left)
                        .await?;
                }
                Found::Unread(trouble) => {
                    // A no is looked into once, also by an eye that may not see all.
                    let is_enough = is_refused && has_cheap_list(site);
                    looks.found(if is_enough { Look::Gone } else { blind(&trouble, None) });
                    return Ok(());
                }
            }
        }
    }

    fn adopt(&self, place: usize, ids: Vec<RemoteId>, looks: &mut Looks, ends: &Ends) -> Result<(), Stuck> {
        if let Some(id) = ids.iter().find(|id| looks.is_other(id)) {
            return Err(Stuck::new(
                Reason::Failed,
                format!("the look-up shows it as `{id}`, and reading `{id}` shows another name: it is left alone"),
            ));
        }
        if self.take_up_found(place, &ids, ends) {
            // A reading of now that showed another name was heeded above.
            looks.adopt(&ids);
            self.tell(place, Progress::Adopted { ids });
        } else {
            looks.found(Look::Ours);
        }
        Ok(())
    }

    /// Writes down under which ids a look-up shows an account. Says whether that is news.
    pub(super) fn take_up_found(&self, place: usize, ids: &[RemoteId], ends: &Ends) -> bool {
        let known = self.record(place).ids.first().cloned();
        let is_same = known.as_ref().is_none_or(|id| ids.contains(id));
        if is_same && known.is_some() {
            self.agree(place);
        }
        if !is_same {
            ends.write(self.note(place, Event::StrangerShown(NO_ACCOUNT.to_owned())));
        }
        ends.write(self.note(place, Event::Adopted(ids.to_vec())));
        known.is_none() || !is_same
    }

    /// Is the id that this account is known under, if any, the one that we chose for it?
    pub(super) fn is_chosen(&self, place: usize, site: &Site) -> bool {
        let known = self.record(place).ids.first().cloned();
        known.is_none_or(|known| self.chosen_id(place, site).is_ok_and(|chosen| chosen == known))
    }

    /// The id that the configuration computes without an answer.
    pub(super) fn chosen_id(&self, place: usize, site: &Site) -> Result<RemoteId, Stuck> {
        let id = site
            .powers
            .chosen_id
            .then(|| text(site.service.create.id.as_ref(), &self.scope(place, site)));
        id.flatten()
            .and_then(RemoteId::new)
            .ok_or_else(|| Stuck::new(Reason::NoLookUp, "its id can't be computed"))
    }
}
