//! Text held against a file of `tests/it/snapshots`. `STANDIN_TEST_REFRESH=1 cargo test --test it` writes the files anew;
//! the difference is then read in the commit.

use std::fs;
use std::path::Path;

/// Fails with both texts unless the snapshot of this name is exactly this text.
pub(crate) fn assert_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("STANDIN_TEST_REFRESH").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "`{}` differs\n--- it was\n{expected}\n--- it is\n{text}\n--- STANDIN_TEST_REFRESH=1 cargo test --test it writes it anew",
        path.display()
    );
}

/// The text with ports, markers, made ids and times replaced by words, and without what only a slow machine says.
pub(crate) fn steady(text: &str) -> String {
    let text: String = text.split_inclusive('\n').filter(|line| !says_how_far(line)).collect();
    let mut steady = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let replaced = if previous.is_ascii_alphanumeric() {
            None
        } else {
            port(rest, previous)
                .or_else(|| marker(rest))
                .or_else(|| id(rest))
                .or_else(|| time(rest))
        };
        let length = if let Some((length, word)) = replaced {
            steady.push_str(word);
            length
        } else {
            steady.push(c);
            c.len_utf8()
        };
        previous = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    steady
}

/// `users: 0 of 1 ready`, in a silence of two seconds.
fn says_how_far(line: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let words = [" ready", " gone", " looked up"];
    let mut before = "";
    line.split(" of ").any(|part| {
        let after = part.trim_start_matches(is_digit);
        let is_after_digit = std::mem::replace(&mut before, part).ends_with(is_digit);
        is_after_digit && words.iter().any(|word| after.starts_with(word))
    })
}

type Replaced = Option<(usize, &'static str)>;

/// `:12345` of five digits, as loopback gives them.
fn port(rest: &str, previous: char) -> Replaced {
    let digits = run(rest, |c| c.is_ascii_digit());
    (previous == ':' && (4..=5).contains(&digits)).then_some((digits, "PORT"))
}

/// `sd-` and 23 characters.
fn marker(rest: &str) -> Replaced {
    let length = run(rest.strip_prefix("sd-")?, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit()
    });
    (length == 23).then_some((26, "MARKER"))
}

/// `usr_` and 16 hexadecimal digits: the sandbox's ids.
fn id(rest: &str) -> Replaced {
    let length = run(rest.strip_prefix("usr_")?, |c| c.is_ascii_hexdigit());
    (length == 16).then_some((20, "ID"))
}

/// `31 ms`, `1.0 s`.
fn time(rest: &str) -> Replaced {
    let number = run(rest, |c| c.is_ascii_digit() || c == '.');
    let unit = run(rest[number..].strip_prefix(' ')?, |c| c.is_ascii_lowercase());
    let is_time = number > 0 && matches!(&rest[number + 1..number + 1 + unit], "ms" | "s");
    is_time.then_some((number + 1 + unit, "TIME"))
}

/// How many bytes at the front are such (ASCII) characters.
fn run(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    text.chars().take_while(|c| c.is_ascii() && is_such(*c)).count()
}

#[test]
fn what_differs_from_run_to_run_is_replaced() {
    let text = "http://127.0.0.1:44333/users sd-25q7gff4di8p413kd5pr9yk-bob `usr_f88bb8a8724c81ec` 31 ms, 1.0 s; 3 accounts at 1:12, status 503";
    assert_eq!(
        steady(text),
        "http://127.0.0.1:PORT/users MARKER-bob `ID` TIME, TIME; 3 accounts at 1:12, status 503"
    );
}
