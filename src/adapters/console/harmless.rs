//! Foreign text made harmless for a log: what a runner would take as a command, and what a reader can't see.
//!
//! Pure. Each line that any part of Standin prints passes through here, its own included.

/// Longer lines are cut: in characters.
const LONGEST: usize = 4_000;
/// Of a message with more lines than this the rest is counted only.
const MOST_LINES: usize = 100;

/// One line of text that no runner takes for a command and no terminal for an order.
///
/// - Control characters, line breaks and escapes become visible signs, direction marks and invisible characters U+FFFD.
/// - A leading `::` (GitHub) and any `##[` or `##name[` (GitHub, Azure, `TeamCity`; they count in mid-line) get a backslash.
/// - What is over 4,000 characters is cut, and the line says so.
pub fn line(text: &str) -> String {
    bounded(uncut(text))
}

/// As [`line()`], but whole.
pub(super) fn uncut(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        let c = visible(c, previous);
        clean.push(c);
        previous = c;
    }
    break_commands(clean)
}

/// Several lines, each harmless; all but the first are indented, so that foreign text can't begin a line of the log.
pub fn lines(text: &str) -> String {
    let text = text.trim_end_matches(['\n', '\r']);
    let mut harmless = String::with_capacity(text.len());
    for (index, part) in text.split('\n').enumerate() {
        if index > 0 {
            harmless.push_str("\n  ");
        }
        if index == MOST_LINES {
            let more = text.split('\n').count() - index;
            harmless.extend(["... (".to_owned(), more.to_string(), " more lines)".to_owned()]);
            break;
        }
        harmless.push_str(&line(part.strip_suffix('\r').unwrap_or(part)));
    }
    harmless
}

/// JSON that keeps its value but holds nothing that a runner or a reader would take for something else: `##[` and
/// invisible characters are written as escapes. (Line breaks and tabs stand between its values only.) Text that is not JSON must not be given: escapes mean nothing in it.
pub fn json(json: &str) -> String {
    let is_layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    // Mostly there is nothing to be done, and this look is a tenth of the work.
    let is_plain = |byte: u8| !byte.is_ascii_control() || is_layout(char::from(byte));
    if json.is_ascii() && json.bytes().all(is_plain) && !json.contains("##") {
        return json.to_owned();
    }
    let mut harmless = String::with_capacity(json.len());
    let mut previous = ' ';
    for c in json.chars() {
        let ends_a_pair = c == '#' && previous == '#';
        previous = c;
        if ends_a_pair || is_invisible(c) || is_control(c) && !is_layout(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                harmless.extend(["\\u".to_owned(), format!("{unit:04x}")]);
            }
        } else {
            harmless.push(c);
        }
    }
    harmless
}

