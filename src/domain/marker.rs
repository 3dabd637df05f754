//! The front of a user name that says: made by Standin, when, for how long, by whom.
//!
//! A marker is `PREFIX-` and 23 characters of base 36, always lower case, always of the same length:
//!
//! ```text
//! sd-  mmmmm  tt  ooo   rrr a  iiiii  cccc
//!      minute ttl owner run try random check
//! ```
//!
//! The check is the whole rest, read as one base-36 number, modulo a prime just under 36^4. That is not
//! cryptography: it lets no single substitution and no swap of neighbours through (each changes the number by a
//! product of factors that are all smaller than the prime), the fixed length catches whatever is inserted or
//! lost, and text that merely looks alike passes once in 1.7 million. A hash would have given only the last.

use std::fmt;
use std::time::Duration;

use ring::digest;

use super::time::Timestamp;

/// The largest prime below 36^4, so that a check fits in four characters.
const CHECK_PRIME: u128 = 1_679_609;
/// 2020-01-01T00:00:00Z in minutes since the Unix epoch; five characters from there reach the year 2134.
const FIRST_MINUTE: u64 = 26_297_280;
/// Times to live up to this many minutes are held exactly, longer ones are rounded up to whole hours.
const EXACT_TTL_MINUTES: u64 = 540;
/// What follows `PREFIX-`.
const BODY: usize = 23;
/// The random characters that tell invocations of one minute apart: 36^5, about 60 million, of which the legs of a matrix have
/// each their own ([`super::leg::Leg`]).
pub const INVOCATION: u32 = 5;
/// The longest time to live: 30 days.
pub const TTL_MAX: Duration = Duration::from_hours(30 * 24);

/// A marker whose check code holds. The only ways to one are [`Marker::new`] and [`Marker::at_front_of`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marker(String);

/// Who made an account, of what a marker tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The repository (or project).
    pub repository: &'a str,
    /// The CI's id of the run.
    pub run: &'a str,
    /// The attempt, from 1; 35 stands for itself and all later ones.
    pub attempt: u32,
}

impl Marker {
    /// Makes the marker of one invocation.
    ///
    /// `invocation` is five characters of base 36; others are read as `0`, so that a marker is always one.
    pub fn new(prefix: &str, now: Timestamp, ttl: Duration, origin: &Origin<'_>, invocation: &str) -> Self {
        let minute = (now.as_millis() / 60_000).saturating_sub(FIRST_MINUTE);
        let mut text = format!("{prefix}-");
        push(&mut text, minute, 5);
        push(&mut text, encode_ttl(ttl), 2);
        push(&mut text, owner(origin.repository), 3);
        push(&mut text, run(origin), 3);
        push(&mut text, u64::from(origin.attempt.min(35)), 1);
        let mut given = invocation.chars();
        for _ in 0..INVOCATION {
            let c = given.next().unwrap_or('0');
            text.push(if is_digit(c) { c } else { '0' });
        }
        let check = check(&text);
        push(&mut text, check, 4);
        Self(text)
    }

    /// A marker anywhere in a text, such as in an e-mail address or a description.
    pub fn within(text: &str) -> Option<Self> {
        text.match_indices('-').find_map(|(dash, _)| {
            let front = text[..dash].trim_end_matches(|c: char| c.is_ascii_lowercase());
            let is_inside = front.ends_with(|c: char| c.is_alphanumeric());
            if is_inside {
                None
            } else {
                Self::at_front_of(&text[front.len()..])
            }
        })
    }

    /// Does a name begin like a marker, whatever its check code?
    pub fn has_form(name: &str) -> bool {
        split(name).is_some()
    }

    /// The marker that a name starts with, if it is followed by nothing, or by a separator and more: `-` in names of
    /// ours, and whatever else the template of a persona puts there.
    pub fn at_front_of(name: &str) -> Option<Self> {
        let text = split(name)?;
        let (checked, code) = text.split_at(text.len() - 4);
        (u128::from(check(checked)) == number(code)).then(|| Self(text.to_owned()))
    }

    /// The marker as text: 26 characters with a prefix of two.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it starts with, as the configuration says.
    pub fn prefix(&self) -> &str {
        &self.0[..self.0.len() - BODY - 1]
    }

