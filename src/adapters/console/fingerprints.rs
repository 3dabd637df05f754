//! Secrets of another process, recognised by their hashes alone: what was made by a setup that failed is written down nowhere.

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rand::{CryptoRng, RngExt as _};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;

/// Hashes with a key of their own, in order. Of what chance made, as a password of 145 bits, they tell nothing; what a person
/// chose could be guessed by them, and is to have none.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    key: [u8; 16],
    known: Vec<u64>,
}

impl Fingerprints {
    /// Those of these secrets.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self::with(&mut UnwrapErr(SysRng), secrets)
    }

    fn with<'a>(random: &mut impl CryptoRng, secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut fingerprints = Self {
            key: random.random(),
            known: Vec::new(),
        };
        let key = fingerprints.key();
        fingerprints.known = secrets.into_iter().map(|secret| hash(&key, secret.expose())).collect();
        fingerprints.known.sort_unstable();
        fingerprints
    }

    /// Is this text one of them?
    pub fn has(&self, text: &str) -> bool {
        !self.known.is_empty() && self.known.binary_search(&hash(&self.key(), text)).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.key)
    }
}

fn hash(key: &hmac::Key, text: &str) -> u64 {
    let tag = hmac::sign(key, text.as_bytes());
    let bytes = tag.as_ref().iter().take(8);
    bytes.fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_elsewhere_is_recognised_and_is_not_in_what_recognises_it() {
        let secrets = ["anHS.Aa0UXN9YZPnQL07q!J4", "t-ZKnbWjlzQityA1nFLHF6B6"].map(Secret::new);
        let json = serde_json::to_string(&Fingerprints::of(&secrets)).expect("JSON");
        let read: Fingerprints = serde_json::from_str(&json).expect("as it was");
        for secret in &secrets {
            assert!(read.has(secret.expose()) && !json.contains(secret.expose()));
        }
        assert!(!read.has("t-ZKnbWjlzQityA1nFLHF6B7") && !read.has(""));
        assert!(!Fingerprints::default().has(""));
        let again = serde_json::to_string(&Fingerprints::of(&secrets)).expect("JSON");
        assert_ne!(json, again, "the key is another each time");
    }
}
