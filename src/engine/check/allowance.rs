//! What the service's answers tell of its limits.

use super::findings::Findings;
use crate::domain::pace::Allowance;
use crate::ports::World;

impl<W: World> Findings<'_, '_, W> {
    /// Tells of limits, where an answer told of them. There is nothing to mend: setup keeps to them.
    pub(super) fn allowance(&self) {
        if let Some(allowance) = self.engine.heard_allowance(self.place) {
            let why = format!("setup keeps to what it says: {}", in_words(&allowance));
            self.proved(("limits", "as answers tell"), None, why);
        }
    }
}

fn in_words(allowance: &Allowance) -> String {
    let spans = [
        ("a new window in", allowance.reset),
        ("a wait of", allowance.retry_after),
    ];
    let counts = [("requests a window", allowance.limit), ("left", allowance.remaining)];
    let counts = counts
        .into_iter()
        .filter_map(|(what, count)| Some(format!("{} {what}", count?)));
    let spans = spans
        .into_iter()
        .filter_map(|(what, span)| Some(format!("{what} {} s", span?.as_secs())));
    counts.chain(spans).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::domain::answer::{Answer, Body};
    use crate::domain::time::Timestamp;

    use super::*;

    #[test]
    fn what_answers_tell_is_told() {
        for (fields, expected) in [
            (
                vec![
                    ("x-ratelimit-limit", "100"),
                    ("x-ratelimit-remaining", "97"),
                    ("x-ratelimit-reset", "54"),
                ],
                "100 requests a window, 97 left, a new window in 54 s",
            ),
            (vec![("retry-after", "3")], "a wait of 3 s"),
            (vec![("date", "3")], ""),
        ] {
            let fields = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let answer = Answer::http(200, fields.collect(), Body::Text(String::new()));
            let allowance = Allowance::by(&answer, Timestamp::from_millis(0));
            assert_eq!(in_words(&allowance), expected);
        }
    }
}
