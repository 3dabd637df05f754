//! A group of lines, which the host can fold.

use super::{Console, LogFormat, workflow};
use crate::adapters::hosts::{Host, gitlab};

/// A group of lines; it ends when this is dropped.
#[derive(Debug)]
pub struct Group {
    pub(super) console: Console,
    pub(super) title: String,
}

impl Drop for Group {
    fn drop(&mut self) {
        let inner = &self.console.inner;
        let line = match (inner.style.format, inner.style.host) {
            (LogFormat::Text, Host::GitHub) => workflow::command("endgroup", None, ""),
            (LogFormat::Text, Host::GitLab) => gitlab::section_end(&self.title, inner.seconds()),
            (LogFormat::Json, _)
            | (_, Host::Jenkins | Host::Azure | Host::CircleCi | Host::Buildkite | Host::Plain) => return,
        };
        self.console.write(&mut self.console.lock(), &line);
    }
}
