//! The one type that may hold a password, a token or a key, and the names under which such values stand.
//!
//! It can't be printed or serialised by accident: no `Display`, no `Serialize`, and a `Debug` that shows nothing.

use std::fmt;

use zeroize::Zeroizing;

/// Parts of names whose values are secrets, in lower case and without `_` and `-`.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "authorization",
    "cookie",
    "bearer",
    "credential",
    "apikey",
];

/// Does a key or field of this name hold a secret?
pub fn is_sensitive(name: &str) -> bool {
    let plain = plain(name);
    WORDS.iter().any(|word| plain.contains(word)) || plain.ends_with("token")
}

/// So many letters and digits of a secret are changed in order to spoil it: one alone may be padding.
const SPOILT: usize = 8;

/// A secret with something wrong in it, in the form of the right one: its last letters and digits are each another.
pub fn spoilt(secret: &str) -> String {
    let mut left = SPOILT;
    let mut spoil = |c: char| {
        if left == 0 || !c.is_ascii_alphanumeric() {
            return c;
        }
        left -= 1;
        match c {
            'z' => 'a',
            'Z' => 'A',
            '9' => '0',
            _ => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        }
    };
    let spoilt: Vec<char> = secret.chars().rev().map(&mut spoil).collect();
    spoilt.into_iter().rev().collect()
}

/// Does a field or parameter of this name let its sender in? A request without credentials has none of them.
pub fn lets_in(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_sensitive(&name)
        || name == "key"
        || ["access_key", "accesskey", "signature"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Parts of names under which answers hold more than [`lets_in`] knows of, in lower case and without `_` and `-`.
const PARTS: [&str; 18] = [
    "passwor",
    "kennwort",
    "contrase",
    "motdepasse",
    "senha",
    "passcode",
    "passkey",
    "pwd",
    "token",
    "jwt",
    "totp",
    "session",
    "recovery",
    "mnemonic",
    "csrf",
    "xsrf",
    "signature",
    "magiclink",
];
/// Ends of such names.
const ENDS: [&str; 15] = [
    "pass",
    "pin",
    "key",
    "keys",
    "otp",
    "otps",
    "sid",
    "hash",
    "salt",
    "seed",
    "nonce",
    "sig",
    "assertion",
    "ticket",
    "verifier",
];
/// What a code is for that lets somebody in; most codes are of errors and countries.
const CODES: [&str; 14] = [
    "access", "activat", "auth", "backup", "confirm", "invit", "login", "mfa", "once", "onetime", "reset", "security",
    "verif", "2fa",
];
/// A longer name is none that anybody chose.
const LONGEST_NAME: usize = 200;

/// Does a name in foreign text look like that of a secret? Of what nobody has described more is hidden than has to be.
pub fn looks_secret(name: &str) -> bool {
    if name.len() > LONGEST_NAME || lets_in(name) {
        return true;
    }
    let plain = plain(name);
    let is_code = plain.ends_with("code") || plain.ends_with("codes");
    PARTS.iter().any(|part| plain.contains(part))
        || ENDS.iter().any(|end| plain.ends_with(end))
        || is_code && CODES.iter().any(|of| plain.contains(of))
}

/// A name in lower case, without `_` and `-`.
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A value that must never reach a log, an output, an error or the journal. Its memory is zeroed when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over; the caller keeps no copy.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself. Each call is a place where it could leave: look at what is done with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_secret_has_the_form_of_the_right_one_and_another_end() {
        for (secret, expected) in [
            ("abc", "bcd"),
            ("zZ9", "aA0"),
            ("abcdefghij", "abdefghijk"),
            ("YWI=", "ZXJ="),
            ("a-b-c-d-e-f-g-h-i-j", "a-b-d-e-f-g-h-i-j-k"),
            ("äß", "äß"),
            ("", ""),
        ] {
            assert_eq!(spoilt(secret), expected);
            assert_eq!(Secret::new(secret).expose(), secret);
        }
    }

    #[test]
    fn a_name_that_lets_in_is_known_whatever_its_case() {
        for name in ["Key", "AWS_ACCESS_KEY", "x-signature", "Authorization", "api_token"] {
            assert!(lets_in(name), "{name}");
        }
        for name in ["monkey", "keyboard", "signatures_wanted", "accept"] {
            assert!(!lets_in(name), "{name}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter22"))), "Some(Secret(***))");
    }

    #[test]
    fn names_that_nobody_described_are_known_by_their_look() {
        for name in [
            "password",
            "apiKey",
            "recovery_code",
            "Recovery-Codes",
            "userPasswordHash",
            "session_id",
            "tokens",
            "otp",
            "pin",
            "backupCodes",
            "verification_code",
            "X-CSRF",
            "ssh_key",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "id",
            "username",
            "email",
            "status",
            "status_code",
            "error_code",
            "country_code",
            "code",
            "role",
            "created_at",
            "location",
            "x-request-id",
            "etag",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
