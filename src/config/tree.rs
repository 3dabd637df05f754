//! The document as a tree in which everything knows its place.
//!
//! Text in, tree out; what the keys mean is none of its business.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, RenderOptions, SnippetMode, Spanned, UserMessageFormatter};

use super::diagnostic::{Diagnostic, SHOWN_LIMIT};
use super::excerpt::Outline;
use super::keys::Key;
use super::source::{Sources, Span};

/// The largest document, in bytes.
pub(super) const SIZE_LIMIT: usize = 1024 * 1024;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: Content,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    /// The number, and how it was written.
    Number(serde_json::Number, String),
    String(String),
    List(Vec<Node>),
    Map(Vec<Pair>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub(super) fn get(&self, key: Key) -> Option<&Self> {
        self.as_map()?
            .iter()
            .find(|entry| entry.key == key.name)
            .map(|entry| &entry.value)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Self> {
        let Content::Map(entries) = &mut self.kind else {
            return None;
        };
        let entry = entries.iter_mut().find(|entry| entry.key == key.name);
        entry.map(|entry| &mut entry.value)
    }

    pub(super) fn as_map(&self) -> Option<&[Pair]> {
        if let Content::Map(entries) = &self.kind {
            Some(entries)
        } else {
            None
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        if let Content::List(items) = &self.kind {
            Some(items)
        } else {
            None
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Content::String(text) = &self.kind {
            Some(text)
        } else {
            None
        }
    }

    /// What it is, with its article, for messages.
    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(..) => "a number",
            Content::String(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

/// Parses a source. Duplicate keys are told with both places, and the first one is kept.
pub(super) fn parse(sources: &mut Sources, source: usize) -> (Option<Node>, Vec<Diagnostic>) {
    let text = sources.text(source).to_owned();
    let whole = Span {
        source,
        start: 0,
        end: 0,
    };
    if text.len() > SIZE_LIMIT {
        let error = sources.diagnostic(whole, "the document is larger than 1 MiB", None);
        return (None, vec![error]);
    }
    if text.trim().is_empty() {
        return (
            None,
            vec![sources.diagnostic(
                whole,
                "the document is empty",
                Some("begin with `services:`; `standin demo` shows a whole configuration".to_owned()),
            )],
        );
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 64,
            flow_nesting_limit: 64,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 1,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Merge,
        // `yes`, `010` and `1_000` are text: each is something else to another reader.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&text, options) {
        Ok(raw) => {
            let outline = outline(sources, source, &raw);
            sources.outline(source, outline);
            let mut builder = Builder {
                sources,
                source,
                diagnostics: Vec::new(),
            };
            let node = builder.node(raw);
            (Some(node), builder.diagnostics)
        }
        Err(error) => {
            let span = error
                .location()
                .map_or(whole, |location| span_of(sources, source, location));
            let message = syntax_message(&error);
            // Brackets of an expression are the usual cause inside of YAML's own.
            let hint = message
                .contains("while parsing a flow")
                .then(|| "quote an expression with a bracket, a comma or a `: ` inside `{ }` or `[ ]`".to_owned());
            let diagnostic = sources.diagnostic(span, message, hint);
            (None, vec![diagnostic])
        }
    }
}

/// Where the keys and the values are. Of two equal keys both are seen here.
fn outline(sources: &Sources, source: usize, raw: &Spanned<Raw>) -> Outline {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let mut waiting = vec![(raw, false)];
    while let Some((raw, is_key)) = waiting.pop() {
        match &raw.value {
            Raw::List(items) => waiting.extend(items.iter().map(|item| (item, false))),
            Raw::Map(pairs) => {
                for (key, value) in pairs {
                    waiting.extend([(key, true), (value, false)]);
                }
            }
            Raw::Null | Raw::Bool(_) | Raw::Number(_) | Raw::String(_) => {
                let span = span_of(sources, source, raw.defined);
                let side = if is_key { &mut keys } else { &mut values };
                side.push(span.start..span.end);
            }
        }
    }
    Outline::new(keys, values)
}

/// The parser's own message without its place, which is told in front.
fn syntax_message(error: &serde_saphyr::Error) -> String {
    let formatter = UserMessageFormatter;
    let mut options = RenderOptions::new(&formatter);
    options.snippets = SnippetMode::Off;
    let message = error.without_snippet().render_with_options(options);
    let first = message.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first);
    if first.contains("Documents {") {
        return "there is a second document; a configuration is a single one".to_owned();
    }
    if first.starts_with("YAML document too large") {
        return "the document is too large or nested too deep, its aliases included".to_owned();
    }
    format!("not valid YAML or JSON: {first}")
}

fn span_of(sources: &Sources, source: usize, location: Location) -> Span {
    let span = location.span();
    let number = |offset: u64| usize::try_from(offset).unwrap_or_default();
    // Errors of the scanner have a line and a column alone.
    let start = span
        .byte_offset()
        .map_or_else(|| sources.offset(source, location.line(), location.column()), number);
    Span {
        source,
        start,
        end: start.saturating_add(span.byte_len().map_or(0, number)),
    }
}

struct Builder<'s> {
    sources: &'s Sources,
    source: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let span = span_of(self.sources, self.source, raw.defined);
        let written = || self.sources.slice(span).trim().to_owned();
        let kind = match raw.value {
            Raw::Null => Content::Null,
            Raw::Bool(value) => Content::Bool(value),
            Raw::Number(number) => Content::Number(number, written()),
            Raw::String(text) => Content::String(text),
            Raw::List(items) => Content::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(pairs) => Content::Map(self.entries(pairs)),
        };
        Node { span, kind }
    }

    fn entries(&mut self, pairs: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<Pair> {
        let mut entries: Vec<Pair> = Vec::with_capacity(pairs.len());
        let mut places: HashMap<String, Span> = HashMap::with_capacity(pairs.len());
        for (key, value) in pairs {
            let key = self.node(key);
            let name = match key.kind {
                Content::String(text) => text,
                Content::Bool(_) | Content::Number(..) | Content::Null => {
                    self.sources.slice(key.span).trim().to_owned()
                }
                Content::List(_) | Content::Map(_) => {
                    self.diagnostics.push(self.sources.diagnostic(
                        key.span,
                        "a key is text, not a list or a map",
                        None,
                    ));
                    continue;
                }
            };
            let value = self.node(value);
            if let Some(first) = places.get(&name) {
                if self.diagnostics.len() >= SHOWN_LIMIT {
                    continue;
                }
                let place = self.sources.place(*first);
                self.diagnostics.push(self.sources.diagnostic(
                    key.span,
                    format!("duplicate key `{name}`"),
                    Some(format!(
                        "keep one of them; the first is at {}:{}",
                        place.line, place.column
                    )),
                ));
                continue;
            }
            places.insert(name.clone(), key.span);
            entries.push(Pair {
                key: name,
                key_span: key.span,
                value,
            });
        }
        entries
    }
}

/// What the parser's events say, before numbers are given their written form.
enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<Self>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        serde_json::Number::from_f64(value)
            .map(Raw::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Raw::Map(pairs))
    }
}
