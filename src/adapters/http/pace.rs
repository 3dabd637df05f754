//! How fast a service may be asked: its configured rate, and the waits that it asks for itself.
//!
//! The pace belongs to the whole service: one answer that says "too many" slows every request to it.

#![expect(
    clippy::disallowed_methods,
    reason = "Retry-After may be a date of the wall clock; waiting itself is tokio's"
)]

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::domain::answer::Answer;
use crate::domain::outcome::pause;

/// Longer waits than this are not believed.
const WAIT_MAX: Duration = Duration::from_mins(10);

/// Requests per time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The shortest time between two requests.
    pub interval: Duration,
}

/// The pace of one service.
pub(super) struct Pace {
    interval: Duration,
    state: RefCell<State>,
}

struct State {
    /// When the next request may start.
    next: Instant,
    /// How many answers in a row said "too many".
    refusals: u32,
}

impl Pace {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            interval: rate.map_or(Duration::ZERO, |rate| rate.interval),
            state: RefCell::new(State {
                next: Instant::now(),
                refusals: 0,
            }),
        }
    }

    /// Waits for a turn, and takes it. A wait that grows meanwhile is waited for too.
    pub(super) async fn slot(&self) {
        loop {
            let next = self.state.borrow().next;
            if next <= Instant::now() {
                break;
            }
            tokio::time::sleep_until(next).await;
        }
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        state.next = state.next.max(now) + self.interval;
    }

    /// Slows down where the answer asks for it.
    pub(super) fn learn(&self, answer: &Answer) {
        let mut state = self.state.borrow_mut();
        let throttled = matches!(answer.status, 425 | 429);
        state.refusals = if throttled { state.refusals.saturating_add(1) } else { 0 };
        let asked = match answer.status {
            425 | 429 | 503 => asked_wait(answer, SystemTime::now()),
            _ => None,
        };
        let wait = asked.or_else(|| throttled.then(|| pause(state.refusals, 1.0)));
        if let Some(wait) = wait {
            state.next = state.next.max(Instant::now() + wait.min(WAIT_MAX));
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
fn asked_wait(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::answer::Body;

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        Answer {
            status,
            headers: retry_after
                .map(|value| ("retry-after".to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            body: Body::Text(String::new()),
        }
    }

    #[test]
    fn a_wait_is_read_as_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Mon, 23 Nov 2026 08:00:00 GMT").expect("a date");
        let wait = |text| asked_wait(&answer(429, Some(text)), now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Mon, 23 Nov 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Mon, 23 Nov 2026 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_keep_their_distance() {
        let pace = Pace::new(Some(Rate {
            interval: Duration::from_millis(100),
        }));
        let start = Instant::now();
        for _ in 0..5 {
            pace.slot().await;
        }
        assert_eq!(start.elapsed().as_millis(), 400);
    }

    #[tokio::test(start_paused = true)]
    async fn one_refusal_slows_everything_down() {
        let pace = Pace::new(None);
        pace.slot().await;
        pace.learn(&answer(429, Some("3")));
        let start = Instant::now();
        pace.slot().await;
        assert!(start.elapsed() >= Duration::from_secs(3));
        pace.learn(&answer(200, None));
        let start = Instant::now();
        pace.slot().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_without_a_time_back_off() {
        let pace = Pace::new(None);
        for expected in [200, 400, 800] {
            pace.learn(&answer(429, None));
            let start = Instant::now();
            pace.slot().await;
            assert!(start.elapsed() >= Duration::from_millis(expected));
        }
    }
}
