//! How fast a service may be asked: its configured rate, what it asks for itself, and what it has refused.
//!
//! The pace belongs to the whole service: one answer that says "too many" slows every request to it, and every answer
//! that does not lets it recover a little. Where a service tells how much is left, it is slowed before the limit.
//!
//! Many jobs may meet one limit without knowing of each other. Therefore a pace begins with a few requests, and the others
//! wait for the first answer; a refusal leads to a distance that follows from how many requests were accepted in how long,
//! which is this job's share of what the service gives; and no two jobs come back at the same moment. `scripts/bench herd`
//! measures what comes of it.

mod allowance;

use std::time::Duration;

use super::answer::Answer;
use super::meaning::Meaning;
use super::outcome::pause;
use super::time::Timestamp;

pub use allowance::Allowance;

/// Longer waits than this are not believed.
const WAIT_MAX: Duration = Duration::from_hours(1);
/// The shortest distance between requests after a refusal.
const FIRST_DISTANCE: Duration = Duration::from_millis(25);
/// The longest distance that refusals lead to.
const DISTANCE_MAX: Duration = Duration::from_secs(5);
/// So many requests at once are what a service is asked if nobody says more; of these one in four waits for no first answer.
const AT_ONCE: usize = 8;
/// See [`AT_ONCE`].
const OPENING: usize = 4;
/// From so many refusals on what was accepted is counted over a time long enough to mean something. One alone may be chance.
const REFUSALS_THAT_MEAN_IT: f64 = 2.0;
/// That time, where nothing was accepted; it shrinks as more was, since then the time that has really passed says enough.
const LEAST_COUNTED: Duration = Duration::from_secs(5);
/// A service that asks for a wait shorter than a second may be believed that it is less: so many times that wait.
const TIMES_ASKED: u32 = 5;
/// Where so many requests were accepted, half of it is enough.
const ACCEPTED_FOR_HALF: f64 = 8.0;
/// By so much of itself a rate grows with each request that is accepted.
const GROWTH: f64 = 0.1;
/// So many accepted in a row double the growth, and twice as many double it again: nobody else is there any more.
const CALM: u32 = 5;
/// How often it is doubled at most.
const DOUBLINGS_MAX: u32 = 2;

/// The pace of one service.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The configured distance between requests.
    configured: Duration,
    /// The distance that refusals have led to.
    learnt: Duration,
    /// When the next request may start.
    next: Timestamp,
    /// When the service asked last to wait.
    asked: Timestamp,
    /// How many requests may still start before the first answer; `None` once one has come.
    opening: Option<usize>,
    /// How many times in a row a refusal was heeded.
    refusals: u32,
    /// When a refusal was heeded last: what was sent before says of the rate nothing new.
    heeded: Timestamp,
    /// Since when the following two are counted; at each refusal that is heeded half of it all is forgotten.
    since: Option<Timestamp>,
    /// How many requests were accepted.
    accepted: f64,
    /// How many were refused.
    refused: f64,
    /// How many were accepted in a row.
    calm: u32,
}

impl Pace {
    /// A pace of one request an `interval`, or as fast as it goes, for a service that is asked `at_once` requests at once.
    pub fn new(interval: Option<Duration>, at_once: usize) -> Self {
        Self {
            configured: interval.unwrap_or_default(),
            learnt: Duration::ZERO,
            next: Timestamp::from_millis(0),
            asked: Timestamp::from_millis(0),
            // Whoever allows more at once than is usual has said that the service bears it.
            opening: Some((at_once.min(AT_ONCE) / OPENING).max(1) + at_once.saturating_sub(AT_ONCE)),
            refusals: 0,
            heeded: Timestamp::from_millis(0),
            since: None,
            accepted: 0.0,
            refused: 0.0,
            calm: 0,
        }
    }

    /// Begins another phase of the same process with what was learnt of the service. How long it asked to wait then, and how
    /// much it accepted in how long, is of the time before: what is asked now may be asked at once.
    pub fn resume(&mut self, interval: Option<Duration>) {
        self.configured = interval.unwrap_or_default();
        self.begin_phase();
    }

