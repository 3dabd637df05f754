//! The secrets of one-time codes: what an authenticator app would be shown when the account enrols one.

use rand::CryptoRng;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use ring::hkdf;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;
use crate::language::in_base32;

/// As long as what the code is computed with gives, as RFC 4226, section 4, recommends; in Base32 no padding is needed.
const BYTES: usize = 20;
/// Keeps these secrets apart from whatever else is computed from the same seed, and names their recipe.
const SALT: &[u8] = b"standin totp secret 1";

/// Draws one.
pub(super) fn make(random: &mut impl CryptoRng) -> Secret {
    let mut drawn = Zeroizing::new([0; BYTES]);
    random.fill_bytes(drawn.as_mut());
    Secret::new(in_base32(drawn.as_ref()))
}

/// Draws one from the system's chance.
pub fn draw() -> Secret {
    make(&mut UnwrapErr(SysRng))
}

/// The one that a seed gives this user name, so that whoever has both can compute it: 20 bytes of HKDF-SHA256 whose key is
/// the seed, whose salt is `standin totp secret 1`, and whose info is the user name. In Base32.
pub fn derive(seed: &Secret, username: &str) -> Option<Secret> {
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(seed.expose().as_bytes());
    let mut bytes = Zeroizing::new([0; BYTES]);
    let info = [username.as_bytes()];
    key.expand(&info, Whole).ok()?.fill(bytes.as_mut()).ok()?;
    Some(Secret::new(in_base32(bytes.as_ref())))
}

/// The length of a secret, as HKDF wants to be told it.
struct Whole;

impl hkdf::KeyType for Whole {
    fn len(&self) -> usize {
        BYTES
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_drawn_secret_is_of_base32_without_padding() {
        let mut random = ChaCha20Rng::seed_from_u64(7);
        let (one, other) = (make(&mut random), make(&mut random));
        assert_ne!(one, other);
        for secret in [one, other] {
            let text = secret.expose();
            assert_eq!(text.len(), 32);
            assert!(text.chars().all(|c| matches!(c, 'A'..='Z' | '2'..='7')), "{text}");
        }
    }

    /// Computed by another program from the description at [`derive`]: jobs with different releases must agree.
    #[test]
    fn a_seed_gives_the_secrets_that_it_gave_in_every_release() {
        let seed = Secret::new("0123456789abcdef0123456789abcdef");
        for (username, expected) in [
            ("sd-a-alice", "ZR53A5K7DJ64XA5O3FRJFG33VDQRUL3V"),
            ("ä", "WRYUMT56GXZAJTKA77EXO4D5GT2PAZZF"),
        ] {
            assert_eq!(
                derive(&seed, username).expect("a secret").expose(),
                expected,
                "{username}"
            );
        }
    }
}
