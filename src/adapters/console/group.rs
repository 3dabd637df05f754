//! A group of lines, which the host can fold.

use super::{Console, LogFormat};

/// A group of lines; it ends when this is dropped.
#[derive(Debug)]
pub struct Group {
    pub(super) console: Console,
    pub(super) title: String,
}

impl Drop for Group {
    fn drop(&mut self) {
        let inner = &self.console.inner;
        if inner.style.format == LogFormat::Json {
            return;
        }
        if let Some(line) = inner.style.host.group_end(&self.title, inner.seconds()) {
            self.console.write(&mut self.console.lock(), &line);
        }
    }
}
