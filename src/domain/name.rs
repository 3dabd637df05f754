//! Whose name a service shows: the one that we gave, in whatever spelling the service keeps it.
//!
//! Services fold case, change the Unicode form, trim and replace characters, add a realm, or cut. All of that is still our
//! account. Another account's name never is, and those of one setup share the marker: so the whole name counts.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

/// The user names of one service's plan, for telling siblings apart.
#[derive(Clone, Debug, Default)]
pub struct Names {
    exact: Vec<String>,
    keys: Vec<String>,
}

impl Names {
    /// Of these user names.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut exact: Vec<String> = names.map(str::to_owned).collect();
        exact.sort_unstable();
        let mut keys: Vec<String> = exact.iter().map(|name| key(name)).collect();
        keys.sort_unstable();
        Self { exact, keys }
    }

    fn has(&self, name: &str) -> bool {
        self.exact.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    /// Those whose keys begin with this one.
    fn beginning(&self, front: &str) -> &[String] {
        let from = self.keys.partition_point(|key| key.as_str() < front);
        let length = self.keys[from..].partition_point(|key| key.starts_with(front));
        &self.keys[from..from + length]
    }
}

/// Names that differ by the number of their copy alone, `alice-1` and `alice-100`, are alike.
const NUMBER: usize = 3;

/// What may keep a service from storing a name as it was given: its length, and the characters that not every name has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    length: usize,
    rare: BTreeSet<char>,
}

impl Demands {
    /// Those of one name.
    pub fn of(name: &str) -> Self {
        let is_common = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
        Self {
            length: name.chars().count(),
            rare: name.chars().filter(|c| !is_common(c)).collect(),
        }
    }

    /// These and those of another name.
    pub fn add(&mut self, other: &Self) {
        self.length = self.length.max(other.length);
        self.rare.extend(&other.rare);
    }

    /// Would a service that keeps a name of these demands keep one of the others too? A few characters more are the number of a copy.
    pub fn cover(&self, other: &Self) -> bool {
        self.length + NUMBER >= other.length && self.rare.is_superset(&other.rare)
    }

    /// Is there a character that not every name has?
    pub fn are_rare(&self) -> bool {
        !self.rare.is_empty()
    }

    /// A name that is like another, with `new` behind its marker, as demanding as this, and no longer than that takes. One that
    /// would be longer than `max` characters loses what it has from the other.
    pub fn name_like(&self, like: &str, marker: &str, new: &str, max: Option<usize>) -> String {
        let (front, tail) = like.split_once(marker).unwrap_or(("", ""));
        let mut name = format!("{front}{marker}-{new}");
        let length = |text: &str| text.chars().count();
        let most = max.unwrap_or(usize::MAX).min(self.length);
        let end = |room: usize| -> String { tail.chars().skip(length(tail).saturating_sub(room)).collect() };
        let room = most.saturating_sub(length(&name));
        // What is cut off of the other name may have been what was rare in it.
        let kept = Self::of(&format!("{front}{}", end(room))).rare;
        name.extend(self.rare.difference(&kept).take(room));
        let room = most.saturating_sub(length(&name));
        name.extend(std::iter::repeat_n('x', room.saturating_sub(length(tail))));
        name + &end(room)
    }
}

/// No service keeps a user name in a longer text, in bytes.
const LONGEST: usize = 4096;

/// Is `shown` the user name `ours`, as a service may keep it? `marker` is what it carries; a name without one may be somebody
/// else's, and is ours only in another case, form or punctuation.
pub fn is_ours(shown: &str, ours: &str, marker: Option<&str>, planned: &Names) -> bool {
    if shown == ours {
        return true;
    }
    if shown.is_empty() || shown.len() > LONGEST || planned.has(shown) {
        return false;
    }
    let folded: Vec<Letter> = letters(shown);
    let (whole, ascii) = (key(ours), ascii_key(ours));
    let shown_key: String = folded.iter().map(|letter| letter.folded).collect();
    if shown_key == whole || shown_key == ascii {
        return true;
    }
    let Some(marker) = marker.map(key).filter(|marker| !marker.is_empty()) else {
        return false;
    };
    let around = |key: &str| surrounds(&folded, key);
    if around(&whole) || (ascii.contains(&marker) && around(&ascii)) {
        // A sibling's name may be ours and something more.
        let mut longer = planned.beginning(&whole).iter().filter(|key| key.len() > whole.len());
        return !longer.any(|key| around(key));
    }
    // Cut: the whole marker, and the front of one planned name alone.
    shown_key.starts_with(&marker)
        && (whole.starts_with(&shown_key) || ascii.starts_with(&shown_key))
        && planned.beginning(&shown_key).len() == 1
}

