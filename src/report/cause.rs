//! What failed for one reason, put together: a dead key that stops thirty accounts is one thing to mend, and told once.

use std::collections::HashMap;

use crate::domain::account::AccountKey;
use crate::domain::why::Why;

/// So many names are told; who wants all looks into the report.
const NAMES: usize = 10;

/// The members of each cause, the first cause first. `of` gives an account and its reason.
pub(super) fn by_cause<'a, T>(all: &'a [T], of: impl Fn(&'a T) -> (&'a AccountKey, &'a Why)) -> Vec<Vec<&'a T>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut causes: Vec<Vec<&'a T>> = Vec::new();
    for one in all {
        let (key, reason) = of(one);
        let place = *places.entry(cause(key, &reason.what)).or_insert(causes.len());
        match causes.get_mut(place) {
            Some(members) => members.push(one),
            None => causes.push(vec![one]),
        }
    }
    causes
}

/// What two accounts have in common that failed for one reason: the service, and what was said but for names, ids and times.
pub(super) fn cause(key: &AccountKey, reason: &str) -> String {
    let mut common = format!("{}\n", key.service);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '+' | '@');
    // Credentials that are dead are one cause, whatever was asked with them.
    let mut rest = reason
        .split_once("answered with ")
        .map(|(_, said)| said)
        .filter(|said| said.starts_with("401") || said.starts_with("status 401"))
        .unwrap_or(reason);
    while let Some(start) = rest.find(is_part) {
        let length = rest[start..].find(|c| !is_part(c)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        common.push_str(&rest[..start]);
        common.push_str(if differs(word, &key.account) { "#" } else { word });
        rest = &rest[start + length..];
    }
    common + rest
}

/// Is a word what differs between accounts that have the same trouble: a name of theirs, an id, a time, a number of a request?
fn differs(word: &str, account: &str) -> bool {
    let word = word.trim_end_matches([':', '.']);
    word == account || word.len() >= 6 && word.contains(|c: char| c.is_ascii_digit())
}

/// Names in one line: of many the first, and how many more there are.
pub(super) fn names(all: &[String], is_verbose: bool) -> String {
    let shown = if is_verbose { all.len() } else { all.len().min(NAMES) };
    let listed = all[..shown].join(", ");
    match all.len() - shown {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> AccountKey {
        text.parse().expect("a key")
    }

    #[test]
    fn names_ids_and_times_make_no_second_cause() {
        for (first, second, is_one) in [
            ("status 401", "status 401", true),
            ("status 401", "status 403", false),
            (
                "the name `sd-x1-abcdefg-buyer-1` is taken",
                "the name `sd-x1-abcdefg-buyer-2` is taken",
                true,
            ),
            ("`crm/buyer-1` is not ready", "`crm/buyer-2` is not ready", true),
            (
                "500: request 7f3e9a22-1 at 2026-11-29T23:16:35Z",
                "500: request 81ab5c10-2 at 2026-11-29T23:16:36Z",
                true,
            ),
            ("email: is taken", "phone: is taken", false),
            (
                "`create` (POST /u) was answered with 401: dead",
                "not asked again after it was answered with 401: dead",
                true,
            ),
            (
                "`create` was answered with 403: no",
                "`find` was answered with 403: no",
                false,
            ),
        ] {
            let (one, other) = (
                cause(&key("users/buyer-1"), first),
                cause(&key("users/buyer-2"), second),
            );
            assert_eq!(one == other, is_one, "{one} / {other}");
        }
        assert_ne!(cause(&key("users/a"), "no"), cause(&key("orders/a"), "no"));
    }

    #[test]
    fn causes_stand_in_the_order_of_their_first_account() {
        let all = [
            (key("users/a"), Why::from("no")),
            (key("users/b"), "never".into()),
            (key("users/c"), "no".into()),
        ];
        let causes = by_cause(&all, |(key, reason)| (key, reason));
        let counts: Vec<usize> = causes.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 1]);
    }

    #[test]
    fn of_many_names_the_first_are_told() {
        let all: Vec<String> = (1..=12).map(|n| format!("n{n}")).collect();
        assert_eq!(names(&all[..2], false), "n1, n2");
        assert_eq!(names(&all, false), "n1, n2, n3, n4, n5, n6, n7, n8, n9, n10 and 2 more");
        assert!(names(&all, true).ends_with("n11, n12"));
    }
}
