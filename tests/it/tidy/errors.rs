//! No error of somebody else's is printed as it shows itself to programmers: it may hold what it could not read.

use super::{Source, check, source};

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

/// The lines of a source that print something by its `Debug`, outside of tests.
fn by_debug(file: &Source) -> Vec<String> {
    let is_test = file.path.split('/').any(|part| part == "tests" || part == "tests.rs");
    if is_test || !file.path.starts_with("src/") {
        return Vec::new();
    }
    let code = file.text.lines().enumerate();
    code.take_while(|(_, line)| !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
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
