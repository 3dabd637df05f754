//! What the end of a request means, whatever protocol it was sent by: the terms in which the engine decides.

/// What the end of a request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was done.
    Done,
    /// It was not done here: it has to be sent elsewhere.
    Moved,
    /// Something is elsewhere; whether it was done nobody knows.
    Redirected,
    /// What was sent does not make sense to the service.
    Invalid,
    /// The credentials were not accepted.
    Unauthorized,
    /// It has to be paid for first.
    Unpaid,
    /// The credentials were accepted and don't allow it.
    Forbidden,
    /// What it is about is not there.
    NotFound,
    /// What it is about is there, and does not take such requests.
    NotAllowed,
    /// The service gave up waiting, perhaps in the middle.
    TimedOut,
    /// Something stands against it, perhaps the same request sent before.
    Conflict,
    /// It comes too soon: nothing was done, and it may be sent again after a while.
    Throttled,
    /// It was refused for another reason.
    Refused,
    /// The service failed at it, perhaps in the middle.
    Failed,
    /// The service has no such function.
    NotImplemented,
    /// Nobody was there to do it; who answered may not know what became of it.
    Unavailable,
    /// It can't be told.
    Unknown,
}

impl Meaning {
    /// What a status code of HTTP means (RFC 9110, section 15; RFC 6585; 499 is nginx's).
    pub fn of_http(status: u16) -> Self {
        match status {
            200..300 => Self::Done,
            307 | 308 => Self::Moved,
            300..400 => Self::Redirected,
            400 | 406 | 415 | 422 => Self::Invalid,
            401 => Self::Unauthorized,
            402 => Self::Unpaid,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            405 => Self::NotAllowed,
            408 => Self::TimedOut,
            409 | 423 | 499 => Self::Conflict,
            425 | 429 => Self::Throttled,
            400..500 => Self::Refused,
            501 => Self::NotImplemented,
            502..=504 => Self::Unavailable,
            500.. => Self::Failed,
            ..200 => Self::Unknown,
        }
    }

    /// What is added to a status code of HTTP for people who don't know it by heart.
    pub fn words_of_http(status: u16) -> &'static str {
        match status {
            400 => " (bad request)",
            401 => " (the credentials were not accepted)",
            403 => " (the credentials don't allow it)",
            404 => " (not found)",
            409 => " (conflict)",
            422 => " (the values were not accepted)",
            429 => " (too many requests)",
            500 => " (the service failed)",
            502..=504 => " (the service is not available)",
            _ => "",
        }
    }

    /// Did the service refuse it, as HTTP does by any 4xx?
    pub fn is_refusal(self) -> bool {
        match self {
            Self::Invalid
            | Self::Unauthorized
            | Self::Unpaid
            | Self::Forbidden
            | Self::NotFound
            | Self::NotAllowed
            | Self::TimedOut
            | Self::Conflict
            | Self::Throttled
            | Self::Refused => true,
            Self::Done
            | Self::Moved
            | Self::Redirected
            | Self::Failed
            | Self::NotImplemented
            | Self::Unavailable
            | Self::Unknown => false,
        }
    }

    /// Was it refused for whoever asked, and not for what was asked?
    pub fn is_about_credentials(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden)
    }

    /// May the same request work later, if it is harmless to repeat?
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::TimedOut | Self::Throttled | Self::Failed | Self::Unavailable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_4xx_refuses_and_what_may_pass_is_sent_again() {
        for status in 100..600 {
            let meaning = Meaning::of_http(status);
            assert_eq!(meaning.is_refusal(), (400..500).contains(&status), "{status}");
            assert_eq!(meaning == Meaning::Done, (200..300).contains(&status), "{status}");
            let may_pass = matches!(status, 408 | 425 | 429 | 500 | 502..);
            assert_eq!(meaning.may_pass(), may_pass, "{status}");
            assert_eq!(meaning.is_about_credentials(), matches!(status, 401 | 403), "{status}");
        }
    }
}
