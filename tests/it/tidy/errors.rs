//! No error of somebody else's is printed as it shows itself to programmers, since it may hold what it could not read; and
//! no text of ours holds a hint, which is a field of its own.

use super::{Source, check, source, tree};

/// Where `Debug` is printed all the same: each is a value of our own, or the `Debug` of one.
const OUR_OWN: [(&str, usize); 7] = [
    // Steps and events, in assertions and in a remark on an impossible journal.
    ("src/engine.rs", 1),
    ("src/commands/sweep/orphans.rs", 1),
    ("src/domain/ledger.rs", 1),
    // Fields of our own events.
    ("src/adapters/console/told.rs", 1),
    // The `Debug` of an expression, a template and a path, which holds the configuration's text.
    ("src/language/expression.rs", 1),
    ("src/language/target.rs", 2),
    ("src/language/template.rs", 1),
];

#[test]
fn nothing_is_printed_by_its_debug_but_values_of_our_own() {
    check(|file| {
        let found = by_debug(file);
        let allowed = OUR_OWN.iter().find(|(path, _)| *path == file.path);
        if found.len() == allowed.map_or(0, |(_, number)| *number) {
            Vec::new()
        } else {
            found
        }
    });
}

#[test]
fn a_foreign_error_that_is_printed_by_its_debug_is_caught() {
    for (text, expected) in [
        ("bail!(\"{error:?}\")", 1),
        ("format!(\"{:?}\", error)", 1),
        ("format!(\"{:#?}\", error)", 1),
        ("format!(\"{error}\")", 0),
        ("// {error:?}", 0),
        ("fn a() {}\n#[cfg(test)]\nmod tests {\n    assert!(a, \"{a:?}\");\n}", 0),
    ] {
        assert_eq!(by_debug(&source("src/a.rs", text)).len(), expected, "{text}");
    }
    assert!(by_debug(&source("src/a/tests/b.rs", "\"{a:?}\"")).is_empty());
}

/// What joins the two for a reader.
const JOINS: &str = "src/domain/why.rs";

#[test]
fn a_hint_is_a_field_and_no_part_of_a_text() {
    check(|file| {
        if file.path == JOINS {
            Vec::new()
        } else {
            with_hint(file)
        }
    });
    let joins = tree().into_iter().find(|file| file.path == JOINS);
    assert_eq!(
        joins.map(|file| with_hint(&file).len()),
        Some(1),
        "`{JOINS}` joins them once"
    );
}

#[test]
fn a_hint_in_a_text_is_caught_however_it_is_written() {
    for (text, expected) in [
        ("format!(\"{a} is no file\\nhint: name one\")", 1),
        ("const HINT: &str = \"\\nhint: name one\";", 1),
        ("#[error(\"no file\\n  hint: {hint}\")]", 1),
        ("\"no file\\n\\\n     hint: name one\"", 1),
        ("\"no file\n hint: name one\"", 1),
        ("let hint = \"hint: name one\";", 1),
        ("// it is \"no file\\nhint: name one\"", 0),
        ("Why::hinted(\"no file\", \"name one\")", 0),
        ("Why { what, hint: None }", 0),
        ("Self {\n    hint: hint.clone(),\n}", 0),
    ] {
        assert_eq!(with_hint(&source("src/a.rs", text)).len(), expected, "{text}");
    }
    let in_a_test = "fn a() {}\n#[cfg(test)]\nmod tests {\n    assert!(a.contains(\"hint: b\"));\n}";
    assert!(with_hint(&source("src/a.rs", in_a_test)).is_empty());
    assert!(with_hint(&source("tests/it/a.rs", "\"a\\nhint: b\"")).is_empty());
}

/// The literals of a source in which a line, or the whole, begins with `hint:`, outside of tests.
fn with_hint(file: &Source) -> Vec<String> {
    let begins = |text: &str| text.trim_start().starts_with("hint:");
    let holds = |literal: &str| {
        let text = literal.replace("\\\n", "\n").replace("\\n", "\n");
        text.split('\n').any(begins)
    };
    let found = literals(&code(file)).into_iter().filter(|literal| holds(literal));
    found
        .map(|literal| format!("{}: {literal:?}: its hint belongs into `domain::why::Why`", file.path))
        .collect()
}

/// What stands between the double quotes of some code, as it is written. Comments are gone from it.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        let is_char = rest[..start].ends_with('\'') && rest[start + 1..].starts_with('\'');
        rest = &rest[start + 1..];
        if is_char {
            continue;
        }
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(rest.len());
        literals.push(rest[..end].to_owned());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    literals
}

/// A source of the program up to its tests, without the lines that are comments.
fn code(file: &Source) -> String {
    let is_test = file.path.split('/').any(|part| part == "tests" || part == "tests.rs");
    if is_test || !file.path.starts_with("src/") {
        return String::new();
    }
    let code = file.text.lines();
    let code = code.take_while(|line| !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test"));
    let code = code.map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    code.collect::<Vec<_>>().join("\n")
}

/// The lines of a source that print something by its `Debug`, outside of tests.
fn by_debug(file: &Source) -> Vec<String> {
    let code = code(file);
    code.lines()
        .enumerate()
        .filter(|(_, line)| line.contains(":?}") || line.contains(":#?}"))
        .map(|(number, line)| {
            format!(
                "{}:{}: printed by its `Debug`: {}\nhint: say it in words of our own; see `adapters::unreadable`",
                file.path,
                number + 1,
                line.trim()
            )
        })
        .collect()
}
