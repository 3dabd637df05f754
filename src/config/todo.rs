//! Values that somebody still has to write: `TODO`, alone or before what it is about, such as `TODO: the role`.
//!
//! They are found in the document as it is written, whatever stands below it: no preset has one.

use super::diagnostic::{Diagnostic, SHOWN_LIMIT};
use super::keys::{Key, request, service};
use super::source::{Sources, Span};
use super::tree::{Content, Node, Pair};

/// The word.
const WORD: &str = "TODO";

/// Is this text still to be written? Not one that merely begins with the same letters, as a product's name may.
pub(super) fn is_todo(text: &str) -> bool {
    let Some(rest) = text.trim_start().strip_prefix(WORD) else {
        return false;
    };
    rest.chars()
        .next()
        .is_none_or(|next| next.is_whitespace() || ":;,!?([".contains(next))
}

/// Is a part of this text still to be written, such as the segment of a path or the member of an expression?
fn has_todo(text: &str) -> bool {
    let is_open = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        let after = text[at + WORD.len()..].chars().next();
        let begins = before.is_none_or(|c| c.is_whitespace() || "./{([\"'=:,~|&?".contains(c));
        begins && after.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-')
    };
    text.match_indices(WORD).any(is_open)
}

impl Node {
    /// Is this value still to be written?
    pub(super) fn is_todo(&self) -> bool {
        self.as_text().is_some_and(is_todo)
    }
}

/// Keys of a service whose value needs no more than a request.
const REQUESTS: [Key; 6] = [
    service::READY,
    service::PROBE,
    service::CREATE,
    service::VERIFY,
    service::DELETE,
    service::GONE,
];

/// A service in which a block that is still to be written is one whose request is.
pub(super) fn spelled_out(mut service: Node) -> Node {
    if let Content::Map(entries) = &mut service.kind {
        let is_request = |entry: &&mut Pair| REQUESTS.iter().any(|key| key.name == entry.key);
        for entry in entries
            .iter_mut()
            .filter(is_request)
            .filter(|entry| entry.value.is_todo())
        {
            let request = Pair {
                key: request::REQUEST.name.to_owned(),
                key_span: entry.key_span,
                value: entry.value.clone(),
            };
            entry.value.kind = Content::Map(vec![request]);
        }
    }
    service
}

/// Everything in a document that is still to be written, each under the keys that lead to it. What is for the author alone,
/// under `x-` or `$schema`, is not read, and so need not be written.
pub(super) fn find(sources: &Sources, document: &Node) -> Vec<Diagnostic> {
    let mut search = Search {
        sources,
        found: Vec::new(),
    };
    let read = |key: &str| !key.starts_with("x-") && key != "$schema";
    for entry in document.as_map().unwrap_or_default() {
        if read(&entry.key) {
            search.pair(&entry.key, entry.key_span, &entry.value, "");
        }
    }
    search.found
}

struct Search<'s> {
    sources: &'s Sources,
    found: Vec<Diagnostic>,
}

impl Search<'_> {
    fn value(&mut self, node: &Node, path: &str) {
        match &node.kind {
            Content::String(text) if has_todo(text) => self.tell(node.span, format!("`{path}` is still `TODO`")),
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{index}]"));
                }
            }
            Content::Map(entries) => {
                for entry in entries {
                    self.pair(&entry.key, entry.key_span, &entry.value, path);
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(..) | Content::String(_) => {}
        }
    }

    fn pair(&mut self, key: &str, span: Span, value: &Node, above: &str) {
        let dot = if above.is_empty() { "" } else { "." };
        if is_todo(key) {
            let of = if above.is_empty() { "the configuration" } else { above };
            self.tell(span, format!("a key of `{of}` is still `TODO`"));
            self.value(value, &format!("{above}{dot}{WORD}"));
        } else {
            let key: String = key.chars().take(60).collect();
            self.value(value, &format!("{above}{dot}{key}"));
        }
    }

    fn tell(&mut self, span: Span, message: String) {
        if self.found.len() < SHOWN_LIMIT {
            self.found.push(self.sources.diagnostic(span, message, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_value_can_be_open_too() {
        for (text, expected) in [
            ("TODO: the role", true),
            ("body.TODO", true),
            ("DELETE /TODO/{{ id }}", true),
            ("{{ env.X }} TODO", true),
            ("item['TODO']", true),
            ("https://todo.example.com", false),
            ("to-TODO-list", false),
            ("body.TODOS", false),
            ("body.myTODO", false),
        ] {
            assert_eq!(has_todo(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_word_is_meant_and_not_the_letters() {
        for (text, expected) in [
            ("TODO", true),
            ("TODO: the role", true),
            ("  TODO the role", true),
            ("TODO(ada): x", true),
            ("TODO\n", true),
            ("TODOIST", false),
            ("TODO-app", false),
            ("TODO.example.com", false),
            ("TODO_LIST", false),
            ("todo", false),
            ("A TODO", false),
            ("", false),
        ] {
            assert_eq!(is_todo(text), expected, "{text:?}");
        }
    }
}
