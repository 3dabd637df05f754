//! Earning sight: an eye is believed once it has shown an account that is known to be there.
//!
//! Where none is left, one is made for it, looked for by the same requests, and deleted first.

use super::copied::{Copied, WitnessSecrets};
use super::create::Sent;
use super::ends::Ends;
use super::exchange::Trouble;
use super::eyes::{Found, by_id};
use super::stuck::Stuck;
use super::{Engine, Halt, Site};
use crate::domain::account::{AccountKey, RemoteId, WITNESS, is_witness};
use crate::domain::event::{Event, PlannedAccount};
use crate::domain::evidence::{Blindness, Eye, Look, Sight};
use crate::domain::ledger::Status;
use crate::domain::name::Demands;
use crate::domain::outcome::pause;
use crate::ports::World;

/// How often the create of a witness is sent that certainly did not happen.
const CREATES: u32 = 3;
/// How many witnesses are made at most, where one says nothing because it was not made, or not asked for.
const WITNESSES: u32 = 3;

impl<W: World> Engine<'_, W> {
    /// What is known of the eyes of an account's service.
    pub(super) fn sight(&self, place: usize) -> Sight {
        let sight = self.sights.borrow().get(self.site_of(place)).cloned();
        let sight = sight.unwrap_or_default();
        // Where none may be made that demands as much, a lesser name has to do.
        if self.only_listed || self.site(place).is_some_and(|site| !site.service.witness) {
            return sight;
        }
        sight.within_reach(&Demands::of(&self.username(place)))
    }

    /// Does this eye of its service see?
    pub(super) fn sees(&self, place: usize, eye: Eye) -> bool {
        self.sight(place).sees(eye)
    }

    /// This eye showed the account, which is known to be there.
    pub(super) fn earn(&self, place: usize, eye: Eye) {
        let site = self.site_of(place);
        if let Some(sight) = self.sights.borrow_mut().get_mut(site) {
            match eye {
                Eye::Id => {
                    sight.earn(Eye::Id);
                    let record = self.record(place);
                    if record.ids.first().is_some_and(|id| !record.found.contains(id)) {
                        self.agree(place);
                    }
                }
                Eye::Name => sight.earn_name(&Demands::of(&self.username(place))),
            }
        }
        if place < self.originals {
            self.shown_here.borrow_mut().insert(site);
        }
    }

    /// An account of its service was shown under the id that its create had given.
    pub(super) fn agree(&self, place: usize) {
        self.ids_agree.borrow_mut().insert(self.site_of(place));
    }

    /// Has any been shown so?
    pub(super) fn agrees(&self, place: usize) -> bool {
        self.ids_agree.borrow().contains(&self.site_of(place))
    }

    /// Finds out whether an eye sees: by an account that is still there, else by one that is made for it. Once for a service;
    /// those who wait for it share what came of it.
    pub(super) async fn earn_sight(&self, place: usize, site: &Site, eye: Eye, ends: &Ends) -> Result<(), Stuck> {
        let is_known = || self.sees(place, eye) || self.sight(place).tried.is_some();
        let Some(turn) = self.earning.get(self.site_of(place)).filter(|_| !is_known()) else {
            return Ok(());
        };
        let _turn = turn.lock().await;
        if is_known() {
            return Ok(());
        }
        self.show_sibling(place, site).await?;
        if self.sees(place, eye) {
            return Ok(());
        }
        let mut why = match self.may_witness(place, site) {
            Ok(()) => String::new(),
            Err(why) => {
                self.give_up_sight(place, why);
                return Ok(());
            }
        };
        // A create that is not answered, or a look-up that breaks off, says nothing of the eyes.
        let mut made = Vec::new();
        let mut form = Likeness::Alike;
        for _ in 0..WITNESSES {
            let (witness, witnessed) = self.witness(place, site, form, ends).await?;
            made.push(witness);
            witnessed.why().clone_into(&mut why);
            let is_over = match witnessed {
                Witnessed::Shown(_) | Witnessed::Told(_) => true,
                Witnessed::Refused(_) => form == Likeness::Plain || !self.demands(place).are_rare(),
                Witnessed::Failed(_) | Witnessed::Nothing(_) => false,
            };
            // No name that demands more can be kept there.
            if form == Likeness::Plain
                && matches!(witnessed, Witnessed::Shown(_))
                && let Some(sight) = self.sights.borrow_mut().get_mut(self.site_of(place))
            {
                sight.widen();
            }
            if is_over || self.sees(place, eye) {
                break;
            }
            // It may be the name that the service can't take: then it could not take the one that is looked for either.
            if !matches!(witnessed, Witnessed::Nothing(_)) {
                form = Likeness::Plain;
            }
        }
        // From here on nobody waits for sight any more, the witnesses themselves neither.
        self.give_up_sight(place, why);
        for place in made {
            if let Err(stuck) = Box::pin(self.settle_one(place, ends)).await {
                self.leave(place, stuck, ends);
            }
        }
        Ok(())
    }

    fn give_up_sight(&self, place: usize, why: String) {
        if let Some(sight) = self.sights.borrow_mut().get_mut(self.site_of(place)) {
            sight.tried.get_or_insert(why);
        }
    }

    /// Why no account may be made to show something, if so.
    pub(super) fn may_witness(&self, place: usize, site: &Site) -> Result<(), String> {
        if !site.service.witness {
            return Err("`witness: false` forbids a witness".to_owned());
        }
        if self.only_listed || self.ledger.borrow().account(self.model(place)).unmarked {
            return Err("no witness can be created here".to_owned());
        }
        if let Some(what) = self.is_elsewhere(place) {
            return Err(format!("this is not where it was created: `{what}` differs"));
        }
        Ok(())
    }

    /// Asks the eyes for another account of the service that is known to be there.
    async fn show_sibling(&self, place: usize, site: &Site) -> Result<(), Halt> {
        let sibling = {
            let ledger = self.ledger.borrow();
            let count = ledger.plan().accounts.len();
            let siblings = (0..count).filter(|other| {
                let record = ledger.record(*other);
                let is_there = matches!(record.status, Status::Live | Status::Verified) && record.existed;
                *other != place && self.site_of(*other) == self.site_of(place) && is_there
            });
            siblings.max_by_key(|other| ledger.account(*other).username.chars().count())
        };
        let Some(sibling) = sibling else { return Ok(()) };
        let id = self.record(sibling).ids.first().cloned();
        if let Some(id) = id.filter(|_| by_id(site).is_some()) {
            self.read(sibling, site, &id).await?;
        }
        if self.powers(sibling, site).by_name {
            self.find_by_name(sibling, site).await?;
        }
        Ok(())
    }

    /// Makes an account and asks the eyes for it. Gives its place in the plan.
    pub(super) async fn witness(
        &self,
        like: usize,
        site: &Site,
        form: Likeness,
        ends: &Ends,
    ) -> Result<(usize, Witnessed), Stuck> {
        let place = self.add_witness(self.model(like), site, form);
        let added = Event::Added(Box::new(self.ledger.borrow().account(place).clone()));
        if let Err(broken) = self.intend(place, added) {
            return Ok((place, Witnessed::Told(broken.to_string())));
        }
        let mut tries = 0;
        let mut answer = None;
        let refusal = loop {
            tries += 1;
            let sent = match self.create(place, site).await {
                Err(Trouble::Halted(halt, _)) => return Err(halt.into()),
                Err(trouble) => break Some(trouble.reason()),
                Ok(sent) => sent,
            };
            match sent {
                Sent::Noted | Sent::Taken(_) => break None,
                Sent::Unclear { said, .. } => {
                    answer = said;
                    break None;
                }
                Sent::Again { throttled: true, .. } if self.has_lied(place, site).await => break None,
                Sent::Again { .. } | Sent::Renewable(_) if tries < CREATES => {
                    self.pause(pause(tries, self.world.random())).await?;
                }
                Sent::Again { reason, .. } | Sent::Renewable(reason) | Sent::Refused(reason) => break Some(reason),
            }
        };
        let witnessed = match refusal {
            Some(reason) => Witnessed::Refused(format!("the witness could not be created: {reason}")),
            None => match self.show_witness((place, answer == Some(true)), site, ends).await? {
                Showing::Shown => Witnessed::Shown("it does not show the witness either".to_owned()),
                Showing::Hidden => Witnessed::Told("it does not show the witness either".to_owned()),
                Showing::Unknown if answer == Some(false) => {
                    Witnessed::Failed("the create of the witness failed".to_owned())
                }
                Showing::Unknown => Witnessed::Nothing("the witness could not be looked up".to_owned()),
            },
        };
        Ok((place, witnessed))
    }

    /// Was a create done that was answered as one too many?
    async fn has_lied(&self, place: usize, site: &Site) -> bool {
        self.throttle_lied(place, site).await.unwrap_or(false)
    }

    /// Asks the eyes for the witness, for as long as a look-up may lag.
    async fn show_witness(&self, (place, is_made): (usize, bool), site: &Site, ends: &Ends) -> Result<Showing, Stuck> {
        let mut answered = true;
        if self.record(place).status == Status::Live {
            // What follows a create may be what makes it visible.
            if let Err(Trouble::Halted(halt, _)) = self.complete(place, site).await {
                return Err(halt.into());
            }
        }
        if let Some(id) = self.record(place).ids.first().cloned() {
            answered &= self.read_witness(place, site, &id).await?;
        }
        if !self.powers(place, site).by_name {
            return Ok(Showing::of(answered && self.record(place).existed));
        }
        let begun = self.world.now();
        let mut round = 0;
        loop {
            let asked = self.world.now();
            match self.find_by_name(place, site).await? {
                Found::Ours(ids) => {
                    // That it can't be written down keeps no witness alive.
                    if self.take_up_found(place, &ids, ends) {
                        answered &= self.read_witness(place, site, &ids[0]).await?;
                    }
                    return Ok(if answered { Showing::Shown } else { Showing::Unknown });
                }
                Found::Unread(Trouble::Unanswered(_)) => answered = false,
                Found::Unread(_) | Found::Nobody => {}
            }
            if asked.since(begun) >= site.powers.settle {
                break;
            }
            round += 1;
            let left = pause(round, 1.0).min(site.powers.settle);
            self.pause_until(place, "`find` shows new accounts", left).await?;
        }
        // A `find` that shows nobody may have a list beside it that does.
        let is_made = is_made || self.record(place).existed;
        let has_both = site.service.list.is_some() && site.powers.find;
        if is_made && has_both && self.blind_finds.borrow_mut().insert(self.site_of(place)) {
            if let Some(sight) = self.sights.borrow_mut().get_mut(self.site_of(place)) {
                sight.forget(Eye::Name);
            }
            if let Found::Ours(ids) = self.find_by_name(place, site).await? {
                self.take_up_found(place, &ids, ends);
                return Ok(if answered { Showing::Shown } else { Showing::Unknown });
            }
        }
        Ok(Showing::of(answered && is_made))
    }

    /// Asks the eye by the id for the witness; says whether it answered.
    async fn read_witness(&self, place: usize, site: &Site, id: &RemoteId) -> Result<bool, Halt> {
        let look = self.read(place, site, id).await?;
        if look == Look::Ours {
            self.earn(place, Eye::Id);
        }
        Ok(!matches!(
            look,
            Look::Blind {
                by: Blindness::Silence,
                ..
            }
        ))
    }

    fn add_witness(&self, like: usize, site: &Site, form: Likeness) -> usize {
        let chance: String = (0..4)
            .map(|_| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it lies in 0..36"
                )]
                let digit = (self.world.random() * 36.0) as u32 % 36;
                char::from_digit(digit, 36).unwrap_or('0')
            })
            .collect();
        let password = self.world.password();
        self.world.keep_secret(&password);
        let ledger = self.ledger.borrow();
        let marker = ledger.plan().marker.clone();
        let copied = ledger.account(like);
        let username = match form {
            Likeness::Alike => {
                let max = site.service.account_name_max;
                self.demands(like).name_like(&copied.username, &marker, &chance, max)
            }
            Likeness::Plain => format!("{marker}-{chance}"),
        };
        let totp_secret = copied.totp.then(|| self.world.totp_secret());
        if let Some(secret) = &totp_secret {
            self.world.keep_secret(secret);
        }
        let domain = copied.email.rsplit('@').next().filter(|domain| !domain.is_empty());
        let local = username.split('@').next().unwrap_or_default();
        let email = if copied.email.contains(&copied.username) {
            copied.email.replacen(&copied.username, &username, 1)
        } else {
            format!("{local}@{}", domain.unwrap_or("example.com"))
        };
        let is_there = |need: &usize| !ledger.record(*need).ids.is_empty();
        let planned = PlannedAccount {
            key: AccountKey {
                service: copied.key.service.clone(),
                account: format!("{WITNESS}-{chance}"),
            },
            email,
            username,
            full_username: None,
            own_password: false,
            totp: copied.totp,
            timeout_ms: copied.timeout_ms,
            needs: copied.needs.iter().copied().filter(is_there).collect(),
            unmarked: false,
        };
        drop(ledger);
        self.copy(like, planned, WitnessSecrets { password, totp_secret })
    }

    /// What the user names of a service's plan demand.
    fn demands(&self, like: usize) -> Demands {
        let ledger = self.ledger.borrow();
        let mut demands = Demands::default();
        for place in (0..self.originals).filter(|place| self.site_of(*place) == self.site_of(like)) {
            demands.add(&Demands::of(&ledger.account(place).username));
        }
        demands
    }

    /// Has an account join the plan that the service of another has beside it.
    pub(super) fn join(&self, like: usize, account: PlannedAccount) -> usize {
        let added = Event::Added(Box::new(account.clone()));
        let place = self.copy(like, account, WitnessSecrets::default());
        // What can't be written down is gone by in this command all the same.
        self.note(place, added).unwrap_or_default();
        place
    }

    /// Has an account stand beside another in memory alone; the one that does already, where its key is the same.
    pub(super) fn copy(&self, like: usize, account: PlannedAccount, made: WitnessSecrets) -> usize {
        let of = self.site_of(like);
        let base = self.base_of(like);
        let place = self.ledger.borrow_mut().add(account);
        if place < self.places.borrow().len() {
            return place;
        }
        self.places.borrow_mut().push(of);
        if !self.only_listed {
            self.names.borrow_mut().remove(&of);
        }
        self.learnt.borrow_mut().push(super::Learnt::default());
        self.copies.borrow_mut().push(Copied { base, made });
        place
    }

    /// The account of the plan that another is a copy of; itself, as a rule.
    fn base_of(&self, place: usize) -> usize {
        let copy = place.checked_sub(self.originals);
        copy.and_then(|copy| self.copies.borrow().get(copy).map(|copy| copy.base))
            .unwrap_or(place)
    }

    /// Whom a witness is a copy of: an account of the configuration's own, not what an earlier command has made to show one, nor
    /// what the tests made.
    fn model(&self, like: usize) -> usize {
        let ledger = self.ledger.borrow();
        let is_own = |place: &usize| {
            let account = ledger.account(*place);
            self.site_of(*place) == self.site_of(like) && !is_witness(&account.key.account) && !account.is_listed()
        };
        if is_own(&like) {
            return like;
        }
        (0..self.originals).find(is_own).unwrap_or(like)
    }
}

/// How a witness is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// As demanding as the names of the plan.
    Alike,
    /// With its marker alone.
    Plain,
}

/// What the eyes show of a witness.
enum Showing {
    /// The eye by the name shows it.
    Shown,
    /// It is known to be there, and each eye answered.
    Hidden,
    /// They had no chance.
    Unknown,
}

impl Showing {
    /// That of a witness that the eye by the name does not show.
    fn of(had_chance: bool) -> Self {
        if had_chance { Self::Hidden } else { Self::Unknown }
    }
}

/// What a witness came to.
pub(super) enum Witnessed {
    /// The eye by the name shows it; why another does not see.
    Shown(String),
    /// The eyes had their chance; why one that has not shown it does not see.
    Told(String),
    /// It could not be made.
    Refused(String),
    /// Its create was answered with an error, and it is not shown.
    Failed(String),
    /// It says nothing: another one may.
    Nothing(String),
}

impl Witnessed {
    /// Why an eye that has not shown it does not see, or may not.
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Shown(why) | Self::Told(why) | Self::Refused(why) | Self::Failed(why) | Self::Nothing(why) => why,
        }
    }
}
