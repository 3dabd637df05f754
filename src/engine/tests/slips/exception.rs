//! What can't be held by the nature of things, with the reason of each.

use serde_json::Value;

use super::book::{Held, State};
use super::description::Description;
use super::history::{Between, Deed, History, Mishap, Right};
use super::life::Went;
use super::model::Ids;
use super::nature::Lie;
use super::slip::Slip;
use super::stage::Variables;
use super::verdict::Wrong;

/// An exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Exception {
    /// Nobody is found by name there, so that a refusal has to be believed.
    BlindRefusal,
    /// A soft delete hides the account from every eye that may look.
    HiddenBin,
    /// The id is the name, and the job has changed it: nothing leads to the account any more.
    IdRenamed,
    /// The service makes an account and says no, and the one look is kept from showing it: by a mistake, by what happens
    /// before cleanup, or since the create is carried out later still. Two faults.
    RefusalUnseen,
    /// Cleanup has another tenant's key, and no `place` tells the tenants apart: of a secret nothing is kept.
    OtherKey,
    /// A look-up lags longer than `settle`, and the create comes late, or the lines that told of it are gone.
    LateLag,
    /// The job has renamed the account, nothing deletes it, and its id is counted: as one that was given again it looks.
    RenamedUndeleted,
    /// A mistake gave the create a person's name, and the service changes whom it has.
    UnmarkedUpsert,
}

impl Exception {
    /// All of them: one that no life needs any more is to be taken out.
    pub(super) const ALL: [Self; 8] = [
        Self::BlindRefusal,
        Self::HiddenBin,
        Self::IdRenamed,
        Self::LateLag,
        Self::OtherKey,
        Self::RefusalUnseen,
        Self::RenamedUndeleted,
        Self::UnmarkedUpsert,
    ];

    /// The words by which the guarantees tell of it.
    fn told(self) -> &'static str {
        match self {
            Self::BlindRefusal => "refuses the create, and has neither `find` nor `list`",
            Self::HiddenBin => "marks the account as deleted and hides it",
            Self::IdRenamed => "renames the account, and its id is its name",
            Self::RefusalUnseen => "the one look that a refusal gets can't see it",
            Self::OtherKey => "no `place` in the probe tells the tenants apart",
            Self::LateLag => "a look-up lags longer than `find.settle`",
            Self::RenamedUndeleted => "renames an account whose id is counted",
            Self::UnmarkedUpsert => "gives a create the name of a person",
        }
    }

    /// The exception under which a life is allowed to go wrong so, if there is one.
    pub(super) fn of(
        description: &Description,
        slip: Option<&Slip>,
        history: &History,
        went: &Went,
        wrong: Wrong,
    ) -> Option<Self> {
        if wrong == Wrong::Stranger && history.lie == Lie::Upserts && slip.is_some_and(|slip| slip.block() == "create")
        {
            return Some(Self::UnmarkedUpsert);
        }
        let is_silent = wrong == Wrong::Silent || (wrong == Wrong::Twins && went.silent);
        if !is_silent {
            return None;
        }
        let says_no = matches!(history.lie, Lie::SaysNo(_));
        let is_blind = description.blind;
        if says_no && is_blind {
            return Some(Self::BlindRefusal);
        }
        let blinds = |slip: &Slip| matches!(slip.block(), "find" | "list" | "create");
        let is_late = history.setup == Mishap::Late;
        let is_blinded = is_late
            || matches!(
                history.between,
                Between::Dies(_) | Between::Loses(..) | Between::Elsewhere(_)
            );
        if says_no && (slip.is_some_and(blinds) || is_blinded) {
            return Some(Self::RefusalUnseen);
        }
        let is_other_key = history.between == Between::Elsewhere(Variables::OtherKey);
        if is_other_key && description.whole.pointer("/probe/place").is_none() {
            return Some(Self::OtherKey);
        }
        let is_late = history.setup == Mishap::Late || history.lines_lost > 0;
        if is_late && matches!(history.lie, Lie::Lags(_)) {
            return Some(Self::LateLag);
        }
        let sees_less = matches!(
            history.between,
            Between::Loses(Right::See | Right::Sight, _) | Between::Dies(_)
        );
        let is_binned = |(_, held): &(String, Held)| held.state == State::Binned;
        if sees_less && slip.is_some_and(|slip| slip.block() == "delete") && went.left.iter().all(is_binned) {
            return Some(Self::HiddenBin);
        }
        if history.between != Between::Job(Deed::Renames) {
            return None;
        }
        // By a mistake the id is the name, under which some services show an account too.
        if slip.is_some_and(|slip| slip.place() == "create.id" && gives_a_name(&slip.applied(&description.whole))) {
            return Some(Self::IdRenamed);
        }
        match description.ids() {
            Ids::Name => Some(Self::IdRenamed),
            Ids::Counted => Some(Self::RenamedUndeleted),
            Ids::Random | Ids::Given => None,
        }
    }
}

/// Does the `id` of the create read what an account is called?
fn gives_a_name(service: &Value) -> bool {
    let id = service
        .pointer("/create/id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    ["email", "login", "name"]
        .iter()
        .any(|field| id.to_lowercase().contains(field))
}

#[test]
fn every_exception_is_in_the_guarantees_table_of_what_could_still_leak() {
    let page = include_str!("../../../../docs/guarantees.md");
    let (_, table) = page
        .split_once("## What could still leak")
        .expect("the table's heading");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).collect();
    for exception in Exception::ALL {
        let times = rows.iter().filter(|row| row.contains(exception.told())).count();
        assert_eq!(times, 1, "{exception:?}");
    }
    // What a model of one service and its cleanup can't meet: a sweep, a machine that is lost, and faults beyond one.
    for sweeping in [
        "a list shows nobody to a sweep",
        "a list shows strangers to a sweep, and never ours",
    ] {
        assert!(rows.iter().any(|row| row.contains(sweeping)), "{sweeping}");
    }
}
