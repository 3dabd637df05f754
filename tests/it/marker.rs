//! Markers: what nobody made is none, what was changed is none any more, and what was ever made stays one.
//!
//! `STANDIN_TEST_NAMES` says how many names are tried, and a hundredth as many true markers are changed in every way (the soak
//! takes a million). `PROPTEST_RNG_SEED` repeats a run.

mod names;

use std::collections::BTreeMap;
use std::env;
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use standin::domain::leg::Leg;
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

use names::KINDS;
use standin::sandbox::{Sandbox, SandboxHandle, ServiceSpec};

use crate::desk::Desk;
use crate::runner::Runner;
use crate::runner::job::{Job, Outcome, Step};
use crate::services::{put, start};

/// How many names if nobody says.
const SHORT: usize = 40_000;
/// What may be put into a marker: all of which it is made, and what is near to it.
const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyzAZ-_.+@ éſ０";
/// The values that a check code can have.
const CHECKS: u32 = 36_u32.pow(4);

fn random() -> (u64, ChaCha8Rng) {
    let seed = number("PROPTEST_RNG_SEED").unwrap_or_else(rand::random);
    (seed, ChaCha8Rng::seed_from_u64(seed))
}

fn count() -> usize {
    number("STANDIN_TEST_NAMES").unwrap_or(SHORT)
}

/// The number that stands in the invocation of the one account that a setup makes.
fn invocation(service: &SandboxHandle) -> u32 {
    let books = service.books("users").unwrap();
    let name = books.made_by_username.keys().next().unwrap();
    u32::from_str_radix(&name[17..22], 36).unwrap()
}

/// Two or three small letters, a hyphen, 23 characters of base 36, and nothing or a separator and more: said here once more,
/// since the test must not ask the code under test.
fn has_the_form(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_once('-') else {
        return false;
    };
    let letters: Vec<char> = rest.chars().collect();
    let is_digit = |c: &char| matches!(c, '0'..='9' | 'a'..='z');
    (2..=3).contains(&prefix.len())
        && prefix.bytes().all(|b| b.is_ascii_lowercase())
        && letters.len() >= 23
        && letters[..23].iter().all(is_digit)
        && (letters.len() == 23 || letters.len() > 24 && !letters[23].is_alphanumeric())
}

