//! Passwords that services accept and that survive shells, dotenv files, URLs and YAML.

use rand::CryptoRng;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use ring::hkdf;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

const LENGTH: usize = 24;
/// So many random bytes are drawn at once, since each time is a call of the system: about half of them make a character.
const DRAWN: usize = 96;
/// Keeps these passwords apart from whatever else is computed from the same seed, and names their recipe.
const SALT: &[u8] = b"standin password 1";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGIT: &[u8] = b"0123456789";
/// Those alone that need no quoting anywhere.
const SYMBOL: &[u8] = b"-._!";

/// Makes a password of 24 characters that starts with a letter, has every class, and no character three times in a row,
/// which some identity providers refuse; about 145 bits.
///
/// Whole passwords are drawn until one will do: that favours none of the accepted ones.
pub(super) fn make(random: &mut impl CryptoRng) -> Secret {
    loop {
        let mut drawn = Zeroizing::new([0; DRAWN]);
        random.fill_bytes(drawn.as_mut());
        if let Some(password) = read(&drawn) {
            return password;
        }
    }
}

/// Makes such a password from the system's chance.
pub fn draw() -> Secret {
    make(&mut UnwrapErr(SysRng))
}

/// The password that a seed gives this user name, so that whoever has both can compute it: the first of the draws number
/// 0, 1, 2 ... that will do, each 96 bytes of HKDF-SHA256 whose key is the seed, whose salt is `standin password 1`, and whose info is
/// the user name and one byte with the number.
///
/// None only if 256 draws in a row won't do, which takes longer to happen than anything will last.
pub fn derive(seed: &Secret, username: &str) -> Option<Secret> {
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(seed.expose().as_bytes());
    (0..=u8::MAX).find_map(|number| {
        let mut drawn = Zeroizing::new([0; DRAWN]);
        let number = [number];
        let info = [username.as_bytes(), &number];
        let output = key.expand(&info, Draw).ok()?;
        output.fill(drawn.as_mut()).ok()?;
        read(&drawn)
    })
}

/// The length of one draw, as HKDF wants to be told it.
struct Draw;

impl hkdf::KeyType for Draw {
    fn len(&self) -> usize {
        DRAWN
    }
}

/// The password that drawn bytes make, if it will do.
fn read(drawn: &[u8; DRAWN]) -> Option<Secret> {
    let letters = [UPPER, LOWER].concat();
    let all = [UPPER, LOWER, DIGIT, SYMBOL].concat();
    // What lies beyond an alphabet is dropped: folded back, it would favour some of its characters.
    let mut drawn = drawn.iter().map(|byte| usize::from(byte & 0x7f));
    let first = drawn.find_map(|index| letters.get(index));
    let others = drawn.filter_map(|index| all.get(index));
    let mut password = String::with_capacity(LENGTH);
    password.extend(
        first
            .into_iter()
            .chain(others)
            .take(LENGTH)
            .map(|byte| char::from(*byte)),
    );
    let secret = Secret::new(password);
    let bytes = secret.expose().as_bytes();
    let has = |class: &[u8]| bytes.iter().any(|byte| class.contains(byte));
    let repeats = bytes
        .windows(3)
        .any(|three| three[0] == three[1] && three[1] == three[2]);
    let will_do = bytes.len() == LENGTH && !repeats && [UPPER, LOWER, DIGIT, SYMBOL].into_iter().all(has);
    will_do.then_some(secret)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn every_password_has_every_class_and_no_character_that_needs_quoting() {
        let mut random = ChaCha20Rng::seed_from_u64(7);
        for _ in 0..2_000 {
            let secret = make(&mut random);
            let password = secret.expose();
            assert_eq!(password.len(), 24);
            assert!(password.starts_with(|c: char| c.is_ascii_alphabetic()));
            for class in [UPPER, LOWER, DIGIT, SYMBOL] {
                assert!(password.bytes().any(|byte| class.contains(&byte)));
            }
            assert!(
                password
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || SYMBOL.contains(&byte))
            );
        }
    }

    /// Computed by another program from the description at [`derive`]: jobs with different releases must agree.
    #[test]
    fn a_seed_gives_the_passwords_that_it_gave_in_every_release() {
        let seed = Secret::new("0123456789abcdef0123456789abcdef");
        for (username, expected) in [
            ("sd-a-alice", "anHS.Aa0UXN9YZPnQL07q!J4"),
            ("sd-a-buyer-1", "t-ZKnbWjlzQityA1nFLHF6B6"),
            ("sd-a-buyer-2", "iQ!P4yWilDRRU91fYl4Ir2bq"),
            ("sd-a-buyer-22", "lww1!ci8sLBxho3FugUoFUxI"),
            ("ä", "lgiNen7.6HzpZrE40FhUz59S"),
        ] {
            let password = derive(&seed, username).expect("a password");
            assert_eq!(password.expose(), expected, "{username}");
        }
        let other = derive(&Secret::new("0123456789abcdef0123456789abcdeg"), "sd-a-alice").expect("a password");
        assert_ne!(other, derive(&seed, "sd-a-alice").expect("a password"));
    }
}
