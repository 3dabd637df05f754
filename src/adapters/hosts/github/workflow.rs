//! The command lines of the GitHub runner, `::name property=value::data`.
//!
//! Pure. Escapes as `ActionCommand` of actions/runner undoes them; what stands in them has been made harmless before.

/// A command line, newline included.
pub(super) fn command(name: &str, title: Option<&str>, data: &str) -> String {
    let title = title
        .map(|title| format!(" title={}", property(title)))
        .unwrap_or_default();
    format!("::{name}{title}::{}\n", self::data(data))
}

fn data(text: &str) -> String {
    // `%` first, or it would escape the escapes.
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runner undoes `%25` last.
    fn undone(text: &str) -> String {
        text.replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%")
    }

    #[test]
    fn a_command_is_one_line_and_comes_back_as_it_was() {
        for (title, text, expected) in [
            (None, "plain", "::error::plain\n"),
            (None, "50% a\r\nb", "::error::50%25 a%0D%0Ab\n"),
            (Some("a:b,c=d%\n"), "x:y,z", "::error title=a%3Ab%2Cc=d%25%0A::x:y,z\n"),
            (None, "%0A", "::error::%250A\n"),
        ] {
            let line = command("error", title, text);
            assert_eq!(line, expected);
            let (head, told) = line["::error".len()..].trim_end().split_once("::").expect("a command");
            assert_eq!(undone(told), text);
            assert_eq!(
                undone(head),
                title.map(|title| format!(" title={title}")).unwrap_or_default()
            );
        }
    }
}
