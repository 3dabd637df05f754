//! The one writer to the terminal and the log.
//!
//! Every line goes to standard error in one write, masks and commands of the runner included, so that their order is the
//! order in which they are read. Secrets are taken out of each, and it is made harmless; data goes to standard output.
//! That nobody reads (a closed pipe) must never end a cleanup: errors of the streams are ignored.

mod encodings;
mod group;
pub mod harmless;
mod layer;
mod line;
pub mod redactor;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use group::Group;
pub use layer::ConsoleLayer;
use line::json_line;
pub use line::{Level, LogFormat};

use super::clock::Clock;
use super::hosts::Host;
use crate::domain::secret::Secret;
use encodings::SHORTEST;
use redactor::{Learnt, Redactor};

/// The runner looks for every mask, in a dozen spellings, in every line of every later step: more than this would slow the
/// whole job down.
const MASKS: usize = 1_000;

/// The console. Clones write to the same streams.
#[derive(Clone)]
pub struct Console {
    inner: Arc<Inner>,
}

/// How lines look.
struct Style {
    host: Arc<dyn Host>,
    format: LogFormat,
    is_verbose: bool,
}

struct Streams {
    log: Box<dyn Write + Send>,
    data: Box<dyn Write + Send>,
}

struct Inner {
    style: Style,
    live: Option<ProgressBar>,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    streams: Streams,
    redactor: Redactor,
    /// How many of each kind were made, by `Level`.
    annotations: [usize; 5],
    /// What short secrets are called, so that a warning can name them.
    names_of_short: Vec<(Secret, String)>,
    /// Which of them were warned of.
    warned_of: Vec<String>,
    data_lost: Option<String>,
    /// How many secrets the runner was told.
    masks: usize,
}

