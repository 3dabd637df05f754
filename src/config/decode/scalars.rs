//! Single values: text, numbers, truth values, durations and words.

use std::time::Duration;

use super::Decoder;
use crate::config::scalar;
use crate::config::tree::{Content, Node};
use crate::language::nearest;

impl Decoder {
    /// Text. A number or a truth value counts as what was written, where that can't be mistaken.
    pub(in crate::config) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.kind {
            Content::String(text) => Some(text.clone()),
            Content::Number(number, written) if number.to_string() == *written => Some(written.clone()),
            Content::Bool(value) if self.sources.slice(node.span).trim() == value.to_string() => {
                Some(value.to_string())
            }
            Content::Number(..) | Content::Bool(_) => {
                self.error_with_hint(
                    node.span,
                    format!("`{key}` is text, and this value is ambiguous"),
                    "put it in quotes",
                );
                None
            }
            Content::Null | Content::List(_) | Content::Map(_) => {
                self.error(node.span, format!("`{key}` is text, not {}", node.what()));
                None
            }
        }
    }

    pub(in crate::config) fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        if let Content::Bool(value) = node.kind {
            return Some(value);
        }
        self.error(node.span, format!("`{key}` is `true` or `false`, not {}", node.what()));
        None
    }

    /// A whole number within bounds.
    pub(in crate::config) fn number(
        &mut self,
        node: &Node,
        key: &str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = if let Content::Number(number, _) = &node.kind {
            number.as_u64().and_then(|number| u32::try_from(number).ok())
        } else {
            None
        };
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            let (from, to) = (bounds.start(), bounds.end());
            self.error(node.span, format!("`{key}` must be a whole number from {from} to {to}"));
        }
        number
    }

    pub(in crate::config) fn duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let duration = node.as_text().and_then(scalar::duration);
        if duration.is_none() {
            self.error_with_hint(
                node.span,
                format!("`{key}` must be a duration"),
                "write it as `500ms`, `10s` or `1h30m`",
            );
        }
        duration
    }

    /// A duration that may not be nothing.
    pub(in crate::config) fn positive_duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let duration = self.duration(node, key)?;
        if duration.is_zero() {
            self.error(node.span, format!("`{key}` must be longer than zero"));
            return None;
        }
        Some(duration)
    }

    /// One of some words.
    pub(in crate::config) fn word<T: Copy>(&mut self, node: &Node, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = node.as_text();
        let known = words.iter().find(|(word, _)| Some(*word) == text);
        if known.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let hint = match text.and_then(|text| nearest(text, all.iter().copied())) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("write one of {}", all.join(", ")),
            };
            self.error_with_hint(node.span, format!("`{key}` is not one of {}", all.join(", ")), hint);
        }
        known.map(|(_, value)| *value)
    }
}