/// The character as it may be shown.
fn visible(c: char, previous: char) -> char {
    match c {
        '\t' => ' ',
        // The pictures of the control characters stand in the same order as these (Unicode block U+2400).
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        // Joiners and variation selectors are a part of emoji and of some scripts, but between ASCII only a disguise.
        '\u{200c}' | '\u{200d}' | '\u{fe0f}' if !previous.is_ascii() && !previous.is_whitespace() => c,
        _ if is_control(c) || is_invisible(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that are not seen or turn the direction of others. The runner compares by culture, which ignores most of
/// them: to it `:`, soft hyphen, `:` may begin a command.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn break_commands(text: String) -> String {
    let starts = text.trim_start().starts_with("::");
    if !starts && !text.contains("##") {
        return text;
    }
    let mut broken = String::with_capacity(text.len() + 2);
    if starts {
        broken.push('\\');
    }
    let mut rest = text.as_str();
    while let Some(at) = rest.find("##") {
        // One `#` only: the second may begin another pair.
        let (head, tail) = rest.split_at(at + 1);
        broken.push_str(head);
        let name = tail[1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        if name.starts_with('[') {
            broken.push('\\');
        }
        rest = tail;
    }
    broken.push_str(rest);
    broken
}

/// The text, cut where it is over 4,000 characters; it then says so.
pub(super) fn bounded(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else {
        return text;
    };
    let more = text[end..].chars().count();
    format!("{} ... ({more} more characters)", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_runner_or_a_reader_would_mistake_is_broken() {
        for (hostile, expected) in [
            ("ready", "ready"),
            ("a::b ## c # [x]", "a::b ## c # [x]"),
            ("::error::x", "\\::error::x"),
            (" \u{a0}\t::error::x", "\\ \u{a0} ::error::x"),
            ("x ##[error]y", "x #\\#[error]y"),
            ("###[error]", "##\\#[error]"),
            ("##[a]##[b]", "#\\#[a]#\\#[b]"),
            (
                "##vso[task.setvariable variable=a]b",
                "#\\#vso[task.setvariable variable=a]b",
            ),
            ("a\nb\r\nc", "a\u{240a}b\u{240d}\u{240a}c"),
            ("\x1b[31mred\x07\0", "\u{241b}[31mred\u{2407}\u{2400}"),
            ("\u{9b}31m\u{85}\u{7f}", "\u{fffd}31m\u{fffd}\u{2421}"),
            ("admin\u{202e}nimda\u{2066}", "admin\u{fffd}nimda\u{fffd}"),
            (":\u{ad}:error::x", ":\u{fffd}:error::x"),
            ("\u{feff}::error::x", "\u{fffd}::error::x"),
            ("\u{a0}\u{200d}::error::x", "\u{a0}\u{fffd}::error::x"),
            ("#\u{200d}#[error]x", "#\u{fffd}#[error]x"),
            (
                "\u{1f469}\u{200d}\u{1f4bb} \u{2714}\u{fe0f}",
                "\u{1f469}\u{200d}\u{1f4bb} \u{2714}\u{fe0f}",
            ),
            ("\u{2028}\u{e0041}", "\u{fffd}\u{fffd}"),
            ("", ""),
        ] {
            assert_eq!(line(hostile), expected, "{hostile:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let long = "\u{e4}".repeat(LONGEST + 7);
        let cut = line(&long);
        assert!(cut.ends_with("\u{e4} ... (7 more characters)") && cut.chars().count() < LONGEST + 30);
        assert_eq!(line(&long[14..]), &long[14..]);
    }

    #[test]
    fn foreign_lines_cannot_begin_a_line_of_ours() {
        assert_eq!(
            lines("refused\n::error::x\r\n3 accounts are ready\n"),
            "refused\n  \\::error::x\n  3 accounts are ready"
        );
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"##[a]###[b]": "::x\n\u{1b}[1m\u{202e}\u{e0041}\u{7f}\u{2028} \\##[c] # ä"});
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            let harmless = json(&text);
            assert!(
                !harmless.contains("##") && !harmless.contains(['\u{202e}', '\u{7f}']),
                "{harmless}"
            );
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&harmless).expect("JSON"),
                value
            );
        }
    }

    #[test]
    fn a_message_of_many_lines_is_cut_and_says_so() {
        let cut = lines(&"x\n".repeat(MOST_LINES + 5));
        assert_eq!(cut.lines().count(), MOST_LINES + 1);
        assert!(cut.ends_with("\n  ... (5 more lines)"), "{cut}");
    }

    /// Texts of the pieces that commands and disguises are made of.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = vec![
            "::", "::", ":", "##", "##[", "[", "vso", " ", "\u{a0}", "\n", "\r", "\u{1b}", "\u{ad}", "\u{200d}",
            "\u{fe0f}", "\u{202e}", "\u{e4}", "\u{85}", "\\", "\"",
        ];
        proptest::collection::vec(proptest::sample::select(pieces), 0..8).prop_map(|pieces| pieces.concat())
    }

    /// As a runner sees it that ignores what can't be seen.
    fn is_a_command(line: &str) -> bool {
        let seen: String = line.chars().filter(|c| !is_invisible(*c)).collect();
        let names = seen
            .split("##")
            .skip(1)
            .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
        seen.trim_start().starts_with("::") || names.into_iter().any(|rest| rest.starts_with('['))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn no_text_becomes_a_command_or_a_second_line(text in hostile()) {
            let harmless = line(&text);
            prop_assert!(!is_a_command(&harmless), "{text:?} -> {harmless:?}");
            prop_assert!(!harmless.contains(is_control), "{text:?} -> {harmless:?}");
            for (index, part) in lines(&text).split('\n').enumerate() {
                prop_assert!(!is_a_command(part) && (index == 0 || part.starts_with("  ")), "{text:?} -> {part:?}");
            }
        }

        #[test]
        fn no_json_becomes_a_command_or_another_value(name in hostile(), text in hostile()) {
            let value = serde_json::json!({ (name): [text, 1] });
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON"), value.to_string().replace(',', ",\t\r\n")] {
                let harmless = json(&text);
                prop_assert!(!harmless.lines().any(is_a_command), "{harmless}");
                if let Ok(given) = serde_json::from_str::<serde_json::Value>(&text) {
                    prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless).expect("JSON"), given);
                }
            }
        }
    }
}
