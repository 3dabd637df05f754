//! What is written: maps of keys in their order, each with what is said beside it. Comments are harmless, whatever they hold.

use std::fmt::Write as _;

use serde_json::Value;

use super::foreign::{is_invisible, shown_up_to};

/// What stands where only the user knows the value. Every command but `plan` refuses it.
pub const OPEN: &str = concat!("TO", "DO");

/// The longest comment behind a value; a longer one stands above it.
const BESIDE_MAX: usize = 100;
/// The longest line with a comment behind its value.
const WIDTH_MAX: usize = 150;
/// The longest line of a comment above a key.
const LINE_MAX: usize = 110;
/// The longest comment altogether.
const COMMENT_MAX: usize = 1_000;

/// A map, in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
enum Line {
    Entry {
        key: String,
        value: Item,
        notes: Vec<String>,
    },
    Comment(String),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Text(String),
    /// Numbers, truth values, null, and short lists of them.
    Plain(Value),
    Map(Block),
    List(Vec<Self>),
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> Item {
    Item::Text(text.into())
}

/// What only the user knows.
pub(super) fn open() -> Item {
    text(OPEN)
}

/// A value of the document: a literal, never a template.
pub(super) fn literal(value: &Value) -> Item {
    match value {
        Value::String(written) => text(written.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Item::Plain(value.clone())
        }
    }
}

impl Block {
    /// Adds a key. A key that is there keeps its place, and has the new value.
    pub(super) fn put(&mut self, key: &str, value: impl Into<Item>) -> &mut Self {
        let value = value.into();
        let found = self.lines.iter_mut().find_map(|line| match line {
            Line::Entry { key: known, value, .. } if known == key => Some(value),
            Line::Entry { .. } | Line::Comment(_) => None,
        });
        match found {
            Some(present) => *present = value,
            None => self.lines.push(Line::Entry {
                key: key.to_owned(),
                value,
                notes: Vec::new(),
            }),
        }
        self
    }

    /// Says something of the key that was added last.
    pub(super) fn note(&mut self, note: impl Into<String>) -> &mut Self {
        if let Some(Line::Entry { notes, .. }) = self.lines.last_mut() {
            notes.push(note.into());
        }
        self
    }

    /// The same, where there is something to say.
    pub(super) fn note_if(&mut self, note: Option<String>) -> &mut Self {
        if let Some(note) = note {
            self.note(note);
        }
        self
    }

    /// Adds a comment of its own.
    pub(super) fn comment(&mut self, comment: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Comment(comment.into()));
        self
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        self.lines.iter().find_map(|line| match line {
            Line::Entry { key: known, value, .. } if known == key => Some(value),
            Line::Entry { .. } | Line::Comment(_) => None,
        })
    }

    /// Has it no key?
    pub(super) fn is_empty(&self) -> bool {
        !self.lines.iter().any(|line| matches!(line, Line::Entry { .. }))
    }

    /// How many of its values, at any depth, are open.
    pub(super) fn open(&self) -> usize {
        let of_line = |line: &Line| match line {
            Line::Entry { value, .. } => value.open(),
            Line::Comment(_) => 0,
        };
        self.lines.iter().map(of_line).sum()
    }

    /// The document that it is.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        for line in &self.lines {
            match line {
                Line::Comment(comment) => above(out, depth, comment),
                Line::Entry { key, value, notes } => {
                    let width = 2 * depth + key.len() + value.inline().map_or(0, |value| value.chars().count());
                    let has_room = |note: &String| {
                        let length = note.chars().count();
                        length <= BESIDE_MAX && width + length <= WIDTH_MAX
                    };
                    let short = notes.iter().rposition(has_room);
                    for (_, note) in notes.iter().enumerate().filter(|(at, _)| Some(*at) != short) {
                        above(out, depth, note);
                    }
                    let key = scalar(key);
                    let beside = short
                        .map(|at| format!(" # {}", shown_up_to(&notes[at], BESIDE_MAX)))
                        .unwrap_or_default();
                    let indent = "  ".repeat(depth);
                    if let Some(value) = value.inline() {
                        put(out, &format!("{indent}{key}: {value}{beside}"));
                    } else {
                        put(out, &format!("{indent}{key}:{beside}"));
                        value.write(out, depth + 1);
                    }
                }
            }
        }
    }
}

impl From<Block> for Item {
    fn from(block: Block) -> Self {
        Self::Map(block)
    }
}

