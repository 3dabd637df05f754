//! How far each service is and what it waits for: the live lines of a terminal, and the word in a long silence.

use std::time::Duration;

use indexmap::IndexMap;

use super::narrator::{Phase, span};
use super::outcome::plural;
use super::table::seen;
use crate::domain::account::{ServiceName, is_witness};
use crate::domain::time::Timestamp;
use crate::ports::{Doing, Notice, Progress};

/// Nobody waits longer without a word.
const SILENCE: Duration = Duration::from_secs(2);
/// Between two words on how far it is.
const BEAT: Duration = Duration::from_secs(10);
/// So many services are told of at once.
const SERVICES: usize = 10;
/// A rate of fewer accounts, or of a shorter time, says nothing.
const RATED: (usize, Duration) = (5, Duration::from_secs(1));

/// How far each service is.
pub struct Pulse {
    phase: Phase,
    begun: Timestamp,
    services: IndexMap<ServiceName, Share>,
    /// When the last line was told.
    said: Timestamp,
    /// When the last line was told that says what is waited for.
    beat: Option<Timestamp>,
}

/// A service's share of the work.
#[derive(Default)]
struct Share {
    expected: usize,
    done: usize,
    failed: usize,
    waits: Option<Wait>,
}

/// What a service waits for.
enum Wait {
    For(Doing),
    /// It does not answer yet.
    Answer(String),
    /// A request is sent again at this time.
    Again(String, Timestamp),
}

impl Pulse {
    /// The work begins: one item for each account, by its service.
    pub fn new<'a>(phase: Phase, begun: Timestamp, accounts: impl IntoIterator<Item = &'a ServiceName>) -> Self {
        let mut services: IndexMap<ServiceName, Share> = IndexMap::new();
        for service in accounts {
            services.entry(service.clone()).or_default().expected += 1;
        }
        Self {
            phase,
            begun,
            services,
            said: begun,
            beat: None,
        }
    }

    /// How many accounts there are in all.
    pub fn expected(&self) -> usize {
        self.services.values().map(|share| share.expected).sum()
    }

    /// Takes in what was told at this time; `is_said` where a line was told of it.
    pub fn hear(&mut self, notice: &Notice, is_said: bool, now: Timestamp) {
        let (service, waits) = match notice {
            Notice::Waiting { service, reason, .. } => (service, Some(Wait::Answer(reason.what.clone()))),
            Notice::Answers { service, .. } => (service, None),
            Notice::Busy { service, doing } => (service, doing.clone().map(Wait::For)),
            Notice::Account { key, progress } => {
                let mut waits = None;
                if let Progress::Again { what, reason, pause } = progress {
                    let failed = format!("the {what} failed ({})", reason.what);
                    waits = Some(Wait::Again(failed, now + *pause));
                }
                if !is_witness(&key.account) {
                    self.count(&key.service, progress);
                }
                (&key.service, waits)
            }
        };
        if is_said {
            self.said = now;
            if waits.is_some() && says_for_how_long(notice) {
                self.beat = Some(now);
            }
        }
        if let Some(share) = self.services.get_mut(service) {
            share.waits = waits;
        } else if waits.is_some() {
            let share = Share {
                waits,
                ..Share::default()
            };
            self.services.insert(service.clone(), share);
        }
    }

    fn count(&mut self, service: &ServiceName, progress: &Progress) {
        let Some(share) = self.services.get_mut(service) else {
            return;
        };
        match progress {
            Progress::Ready { .. } | Progress::Deleted { .. } | Progress::Absent { .. } | Progress::LookedAt => {
                share.done = share.expected.min(share.done + 1);
            }
            Progress::Failed { .. } | Progress::Left { .. } => share.failed += 1,
            Progress::Created { .. }
            | Progress::Unclear { .. }
            | Progress::LookingUp
            | Progress::Adopted { .. }
            | Progress::NotThere
            | Progress::Spelled { .. }
            | Progress::Unseen { .. }
            | Progress::Again { .. } => {}
        }
    }

    /// One line for each service that is not done, in the order of the plan; with ten such services, the rest is counted.
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        let open: Vec<String> = self
            .services
            .iter()
            .filter(|(_, share)| !share.is_done())
            .map(|(service, share)| format!("{service}: {}", self.told(share, now)))
            .collect();
        let rest = open.len().saturating_sub(SERVICES);
        let mut lines: Vec<String> = open.into_iter().take(SERVICES).collect();
        if rest > 0 {
            lines.push(format!("and {}", plural(rest, "other service")));
        }
        lines
    }

    /// The word in a silence, once it has lasted for two seconds: in one line, and every ten seconds at most.
    pub fn word(&mut self, now: Timestamp) -> Option<String> {
        let is_due = self.beat.is_none_or(|beat| now.since(beat) >= BEAT);
        if !is_due || now.since(self.said) < SILENCE {
            return None;
        }
        let lines = self.lines(now);
        if lines.is_empty() {
            return None;
        }
        self.said = now;
        self.beat = Some(now);
        Some(lines.join("; "))
    }

    fn told(&self, share: &Share, now: Timestamp) -> String {
        let mut parts = Vec::new();
        if share.expected > 0 {
            let verb = match self.phase {
                Phase::Setup => "ready",
                Phase::Cleanup => "gone",
                Phase::Status => "looked up",
            };
            parts.push(format!("{} of {} {verb}", share.done, share.expected));
        }
        if share.failed > 0 {
            parts.push(format!("{} failed", share.failed));
        }
        let took = now.since(self.begun);
        if share.done >= RATED.0 && took >= RATED.1 {
            parts.push(rate(share.done, took));
        }
        if let Some(waits) = &share.waits {
            parts.push(waits.told(now));
        }
        if parts.is_empty() {
            parts.push("at work".to_owned());
        }
        parts.join(", ")
    }
}

