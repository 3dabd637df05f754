//! Tokens that are signed here: RFC 7519.

use std::time::Duration;

use crate::language::{JsonTemplate, Template};

/// A token that is signed here.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The private key in PEM, or the shared secret.
    pub key: Template,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Header fields of the token beside `alg` and `typ`.
    pub headers: Vec<(String, JsonTemplate)>,
    /// What it claims. `iat`, `exp` and `jti` are added where they are not given.
    pub claims: Vec<(String, JsonTemplate)>,
    /// How long it is valid, where it does not claim an `exp` of its own.
    pub expires_in: Duration,
}

/// How a token is signed: RFC 7518, section 3.1, and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256, whose key both sides have.
    Hs256,
}

/// A token for a service account of Google.
#[derive(Clone, Debug)]
pub struct Google {
    /// The account's key, as JSON.
    pub credentials: Template,
    /// What the token is good for.
    pub scopes: Vec<Template>,
    /// On whose behalf the account asks.
    pub subject: Option<Template>,
}

impl Algorithm {
    /// Its name in tokens and configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

impl Jwt {
    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let values = self.headers.iter().chain(&self.claims);
        let inner = values.flat_map(|(_, value)| value.templates());
        std::iter::once(&self.key).chain(inner).collect()
    }

    /// Is a claim of this name given?
    pub fn claims(&self, name: &str) -> bool {
        self.claims.iter().any(|(known, _)| known == name)
    }
}
