//! What a check found out, as a table and for the job summary.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::narrator::span;
use super::summary::status_summary;
use super::table::seen;
use crate::domain::finding::{Finding, Verdict};

/// Every finding in a line, service by service, with what to write below those that need it.
pub fn check_table<'f>(findings: &'f [Finding]) -> String {
    let mut text = String::new();
    let widest = |cell: fn(&Finding) -> &str| findings.iter().map(|finding| cell(finding).len()).max().unwrap_or(0);
    let (block, tried) = (widest(|finding| finding.block), widest(|finding| finding.tried));
    let mut service = None;
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    for finding in findings {
        // Writing to a string can't fail.
        if service.replace(&finding.service) != Some(&finding.service) {
            let gap = if text.is_empty() { "" } else { "\n" };
            writeln!(text, "{gap}{}", finding.service).unwrap_or_default();
            told.clear();
        }
        let word = word(finding.verdict);
        // One cause is told once, and so is what mends it.
        let mut is_news = |text: &'f str| !text.is_empty() && told.insert((finding.block, text));
        let is_again = !is_news(&finding.why.what) && finding.verdict == Verdict::Wrong;
        let hint = finding.why.hint().filter(|_| finding.verdict != Verdict::Proved);
        let hint = hint.filter(|hint| is_news(hint));
        let what = if is_again {
            "for the same reason".to_owned()
        } else {
            seen(&finding.why.what)
        };
        let [.., answered, _] = cells(finding);
        let is_said = finding
            .answered
            .as_ref()
            .is_some_and(|said| finding.why.what.contains(said.as_str()));
        let answered = if answered.is_empty() || is_said {
            String::new()
        } else {
            format!(" ({})", seen(&answered))
        };
        let (name, how) = (finding.block, finding.tried);
        writeln!(text, "  {word:5}  {name:block$}  {how:tried$}  {what}{answered}").unwrap_or_default();
        if let Some(hint) = hint {
            writeln!(text, "         {:block$}  {:tried$}  -> {}", "", "", seen(hint)).unwrap_or_default();
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// For the job summary.
pub fn check_summary(title: &str, findings: &[Finding]) -> String {
    let head = ["service", "block", "tried", "verdict", "why", "what to do"];
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            let hint = finding.why.hint().unwrap_or_default();
            let [service, block, tried, verdict, _, why] = cells(finding);
            vec![service, block, tried, verdict, why, hint.to_owned()]
        })
        .collect();
    status_summary(title, &head, &rows)
}

fn cells(finding: &Finding) -> [String; 6] {
    let answered = match (&finding.answered, finding.took) {
        (Some(answered), Some(took)) if took > Duration::ZERO => format!("{} in {}", shortened(answered), span(took)),
        (Some(answered), _) => shortened(answered),
        (None, _) => String::new(),
    };
    [
        finding.service.as_str().to_owned(),
        finding.block.to_owned(),
        finding.tried.to_owned(),
        word(finding.verdict).to_owned(),
        answered,
        finding.why.what.clone(),
    ]
}

/// A verdict in a word.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "ok",
        Verdict::Open => "open",
        Verdict::Wrong => "WRONG",
    }
}

/// A service's own words stand in the reason too.
const ANSWER_MAX: usize = 40;

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(ANSWER_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
