//! Text that others wrote, made harmless: titles, paths, ids of operations and descriptions end up in comments and messages.
//!
//! A comment of YAML ends with its line (YAML 1.2.2, section 6.6), so no line break of any kind may reach one. `{{` is broken up,
//! since a configuration reads it as a template.

/// The longest piece of foreign text that is shown, in characters.
const SHOWN_MAX: usize = 160;

/// Text on one line, without controls, marks that are not seen, and templates, cut to a readable length.
pub(super) fn shown(text: &str) -> String {
    shown_up_to(text, SHOWN_MAX)
}

/// The same with a length of the caller's.
pub(super) fn shown_up_to(text: &str, max: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || breaks_lines(c)) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if word.is_empty() {
            continue;
        }
        let gap = usize::from(!shown.is_empty());
        let room = max.saturating_sub(length + gap);
        if word.chars().count() > room {
            if length == 0 {
                shown.extend(word.chars().take(room));
            }
            shown.push_str(" ...");
            break;
        }
        if gap == 1 {
            shown.push(' ');
        }
        shown.push_str(&word);
        length += gap + word.chars().count();
    }
    untemplated(&shown)
}

/// The text without `{{`, `{%` and `{#`, which begin what a template evaluates.
pub(super) fn untemplated(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '{' | '%' | '#') && plain.ends_with('{') {
            plain.push(' ');
        }
        plain.push(c);
    }
    plain
}

/// Does a template read more than text in it?
pub(super) fn has_template(text: &str) -> bool {
    ["{{", "{%", "{#", "}}", "%}", "#}"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Can it be a literal value of a configuration: short, printable, and no template?
pub(super) fn is_plain_value(text: &str) -> bool {
    let printable = |c: char| !c.is_control() && !is_invisible(c) && !breaks_lines(c);
    text.len() <= 200 && text.chars().all(printable) && !has_template(text)
}

/// Can it be the name of a property, a parameter or a header field? Names of other characters are left out: none was met
/// in a real document, and nothing that they could break has to be considered.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.$@:[]".contains(c);
    !name.is_empty() && name.len() <= 80 && name.chars().all(is_part)
}

/// Characters that take no room: zero-width ones, marks of direction, and the blank pattern of Braille, which were met in
/// paths of real documents.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn breaks_lines(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line_and_is_no_template() {
        for (text, expected) in [
            ("a\nb: c", "a b: c"),
            ("a\r\u{85}\u{2028}b\u{0}c", "a b c"),
            ("\u{202e}evil\u{200b}", "evil"),
            ("${{ secrets.X }}{% if %}{# x", "${ { secrets.X }}{ % if %}{ # x"),
            ("{{{{", "{ { { {"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        assert_eq!(shown_up_to("one two three", 8), "one two ...");
        assert_eq!(shown_up_to(&"x".repeat(100), 10), format!("{} ...", "x".repeat(10)));
    }

    #[test]
    fn what_could_break_a_value_is_no_plain_value() {
        assert!(is_plain_value("en-US") && is_plain_value("urn:ietf:params:scim:schemas:core:2.0:User"));
        for text in ["{{ env.X }}", "a\nb", "${{ x }}", "{% x", "\u{202e}"] {
            assert!(!is_plain_value(text), "{text:?}");
        }
        assert!(is_plain_name("user[login]") && is_plain_name("@type") && is_plain_name("$filter"));
        for name in ["", "a b", "a\nb", "a\"", "a{{b}}", "a'"] {
            assert!(!is_plain_name(name), "{name:?}");
        }
    }
}
