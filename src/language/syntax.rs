//! An expression that can't be read: what is wrong with it, and what other languages write at such a place.

use super::error::LanguageError;

/// What stands there in other languages, and how it is written here.
const FOREIGN: [(&str, &str); 5] = [
    ("=", "write `==` to compare"),
    ("&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
    ("?", "write `A if CONDITION else B`"),
];

/// The engine's error, with its place in the source.
pub(super) fn explain(error: &minijinja::Error, source: &str) -> LanguageError {
    let message = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    let offset = error.range().map_or(0, |range| range.start);
    // The first of two bars is the mark of a filter, and the second one is what it can't read.
    let bars = source.get(..offset).is_some_and(|before| before.ends_with('|'));
    let rest = source.get(offset - usize::from(bars)..).unwrap_or_default();
    let error = LanguageError::new(offset, message);
    match FOREIGN.iter().find(|(mark, _)| rest.starts_with(mark)) {
        Some((_, hint)) => error.with_hint(*hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use crate::language::Expression;

    #[test]
    fn what_other_languages_write_is_told_how_to_write_here() {
        for (source, at, hint) in [
            ("status = 200", 7, Some("write `==` to compare")),
            ("body.a && body.b", 7, Some("write `and`")),
            ("body.a || body.b", 8, Some("write `or`")),
            ("!body.a", 0, Some("write `not`")),
            ("body.a ? 1 : 2", 7, Some("write `A if CONDITION else B`")),
            ("body.a body.b", 7, None),
            ("body.a | ", 0, None),
        ] {
            let error = Expression::parse(source).unwrap_err();
            assert_eq!(error.hint.as_deref(), hint, "{source}: {error}");
            assert!(hint.is_none() || error.offset == at, "{source}: {error:?}");
        }
    }
}
