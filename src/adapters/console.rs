//! The one writer to the terminal and the log.
//!
//! Every line goes to standard error in one write, masks and commands of the runner included, so that their order is the
//! order in which they are read. Secrets are taken out of each, and it is made harmless; data goes to standard output.
//! That nobody reads (a closed pipe) must never end a cleanup: errors of the streams are ignored.

mod encodings;
mod fingerprints;
mod form;
mod group;
pub mod harmless;
mod hearing;
mod json;
mod live;
pub mod redactor;
mod text;
mod told;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing::dispatcher::{self, Dispatch};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

pub use fingerprints::Fingerprints;
pub use form::LogFormat;
pub use group::Group;
pub use hearing::ANSWER;

use super::clock::Clock;
use super::hosts::Host;
use crate::domain::level::Level;
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use encodings::SHORTEST;
use hearing::{Hearing, LogForm, NOTICE};
use live::Live;
use redactor::Lesson;
use writer::{Streams, Writer};

/// The runner looks for every mask, in a dozen spellings, in every line of every later step: more than this would slow the
/// whole job down.
const MASKS: usize = 1_000;

/// Under which what is said here goes to the layers.
const STORY: &str = "standin";

/// The console. Clones write to the same streams.
///
/// What is said to it is an event as any other of this program; a layer makes lines of them all.
#[derive(Clone)]
pub struct Console {
    writer: Arc<Writer>,
    events: Dispatch,
}

/// How lines look.
struct LineStyle {
    host: Arc<dyn Host>,
    format: LogFormat,
    is_verbose: bool,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is inside are secrets.
        f.write_str("Console")
    }
}

impl Console {
    /// The console of this process, on its standard streams.
    pub fn new(host: Arc<dyn Host>, format: LogFormat, is_verbose: bool, clock: Clock) -> Self {
        let is_live = format == LogFormat::Text && host.may_have_a_watcher() && io::stderr().is_terminal();
        let live = is_live.then(Live::new);
        let streams = Streams {
            log: Box::new(io::stderr()),
            data: Box::new(io::stdout()),
        };
        let style = LineStyle {
            host,
            format,
            is_verbose,
        };
        Self::on(streams, style, live, clock)
    }

    fn on(streams: Streams, style: LineStyle, live: Option<Live>, clock: Clock) -> Self {
        let writer = Arc::new(Writer::new(streams, style, live, clock));
        let is_verbose = writer.style.is_verbose;
        // Lines of text name what they are about themselves, but for a request's.
        let (form, shows_spans): (LogForm, bool) = match writer.style.format {
            LogFormat::Text => (text::line, is_verbose),
            LogFormat::Json => (json::line, true),
        };
        let hearing = Hearing {
            writer: writer.clone(),
            form,
        };
        let hearing = hearing.with_filter(hearing::ours(is_verbose, shows_spans));
        let events = Dispatch::new(registry().with(hearing));
        Self { writer, events }
    }

    /// Brings the events of the whole process here. It can be done once.
    pub fn hear_all(&self) {
        dispatcher::set_global_default(self.events.clone()).unwrap_or_default();
    }

    /// Are debug lines shown?
    pub fn is_verbose(&self) -> bool {
        self.writer.style.is_verbose
    }

    /// A line that only `verbose` shows.
    pub fn debug(&self, text: impl Into<Why>) {
        self.say(Level::Debug, None, text);
    }

    /// A line of the story.
    pub fn info(&self, text: impl Into<Why>) {
        self.say(Level::Info, None, text);
    }

    /// A notice; on GitHub an annotation.
    pub fn notice(&self, text: impl Into<Why>) {
        self.say(Level::Notice, None, text);
    }

    /// A warning; on GitHub an annotation.
    pub fn warning(&self, text: impl Into<Why>) {
        self.say(Level::Warning, None, text);
    }

    /// An error; on GitHub an annotation.
    pub fn error(&self, text: impl Into<Why>) {
        self.say(Level::Error, None, text);
    }

    /// A message of any level, with a title where an annotation has one.
    pub fn say(&self, level: Level, title: Option<&str>, text: impl Into<Why>) {
        let text = text.into();
        let hint = text.hint();
        dispatcher::with_default(&self.events, || match level {
            Level::Debug => tracing::debug!(target: STORY, title, hint, "{text}"),
            Level::Info => tracing::info!(target: STORY, title, hint, "{text}"),
            Level::Notice => tracing::info!(name: NOTICE, target: STORY, title, hint, "{text}"),
            Level::Warning => tracing::warn!(target: STORY, title, hint, "{text}"),
            Level::Error => tracing::error!(target: STORY, title, hint, "{text}"),
        });
    }

    /// Opens a group of lines, collapsed where the host can do that; it ends when the answer is dropped. Groups don't nest.
    #[must_use = "the group ends when this is dropped"]
    pub fn group(&self, title: &str) -> Group {
        let title = harmless::line(&self.redact(title));
        if self.writer.is_json() {
            self.info(&title);
        } else {
            let line = self.writer.style.host.group(&title, self.writer.seconds());
            self.writer.write(&mut self.writer.lock(), &line);
        }
        Group {
            console: self.clone(),
            title,
        }
    }

