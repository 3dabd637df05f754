//! Whether an account is gone: the one table that says so.
//!
//! An event is what a service *said*, a look is what it *shows* now, and "not there" counts only from an eye that sees: one
//! that has shown, in this command and with these credentials, an account known to be there. [`judge`] holds all three
//! against each other and gives the next step. Nothing else may call an account absent.
//!
//! | what is known | what the eyes say | then |
//! |---|---|---|
//! | nothing was sent, or it is gone | | done |
//! | the service refused it | one look shows nothing, or is refused as the create was | done |
//! | an id that is known to be its own | | delete by it |
//! | an id of which nothing shows whose it is | it reads back under our name, or stands beside it in a look-up | delete by it |
//! | | nothing shows it | leave it, named |
//! | the delete was accepted | no eye that is asked then shows it | gone |
//! | | one still does | leave it, named |
//! | the delete said "not there" | the eye by the id has shown it before, says gone, and sees | gone |
//! | | no eye by the id has shown it, the eye by the name says "not there", and sees | gone |
//! | it may have been made, or existed without an id | the eye by the name says "not there", and sees | gone |
//! | any of these three | the eye does not see | earn its sight; else leave it, named |
//! | the id leads to another name | | leave it, named, unless it is found elsewhere |

use super::account::RemoteId;
use super::decide::Powers;
use super::ledger::{Record, Status};
use super::leftover::Reason;
use super::name::Demands;
use super::time::Timestamp;
use super::why::Why;
use std::time::Duration;

/// What an eye says of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It shows it.
    Ours,
    /// It shows somebody else's.
    Other,
    /// It shows an account, and not whose.
    Nameless,
    /// It says that there is none.
    Gone,
    /// It says nothing of use, and why.
    Blind {
        /// The reason, for a person.
        why: Why,
        /// How it came to nothing.
        by: Blindness,
    },
}

/// How a look came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blindness {
    /// It was refused (4xx).
    Refusal,
    /// It was answered with what can't be read, or shows a part alone.
    Nonsense,
    /// It was not answered, or the service failed.
    Silence,
}

/// One way in which a service shows accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Eye {
    /// `verify`, or `gone`: by the id.
    Id,
    /// `find`; where there is none the list, or an id of our choice: by the name.
    Name,
}

/// Which eyes of a service see, in this command and with these credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Those that have shown an account that is known to be there.
    seeing: Vec<Eye>,
    /// What the names demand that the eye by the name has shown.
    reach: Demands,
    /// They stand for every name that the service can keep.
    is_wide: bool,
    /// Why no sight can be earned any more, once it was tried.
    pub tried: Option<String>,
}

impl Sight {
    /// This eye showed an account that is known to be there.
    pub fn earn(&mut self, eye: Eye) {
        if !self.sees(eye) {
            self.seeing.push(eye);
        }
    }

    /// The eye by the name showed an account under a name that demands so much.
    pub fn earn_name(&mut self, demands: &Demands) {
        self.earn(Eye::Name);
        self.reach.add(demands);
    }

    /// The names that the eye by the name has shown stand for all that there can be.
    pub fn widen(&mut self) {
        self.is_wide = true;
    }

    /// What is known for an account whose name demands so much: a service that keeps short names may cut a longer one, and one
    /// that keeps plain names may drop a letter of another.
    #[must_use]
    pub fn within_reach(mut self, demands: &Demands) -> Self {
        if !self.is_wide && !self.reach.cover(demands) {
            self.forget(Eye::Name);
        }
        self
    }

    /// Does this eye see?
    pub fn sees(&self, eye: Eye) -> bool {
        self.seeing.contains(&eye)
    }

    /// Another eye has taken the place of this one, and has shown nothing yet.
    pub fn forget(&mut self, eye: Eye) {
        self.seeing.retain(|known| *known != eye);
        if eye == Eye::Name {
            self.reach = Demands::default();
            self.is_wide = false;
        }
    }
}

/// What was seen of one account in this command.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    by_id: Vec<(RemoteId, Look)>,
    by_name: Option<Look>,
    denied: Vec<RemoteId>,
    /// The id of our own choice was deleted by, whatever came of it.
    pub chosen_tried: bool,
}

impl Looks {
    /// The eye by the id says this.
    pub fn read(&mut self, id: RemoteId, look: Look) {
        self.by_id.retain(|(known, _)| *known != id);
        self.by_id.push((id, look));
    }

    /// The eye by the name says this.
    pub fn found(&mut self, look: Look) {
        self.by_name = Some(look);
    }

    /// A delete by this id said that there is no such account. What was seen before is no news any more.
    pub fn deny(&mut self, id: RemoteId) {
        self.by_id.retain(|(known, _)| *known != id);
        self.by_name = None;
        self.denied.push(id);
    }

    /// The eye by the name shows it under these ids: what the eye by the id said of them before is no news any more.
    pub fn adopt(&mut self, ids: &[RemoteId]) {
        self.by_id.retain(|(known, _)| !ids.contains(known));
        self.by_name = None;
    }

