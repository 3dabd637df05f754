//! What setup puts aside for cleanup: post must not depend on the workspace, nor believe what later steps changed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::load::{Document, Folder};
use super::tls::KeptFiles;
use crate::adapters::console::Fingerprints;
use crate::settings::Sealed;

/// The version of [`SealedCopy`].
pub(super) const VERSION: u32 = 1;

/// The configuration and the settings of a setup.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedCopy {
    /// [`VERSION`].
    pub(super) version: u32,
    /// What messages call the configuration.
    pub(super) name: String,
    /// Its text. It may hold literal secrets, which is why the file is 0600.
    pub(super) text: String,
    /// Names and texts of those that are merged over it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) more: Vec<(String, String)>,
    /// Where the credentials are, if not beside the journal.
    #[serde(default)]
    pub(super) credentials_file: Option<PathBuf>,
    /// The certificates and keys that it names.
    #[serde(default)]
    pub(super) files: KeptFiles,
    /// What cleanup recognises the passwords by that chance made.
    #[serde(default)]
    pub(super) made: Fingerprints,
    /// The settings.
    pub(super) settings: Sealed,
}

impl SealedCopy {
    /// The configuration.
    pub(super) fn document(&self) -> Document {
        Document {
            name: self.name.clone(),
            text: self.text.clone(),
            more: self.more.clone(),
            directory: Folder::default(),
            may_have_todos: true,
        }
    }
}
