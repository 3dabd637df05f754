//! Passwords that services accept and that survive shells, dotenv files, URLs and YAML.

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

const LENGTH: usize = 24;
/// So many random bytes are drawn at once, since each time is a call of the system: about half of them make a character.
const DRAWN: usize = 96;
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
    let letters = [UPPER, LOWER].concat();
    let all = [UPPER, LOWER, DIGIT, SYMBOL].concat();
    loop {
        let mut drawn = Zeroizing::new([0; DRAWN]);
        random.fill_bytes(drawn.as_mut());
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
        let has = |class: &[u8]| secret.expose().bytes().any(|byte| class.contains(&byte));
        let repeats = secret
            .expose()
            .as_bytes()
            .windows(3)
            .any(|three| three[0] == three[1] && three[1] == three[2]);
        let is_whole = secret.expose().len() == LENGTH;
        if is_whole && !repeats && [UPPER, LOWER, DIGIT, SYMBOL].into_iter().all(has) {
            return secret;
        }
    }
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
}
