//! What a life must not come to.

use super::description::Description;
use super::exception::Exception;
use super::history::History;
use super::life::Went;
use super::slip::Slip;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Wrong {
    /// Cleanup ended with 0, and an account of ours is left.
    Silent,
    /// Somebody else's account was touched.
    Stranger,
    /// There were two accounts for one, and nobody says so.
    Twins,
    /// Cleanup names what is not there, or what it could have deleted.
    FalseAlarm,
    /// The engine panicked, or never ended.
    Panic,
    /// Nothing was wrong, and setup failed all the same.
    NotReady,
}

/// Must a life go well? With one fault, a mistake counted as one, whatever else is killed, lost or refused; with two where nothing
/// is. Of more at once some are found by chance alone.
pub(super) fn is_promised(slip: Option<&Slip>, history: &History) -> bool {
    let faults = history.faults() + usize::from(slip.is_some());
    faults <= 1 || (faults == 2 && history.is_smooth())
}

/// Judges a life: what is wrong, and which exceptions it took.
pub(super) fn judge(
    description: &Description,
    slip: Option<&Slip>,
    history: &History,
    went: &Went,
) -> (Vec<Wrong>, Vec<Exception>) {
    if went.panicked.is_some() {
        return (vec![Wrong::Panic], Vec::new());
    }
    let mut wrong = Vec::new();
    if went.silent && !went.left.is_empty() {
        wrong.push(Wrong::Silent);
    }
    if !went.hurt.is_empty() {
        wrong.push(Wrong::Stranger);
    }
    if went.doubled || (!went.twins.is_empty() && went.silent) {
        wrong.push(Wrong::Twins);
    }
    if slip.is_none() && history.is_fair() && !description.blind && !went.silent {
        wrong.push(Wrong::FalseAlarm);
    }
    if slip.is_none() && *history == History::QUIET && !went.ready {
        wrong.push(Wrong::NotReady);
    }
    let mut taken = Vec::new();
    wrong.retain(|wrong| {
        let exception = Exception::of(description, slip, history, went, *wrong);
        taken.extend(exception);
        exception.is_none()
    });
    (wrong, taken)
}
