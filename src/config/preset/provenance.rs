//! How much is known of a preset: who has seen what it says.

use std::fmt;

use crate::config::decode::{Decoder, Fields};
use crate::config::keys::preset_file as key;

/// What a preset is known by, the surest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// A whole life cycle worked on this system and version.
    RunOn(String),
    /// A whole life cycle worked on this emulator.
    RunOnEmulator(String),
    /// What it sends, and what it expects, was held against the vendor's own description of the API.
    Described,
    /// It was written from documents and sources.
    Documents,
}

impl Provenance {
    /// Has it ever run on more than a simulation of ours?
    pub fn is_tried(&self) -> bool {
        matches!(self, Self::RunOn(_) | Self::RunOnEmulator(_))
    }

    /// Reads the keys that say so, of which a file has one at most.
    pub(super) fn decode(decoder: &mut Decoder, fields: &mut Fields) -> Self {
        let tried = fields.read(decoder, key::TRIED, Decoder::text);
        let emulator = fields.read(decoder, key::EMULATOR, Decoder::text);
        let described = fields.read(decoder, key::DESCRIBED, Decoder::boolean);
        match (tried, emulator, described) {
            (Some(system), _, _) => Self::RunOn(system),
            (None, Some(emulator), _) => Self::RunOnEmulator(emulator),
            (None, None, Some(true)) => Self::Described,
            (None, None, Some(false) | None) => Self::Documents,
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunOn(system) => write!(f, "run on {system}"),
            Self::RunOnEmulator(emulator) => write!(f, "run on an emulator: {emulator}"),
            Self::Described => f.write_str("untried; held against the vendor's description"),
            Self::Documents => f.write_str("untried; written from documents"),
        }
    }
}
