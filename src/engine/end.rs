//! How setup ended for one account.

use super::Halt;
use super::exchange::Trouble;
use crate::domain::why::Why;

/// How one account ended.
pub(super) enum End {
    Ready,
    Failed(Why),
    Stopped,
}

pub(super) fn halted(halt: Halt, reason: &Why) -> End {
    match halt {
        Halt::Stopped => End::Stopped,
        Halt::Deadline | Halt::Pace(_) if reason.is_empty() => End::Failed(halt.reason().into()),
        Halt::Deadline | Halt::Pace(_) => End::Failed(reason.clone().context(halt.reason())),
    }
}

pub(super) fn troubled(trouble: &Trouble) -> End {
    match trouble {
        Trouble::Halted(halt, failed) => halted(*halt, &failed.clone().unwrap_or_default()),
        Trouble::Unsendable(_)
        | Trouble::Unanswered(_)
        | Trouble::Refused(_)
        | Trouble::Useless(_)
        | Trouble::Nameless(_)
        | Trouble::Another => End::Failed(trouble.reason()),
    }
}
