//! What the answer to a create means: the most important table of this program.
//!
//! A create is not a read: "no answer" is not "no account". So every end falls into one of these, and what may have
//! happened is a debt until the opposite is certain.

use std::time::Duration;

use super::account::RemoteId;
use super::answer::Answer;
use super::meaning::Meaning;
use super::why::Why;

/// What became of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Not one byte of it reached the service: name not resolved, connection refused, TLS handshake failed.
    NotSent(Why),
    /// It was not sent, and never can be as it is: a value in it fits in no request.
    Unsendable(Why),
    /// Nothing was sent, and nothing will be: who gives the token that it needs refuses the credentials.
    Barred(Why),
    /// It was sent, at least in part, and no whole answer came back.
    Lost(Why),
    /// It was answered.
    Answered(Answer),
}

/// The name that an answer shows, held against the one we gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It shows none.
    Nothing,
    /// It shows exactly ours.
    Ours,
    /// It shows another.
    Other,
}

/// What the configuration's rules say of an answer to a create.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and every combination occurs"
)]
pub struct Reading {
    /// What the answer means by itself.
    pub meaning: Meaning,
    /// `expect` holds.
    pub expected: bool,
    /// `refused` holds: then `expect` does not.
    pub refused: bool,
    /// `duplicate` holds.
    pub duplicate: bool,
    /// The id, where it could be read.
    pub id: Option<RemoteId>,
    /// The name.
    pub shown: Shown,
    /// Our name or e-mail address stands somewhere in it.
    pub named: bool,
    /// The name that we gave carries this invocation's marker.
    pub marked: bool,
}

/// What a create came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The account was made.
    Happened(RemoteId),
    /// It is there under this id, but the answer is not as expected: it is deleted again.
    Shown(RemoteId),
    /// The service points to another address: nothing was made here.
    Elsewhere,
    /// The service asks to wait: it was not made, and is sent again after the wait.
    Throttled,
    /// The credentials were not accepted: it was not made, and is sent once more with new ones.
    Unauthorized,
    /// It was not made, and sending it again can't help.
    Refused(Refusal),
    /// It may have been made.
    Unclear,
    /// The name is taken, and carries our marker: a proxy may have sent it twice. It is looked up.
    Taken,
}

/// Why a create was refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By its status.
    Status,
    /// The name, which does not carry our marker, belongs to somebody: never adopted, never deleted.
    NameTaken,
    /// The answer shows an account under another name than ours: never deleted.
    Stranger,
}

/// The table, for a request that was answered.
pub fn of_create(reading: &Reading) -> CreateOutcome {
    if reading.expected {
        return match (&reading.id, reading.shown) {
            (_, Shown::Other) => CreateOutcome::Refused(Refusal::Stranger),
            (Some(id), Shown::Nothing | Shown::Ours) => CreateOutcome::Happened(id.clone()),
            (None, Shown::Nothing | Shown::Ours) => CreateOutcome::Unclear,
        };
    }
    if reading.duplicate {
        return if reading.marked {
            CreateOutcome::Taken
        } else {
            CreateOutcome::Refused(Refusal::NameTaken)
        };
    }
    if let (Meaning::Done, true, Some(id)) = (reading.meaning, reading.named, &reading.id)
        && reading.shown != Shown::Other
    {
        return CreateOutcome::Shown(id.clone());
    }
    if reading.refused {
        // A service that gives an id has made something, whatever else it says.
        return match (&reading.id, reading.shown) {
            (Some(id), Shown::Nothing | Shown::Ours) => CreateOutcome::Shown(id.clone()),
            (Some(_), Shown::Other) | (None, _) => CreateOutcome::Refused(Refusal::Status),
        };
    }
    match reading.meaning {
        Meaning::Moved => CreateOutcome::Elsewhere,
        Meaning::Throttled => CreateOutcome::Throttled,
        Meaning::Unauthorized => CreateOutcome::Unauthorized,
        Meaning::Invalid
        | Meaning::Unpaid
        | Meaning::Forbidden
        | Meaning::NotFound
        | Meaning::NotAllowed
        | Meaning::Refused
        | Meaning::NotImplemented => CreateOutcome::Refused(Refusal::Status),
        Meaning::Done
        | Meaning::Redirected
        | Meaning::TimedOut
        | Meaning::Conflict
        | Meaning::Failed
        | Meaning::Unavailable
        | Meaning::Unknown => CreateOutcome::Unclear,
    }
}

/// What to do about a request that may be repeated freely: a look-up, a read, a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It can't work: not again.
    No,
    /// Again, after a pause that grows.
    Later,
}

/// May a request that is harmless to repeat help when it is sent again?
pub fn again(delivery: &Delivery) -> Again {
    match delivery {
        Delivery::NotSent(_) | Delivery::Lost(_) => Again::Later,
        Delivery::Answered(answer) if answer.meaning().may_pass() => Again::Later,
        Delivery::Answered(_) | Delivery::Unsendable(_) | Delivery::Barred(_) => Again::No,
    }
}

