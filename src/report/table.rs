//! Tables: aligned for a terminal, and in Markdown with every foreign cell made harmless.

/// An aligned table; columns are as wide as their widest cell.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
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

/// A Markdown table (GitHub's flavour).
pub(super) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        text += "| ";
        text += &cells.join(" | ");
        text += " |\n";
    }
    text
}

/// Longer cells are cut: a service may send a megabyte for an id.
const CELL_MAX: usize = 200;

/// Foreign text in a Markdown cell: as characters that mean nothing to Markdown or HTML.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == CELL_MAX {
            safe.push('…');
            break;
        }
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | ',' | '/' | '-' | '…' => safe.push(c),
            // A numeric reference can't open a tag, a link, a code span, a cell or a mention.
            c if c.is_control() || is_invisible(c) => safe.push('\u{fffd}'),
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

/// Characters that change the direction or the look of what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
            assert_eq!(escape(text), safe);
        }
        assert!(escape(&"x".repeat(1_000_000)).len() < 300);
    }
}
