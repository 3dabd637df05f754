//! Conditions that take a no for a yes: each is asked what it says of refusals and failures.

use serde_json::json;

use super::Found;
use super::draft::quoted;
use crate::config::{Condition, Poll, Request, Service};
use crate::domain::answer::{Answer, Body};
use crate::language::{Expression, Scope};

/// Answers that say nothing about an account: who asks may not, or the service can't.
const NO_ANSWER: [u16; 5] = [401, 403, 500, 502, 503];
/// Answers that say that there is nothing at this address.
const NOTHING_THERE: [u16; 2] = [404, 410];

/// `absent` of `find`.
pub(super) fn absent(service: &Service) -> Vec<Found> {
    let find = service.find.iter();
    let note = find.filter_map(|find| {
        let codes = held(&find.absent, &NO_ANSWER)?;
        let text = format!("`absent` holds for {codes}: an account that `find` may not see could count as absent");
        Some(Found::new(
            &find.request.place,
            text,
            without("absent", &find.absent, &NO_ANSWER, &[404]),
        ))
    });
    note.collect()
}

/// `gone`, wherever it stands.
pub(super) fn gone(service: &Service) -> Vec<Found> {
    let steps = service.delete.iter();
    let polls = service.verify.iter().chain(&service.gone);
    let conditions = steps.chain(polls.map(|poll| &poll.request));
    let mut found: Vec<Found> = conditions.filter_map(of_gone).collect();
    found.extend(service.gone.iter().filter_map(of_until));
    found
}

fn of_gone(request: &Request) -> Option<Found> {
    let condition = &request.gone;
    let mut bad = NO_ANSWER.to_vec();
    // Of an expression a success may say who is there; a code can't.
    bad.extend(successes(condition));
    let codes = held(condition, &bad)?;
    let text = format!("`gone` holds for {codes}: an account that is still there could count as gone");
    Some(Found::new(
        &request.place,
        text,
        without("gone", condition, &bad, &NOTHING_THERE),
    ))
}

fn of_until(gone: &Poll) -> Option<Found> {
    let until = Condition::Expression(gone.until.clone()?);
    let codes = held(&until, &NO_ANSWER)?;
    let text = format!("`until` of `gone` holds for {codes}: an account that is still there could count as gone");
    Some(Found::new(
        &gone.request.place,
        text,
        without("until", &until, &NO_ANSWER, &NOTHING_THERE),
    ))
}

/// `expect` of what has to succeed. What `ready` waits for need not.
pub(super) fn expect(service: &Service) -> Vec<Found> {
    let bad: Vec<u16> = NO_ANSWER.into_iter().chain(NOTHING_THERE).collect();
    let looks = [
        (service.probe.as_ref(), "dead credentials could count as proved"),
        (
            Some(&service.create.request),
            "a refused account could count as created",
        ),
        (
            service.verify.as_ref().map(|verify| &verify.request),
            "an account that isn't there could count as ready",
        ),
        (
            service.find.as_ref().map(|find| &find.request),
            "an account that `find` may not see could count as absent",
        ),
        (
            service.list.as_ref().map(|list| &list.request),
            "a list that may not be seen could count as read",
        ),
    ];
    let looks = looks.into_iter().filter_map(|(request, lost)| Some((request?, lost)));
    let deletes = service.delete.iter().map(|step| {
        let lost = "a delete that was refused, or went to a wrong path, could count as accepted";
        (step, lost)
    });
    let note = |(request, lost): (&Request, &str)| {
        let codes = held(&request.expect, &bad)?;
        let write = without("expect", &request.expect, &bad, &[200]);
        Some(Found::new(
            &request.place,
            format!("`expect` holds for {codes}: {lost}"),
            write,
        ))
    };
    looks.chain(deletes).filter_map(note).collect()
}

/// The successes in a list of codes.
fn successes(condition: &Condition) -> Vec<u16> {
    match condition {
        Condition::Success => vec![200],
        Condition::Codes(codes) => codes.iter().copied().filter(|code| (200..300).contains(code)).collect(),
        Condition::Expression(_) => Vec::new(),
    }
}

/// Those of the codes for which a condition holds whatever else is answered, in words.
fn held(condition: &Condition, codes: &[u16]) -> Option<String> {
    let held: Vec<String> = codes
        .iter()
        .filter(|code| holds(condition, **code))
        .map(ToString::to_string)
        .collect();
    let (last, others) = held.split_last()?;
    Some(if others.is_empty() {
        last.clone()
    } else {
        format!("{} and {last}", others.join(", "))
    })
}

/// Does it hold for a bare answer with this code? What reads more of the answer than that one has does not.
fn holds(condition: &Condition, code: u16) -> bool {
    let body = json!({"error": "an error"});
    let answer = Answer::http(code, Vec::new(), Body::Json(body));
    condition.holds(&answer, &Scope::new()).unwrap_or(false)
}

/// The same condition without these codes.
fn without(key: &str, condition: &Condition, bad: &[u16], usual: &[u16]) -> String {
    let list = |codes: &[u16]| {
        let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
        format!("[{}]", codes.join(", "))
    };
    match condition {
        Condition::Success => format!("{key}: {}", list(usual)),
        Condition::Codes(codes) => {
            let kept: Vec<u16> = codes.iter().copied().filter(|code| !bad.contains(code)).collect();
            format!("{key}: {}", list(if kept.is_empty() { usual } else { &kept }))
        }
        Condition::Expression(expression) => {
            let held: Vec<u16> = bad.iter().copied().filter(|code| holds(condition, *code)).collect();
            format!("{key}: {}", quoted(&narrowed(expression, &list(&held))))
        }
    }
}

fn narrowed(expression: &Expression, bad: &str) -> String {
    format!("status not in {bad} and ({})", expression.source())
}