impl Inner {
    /// Since the epoch, as GitLab's sections want it.
    fn seconds(&self) -> u64 {
        self.clock.now().as_millis() / 1000
    }
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
        let live = is_live.then(live_line);
        let streams = Streams {
            log: Box::new(io::stderr()),
            data: Box::new(io::stdout()),
        };
        let style = Style {
            host,
            format,
            is_verbose,
        };
        Self::on(streams, style, live, clock)
    }

    fn on(streams: Streams, style: Style, live: Option<ProgressBar>, clock: Clock) -> Self {
        let state = State {
            streams,
            redactor: Redactor::default(),
            annotations: [0; 5],
            names_of_short: Vec::new(),
            warned_of: Vec::new(),
            data_lost: None,
            masks: 0,
        };
        Self {
            inner: Arc::new(Inner {
                style,
                live,
                clock,
                state: Mutex::new(state),
            }),
        }
    }

    /// Are debug lines shown?
    pub fn is_verbose(&self) -> bool {
        self.inner.style.is_verbose
    }

    /// A line that only `verbose` shows.
    pub fn debug(&self, text: &str) {
        self.say(Level::Debug, None, text);
    }

    /// A line of the story.
    pub fn info(&self, text: &str) {
        self.say(Level::Info, None, text);
    }

    /// A notice; on GitHub an annotation.
    pub fn notice(&self, text: &str) {
        self.say(Level::Notice, None, text);
    }

    /// A warning; on GitHub an annotation.
    pub fn warning(&self, text: &str) {
        self.say(Level::Warning, None, text);
    }

    /// An error; on GitHub an annotation.
    pub fn error(&self, text: &str) {
        self.say(Level::Error, None, text);
    }

    /// A message of any level, with a title where an annotation has one. A message of several lines is indented from the
    /// second on, so that foreign text in it can't pass for a line of ours.
    pub fn say(&self, level: Level, title: Option<&str>, text: &str) {
        self.tell(level, title, text, &[]);
    }

    /// As [`Console::say`], with the fields of an event.
    fn tell(&self, level: Level, title: Option<&str>, text: &str, fields: &[(String, String)]) {
        if level == Level::Debug && !self.inner.style.is_verbose {
            return;
        }
        let mut state = self.lock();
        let text = state.redactor.redact(text).into_owned();
        let title = title.map(|title| state.redactor.redact(title).into_owned());
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| (name.clone(), state.redactor.redact(value).into_owned()))
            .collect();
        let line = match self.inner.style.format {
            LogFormat::Json => json_line(self.inner.clock.now(), level, title, text, fields),
            LogFormat::Text => {
                let fields = fields.iter().map(|(name, value)| format!(" {name}={value}"));
                let text = harmless::lines(&(text + &fields.collect::<String>()));
                self.text_line(&mut state, level, title.as_deref(), text)
            }
        };
        self.write(&mut state, &line);
    }

    fn text_line(&self, state: &mut State, level: Level, title: Option<&str>, text: String) -> String {
        let title = title.map(harmless::line);
        if level != Level::Info {
            let before = state.annotations[level as usize];
            let host = &self.inner.style.host;
            if let Some(line) =
                host.annotation(level.name(), before, title.as_deref(), &harmless::bounded(text.clone()))
            {
                state.annotations[level as usize] += 1;
                return line;
            }
        }
        let title = title.map(|title| format!("{title}: ")).unwrap_or_default();
        match level {
            Level::Info => format!("{title}{text}\n"),
            Level::Debug | Level::Notice | Level::Warning | Level::Error => {
                format!("{}: {title}{text}\n", level.name())
            }
        }
    }

    /// Opens a group of lines, collapsed where the host can do that; it ends when the answer is dropped. Groups don't nest.
    #[must_use = "the group ends when this is dropped"]
    pub fn group(&self, title: &str) -> Group {
        let mut state = self.lock();
        let title = harmless::line(&state.redactor.redact(title));
        let line = match self.inner.style.format {
            LogFormat::Json => json_line(self.inner.clock.now(), Level::Info, None, title.clone(), Vec::new()),
            LogFormat::Text => self.inner.style.host.group(&title, self.inner.seconds()),
        };
        self.write(&mut state, &line);
        drop(state);
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
        let mut state = self.lock();
        match state.redactor.learn(secret) {
            Learnt::Known => {}
            Learnt::New => {
                let values = maskable(secret.expose()).into_iter();
                let lines: Vec<String> = values.filter_map(|value| self.inner.style.host.mask(value)).collect();
                if lines.is_empty() {
                    return;
                }
                state.masks += 1;
                if state.masks <= MASKS {
                    for line in lines {
                        self.write(&mut state, &line);
                    }
                } else if state.masks == MASKS + 1 {
                    drop(state);
                    self.warning(&format!(
                        "there are more than {MASKS} secrets: the runner is told of the first {MASKS}, since each slows every later line of the job down; the others are kept out of this step's own log alone\n\
                         hint: don't print them in later steps"
                    ));
                }
            }
            Learnt::Short => {
                let named = state.names_of_short.iter().find(|(known, _)| known == secret);
                let name = named.map_or("a secret that an answer gave", |(_, name)| name.as_str());
                let name = name.to_owned();
                if state.warned_of.contains(&name) {
                    return;
                }
                state.warned_of.push(name.clone());
                drop(state);
                self.warning(&format!(
                    "{name} is shorter than 6 characters: it can't be masked in what others print\n\
                     hint: use a longer one"
                ));
            }
        }
    }

    /// Says what a secret is called, for the warning that it is too short. The name is no secret.
    pub fn name(&self, secret: &Secret, name: &str) {
        let names = &mut self.lock().names_of_short;
        if redactor::is_short(secret.expose()) && !names.iter().any(|(known, _)| known == secret) {
            names.push((secret.clone(), name.to_owned()));
        }
    }

    /// Keeps a word of the configuration out of what passes here, and tells the runner nothing of it. A short one would be
    /// taken out of other words.
    pub fn hide(&self, secret: &Secret) {
        if !redactor::is_short(secret.expose()) {
            self.lock().redactor.learn(secret);
        }
    }

    /// Is the whole text a secret that was masked so far, in whatever spelling? A short one may be an id by chance.
    pub fn is_secret(&self, text: &str) -> bool {
        !redactor::is_short(text) && self.redact(text) == redactor::MASK
    }

    /// The text without the secrets that were masked so far, for summaries, reports and errors.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.lock().redactor.redact(text)
    }

    /// Data, to standard output, as it is: nothing is masked in it, since `credentials` prints passwords. It ends with a
    /// newline. In JSON `##[` is written with escapes; other text is made harmless where a runner reads it for commands.
    pub fn data(&self, document: &str) {
        let text = if serde_json::from_str::<serde::de::IgnoredAny>(document).is_ok() {
            harmless::json(document)
        } else if self.inner.style.host.reads_data() {
            document.lines().map(|line| harmless::uncut(line) + "\n").collect()
        } else {
            document.to_owned()
        };
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        let mut state = self.lock();
        let write = |data: &mut dyn Write| {
            data.write_all(format!("{text}{newline}").as_bytes())
                .and_then(|()| data.flush())
        };
        let written = self.aside(|| write(&mut state.streams.data));
        // Whoever closed the pipe has read enough.
        if let Some(error) = written.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            state.data_lost = Some(error.to_string());
        }
    }

    /// Why data could not be written, if so.
    pub fn data_lost(&self) -> Option<String> {
        self.lock().data_lost.clone()
    }

    /// Says on the live line what is being done; nothing where there is no terminal, and then nobody asks for the text.
    pub fn progress(&self, text: impl FnOnce() -> String) {
        let Some(live) = &self.inner.live else { return };
        let text = harmless::line(&self.redact(&text()));
        if live.is_finished() {
            live.reset();
        }
        live.set_message(text);
        live.enable_steady_tick(Duration::from_millis(100));
    }

    /// Takes the live line away.
    pub fn end_progress(&self) {
        if let Some(live) = &self.inner.live {
            live.disable_steady_tick();
            live.finish_and_clear();
        }
    }

    /// A layer that brings `tracing` events of this program here.
    pub fn layer(&self) -> ConsoleLayer {
        ConsoleLayer::new(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked here left a line unwritten at most.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One write of one whole line or more.
    fn write(&self, state: &mut State, line: &str) {
        let write = |log: &mut dyn Write| log.write_all(line.as_bytes()).and_then(|()| log.flush());
        // A log that can't be written is no reason to leave accounts behind.
        drop(self.aside(|| write(&mut state.streams.log)));
    }

    /// Writes with the live line out of the way.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.inner.live {
            Some(live) => live.suspend(write),
            None => write(),
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

fn live_line() -> ProgressBar {
    let live = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    live.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

#[cfg(test)]
mod captured;
#[cfg(test)]
mod tests;