/// The pause before the `attempt`-th repetition (from 1): exponential from 200 ms to 10 s, with full jitter.
///
/// `random` lies in 0..1. Full jitter, since many jobs that met the same refusal must not come back together.
pub fn pause(attempt: u32, random: f64) -> Duration {
    let ceiling = 200_u64
        .saturating_mul(1 << attempt.saturating_sub(1).min(6))
        .min(10_000);
    Duration::from_millis(ceiling).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::answer::Body;

    fn reading(status: u16) -> Reading {
        Reading {
            meaning: Meaning::of_http(status),
            expected: (200..300).contains(&status),
            refused: false,
            duplicate: status == 409,
            id: RemoteId::new("17"),
            shown: Shown::Nothing,
            named: false,
            marked: true,
        }
    }

    /// The rows of the public contract, in its order; what never reached the service is the engine's own row.
    #[test]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn the_table_of_what_an_answer_to_a_create_means() {
        use CreateOutcome::{Happened, Refused, Taken, Throttled, Unauthorized, Unclear};
        let id = RemoteId::new("17").expect("an id");
        let of = |status| reading(status);
        let rows: &[(&str, Reading, CreateOutcome)] = &[
            ("as expect, id readable", of(201), Happened(id.clone())),
            (
                "as expect, the name shown is ours",
                Reading {
                    shown: Shown::Ours,
                    ..of(201)
                },
                Happened(id),
            ),
            (
                "as expect, the name shown is not ours",
                Reading {
                    shown: Shown::Other,
                    ..of(201)
                },
                Refused(Refusal::Stranger),
            ),
            (
                "as expect, not ours and no id",
                Reading {
                    shown: Shown::Other,
                    id: None,
                    ..of(201)
                },
                Refused(Refusal::Stranger),
            ),
            ("expect without a readable id", Reading { id: None, ..of(201) }, Unclear),
            (
                "other 2xx",
                Reading {
                    expected: false,
                    ..of(202)
                },
                Unclear,
            ),
            (
                "2xx that shows our name and an id, not as expected",
                Reading {
                    expected: false,
                    named: true,
                    ..of(200)
                },
                CreateOutcome::Shown(RemoteId::new("17").expect("an id")),
            ),
            (
                "refused by a 200 that gives an id",
                Reading {
                    expected: false,
                    refused: true,
                    ..of(200)
                },
                CreateOutcome::Shown(RemoteId::new("17").expect("an id")),
            ),
            (
                "refused by a 200",
                Reading {
                    id: None,
                    expected: false,
                    refused: true,
                    ..of(200)
                },
                Refused(Refusal::Status),
            ),
            (
                "refused by a 500",
                Reading {
                    id: None,
                    refused: true,
                    ..of(500)
                },
                Refused(Refusal::Status),
            ),
            ("307", of(307), CreateOutcome::Elsewhere),
            ("308", of(308), CreateOutcome::Elsewhere),
            ("1xx", of(103), Unclear),
            ("3xx", of(302), Unclear),
            ("304", of(304), Unclear),
            ("429", of(429), Throttled),
            ("425", of(425), Throttled),
            ("408", of(408), Unclear),
            (
                "409 not declared",
                Reading {
                    duplicate: false,
                    ..of(409)
                },
                Unclear,
            ),
            ("423", of(423), Unclear),
            ("499", of(499), Unclear),
            ("500", of(500), Unclear),
            ("502", of(502), Unclear),
            ("503", of(503), Unclear),
            ("504", of(504), Unclear),
            ("599", of(599), Unclear),
            ("duplicate, marked", of(409), Taken),
            (
                "duplicate by another code, marked",
                Reading {
                    duplicate: true,
                    ..of(422)
                },
                Taken,
            ),
            (
                "duplicate, unmarked",
                Reading {
                    marked: false,
                    ..of(409)
                },
                Refused(Refusal::NameTaken),
            ),
            ("400", of(400), Refused(Refusal::Status)),
            ("403", of(403), Refused(Refusal::Status)),
            ("404", of(404), Refused(Refusal::Status)),
            ("422", of(422), Refused(Refusal::Status)),
            ("501", of(501), Refused(Refusal::Status)),
            ("401", of(401), Unauthorized),
        ];
        for (name, reading, expected) in rows {
            assert_eq!(of_create(reading), *expected, "{name}");
        }
    }

    #[test]
    fn only_what_can_work_is_sent_again() {
        let answered = |status| Delivery::Answered(Answer::http(status, Vec::new(), Body::Text(String::new())));
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(again(&answered(status)), Again::Later, "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 410, 422, 501] {
            assert_eq!(again(&answered(status)), Again::No, "{status}");
        }
        assert_eq!(again(&Delivery::Lost(Why::default())), Again::Later);
        assert_eq!(again(&Delivery::NotSent(Why::default())), Again::Later);
        assert_eq!(again(&Delivery::Barred(Why::default())), Again::No);
        assert_eq!(again(&Delivery::Unsendable(Why::default())), Again::No);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        assert_eq!(pause(1, 1.0), Duration::from_millis(200));
        assert_eq!(pause(3, 1.0), Duration::from_millis(800));
        assert_eq!(pause(50, 1.0), Duration::from_secs(10));
        assert_eq!(pause(50, 0.0), Duration::ZERO);
    }
}
