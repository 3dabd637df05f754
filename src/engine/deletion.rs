//! One account is deleted, step by step.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::advice;
use super::ends::{Delete, Ends};
use super::exchange::{Insistence, Trouble, unsendable};
use super::eyes::{Found, by_id, is_gone};
use super::steps::applies;
use super::stuck::Stuck;
use super::words::without_words;
use super::{Engine, Halt, Site};
use crate::config::{Effect, Request};
use crate::domain::account::RemoteId;
use crate::domain::event::Event;
use crate::domain::evidence::Look;
use crate::domain::leftover::Reason;
use crate::domain::outcome::pause;
use crate::domain::why::Why;
use crate::language::Expression;
use crate::ports::{Identity, JournalBroken, Outgoing, World};

/// How often a delete is sent that was answered as expected and does not come true.
const DELETES: u32 = 3;

/// How the last step of a delete was answered.
enum DeleteSent {
    /// As expected, or as gone after an earlier step was accepted.
    Accepted {
        /// The form of that answer.
        form: String,
        /// It was the last step that was accepted, and not an earlier one.
        is_whole: bool,
    },
    /// Its id leads to somebody else's account by now, after a delete was sent.
    Another,
    Denied,
}

impl<W: World> Engine<'_, W> {
    /// Carries out the delete, step by step, and sees that it has come true.
    pub(super) async fn delete(&self, place: usize, site: &Site, id: &RemoteId, ends: &Ends) -> Result<Delete, Stuck> {
        let write = &|noted| ends.write(noted);
        self.look_before(place, site, id).await?;
        write(self.note(place, Event::DeleteIntended));
        let result = match self.send_delete(place, site, id, write).await {
            Ok(DeleteSent::Accepted { form, is_whole }) => {
                self.look_after(place, site, id, (&form, is_whole), ends).await
            }
            Ok(DeleteSent::Another) => Ok(Delete::Done),
            Ok(DeleteSent::Denied) => Ok(Delete::Denied),
            Err(stuck) => Err(stuck),
        };
        if let Err(stuck) = &result {
            write(self.note(place, Event::DeleteFailed(without_words(&stuck.detail.what).to_owned())));
        }
        result
    }

    /// Looks at the first account that a service is to delete in this command: an eye that has shown it is believed when it no
    /// longer does, and one that shows nothing to dead credentials is not.
    async fn look_before(&self, place: usize, site: &Site, id: &RemoteId) -> Result<(), Stuck> {
        let Some(before) = self.before.get(self.site_of(place)) else {
            return Ok(());
        };
        before
            .get_or_try_init(async || {
                if self.sees_any(place) {
                    return Ok(false);
                }
                if by_id(site).is_some() {
                    let look = self.read(place, site, id).await?;
                    return Ok(matches!(look, Look::Gone | Look::Blind { .. }));
                }
                Ok(
                    self.powers(place, site).by_name
                        && !matches!(self.find_by_name(place, site).await?, Found::Ours(_)),
                )
            })
            .await
            .map(drop)
            .map_err(|halt: Halt| halt.into())
    }

    /// Sends the whole chain once. It may be sent again: each step of it may be started anew, and a step of which nothing is
    /// left to do says `gone`.
    async fn send_delete(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
        write: &impl Fn(Result<(), JournalBroken>),
    ) -> Result<DeleteSent, Stuck> {
        let chain = &site.service.delete;
        let mut captures = self.learnt.borrow()[place].captures.clone();
        let mut accepted = self.record(place).delete_accepted;
        let mut missing: HashSet<&str> = HashSet::new();
        let (mut after_accepted, mut ended) = (false, DeleteSent::Denied);
        // Whether a step that may change something was sent, and which were left out.
        let (mut changes, mut left_out) = (false, String::new());
        for (index, request) in chain.iter().enumerate() {
            if reads_any(request, &missing) {
                missing.extend(request.captures.iter().map(|(name, _)| name.as_str()));
                continue;
            }
            let scope = super::with_captures(self.scope(place, site), &captures).with("id", id.as_str());
            if !applies(request, &scope)? {
                missing.extend(request.captures.iter().map(|(name, _)| name.as_str()));
                // Writing to a string can't fail.
                write!(left_out, " without step {}", index + 1).unwrap_or_default();
                continue;
            }
            changes |= request.action.effect() != Effect::Reads;
            let asked = self.stamp();
            let outgoing = Outgoing::render(request, &scope, Identity::Own, self.world.now())
                .map_err(|error| Stuck::new(Reason::Failed, unsendable(request, error)))?;
            // Some services give the id of a deleted account to the next one: what may have been carried out is not sent
            // again before it is seen whose the id is by now.
            let still = async || match self.is_anothers(place, site, id).await {
                Ok(true) => Err(Trouble::Another),
                // That it can't be read says nothing either way.
                Ok(false) => Ok(()),
                Err(halt) => Err(halt.into()),
            };
            let mut insistence = Insistence::begin(self.world.now());
            let mut again = after_accepted && !site.powers.settle.is_zero();
            let (answer, seen) = loop {
                let answer = match self.repeat_while(place, "delete", &outgoing, still).await {
                    Err(Trouble::Another) => return Ok(DeleteSent::Another),
                    asked => asked?,
                };
                let seen = scope.clone().answer(&answer);
                let is_gone = request.gone.holds(&answer, &seen).unwrap_or(false);
                // What the step before has made may not be there yet for this one.
                if is_gone && std::mem::take(&mut again) {
                    self.pause_until(place, "the first step of a delete shows", site.powers.settle)
                        .await?;
                    continue;
                }
                let step = (request, &scope);
                if self.insists(place, step, &answer, is_gone, &mut insistence).await? {
                    continue;
                }
                break (answer, (seen, is_gone));
            };
            let (seen, is_gone) = seen;
            if is_gone {
                after_accepted = false;
                missing.extend(request.captures.iter().map(|(name, _)| name.as_str()));
                ended = if accepted {
                    DeleteSent::Accepted {
                        form: answer.form(),
                        is_whole: false,
                    }
                } else {
                    DeleteSent::Denied
                };
                continue;
            }
            if !request.expect.holds(&answer, &seen).unwrap_or(false) {
                let refusal = self.unexpected(request, &answer, &seen).into();
                let told = advice::on_refused_delete(answer.meaning(), &site.service.name, refusal);
                return Err(Stuck::new(Reason::Failed, told));
            }
            self.prove_credentials(place, asked, request, &answer);
            self.capture(&mut captures, request, &seen)
                .map_err(|reason| Stuck::new(Reason::Failed, reason))?;
            if !accepted && (index + 1 < chain.len() || self.is_looked_at(place, site, &answer.form())) {
                write(self.note(place, Event::DeleteAccepted));
            }
            (accepted, after_accepted) = (true, true);
            ended = DeleteSent::Accepted {
                form: answer.form(),
                is_whole: index + 1 == chain.len(),
            };
        }
        if !left_out.is_empty() && !changes {
            let why = "no step of `delete` that deletes was sent: its `when` left it out";
            return Err(Stuck::new(Reason::Failed, why));
        }
        // What a part of the chain is answered with says nothing of another part.
        if let DeleteSent::Accepted { form, .. } = &mut ended {
            form.push_str(&left_out);
        }
        Ok(ended)
    }

    /// Does the id lead to somebody else's account by now? One reading is not enough for that, and `find` must not show ours.
    async fn is_anothers(&self, place: usize, site: &Site, id: &RemoteId) -> Result<bool, Halt> {
        // An id that is never given again shows another name when its account was renamed.
        if !id.is_counted() {
            return Ok(false);
        }
        for _ in 0..2 {
            if self.read(place, site, id).await? != Look::Other {
                return Ok(false);
            }
        }
        let Some(find) = site.service.find.as_ref().filter(|_| self.powers(place, site).find) else {
            return Ok(true);
        };
        match self.find(place, site, find).await {
            Ok(ids) => Ok(!ids.contains(id)),
            Err(Trouble::Halted(halt, _)) => Err(halt),
            Err(_) => Ok(true),
        }
    }

    /// Asks until the account is seen to be gone.
    ///
    /// An id that leads to somebody else's account by now is gone too. Where it is still ours, as after a late write that
    /// brings it back, the delete is sent again within that time.
    pub(super) async fn see_gone(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
        write: &impl Fn(Result<(), JournalBroken>),
    ) -> Result<(), Stuck> {
        let Some(gone) = &site.service.gone else {
            return Ok(());
        };
        let begun = self.world.now();
        let mut round = 0;
        let mut sent = 1;
        loop {
            let scope = self.scope(place, site).with("id", id.as_str());
            let answer = self.look(place, "check that it is gone", &gone.request, &scope).await?;
            let scope = scope.answer(&answer);
            if is_gone(gone, &answer, &scope) {
                return Ok(());
            }
            if answer.meaning().is_about_credentials() {
                return Err(Stuck::new(
                    Reason::Unproved,
                    Why::hinted(
                        format!(
                            "its delete was accepted, but {}",
                            self.answered(&gone.request, &answer, &scope)
                        ),
                        "let the credentials read accounts",
                    ),
                ));
            }
            let waited = self.world.now().since(begun);
            let over = waited >= gone.within;
            let due = waited >= gone.within * sent / DELETES;
            if round == 0 || due || over {
                if self.is_anothers(place, site, id).await? {
                    return Ok(());
                }
                if due && !over && self.read(place, site, id).await? == Look::Ours {
                    sent += 1;
                    // Whatever this one is answered with, it is the account's absence that counts.
                    let _again = self.send_delete(place, site, id, write).await;
                    continue;
                }
            }
            if over {
                let times = if sent == 1 {
                    String::new()
                } else {
                    format!(" (the delete was sent {sent} times)")
                };
                let said = self.answered(&gone.request, &answer, &scope);
                let why = match &gone.until {
                    Some(until) => Some(self.why_not_yet(until, &scope)),
                    None => self.why_not("gone", &gone.request.gone, &answer, &scope),
                };
                let why = why.map(|why| format!("; {why}")).unwrap_or_default();
                return Err(Stuck::new(
                    Reason::StillShown,
                    format!("its delete was accepted{times}, but {said}{why}"),
                ));
            }
            round += 1;
            self.pause_until(place, "a delete is through", pause(round, 1.0))
                .await?;
        }
    }
}

/// Does a request read a capture of these names?
fn reads_any(request: &Request, missing: &HashSet<&str>) -> bool {
    if missing.is_empty() {
        return false;
    }
    let reads = |expression: &Expression| {
        expression
            .paths()
            .iter()
            .filter_map(|path| path.strip_prefix("capture."))
            .any(|name| missing.contains(name.split('.').next().unwrap_or_default()))
    };
    request.expressions().into_iter().any(reads)
}