    /// Another eye is asked by the name.
    pub fn forget_name(&mut self) {
        self.by_name = None;
    }

    /// What the eye by the id says of this one.
    pub fn of(&self, id: &RemoteId) -> Option<&Look> {
        let known = self.by_id.iter().find(|(known, _)| known == id);
        known.map(|(_, look)| look)
    }

    /// Did a reading of this id show somebody else's name?
    pub fn is_other(&self, id: &RemoteId) -> bool {
        self.of(id) == Some(&Look::Other)
    }
}

/// The next step of an account that must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It owes nothing.
    Done,
    /// It is not there: that is to be written down, and whether it was ever there does not matter.
    Gone(Eye),
    /// The refusal was meant.
    NeverMade,
    /// Ask by the name, until no create can land any more.
    Look,
    /// Ask by this id.
    Read(RemoteId),
    /// Delete it.
    Delete(RemoteId),
    /// Delete by the id that we chose ourselves, once no create can land any more.
    DeleteChosen,
    /// Find out whether this eye sees.
    Earn(Eye),
    /// Nothing more can be done.
    Leave(Reason, Why),
}

/// What to do next with an account that must go.
pub fn judge(record: &Record, looks: &Looks, sight: &Sight, powers: &Powers, now: Timestamp) -> Step {
    match (record.status, record.ids.first()) {
        (Status::Untouched | Status::Gone, _) => Step::Done,
        (Status::Refused, _) => refused(looks, powers),
        (_, Some(id)) if looks.denied.contains(id) => denied(record, id, looks, sight, powers),
        (_, Some(id)) => known(record, id, looks, sight, powers, now),
        (_, None) => unknown(record, looks, sight, powers),
    }
}

/// A no is looked into once, by an eye that need not see.
fn refused(looks: &Looks, powers: &Powers) -> Step {
    match &looks.by_name {
        None if powers.by_name => Step::Look,
        // Who may not ask was refused as the create was.
        Some(Look::Blind {
            by: Blindness::Refusal, ..
        }) => Step::NeverMade,
        Some(Look::Blind { why, .. }) => Step::Leave(Reason::Unproved, why.clone()),
        None | Some(_) => Step::NeverMade,
    }
}

/// An id is known, and no delete was denied.
fn known(record: &Record, id: &RemoteId, looks: &Looks, sight: &Sight, powers: &Powers, now: Timestamp) -> Step {
    let look = looks.of(id);
    let is_sole = record.is_sole(id) && !powers.shared && !powers.elsewhere;
    // A create gave one id and a look-up another: what reads back under our name is believed, and nothing else. One that a reading
    // once had under another name was read back before its delete was sent.
    let is_sent = record.status == Status::Deleting;
    let contradicts = |strange: &RemoteId| strange != id || !is_sent;
    let is_contradicted = record.found.contains(id) && record.strange.iter().any(contradicts);
    if is_contradicted && look != Some(&Look::Ours) {
        return match look {
            None if powers.by_id => Step::Read(id.clone()),
            _ => Step::Leave(Reason::Doubtful, doubt(id, look)),
        };
    }
    let may_be_anothers = powers.elsewhere || powers.shared || (powers.by_id && needs_reading(record, id, powers, now));
    match look {
        Some(Look::Ours) if !powers.shared => return Step::Delete(id.clone()),
        None if record.owns(id) && !may_be_anothers => return Step::Delete(id.clone()),
        None if powers.by_id => return Step::Read(id.clone()),
        // What a create gives and a reading does not contradict: the eye by the name may know better.
        None | Some(Look::Nameless) if is_sole && (powers.ids_proved || !powers.by_name || looks.by_name.is_some()) => {
            return Step::Delete(id.clone());
        }
        // It may well be in a bin, which only the delete can empty.
        Some(Look::Gone) if (record.owns(id) || is_sole) && !powers.shared && !powers.elsewhere => {
            return Step::Delete(id.clone());
        }
        Some(Look::Gone) if record.was_read(id) && !powers.shared => {
            return if sight.sees(Eye::Id) {
                Step::Gone(Eye::Id)
            } else {
                earn(Eye::Id, sight)
            };
        }
        Some(Look::Nameless) if record.owns(id) && !powers.shared && !powers.elsewhere => {
            return Step::Delete(id.clone());
        }
        Some(_) | None => {}
    }
    match &looks.by_name {
        None if powers.by_name => Step::Look,
        Some(Look::Gone) if look == Some(&Look::Gone) => gone_by_name(looks, sight),
        // Some services refuse to show whom they don't have: after a delete that was sent the eye by the name knows.
        Some(Look::Gone) if record.status == Status::Deleting && matches!(look, Some(Look::Blind { .. })) => {
            gone_by_name(looks, sight)
        }
        Some(Look::Ours) if record.owns(id) && !powers.shared => Step::Delete(id.clone()),
        // Nothing speaks against it but that it can't be read.
        None | Some(Look::Blind { .. })
            if matches!(
                look,
                Some(Look::Blind {
                    by: Blindness::Refusal | Blindness::Nonsense,
                    ..
                })
            ) && record.owns(id)
                && !is_reused(record, id, now)
                && !powers.shared
                && !powers.elsewhere =>
        {
            Step::Delete(id.clone())
        }
        Some(_) | None => Step::Leave(Reason::Doubtful, doubt(id, look)),
    }
}

