//! The words of the language: what filters, tests and functions there are, so that an unknown one is found before anything runs.

use super::error::LanguageError;
use super::nearest::nearest;
use super::tokens::Lexeme;

/// The filters that may be used.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "b32encode",
    "b64decode",
    "b64encode",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "fromjson",
    "groupby",
    "hex",
    "hmac_sha1",
    "hmac_sha256",
    "hmac_sha512",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "last_segment",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "regex",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sha256",
    "sha512",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "totp",
    "trim",
    "unique",
    "upper",
    "urldecode",
    "urlencode",
    "zip",
];

/// The tests that may follow `is`.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

/// The functions that may be called.
pub(super) const FUNCTIONS: &[&str] = &["dict", "now", "range"];

/// Filters, tests and functions that don't exist are found before anything runs.
pub(super) fn check_words(tokens: &[(usize, Lexeme<'_>)]) -> Result<(), LanguageError> {
    let name = |at: usize| match tokens.get(at) {
        Some((_, Lexeme::Name(name))) => Some(*name),
        _ => None,
    };
    for (at, (offset, token)) in tokens.iter().enumerate() {
        let Lexeme::Name(word) = *token else { continue };
        let before = at.checked_sub(1).map(|at| tokens[at].1);
        let is_test = before == Some(Lexeme::Name("is")) && word != "not"
            || before == Some(Lexeme::Name("not")) && at > 1 && name(at - 2) == Some("is");
        let is_call = tokens.get(at + 1).map(|(_, token)| *token) == Some(Lexeme::Mark('('));
        let (kind, known) = if before == Some(Lexeme::Mark('|')) {
            ("filter", FILTERS)
        } else if before == Some(Lexeme::Mark('.')) {
            continue;
        } else if is_test {
            ("test", TESTS)
        } else if is_call && !["and", "or", "not", "in", "if", "else", "is"].contains(&word) {
            ("function", FUNCTIONS)
        } else {
            continue;
        };
        if !known.contains(&word) {
            let error = LanguageError::new(*offset, format!("unknown {kind} `{word}`"));
            return Err(match nearest(word, known.iter().copied()) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error.with_hint(format!("the {kind}s are {}", known.join(", "))),
            });
        }
    }
    Ok(())
}

/// Is the expression a product? Such an expression is arithmetic alone: a list that is repeated is never made, so that its length
/// costs no fuel, and a comparison of two of them would not end.
pub(super) fn check_product(tokens: &[(usize, Lexeme<'_>)]) -> Result<bool, LanguageError> {
    const SCALAR: [&str; 9] = [
        "abs", "count", "d", "default", "float", "int", "length", "round", "string",
    ];
    if !tokens.iter().any(|(_, token)| *token == Lexeme::Mark('*')) {
        return Ok(false);
    }
    let refused = tokens.iter().enumerate().find(|(at, (_, token))| match token {
        Lexeme::Mark(mark) => matches!(mark, '[' | '{' | ','),
        Lexeme::Name(name) => {
            let is_filter = *at > 0 && tokens[at - 1].1 == Lexeme::Mark('|');
            is_filter && !SCALAR.contains(name) || FUNCTIONS.contains(name) && *name != "now"
        }
        Lexeme::Text(_) | Lexeme::Number(_) => false,
    });
    match refused {
        Some((_, (offset, _))) => Err(LanguageError::new(
            *offset,
            "an expression with `*` is arithmetic, without lists, maps and filters that make them",
        )),
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::super::jinja::STRICT;
    use super::*;

    #[test]
    fn every_filter_and_test_that_is_named_exists() {
        for (names, kind) in [(FILTERS, "filter"), (TESTS, "test")] {
            for name in names {
                let source = format!("'{name}' is {kind}");
                let known = STRICT.compile_expression(&source).unwrap().eval(()).unwrap();
                assert!(known.is_true(), "{source}");
            }
        }
    }
}