impl Share {
    fn is_done(&self) -> bool {
        self.done + self.failed >= self.expected && self.waits.is_none()
    }
}

impl Wait {
    fn told(&self, now: Timestamp) -> String {
        let left = |until: Timestamp| match until.since(now) {
            Duration::ZERO => "now".to_owned(),
            left => format!("in {}", span(left)),
        };
        match self {
            Self::Answer(reason) => format!("waiting for it to answer: {}", seen(reason)),
            Self::Again(reason, until) => format!("{}, again {}", seen(reason), left(*until)),
            Self::For(Doing::Listing { pages, accounts }) => format!(
                "reading its list: {}, {} so far",
                plural(*pages, "page"),
                plural(*accounts, "account")
            ),
            Self::For(Doing::Paced { until, is_asked: true }) => {
                format!("slowed down by the service, next request {}", left(*until))
            }
            Self::For(Doing::Paced { until, is_asked: false }) => {
                format!("next request {} (`limits.rate`)", left(*until))
            }
            Self::For(Doing::Until(what)) => format!("waiting until {what}"),
            Self::For(Doing::Checked(checks)) => format!("{} so far", plural(*checks, "check")),
        }
    }
}

/// Does the line of a notice say for how long? Of a wait that the service asks for it does not.
fn says_for_how_long(notice: &Notice) -> bool {
    match notice {
        Notice::Account {
            progress: Progress::Again { pause, .. },
            ..
        } => !pause.is_zero(),
        Notice::Waiting { .. } | Notice::Answers { .. } | Notice::Busy { .. } | Notice::Account { .. } => true,
    }
}