    /// The same where the configuration is the same too.
    pub fn begin_phase(&mut self) {
        self.next = Timestamp::from_millis(0);
        self.refusals = 0;
        self.since = None;
        self.accepted = 0.0;
        self.refused = 0.0;
        self.calm = 0;
    }

    /// Must the next request wait for the first answer?
    pub fn waits_for_answer(&self) -> bool {
        self.opening == Some(0)
    }

    /// An answer has come, or is not waited for any longer.
    pub fn open(&mut self) {
        self.opening = None;
    }

    /// Takes a turn, or says how long to wait before asking for one again.
    pub fn turn(&mut self, now: Timestamp) -> Result<(), Duration> {
        if now < self.next {
            return Err(self.next.since(now));
        }
        if let Some(left) = &mut self.opening {
            // Who waits for the answer takes no turn before it; who takes one all the same only is not counted.
            *left = left.saturating_sub(1);
        }
        self.since.get_or_insert(now);
        // A rate is a distance from turn to turn: time that went by unused is no credit.
        self.next = now + self.configured.max(self.learnt);
        Ok(())
    }

    /// Learns from an answer to a request that was sent at `sent`. `random` lies in 0..1 and keeps many jobs from coming back
    /// at the same moment.
    pub fn learn(&mut self, answer: &Answer, sent: Timestamp, now: Timestamp, random: f64) {
        let throttled = answer.meaning() == Meaning::Throttled;
        let told = Allowance::by(answer, now);
        if throttled {
            self.slow_down(told.retry_after.or(told.reset), sent, now);
        } else {
            self.recover();
            // Somebody did not wait, and was let in: the wait that was asked for is over.
            if answer.is_success() && sent > self.asked && self.asked > Timestamp::from_millis(0) && now < self.next {
                self.next = now + self.configured.max(self.learnt);
                self.asked = Timestamp::from_millis(0);
            }
        }
        let apart = self.learnt.max(FIRST_DISTANCE).mul_f64(random);
        let wait = if throttled || answer.code() == 503 {
            let asked = told.retry_after.or(if throttled { told.reset } else { None });
            self.asked = now;
            match asked {
                Some(asked) => Some(asked + apart),
                None if throttled => Some(pause(self.refusals, random) + apart),
                None => None,
            }
        } else {
            told.spread(apart)
        };
        if let Some(wait) = wait {
            self.next = self.next.max(now + wait.min(WAIT_MAX));
        }
    }

    fn slow_down(&mut self, asked: Option<Duration>, sent: Timestamp, now: Timestamp) {
        self.calm = 0;
        self.refused += 1.0;
        let since = self.since.unwrap_or(now);
        let passed = now.since(since);
        let counted = if self.refused < REFUSALS_THAT_MEAN_IT {
            passed
        } else {
            // Who is told to come back at once is told that little time is enough.
            let least = asked.map_or(LEAST_COUNTED, |asked| LEAST_COUNTED.min(asked * TIMES_ASKED));
            passed.max(least.div_f64(1.0 + self.accepted / ACCEPTED_FOR_HALF))
        };
        let share = counted.div_f64(self.accepted + 1.0);
        if sent <= self.heeded {
            // Of the same moment as the one before. Where nothing is accepted at all, it still makes that more certain.
            if self.accepted < 1.0 {
                self.learnt = self.learnt.max(share).min(DISTANCE_MAX);
            }
            return;
        }
        self.refusals = self.refusals.saturating_add(1);
        self.heeded = now;
        self.learnt = (self.learnt * 2).max(share).clamp(FIRST_DISTANCE, DISTANCE_MAX);
        self.since = Some(since + passed / 2);
        self.accepted /= 2.0;
        self.refused = (self.refused / 2.0).max(self.refused.min(REFUSALS_THAT_MEAN_IT));
    }

    fn recover(&mut self) {
        self.refusals = 0;
        self.accepted += 1.0;
        self.calm = self.calm.saturating_add(1);
        let growth = GROWTH * f64::from(1_u32 << (self.calm / CALM).min(DOUBLINGS_MAX));
        self.learnt = self.learnt.div_f64(1.0 + growth);
        if self.learnt < Duration::from_millis(1) {
            self.learnt = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests;
