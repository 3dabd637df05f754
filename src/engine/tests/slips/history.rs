//! What can happen from the first request of a setup to the last of a cleanup.

use super::nature::{Lie, No, Rename};
use super::stage::Variables;
use super::world::{Fate, Kill};

/// A history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct History {
    /// How the service lies, all the time.
    pub(super) lie: Lie,
    /// What happens to setup.
    pub(super) setup: Mishap,
    /// What happens between the two.
    pub(super) between: Between,
    /// So many lines of the journal are gone.
    pub(super) lines_lost: usize,
    /// Where the first cleanup dies.
    pub(super) cleanup: Option<Kill>,
}

/// What happens to a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    None,
    /// The answers to so many creates are lost, from the first.
    Lost(usize),
    /// The first create never arrives.
    LostBefore,
    /// The first create arrives when its time is nearly over.
    Late,
    /// The first create is answered so, and not carried out.
    Refused(u16),
    /// Every create is answered so.
    AllRefused(u16),
    Killed(Kill),
}

impl Mishap {
    /// What befalls a request; `creates` is how many creates were sent with it.
    pub(super) fn befalls(self, is_create: bool, creates: usize) -> Fate {
        if !is_create {
            return Fate::Answers;
        }
        match self {
            Self::Lost(many) if creates <= many => Fate::LostAfter,
            Self::LostBefore if creates == 1 => Fate::LostBefore,
            Self::Late if creates == 1 => Fate::Late,
            Self::Refused(status) if creates == 1 => Fate::Refused(status),
            Self::AllRefused(status) => Fate::Refused(status),
            Self::None | Self::Lost(_) | Self::LostBefore | Self::Late | Self::Refused(_) | Self::Killed(_) => {
                Fate::Answers
            }
        }
    }
}

/// What happens between setup and cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    Nothing,
    /// The credentials die.
    Dies(No),
    /// A right is taken away.
    Loses(Right, No),
    /// The job does something to its accounts.
    Job(Deed),
    /// Cleanup has other variables.
    Elsewhere(Variables),
}

/// A right that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    See,
    List,
    /// Both.
    Sight,
    Delete,
    Create,
}

/// What a job does to its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Deletes all of them.
    Deletes,
    /// Deletes the first.
    DeletesFirst,
    /// Puts them into the bin, or deactivates them.
    Bins,
    Renames,
    /// Gives them another e-mail.
    Moves,
}

const DEEDS: [Deed; 5] = [
    Deed::Deletes,
    Deed::DeletesFirst,
    Deed::Bins,
    Deed::Renames,
    Deed::Moves,
];

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quiet = Self::QUIET;
        let mut events = Vec::new();
        if self.lie != quiet.lie {
            events.push(format!("lie: {:?}", self.lie));
        }
        if self.setup != quiet.setup {
            events.push(format!("setup: {:?}", self.setup));
        }
        if self.lines_lost > 0 {
            events.push(format!("lines_lost: {}", self.lines_lost));
        }
        if self.between != quiet.between {
            events.push(format!("between: {:?}", self.between));
        }
        if let Some(kill) = self.cleanup {
            events.push(format!("cleanup: {kill:?}"));
        }
        write!(f, "{{ {} }}", events.join(", "))
    }
}

impl History {
    /// Nothing happens.
    pub(super) const QUIET: Self = Self {
        lie: Lie::None,
        setup: Mishap::None,
        between: Between::Nothing,
        lines_lost: 0,
        cleanup: None,
    };

    /// Does the service do what it should, and do the credentials live, with all rights, at the same place?
    pub(super) fn is_fair(&self) -> bool {
        let fair = match self.between {
            Between::Nothing | Between::Job(Deed::Deletes | Deed::DeletesFirst) => true,
            Between::Dies(_) | Between::Loses(..) | Between::Elsewhere(_) | Between::Job(_) => false,
        };
        fair && self.lie == Lie::None && self.lines_lost == 0
    }

    /// How many do something wrong: the service, and whoever changes something between setup and cleanup.
    pub(super) fn faults(&self) -> usize {
        usize::from(self.lie != Lie::None) + usize::from(self.between != Between::Nothing)
    }

    /// Is nothing killed, lost or refused?
    pub(super) fn is_smooth(&self) -> bool {
        self.setup == Mishap::None && self.lines_lost == 0 && self.cleanup.is_none()
    }

