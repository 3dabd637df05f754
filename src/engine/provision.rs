//! Forward: every account created and read back, dependents as soon as what they need is ready.

use std::cell::RefCell;
use std::time::Duration;

use super::create::Sent;
use super::exchange::Trouble;
use super::eyes::by_id;
use super::schedule::{self, Flow, Queue};
use super::steps::applies;
use super::words::without_words;
use super::{Engine, Halt, Site};
use crate::config::{Create, Poll};
use crate::domain::account::AccountKey;
use crate::domain::answer::Answer;
use crate::domain::decide::{Provision, may_create_again, provision};
use crate::domain::event::Event;
use crate::domain::evidence::Eye;
use crate::domain::ledger::Status;
use crate::domain::outcome::{Delivery, Shown, pause};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{JournalBroken, Progress, Stop, World};

/// A create that certainly did not happen is sent this many times in all.
const CREATES: u32 = 6;
/// After a signal, answers in flight are awaited for this long.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What setup came to.
#[derive(Clone, Debug, Default)]
pub struct Provisioned {
    /// The places of the accounts that are ready.
    pub ready: Vec<usize>,
    /// Those that are not, and why.
    pub failures: Vec<Unprovisioned>,
    /// It was told to stop.
    pub stopped: Option<Stop>,
    /// The journal could not be written: only this process knows everything that it made.
    pub journal_broken: Option<JournalBroken>,
}

/// An account that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprovisioned {
    /// Which.
    pub key: AccountKey,
    /// Why.
    pub reason: Why,
}

/// How far the creates of one account have come.
pub(super) struct Attempt {
    creates_left: u32,
    /// A create was answered with "the name is taken".
    taken: bool,
    /// The credentials were renewed for it.
    renewed: bool,
    /// Since when the service has not been reached.
    failing: Option<Timestamp>,
    /// Why it is not there yet.
    pub(super) reason: Why,
}

impl Attempt {
    /// Nothing new is started: says what had failed until then.
    pub(super) fn halted(&self, halt: Halt) -> Trouble {
        let is_told = halt != Halt::Stopped && !self.reason.is_empty();
        Trouble::Halted(halt, is_told.then(|| self.reason.clone().context(halt.reason())))
    }
}

/// What a look-up of a wanted account came to.
pub(super) enum Looked {
    Adopted,
    /// It is not there, and a create can't make a second one.
    Absent,
}