    /// Masks a secret: on GitHub the runner is told before anything else is printed, and from now on it is taken out of
    /// every line here and of what passes [`Console::redact`], in every usual spelling. One that is shorter than six
    /// characters is not told to the runner, which would mask it within every word, but warned of by its name, once, and
    /// taken out where it stands alone. The caller sees to it that ids, names and outputs don't hold the value.
    pub fn mask(&self, secret: &Secret) {
        let mut state = self.writer.lock();
        match state.redactor.learn(secret) {
            Lesson::Known => {}
            Lesson::New => {
                let values = maskable(secret.expose()).into_iter();
                let lines: Vec<String> = values.filter_map(|value| self.writer.style.host.mask(value)).collect();
                if lines.is_empty() {
                    return;
                }
                state.masks += 1;
                if state.masks <= MASKS {
                    for line in lines {
                        self.writer.write(&mut state, &line);
                    }
                } else if state.masks == MASKS + 1 {
                    drop(state);
                    let more = format!("there are more than {MASKS} secrets: the runner is told of the first {MASKS}");
                    let why = "since each slows every later line of the job down; the others are kept out of this step's own log alone";
                    self.warning(Why::hinted(format!("{more}, {why}"), "don't print them in later steps"));
                }
            }
            Lesson::Short => {
                let named = state.names_of_short.iter().find(|(known, _)| known == secret);
                let name = named.map_or("a secret that an answer gave", |(_, name)| name.as_str());
                let name = name.to_owned();
                if state.warned_of.contains(&name) {
                    return;
                }
                state.warned_of.push(name.clone());
                drop(state);
                self.warning(Why::hinted(
                    format!("{name} is shorter than 6 characters: it can't be masked in what others print"),
                    "use a longer one",
                ));
            }
        }
    }

    /// Says what a secret is called, for the warning that it is too short. The name is no secret.
    pub fn name(&self, secret: &Secret, name: &str) {
        let names = &mut self.writer.lock().names_of_short;
        if redactor::is_short(secret.expose()) && !names.iter().any(|(known, _)| known == secret) {
            names.push((secret.clone(), name.to_owned()));
        }
    }

    /// Keeps a word of the configuration out of what passes here, and tells the runner nothing of it. A short one would be
    /// taken out of other words.
    pub fn hide(&self, secret: &Secret) {
        if !redactor::is_short(secret.expose()) {
            self.writer.lock().redactor.learn(secret);
        }
    }

    /// Is the whole text a secret that was masked so far, in whatever spelling? A short one may be an id by chance.
    pub fn is_secret(&self, text: &str) -> bool {
        let is_made = || self.writer.lock().made.iter().any(|made| made.has(text));
        !redactor::is_short(text) && (self.redact(text) == redactor::MASK || is_made())
    }

    /// Has what another process made count as a secret from now on.
    pub fn recognise(&self, made: Fingerprints) {
        let known = &mut self.writer.lock().made;
        if !known.contains(&made) {
            known.push(made);
        }
    }

    /// The text without the secrets that were masked so far, for summaries, reports and errors.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.writer.lock().redactor.redact(text)
    }

    /// Data, to standard output, as it is: nothing is masked in it, since `credentials` prints passwords. It ends with a
    /// newline. In JSON `##[` is written with escapes; other text is made harmless where a runner reads it for commands.
    pub fn data(&self, document: &str) {
        let text = if serde_json::from_str::<serde::de::IgnoredAny>(document).is_ok() {
            harmless::json(document)
        } else if self.writer.style.host.reads_data() {
            document.lines().map(|line| harmless::uncut(line) + "\n").collect()
        } else {
            document.to_owned()
        };
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        self.writer
            .write_data(&mut self.writer.lock(), &format!("{text}{newline}"));
    }

    /// Why data could not be written, if so.
    pub fn data_lost(&self) -> Option<String> {
        self.writer.lock().data_lost.clone()
    }

    /// Are there live lines, since somebody watches a terminal?
    pub fn is_live(&self) -> bool {
        self.writer.live.is_some()
    }

    /// Shows these live lines in place of those that are shown; nothing where there is no terminal.
    pub fn progress(&self, lines: &[String]) {
        if let Some(live) = &self.writer.live {
            let clean = |line: &String| harmless::line(&self.redact(line));
            live.show(&lines.iter().map(clean).collect::<Vec<String>>());
        }
    }
}

/// What the runner is asked to mask. It masks every line of a value by itself, however short: a key that has a line `}`
/// would mask every `}` of the log. Such a value is told by its long lines.
fn maskable(value: &str) -> Vec<&str> {
    let long = |line: &&str| line.chars().count() >= SHORTEST;
    let lines: Vec<&str> = value
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.iter().all(long) {
        vec![value]
    } else {
        lines.into_iter().filter(long).collect()
    }
}

#[cfg(test)]
mod captured;
#[cfg(test)]
mod tests;
