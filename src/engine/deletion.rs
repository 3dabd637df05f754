//! One account is deleted, step by step, and looked at afterwards: a delete that only says so is none.

use std::collections::HashSet;

use tokio::sync::OnceCell;

use super::exchange::Trouble;
use super::eyes::{Found, by_id};
use super::provision::until;
use super::settle::Ends;
use super::stuck::Stuck;
use super::words::without_words;
use super::{Engine, Faded, Halt, Site};
use crate::config::{Payload, Request};
use crate::domain::account::RemoteId;
use crate::domain::answer::{Answer, Body};
use crate::domain::event::Event;
use crate::domain::evidence::{Eye, Look};
use crate::domain::leftover::Reason;
use crate::domain::outcome::pause;
use crate::language::Expression;
use crate::ports::{Identity, JournalBroken, Outgoing, World};

/// How often a delete is sent that was answered as expected and does not come true.
const DELETES: u32 = 3;
/// How long an account may still be shown after its delete, unless `find.settle` is longer.
const FADES: std::time::Duration = std::time::Duration::from_secs(30);

/// What a delete came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delete {
    /// It was accepted, and no eye shows the account any more.
    Done,
    /// It was accepted, and the look-up shows the account under these ids, which are others.
    Under(Vec<RemoteId>),
    /// It says that there is no such account.
    Denied,
}

/// What the eyes show of an account whose delete was accepted.
enum Fading {
    /// Nothing any more, or why that is not so.
    Seen(Faded),
    /// The account, under these other ids.
    Under(Vec<RemoteId>),
}

