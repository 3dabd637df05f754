//! What a person can make of an answer to a create: what is wrong with it, and what to do.
//!
//! Words alone: what an answer means for the account stands in `domain::outcome`.

use crate::domain::account::ServiceName;
use crate::domain::answer::{Answer, Body};
use crate::domain::outcome::Reading;

/// Why an answer leaves it open whether the account was made.
pub(super) fn why_unclear(reading: &Reading, answer: &Answer, status: &str) -> String {
    let is_page = matches!(&answer.body, Body::Text(text) if text.trim_start().starts_with('<'));
    if reading.expected && is_page {
        format!("{status}, but the answer is a page for people, perhaps a login, and shows no id")
    } else if reading.expected {
        format!("{status}, but the answer shows no id")
    } else if (300..400).contains(&answer.status) {
        format!("{status}, a redirect, which a create never follows")
    } else {
        status.to_owned()
    }
}

/// What was refused, with what to do about it.
pub(super) fn on_refusal(status: u16, service: &ServiceName, refusal: String) -> String {
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
    use super::*;

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
