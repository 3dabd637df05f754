//! What can be known of the arguments of filters and functions before anything runs.

use super::error::LanguageError;
use super::jinja::STRICT;
use super::moment::written;
use super::pattern::Pattern;
use super::tokens::{Lexeme, quoted};
use crate::domain::time::Timestamp;

/// Patterns and formats that are written out are read where the document is, so that a slip in one is told at its place.
pub(super) fn check_arguments(source: &str, tokens: &[(usize, Lexeme<'_>)]) -> Result<(), LanguageError> {
    for (at, window) in tokens.windows(4).enumerate() {
        let [
            (_, Lexeme::Name(word)),
            (_, Lexeme::Mark('(')),
            (offset, Lexeme::Text(_)),
            (_, Lexeme::Mark(')' | ',')),
        ] = window
        else {
            continue;
        };
        let before = at.checked_sub(1).map(|at| tokens[at].1);
        let is_filter = before == Some(Lexeme::Mark('|'));
        let reason = match (*word, is_filter) {
            ("regex", true) => literal(source, *offset).and_then(|text| Pattern::parse(&text).err()),
            ("now", false) if before != Some(Lexeme::Mark('.')) => {
                literal(source, *offset).and_then(|text| written(Timestamp::from_millis(0), &text).err())
            }
            _ => None,
        };
        if let Some(reason) = reason {
            return Err(LanguageError::new(*offset, reason));
        }
    }
    Ok(())
}

/// The value of a quoted text, as the engine reads it.
fn literal(source: &str, offset: usize) -> Option<String> {
    let rest = source.get(offset..)?;
    let written = rest.get(..quoted(rest, rest.chars().next()?))?;
    let value = STRICT.compile_expression(written).ok()?.eval(()).ok()?;
    value.as_str().map(str::to_owned)
}

/// What goes by the moment at which a request is sent: the function `now`, or the filter `totp`.
pub(super) fn clock(tokens: &[(usize, Lexeme<'_>)]) -> Option<&'static str> {
    tokens.iter().enumerate().find_map(|(at, (_, token))| {
        let before = at.checked_sub(1).map(|at| tokens[at].1);
        let is_called = tokens.get(at + 1).map(|(_, token)| *token) == Some(Lexeme::Mark('('));
        match (token, before) {
            (Lexeme::Name("totp"), Some(Lexeme::Mark('|'))) => Some("totp"),
            (Lexeme::Name("now"), Some(Lexeme::Mark('.' | '|'))) => None,
            (Lexeme::Name("now"), _) if is_called => Some("now"),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::language::Expression;

    #[test]
    fn what_goes_by_the_clock_is_known_and_no_name() {
        for (source, clock, names) in [
            ("now()", Some("now"), ""),
            ("'a' ~ now('unix')", Some("now"), ""),
            ("env.SECRET | totp", Some("totp"), "env"),
            ("env.SECRET|totp(digits=8) ~ now()", Some("totp"), "env"),
            ("account.now", None, "account"),
            ("'now()' ~ id", None, "id"),
            ("id | regex('now')", None, "id"),
        ] {
            let expression = Expression::parse(source).unwrap();
            assert_eq!(expression.clock(), clock, "{source}");
            assert_eq!(expression.names().join(" "), names, "{source}");
        }
        assert!(
            Expression::parse("id | now")
                .unwrap_err()
                .message
                .contains("unknown filter `now`")
        );
        let error = Expression::parse("nwo()").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `now`?"));
    }
}