/// A letter or digit of a text in folded form, and what stands on either side of it.
struct Letter {
    folded: char,
    before: Option<char>,
    after: Option<char>,
}

fn letters(text: &str) -> Vec<Letter> {
    let all: Vec<char> = text.nfkd().flat_map(char::to_lowercase).collect();
    let is_kept = |(_, c): &(usize, &char)| c.is_alphanumeric();
    let letter = |(at, c): (usize, &char)| Letter {
        folded: *c,
        before: at.checked_sub(1).map(|at| all[at]),
        after: all.get(at + 1).copied(),
    };
    all.iter().enumerate().filter(is_kept).map(letter).collect()
}

/// Letters and digits alone, decomposed and in lower case.
fn key(text: &str) -> String {
    letters(text).into_iter().map(|letter| letter.folded).collect()
}

/// What is left where only ASCII is kept.
fn ascii_key(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Does the key stand whole in a text, with a realm, a prefix or a suffix of the service around it? What follows a hyphen or an
/// underscore would be more of the name.
fn surrounds(text: &[Letter], key: &str) -> bool {
    let key: Vec<char> = key.chars().collect();
    if key.is_empty() || key.len() > text.len() {
        return false;
    }
    text.windows(key.len()).any(|window| {
        let is_same = window.iter().map(|letter| letter.folded).eq(key.iter().copied());
        let begins = window[0].before.is_none_or(|c| !c.is_alphanumeric());
        let ends = window[window.len() - 1].after;
        is_same && begins && ends.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "sd-25qc5ff0ul9sc1k3x9quui1";

    fn names() -> Vec<String> {
        [
            "alice",
            "alice.b",
            "buyer-1",
            "buyer-10",
            "buyer-2",
            "integration-tester",
            "zoé",
        ]
        .map(|name| format!("{MARKER}-{name}"))
        .to_vec()
    }

    fn takes(shown: &str, ours: &str) -> bool {
        let names = names();
        let planned = Names::new(names.iter().map(String::as_str));
        is_ours(shown, &format!("{MARKER}-{ours}"), Some(MARKER), &planned)
    }

    #[test]
    fn a_name_that_is_kept_says_nothing_of_a_longer_or_a_rarer_one() {
        let demands = |name: &str| Demands::of(&format!("{MARKER}-{name}"));
        assert!(demands("integration-tester").cover(&demands("alice")));
        assert!(!demands("alice").cover(&demands("integration-tester")));
        assert!(!demands("integration-tester").cover(&demands("zoé")));
        let mut all = demands("zoé");
        all.add(&demands("integration-tester"));
        for name in ["alice", "zoé", "integration-tester"] {
            let like = format!("{MARKER}-{name}");
            let made = all.name_like(&like, MARKER, "7k2x", None);
            assert!(made.starts_with(&format!("{MARKER}-7k2x")), "{made}");
            assert!(
                Demands::of(&made).cover(&all) && all.length == made.chars().count(),
                "{made}"
            );
            let short = all.name_like(&like, MARKER, "7k2x", Some(34));
            assert!(short.starts_with(&format!("{MARKER}-7k2x")), "{short}");
            assert_eq!(short.chars().count(), 34, "{short}");
        }
        let mail = format!("{MARKER}-buyer@corp.example");
        let made = Demands::of(&mail).name_like(&mail, MARKER, "7k2x", None);
        assert_eq!(made, format!("{MARKER}-7k2xr@corp.example"));
    }

    #[test]
    fn every_way_in_which_a_service_keeps_our_name_is_ours() {
        let upper = format!("{MARKER}-alice").to_uppercase();
        let bare = format!("{MARKER}-alice").replace('-', "");
        let underscores = format!("{MARKER}-alice").replace('-', "_");
        for (shown, ours) in [
            (format!("{MARKER}-alice"), "alice"),
            (upper, "alice"),
            (format!(" {MARKER}-alice "), "alice"),
            (bare, "alice"),
            (underscores, "alice"),
            (format!("{MARKER}-alice@realm.example"), "alice"),
            (format!("CORP\\{MARKER}-alice"), "alice"),
            (format!("u:{MARKER}-alice (guest)"), "alice"),
            (format!("{MARKER}-integ"), "integration-tester"),
            (format!("{MARKER}-zoe\u{301}"), "zoé"),
            (format!("{MARKER}-zoe"), "zoé"),
            (format!("{MARKER}-zo"), "zoé"),
            (format!("{MARKER}-buyer-10"), "buyer-10"),
        ] {
            assert!(takes(&shown, ours), "{shown} is {ours}");
        }
    }

    #[test]
    fn a_siblings_a_persons_and_a_longer_name_are_not() {
        for (shown, ours) in [
            (format!("{MARKER}-buyer-10"), "buyer-1"),
            (format!("{MARKER}-alice.b"), "alice"),
            (format!("{MARKER}-buyer-1"), "buyer-10"),
            // The front of three names.
            (format!("{MARKER}-buyer"), "buyer-1"),
            (format!("{MARKER}-alice-c"), "alice"),
            (MARKER.to_owned(), "alice"),
            (format!("{MARKER}-alice2"), "alice"),
            ("alice".to_owned(), "alice"),
            (String::new(), "alice"),
            (MARKER[..20].to_owned(), "alice"),
        ] {
            assert!(!takes(&shown, ours), "{shown} is not {ours}");
        }
    }

    #[test]
    fn an_unmarked_name_is_ours_in_another_case_and_never_as_a_part() {
        let planned = Names::new(["admin"].into_iter());
        let is = |shown: &str| is_ours(shown, "admin", None, &planned);
        assert!(is("admin") && is("Admin ") && is("AD-MIN"));
        assert!(!is("admin@corp") && !is("CORP\\admin") && !is("adm") && !is("administrator"));
    }

    #[test]
    fn a_name_that_somebody_of_the_plan_has_or_that_goes_on_is_not_ours() {
        let [buyer, dotted] = ["buyer-1", "buyer-1.x"].map(|name| format!("{MARKER}-{name}"));
        let [short, long] = ["al", "alice"].map(|name| format!("{MARKER}-{name}"));
        for (shown, ours, planned, expected) in [
            ("alice", "Alice", vec!["Alice", "alice"], false),
            ("ALICE", "Alice", vec!["Alice", "alice"], true),
            ("", "-", vec!["-"], false),
            // A sibling's name is ours and something more.
            (&format!("realm/{dotted}"), &buyer, vec![&buyer, &dotted], false),
            (&format!("realm/{dotted}"), &buyer, vec![&buyer], true),
            // The front of ours, and the whole of another one's.
            (&short.to_uppercase(), &long, vec![&short, &long], false),
        ] as [(&str, &str, Vec<&str>, bool); 6]
        {
            let planned = Names::new(planned.into_iter());
            let marker = ours.starts_with(MARKER).then_some(MARKER);
            assert_eq!(is_ours(shown, ours, marker, &planned), expected, "{shown} is {ours}");
        }
        let nothing = Names::new(["-"].into_iter());
        assert!(!is_ours("x", "-", Some(MARKER), &nothing));
    }

    #[test]
    fn letters_that_ascii_lacks_may_be_left_out_or_folded() {
        let ours = format!("{MARKER}-müller");
        let planned = Names::new([ours.as_str()].into_iter());
        for shown in ["mller", "mller@realm", "muller", "mu", "MÜLLER", "mul"] {
            assert!(
                is_ours(&format!("{MARKER}-{shown}"), &ours, Some(MARKER), &planned),
                "{shown}"
            );
        }
        // Without its marker it may be anybody.
        assert!(!is_ours(
            "mller@realm",
            "müller",
            None,
            &Names::new(["müller"].into_iter())
        ));
    }

    #[test]
    fn a_text_that_no_service_keeps_for_a_name_is_none() {
        let ours = format!("{MARKER}-alice");
        let planned = Names::new([ours.as_str()].into_iter());
        let around = |length: usize| format!("{}@{ours}", "r".repeat(length - ours.len() - 1));
        assert!(is_ours(&around(LONGEST), &ours, Some(MARKER), &planned));
        assert!(!is_ours(&around(LONGEST + 1), &ours, Some(MARKER), &planned));
        assert!(Demands::of("a.b").are_rare() && !Demands::of("a-b").are_rare());
    }
}
