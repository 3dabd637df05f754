//! The files that a step writes for the runner, and their grammar, as in `FileCommandManager.cs` on Linux.

use std::fs;
use std::path::{Path, PathBuf};

/// A summary of more bytes than this is not shown.
const SUMMARY_LIMIT: usize = 1024 * 1024;

/// The five files of one phase, all empty at its start.
pub(crate) struct FileCommands {
    pub(crate) path: PathBuf,
    pub(crate) env: PathBuf,
    pub(crate) summary: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) output: PathBuf,
}

/// A summary as the runner takes it.
#[derive(Debug, PartialEq)]
pub(crate) enum Summary {
    /// Nothing was written.
    Absent,
    /// The Markdown, not yet masked.
    Shown(String),
    /// More than a mebibyte: an error annotation, but the step doesn't fail.
    TooLarge(usize),
}

impl FileCommands {
    /// Creates the files of a phase; `phase` is unique in the job. The runner uses a GUID.
    pub(crate) fn create(runner_temp: &Path, phase: usize) -> Self {
        let folder = runner_temp.join("_runner_file_commands");
        fs::create_dir_all(&folder).unwrap();
        let file = |prefix: &str| {
            let path = folder.join(format!("{prefix}{phase:08x}-0000-4000-8000-000000000000"));
            fs::write(&path, "").unwrap();
            path
        };
        Self {
            path: file("add_path_"),
            env: file("set_env_"),
            summary: file("step_summary_"),
            state: file("save_state_"),
            output: file("set_output_"),
        }
    }

    /// The variables under which the phase finds them.
    pub(crate) fn variables(&self) -> [(&'static str, &Path); 5] {
        [
            ("GITHUB_PATH", &self.path),
            ("GITHUB_ENV", &self.env),
            ("GITHUB_STEP_SUMMARY", &self.summary),
            ("GITHUB_STATE", &self.state),
            ("GITHUB_OUTPUT", &self.output),
        ]
    }
}

/// What the runner reads from a file that the step may have removed: then nothing.
pub(crate) fn read(path: &Path) -> String {
    fs::read(path).map_or_else(|_| String::new(), |bytes| decode(&bytes))
}

/// The summary that a phase wrote.
pub(crate) fn read_summary(path: &Path) -> Summary {
    match fs::read(path) {
        Ok(bytes) if bytes.len() > SUMMARY_LIMIT => Summary::TooLarge(bytes.len()),
        Ok(bytes) if !bytes.is_empty() => Summary::Shown(decode(&bytes)),
        Ok(_) | Err(_) => Summary::Absent,
    }
}

/// The directories of a `GITHUB_PATH` file, the one that is searched first in front.
pub(crate) fn directories(text: &str) -> Vec<String> {
    let mut directories: Vec<String> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    directories.reverse();
    directories
}

/// As `File.ReadAllText`: a byte order mark decides, else UTF-8, with U+FFFD for what is not text.
fn decode(bytes: &[u8]) -> String {
    let wide = |rest: &[u8], join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| join([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        plain => String::from_utf8_lossy(plain).into_owned(),
    }
}

/// The pairs of an `ENV`, `OUTPUT` or `STATE` file, one by one: those before a bad line have been applied when it is met.
pub(crate) struct Pairs<'text> {
    rest: &'text str,
    failed: bool,
}

impl<'text> Pairs<'text> {
    /// Starts at the head of the file's text.
    pub(crate) fn new(text: &'text str) -> Self {
        Self {
            rest: text,
            failed: false,
        }
    }

    /// The next line and whether a newline ended it. Only LF does on Linux; a CR stays in the line.
    fn line(&mut self) -> Option<(&'text str, bool)> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest, ended) = match self.rest.split_once('\n') {
            Some((line, rest)) => (line, rest, true),
            None => (self.rest, "", false),
        };
        self.rest = rest;
        Some((line, ended))
    }

    /// The value between a heredoc's first line and its delimiter, as it stands there, without its last newline.
    fn body(&mut self, delimiter: &str) -> Result<String, String> {
        let (start, mut length) = (self.rest, 0);
        while let Some((line, ended)) = self.line() {
            if line == delimiter {
                return Ok(start[..length].strip_suffix('\n').unwrap_or("").to_owned());
            }
            if !ended {
                return Err("Invalid value. EOF marker missing new line.".to_owned());
            }
            length += line.len() + 1;
        }
        Err(format!("Invalid value. Matching delimiter not found '{delimiter}'"))
    }