impl<W: World> Engine<'_, W> {
    /// Creates and verifies every account. `go_on` says that one failure does not stop the others.
    pub async fn provision(&self, wait: Duration, go_on: bool) -> Provisioned {
        let provisioned = RefCell::new(Provisioned::default());
        let after: Vec<Vec<usize>> = {
            let ledger = self.ledger.borrow();
            ledger
                .plan()
                .accounts
                .iter()
                .map(|account| account.needs.clone())
                .collect()
        };
        self.set_patience(wait);
        let limits = self.lanes();
        let queue = Queue::new(self.places.borrow().clone(), &after, &limits);
        let everything = schedule::run(
            queue,
            |place| self.told_of(place, self.provision_one(place, wait)),
            |place, ended| {
                let mut provisioned = provisioned.borrow_mut();
                match ended {
                    Ok(()) => provisioned.ready.push(place),
                    Err(Trouble::Halted(Halt::Stopped, _)) => return Flow::Drain,
                    Err(trouble) => {
                        let reason = trouble.reason();
                        if let Trouble::Journal(journal) = trouble {
                            provisioned.journal_broken = Some(journal);
                        }
                        self.tell(place, Progress::Failed { reason: reason.clone() });
                        provisioned.failures.push(Unprovisioned {
                            key: self.key(place),
                            reason,
                        });
                        if !go_on || provisioned.journal_broken.is_some() {
                            // Those that are under way may still be waiting for their turn.
                            self.is_ending.set(true);
                            return Flow::Drain;
                        }
                    }
                }
                Flow::GoOn
            },
        );
        tokio::select! {
            () = everything => {}
            () = self.after_last_answers() => {}
        }
        self.set_patience(Duration::ZERO);
        let mut provisioned = provisioned.into_inner();
        provisioned.stopped = self.world.stop();
        provisioned.ready.sort_unstable();
        provisioned
    }

    /// Returns once answers in flight need not be awaited any longer, since it was told to stop.
    pub(super) async fn after_last_answers(&self) {
        self.world.stopped().await;
        tokio::select! {
            () = self.world.sleep(LAST_ANSWERS) => {}
            () = self.world.hurried() => {}
        }
    }

    /// Has one account ready, or says why it can't be had.
    async fn provision_one(&self, place: usize, wait: Duration) -> Result<(), Trouble> {
        let Some(site) = self.site(place) else {
            return Err(Trouble::Hopeless("the configuration has no such service".into()));
        };
        if let Some(reason) = &site.unusable {
            return Err(Trouble::Hopeless(reason.clone()));
        }
        if let Some(need) = self.unmet(place) {
            return Err(Trouble::Hopeless(
                format!("`{need}`, which it needs, is not ready").into(),
            ));
        }
        if let Err(reason) = self.ready(place, site, wait).await {
            return Err(match self.world.stop() {
                Some(_) => Halt::Stopped.into(),
                None => Trouble::Hopeless(reason),
            });
        }
        self.tell_place(place, site).await.map_err(Trouble::Hopeless)?;
        self.refuse_to_overwrite(place, site).await?;
        let begun = self.world.now();
        let mut attempt = Attempt {
            creates_left: CREATES,
            taken: false,
            renewed: false,
            failing: None,
            reason: Why::default(),
        };
        loop {
            match provision(&self.record(place), &self.powers(place, site), attempt.creates_left) {
                Provision::Create => self.attempt(place, site, &mut attempt).await?,
                Provision::Look => match self.look_for_wanted(place, site, &attempt).await? {
                    Looked::Adopted => {}
                    Looked::Absent if attempt.creates_left > 0 => self.attempt(place, site, &mut attempt).await?,
                    Looked::Absent => return Err(Trouble::Hopeless(attempt.reason)),
                },
                Provision::Complete => self.complete(place, site).await?,
                Provision::Ready => {
                    let took = self.world.now().since(begun);
                    self.tell(place, Progress::Ready { took });
                    return Ok(());
                }
                Provision::Fail => return Err(Trouble::Hopeless(attempt.reason)),
            }
        }
    }

    /// Looks before a create that would change the account of somebody else: a name without our marker may be anybody's.
    async fn refuse_to_overwrite(&self, place: usize, site: &Site) -> Result<(), Trouble> {
        let Some(find) = &site.service.find else { return Ok(()) };
        if !self.ledger.borrow().account(place).unmarked || !site.service.create.overwrites() {
            return Ok(());
        }
        if self.find(place, site, find).await?.is_empty() {
            return Ok(());
        }
        let name = self.username(place);
        let why = format!("the user name `{name}` is taken, and a create would change that account; none was sent");
        Err(Trouble::Hopeless(why.into()))
    }

    /// Sends a create, and waits where it may be sent again.
    async fn attempt(&self, place: usize, site: &Site, attempt: &mut Attempt) -> Result<(), Trouble> {
        let sent = match self.create(place, site).await {
            Err(Trouble::Halted(halt, _)) => return Err(attempt.halted(halt)),
            sent => sent?,
        };
        let (reason, throttled) = match sent {
            Sent::Noted => {
                attempt.creates_left -= 1;
                return Ok(());
            }
            Sent::Unclear { reason, .. } => {
                attempt.creates_left -= 1;
                attempt.reason = reason.map(|reason| format!("unclear whether it was created ({reason})"));
                return Ok(());
            }
            Sent::Taken(reason) => {
                attempt.taken = true;
                attempt.creates_left = 0;
                let who = self.who_is_taken(place);
                attempt.reason = format!("{reason}: a duplicate, by what it says: {who}").into();
                return if self.record(place).status == Status::Refused {
                    self.look_who_has_it(place, site, attempt).await
                } else {
                    Ok(())
                };
            }
            Sent::Again { reason, throttled } => {
                if throttled && self.throttle_lied(place, site).await? {
                    return Ok(());
                }
                (reason, throttled)
            }
            Sent::Renewable(_) if !attempt.renewed => {
                attempt.renewed = true;
                return Ok(());
            }
            Sent::Renewable(reason) | Sent::Refused(reason) => return Err(Trouble::Hopeless(reason)),
        };
        attempt.reason.clone_from(&reason);
        let mut waits = false;
        if !throttled {
            let failing = *attempt.failing.get_or_insert_with(|| self.world.now());
            let unreached = Delivery::NotSent(reason.clone());
            waits = attempt.creates_left == 1 && self.waits_for(place, "create", failing, &unreached);
            attempt.creates_left -= u32::from(!waits);
        }
        // The pace of a service that asked to wait is kept by its turns.
        let pause = if throttled {
            Duration::ZERO
        } else {
            pause(CREATES - attempt.creates_left, self.world.random())
        };
        if attempt.creates_left > 0 {
            let what = "create";
            if !waits {
                self.tell(place, Progress::Again { what, reason, pause });
            }
            self.pause(pause).await.map_err(|halt| attempt.halted(halt))?;
        }
        Ok(())
    }

    /// The first account that this one needs and that is not ready.
    fn unmet(&self, place: usize) -> Option<AccountKey> {
        let ledger = self.ledger.borrow();
        let needs = &ledger.account(place).needs;
        let unmet = needs
            .iter()
            .find(|need| ledger.record(**need).status != Status::Verified)?;
        Some(ledger.account(*unmet).key.clone())
    }

    /// Looks an unclear account up until it is found, or until it may certainly be created again.
    async fn look_for_wanted(&self, place: usize, site: &Site, attempt: &Attempt) -> Result<Looked, Trouble> {
        let Some(find) = &site.service.find else {
            return Err(Trouble::Unanswered("there is no look-up".into()));
        };
        self.tell(place, Progress::LookingUp);
        let begun = self.world.now();
        let mut round = 0;
        loop {
            // What lands while the look-up is on its way may be missed by it.
            let asked = self.world.now();
            let ids = self.find(place, site, find).await?;
            let answered = self.stamp();
            if !ids.is_empty() {
                self.earn(place, Eye::Name);
                self.note(place, Event::Adopted(ids.clone()))?;
                self.tell(place, Progress::Adopted { ids });
                self.keep_adopted(place, &site.service.create)?;
                return Ok(Looked::Adopted);
            }
            // Whoever holds the name was there before, so that a look-up that lags must show it by then.
            if attempt.taken && asked.since(begun) >= site.powers.settle {
                let unshown = |reason| format!("{reason}, and the look-up does not show by whom");
                return Err(Trouble::Unanswered(attempt.reason.clone().map(unshown)));
            }
            if !attempt.taken && may_create_again(&self.record(place), &self.powers(place, site), asked) {
                self.tell(place, Progress::NotThere);
                let scope = self.scope(place, site);
                // Elsewhere a second create could make a second account.
                if !site.powers.repeatable && !self.sees(place, Eye::Name) {
                    let blind =
                        "the look-up does not show it, and has not shown any account yet, so it is not created again";
                    let reason = attempt.reason.clone().map(|reason| format!("{reason}; {blind}"));
                    return Err(Trouble::Unanswered(reason));
                }
                return match self.prove(place, site, &find.request, &scope, answered).await? {
                    Some(_) => Ok(Looked::Absent),
                    None => Err(Trouble::Unanswered(self.unproved(place, "it was not found"))),
                };
            }
            round += 1;
            self.pause_until(place, "`find` shows new accounts", pause(round, 1.0))
                .await?;
        }
    }

    /// An adopted account is as good as a created one, unless something was to be read from the answer that was lost.
    pub(super) fn keep_adopted(&self, place: usize, create: &Create) -> Result<(), Trouble> {
        let wanted = [
            ("capture", create.request.captures.is_empty()),
            ("outputs", create.request.outputs.is_empty()),
            ("secrets", create.request.secrets.is_empty()),
        ];
        match wanted.iter().find(|(_, empty)| !empty) {
            None => Ok(()),
            Some((key, _)) => {
                let reason = format!(
                    "it was created, but the answer that `{}.{key}` reads was lost",
                    create.request.place
                );
                self.note(place, Event::VerifyFailed(reason.clone()))?;
                Err(Trouble::Unanswered(reason.into()))
            }
        }
    }

    pub(super) async fn finish(&self, place: usize, site: &Site) -> Result<(), Trouble> {
        self.refuse_strangers(place, site).await?;
        let after = &site.service.after_create;
        if let Err(trouble) = self.steps(place, "step after the create", after).await {
            return Err(self.reject(place, trouble));
        }
        let verify = site.service.verify.as_ref();
        let applies = verify.map_or(Ok(false), |verify| applies(&verify.request, &self.scope(place, site)));
        let applies = applies.map_err(|trouble| self.reject(place, trouble))?;
        let Some(verify) = verify.filter(|_| applies) else {
            self.note(place, Event::Trusted)?;
            return Ok(());
        };
        // Of several under one name each must be ours; one answer for the first stands for the account itself.
        match self.verify(place, site, verify).await {
            Ok(Shown::Ours | Shown::Nothing) => {
                self.note(place, Event::Verified)?;
                Ok(())
            }
            Ok(Shown::Other) => {
                let reason = "reading it back shows an account under another name; it is left alone".to_owned();
                self.note(place, Event::StrangerShown(reason.clone()))?;
                Err(Trouble::Unanswered(reason.into()))
            }
            Err(trouble) => Err(self.reject(place, trouble)),
        }
    }

    /// Writes down that it is not as it should be.
    fn reject(&self, place: usize, trouble: Trouble) -> Trouble {
        let plain = without_words(&trouble.reason().what).to_owned();
        match self.note(place, Event::VerifyFailed(plain)) {
            Ok(()) => trouble,
            Err(broken) => broken.into(),
        }
    }

    /// Reads an account back until it is as asked, and says what name it shows.
    async fn verify(&self, place: usize, site: &Site, verify: &Poll) -> Result<Shown, Trouble> {
        let begun = self.world.now();
        let mut round = 0;
        loop {
            let scope = self.scope(place, site);
            let asked = self.stamp();
            let answer = self.ask(place, "verify", &verify.request, &scope).await?;
            let scope = scope.answer(&answer);
            let expected = verify.request.expect.holds(&answer, &scope).unwrap_or(false);
            if expected {
                self.prove_by_reading(place, asked, &verify.request, &answer);
                let seen = self.shown(place, verify.name.as_ref(), &scope);
                if seen == Shown::Other || verify.holds(&scope) {
                    // Where the same answer says that it is gone, it says nothing of use on another day.
                    if !verify.request.gone.holds(&answer, &scope).unwrap_or(false) {
                        self.learn_by_reading(place, site, seen, &answer)?;
                    }
                    if seen != Shown::Other {
                        self.learn(place, &verify.request, &scope)
                            .map_err(Trouble::Unanswered)?;
                    }
                    return Ok(seen);
                }
            }
            let waited = self.world.now().since(begun);
            if verify.until.is_none() || waited >= verify.within {
                let why = match &verify.until {
                    Some(until) if expected => {
                        let what = self.answered(&verify.request, &answer, &scope);
                        format!("{what}; {}", self.why_not_yet(until, &scope))
                    }
                    Some(_) | None => self.unexpected(&verify.request, &answer, &scope),
                };
                return Err(Trouble::Unanswered(why.into()));
            }
            round += 1;
            self.pause_until(place, "`verify.until` holds", pause(round, 1.0))
                .await?;
        }
    }

    /// What reading an account back tells beside its state: whose its id is, and that this eye sees.
    fn learn_by_reading(&self, place: usize, site: &Site, seen: Shown, answer: &Answer) -> Result<(), Trouble> {
        let is_eye = by_id(site).is_some_and(|poll| {
            site.service
                .verify
                .as_ref()
                .is_some_and(|verify| std::ptr::eq(poll, verify))
        });
        if seen == Shown::Other || !is_eye {
            return Ok(());
        }
        self.earn(place, Eye::Id);
        let record = self.record(place);
        let Some(id) = record.ids.first().filter(|id| !record.owns(id)) else {
            return Ok(());
        };
        if seen == Shown::Ours || self.stands_in(place, answer) {
            self.note(place, Event::Adopted(vec![id.clone()]))?;
        }
        Ok(())
    }
}
