//! What a declaration of keys is made of: a key, the kind of its value, and a block, which is a map with keys of its own.

use serde_json::Value;

/// JSON that is the same whenever it is made.
pub(in crate::config) type Json = fn() -> Value;

/// One key of a block.
#[derive(Clone, Copy)]
pub(in crate::config) struct Key {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) kind: Kind,
    /// What it is for, for people: whole sentences.
    pub(in crate::config) meaning: &'static str,
    /// A list of values that it may have, as JSON.
    pub(in crate::config) examples: Json,
    /// What holds without it, if a value can say that.
    pub(in crate::config) default: Option<Json>,
}

/// What the value of a key is. Null is ignored, wherever a key is optional.
#[derive(Clone, Copy)]
pub(in crate::config) enum Kind {
    /// Text with templates.
    Text,
    /// One of them, or a list.
    TextList,
    /// A map of them, with names of the user's own.
    Texts,
    /// A bare expression.
    Expression,
    /// A map of them, with names of the user's own.
    Expressions,
    /// A duration or an expression that gives seconds.
    Expiry,
    /// Method and path of a request.
    Target,
    /// Status codes, or an expression over an answer.
    Condition,
    /// Any JSON.
    Json,
    /// A map of anything, with names of the user's own.
    Anything,
    Boolean,
    Duration,
    /// A whole number from the one to the other.
    Number(u32, u32),
    /// A whole number from 1 to this one, or a template that gives it.
    Count(u32),
    /// Text that a regular expression describes.
    Pattern(&'static str),
    /// The name of something in this document: what a regular expression describes.
    Name(&'static str),
    /// Names of services.
    Names,
    /// One of these words.
    Words(&'static [&'static str]),
    /// The name of something that the program knows.
    Known,
    /// A map.
    Block(&'static Block),
    /// A list of maps: one at least, and this many at most.
    Blocks(&'static Block, Option<u32>),
    /// One map, or a list of at least so many.
    Chain(&'static Block, u32),
    /// One of these words, or a map with at least so many keys.
    Either(&'static [&'static str], &'static Block, u32),
}

impl Kind {
    /// The keys of which a map of this kind has one.
    pub(in crate::config) fn choice(self) -> &'static [Key] {
        if let Self::Either(_, block, _) = self {
            block.choice
        } else {
            &[]
        }
    }
}

/// A map whose keys are declared.
pub(in crate::config) struct Block {
    /// What the schema calls it.
    pub(in crate::config) name: &'static str,
    /// What the reference calls it.
    pub(in crate::config) title: &'static str,
    pub(in crate::config) about: &'static str,
    /// Keys that have to be given, whatever the block is merged over.
    pub(in crate::config) needed: &'static [Key],
    /// Own keys of which one excludes the others.
    pub(in crate::config) choice: &'static [Key],
    /// The block whose keys it has as well.
    pub(in crate::config) base: Option<&'static Self>,
    /// Keys of the base that make no sense here.
    pub(in crate::config) lacks: &'static [Key],
    /// Examples that fit better here than the base's own.
    pub(in crate::config) better: &'static [(Key, Json)],
    /// Its own keys.
    pub(in crate::config) own: &'static [Key],
}

impl Block {
    /// All of its keys, those of its base first.
    pub(in crate::config) fn keys(&self) -> impl Iterator<Item = Key> {
        let base = self.base.into_iter().flat_map(|base| base.own);
        let base = base.filter(|key| self.lacks.iter().all(|lacking| lacking.name != key.name));
        let shared = base.map(|key| {
            let better = self.better.iter().find(|(better, _)| better.name == key.name);
            Key {
                examples: better.map_or(key.examples, |(_, examples)| *examples),
                ..*key
            }
        });
        shared.chain(self.own.iter().copied())
    }

    /// Is it a request, which a text may be short for?
    pub(in crate::config) fn is_request(&self) -> bool {
        self.has("request")
    }

    pub(in crate::config) fn has(&self, name: &str) -> bool {
        self.keys().any(|key| key.name == name)
    }
}

impl Key {
    /// The bounds of a number.
    pub(in crate::config) fn bounds(self) -> std::ops::RangeInclusive<u32> {
        if let Kind::Number(from, to) = self.kind {
            from..=to
        } else if let Kind::Count(to) = self.kind {
            1..=to
        } else {
            0..=u32::MAX
        }
    }
}

/// Declares a block as a module: a constant for each key, and `BLOCK`. A row is
///
/// ```text
/// /// What it means.
/// NAME = "name": Kind, [examples], default value;
/// ```
macro_rules! block {
    (
        $(#[doc = $about:literal])+
        $block:ident, $title:literal
            $(needs [$($needed:ident),+])?
            $(one of [$($choice:ident),+])?
            $(extends $base:ident { $($better:ident: $shown:tt),+ $(,)? })? $(without [$($lacks:ident),+])?;
        $(
            $(#[doc = $meaning:literal])+
            $key:ident = $name:literal: $kind:expr, $examples:tt $(, default $default:tt)?;
        )*
    ) => {
        $(#[doc = $about])+
        pub(in crate::config) mod $block {
            use super::*;
            $(
                $(#[doc = $meaning])+
                pub(in crate::config) const $key: Key = Key {
                    name: $name,
                    kind: $kind,
                    meaning: concat!($($meaning),+).trim_ascii_start(),
                    examples: || json!($examples),
                    default: block!(@default $($default)?),
                };
            )*
            pub(in crate::config) static BLOCK: Block = Block {
                name: stringify!($block),
                title: $title,
                about: concat!($($about),+).trim_ascii_start(),
                needed: &[$($($needed),+)?],
                choice: &[$($($choice),+)?],
                base: block!(@base $($base)?),
                lacks: &[$($(request::$lacks),+)?],
                better: &[$($(($base::$better, || json!($shown))),+)?],
                own: &[$($key),*],
            };
        }
    };
    (@default) => { None };
    (@default $default:tt) => { Some(|| json!($default)) };
    (@base) => { None };
    (@base $base:ident) => { Some(&$base::BLOCK) };
}

pub(super) use block;
