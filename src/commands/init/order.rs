//! What `init` is to write, from what, and where.

use std::path::PathBuf;

use super::super::context::Context;
use crate::adapters::small_file::{self, Workspace};
use crate::config;
use crate::domain::why::Why;
use crate::draft::Workflow;

/// The largest description. Those of large products have 10 MB.
pub(super) const DESCRIPTION_MAX: u64 = 64 << 20;
/// The default names of a configuration, of which there can be one.
pub(super) const DEFAULTS: [&str; 3] = ["standin.yml", "standin.yaml", "standin.json"];
/// How much of a file is looked at to see what it is.
const FRONT: usize = 64 * 1024;

/// What a configuration is written from.
pub(super) enum Source {
    Preset(String),
    Description(PathBuf),
    Curl(PathBuf),
}

/// What is written, and where.
pub(super) struct Order {
    pub(super) source: Source,
    pub(super) path: Option<String>,
    pub(super) out: PathBuf,
    pub(super) workflow: Option<Workflow>,
    /// May more be asked?
    pub(super) is_asked: bool,
}

impl Source {
    /// The preset or the file that a user names in one answer.
    pub(super) fn named(context: &Context, answer: &str) -> Result<Self, Why> {
        if config::preset_names().any(|name| name == answer) {
            return Ok(Self::Preset(answer.to_owned()));
        }
        let path = PathBuf::from(answer);
        if !small_file::exists(&path) {
            let hint = "`standin presets` lists the presets";
            return Err(Why::hinted("there is neither a file nor a preset of this name", hint));
        }
        let bytes = small_file::read(&path, &Workspace::of(context.host.workspace()), DESCRIPTION_MAX);
        let bytes = bytes.map_err(|error| Why::from(error.to_string()))?;
        let front = String::from_utf8_lossy(&bytes[..bytes.len().min(FRONT)]).into_owned();
        let begins = |line: &str| {
            line.trim_start()
                .trim_start_matches('$')
                .trim_start()
                .starts_with("curl ")
        };
        Ok(if front.lines().any(begins) {
            Self::Curl(path)
        } else {
            Self::Description(path)
        })
    }
}
