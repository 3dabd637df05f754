//! Why one account could not be settled.

use super::Halt;
use super::exchange::Trouble;
use crate::domain::leftover::Reason;
use crate::domain::why::Why;

/// Why one account could not be settled.
pub(super) struct Stuck {
    /// The kind of reason.
    pub(super) reason: Reason,
    /// The whole of it.
    pub(super) detail: Why,
}

impl Stuck {
    pub(super) fn new(reason: Reason, detail: impl Into<Why>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

impl From<Trouble> for Stuck {
    fn from(trouble: Trouble) -> Self {
        let reason = match &trouble {
            Trouble::Unsendable(_)
            | Trouble::Unanswered(_)
            | Trouble::Refused(_)
            | Trouble::Useless(_)
            | Trouble::Nameless(_)
            | Trouble::Another
            | Trouble::Hopeless(_)
            | Trouble::Journal(_) => Reason::Failed,
            Trouble::Halted(Halt::Stopped, _) => Reason::Stopped,
            Trouble::Halted(Halt::Deadline | Halt::Pace(_), _) => Reason::Deadline,
        };
        Self::new(reason, trouble.reason())
    }
}

impl From<Halt> for Stuck {
    fn from(halt: Halt) -> Self {
        Trouble::from(halt).into()
    }
}