fn doubt(id: &RemoteId, look: Option<&Look>) -> Why {
    match look {
        Some(Look::Blind { why, .. }) => why.clone().context("not deleted unread"),
        Some(Look::Gone) => format!("`{id}` leads to no account, and nothing else shows it").into(),
        Some(Look::Ours | Look::Other | Look::Nameless) | None => {
            format!("nothing shows that `{id}` is its id, so it is left alone").into()
        }
    }
}

/// The delete said that there is no such account. One that is sent to a wrong address says so too.
fn denied(record: &Record, id: &RemoteId, looks: &Looks, sight: &Sight, powers: &Powers) -> Step {
    // A replica may have been behind the times: once more.
    let is_first = looks.denied.iter().filter(|denied| *denied == id).count() == 1;
    let still = |by: &str| {
        if is_first && record.owns(id) {
            return Step::Delete(id.clone());
        }
        Step::Leave(
            Reason::Failed,
            format!("the delete says that it is not there, but {by} still shows it").into(),
        )
    };
    match looks.of(id) {
        None if powers.by_id => return Step::Read(id.clone()),
        Some(Look::Ours) => return still("reading it"),
        Some(Look::Nameless) if record.was_read(id) => return still("reading it"),
        Some(Look::Gone) if record.was_read(id) => {
            return if sight.sees(Eye::Id) {
                Step::Gone(Eye::Id)
            } else {
                earn(Eye::Id, sight)
            };
        }
        Some(Look::Blind { why, .. }) if record.was_read(id) => {
            return Step::Leave(
                Reason::Unproved,
                why.clone()
                    .map(|why| format!("the delete says that it is not there, and {why}")),
            );
        }
        Some(Look::Gone | Look::Nameless | Look::Other | Look::Blind { .. }) | None => {}
    }
    match &looks.by_name {
        None if powers.by_name => Step::Look,
        Some(Look::Ours) => still("the look-up"),
        Some(_) => gone_by_name(looks, sight),
        None => Step::Leave(
            Reason::Blind,
            "the delete says that it is not there, and nothing else shows accounts".into(),
        ),
    }
}

/// It may have been made, or was, and no id is known.
fn unknown(record: &Record, looks: &Looks, sight: &Sight, powers: &Powers) -> Step {
    match &looks.by_name {
        None if powers.by_name => Step::Look,
        Some(Look::Gone) if record.status == Status::Stranger => Step::Leave(
            Reason::Stranger,
            format!("its id `{}` shows another name, and is left alone", strange(record)).into(),
        ),
        Some(_) => gone_by_name(looks, sight),
        None if powers.chosen_id && record.status != Status::Stranger && !looks.chosen_tried => Step::DeleteChosen,
        None => Step::Leave(Reason::NoLookUp, Why::default()),
    }
}

fn strange(record: &Record) -> String {
    record.strange.last().map(ToString::to_string).unwrap_or_default()
}

fn gone_by_name(looks: &Looks, sight: &Sight) -> Step {
    match &looks.by_name {
        Some(Look::Gone) if sight.sees(Eye::Name) => Step::Gone(Eye::Name),
        Some(Look::Blind { why, .. }) => Step::Leave(Reason::Unproved, why.clone()),
        Some(Look::Other | Look::Nameless) => {
            Step::Leave(Reason::Unproved, "the look-up shows an account without a name".into())
        }
        Some(Look::Gone | Look::Ours) | None => earn(Eye::Name, sight),
    }
}

fn earn(eye: Eye, sight: &Sight) -> Step {
    match &sight.tried {
        None => Step::Earn(eye),
        Some(why) => {
            let what = match eye {
                Eye::Id => "reading it",
                Eye::Name => "the look-up",
            };
            let why = format!("not found, but {what} can't be trusted: it never showed a known account ({why})");
            Step::Leave(Reason::Blind, why.into())
        }
    }
}

/// For so long after its name was seen, an id that is counted is taken for that of the same account.
const FRESH: Duration = Duration::from_mins(1);

/// May the id have been given to somebody else since it was seen?
fn is_reused(record: &Record, id: &RemoteId, now: Timestamp) -> bool {
    let is_stale = record.status == Status::Deleting || record.last_seen.is_none_or(|seen| now.since(seen) > FRESH);
    id.is_counted() && is_stale
}

/// The job may have deleted the account itself since it was seen, or an earlier delete may have been done: an id that is
/// counted may then have been given again. And where no id of the service was read back yet, an expression may give the wrong
/// one for all of them.
fn needs_reading(record: &Record, id: &RemoteId, powers: &Powers, now: Timestamp) -> bool {
    !record.owns(id) || !powers.ids_proved || is_reused(record, id, now)
}

#[cfg(test)]
mod tests;
