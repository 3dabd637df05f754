//! How setup ended for one account.

use super::Halt;
use super::exchange::Trouble;

/// How one account ended.
pub(super) enum End {
    Ready,
    Failed(String),
    Stopped,
}

pub(super) fn halted(halt: Halt, reason: &str) -> End {
    match halt {
        Halt::Stopped => End::Stopped,
        Halt::Deadline | Halt::Pace(_) if reason.is_empty() => End::Failed(halt.reason()),
        Halt::Deadline | Halt::Pace(_) => End::Failed(format!("{}: {reason}", halt.reason())),
    }
}

pub(super) fn troubled(trouble: &Trouble) -> End {
    match trouble {
        Trouble::Halted(halt, failed) => halted(*halt, failed.as_deref().unwrap_or_default()),
        Trouble::Unsendable(_)
        | Trouble::Unanswered(_)
        | Trouble::Refused(_)
        | Trouble::Useless(_)
        | Trouble::Nameless(_)
        | Trouble::Another => End::Failed(trouble.reason()),
    }
}
