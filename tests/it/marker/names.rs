//! Names that people and tools make, in a million different ways, none of which is ours.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, RngExt as _};

const FIRST: [&str; 40] = [
    "maria",
    "james",
    "olivia",
    "wei",
    "fatima",
    "john",
    "anna",
    "jose",
    "amelia",
    "noah",
    "sofia",
    "liam",
    "emma",
    "mohammed",
    "yuki",
    "lars",
    "ingrid",
    "zoë",
    "jörg",
    "søren",
    "andré",
    "chloé",
    "mateusz",
    "agnieszka",
    "dmitri",
    "olga",
    "priya",
    "arjun",
    "thi",
    "minh",
    "kwame",
    "ama",
    "siobhán",
    "sean",
    "giulia",
    "luca",
    "ana-maria",
    "jean-luc",
    "d'angelo",
    "maximilian",
];
const LAST: [&str; 40] = [
    "smith",
    "johnson",
    "williams",
    "brown",
    "jones",
    "garcia",
    "miller",
    "davis",
    "rodriguez",
    "martinez",
    "müller",
    "schmidt",
    "o'brien",
    "macdonald",
    "nguyễn",
    "kowalski",
    "ivanova",
    "yamamoto",
    "kim",
    "park",
    "singh",
    "patel",
    "okafor",
    "mensah",
    "silva",
    "santos",
    "rossi",
    "ferrari",
    "dubois",
    "lefèvre",
    "van der berg",
    "de la cruz",
    "bin rashid",
    "hansen",
    "johansson",
    "virtanen",
    "papadopoulos",
    "featherstonehaugh",
    "smith-jones",
    "keller",
];
const WORD: [&str; 40] = [
    "test",
    "user",
    "admin",
    "checkout",
    "payment",
    "service",
    "staging",
    "integration",
    "nightly",
    "smoke",
    "e2e",
    "load",
    "feature",
    "fix",
    "login",
    "signup",
    "billing",
    "orders",
    "worker",
    "runner",
    "deploy",
    "release",
    "canary",
    "internationalization",
    "authentication",
    "electroencephalographics",
    "api",
    "web",
    "db",
    "cache",
    "queue",
    "mail",
    "report",
    "import",
    "export",
    "sync",
    "shop",
    "cart",
    "invoice",
    "subscription",
];
/// What else puts something in front of a name.
const TOOL: [&str; 20] = [
    "ci", "pr", "tf", "gh", "gl", "qa", "sd", "sdk", "dev", "tmp", "bot", "svc", "usr", "acc", "id", "e2e", "k8s",
    "mr", "job", "run",
];

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const CROCKFORD: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
const NANOID: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
/// The letters and digits of names that Kubernetes makes.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The ways, by what they are called. Those at the end come nearest to a marker: chance alone keeps them from being one.
pub(crate) const KINDS: [&str; 12] = [
    "people",
    "people's addresses",
    "slugs",
    "UUIDs",
    "nanoids",
    "commits",
    "CI's names",
    "pods and runners",
    "terraform's tests",
    "ULIDs and object ids",
    "tokens",
    "tokens as long as ours",
];
/// One name of a kind.
pub(crate) fn name(kind: usize, random: &mut ChaCha8Rng) -> String {
    match kind {
        0 => person(random),
        1 => address(random),
        2 => slug(random),
        3 => uuid(random),
        4 => maybe_with_tool(random, |random| text(random, NANOID, 21)),
        5 => commit(random),
        6 => of_ci(random),
        7 => of_cluster(random),
        8 => {
            let number = random.random_range(1_000_000_000_u64..10_000_000_000_000_000_000);
            format!("tf-acc-test-{number}{}", tail(random))
        }
        9 => object_id(random),
        10 => {
            let alphabet = *one_of(random, &[BASE32, BASE36, HEX, CROCKFORD, DIGITS, LOWER]);
            let length = random.random_range(20..=30);
            format!("{}-{}{}", prefix(random), text(random, alphabet, length), tail(random))
        }
        _ => format!("{}-{}{}", prefix(random), text(random, BASE36, 23), tail(random)),
    }
}

fn person(random: &mut ChaCha8Rng) -> String {
    let (first, last) = (*one_of(random, &FIRST), *one_of(random, &LAST));
    let letter = first.chars().next().unwrap_or('a');
    let year = random.random_range(1930..2026);
    let plain = match random.random_range(0..12) {
        0 => format!("{first}.{last}"),
        1 => format!("{first}-{last}"),
        2 => format!("{first}_{last}"),
        3 => format!("{letter}{last}"),
        4 => format!("{letter}.{last}"),
        5 => format!("{last}{letter}"),
        6 => format!("{first}{year}"),
        7 => format!("{first}.{last}.{year}"),
        8 => format!("{last}-{first}-{}", random.random_range(1..100_000)),
        9 => format!("{first} {last}"),
        10 => format!("{}-{last}{first}{}", prefix(random), random.random_range(1..10_000)),
        _ => format!("{first}{last}"),
    };
    match random.random_range(0..4) {
        0 => plain.to_uppercase(),
        1 => plain.replace([' ', '\''], ""),
        2 => {
            let mut letters = plain.chars();
            let front = letters.next().map(char::to_uppercase).into_iter().flatten();
            front.chain(letters).collect()
        }
        _ => plain,
    }
}

