//! A console whose streams a test can read.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{Console, LineStyle, LogFormat, Streams};
use crate::adapters::clock::Clock;
use crate::adapters::hosts;

/// What was written, one item a write.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream(Arc<Mutex<Vec<String>>>);

impl Stream {
    pub(super) fn writes(&self) -> Vec<String> {
        self.0.lock().expect("no test panicked while writing").clone()
    }

    pub(super) fn text(&self) -> String {
        self.writes().concat()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).expect("a write is whole characters");
        self.0.lock().expect("no test panicked while writing").push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tells hosts apart.
pub(super) type Variables = &'static [(&'static str, &'static str)];
pub(super) const GITHUB: Variables = &[("GITHUB_ACTIONS", "true")];
pub(super) const GITLAB: Variables = &[("GITLAB_CI", "true")];
pub(super) const JENKINS: Variables = &[("JENKINS_URL", "http://j")];
pub(super) const AZURE: Variables = &[("TF_BUILD", "True")];
pub(super) const PLAIN: Variables = &[];

/// How the log of a host looks.
pub(super) fn style(variables: Variables, format: LogFormat, is_verbose: bool) -> LineStyle {
    LineStyle {
        host: hosts::detect(&variables.iter().copied().collect()).host,
        format,
        is_verbose,
    }
}

/// A console without a terminal, its log and its data.
pub(super) fn console(host: Variables, format: LogFormat, is_verbose: bool) -> (Console, Stream, Stream) {
    let (log, data) = (Stream::default(), Stream::default());
    let streams = Streams {
        log: Box::new(log.clone()),
        data: Box::new(data.clone()),
    };
    let style = style(host, format, is_verbose);
    (Console::on(streams, style, None, Clock::start()), log, data)
}
