//! One request of the configuration: rendered, sent, sent again where that is harmless, and read.

use std::time::Duration;

use super::slots::Turn;
use super::{Engine, Halt};
use crate::config::{Awaits, Request};
use crate::domain::answer::Answer;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::{Again, Delivery, again, pause};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::Scope;
use crate::ports::{Identity, JournalBroken, Outgoing, Progress, World};

/// A request that fails without an answer that says when to come back is sent this many times in all.
pub(super) const TRIES: u32 = 6;

/// Why what the engine wanted did not come about: its one kind of error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It could not be rendered; nothing was sent.
    Unsendable(Why),
    /// It was tried several times.
    Unanswered(Why),
    /// It was refused (4xx), or its credentials are known to be.
    Refused(Why),
    /// It was answered with what can't be read.
    Useless(Why),
    /// It shows an account of which no name can be read, and which may be the one that was asked for.
    Nameless(Why),
    /// Nothing new is started; and what is said of it, where that is more than the reason of the halt.
    Halted(Halt, Option<Why>),
    /// It is not sent again, since its id leads to somebody else's account by now.
    Another,
    /// It can't be had, whatever is sent.
    Hopeless(Why),
    /// The journal can't be written: no create may be sent any more.
    Journal(JournalBroken),
}

impl From<JournalBroken> for Trouble {
    fn from(broken: JournalBroken) -> Self {
        Self::Journal(broken)
    }
}

impl From<Halt> for Trouble {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt, None)
    }
}

impl Trouble {
    /// The reason, for a message.
    pub(super) fn reason(&self) -> Why {
        match self {
            Self::Unsendable(reason)
            | Self::Unanswered(reason)
            | Self::Refused(reason)
            | Self::Useless(reason)
            | Self::Nameless(reason)
            | Self::Hopeless(reason)
            | Self::Halted(_, Some(reason)) => reason.clone(),
            Self::Halted(halt, None) => halt.reason().into(),
            Self::Journal(broken) => broken.to_string().into(),
            Self::Another => "its id now belongs to an account with another name".into(),
        }
    }
}

/// For how long a step was sent again by now.
pub(super) struct Insistence {
    begun: Timestamp,
    rounds: u32,
}

impl Insistence {
    /// It is sent for the first time.
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { begun: now, rounds: 0 }
    }
}

