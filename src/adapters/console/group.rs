//! A group of lines, which the host can fold.

use super::Console;

/// A group of lines; it ends when this is dropped.
#[derive(Debug)]
pub struct Group {
    pub(super) console: Console,
    pub(super) title: String,
}

impl Drop for Group {
    fn drop(&mut self) {
        let writer = &self.console.writer;
        if writer.is_json() {
            return;
        }
        if let Some(line) = writer.style.host.group_end(&self.title, writer.seconds()) {
            writer.write(&mut writer.lock(), &line);
        }
    }
}
