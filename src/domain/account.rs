//! The names of things: services, personas' copies, accounts, and the ids that services give them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an account is called, in the place of a persona, that is made to see whether a look-up sees.
pub const WITNESS: &str = "witness";

/// Is this the name of such an account?
pub fn is_witness(name: &str) -> bool {
    name.strip_prefix(WITNESS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The namespace of the UUIDs that are computed from user names. It never changes: they are in services' books.
const USERNAMES: Uuid = Uuid::from_u128(0x5f1b_6d0e_2b7c_4a39_9f4e_6c1a_d2b8_3e75);

/// The UUID of an account by its user name (version 5, RFC 9562 section 5.5): the same in every process, for services whose
/// clients choose ids.
pub fn uuid_of(username: &str) -> String {
    Uuid::new_v5(&USERNAMES, username.as_bytes()).to_string()
}

/// Does a text look as [`uuid_of`] writes them? Costs less than to compute one.
pub fn is_written_as_uuid(text: &str) -> bool {
    text.len() == 36 && text.as_bytes().get(8) == Some(&b'-')
}

/// The name of a service in the configuration: `[a-z][a-z0-9-]*`, checked where it is decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceName(String);

impl TryFrom<String> for ServiceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no name of a service"))
    }
}

impl ServiceName {
    /// The name, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let head = chars.next().is_some_and(|c| c.is_ascii_lowercase());
        let tail = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        (head && tail).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One copy of a persona in one service; written `SERVICE/ACCOUNT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    /// Where.
    pub service: ServiceName,
    /// The copy's name: `alice`, or `buyer-7` of a persona with a count.
    pub account: String,
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.account)
    }
}

/// The id that a service gave an account: any scalar, kept digit by digit. Foreign text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RemoteId(String);

impl TryFrom<String> for RemoteId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text).ok_or("an id is empty")
    }
}

impl RemoteId {
    /// The id, unless it is empty: an empty id in a path would name the whole collection.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self(text))
    }

    /// May a service give it out again once its account is deleted? Databases that count may: `SQLite` gives the highest
    /// number to the next row (<https://www.sqlite.org/autoinc.html>). Longer numbers hold a time or chance.
    pub fn is_counted(&self) -> bool {
        self.0.len() < 16 && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AccountKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .and_then(|(service, account)| {
                Some(Self {
                    service: ServiceName::parse(service)?,
                    account: account.to_owned(),
                })
            })
            .ok_or_else(|| format!("`{text}` is not of the form SERVICE/ACCOUNT"))
    }
}

/// Writes an [`AccountKey`] as `SERVICE/ACCOUNT` where serde is asked to.
pub mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use super::AccountKey;

    /// Writes it.
    pub fn serialize<S: Serializer>(key: &AccountKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    /// Reads it back.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_of_a_name_never_changes_and_looks_like_one() {
        let uuid = uuid_of("sd-1-alice");
        assert_eq!(uuid, "49215454-9e58-5850-b24b-884eb998f675");
        assert!(is_written_as_uuid(&uuid));
        assert!(!is_written_as_uuid("integration-tester-of-thirty-six-cha"));
        assert_ne!(uuid, uuid_of("sd-1-alicf"));
    }

    #[test]
    fn a_witness_is_known_by_its_name() {
        for (name, expected) in [
            ("witness", true),
            ("witness-2", true),
            ("witness2", false),
            ("a-witness", false),
        ] {
            assert_eq!(is_witness(name), expected, "{name}");
        }
    }

    #[test]
    fn names_of_services_begin_with_a_letter_and_are_lower_case() {
        for (text, expected) in [
            ("users", true),
            ("a1-b", true),
            ("1a", false),
            ("-a", false),
            ("aB", false),
            ("a_b", false),
            ("", false),
        ] {
            let name = ServiceName::parse(text);
            assert_eq!(name.as_ref().map(ServiceName::as_str), expected.then_some(text));
        }
        let key: AccountKey = "users/alice".parse().expect("a key");
        assert_eq!(
            (key.service.to_string().as_str(), key.to_string().as_str()),
            ("users", "users/alice")
        );
    }

    #[test]
    fn short_numbers_are_counted_and_may_be_given_again() {
        for (text, expected) in [
            ("7", true),
            ("123456789012345", true),
            ("1234567890123456", false),
            ("7a", false),
        ] {
            assert_eq!(RemoteId::new(text).expect("an id").is_counted(), expected, "{text}");
        }
        assert_eq!(RemoteId::new(""), None);
    }
}