    /// The start of the minute of creation; age counts from here.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_millis((self.field(0, 5) + FIRST_MINUTE) * 60_000)
    }

    /// How long the account was meant to live at most; where it was over nine hours, rounded up to whole ones.
    pub fn ttl(&self) -> Duration {
        decode_ttl(self.field(5, 2))
    }

    /// When a service that can end an account by itself may do so: once its time to live is over.
    ///
    /// A time to live of zero says nothing of how long the job takes, and an account must not end while it is being
    /// made; it counts as a day, as long as a sweep waits by default.
    pub fn expiry(&self) -> Timestamp {
        let ttl = self.ttl();
        let life = if ttl.is_zero() { Duration::from_hours(24) } else { ttl };
        self.created() + life
    }

    /// Was it made by this repository?
    pub fn is_of_repository(&self, repository: &str) -> bool {
        self.field(7, 3) == owner(repository)
    }

    /// Was it made by this run, in any attempt?
    pub fn is_of_run(&self, origin: &Origin<'_>) -> bool {
        self.is_of_repository(origin.repository) && self.field(10, 3) == run(origin)
    }

    /// The random characters of the invocation.
    pub fn invocation(&self) -> &str {
        let body = self.body();
        &body[14..19]
    }

    fn body(&self) -> &str {
        &self.0[self.0.len() - BODY..]
    }

    fn field(&self, start: usize, length: usize) -> u64 {
        u64::try_from(number(&self.body()[start..start + length])).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands at the front of a name in the form of a marker.
fn split(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('-')?;
    let letters = prefix.bytes().all(|b| b.is_ascii_lowercase());
    if !letters || !(2..=3).contains(&prefix.len()) {
        return None;
    }
    let body = rest.get(..BODY)?;
    let tail = &rest[BODY..];
    let ends = tail.is_empty() || (tail.starts_with(|c: char| !c.is_alphanumeric()) && tail.len() > 1);
    (ends && body.chars().all(is_digit)).then(|| &name[..=prefix.len() + BODY])
}

fn is_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// Appends `value` in base 36 with exactly `width` digits; what does not fit keeps its lowest ones.
fn push(text: &mut String, value: u64, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 36_u64.pow(place) % 36;
        text.push(char::from_digit(u32::try_from(digit).unwrap_or(0), 36).unwrap_or('0'));
    }
}

/// Reads base 36; `-` counts as nothing, since the prefix's own place in the text is fixed.
fn number(text: &str) -> u128 {
    text.chars()
        .filter_map(|c| c.to_digit(36))
        .fold(0, |sum, digit| sum * 36 + u128::from(digit))
}

fn check(text: &str) -> u64 {
    u64::try_from(number(text) % CHECK_PRIME).unwrap_or(0)
}

fn encode_ttl(ttl: Duration) -> u64 {
    let minutes = ttl.min(TTL_MAX).as_secs().div_ceil(60);
    if minutes <= EXACT_TTL_MINUTES {
        minutes
    } else {
        EXACT_TTL_MINUTES + minutes.div_ceil(60) - EXACT_TTL_MINUTES / 60
    }
}

fn decode_ttl(code: u64) -> Duration {
    let minutes = if code <= EXACT_TTL_MINUTES {
        code
    } else {
        (code - EXACT_TTL_MINUTES + EXACT_TTL_MINUTES / 60) * 60
    };
    Duration::from_secs(minutes * 60)
}

fn owner(repository: &str) -> u64 {
    digest_of(&["repository", repository]) % 36_u64.pow(3)
}

/// As many places as the owner has: whoever sweeps a run does so however young its accounts are, so that two runs of one
/// repository must not meet, while of two repositories that meet only what is over is swept.
fn run(origin: &Origin<'_>) -> u64 {
    digest_of(&["run", origin.repository, origin.run]) % 36_u64.pow(3)
}

