//! A map of strings whose keys are compared without case, and keep the case in which they came first.

/// Like .NET's dictionary with `StringComparer.OrdinalIgnoreCase`, in the order of insertion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caseless {
    pairs: Vec<(String, String)>,
}

impl Caseless {
    /// Sets a value. A key that is there in another case keeps that case.
    pub(crate) fn insert(&mut self, key: &str, value: &str) {
        match self.pairs.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, old)) => value.clone_into(old),
            None => self.pairs.push((key.to_owned(), value.to_owned())),
        }
    }

    /// The value of a key in any case.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    }

    /// The pairs in the order of insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
