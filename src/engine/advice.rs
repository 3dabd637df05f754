//! What a person can make of an answer to a create: what is wrong with it, and what to do.
//!
//! Words alone: what an answer means for the account stands in `domain::outcome`.

use crate::domain::account::ServiceName;
use crate::domain::answer::{Answer, Body};
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Reading;
use crate::domain::why::Why;
use crate::language::{Expression, Scope};

/// Why an answer leaves it open whether the account was made. `no_id` says why no id was read, where that is known.
pub(super) fn why_unclear(reading: &Reading, answer: &Answer, status: &str, no_id: Option<String>) -> String {
    let is_page = matches!(&answer.body, Body::Text(text) if text.trim_start().starts_with('<'));
    if reading.expected && is_page {
        format!("{status}, but the answer is an HTML page, perhaps a login page, and has no id")
    } else if reading.expected {
        let reason = no_id.map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{status}, but the answer has no id{reason}")
    } else if matches!(answer.meaning(), Meaning::Moved | Meaning::Redirected) {
        format!("{status}, a redirect, which a create never follows")
    } else {
        status.to_owned()
    }
}

/// Why an answer has no id. Nothing of its values is told, but a name that stands in it may be the one that was meant.
pub(super) fn why_no_id(id: Option<&Expression>, scope: &Scope) -> Option<String> {
    let Some(id) = id else {
        return Some("`create` has no `id`, so the account is looked up".to_owned());
    };
    let failure = match id.eval_id(scope) {
        Err(error) => Some(error),
        Ok(None) => id.eval(scope).err(),
        Ok(Some(_)) => {
            return Some(format!(
                "what `{}` gives can't be an id: it is empty, too long or a secret",
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
pub(super) fn on_redirect(answer: &Answer, status: &str) -> Why {
    match answer.header("location") {
        Some(location) => {
            let to = location.split(['?', '#']).next().unwrap_or_default();
            Why::hinted(
                format!("{status}, a redirect to `{to}`: nothing was created"),
                "give the service's `url` that address, if it is the right one",
            )
        }
        None => format!("{status}, a redirect: nothing was created").into(),
    }
}

/// Parts of words by which a service says that there are enough, and not that somebody may not.
const LIMITS: [&str; 12] = [
    "quota",
    "limit",
    "too many",
    "exceed",
    "throttl",
    "seat",
    "licen",
    "capacity",
    "subscription",
    "billing",
    "maximum number",
    "upgrade",
];
/// Parts of words by which a service says that the credentials are no longer, or not yet, good ones.
const CREDENTIALS: [&str; 9] = [
    "jwt",
    "token",
    "expired",
    "signature",
    "api key",
    "apikey",
    "credential",
    "authenticat",
    "session",
];

/// What was refused, with what to do about it. `words` are the service's own.
pub(super) fn on_refusal(meaning: Meaning, words: Option<&str>, service: &ServiceName, refusal: Why) -> Why {
    let words = words.map(str::to_lowercase);
    let says = |parts: &[&str]| {
        words
            .as_ref()
            .is_some_and(|words| parts.iter().any(|part| words.contains(part)))
    };
    let hint = match meaning {
        Meaning::Unauthorized | Meaning::Unpaid | Meaning::Forbidden if says(&LIMITS) => {
            format!("raise the limit that `{service}` names, or delete what uses it up")
        }
        Meaning::Unauthorized => check_credentials(service),
        Meaning::Forbidden if says(&CREDENTIALS) => check_credentials(service),
        Meaning::Forbidden => format!("let the credentials of `{service}` create accounts"),
        Meaning::NotFound | Meaning::NotAllowed | Meaning::NotImplemented => {
            format!("check the `url` of `{service}` and the address of its `create`")
        }
        Meaning::Invalid if words.is_some() => format!("correct what the `create` of `{service}` sends"),
        Meaning::Invalid => {
            format!("check what the `create` of `{service}` sends; the service's log may say more")
        }
        Meaning::Done
        | Meaning::Moved
        | Meaning::Redirected
        | Meaning::Unpaid
        | Meaning::TimedOut
        | Meaning::Conflict
        | Meaning::Throttled
        | Meaning::Refused
        | Meaning::Failed
        | Meaning::Unavailable
        | Meaning::Unknown => return refusal,
    };
    refusal.or_hint(hint)
}

/// What to do about credentials that are not accepted.
pub(super) fn check_credentials(service: &ServiceName) -> String {
    format!("check the credentials of `{service}`")
}

/// The same for a delete.
pub(super) fn on_refused_delete(meaning: Meaning, service: &ServiceName, refusal: Why) -> Why {
    if meaning == Meaning::Unauthorized {
        refusal.or_hint(check_credentials(service))
    } else if meaning == Meaning::Forbidden {
        refusal.or_hint(format!("let the credentials of `{service}` delete accounts"))
    } else {
        refusal
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_that_is_not_read_is_told_by_name_and_not_by_value() {
        let answer = Answer::http(
            201,
            Vec::new(),
            Body::Json(json!({"data": {"uid": "secret-7"}, "half": 1.5, "none": null, "long": "x".repeat(2000)})),
        );
        let scope = Scope::new().answer(&answer);
        for (source, expected) in [
            (
                "body.data.id",
                "`body.data.id` is undefined; did you mean `body.data.uid`?",
            ),
            (
                "body.data",
                "`body.data`: a map can't be put into text; write `| tojson` if its JSON is meant",
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
                "what `body.long` gives can't be an id: it is empty, too long or a secret",
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
    fn a_hint_follows_what_the_service_said() {
        let service = ServiceName::parse("users").expect("a name");
        for (status, words, hint) in [
            (402, None, None),
            (401, None, Some("check the credentials of `users`")),
            (
                401,
                Some("bad_jwt: invalid JWT"),
                Some("check the credentials of `users`"),
            ),
            (
                403,
                Some("bad_jwt: invalid JWT"),
                Some("check the credentials of `users`"),
            ),
            (
                403,
                Some("Forbidden"),
                Some("let the credentials of `users` create accounts"),
            ),
            (403, None, Some("let the credentials of `users` create accounts")),
            (
                403,
                Some("Quota exceeded for users"),
                Some("raise the limit that `users` names, or delete what uses it up"),
            ),
            (
                403,
                Some("API rate limit reached"),
                Some("raise the limit that `users` names, or delete what uses it up"),
            ),
            (
                422,
                Some("email: is taken"),
                Some("correct what the `create` of `users` sends"),
            ),
            (
                422,
                None,
                Some("check what the `create` of `users` sends; the service's log may say more"),
            ),
            (
                404,
                None,
                Some("check the `url` of `users` and the address of its `create`"),
            ),
        ] {
            let advised = on_refusal(Meaning::of_http(status), words, &service, "no".into());
            assert_eq!(advised.hint(), hint, "{status} {words:?}");
        }
    }
}
