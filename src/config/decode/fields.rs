//! A map whose keys are known: each is asked for by name, and what nobody asked for is a mistake.

use super::Decoder;
use crate::config::source::Span;
use crate::config::tree::{Entry, Kind, Node};
use crate::language::nearest;

/// The keys of a map, taken one by one: what is left at the end is unknown.
pub(in crate::config) struct Fields<'n> {
    pub(super) what: &'static str,
    pub(in crate::config) span: Span,
    pub(in crate::config) entries: &'n [Entry],
    pub(super) known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The value of a key; null counts as absent.
    pub(in crate::config) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(in crate::config) fn entry(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.raw(key).filter(|entry| !matches!(entry.value.kind, Kind::Null))
    }

    /// The same where null doesn't count as absent.
    pub(in crate::config) fn raw(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key that has to be there.
    pub(in crate::config) fn need(&mut self, decoder: &mut Decoder, key: &'static str) -> Option<&'n Node> {
        let value = self.take(key);
        if value.is_none() {
            decoder.missing(self.span, format!("{} has no `{key}`", self.what));
        }
        value
    }

    /// Tells the keys that were never asked for.
    pub(in crate::config) fn finish(self, decoder: &mut Decoder) {
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            let hint = match nearest(&entry.key, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys here are {}", self.known.join(", ")),
            };
            let what = self.what;
            let key: String = entry.key.chars().take(60).collect();
            decoder.error_with_hint(entry.key_span, format!("unknown key `{key}` of {what}"), hint);
        }
    }
}
