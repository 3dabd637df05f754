//! What can go wrong with one request between the engine and a service.

use super::book::Kind;
use crate::domain::answer::Answer;

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Nothing goes wrong.
    None,
    /// No connection comes about.
    Refuse,
    /// It never arrives, and no answer comes.
    LostBefore,
    /// It arrives, and its answer is lost.
    LostAfter,
    /// The connection is lost at once, and the request arrives just before its time is over.
    Late,
    /// It is answered with this status and not carried out.
    Before(u16),
    /// It is carried out and answered with this status.
    After(u16),
    /// It is carried out, and its answer is changed.
    Garble(fn(&mut Answer)),
    /// It is carried out at once, and answered after so many milliseconds.
    Takes(u64),
    /// A proxy sends it twice, and its answer is lost.
    Twice,
}

impl Fault {
    /// One that may come at any time and goes away by itself.
    pub(super) const fn passing(number: u64) -> Self {
        match number % 8 {
            0 => Self::Refuse,
            1 => Self::LostBefore,
            2 => Self::LostAfter,
            3 => Self::Late,
            4 => Self::Before(503),
            5 => Self::After(503),
            6 => Self::Before(429),
            _ => Self::After(502),
        }
    }
}

/// A fault that is set for certain requests: the first and the last of this kind at a service, counted from 1.
#[derive(Clone, Copy)]
pub(super) struct Planted {
    /// At which service.
    pub(super) service: usize,
    /// Which requests.
    pub(super) kind: Kind,
    /// The first that it befalls.
    pub(super) first: u32,
    /// The last that it befalls.
    pub(super) last: u32,
    /// What befalls them.
    pub(super) fault: Fault,
}