    /// Its events without their numbers, for groups.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are told as they are")]
    pub(super) fn label(&self) -> String {
        let mut events = Vec::new();
        match self.lie {
            Lie::None => {}
            Lie::SaysNo(status) => events.push(format!("commits and says {status}")),
            lie => events.push(format!("service {lie:?}")),
        }
        match self.setup {
            Mishap::None => {}
            Mishap::Killed(_) => events.push("setup killed".to_owned()),
            Mishap::Lost(usize::MAX) => events.push("setup loses all answers".to_owned()),
            mishap => events.push(format!("setup {mishap:?}")),
        }
        if self.lines_lost > 0 {
            events.push("journal cut".to_owned());
        }
        if self.between != Between::Nothing {
            events.push(format!("{:?}", self.between));
        }
        if self.cleanup.is_some() {
            events.push("cleanup killed".to_owned());
        }
        if events.is_empty() {
            events.push("no fault".to_owned());
        }
        events.join(" + ")
    }

    /// Every history with one event.
    pub(super) fn single() -> Vec<Self> {
        let mut all = vec![Self::QUIET];
        all.extend(mishaps().into_iter().map(|setup| Self { setup, ..Self::QUIET }));
        all.extend(betweens().into_iter().map(|between| Self { between, ..Self::QUIET }));
        all.extend(lies().into_iter().map(|lie| Self { lie, ..Self::QUIET }));
        all.extend((1..10).map(|at| Self {
            setup: Mishap::Killed(Kill { at, arrives: true }),
            lines_lost: 1 + at % 3,
            ..Self::QUIET
        }));
        all.extend(kills(24).into_iter().map(|kill| Self {
            cleanup: Some(kill),
            ..Self::QUIET
        }));
        all
    }

    /// A history of several events, chosen by this number.
    pub(super) fn mixed(mut number: u64) -> Self {
        let mut draw = |below: usize| {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(number >> 33).unwrap_or(0) % below
        };
        let (mishaps, betweens, lies, kills) = (mishaps(), betweens(), lies(), kills(24));
        Self {
            setup: if draw(2) == 0 {
                Mishap::None
            } else {
                mishaps[draw(mishaps.len())]
            },
            between: if draw(2) == 0 {
                Between::Nothing
            } else {
                betweens[draw(betweens.len())]
            },
            lie: if draw(2) == 0 {
                Lie::None
            } else {
                lies[draw(lies.len())]
            },
            lines_lost: if draw(8) == 0 { 1 + draw(3) } else { 0 },
            cleanup: (draw(3) == 0).then(|| kills[draw(kills.len())]),
        }
    }
}

fn kills(most: usize) -> Vec<Kill> {
    (1..=most)
        .flat_map(|at| [true, false].map(|arrives| Kill { at, arrives }))
        .collect()
}

fn mishaps() -> Vec<Mishap> {
    let mut all = vec![
        Mishap::Lost(1),
        Mishap::Lost(usize::MAX),
        Mishap::LostBefore,
        Mishap::Late,
    ];
    all.extend([400, 403, 409, 422, 429, 500, 503].map(Mishap::Refused));
    all.extend([403, 422, 503].map(Mishap::AllRefused));
    all.extend(kills(24).into_iter().map(Mishap::Killed));
    all
}

fn betweens() -> Vec<Between> {
    let mut all: Vec<Between> = DEEDS.map(Between::Job).to_vec();
    for no in No::ALL {
        all.push(Between::Dies(no));
        let rights = [Right::See, Right::List, Right::Sight, Right::Delete, Right::Create];
        all.extend(rights.map(|right| Between::Loses(right, no)));
    }
    all.extend(
        Variables::ALL[1..]
            .iter()
            .map(|variables| Between::Elsewhere(*variables)),
    );
    all
}

fn lies() -> Vec<Lie> {
    let mut all: Vec<Lie> = Rename::ALL.map(Lie::Renames).to_vec();
    all.extend([400, 403, 409, 422, 429, 500, 501].map(Lie::SaysNo));
    all.extend([
        Lie::Lags(1_500),
        Lie::Lags(8_000),
        Lie::DeletesSayYes,
        Lie::EverythingSaysYes,
        Lie::DeletesNothing,
        Lie::DeletesLater(5_000),
        Lie::HidesId,
        Lie::GivesOtherId,
        Lie::GivesNoId,
        Lie::Upserts,
        Lie::Twins,
        Lie::StrictFilters,
        Lie::ShortPages,
        Lie::OpenTenants,
        Lie::EmptyLists,
        Lie::ReusesIds,
    ]);
    all
}
