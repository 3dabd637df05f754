//! What a check found out about one block of a service's description.

use std::time::Duration;

use serde::Serialize;

use super::account::ServiceName;
use super::why::Why;

/// What a check found out about one block of a service's description.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Whose block it is.
    pub service: ServiceName,
    /// The block's key, such as `find`.
    pub block: &'static str,
    /// What was tried, such as "before the create".
    pub tried: &'static str,
    /// The request as the configuration has it; none where nothing was asked.
    pub asked: Option<String>,
    /// What came back.
    pub answered: Option<String>,
    /// How long the answer took.
    pub took: Option<Duration>,
    /// What that comes to.
    pub verdict: Verdict,
    /// What was seen, and the line to write where there is one.
    pub why: Why,
}

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The block does what is relied on.
    Proved,
    /// It could not be shown, or it is missing and a bad day would need it.
    Open,
    /// It does not do what is relied on.
    Wrong,
}

impl Finding {
    /// Does it fail the check?
    pub fn fails(&self) -> bool {
        self.verdict == Verdict::Wrong
    }
}
