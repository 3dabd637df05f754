//! Where a service was when its accounts were made: "not there" counts at the same place alone.
//!
//! Of each thing that leads to the service, such as its address or a variable, only a digest is kept, and of secrets nothing.

use std::collections::BTreeMap;

use ring::digest;
use serde::{Deserialize, Serialize};

use super::account::ServiceName;

/// The digests of what leads to a service, by the key or variable that a person knows it by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(BTreeMap<String, String>);

impl Place {
    /// Of these names and values.
    pub fn new<'p>(parts: impl IntoIterator<Item = (String, &'p str)>) -> Self {
        Self(parts.into_iter().map(|(name, value)| (name, digest(value))).collect())
    }

    /// The names of what differs from another place. What only one of the two has differs.
    pub fn differs_from<'s>(&'s self, other: &'s Self) -> Vec<&'s str> {
        let missing = other.0.keys().filter(|name| !self.0.contains_key(*name));
        let changed = self.0.iter().filter(|(name, value)| other.0.get(*name) != Some(value));
        changed
            .map(|(name, _)| name)
            .chain(missing)
            .map(String::as_str)
            .collect()
    }
}

/// The places of a setup's services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Places(BTreeMap<ServiceName, Place>);

impl Places {
    /// Was none written down?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of a service, where it was written down.
    pub fn of(&self, service: &ServiceName) -> Option<&Place> {
        self.0.get(service)
    }
}

impl FromIterator<(ServiceName, Place)> for Places {
    fn from_iter<I: IntoIterator<Item = (ServiceName, Place)>>(places: I) -> Self {
        Self(places.into_iter().collect())
    }
}

/// Sixteen characters of a SHA-256: enough to tell two addresses apart.
pub fn digest(value: &str) -> String {
    let hash = digest::digest(&digest::SHA256, value.as_bytes());
    let mut front = [0; 8];
    front.copy_from_slice(&hash.as_ref()[..8]);
    format!("{:016x}", u64::from_be_bytes(front))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_no_value_is_kept() {
        let place = |url: &str, realm: &str| Place::new([("url".to_owned(), url), ("with.realm".to_owned(), realm)]);
        let (made, now) = (place("http://a", "qa"), place("http://b", "qa"));
        assert_eq!(made.differs_from(&made), [""; 0]);
        assert_eq!(now.differs_from(&made), ["url"]);
        let bare = Place::new([("url".to_owned(), "http://a")]);
        assert_eq!(bare.differs_from(&made), ["with.realm"]);
        assert!(!serde_json::to_string(&made).expect("JSON").contains("http"));
    }

    #[test]
    fn each_service_has_its_own_place() {
        let service = |name: &str| ServiceName::parse(name).expect("a name");
        let place = |url: &str| Place::new([("url".to_owned(), url)]);
        let places: Places = [(service("a"), place("http://a")), (service("b"), place("http://b"))]
            .into_iter()
            .collect();
        assert!(!places.is_empty() && Places::default().is_empty());
        assert_eq!(places.of(&service("b")), Some(&place("http://b")));
        assert_eq!(places.of(&service("c")), None);
    }
}