impl<W: World> Engine<'_, W> {
    /// Sends a request that is harmless to repeat, until an answer that no repetition can better.
    pub(super) async fn ask(
        &self,
        place: usize,
        what: &'static str,
        request: &Request,
        scope: &Scope,
    ) -> Result<Answer, Trouble> {
        let mut insistence = Insistence::begin(self.world.now());
        loop {
            let mut outgoing = self.render(request, scope)?;
            outgoing.repeatable = true;
            outgoing.tells_of_credentials &= !request.is_sent_by_the_account() && !request.logs_in();
            let answer = self
                .repeat(place, what, &outgoing)
                .await
                .map_err(|trouble| named(request, trouble))?;
            let asked = (request, scope);
            if !self.insists(place, asked, &answer, false, &mut insistence).await? {
                return Ok(answer);
            }
        }
    }

    /// The same for a request that looks at accounts: what is there now, and not what a cache has kept.
    pub(super) async fn look(
        &self,
        place: usize,
        what: &'static str,
        request: &Request,
        scope: &Scope,
    ) -> Result<Answer, Trouble> {
        let mut insistence = Insistence::begin(self.world.now());
        loop {
            let mut outgoing = self.render(request, scope)?;
            outgoing.set_fresh();
            let answer = self
                .repeat(place, what, &outgoing)
                .await
                .map_err(|trouble| named(request, trouble))?;
            let seen = scope.clone().answer(&answer);
            let is_gone = request.gone.holds(&answer, &seen).unwrap_or(false);
            let asked = (request, scope);
            if !self.insists(place, asked, &answer, is_gone, &mut insistence).await? {
                return Ok(answer);
            }
        }
    }

    fn render(&self, request: &Request, scope: &Scope) -> Result<Outgoing, Trouble> {
        Outgoing::render(request, scope, Identity::Own, self.world.now())
            .map_err(|error| Trouble::Unsendable(unsendable(request, error)))
    }

    /// The same for a request that is rendered already.
    pub(super) async fn repeat(
        &self,
        place: usize,
        what: &'static str,
        outgoing: &Outgoing,
    ) -> Result<Answer, Trouble> {
        self.repeat_while(place, what, outgoing, async || Ok(())).await
    }

    /// The same, where something may speak against sending it once more after it may have been carried out.
    pub(super) async fn repeat_while(
        &self,
        place: usize,
        what: &'static str,
        outgoing: &Outgoing,
        still: impl AsyncFn() -> Result<(), Trouble>,
    ) -> Result<Answer, Trouble> {
        let mut tries = 0;
        let (mut failing, mut hurried, mut failed) = (None, false, None);
        let mut renewable = outgoing.identity == Identity::Own && self.world.renews(self.site_of(place));
        loop {
            let halted = |failed: &Option<Why>| {
                let failed = failed.clone();
                move |halt: Halt| {
                    let before = failed.filter(|_| halt == Halt::Deadline);
                    let said = before.map(|why| why.map(|failed| format!("{}; before that {failed}", halt.reason())));
                    Trouble::Halted(halt, said)
                }
            };
            let slot = self.slot(place, Turn::Then).await.map_err(halted(&failed))?;
            let delivery = self.send(place, outgoing).await;
            drop(slot);
            self.follow(place, what, &delivery);
            // Once, with new credentials: what they may not do either is no matter of age.
            if matches!(&delivery, Delivery::Answered(answer) if answer.meaning() == Meaning::Unauthorized) && renewable
            {
                renewable = false;
                continue;
            }
            if again(&delivery) == Again::No {
                return match delivery {
                    Delivery::Answered(answer) => Ok(answer),
                    Delivery::Unsendable(reason) => Err(Trouble::Unsendable(reason)),
                    Delivery::Barred(reason) => Err(Trouble::Refused(reason)),
                    Delivery::NotSent(reason) | Delivery::Lost(reason) => Err(Trouble::Unanswered(reason)),
                };
            }
            // The pace of a service that says "too many" is kept by its turns, for as long as the deadline allows.
            let throttled = matches!(&delivery, Delivery::Answered(answer) if answer.meaning() == Meaning::Throttled);
            // Another address has no pace of ours.
            let throttled = throttled && outgoing.elsewhere.is_none();
            if !throttled {
                tries += 1;
                let failing = *failing.get_or_insert_with(|| self.world.now());
                let waits = outgoing.elsewhere.is_none() && self.waits_for(place, what, failing, &delivery);
                if tries >= self.tries(place, what) && !waits {
                    return match delivery {
                        Delivery::Answered(answer) => Ok(answer),
                        Delivery::NotSent(reason)
                        | Delivery::Unsendable(reason)
                        | Delivery::Barred(reason)
                        | Delivery::Lost(reason) => Err(Trouble::Unanswered(reason)),
                    };
                }
            }
            let pause = if throttled {
                Duration::ZERO
            } else {
                pause(tries.min(TRIES - 1), self.world.random())
            };
            let reason = self.describe(&delivery);
            failed = Some(reason.clone().context(format_args!("the {what} failed")));
            if tries < TRIES {
                self.tell(place, Progress::Again { what, reason, pause });
                self.pause(pause).await.map_err(halted(&failed))?;
            } else {
                // Of those that wait for a service one at a time asks it. Once it answers one, the others need no pause.
                let turn = self.probe(place).await.map_err(halted(&failed))?;
                let needs_pause = !self.is_back(place, what) || std::mem::replace(&mut hurried, true);
                if needs_pause {
                    hurried = false;
                    self.pause(pause).await.map_err(halted(&failed))?;
                }
                drop(turn);
            }
            if !throttled && !matches!(delivery, Delivery::NotSent(_)) {
                still().await?;
            }
        }
    }

    /// Has the step to be sent again, after this answer? Then the pause before that is over. `is_over` says that the answer
    /// ends the wait whatever it waits for.
    pub(super) async fn insists(
        &self,
        place: usize,
        (request, scope): (&Request, &Scope),
        answer: &Answer,
        is_over: bool,
        insistence: &mut Insistence,
    ) -> Result<bool, Trouble> {
        let patience = &request.patience;
        if is_over || patience.is_none() {
            return Ok(false);
        }
        let seen = scope.clone().answer(answer);
        let Some(awaits) = patience.awaits(answer, &seen) else {
            return Ok(false);
        };
        let left = patience.within.saturating_sub(self.world.now().since(insistence.begun));
        let what = match awaits {
            // What became of it is for `expect` to say.
            Awaits::Recovery if left.is_zero() => return Ok(false),
            Awaits::Recovery => "a failure passes",
            Awaits::Condition(until) if left.is_zero() => {
                let within = humantime::format_duration(patience.within);
                let what = self.answered(request, answer, &seen);
                let why = self.why_not_yet(until, &seen);
                return Err(Trouble::Unanswered(format!("{what}; within {within}, {why}").into()));
            }
            Awaits::Condition(_) => "`until` holds",
        };
        insistence.rounds += 1;
        let pause = pause(insistence.rounds, 1.0).min(left);
        self.pause_until(place, what, pause).await?;
        Ok(true)
    }

    /// Sends a request once.
    pub(super) async fn send(&self, place: usize, outgoing: &Outgoing) -> Delivery {
        if let Some(reason) = self.barred(place, outgoing) {
            return Delivery::Barred(reason);
        }
        self.requests.set(self.requests.get() + 1);
        let sent = self.world.now();
        let mut delivery = self.world.send(self.site_of(place), outgoing).await;
        outgoing.judge(&mut delivery);
        if matches!(delivery, Delivery::Unsendable(_)) {
            // It was none, and says nothing of the service.
            self.requests.set(self.requests.get() - 1);
            return delivery;
        }
        if outgoing.elsewhere.is_none() {
            self.watch(place, sent, &delivery);
        }
        self.hear(place, sent, &delivery);
        self.judge_credentials(place, outgoing, &delivery);
        delivery
    }
}

/// Which request it is that can't be sent.
fn named(request: &Request, trouble: Trouble) -> Trouble {
    if let Trouble::Unsendable(why) = trouble {
        Trouble::Unsendable(unsendable(request, why))
    } else {
        trouble
    }
}

/// Why a request can't be rendered, or sent as it is.
pub(super) fn unsendable(request: &Request, why: impl Into<Why>) -> Why {
    why.into().context(format_args!("`{}` can't be sent", request.place))
}