/// How the last step of a delete was answered.
enum Sent {
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
            Ok(Sent::Accepted { form, is_whole }) => self.look_after(place, site, id, (&form, is_whole), ends).await,
            Ok(Sent::Another) => Ok(Delete::Done),
            Ok(Sent::Denied) => Ok(Delete::Denied),
            Err(stuck) => Err(stuck),
        };
        if let Err(stuck) = &result {
            write(self.note(place, Event::DeleteFailed(without_words(&stuck.detail).to_owned())));
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
    ) -> Result<Sent, Stuck> {
        let chain = &site.service.delete;
        let mut captures = self.learnt.borrow()[place].captures.clone();
        let mut accepted = self.record(place).delete_accepted;
        let mut missing: HashSet<&str> = HashSet::new();
        let (mut after_accepted, mut ended) = (false, Sent::Denied);
        for (index, request) in chain.iter().enumerate() {
            if reads_any(request, &missing) {
                missing.extend(request.captures.iter().map(|(name, _)| name.as_str()));
                continue;
            }
            let scope = super::with_captures(self.scope(place, site), &captures).with("id", id.as_str());
            let asked = self.stamp();
            let outgoing = Outgoing::render(request, &scope, Identity::Own)
                .map_err(|error| Stuck::new(Reason::Failed, format!("`{}` can't be sent: {error}", request.place)))?;
            // Some services give the id of a deleted account to the next one: what may have been carried out is not sent
            // again before it is seen whose the id is by now.
            let still = async || match self.is_anothers(place, site, id).await {
                Ok(true) => Err(Trouble::Another),
                // That it can't be read says nothing either way.
                Ok(false) => Ok(()),
                Err(halt) => Err(halt.into()),
            };
            let mut again = after_accepted && !site.powers.settle.is_zero();
            let (answer, seen) = loop {
                let answer = match self.repeat_while(place, "delete", &outgoing, still).await {
                    Err(Trouble::Another) => return Ok(Sent::Another),
                    asked => asked?,
                };
                let seen = scope.clone().answer(&answer);
                let is_gone = request.gone.holds(&answer, &seen).unwrap_or(false);
                // What the step before has made may not be there yet for this one.
                if is_gone && std::mem::take(&mut again) {
                    self.pause(site.powers.settle).await?;
                    continue;
                }
                break (answer, (seen, is_gone));
            };
            let (seen, is_gone) = seen;
            if is_gone {
                after_accepted = false;
                missing.extend(request.captures.iter().map(|(name, _)| name.as_str()));
                ended = if accepted {
                    Sent::Accepted {
                        form: form(&answer),
                        is_whole: false,
                    }
                } else {
                    Sent::Denied
                };
                continue;
            }
            if !request.expect.holds(&answer, &seen).unwrap_or(false) {
                return Err(Stuck::new(Reason::Failed, self.unexpected(request, &answer, &seen)));
            }
            self.prove_credentials(place, asked, request, &answer);
            self.capture(&mut captures, request, &seen)
                .map_err(|reason| Stuck::new(Reason::Failed, reason))?;
            if !accepted && (index + 1 < chain.len() || self.is_looked_at(place, site, &form(&answer))) {
                write(self.note(place, Event::DeleteAccepted));
            }
            (accepted, after_accepted) = (true, true);
            ended = Sent::Accepted {
                form: form(&answer),
                is_whole: index + 1 == chain.len(),
            };
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
            Err(Trouble::Halted(halt)) => Err(halt),
            Err(_) => Ok(true),
        }
    }

    /// Will an accepted delete that was answered in this form be looked at?
    fn is_looked_at(&self, place: usize, site: &Site, form: &str) -> bool {
        let key = (self.site_of(place), form.to_owned());
        site.service.gone.is_some() || !self.faded.borrow().contains_key(&key)
    }

    /// Looks whether an accepted delete has come true: by `gone` where it is given, for each, and by all eyes, once for each form
    /// in which this service answers its deletes. One of them has to see.
    async fn look_after(
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
        let agrees = self.ids_agree.borrow().contains(&self.site_of(place)) && !record.found.contains(id);
        let is_doubtful = by_id(site).is_some() && !record.was_read(id) && !agrees && !self.only_listed;
        let faded = match known {
            Some(faded) if !(is_promise || is_doubtful) || faded.is_err() => faded,
            Some(_) | None => {
                let mut faded = match self.fades(place, site, id).await? {
                    Fading::Seen(faded) => faded,
                    Fading::Under(ids) => return Ok(Delete::Under(ids)),
                };
                // A witness is deleted in the same way, and must not wait for us.
                drop(turn);
                // Who is missed before the delete, and deleted all the same, was asked for by somebody who is shown nobody.
                let was_missed = self.before.get(self.site_of(place)).and_then(OnceCell::get) == Some(&true);
                let is_proved = is_whole && !was_missed && self.is_let_in(place, site).await?;
                if faded.is_ok() && !is_proved && !self.sees_any(place) {
                    self.earn_sight(place, site, Eye::Id, ends).await?;
                    if self.sees_any(place) {
                        // What sees now may be another eye than those that were asked.
                        faded = match self.fades(place, site, id).await? {
                            Fading::Seen(faded) => faded,
                            Fading::Under(ids) => return Ok(Delete::Under(ids)),
                        };
                    } else {
                        let why = self.sight(place).tried.unwrap_or_default();
                        let detail =
                            format!("its delete was accepted, but nothing that shows accounts is known to see ({why})");
                        faded = Err((Reason::Blind, detail));
                    }
                }
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
    fn sees_any(&self, place: usize) -> bool {
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
                by_id(site).is_some_and(|poll| poll.request.target.source() == gone.request.target.source())
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
                    Err((
                        Reason::Blind,
                        "its delete was accepted, and nothing shows whether it is gone\nhint: give the service `verify`, `find` or `gone`".to_owned(),
                    ))
                }));
            };
            if self.world.now().since(begun) >= within {
                return Ok(Fading::Seen(Err((
                    Reason::StillShown,
                    format!(
                        "its delete was accepted, and {by} still shows it after {} s\nhint: if it is only marked as deleted, say in `gone` what counts as gone",
                        within.as_secs()
                    ),
                ))));
            }
            round += 1;
            self.pause(pause(round, 1.0)).await?;
        }
    }

    /// Where nothing else can look: is the account itself not let in any more?
    async fn locks_out(&self, place: usize, site: &Site, id: &RemoteId) -> Result<bool, Halt> {
        let Some(verify) = site.service.verify.as_ref().filter(|_| by_id(site).is_none()) else {
            return Ok(false);
        };
        let scope = self.scope(place, site).with("id", id.as_str());
        match self.look(place, "read", &verify.request, &scope).await {
            Ok(answer) => Ok(answer.status == 401),
            Err(Trouble::Halted(halt)) => Err(halt),
            Err(_) => Ok(false),
        }
    }

    /// Asks until the account is seen to be gone.
    ///
    /// An id that leads to somebody else's account by now is gone too. Where it is still ours, as after a late write that
    /// brings it back, the delete is sent again within that time.
    async fn see_gone(
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
            let holds = if gone.until.is_some() {
                until(gone, &scope)
            } else {
                gone.request.gone.holds(&answer, &scope).unwrap_or(false)
            };
            if holds {
                return Ok(());
            }
            if matches!(answer.status, 401 | 403) {
                return Err(Stuck::new(
                    Reason::Unproved,
                    format!(
                        "its delete was accepted, but {}\nhint: let the credentials read accounts",
                        self.answered(&gone.request, &answer, &scope)
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
            self.pause(pause(round, 1.0)).await?;
        }
    }
}

/// The form of an answer: its status, and what its body is made of.
fn form(answer: &Answer) -> String {
    let body = match &answer.body {
        Body::Text(text) if text.is_empty() => String::new(),
        Body::Text(_) => "text".to_owned(),
        Body::Json(json) => shape(json, 2),
    };
    format!("{} {body}", answer.status)
}

fn shape(json: &serde_json::Value, depth: usize) -> String {
    use serde_json::Value;
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "list".to_owned(),
        Value::Object(_) if depth == 0 => "map".to_owned(),
        Value::Object(map) => {
            let mut keys: Vec<String> = map
                .iter()
                .take(32)
                .map(|(key, value)| format!("{key}: {}", shape(value, depth - 1)))
                .collect();
            keys.sort_unstable();
            format!("{{{}}}", keys.join(", "))
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
    let fields = request.headers.iter().chain(&request.query);
    request.target.expressions().any(reads)
        || fields.flat_map(|(_, value)| value.expressions()).any(reads)
        || match &request.payload {
            Payload::None => false,
            Payload::Json(json) => json.expressions().any(reads),
            Payload::Form(pairs) => pairs.iter().flat_map(|(_, value)| value.expressions()).any(reads),
            Payload::Text(text) => text.expressions().any(reads),
        }
}