/// By the second, or by the minute where that would be a fraction.
fn rate(done: usize, took: Duration) -> String {
    // The cast loses nothing that is shown.
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 accounts")]
    let a_second = done as f64 / took.as_secs_f64();
    if a_second >= 1.0 {
        format!("{a_second:.0}/s")
    } else {
        format!("{:.0}/min", a_second * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::RemoteId;

    fn service(name: &str) -> ServiceName {
        ServiceName::parse(name).expect("a name")
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn account(key: &str, progress: Progress) -> Notice {
        let key = key.parse().expect("a key");
        Notice::Account { key, progress }
    }

    fn deleted() -> Progress {
        let id = RemoteId::new("7").expect("an id");
        Progress::Deleted { id }
    }

    #[test]
    fn each_service_has_a_line_until_it_is_done() {
        let (users, orders) = (service("users"), service("orders"));
        let mut pulse = Pulse::new(Phase::Cleanup, at(0), [&users, &orders, &users]);
        assert_eq!(pulse.expected(), 3);
        pulse.hear(&account("users/alice", deleted()), true, at(10));
        assert_eq!(pulse.lines(at(20)), ["users: 1 of 2 gone", "orders: 0 of 1 gone"]);
        pulse.hear(&account("orders/bob", deleted()), true, at(30));
        assert_eq!(pulse.lines(at(40)), ["users: 1 of 2 gone"]);
        let reason = "no".into();
        pulse.hear(&account("users/bob", Progress::Left { reason }), true, at(50));
        assert_eq!(pulse.lines(at(60)), [] as [String; 0]);
    }

    #[test]
    fn a_line_says_how_fast_it_goes_and_what_is_waited_for() {
        let users = service("users");
        let mut pulse = Pulse::new(Phase::Setup, at(0), std::iter::repeat_n(&users, 100));
        let again = Progress::Again {
            what: "create",
            reason: "status 503".into(),
            pause: Duration::from_millis(1_500),
        };
        let is_asked = true;
        let paced = |until, is_asked| Doing::Paced { until, is_asked };
        let busy = |doing| {
            let service = users.clone();
            let doing = Some(doing);
            Notice::Busy { service, doing }
        };
        let (pages, accounts) = (7, 650);
        for (notice, expected) in [
            (
                account("users/a", again),
                "the create failed (status 503), again in 1.5 s",
            ),
            (
                busy(paced(at(13_000), is_asked)),
                "slowed down by the service, next request in 13.0 s",
            ),
            (
                busy(paced(at(2_000), !is_asked)),
                "next request in 2.0 s (`limits.rate`)",
            ),
            (busy(paced(at(0), !is_asked)), "next request now (`limits.rate`)"),
            (
                busy(Doing::Until("a delete is through")),
                "waiting until a delete is through",
            ),
            (
                busy(Doing::Listing { pages, accounts }),
                "reading its list: 7 pages, 650 accounts so far",
            ),
            (busy(Doing::Checked(1)), "1 check so far"),
        ] {
            pulse.hear(&notice, false, at(0));
            assert_eq!(pulse.lines(at(0)), [format!("users: 0 of 100 ready, {expected}")]);
        }
        for _ in 0..30 {
            let took = Duration::ZERO;
            pulse.hear(&account("users/a", Progress::Ready { took }), false, at(100));
        }
        assert_eq!(pulse.lines(at(10_000)), ["users: 30 of 100 ready, 3/s"]);
        assert_eq!(pulse.lines(at(60_000)), ["users: 30 of 100 ready, 30/min"]);
    }

    #[test]
    fn a_silence_gets_a_word_after_two_seconds_and_another_every_ten() {
        let users = service("users");
        let mut pulse = Pulse::new(Phase::Setup, at(0), [&users, &users]);
        let mut told = Vec::new();
        for tenth in 1..=300 {
            if tenth == 30 {
                let took = Duration::ZERO;
                pulse.hear(&account("users/a", Progress::Ready { took }), true, at(3_000));
            }
            if pulse.word(at(tenth * 100)).is_some() {
                told.push(tenth * 100);
            }
        }
        assert_eq!(told, [2_000, 12_000, 22_000]);
    }

    #[test]
    fn a_line_that_says_what_is_waited_for_is_the_word_itself() {
        let users = service("users");
        let mut pulse = Pulse::new(Phase::Setup, at(0), [&users]);
        let waiting = Notice::Waiting {
            service: users.clone(),
            reason: "connection refused".into(),
            waited: Duration::ZERO,
        };
        pulse.hear(&waiting, true, at(1_000));
        assert_eq!(pulse.word(at(5_000)), None);
        let word = "users: 0 of 1 ready, waiting for it to answer: connection refused";
        assert_eq!(pulse.word(at(11_000)).as_deref(), Some(word));
    }

    #[test]
    fn of_many_services_the_rest_is_counted() {
        let names: Vec<ServiceName> = (0..12).map(|number| service(&format!("s{number}"))).collect();
        let lines = Pulse::new(Phase::Status, at(0), &names).lines(at(0));
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[9], "s9: 0 of 1 looked up");
        assert_eq!(lines[10], "and 2 other services");
    }
}
