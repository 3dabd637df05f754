//! What of a line of the document may be shown: keys and what holds them together, never a value.

use std::ops::Range;

use super::keys;

/// What holds a document together, and tells nothing.
const STRUCTURE: &str = "{}[],:-\"'<";

/// Where keys and values stand in a document that could be parsed, each in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    keys: Vec<Range<usize>>,
    values: Vec<Range<usize>>,
}

impl Outline {
    pub(super) fn new(mut keys: Vec<Range<usize>>, mut values: Vec<Range<usize>>) -> Self {
        keys.sort_by_key(|range| range.start);
        values.sort_by_key(|range| range.start);
        Self { keys, values }
    }

    /// May the character at this offset of the document be shown?
    pub(super) fn shows(&self, c: char, at: usize) -> bool {
        if is_in(&self.keys, at) {
            return true;
        }
        (c.is_whitespace() || STRUCTURE.contains(c)) && !is_in(&self.values, at)
    }
}

fn is_in(ranges: &[Range<usize>], at: usize) -> bool {
    // What an alias stands for has its own place twice: the last that begins before is as long as any.
    let before = ranges.partition_point(|range| range.start <= at);
    before > 0 && ranges[before - 1].end > at
}

/// The same for a line of a document that could not be parsed, by its look: only keys that a configuration has are taken
/// for keys. Each byte of the line has its answer.
pub(super) fn by_look(line: &str) -> Vec<bool> {
    let mut shown = vec![false; line.len()];
    let mut show = |range: Range<usize>| shown[range].fill(true);
    let mut at = 0;
    for key in known(line) {
        let gap = &line[at..key.start];
        if holds_together(gap) {
            show(at..key.start);
        } else {
            let after_value = gap.trim_end_matches([' ', '\t', '{', '[', ',', '-']);
            let after_value = gap.rfind(',').filter(|comma| *comma >= after_value.len());
            show(at + after_value.unwrap_or(gap.trim_end().len())..key.start);
            show(at..at + gap.len() - gap.trim_start().len());
        }
        at = key.end;
        show(key);
    }
    let rest = &line[at..];
    if holds_together(rest) {
        show(at..line.len());
    } else {
        show(at..at + rest.len() - rest.trim_start().len());
    }
    shown
}

fn holds_together(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || "{}[],-".contains(c))
}

/// Known keys in a line, each with its quotes and its colon.
fn known(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let after = line[colon + 1..].chars().next();
        let name = line[..colon].trim_end();
        let quote = name.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let end = name.len() - quote.map_or(0, char::len_utf8);
        let start = line[..end]
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .last()
            .map_or(end, |(at, _)| at);
        let is_key = quote.is_some() || after.is_none_or(char::is_whitespace);
        if !is_key || !keys::is_known(&line[start..end]) {
            continue;
        }
        let start = if quote.is_some() && line[..start].ends_with(['"', '\'']) {
            start - 1
        } else {
            start
        };
        if found.last().is_none_or(|last| last.end <= start) {
            found.push(start..colon + 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> String {
        let shown = by_look(line);
        let mut text = String::new();
        for (at, c) in line.char_indices() {
            if shown[at] {
                text.push(c);
            } else if !text.ends_with("...") {
                text.push_str("...");
            }
        }
        text
    }

    #[test]
    fn of_a_line_that_cannot_be_parsed_only_known_keys_are_shown() {
        for (line, expected) in [
            ("   url: http://a/users", "   url: ..."),
            (
                r#"{"services": [{"name": "users", "url": "x",]"#,
                r#"{"services": [{"name": ..., "url": ..."#,
            ),
            ("  - name: a", "  - name: ..."),
            ("AWS_SECRET_ACCESS_KEY=hunter2", "..."),
            ("root:x:0:0:root:/root:/bin/bash", "..."),
            ("hunter2: [}", "..."),
            ("    password: hunter2: [}", "    password: ..."),
            (
                "  auth: { basic: { username: qa, password: p ]",
                "  auth: { basic: { username: ..., password: ...",
            ),
            ("    url: \"é: 'x", "    url: ..."),
        ] {
            assert_eq!(seen(line), expected, "{line}");
        }
    }
}
