//! When what happened, as a picture: a Gantt chart in Mermaid's words, which GitHub draws in a job summary.
//!
//! Labels are names of the configuration, which have letters, digits, `-` and `_` only. Nothing foreign stands in a chart.

use std::time::Duration;

use crate::domain::account::AccountKey;
use crate::domain::time::Timestamp;
use crate::ports::{Notice, Progress};

/// More bars than this can't be read, and Mermaid draws no text of 50,000 characters.
const BARS_MAX: usize = 60;

/// Hears what the engine tells, and draws it.
#[derive(Debug, Default)]
pub struct Timeline {
    bars: Vec<Bar>,
    left_out: usize,
}

#[derive(Debug)]
struct Bar {
    label: String,
    kind: BarKind,
    from: Timestamp,
    to: Timestamp,
}

/// In Mermaid's words.
#[derive(Clone, Copy, Debug)]
enum BarKind {
    /// A service was waited for.
    Active,
    /// An account is ready.
    Done,
    /// It failed.
    Crit,
}

impl Timeline {
    /// Takes in what was told at this time.
    pub fn hear(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Answers { service, waited } => self.add(format!("{service} starts"), BarKind::Active, *waited, now),
            Notice::Account {
                key,
                progress: Progress::Ready { took },
            } => self.add(key.to_string(), BarKind::Done, *took, now),
            Notice::Waiting { .. } | Notice::Busy { .. } | Notice::Account { .. } => {}
        }
    }

    /// An account that could not be had: from when its create was meant to when the setup was over.
    pub fn failed(&mut self, key: &AccountKey, from: Timestamp, to: Timestamp) {
        self.add(key.to_string(), BarKind::Crit, to.since(from), to);
    }

    fn add(&mut self, label: String, kind: BarKind, took: Duration, to: Timestamp) {
        if self.bars.len() == BARS_MAX {
            self.left_out += 1;
            return;
        }
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let from = Timestamp::from_millis(to.as_millis().saturating_sub(millis));
        self.bars.push(Bar { label, kind, from, to });
    }

    /// The chart in a block of Markdown; nothing where nothing happened.
    pub fn markdown(&self) -> String {
        if self.bars.is_empty() {
            return String::new();
        }
        let mut bars: Vec<&Bar> = self.bars.iter().collect();
        bars.sort_by_key(|bar| (bar.from, bar.to));
        let lines = bars.iter().map(|bar| {
            let kind = match bar.kind {
                BarKind::Active => "active",
                BarKind::Done => "done",
                BarKind::Crit => "crit",
            };
            // A bar of no length is not drawn.
            let end = bar.to.as_millis().max(bar.from.as_millis() + 1);
            format!("    {} :{kind}, {}, {end}\n", bar.label, bar.from.as_millis())
        });
        let left_out = match self.left_out {
            0 => String::new(),
            number => format!("\nThe timeline has the first {BARS_MAX}, and leaves {number} out.\n"),
        };
        let lines: String = lines.collect();
        format!("\n```mermaid\ngantt\n    dateFormat x\n    axisFormat %H:%M:%S\n{lines}```\n{left_out}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::ServiceName;

    fn key(account: &str) -> AccountKey {
        AccountKey {
            service: ServiceName::parse("users").expect("a name"),
            account: account.to_owned(),
        }
    }

    fn ready(account: &str, took: u64) -> Notice {
        Notice::Account {
            key: key(account),
            progress: Progress::Ready {
                took: Duration::from_millis(took),
            },
        }
    }

    #[test]
    fn bars_stand_in_the_order_in_which_they_begin() {
        let at = Timestamp::from_millis;
        let mut timeline = Timeline::default();
        assert_eq!(timeline.markdown(), "");
        let answers = Notice::Answers {
            service: ServiceName::parse("users").expect("a name"),
            waited: Duration::from_millis(900),
        };
        timeline.hear(&ready("bob", 0), at(1_500));
        timeline.hear(&answers, at(1_000));
        timeline.failed(&key("eve"), at(1_200), at(1_900));
        assert_eq!(
            timeline.markdown(),
            "\n```mermaid\ngantt\n    dateFormat x\n    axisFormat %H:%M:%S\n    users starts :active, 100, 1000\n    \
             users/eve :crit, 1200, 1900\n    users/bob :done, 1500, 1501\n```\n"
        );
    }

    #[test]
    fn a_chart_is_bounded() {
        let mut timeline = Timeline::default();
        for number in 0..10_000 {
            timeline.hear(
                &ready(&format!("buyer-{number}"), 5),
                Timestamp::from_millis(1_795_421_259_000),
            );
        }
        let text = timeline.markdown();
        assert!(text.len() < 5_000, "{}", text.len());
        assert!(
            text.ends_with("\nThe timeline has the first 60, and leaves 9940 out.\n"),
            "{text}"
        );
    }
}