#[test]
fn each_leg_of_a_matrix_has_invocations_of_its_own_on_every_host_that_numbers_them() {
    for leg in [0, 3, 255] {
        let service = start(Sandbox::builder().service(ServiceSpec::new("users")));
        let config = format!("services: [{{ name: users, url: '{}' }}]", service.url("users"));
        let runner = Runner::new();
        put(&runner, "standin.yml", &config);
        let result = Job::new().leg(leg, 256).step(Step::action()).run(&runner);
        assert_eq!(result.conclusion, Outcome::Success, "{:?}", result.steps);
        assert_eq!(invocation(&service) % 256, leg, "the action");
    }
    // Beside a host's own numbers, from 1, what the user says.
    for (arguments, leg) in [(&["setup"][..], 6), (&["setup", "--leg", "4/9"], 4)] {
        let service = start(Sandbox::builder().service(ServiceSpec::new("users")));
        let desk = Desk::new()
            .with("GITLAB_CI", "true")
            .with("CI_NODE_INDEX", "7")
            .with("CI_NODE_TOTAL", "9")
            .configured(&format!(
                "services: [{{ name: users, url: '{}' }}]",
                service.url("users")
            ));
        let ended = desk.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(invocation(&service) % 9, leg, "{arguments:?}");
    }
    let ended = Desk::new().configured("services: []").run(&["setup", "--leg", "9/9"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("`--leg` is `9/9`: not a job of a matrix"),
        "{}",
        ended.stderr
    );
}

#[test]
fn no_name_of_people_and_tools_is_a_marker_unless_by_chance() {
    let (seed, mut random) = random();
    let total = count();
    let mut kinds: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut taken: Vec<String> = Vec::new();
    for number in 0..total {
        // One in a hundred is as near to a marker as can be.
        let kind = if number % 100 == 0 {
            KINDS.len() - 1
        } else {
            number % (KINDS.len() - 1)
        };
        let name = names::name(kind, &mut random);
        let has_form = has_the_form(&name);
        let tally = kinds.entry(kind).or_default();
        tally.0 += 1;
        tally.1 += usize::from(has_form);
        if let Some(marker) = Marker::at_front_of(&name) {
            assert!(has_form, "seed {seed}: `{name}` is taken for {marker}");
            taken.push(name);
        }
    }
    let formed: usize = kinds.values().map(|(_, formed)| formed).sum();
    let expected = f64::from(u32::try_from(formed).unwrap()) / f64::from(CHECKS);
    tell(&format!(
        "marker: {total} names of seed {seed}, {formed} of them with the form of a marker: {} taken for one, {expected:.4} expected by chance",
        taken.len()
    ));
    for (kind, (made, formed)) in &kinds {
        tell(&format!("marker: {made:7} {}, {formed} with the form", KINDS[*kind]));
    }
    assert!(formed >= total / 100, "names came nowhere near to a marker: {formed}");
    // Some 26,000 of a million have the form: one of them passes by chance in 1.5 % of the runs, and two in 0.01 %.
    assert!(taken.len() <= 1, "seed {seed}: {taken:?}");
}

#[test]
fn no_true_marker_with_one_change_is_one() {
    let (seed, mut random) = random();
    let total = count() / 100;
    let mut changes = 0_usize;
    for _ in 0..total {
        let marker = any_marker(&mut random);
        let length = marker.as_str().len();
        for tail in ["", "-alice"] {
            let name = format!("{marker}{tail}");
            assert!(Marker::at_front_of(&name).is_some_and(|read| read == marker));
            each_change(&name, length, |changed| {
                changes += 1;
                assert!(
                    Marker::at_front_of(changed).is_none(),
                    "seed {seed}: `{changed}` passes for `{name}`"
                );
            });
        }
    }
    tell(&format!(
        "marker: {changes} changes of one place in {total} true markers: 0 taken for one"
    ));
    assert!(changes > total * 4_000);
}

/// Every substitution, insertion, deletion and swap of neighbours that touches the first `length` characters.
fn each_change(name: &str, length: usize, mut see: impl FnMut(&str)) {
    let mut changed = String::with_capacity(name.len() + 4);
    let mut put = |parts: &[&str]| {
        changed.clear();
        for part in parts {
            changed.push_str(part);
        }
        if changed != name {
            see(&changed);
        }
    };
    let mut one = [0; 4];
    for at in 0..length {
        let (front, here, back) = (&name[..at], &name[at..=at], &name[at + 1..]);
        for c in ALPHABET.chars() {
            let c = &*c.encode_utf8(&mut one);
            put(&[front, c, back]);
            put(&[front, c, here, back]);
        }
        put(&[front, back]);
        if let Some(next) = back.get(..1) {
            put(&[front, next, here, &back[1..]]);
        }
    }
    // What ends a marker may be followed by anything but what would lengthen it.
    for c in ALPHABET.chars().filter(|c| c.is_alphanumeric()) {
        put(&[&name[..length], c.encode_utf8(&mut one), &name[length..]]);
    }
}

fn any_marker(random: &mut ChaCha8Rng) -> Marker {
    let text = |random: &mut ChaCha8Rng, length: usize| -> String {
        let digit = |_| char::from_digit(random.random_range(0..36), 36).unwrap();
        (0..length).map(digit).collect()
    };
    let letters = |random: &mut ChaCha8Rng, length: usize| -> String {
        (0..length)
            .map(|_| char::from(random.random_range(b'a'..=b'z')))
            .collect()
    };
    let length = random.random_range(2..=3);
    let prefix = letters(random, length);
    let (repository, run) = (text(random, 12), text(random, 10));
    let origin = Origin {
        repository: &repository,
        run: &run,
        attempt: random.random_range(1..40),
    };
    // Until the year 2100.
    let now = Timestamp::from_millis(random.random_range(1_577_836_800_000..4_102_444_800_000));
    let ttl = Duration::from_secs(random.random_range(0..=30 * 24 * 3600));
    let invocation = text(random, 5);
    Marker::new(&prefix, now, ttl, &origin, &invocation)
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown where the test fails, and by the soak")]
fn tell(line: &str) {
    println!("{line}");
}

/// Markers as they were made when the form was settled. Whatever changes, each of these must be read as it is here: accounts
/// that bear such names stand in services that were not swept for years. Lines are added, and none is ever changed.
#[test]
fn markers_of_old_stay_readable_for_ever() {
    const HOUR: u64 = 3600;
    for (name, made, ttl, repository, run, invocation) in [
        (
            "sd-00000000ulyn9100000zmvy",
            1_577_836_800_000,
            0,
            "octo-org/shop",
            "4711",
            "00000",
        ),
        (
            "sd-25qc5ff0ul9sc1k3x9quui1-alice",
            1_795_435_500_000,
            24 * HOUR,
            "octo-org/shop",
            "17654321098",
            "k3x9q",
        ),
        (
            "qa-25qc52id3pfn12zzzzz716n-buyer-7",
            1_795_435_500_000,
            90 * 60,
            "standin-ci/standin",
            "9876543210",
            "zzzzz",
        ),
        (
            "qas-25qc5yrlrbux1za0b1cvss5@example.com",
            1_795_435_500_000,
            30 * 24 * HOUR,
            "group/sub/project",
            "1",
            "a0b1c",
        ),
        (
            "ci-p1unzf1ndnhulz9z9z9aw18.bot",
            4_102_444_740_000,
            10 * HOUR,
            "",
            "7",
            "9z9z9",
        ),
    ] {
        let marker = Marker::at_front_of(name).unwrap_or_else(|| panic!("`{name}` is no marker any more"));
        let origin = |repository, run| Origin {
            repository,
            run,
            attempt: 1,
        };
        assert!(name.starts_with(marker.as_str()));
        assert_eq!(marker.created().as_millis(), made, "{name}");
        assert_eq!(marker.ttl().as_secs(), ttl, "{name}");
        assert_eq!(marker.invocation(), invocation, "{name}");
        assert!(marker.is_of_run(&origin(repository, run)), "{name}");
        assert!(!marker.is_of_run(&origin(repository, "another")), "{name}");
        assert!(!marker.is_of_repository("another/one"), "{name}");
    }
}

/// How likely it is that some two of so many draws from so many values are the same.
fn meeting(draws: u32, values: f64) -> f64 {
    1.0 - (0..draws)
        .map(|earlier| 1.0 - f64::from(earlier) / values)
        .product::<f64>()
}

#[test]
fn the_odds_in_the_documents_are_what_their_formulas_give() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cleanup.md")).unwrap();
    let [owner, check, invocation] = [3, 4, 5].map(|places| 36_f64.powi(places));
    let of_a_leg = f64::from(Leg::new(0, 256).unwrap().room());
    for (formula, odds) in [
        ("1 / 36^4", one_in(1.0 / check)),
        ("1 / 36^3", one_in(1.0 / owner)),
        ("1 − ∏ (1 − i / 36^3), i < 10", one_in(meeting(10, owner))),
        ("1 − ∏ (1 − i / 36^3), i < 100", one_in(meeting(100, owner))),
        ("1 / 36^5", one_in(1.0 / invocation)),
        ("1 / ⌊36^5 / 256⌋", one_in(1.0 / of_a_leg)),
        (
            "1 − (1 − 1 / ⌊36^5 / 256⌋)^256",
            one_in(1.0 - (1.0 - 1.0 / of_a_leg).powi(256)),
        ),
        ("1 − ∏ (1 − i / 36^5), i < 256", one_in(meeting(256, invocation))),
    ] {
        let row = format!("| {formula} | {odds} |");
        assert!(page.contains(&row), "docs/cleanup.md does not say `{row}`");
    }
}

fn one_in(odds: f64) -> String {
    let mut digits = format!("{:.0}", 1.0 / odds);
    for place in [3, 7] {
        if digits.len() > place {
            digits.insert(digits.len() - place, ',');
        }
    }
    format!("1 in {digits}")
}
