//! One workflow command in a line of output, as in `ActionCommand.cs`.

use std::collections::HashMap;

/// The commands that the runner knows beside a resume token. Other names are text.
pub(crate) const REGISTERED: [&str; 18] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "internal-set-repo-path",
    "notice",
    "pause-logging",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
    "resume-logging",
];

/// A command with its properties and data, unescaped.
#[derive(Debug, PartialEq)]
pub(crate) struct Command {
    /// As written; compare without case.
    pub(crate) name: String,
    pub(crate) properties: HashMap<String, String>,
    pub(crate) data: String,
}

impl Command {
    /// The command in a line, if it holds one that `registered` knows: `::name k=v::data` at its start (blanks aside),
    /// else `##[name k=v]data` anywhere in it.
    pub(crate) fn parse(line: &str, registered: impl Fn(&str) -> bool) -> Option<Self> {
        Self::parse_colons(line, &registered).or_else(|| Self::parse_brackets(line, &registered))
    }

    fn parse_colons(line: &str, registered: impl Fn(&str) -> bool) -> Option<Self> {
        let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        // The percent sign comes last, or an escaped escape would be undone twice.
        let data_escapes = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")];
        let property_escapes = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
        Self::assemble(head, ',', &property_escapes, data, &data_escapes, registered)
    }

    fn parse_brackets(line: &str, registered: impl Fn(&str) -> bool) -> Option<Self> {
        let (_, command) = line.split_once("##[")?;
        let (head, data) = command.split_once(']')?;
        let escapes = [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")];
        Self::assemble(head, ';', &escapes, data, &escapes, registered)
    }

    fn assemble(
        head: &str,
        separator: char,
        property_escapes: &[(&str, &str)],
        data: &str,
        data_escapes: &[(&str, &str)],
        registered: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        registered(name).then(|| Self {
            name: name.to_owned(),
            properties: properties
                .trim()
                .split(separator)
                .filter_map(|pair| pair.split_once('='))
                .filter(|(key, value)| !key.is_empty() && !value.is_empty())
                .map(|(key, value)| (key.to_lowercase(), unescape(value, property_escapes)))
                .collect(),
            data: unescape(data, data_escapes),
        })
    }
}

fn unescape(text: &str, escapes: &[(&str, &str)]) -> String {
    escapes
        .iter()
        .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

fn parsed(line: &str) -> Option<Command> {
    Command::parse(line, |name| {
        REGISTERED.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

#[test]
fn commands_are_found_where_the_runner_finds_them() {
    for (line, name, properties, data) in [
        ("::error::a%0Ab%25", "error", vec![], "a\nb%"),
        ("  \t::Error::x", "Error", vec![], "x"),
        (
            "::error title=a%2Cb%3A,file=,line=3::x::y",
            "error",
            vec![("line", "3"), ("title", "a,b:")],
            "x::y",
        ),
        ("::error::%250A", "error", vec![], "%0A"),
        ("text ##[error]x", "error", vec![], "x"),
        ("a ##[set-output name=b;x]c%5D", "set-output", vec![("name", "b")], "c]"),
        ("::nothing::##[warning]x", "warning", vec![], "x"),
    ] {
        let properties = properties
            .into_iter()
            .map(|(key, value): (&str, &str)| (key.to_owned(), value.to_owned()));
        let expected = Command {
            name: name.to_owned(),
            properties: properties.collect(),
            data: data.to_owned(),
        };
        assert_eq!(parsed(line), Some(expected), "{line}");
    }
}

#[test]
fn other_lines_are_text() {
    for line in [
        "x ::error::y",
        "::error",
        "::unknown::x",
        "##[unknown]x",
        "##[unknown ##[error]x",
        "# #[error]x",
        ": :error::",
    ] {
        assert_eq!(parsed(line), None, "{line}");
    }
}