fn address(random: &mut ChaCha8Rng) -> String {
    let person = person(random).replace(' ', ".");
    let tag = match random.random_range(0..3) {
        0 => format!("+{}", one_of(random, &WORD)),
        1 => format!("+{}", text(random, BASE36, 23)),
        _ => String::new(),
    };
    format!("{person}{tag}@{}.example", one_of(random, &WORD))
}

fn slug(random: &mut ChaCha8Rng) -> String {
    let count = random.random_range(1..6);
    let words: Vec<&str> = (0..count).map(|_| *one_of(random, &WORD)).collect();
    let joined = words.join(*one_of(random, &["-", "", "_", "."]));
    match random.random_range(0..3) {
        0 => format!("{}-{joined}", prefix(random)),
        1 => format!("{joined}-{}", random.random_range(1..1_000_000)),
        _ => joined,
    }
}

fn uuid(random: &mut ChaCha8Rng) -> String {
    let whole = text(random, HEX, 32);
    let with_hyphens = [&whole[..8], &whole[8..12], &whole[12..16], &whole[16..20], &whole[20..]].join("-");
    let uuid = maybe_with_tool(random, |random| match random.random_range(0..3) {
        0 => whole,
        1 => with_hyphens.to_uppercase(),
        _ => with_hyphens,
    });
    uuid + &tail(random)
}

fn commit(random: &mut ChaCha8Rng) -> String {
    let length = *one_of(random, &[7, 8, 10, 12, 40, 64]);
    maybe_with_tool(random, |random| text(random, HEX, length)) + &tail(random)
}

fn of_ci(random: &mut ChaCha8Rng) -> String {
    let number = random.random_range(1..20_000_000_000_u64);
    let (tool, word) = (*one_of(random, &TOOL), *one_of(random, &WORD));
    match random.random_range(0..5) {
        0 => format!("ci-{number}-{word}"),
        1 => format!("pr-{}-{word}-{}", number % 100_000, text(random, HEX, 7)),
        2 => format!("{tool}-{number}{}", tail(random)),
        3 => format!("{tool}-{word}-{number}-{}", random.random_range(1..300)),
        _ => format!("{tool}-{number}{}-{word}", text(random, BASE36, 12)),
    }
}

fn of_cluster(random: &mut ChaCha8Rng) -> String {
    let word = *one_of(random, &WORD);
    match random.random_range(0..4) {
        0 => format!("{word}-{}-{}", text(random, SAFE, 10), text(random, SAFE, 5)),
        1 => format!("{word}-{}", random.random_range(0..20)),
        2 => format!("gha-runner-{}-{}", text(random, BASE36, 5), text(random, BASE36, 5)),
        _ => format!(
            "{}-{}{}-{}",
            prefix(random),
            word,
            text(random, SAFE, 10),
            text(random, SAFE, 5)
        ),
    }
}

fn object_id(random: &mut ChaCha8Rng) -> String {
    let id = maybe_with_tool(random, |random| match random.random_range(0..6) {
        0 => text(random, CROCKFORD, 26),
        1 => text(random, CROCKFORD, 26).to_uppercase(),
        // ObjectId, cuid, xid, KSUID.
        2 => text(random, HEX, 24),
        3 => format!("c{}", text(random, BASE36, 24)),
        4 => text(random, BASE32, 20),
        _ => text(random, NANOID, 27).replace(['-', '_'], "0"),
    });
    id + &tail(random)
}

fn maybe_with_tool(random: &mut ChaCha8Rng, make: impl FnOnce(&mut ChaCha8Rng) -> String) -> String {
    if random.random_bool(0.5) {
        let front = prefix(random);
        format!("{front}-{}", make(random))
    } else {
        make(random)
    }
}

/// A tool's own, or two or three letters.
fn prefix(random: &mut ChaCha8Rng) -> String {
    if random.random_bool(0.5) {
        (*one_of(random, &TOOL)).to_owned()
    } else {
        let length = random.random_range(2..=3);
        text(random, LOWER, length)
    }
}

fn tail(random: &mut ChaCha8Rng) -> String {
    match random.random_range(0..4) {
        0 => format!("-{}", one_of(random, &FIRST)),
        1 => format!("-{}-{}", one_of(random, &WORD), random.random_range(1..100)),
        2 => format!("@{}.example", one_of(random, &WORD)),
        _ => String::new(),
    }
}

fn text(random: &mut ChaCha8Rng, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(*one_of(random, alphabet))).collect()
}

fn one_of<'a, T>(random: &mut ChaCha8Rng, among: &'a [T]) -> &'a T {
    let index = random.next_u64() % among.len() as u64;
    &among[usize::try_from(index).unwrap()]
}
