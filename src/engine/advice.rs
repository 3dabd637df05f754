//! What a person can make of an answer to a create: what is wrong with it, and what to do.
//!
//! Words alone: what an answer means for the account stands in `domain::outcome`.

use crate::domain::account::ServiceName;
use crate::domain::answer::{Answer, Body};
use crate::domain::outcome::Reading;
use crate::language::{Expression, Scope};

/// Why an answer leaves it open whether the account was made. `no_id` says why no id was read, where that is known.
pub(super) fn why_unclear(reading: &Reading, answer: &Answer, status: &str, no_id: Option<String>) -> String {
    let is_page = matches!(&answer.body, Body::Text(text) if text.trim_start().starts_with('<'));
    if reading.expected && is_page {
        format!("{status}, but the answer is a page for people, perhaps a login, and shows no id")
    } else if reading.expected {
        let reason = no_id.map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{status}, but the answer shows no id{reason}")
    } else if (300..400).contains(&answer.status) {
        format!("{status}, a redirect, which a create never follows")
    } else {
        status.to_owned()
    }
}

/// Why an answer has no id. Nothing of its values is told, but a name that stands in it may be the one that was meant.
pub(super) fn why_no_id(id: Option<&Expression>, scope: &Scope) -> Option<String> {
    let Some(id) = id else {
        return Some("the service's `create` says that none does, so that it is looked up".to_owned());
    };
    let failure = match id.eval_id(scope) {
        Err(error) => Some(error),
        Ok(None) => id.eval(scope).err(),
        Ok(Some(_)) => {
            return Some(format!(
                "what `{}` gives can't be an id: it is empty, too long, or a secret",
                id.source()
            ));
        }
    };
    failure.map(|error| match error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message,
    })
}

/// A create that was sent to another address than the one that makes accounts.
pub(super) fn on_redirect(answer: &Answer, status: &str) -> String {
    match answer.header("location") {
        Some(location) => {
            let to = location.split(['?', '#']).next().unwrap_or_default();
            format!(
                "{status}, a redirect to `{to}`: nothing was made\nhint: give the service's `url` that address, if it is the right one"
            )
        }
        None => format!("{status}, a redirect: nothing was made"),
    }
}

/// What was refused, with what to do about it.
pub(super) fn on_refusal(status: u16, service: &ServiceName, refusal: String) -> String {
    // It knows better itself.
    if refusal.contains("\nhint: ") {
        return refusal;
    }
    let hint = match status {
        401 => format!("check the credentials of `{service}`"),
        403 => format!("let the credentials of `{service}` create accounts"),
        404 | 405 | 501 => format!("check the `url` of `{service}` and the address of its `create`"),
        400 | 406 | 415 | 422 => {
            format!("check what the `create` of `{service}` sends; the service's log may say more")
        }
        _ => return refusal,
    };
    format!("{refusal}\nhint: {hint}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_that_is_not_read_is_told_by_name_and_not_by_value() {
        let answer = Answer {
            status: 201,
            headers: Vec::new(),
            body: Body::Json(json!({"data": {"uid": "secret-7"}, "half": 1.5, "none": null, "long": "x".repeat(2000)})),
        };
        let scope = Scope::new().answer(&answer);
        for (source, expected) in [
            (
                "body.data.id",
                "`body.data.id` is undefined; did you mean `body.data.uid`?",
            ),
            (
                "body.data",
                "`body.data`: a map can't stand in text; write `| tojson` if its JSON is meant",
            ),
            (
                "body.half",
                "`body.half`: a number with a fraction or an exponent is no id",
            ),
            (
                "body.long | indent(2000000000)",
                "`body.long | indent(2000000000)`: takes too much work or memory",
            ),
            (
                "body.long",
                "what `body.long` gives can't be an id: it is empty, too long, or a secret",
            ),
        ] {
            let id = Expression::parse(source).expect("an expression");
            assert_eq!(why_no_id(Some(&id), &scope).as_deref(), Some(expected), "{source}");
        }
        let null = Expression::parse("body.none").expect("an expression");
        assert_eq!(why_no_id(Some(&null), &scope), None);
        assert!(why_no_id(None, &scope).is_some_and(|why| why.contains("looked up")));
    }

    #[test]
    fn a_refusal_that_says_nothing_has_no_hint() {
        let service = ServiceName::parse("users").expect("a name");
        assert_eq!(on_refusal(402, &service, "no".to_owned()), "no");
        assert_eq!(
            on_refusal(401, &service, "no".to_owned()),
            "no\nhint: check the credentials of `users`"
        );
    }
}
