//! Keys that sign tokens. A key is read anew for each signature, so that nothing but its text is kept.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{hmac, signature};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroize as _;

use crate::config::Algorithm;
use crate::domain::secret::Secret;
use crate::domain::why::Why;

/// What turns a key into the form that is read.
const CONVERT: &str = "convert it to PKCS#8: `openssl pkcs8 -topk8 -nocrypt -in KEY.pem`";

/// A key and the algorithm that it is for.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key: Secret,
}

/// A key pair as it is used once.
enum KeyPair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(hmac::Key),
}

impl SigningKey {
    /// A key that can sign: one that can't is told now, and not with the first request.
    pub fn new(algorithm: Algorithm, key: &str) -> Result<Self, Why> {
        // Many keep a key in one line, with `\n` in the place of its line breaks.
        let is_one_line = key.contains("-----BEGIN") && !key.trim().contains('\n') && key.contains("\\n");
        let key = Secret::new(if is_one_line {
            key.replace("\\n", "\n")
        } else {
            key.to_owned()
        });
        let key = Self { algorithm, key };
        key.pair()?;
        Ok(key)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.key
    }

    /// The signature of a text, in the form of RFC 7518.
    pub(super) fn sign(&self, text: &str) -> Result<Vec<u8>, Why> {
        let failed = || Why::from("the key can't sign");
        let (text, random) = (text.as_bytes(), SystemRandom::new());
        match self.pair()? {
            KeyPair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .map_err(|_| failed())?;
                Ok(signature)
            }
            KeyPair::Ecdsa(pair) => {
                let signature: signature::Signature = pair.sign(&random, text).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
            KeyPair::Ed25519(pair) => Ok(pair.sign(text).as_ref().to_vec()),
            KeyPair::Hmac(key) => Ok(hmac::sign(&key, text).as_ref().to_vec()),
        }
    }

    fn pair(&self) -> Result<KeyPair, Why> {
        let text = self.key.expose();
        if self.algorithm == Algorithm::Hs256 {
            if text.is_empty() {
                return Err("the key is empty".into());
            }
            if text.contains("-----BEGIN") {
                return Err(Why::hinted(
                    "HS256 takes a shared secret, and the key is a PEM file",
                    "say in `alg` what the key is for",
                ));
            }
            return Ok(KeyPair::Hmac(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())));
        }
        let mut der = der(text)?;
        let pair = self.asymmetric(&der);
        der.zeroize();
        pair
    }

    fn asymmetric(&self, der: &PrivateKeyDer<'_>) -> Result<KeyPair, Why> {
        let unfit = |what: &str| {
            Why::hinted(
                format!("the key is not one for {}", self.algorithm.name()),
                format!("give {what}, or say in `alg` what the key is for"),
            )
        };
        let random = SystemRandom::new();
        match (self.algorithm, der) {
            (_, PrivateKeyDer::Sec1(_)) => Err(Why::hinted(
                "the key is in SEC 1 form (`BEGIN EC PRIVATE KEY`), which Standin can't read",
                CONVERT,
            )),
            (Algorithm::Rs256, PrivateKeyDer::Pkcs1(der)) => {
                let pair = RsaKeyPair::from_der(der.secret_pkcs1_der());
                pair.map(KeyPair::Rsa)
                    .map_err(|_| unfit("an RSA key of 2048 to 4096 bits"))
            }
            (Algorithm::Rs256, PrivateKeyDer::Pkcs8(der)) => {
                let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der());
                pair.map(KeyPair::Rsa)
                    .map_err(|_| unfit("an RSA key of 2048 to 4096 bits"))
            }
            (Algorithm::Es256, PrivateKeyDer::Pkcs8(der)) => {
                let der = der.secret_pkcs8_der();
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
                pair.map(KeyPair::Ecdsa).map_err(|_| unfit("a key on the curve P-256"))
            }
            (Algorithm::EdDsa, PrivateKeyDer::Pkcs8(der)) => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
                pair.map(KeyPair::Ed25519).map_err(|_| unfit("an Ed25519 key"))
            }
            (algorithm, _) => Err(unfit(match algorithm {
                Algorithm::Es256 => "a key on the curve P-256",
                Algorithm::EdDsa => "an Ed25519 key",
                Algorithm::Rs256 | Algorithm::Hs256 => "an RSA key",
            })),
        }
    }
}

/// The key in a text in PEM. Of the text itself nothing is told.
fn der(text: &str) -> Result<PrivateKeyDer<'static>, Why> {
    let is = |kind: &str| text.contains(&format!("-----BEGIN {kind}-----"));
    if is("ENCRYPTED PRIVATE KEY") {
        return Err(Why::hinted("the key is encrypted", CONVERT));
    }
    if is("PUBLIC KEY") || is("CERTIFICATE") && !text.contains("PRIVATE KEY-----") {
        return Err(Why::hinted("the key is a public one", "give the private key"));
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        Why::hinted(
            "the key is no private key in PEM",
            "give the text of the file that begins with `-----BEGIN PRIVATE KEY-----`, with its line breaks",
        )
    })
}

#[cfg(test)]
mod tests;
