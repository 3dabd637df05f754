//! Commands as people paste them: the words of each `curl`, and what stands below it until the next.
//!
//! Quotes, backslashes and continued lines are those of a shell (POSIX.1-2024, XCU 2.2). Nothing is expanded or run: `$NAME`
//! stays as it is.

/// A command, and the text below it, which may be its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pasted {
    pub(super) words: Vec<String>,
    pub(super) below: String,
}

/// The most commands of a text that are read.
const COMMANDS_MAX: usize = 50;

/// Every `curl` of a text.
pub(super) fn commands(text: &str) -> Vec<Pasted> {
    let text = text.replace("\r\n", "\n");
    let mut commands: Vec<Pasted> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() && commands.len() < COMMANDS_MAX {
        let line = rest.lines().next().unwrap_or_default();
        let bare = line.trim_start().trim_start_matches(['$', '>', '%', '#']).trim_start();
        let is_command = ["curl ", "curl.exe ", "curl\t", "curl\\"]
            .iter()
            .any(|start| bare.starts_with(start))
            && !line.trim_start().starts_with('#');
        if is_command {
            let start = line.len() - bare.len();
            let (words, length) = words(&rest[start..]);
            rest = &rest[start + length..];
            let (words, taken) = with_document(words, rest);
            rest = &rest[taken..];
            commands.push(Pasted {
                words,
                below: String::new(),
            });
            continue;
        }
        if let Some(last) = commands.last_mut() {
            last.below.push_str(line);
            last.below.push('\n');
        }
        rest = rest.get(line.len() + 1..).unwrap_or_default();
    }
    commands
}

/// The words with a here-document in place of the `@-` that sends it (POSIX.1-2024, XCU 2.7.4), and how many bytes of the text
/// below it takes.
fn with_document(mut words: Vec<String>, below: &str) -> (Vec<String>, usize) {
    let Some(at) = words
        .iter()
        .position(|word| word.starts_with("<<") && !word.starts_with("<<<"))
    else {
        return (words, 0);
    };
    let mut end = words.remove(at).trim_start_matches(['<', '-']).to_owned();
    if end.is_empty() && at < words.len() {
        end = words.remove(at);
    }
    let mut document = String::new();
    let mut taken = 0;
    for line in below.split_inclusive('\n') {
        taken += line.len();
        if line.trim() == end {
            break;
        }
        document.push_str(line);
    }
    for word in words.iter_mut().filter(|word| *word == "@-") {
        document.clone_into(word);
    }
    (words, taken)
}

/// The words up to the end of the command, and how many bytes they take.
fn words(text: &str) -> (Vec<String>, usize) {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' | ';' | '|' | '&' if c == '\n' || word.is_none() || c != '&' => {
                words.extend(word.take());
                // What a command is piped into is no part of it.
                let line = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
                return (words, line);
            }
            ' ' | '\t' => words.extend(word.take()),
            '\\' => match chars.next() {
                Some((_, '\n')) | None => {}
                Some((_, escaped)) => word.get_or_insert_default().push(escaped),
            },
            '\'' => quoted(&mut chars, word.get_or_insert_default()),
            '"' => double_quoted(&mut chars, word.get_or_insert_default()),
            '$' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
                escaped(&mut chars, word.get_or_insert_default());
            }
            '#' if word.is_none() => while chars.next_if(|(_, next)| *next != '\n').is_some() {},
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (words, text.len())
}

type Chars<'t> = std::iter::Peekable<std::str::CharIndices<'t>>;

fn quoted(chars: &mut Chars<'_>, word: &mut String) {
    for (_, c) in chars.by_ref() {
        if c == '\'' {
            return;
        }
        word.push(c);
    }
}

fn double_quoted(chars: &mut Chars<'_>, word: &mut String) {
    while let Some((_, c)) = chars.next() {
        match c {
            '"' => return,
            '\\' => match chars.next() {
                Some((_, '\n')) | None => {}
                Some((_, c @ ('"' | '\\' | '$' | '`'))) => word.push(c),
                Some((_, c)) => {
                    word.push('\\');
                    word.push(c);
                }
            },
            c => word.push(c),
        }
    }
}

/// `$'...'`, which browsers copy.
fn escaped(chars: &mut Chars<'_>, word: &mut String) {
    while let Some((_, c)) = chars.next() {
        match c {
            '\'' => return,
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some('r') => word.push('\r'),
                Some('u') => {
                    let digits: String =
                        std::iter::from_fn(|| chars.next_if(|(_, c)| c.is_ascii_hexdigit()).map(|(_, c)| c))
                            .take(4)
                            .collect();
                    word.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some(c) => word.push(c),
                None => {}
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let text = "# create\n$ curl -X POST 'https://a.example/users?x=1&y=2' \\\n  -H \"Authorization: Bearer $T\" -d '{\"a\": \"it'\\''s\"}' -d $'b\\u0021\\n' | jq .\n{\"id\": 7}\n\ncurl -X DELETE https://a.example/users/7 # gone\nHTTP/1.1 204\n";
        let found = commands(text);
        assert_eq!(
            found[0].words,
            [
                "curl",
                "-X",
                "POST",
                "https://a.example/users?x=1&y=2",
                "-H",
                "Authorization: Bearer $T",
                "-d",
                "{\"a\": \"it's\"}",
                "-d",
                "b!\n"
            ]
        );
        assert_eq!(found[0].below.trim(), "{\"id\": 7}");
        assert_eq!((found[1].words.len(), found[1].below.as_str()), (4, "HTTP/1.1 204\n"));
    }

    #[test]
    fn a_here_document_is_what_is_sent() {
        let found = commands("curl -d @- http://a/users <<'EOF'\n{\"name\": \"x\"}\nEOF\n{\"id\": 1}\n");
        assert_eq!(found[0].words, ["curl", "-d", "{\"name\": \"x\"}\n", "http://a/users"]);
        assert_eq!(found[0].below, "{\"id\": 1}\n");
    }

    #[test]
    fn what_is_no_command_and_what_never_ends_is_harmless() {
        assert!(commands("wget x\n# curl http://a\n").is_empty());
        assert_eq!(commands("curl 'never ends\nx").len(), 1);
        assert_eq!(commands("curl \\").len(), 1);
    }
}
