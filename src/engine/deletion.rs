//! One account is deleted, step by step, and seen to be gone.

use super::create::shown;
use super::exchange::{Trouble, status};
use super::provision::{UNPROVED, until};
use super::settle::contradictory;
use super::stuck::Stuck;
use super::{Engine, Site};
use crate::domain::account::RemoteId;
use crate::domain::answer::Answer;
use crate::domain::event::Event;
use crate::domain::leftover::Reason;
use crate::domain::outcome::{Shown, pause};
use crate::ports::{Identity, JournalBroken, Outgoing, Proof, World};

/// How often a delete is sent that was answered as expected and does not come true.
const DELETES: u32 = 3;

/// How an account came to be gone.
pub(super) enum Gone {
    Deleted,
    NeverThere(Proof),
}

impl<W: World> Engine<'_, W> {
    /// Carries out the delete, step by step, and sees that it has come true.
    pub(super) async fn delete(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
        write: &impl Fn(Result<(), JournalBroken>),
    ) -> Result<Gone, Stuck> {
        write(self.note(place, Event::DeleteIntended));
        let result = self.delete_for_good(place, site, id).await;
        if let Err(stuck) = &result {
            write(self.note(place, Event::DeleteFailed(stuck.detail.clone())));
        }
        result
    }

    async fn delete_for_good(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Gone, Stuck> {
        let gone = self.send_delete(place, site, id).await?;
        if matches!(gone, Gone::Deleted) {
            self.see_gone(place, site, id).await?;
        }
        Ok(gone)
    }

    /// Sends the whole chain once. It may be sent again: each step of it may be started anew.
    async fn send_delete(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Gone, Stuck> {
        let mut captures = self.learnt.borrow()[place].captures.clone();
        for request in &site.service.delete {
            let scope = super::with_captures(self.scope(place, site), &captures).with("id", id.as_str());
            let asked = self.stamp();
            let outgoing = Outgoing::render(request, &scope, Identity::Own)
                .map_err(|error| Stuck::new(Reason::Failed, format!("`{}` can't be sent: {error}", request.place)))?;
            // Some services give the id of a deleted account to the next one: what may have been carried out is not sent
            // again before it is seen whose the id is by now.
            let still = async || match self.read_name_surely(place, site, id).await {
                Ok(Some(Shown::Other)) => Err(Trouble::Another),
                Ok(None) => Err(Trouble::Unanswered(contradictory(id))),
                // That it can't be read says nothing either way.
                Ok(Some(Shown::Ours | Shown::Nothing)) | Err(_) => Ok(()),
            };
            let answer = match self.repeat_while(place, "delete", &outgoing, still).await {
                Err(Trouble::Another) => return Ok(Gone::Deleted),
                asked => asked?,
            };
            let answered = self.stamp();
            let seen = scope.clone().answer(&answer);
            if request.gone.holds(&answer, &seen).unwrap_or(false) {
                let proof = self.prove(place, site, request, &scope, answered).await?;
                let proof = proof.ok_or_else(|| Stuck::new(Reason::Unproved, UNPROVED))?;
                if self.is_still_read(place, site, id).await {
                    let said = status(&answer);
                    return Err(Stuck::new(
                        Reason::Failed,
                        format!("the delete was answered with {said}, but reading it back still shows it"),
                    ));
                }
                return Ok(Gone::NeverThere(proof));
            }
            if !request.expect.holds(&answer, &seen).unwrap_or(false) {
                return Err(refused(&answer));
            }
            self.prove_credentials(place, asked, request, &answer);
            self.capture(&mut captures, request, &seen)
                .map_err(|reason| Stuck::new(Reason::Failed, reason))?;
        }
        Ok(Gone::Deleted)
    }

    /// Is the account still there for all that a delete said? One that is sent to a wrong address is answered "not found" too.
    ///
    /// That reading it back can't be done says nothing either way: then the proof has to do.
    async fn is_still_read(&self, place: usize, site: &Site, id: &RemoteId) -> bool {
        let Some(verify) = &site.service.verify else {
            return false;
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        let Ok(answer) = self.ask(place, "read", &verify.request, &scope).await else {
            return false;
        };
        let seen = scope.answer(&answer);
        let expected = verify.request.expect.holds(&answer, &seen).unwrap_or(false);
        match shown(verify.name.as_ref(), &seen, &self.username(place)) {
            Shown::Ours => expected,
            Shown::Nothing => expected && verify.name.is_none(),
            Shown::Other => matches!(
                self.read_name_surely(place, site, id).await,
                Ok(Some(Shown::Ours) | None)
            ),
        }
    }

    /// Asks until the account is seen to be gone, where the configuration says how.
    ///
    /// An id that leads to somebody else's account by now is gone too. Where it is still ours, as after a late write that
    /// brings it back, the delete is sent again within that time.
    async fn see_gone(&self, place: usize, site: &Site, id: &RemoteId) -> Result<(), Stuck> {
        let Some(gone) = &site.service.gone else {
            return Ok(());
        };
        let begun = self.world.now();
        let mut round = 0;
        let mut sent = 1;
        loop {
            let scope = self.scope(place, site).with("id", id.as_str());
            let answer = self.ask(place, "check that it is gone", &gone.request, &scope).await?;
            let scope = scope.answer(&answer);
            let holds = if gone.until.is_some() {
                until(gone, &scope)
            } else {
                gone.request.gone.holds(&answer, &scope).unwrap_or(false)
            };
            if holds {
                return Ok(());
            }
            let waited = self.world.now().since(begun);
            let over = waited >= gone.within;
            let due = waited >= gone.within * sent / DELETES;
            if round == 0 || due || over {
                match self.read_name_surely(place, site, id).await {
                    Ok(Some(Shown::Other)) => return Ok(()),
                    Ok(Some(Shown::Ours)) if due && !over => {
                        sent += 1;
                        // Whatever this one is answered with, it is the account's absence that counts.
                        let _again = self.send_delete(place, site, id).await;
                        continue;
                    }
                    Ok(Some(Shown::Ours | Shown::Nothing) | None) | Err(_) => {}
                }
            }
            if over {
                let times = if sent == 1 {
                    String::new()
                } else {
                    format!(" (the delete was sent {sent} times)")
                };
                return Err(Stuck::new(
                    Reason::Failed,
                    format!("it was deleted, but is still seen: {}{times}", status(&answer)),
                ));
            }
            round += 1;
            self.pause(pause(round, 1.0)).await?;
        }
    }
}

fn refused(answer: &Answer) -> Stuck {
    Stuck::new(
        Reason::Failed,
        format!("the delete was answered with {}", status(answer)),
    )
}