    fn pair(&mut self, line: &str) -> Result<(String, String), String> {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(equals), heredoc) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                // An empty name passes here, as it does in the runner; what comes of it depends on the file.
                Ok((line[..equals].to_owned(), line[equals + 1..].to_owned()))
            }
            (_, Some(heredoc)) => {
                let (name, delimiter) = (&line[..heredoc], &line[heredoc + 2..]);
                if name.is_empty() || delimiter.is_empty() {
                    return Err(format!(
                        "Invalid format '{line}'. Name must not be empty and delimiter must not be empty"
                    ));
                }
                Ok((name.to_owned(), self.body(delimiter)?))
            }
            (_, None) => Err(format!("Invalid format '{line}'")),
        }
    }
}

impl Iterator for Pairs<'_> {
    type Item = Result<(String, String), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        loop {
            let (line, _) = self.line()?;
            // A line of blanks is not an empty line: it is an error.
            if !line.is_empty() {
                let pair = self.pair(line);
                self.failed = pair.is_err();
                return Some(pair);
            }
        }
    }
}

fn parsed(text: &str) -> (Vec<(String, String)>, Option<String>) {
    let mut pairs = Vec::new();
    for pair in Pairs::new(text) {
        match pair {
            Ok(pair) => pairs.push(pair),
            Err(message) => return (pairs, Some(message)),
        }
    }
    (pairs, None)
}

#[test]
fn values_are_taken_verbatim() {
    for (text, name, value) in [
        ("a=b", "a", "b"),
        ("a=", "a", ""),
        ("\n\na b = \"c\" = d<<e \n\n", "a b ", " \"c\" = d<<e "),
        ("a=b\r\n", "a", "b\r"),
        ("=b", "", "b"),
        ("a<<EOF\nEOF", "a", ""),
        ("a<<EOF\n\nEOF\n", "a", ""),
        ("a<<EOF\none\n\n EOF\ntwo=<<\nEOF\n", "a", "one\n\n EOF\ntwo=<<"),
        ("a<<EOF\r\none\r\nEOF\r\n", "a", "one\r"),
        ("a<<<EOF\nx\n<EOF", "a", "x"),
        ("a<<b=c\nx\nb=c\n", "a", "x"),
    ] {
        assert_eq!(
            parsed(text),
            (vec![(name.to_owned(), value.to_owned())], None),
            "{text:?}"
        );
    }
}

#[test]
fn a_bad_line_ends_the_file_but_not_what_stood_before_it() {
    for (text, message) in [
        ("a=b\n \nc=d", "Invalid format ' '"),
        ("a=b\nword", "Invalid format 'word'"),
        (
            "a=b\n<<EOF\n",
            "Invalid format '<<EOF'. Name must not be empty and delimiter must not be empty",
        ),
        (
            "a=b\nc<<\n",
            "Invalid format 'c<<'. Name must not be empty and delimiter must not be empty",
        ),
        ("a=b\nc<<EOF\nx\n", "Invalid value. Matching delimiter not found 'EOF'"),
        ("a=b\nc<<EOF", "Invalid value. Matching delimiter not found 'EOF'"),
        ("a=b\nc<<EOF\nx", "Invalid value. EOF marker missing new line."),
    ] {
        let (pairs, error) = parsed(text);
        assert_eq!(pairs, [("a".to_owned(), "b".to_owned())], "{text:?}");
        assert_eq!(error.as_deref(), Some(message), "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_decides_how_a_file_is_read() {
    assert_eq!(decode(b"\xef\xbb\xbfa=\xff"), "a=\u{fffd}");
    assert_eq!(decode(b"\xff\xfea\0=\0"), "a=");
    assert_eq!(decode(b"\xfe\xff\0a\0="), "a=");
}

#[test]
fn the_directory_that_was_added_last_is_searched_first() {
    assert_eq!(directories("/a\n\n/b\n"), ["/b", "/a"]);
}