impl From<String> for Item {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Item {
    fn from(value: &str) -> Self {
        text(value)
    }
}

impl Item {
    fn open(&self) -> usize {
        match self {
            Self::Text(text) => usize::from(has_open(text)),
            Self::Plain(_) => 0,
            Self::Map(block) => block.open(),
            Self::List(items) => items.iter().map(Self::open).sum(),
        }
    }

    /// As it stands behind its key, if it has room there.
    fn inline(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(scalar(text)),
            Self::Plain(value) => Some(value.to_string()),
            Self::Map(block) if block.is_empty() => Some("{}".to_owned()),
            Self::List(items) if items.iter().all(|item| !matches!(item, Self::Map(_) | Self::List(_))) => {
                let items: Vec<String> = items.iter().filter_map(Self::inline).collect();
                Some(format!("[{}]", items.join(", ")))
            }
            Self::Map(_) | Self::List(_) => None,
        }
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Map(block) => block.write(out, depth),
            Self::List(items) => {
                for item in items {
                    let mut inner = String::new();
                    match item.inline() {
                        Some(inline) => put(&mut inner, &format!("{}{inline}", "  ".repeat(depth + 1))),
                        None => item.write(&mut inner, depth + 1),
                    }
                    out.push_str(&dashed(&inner, depth));
                }
            }
            Self::Text(_) | Self::Plain(_) => {}
        }
    }
}

/// An item of a list: its first line that is no comment begins with a dash, and what stands before that line is moved out.
fn dashed(inner: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let mut is_first = true;
    let mut out = String::new();
    for line in inner.lines() {
        let rest = line.strip_prefix(&indent).unwrap_or(line);
        if is_first && rest.trim_start().starts_with('#') {
            put(&mut out, &format!("{indent}{}", rest.trim_start()));
        } else if is_first {
            is_first = false;
            put(&mut out, &format!("{indent}- {}", rest.trim_start()));
        } else {
            put(&mut out, line);
        }
    }
    out
}

/// Does a text have what only the user knows, as a word?
fn has_open(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == OPEN)
}

/// Comment lines above a key.
fn above(out: &mut String, depth: usize, comment: &str) {
    let indent = "  ".repeat(depth);
    let mut line = String::new();
    for word in shown_up_to(comment, COMMENT_MAX).split(' ') {
        if !line.is_empty() && line.chars().count() + word.chars().count() >= LINE_MAX {
            put(out, &format!("{indent}# {line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    put(out, &format!("{indent}# {line}"));
}

fn put(out: &mut String, line: &str) {
    // Writing to a string can't fail.
    writeln!(out, "{line}").unwrap_or_default();
}

/// A text as YAML: plain where nothing in it can be taken for anything else, else in double quotes (YAML 1.2.2, section 7.3.1).
fn scalar(text: &str) -> String {
    let is_plain_char = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_plain_char);
    let is_special = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ]
    .contains(&text.to_ascii_lowercase().as_str());
    // A request reads better without quotes: `GET /users`.
    let is_request = text.split_once(' ').is_some_and(|(method, path)| {
        ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method)
            && path.starts_with('/')
            && path.chars().all(is_plain_char)
    });
    if (is_word && !is_special) || is_request {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}') => {
                // Writing to a string can't fail.
                write!(quoted, "\\U{:08X}", u32::from(c)).unwrap_or_default();
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::reader;
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let mut inner = Block::default();
        inner
            .put("request", "GET /users/{{ id }}")
            .note("read in \u{85}the\ndocument: evil: key");
        inner
            .put("strange \"key\"\n", "a\\b\u{7}\u{2028}\u{feff}\t'")
            .put("true", "yes")
            .put("number", "12");
        let mut item = Block::default();
        item.comment("first\nsecond: x")
            .put("name", "x")
            .note("word ".repeat(60));
        item.put("nested", inner);
        let mut root = Block::default();
        root.put("services", Item::List(vec![item.into()]));
        root.put("expect", Item::List(vec![Item::Plain(json!(200)), text("a b")]))
            .put("empty", Block::default());
        root.put("open", open())
            .put("maybe", format!("status == 422 and body.{OPEN}"));
        let written = root.written();
        let read = reader::read(&written).unwrap();
        assert_eq!(
            read,
            json!({
                "services": [{"name": "x", "nested": {"request": "GET /users/{{ id }}", "strange \"key\"\n": "a\\b\u{7}\u{2028}\u{feff}\t'", "true": "yes", "number": "12"}}],
                "expect": [200, "a b"],
                "empty": {},
                "open": OPEN,
                "maybe": format!("status == 422 and body.{OPEN}"),
            }),
            "{written}"
        );
        assert_eq!(root.open(), 2);
        assert!(written.lines().all(|line| line.chars().count() < 150), "{written}");
    }
}
