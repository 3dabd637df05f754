//! A console whose streams a test can read.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{Console, LogFormat, Streams, Style};
use crate::adapters::clock::Clock;
use crate::adapters::hosts::Host;

/// What was written, one item a write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream(Arc<Mutex<Vec<String>>>);

impl Stream {
    pub(crate) fn writes(&self) -> Vec<String> {
        self.0.lock().expect("no test panicked while writing").clone()
    }

    pub(crate) fn text(&self) -> String {
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

/// A console without a terminal, its log and its data.
pub(crate) fn console(host: Host, format: LogFormat, is_verbose: bool) -> (Console, Stream, Stream) {
    let (log, data) = (Stream::default(), Stream::default());
    let streams = Streams {
        log: Box::new(log.clone()),
        data: Box::new(data.clone()),
    };
    let style = Style {
        host,
        format,
        is_verbose,
        shows_debug: false,
    };
    (Console::on(streams, style, None, Clock::start()), log, data)
}