fn digest_of(parts: &[&str]) -> u64 {
    let hash = digest::digest(&digest::SHA256, parts.join("\n").as_bytes());
    hash.as_ref()
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: Origin<'_> = Origin {
        repository: "standin-ci/standin",
        run: "9876543210",
        attempt: 2,
    };
    const NOW: Timestamp = Timestamp::from_millis(1_795_421_259_000);

    fn marker(ttl: Duration) -> Marker {
        Marker::new("sd", NOW, ttl, &ORIGIN, "k3x9q")
    }

    #[test]
    fn a_marker_tells_what_it_was_made_of() {
        let marker = marker(Duration::from_hours(24));
        assert_eq!(marker.as_str().len(), 26);
        let read = Marker::at_front_of(&format!("{marker}-buyer-7")).expect("a marker");
        assert_eq!(read, marker);
        assert_eq!(read.created().as_millis(), 1_795_421_220_000);
        assert_eq!(read.ttl(), Duration::from_hours(24));
        assert_eq!((read.prefix(), read.invocation()), ("sd", "k3x9q"));
        assert!(read.is_of_run(&Origin { attempt: 1, ..ORIGIN }));
        assert!(!read.is_of_repository("standin-ci/other"));
        assert!(!read.is_of_run(&Origin { run: "1", ..ORIGIN }));
    }

    /// Markers are in the books of services: whoever reads them next year must know them again.
    #[test]
    fn a_marker_is_made_the_same_way_for_ever() {
        assert_eq!(marker(Duration::from_hours(24)).as_str(), "sd-25q5jffd3pfn12k3x9qii42");
        let upper = format!("sd-{}", marker(Duration::from_hours(24)).as_str()[3..].to_uppercase());
        assert_eq!(Marker::at_front_of(&upper), None);
    }

    #[test]
    fn a_marker_may_be_followed_by_any_separator() {
        let marker = marker(Duration::from_hours(24));
        for tail in ["", "-alice", ".alice", "_alice", "@example.com", "+a@example.com"] {
            assert!(Marker::at_front_of(&format!("{marker}{tail}")).is_some(), "{tail}");
        }
        for tail in ["-", ".", "a", "7-alice", "é"] {
            assert!(Marker::at_front_of(&format!("{marker}{tail}")).is_none(), "{tail}");
        }
    }

    #[test]
    fn an_account_expires_when_its_time_to_live_is_over_and_never_at_once() {
        let after = |ttl| marker(ttl).expiry().since(marker(ttl).created());
        assert_eq!(after(Duration::from_mins(90)), Duration::from_mins(90));
        assert_eq!(after(TTL_MAX), TTL_MAX);
        assert_eq!(after(Duration::ZERO), Duration::from_hours(24));
    }

    #[test]
    fn a_marker_is_found_within_other_text() {
        let marker = marker(Duration::from_hours(24));
        for text in [
            format!("{marker}"),
            format!("made as {marker}-alice"),
            format!("{{\"email\": \"{marker}-alice@example.com\"}}"),
            format!("a-b-{marker}"),
        ] {
            assert_eq!(Marker::within(&text), Some(marker.clone()), "{text}");
        }
        for text in [
            format!("x{marker}"),
            format!("9{marker}-alice"),
            String::new(),
            "-".to_owned(),
        ] {
            assert_eq!(Marker::within(&text), None, "{text}");
        }
        assert!(Marker::has_form("sd-00000000000000000000000-maria") && !Marker::has_form("maria"));
    }

    #[test]
    fn times_to_live_are_never_shortened() {
        for minutes in 0..=30 * 24 * 60 {
            let asked = Duration::from_secs(minutes * 60);
            let held = decode_ttl(encode_ttl(asked));
            assert!(held >= asked, "{minutes} minutes became {held:?}");
            assert!(held < asked + Duration::from_hours(1));
            assert!(minutes > EXACT_TTL_MINUTES || held == asked);
        }
        assert!(encode_ttl(TTL_MAX) < 36 * 36);
    }

    #[test]
    fn no_single_change_of_a_true_marker_is_one() {
        let name = format!("{}-alice", marker(Duration::from_hours(1)));
        let length = 26;
        let alphabet: Vec<char> = "abcdefghijklmnopqrstuvwxyz0123456789-_.A".chars().collect();
        let mut seen = 0;
        let mut refuse = |changed: String| {
            seen += 1;
            assert!(
                changed == name || Marker::at_front_of(&changed).is_none(),
                "accepted {changed}"
            );
        };
        for position in 0..length {
            let (front, back) = name.split_at(position);
            for c in &alphabet {
                refuse(format!("{front}{c}{}", &back[1..]));
                refuse(format!("{front}{c}{back}"));
            }
            refuse(format!("{front}{}", &back[1..]));
            let mut swapped: Vec<char> = name.chars().collect();
            swapped.swap(position, position + 1);
            refuse(swapped.into_iter().collect());
        }
        assert!(seen > 2_000);
    }

    proptest! {
        #[test]
        fn names_of_people_and_tools_are_never_markers(name in "[a-zA-Z0-9._-]{0,60}") {
            prop_assert!(Marker::at_front_of(&name).is_none());
        }

        #[test]
        fn any_text_is_read_without_a_panic(name in any::<String>()) {
            Marker::at_front_of(&name);
        }

        #[test]
        fn every_marker_reads_as_itself(
            millis in 1_600_000_000_000_u64..5_000_000_000_000,
            seconds in 0_u64..=2_592_000,
            run in "[0-9]{1,12}",
            attempt in 1_u32..50,
            invocation in "[a-z0-9]{5}",
        ) {
            let origin = Origin { repository: "a/b", run: &run, attempt };
            let marker = Marker::new("qa", Timestamp::from_millis(millis), Duration::from_secs(seconds), &origin, &invocation);
            prop_assert_eq!(Marker::at_front_of(marker.as_str()), Some(marker.clone()));
            prop_assert_eq!(marker.created().as_millis(), millis / 60_000 * 60_000);
        }
    }
}
