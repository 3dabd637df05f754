//! Takes secrets out of text, by value and in every usual spelling.
//!
//! Pure: it learns values and rewrites texts. A text is read once whatever the number of secrets: the first six bytes at
//! each place are looked up in an index. A general multi-pattern automaton would be rebuilt for every secret that is
//! learnt, and they are learnt one by one.

use std::borrow::Cow;
use std::collections::HashMap;

use zeroize::Zeroizing;

use super::encodings::{self, SHORTEST};
use crate::domain::secret::Secret;

/// What stands where a secret was.
pub const MASK: &str = "***";

/// What it knows. It has no `Debug`: it is made of secrets.
#[derive(Default)]
pub struct Redactor {
    /// Spellings by their first bytes.
    index: HashMap<u64, Alike>,
    /// Which first two bytes any of them has: most places of a text are passed over by one look here.
    starts: Vec<u64>,
    /// Secrets that are too short; they are taken out where they stand alone.
    short: Vec<Zeroizing<String>>,
}

/// Spellings that begin alike: tokens often do, by the thousand.
#[derive(Default)]
struct Alike {
    /// Their lengths, each once, the longest first: a spelling may be the beginning of another.
    lengths: Vec<usize>,
    /// Themselves, in order.
    spellings: Vec<Zeroizing<String>>,
}

impl Alike {
    /// Says whether it is new.
    fn add(&mut self, spelling: Zeroizing<String>) -> bool {
        let Err(place) = self.place(spelling.as_bytes()) else {
            return false;
        };
        if let Err(place) = self.lengths.binary_search_by(|length| spelling.len().cmp(length)) {
            self.lengths.insert(place, spelling.len());
        }
        self.spellings.insert(place, spelling);
        true
    }

    /// How long the longest spelling is that the bytes begin with.
    fn longest(&self, bytes: &[u8]) -> Option<usize> {
        let mut lengths = self.lengths.iter().copied();
        lengths.find(|length| bytes.get(..*length).is_some_and(|head| self.place(head).is_ok()))
    }

    fn place(&self, bytes: &[u8]) -> Result<usize, usize> {
        self.spellings
            .binary_search_by(|spelling| spelling.as_bytes().cmp(bytes))
    }
}

/// What a value was to the redactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// It is looked for from now on.
    New,
    /// It has been looked for before, or is nothing.
    Known,
    /// It is looked for only where it stands alone.
    Short,
}

impl Redactor {
    /// Learns a secret.
    pub fn learn(&mut self, secret: &Secret) -> Lesson {
        let value = secret.expose();
        if is_short(value) {
            let value = value.trim();
            if !value.is_empty() && !self.short.iter().any(|known| known.as_str() == value) {
                self.short.push(Zeroizing::new(value.to_owned()));
            }
            return if value.is_empty() { Lesson::Known } else { Lesson::Short };
        }
        if self.starts.is_empty() {
            self.starts = vec![0; 1 << 10];
        }
        let mut is_new = false;
        for spelling in encodings::of(value) {
            let bytes = spelling.as_bytes();
            let (word, bit) = start(bytes[0], bytes[1]);
            self.starts[word] |= bit;
            is_new |= self.index.entry(key(&bytes[..SHORTEST])).or_default().add(spelling);
        }
        if is_new { Lesson::New } else { Lesson::Known }
    }

    /// The text without secrets. Neighbours are taken out as one, as the runner does, so that their lengths don't show.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let ranges = self.find(text);
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for (from, to) in ranges {
            clean.push_str(&text[end..from]);
            clean.push_str(MASK);
            end = to;
        }
        clean.push_str(&text[end..]);
        Cow::Owned(clean)
    }

    /// Where secrets stand: in order, apart from each other, at character boundaries (a spelling is whole UTF-8).
    fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let bytes = text.as_bytes();
        let mut found: Vec<(usize, usize)> = Vec::new();
        if !self.index.is_empty() {
            for at in 0..bytes.len().saturating_sub(SHORTEST - 1) {
                let (word, bit) = start(bytes[at], bytes[at + 1]);
                if self.starts[word] & bit == 0 {
                    continue;
                }
                let Some(bucket) = self.index.get(&key(&bytes[at..at + SHORTEST])) else {
                    continue;
                };
                found.extend(bucket.longest(&bytes[at..]).map(|length| (at, at + length)));
            }
        }
        for short in &self.short {
            let places = text.match_indices(short.as_str());
            let alone = places
                .map(|(at, _)| (at, at + short.len()))
                .filter(|place| stands_alone(text, *place));
            found.extend(alone);
        }
        found.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(found.len());
        for (from, to) in found {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }
}

/// Would a name change if this secret were taken out of it?
pub fn would_change(name: &str, secret: &Secret) -> bool {
    let value = secret.expose();
    if !is_short(value) {
        return name.contains(value);
    }
    // Chance puts two letters into a marker soon.
    let mut places = name.match_indices(value.trim());
    places.any(|(at, found)| stands_alone(name, (at, at + found.len())))
}

/// Is it too short to be looked for within words?
pub fn is_short(value: &str) -> bool {
    value.trim().chars().count() < SHORTEST
}

/// Names and ids hold short words in their middle (`sd-1x2-admin`); a value that is quoted or told stands alone.
fn stands_alone(text: &str, (from, to): (usize, usize)) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/');
    !text[..from].chars().next_back().is_some_and(joins)
        && !text[to..].chars().next().is_some_and(|c| joins(c) && c != '.')
}

fn key(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn start(first: u8, second: u8) -> (usize, u64) {
    let pair = usize::from(first) << 8 | usize::from(second);
    (pair >> 6, 1 << (pair & 63))
}

#[cfg(test)]
mod tests;
