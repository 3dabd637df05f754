//! Regular expressions, matched in time that grows with the length of the text and of the pattern, and no faster.

use minijinja::{Error, State, Value};
use regex_lite::{Regex, RegexBuilder};

use super::filters::{failed, on_text};

/// The longest pattern, in bytes.
const LENGTH_LIMIT: usize = 1000;
/// The sizes of a compiled pattern that are tried, in bytes: the engine does not say how large one is, only that it is too large.
const SIZES: [usize; 8] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
/// The size whose work on 64 bytes of text a unit of fuel pays for: all of it is about a second's.
const SIZE_PAID: usize = 128;

/// A pattern that can be matched, and what that costs.
pub(super) struct Pattern {
    regex: Regex,
    size: usize,
}

impl Pattern {
    /// Reads a pattern. The error is a lower-case fragment.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        if source.len() > LENGTH_LIMIT {
            return Err(format!("the pattern is longer than {LENGTH_LIMIT} bytes"));
        }
        if source.contains('\u{8}') {
            return Err("`\\b` in a text is a backspace; write `\\\\b` for the edge of a word".to_owned());
        }
        let mut reason = String::new();
        for size in SIZES {
            match RegexBuilder::new(source).size_limit(size).build() {
                Ok(regex) => return Ok(Self { regex, size }),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(format!("the pattern is not valid: {reason}"))
    }

    /// What it finds: its first group, or all where it has no group. A group that takes no part gives nothing.
    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.regex.captures(text)?;
        let group = usize::from(found.len() > 1);
        found.get(group).map(|found| found.as_str())
    }

    /// The units of fuel that reading it and a search may take: a search goes through the text once, at each place with every
    /// state, and carries the place of every group along.
    fn cost(&self, text: &str) -> u64 {
        let parts = (self.size / SIZE_PAID) * self.regex.captures_len();
        let units = (text.len() / 64 + 1)
            .saturating_mul(parts)
            .saturating_add(self.size / 32);
        u64::try_from(units).unwrap_or(u64::MAX)
    }
}

/// The first group of what a pattern finds in a text, all that it finds where it has no group, or undefined.
pub(super) fn regex(state: &State, value: &Value, pattern: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(Value::UNDEFINED);
    }
    on_text(value, "regex", |text| {
        on_text(pattern, "regex", |pattern| {
            let pattern = Pattern::parse(pattern).map_err(failed)?;
            state.consume_fuel(pattern.cost(text))?;
            Ok(pattern.find(text).map(Value::from).unwrap_or_default())
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::language::{EvalErrorKind, Expression, Scope};

    fn scope() -> Scope {
        let body =
            json!({"text": "Created user id=4711 (\"sd-x\").\nsecond line", "none": null, "id": 7, "pattern": "(["});
        Scope::new().with_json("body", &body)
    }

    #[test]
    fn the_first_group_counts_or_else_the_match() {
        for (source, expected) in [
            (r"body.text | regex('id=(\d+)')", Some("4711")),
            (r"body.text | regex('id=\d+')", Some("id=4711")),
            (r"body.text | regex('(?:user|account) id=([0-9]+)')", Some("4711")),
            (r#"body.text | regex('"(sd-(.))"')"#, Some("sd-x")),
            (r"body.text | regex('(?m)^second (\w+)$')", Some("line")),
            (r"body.text | regex('\\bid=(\d+)')", Some("4711")),
            (r"body.text | regex('none=(\d+)')", None),
            (r"body.text | regex('none=(\d+)') | default('d')", Some("d")),
            (r"body.text | regex('(x)?user')", None),
            (r"body.none | regex('.')", None),
            (r"body.absent | regex('.')", None),
            (r"body.absent.more | regex('.')", None),
            (r"(body.text | regex('no')) is undefined", Some("true")),
        ] {
            let expression = Expression::parse(source).unwrap();
            assert_eq!(expression.eval_text(&scope()).unwrap().as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn a_pattern_that_can_not_be_read_is_told() {
        for (source, message) in [
            ("body.text | regex(body.pattern)", "the pattern is not valid: "),
            ("body.id | regex('7')", "`regex` takes text, not a number"),
            ("body.text | regex(7)", "`regex` takes text, not a number"),
        ] {
            let error = Expression::parse(source).unwrap().eval_text(&scope()).unwrap_err();
            assert_eq!(error.kind, EvalErrorKind::Failed);
            assert!(error.message.contains(message), "{source}: {error}");
        }
        let long = format!("1 ~ x | regex('{}')", "a".repeat(1001));
        for (source, offset, message) in [
            ("x | regex('a(')", 10, "the pattern is not valid: "),
            (
                "x | regex(\"a\", 'b') ~ (x|regex( '[' ))",
                32,
                "the pattern is not valid: ",
            ),
            (r"x | regex('\bid')", 10, "is a backspace"),
            (r"x | regex('(a)\\1')", 10, "backreferences are not supported"),
            ("x | regex('(?:a{1000}){1000}')", 10, "size"),
            (&long, 14, "longer than 1000 bytes"),
        ] {
            let error = Expression::parse(source).unwrap_err();
            assert!(error.message.contains(message), "{source}: {error}");
            assert_eq!(error.offset, offset, "{source}");
        }
    }

    #[test]
    fn a_long_text_takes_time_that_grows_with_its_length() {
        let text = "a".repeat(1024 * 1024);
        let eval = |pattern: &str, text: &str| {
            let expression = Expression::parse("text | regex(pattern)").unwrap();
            let scope = Scope::new().with("text", text).with("pattern", pattern);
            let found = expression.eval_text(&scope).map_err(|error| error.kind)?;
            Ok(found.map(|found| found.len()))
        };
        assert_eq!(eval("(a+)+$", &text), Ok(Some(1_048_576)));
        assert_eq!(eval("(a+)+$", &format!("{text}b")), Ok(None));
        // As many states as there may be, at each of a million places.
        assert_eq!(eval("(?:a?){200}b", &text), Err(EvalErrorKind::TooMuch));
        assert_eq!(eval("(?:a?){200}b", &text[..10_000]), Ok(None));
        let groups = "(a)".repeat(300);
        assert_eq!(eval(&groups, &text), Err(EvalErrorKind::TooMuch));
    }

    #[test]
    fn many_patterns_are_too_much_work() {
        let source = "range(90000) | map('string') | map('regex', '(?:[a-z0-9]{1,40})') | list | length";
        let error = Expression::parse(source).unwrap().eval_text(&Scope::new()).unwrap_err();
        assert_eq!(error.kind, EvalErrorKind::TooMuch);
    }
}
