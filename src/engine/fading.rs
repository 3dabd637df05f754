//! Whether an accepted delete has come true: the eyes are asked until none shows the account any more.

use std::time::Duration;

use tokio::sync::OnceCell;

use super::ends::{Delete, Ends};
use super::exchange::Trouble;
use super::eyes::{Found, by_id};
use super::stuck::Stuck;
use super::{Engine, Faded, Halt, Site};
use crate::domain::account::RemoteId;

use crate::domain::evidence::{Eye, Look};
use crate::domain::leftover::Reason;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::pause;
use crate::domain::why::Why;
use crate::ports::World;

/// How long an account may still be shown after its delete, unless `find.settle` is longer.
const FADES: Duration = Duration::from_secs(30);

/// What the eyes show of an account whose delete was accepted.
enum Fading {
    /// Nothing any more, or why that is not so.
    Seen(Faded),
    /// The account, under these other ids.
    Under(Vec<RemoteId>),
}

impl<W: World> Engine<'_, W> {
    /// Will an accepted delete that was answered in this form be looked at?
    pub(super) fn is_looked_at(&self, place: usize, site: &Site, form: &str) -> bool {
        let key = (self.site_of(place), form.to_owned());
        site.service.gone.is_some() || !self.faded.borrow().contains_key(&key)
    }

    /// Looks whether an accepted delete has come true: by `gone` where it is given, for each, and by all eyes, once for each form
    /// in which this service answers its deletes. One of them has to see.
    pub(super) async fn look_after(
        &self,
        place: usize,
        site: &Site,
        id: &RemoteId,
        (form, is_whole): (&str, bool),
        ends: &Ends,
    ) -> Result<Delete, Stuck> {
        if site.service.gone.is_some() {
            self.see_gone(place, site, id, &|noted| ends.write(noted)).await?;
        }
        let key = (self.site_of(place), form.to_owned());
        let turn = match self.fading.get(self.site_of(place)) {
            Some(turn) => turn.lock().await,
            None => return Ok(Delete::Done),
        };
        let known = self.faded.borrow().get(&key).cloned();
        let is_promise = form.starts_with("202 ");
        let record = self.record(place);
        let agrees = self.agrees(place) && !record.found.contains(id);
        let is_doubtful = by_id(site).is_some() && !record.was_read(id) && !agrees && !self.only_listed;
        let faded = match known {
            Some(faded) if !(is_promise || is_doubtful) || faded.is_err() => faded,
            Some(_) | None => {
                let mut fading = self.fades(place, site, id).await?;
                // A witness is deleted in the same way, and must not wait for us.
                drop(turn);
                // Who is missed before the delete, and deleted all the same, was asked for by somebody who is shown nobody.
                let was_missed = self.before.get(self.site_of(place)).and_then(OnceCell::get) == Some(&true);
                let is_proved = is_whole && !was_missed && self.is_let_in(place, site).await?;
                if matches!(fading, Fading::Seen(Ok(()))) && !is_proved && !self.sees_any(place) {
                    self.earn_sight(place, site, Eye::Id, ends).await?;
                    // What sees now may be another eye than those that were asked.
                    fading = if self.sees_any(place) {
                        self.fades(place, site, id).await?
                    } else {
                        if let Some(stuck) = self.elsewhere(place) {
                            return Err(stuck);
                        }
                        let why = self.sight(place).tried.unwrap_or_default();
                        let detail =
                            format!("its delete was accepted, but no look-up has proved that it sees accounts ({why})");
                        Fading::Seen(Err((Reason::Blind, detail.into())))
                    };
                }
                let faded = match fading {
                    Fading::Seen(faded) => faded,
                    Fading::Under(ids) => return Ok(Delete::Under(ids)),
                };
                self.faded.borrow_mut().insert(key, faded.clone());
                faded
            }
        };
        faded
            .map(|()| Delete::Done)
            .map_err(|(reason, detail)| Stuck::new(reason, detail))
    }

    /// Are the credentials still good, as far as can be told? Who is not let in is shown nobody.
    async fn is_let_in(&self, place: usize, site: &Site) -> Result<bool, Halt> {
        if self.sees_any(place) {
            return Ok(true);
        }
        match self.prove_gone(place, site, Eye::Id).await {
            Ok(_) => Ok(true),
            Err(stuck) if stuck.reason == Reason::Stopped => Err(Halt::Stopped),
            Err(stuck) if stuck.reason == Reason::Deadline => Err(Halt::Deadline),
            Err(_) => Ok(false),
        }
    }

    /// Does any eye of its service see?
    pub(super) fn sees_any(&self, place: usize) -> bool {
        self.sees(place, Eye::Id) || self.sees(place, Eye::Name)
    }

    /// Asks every eye until none shows the account any more.
    async fn fades(&self, place: usize, site: &Site, id: &RemoteId) -> Result<Fading, Halt> {
        let within = FADES.max(site.powers.settle);
        let begun = self.world.now();
        let powers = self.powers(place, site);
        let mut round = 0;
        loop {
            // Where `gone` asks what `verify` asks, it has told already: what is marked as deleted may be read for ever.
            let is_told = site.service.gone.as_ref().is_some_and(|gone| {
                by_id(site).is_some_and(|poll| poll.request.action.source() == gone.request.action.source())
            });
            let by_id = match by_id(site) {
                Some(_) if is_told => Some(Look::Gone),
                Some(_) => Some(self.read(place, site, id).await?),
                None => None,
            };
            let is_gone = match by_id {
                Some(Look::Gone) => true,
                Some(Look::Other) => id.is_counted(),
                Some(Look::Ours | Look::Nameless | Look::Blind { .. }) | None => false,
            };
            // An id that was found and never read may be the wrong one.
            let sees = self.sees(place, Eye::Id) && self.record(place).was_read(id);
            // A list may be long, and one that lags is overruled by an eye that sees.
            let spares_list = is_gone && !powers.find && (sees || self.only_listed);
            let by_name = if powers.by_name && !spares_list {
                Some(self.find_by_name(place, site).await?)
            } else {
                None
            };
            let shown = match (&by_id, &by_name) {
                (Some(Look::Ours), _) => Some("reading it"),
                (Some(Look::Other), _) if !is_gone => Some("reading it, under another name,"),
                // What says of nobody whose it is may well go on so: then `gone` knows better.
                (Some(Look::Nameless), _) if site.service.gone.is_none() => Some("reading it"),
                (_, Some(Found::Ours(ids))) if ids.contains(id) && !(is_gone && !powers.find && sees) => {
                    Some("the look-up")
                }
                _ => None,
            };
            if let Some(Found::Ours(ids)) = by_name.as_ref().filter(|_| shown.is_none()) {
                let known = self.record(place).ids;
                if ids.iter().any(|id| !known.contains(id)) {
                    return Ok(Fading::Under(ids.clone()));
                }
            }
            let Some(by) = shown else {
                let is_seen = is_gone || matches!(by_name, Some(Found::Nobody | Found::Ours(_)));
                return Ok(Fading::Seen(if is_seen || self.locks_out(place, site, id).await? {
                    Ok(())
                } else {
                    Err((Reason::Blind, unseen(by_id, by_name)))
                }));
            };
            if self.world.now().since(begun) >= within {
                return Ok(Fading::Seen(Err((
                    Reason::StillShown,
                    Why::hinted(
                        format!(
                            "its delete was accepted, and {by} still shows it after {} s",
                            within.as_secs()
                        ),
                        "if the service only marks it as deleted, say in `gone` what counts as gone",
                    ),
                ))));
            }
            round += 1;
            self.pause_until(place, "a deleted account is no longer shown", pause(round, 1.0))
                .await?;
        }
    }

    /// Where nothing else can look: is the account itself not let in any more?
    async fn locks_out(&self, place: usize, site: &Site, id: &RemoteId) -> Result<bool, Halt> {
        let Some(verify) = site.service.verify.as_ref().filter(|_| by_id(site).is_none()) else {
            return Ok(false);
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        match self.look(place, "read", &verify.request, &scope).await {
            Ok(answer) => Ok(answer.meaning() == Meaning::Unauthorized),
            Err(Trouble::Halted(halt, _)) => Err(halt),
            Err(_) => Ok(false),
        }
    }
}

/// Why nothing shows whether a deleted account is gone: what looks was not let, or there is nothing that looks.
fn unseen(by_id: Option<Look>, by_name: Option<Found>) -> Why {
    let unseen = "its delete was accepted, but nothing shows whether it is gone";
    let why = match (by_id, by_name) {
        (_, Some(Found::Unread(trouble))) => trouble.reason(),
        (Some(Look::Blind { why, .. }), _) => why,
        _ => return Why::hinted(unseen, "give the service `verify`, `find` or `gone`"),
    };
    why.context(unseen).or_hint("let the credentials see accounts")
}
