//! Tables: aligned for a terminal, and in Markdown with every foreign cell made harmless.

/// An aligned table; columns are as wide as their widest cell. A cell is foreign text, and stays in its line.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| seen(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// Text of which all is seen, in one line: what a terminal would obey becomes a sign.
pub fn seen(text: &str) -> String {
    let sign = |c: char| if is_unseen(c) { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(sign).collect()
}

/// A Markdown table (GitHub's flavour).
pub(super) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(head)
            .map(|(cell, head)| escape(cell, if PROSE.contains(head) { PROSE_MAX } else { CELL_MAX }))
            .collect();
        text += "| ";
        text += &cells.join(" | ");
        text += " |\n";
    }
    text
}

/// Longer cells are cut: a service may send a megabyte for an id.
pub(super) const CELL_MAX: usize = 200;
/// Columns of sentences, which may be longer.
const PROSE: [&str; 2] = ["why", "what to do"];
const PROSE_MAX: usize = 500;

/// Foreign text in a Markdown cell: as characters that mean nothing to Markdown or HTML.
pub(super) fn escape(text: &str, most: usize) -> String {
    let mut safe = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == most {
            safe.push('…');
            break;
        }
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | ',' | '/' | '-' | '…' => safe.push(c),
            // A numeric reference can't open a tag, a link, a code span, a cell or a mention.
            c if is_unseen(c) => safe.push(char::REPLACEMENT_CHARACTER),
            c if c.is_alphanumeric() => safe.push(c),
            c => {
                safe += "&#";
                safe += &u32::from(c).to_string();
                safe.push(';');
            }
        }
    }
    safe
}

/// Orders to a terminal, ends of lines, and characters that are not seen or turn the direction of what stands around them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = vec![
            vec!["users".to_owned(), "1".to_owned()],
            vec!["a".to_owned(), "22".to_owned()],
        ];
        assert_eq!(table(&["service", "id"], &rows), "service  id\nusers    1\na        22");
    }

    #[test]
    fn foreign_text_stays_in_its_line_and_is_seen() {
        let rows = vec![vec!["a\nb\u{1b}[2J".to_owned(), "\u{202e}x\u{ad}\u{85}".to_owned()]];
        assert_eq!(
            table(&["service", "id"], &rows),
            "service  id\na\u{fffd}b\u{fffd}[2J  \u{fffd}x\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn foreign_text_means_nothing_in_a_cell() {
        for (text, safe) in [
            ("a|b", "a&#124;b"),
            ("<img src=x>", "&#60;img src&#61;x&#62;"),
            ("[x](http://y)", "&#91;x&#93;&#40;http&#58;//y&#41;"),
            ("```mermaid", "&#96;&#96;&#96;mermaid"),
            ("a\r\nb\u{1b}[31m", "a\u{fffd}\u{fffd}b\u{fffd}&#91;31m"),
            ("@team", "&#64;team"),
            ("\u{202e}evil", "\u{fffd}evil"),
        ] {
            assert_eq!(escape(text, CELL_MAX), safe);
        }
        assert!(escape(&"x".repeat(1_000_000), CELL_MAX).len() < 300);
    }
}
