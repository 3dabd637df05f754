//! The two engines: one that is strict, and one in which a look into what is not there gives undefined.
//!
//! Neither can load anything, and both stop when an evaluation's fuel is used up.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};

use super::filters;

/// One unit pays for one instruction or 64 bytes that an evaluation makes or reads, so this is about 32 MB: an answer of 8 MiB can be
/// searched, and doubling ends long before the machine feels it.
const FUEL: u64 = 500_000;

/// What is not there is an error wherever its value is needed.
pub(super) static STRICT: LazyLock<Environment<'static>> = LazyLock::new(|| build(UndefinedBehavior::Strict));

/// What is not there is undefined, at any depth.
pub(super) static OPTIONAL: LazyLock<Environment<'static>> = LazyLock::new(|| build(UndefinedBehavior::Chainable));

fn build(behavior: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(behavior);
    environment.set_fuel(Some(FUEL));
    // Otherwise an error would keep a copy of what was in scope.
    environment.set_debug(false);
    // `debug` would print the scope, secrets included; `namespace` makes sense with statements alone.
    environment.remove_global("debug");
    environment.remove_global("namespace");
    filters::add(&mut environment);
    environment
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::language::{EvalErrorKind, Expression, Scope, Template};

    fn scope() -> Scope {
        Scope::new().with_json("body", &json!({"text": "abc", "a": {"a": 1}, "list": [1]}))
    }

    #[test]
    fn work_and_memory_are_bounded() {
        let doubled = format!("'x'{}", " | replace('x', 'xx')".repeat(60));
        let long = "range(90000) | map('string') | list | tojson";
        let longer = format!("{long} | replace('1', '11111111') | replace('1', '11111111')");
        for source in [
            "'x' * 2000000000",
            "'x' * 1000000 * 1000000",
            "body.text * 1000000 * 1000000",
            "'x' | indent(2000000000)",
            "'%2000000000d' | format(1)",
            &doubled,
            &longer,
        ] {
            let template = Template::parse(&format!("{{{{ {source} }}}}")).unwrap();
            let error = template.render_value(&scope()).map(|_| ()).unwrap_err();
            assert_eq!(error.kind, EvalErrorKind::TooMuch, "{source}: {error}");
        }
    }

    #[test]
    fn lists_are_never_repeated() {
        for source in [
            "[1] * 100000000",
            "100000000 * [1]",
            "(1, 2) * 100000000",
            "{} * 100000000",
            "range(9) * 100000000",
            "(body.text | list) * 100000000",
            "(body.text | split) * 100000000",
        ] {
            let error = Expression::parse(source).unwrap_err();
            assert!(error.message.contains("arithmetic"), "{source}: {error}");
        }
        for source in [
            "body.list * 100000000",
            "100000000 * body.list == 1",
            "(body.list | d) * 9",
        ] {
            let error = Expression::parse(source).unwrap().eval(&scope()).unwrap_err();
            assert_eq!(error.kind, EvalErrorKind::Unfit, "{source}: {error}");
        }
        for (source, expected) in [("(body.a.a + 1) * 10 * 2", "40"), ("'ab' * 2", "abab")] {
            let expression = Expression::parse(source).unwrap();
            assert_eq!(expression.eval_text(&scope()).unwrap().as_deref(), Some(expected));
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        for length in [100, 160, 240, 480, 8000] {
            for (head, part, tail) in [
                ("", "(", ""),
                ("", "[", ""),
                ("", "not ", "1"),
                ("", "-", "1"),
                ("", "1+", "1"),
                ("body", ".a", ""),
                ("body", "[0]", ""),
                ("1", "|abs", ""),
                ("", "1 if 1 else ", "1"),
            ] {
                let source = format!("{head}{}{tail}", part.repeat(length));
                if let Ok(expression) = Expression::parse(&source) {
                    let _outcome = expression.eval_optional(&scope());
                }
            }
        }
    }
}
