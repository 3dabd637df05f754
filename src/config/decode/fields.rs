//! A map whose keys are declared: each is asked for by its declaration, and what is not declared is a mistake.

use super::Decoder;
use crate::config::keys::{Block, Key, Kind};
use crate::config::source::Span;
use crate::config::tree::{Content, Node, Pair};
use crate::language::nearest;

/// The keys of a map, taken one by one.
pub(in crate::config) struct Fields<'n> {
    what: &'static str,
    pub(in crate::config) span: Span,
    pub(in crate::config) entries: &'n [Pair],
    block: &'static Block,
    /// What was asked for, to be held against what is declared.
    asked: Vec<&'static str>,
    /// What was told to make no sense here.
    told: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(what: &'static str, span: Span, entries: &'n [Pair], block: &'static Block) -> Self {
        Self {
            what,
            span,
            entries,
            block,
            asked: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The value of a key; null counts as absent, and so does what is still to be written where no text can stand.
    pub(in crate::config) fn take(&mut self, key: Key) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(in crate::config) fn entry(&mut self, key: Key) -> Option<&'n Pair> {
        let is_text = matches!(
            key.kind,
            Kind::Text | Kind::Expression | Kind::Target | Kind::Condition | Kind::Json | Kind::Name(_)
        );
        self.raw(key)
            .filter(|entry| !matches!(entry.value.kind, Content::Null) && (is_text || !entry.value.is_todo()))
    }

    /// The same where null doesn't count as absent.
    pub(in crate::config) fn raw(&mut self, key: Key) -> Option<&'n Pair> {
        debug_assert!(
            self.block.has(key.name),
            "`{}` is no key of {}",
            key.name,
            self.block.title
        );
        self.asked.push(key.name);
        self.entries.iter().find(|entry| entry.key == key.name)
    }

    /// Is the key one of this block's?
    pub(in crate::config) fn has(&self, key: Key) -> bool {
        self.block.has(key.name)
    }

    /// Where a key was written that makes no sense here. Whoever asks says why, in place of "unknown".
    pub(in crate::config) fn misplaced(&mut self, key: Key) -> Option<&'n Pair> {
        if self.has(key) {
            return None;
        }
        self.told.push(key.name);
        self.entries.iter().find(|entry| entry.key == key.name)
    }

    /// The value of a key that has to be there.
    pub(in crate::config) fn need(&mut self, decoder: &mut Decoder, key: Key) -> Option<&'n Node> {
        let value = self.take(key);
        if value.is_none() && !self.raw(key).is_some_and(|entry| entry.value.is_todo()) {
            decoder.missing(self.span, format!("{} has no `{}`", self.what, key.name));
        }
        value
    }

    /// What `read` makes of the value of a key and of its name. Nothing where the key is absent, or wrong, which is told.
    pub(in crate::config) fn read<T>(
        &mut self,
        decoder: &mut Decoder,
        key: Key,
        read: impl FnOnce(&mut Decoder, &'n Node, &'static str) -> Option<T>,
    ) -> Option<T> {
        let node = self.take(key)?;
        read(decoder, node, key.name)
    }

    /// The same with what holds where the key is absent.
    pub(in crate::config) fn read_or<T>(
        &mut self,
        decoder: &mut Decoder,
        key: Key,
        default: T,
        read: impl FnOnce(&mut Decoder, &'n Node, &'static str) -> Option<T>,
    ) -> Option<T> {
        match self.take(key) {
            Some(node) => read(decoder, node, key.name),
            None => Some(default),
        }
    }

    /// Tells the keys that are not declared. By now each that is has been asked for, or it would be ignored.
    pub(in crate::config) fn finish(self, decoder: &mut Decoder) {
        let known = || self.block.keys().map(|key| key.name);
        debug_assert!(
            known().all(|name| self.asked.contains(&name)),
            "{} has keys that are never read",
            self.block.title
        );
        for entry in self.entries {
            if self.block.has(&entry.key) || self.told.contains(&entry.key.as_str()) {
                continue;
            }
            let hint = match nearest(&entry.key, known()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys here are {}", known().collect::<Vec<_>>().join(", ")),
            };
            let what = self.what;
            let key: String = entry.key.chars().take(60).collect();
            decoder.error_with_hint(entry.key_span, format!("unknown key `{key}` of {what}"), hint);
        }
    }
}
