//! The texts that a configuration is made of, and places in them.
//!
//! A line that is shown shows its keys alone: what a value is may be a secret, and the file one that nobody meant.

use std::fmt;

use super::diagnostic::{Diagnostic, Excerpt, Position};
use super::excerpt::{self, Outline};

/// What stands for values in a line that is shown.
const VALUE: &str = "...";
/// How much of a line is looked at before and behind a place, in bytes.
const WINDOW: usize = 2_000;
/// The longest piece of a line that is shown, in characters.
const WIDTH: usize = 120;

/// The number of the convention's source, which is added right after the document.
pub(super) const CONVENTION_SOURCE: usize = 1;

/// A range of bytes in one of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) source: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The document and what it is merged over.
#[derive(Clone)]
pub(super) struct Sources {
    list: Vec<Source>,
}

#[derive(Clone)]
struct Source {
    name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Where its keys and values are; none of what could not be parsed.
    outline: Option<Outline>,
    /// Did the user write it?
    is_document: bool,
}

impl Sources {
    pub(super) fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds a source and gives its number.
    pub(super) fn add(&mut self, name: &str, text: &str) -> usize {
        // A byte order mark is no part of the document, and the parser doesn't count it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        self.list.push(Source {
            name: name.to_owned(),
            lines: std::iter::once(0).chain(after_breaks).collect(),
            text,
            outline: None,
            is_document: false,
        });
        self.list.len() - 1
    }

    /// Adds a source that the user wrote and gives its number.
    pub(super) fn add_document(&mut self, name: &str, text: &str) -> usize {
        let source = self.add(name, text);
        self.list[source].is_document = true;
        source
    }

    pub(super) fn name(&self, source: usize) -> &str {
        &self.list[source].name
    }

    pub(super) fn text(&self, source: usize) -> &str {
        &self.list[source].text
    }

    /// The text of a span; empty where the span is not one of the text's.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.list[span.source]
            .text
            .get(span.start..span.end)
            .unwrap_or_default()
    }

    /// Where a name stands in the text of a span, behind the first `{{` if there is one; the span itself where it is written in another way.
    pub(super) fn within(&self, span: Span, name: &str) -> Span {
        let text = self.slice(span);
        let from = text.find("{{").unwrap_or_default();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let found = text[from..].match_indices(name).map(|(at, _)| from + at).find(|at| {
            let before = text[..*at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
        });
        found.map_or(span, |at| Span {
            start: span.start + at,
            end: span.start + at + name.len(),
            ..span
        })
    }

    /// Notes where keys and values stand.
    pub(super) fn outline(&mut self, source: usize, outline: Outline) {
        self.list[source].outline = Some(outline);
    }

    pub(super) fn place(&self, span: Span) -> Position {
        let source = &self.list[span.source];
        let before = source.before(span.start);
        let line = source.line_of(before.len());
        Position {
            source: source.name.clone(),
            line: line + 1,
            column: before[source.lines[line]..].chars().count() + 1,
        }
    }

    /// The offset of a place that is given as line and column, both from 1.
    pub(super) fn offset(&self, source: usize, line: u64, column: u64) -> usize {
        let source = &self.list[source];
        let index = |number: u64| usize::try_from(number).unwrap_or_default().saturating_sub(1);
        let Some(start) = source.lines.get(index(line)) else {
            return source.text.len();
        };
        let rest = &source.text[*start..];
        rest.char_indices()
            .nth(index(column))
            .map_or(source.text.len(), |(at, _)| start + at)
    }

    pub(super) fn diagnostic(&self, span: Span, message: impl Into<String>, hint: Option<String>) -> Diagnostic {
        Diagnostic {
            place: self.place(span),
            message: message.into().chars().map(harmless).collect(),
            hint: hint.map(|hint| hint.chars().map(harmless).collect()),
            excerpt: Some(self.list[span.source].excerpt(span)),
        }
    }
}

impl fmt::Debug for Sources {
    // The texts may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list.iter().map(|source| &source.name))
            .finish()
    }
}

impl Source {
    /// The text before an offset, which may lie outside of it.
    fn before(&self, offset: usize) -> &str {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[..end]
    }

    /// The number of the line of an offset, from 0.
    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset) - 1
    }

    /// The line of a span with its keys alone, cut to a readable width, and where the span lies in it.
    fn excerpt(&self, span: Span) -> Excerpt {
        let start = self.before(span.start).len();
        let line_start = self.lines[self.line_of(start)];
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        // A line may be as long as the document, and there are many mistakes: what is far from this one is not looked at.
        let at = start - line_start;
        let first = line.floor_char_boundary(at.saturating_sub(WINDOW));
        let line = &line[first..line.floor_char_boundary(at.saturating_add(WINDOW))];
        let line_start = line_start + first;
        let indent = line.len() - line.trim_start().len();
        // A preset is no secret, and nobody's who reads it here.
        let guessed = (self.is_document && self.outline.is_none()).then(|| excerpt::by_look(line));
        let may_show = |c: char, at: usize| {
            at < indent
                || match (&guessed, &self.outline) {
                    (Some(guessed), _) => guessed[at],
                    (None, Some(outline)) if self.is_document => outline.shows(c, line_start + at),
                    (None, _) => true,
                }
        };
        let mut shown: Vec<char> = Vec::new();
        let (mut caret, mut caret_end) = (None, 0);
        // Where the dots begin that stand for the value which is being passed by.
        let mut value: Option<usize> = None;
        for (at, c) in line.char_indices() {
            let from = if may_show(c, at) {
                value = None;
                shown.push(harmless(c));
                shown.len() - 1
            } else {
                *value.get_or_insert_with(|| {
                    shown.extend(VALUE.chars());
                    shown.len() - VALUE.len()
                })
            };
            if line_start + at >= start && caret.is_none() {
                caret = Some(from);
            }
            if line_start + at < span.end {
                caret_end = shown.len();
            }
        }
        let caret = caret.unwrap_or(shown.len());
        let from = if shown.len() > WIDTH {
            caret.saturating_sub(WIDTH / 3)
        } else {
            0
        };
        let to = shown.len().min(from + WIDTH);
        let shown: String = shown[from..to].iter().collect();
        Excerpt {
            line: shown.trim_end().to_owned(),
            caret: caret - from,
            width: caret_end.min(to).saturating_sub(caret).max(1),
        }
    }
}

/// Foreign text as it may stand in a log: no control characters, no marks that turn the direction of writing.
fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    match c {
        '\t' => ' ',
        _ if c.is_control() || turns => '\u{fffd}',
        _ => c,
    }
}
