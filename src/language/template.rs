//! Text with `{{ expression }}` in it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::convert::{to_json, to_text, within_limit};
use super::error::{EvalError, LanguageError};
use super::expression::Expression;
use super::scope::Scope;
use super::tokens::quoted;

/// Text with expressions in it, cheap to clone.
#[derive(Clone)]
pub struct Template {
    pub(super) segments: Arc<[Segment]>,
}

/// A part of a template.
#[derive(Clone)]
pub(super) enum Segment {
    Literal(String),
    Value(Expression),
}

impl Template {
    /// Reads a template. Statements and comments of Jinja are errors, and so is GitHub's `${{`.
    pub fn parse(source: &str) -> Result<Self, LanguageError> {
        Ok(Self {
            segments: segments(source)?.into(),
        })
    }

    /// Text that is taken as it is.
    pub fn literal(text: impl Into<String>) -> Self {
        Self {
            segments: Arc::from([Segment::Literal(text.into())]),
        }
    }

    /// The text. Strings, numbers, `true` and `false` can stand in it; undefined, null, lists and maps are errors.
    pub fn render(&self, scope: &Scope) -> Result<String, EvalError> {
        let mut text = String::new();
        for segment in self.segments.iter() {
            match segment {
                Segment::Literal(literal) => text.push_str(literal),
                Segment::Value(expression) => text.push_str(&value_text(expression, scope)?),
            }
            within_limit(&text)?;
        }
        Ok(text)
    }

    /// The value for JSON: a template that is exactly one `{{ expression }}` keeps its type.
    pub fn render_value(&self, scope: &Scope) -> Result<Json, EvalError> {
        if let [Segment::Value(expression)] = &*self.segments {
            let value = expression.eval(scope)?;
            return to_json(&value).map_err(|error| expression.prefixed(error));
        }
        self.render(scope).map(Json::String)
    }

    /// The expressions in it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Value(expression) => Some(expression),
        })
    }

    /// How it is written, for a message about what it gives: that may be a secret.
    pub fn source(&self) -> String {
        self.source_with(|expression| expression.source().to_owned())
    }

    /// The same with each expression as `shown` has it.
    pub fn source_with(&self, shown: impl Fn(&Expression) -> String) -> String {
        let parts = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Value(expression) => format!("{{{{ {} }}}}", shown(expression)),
        });
        parts.collect()
    }

    /// How it is written, with `***` for its literals: of a value that may be a secret. A word such as `Bearer` in front of an
    /// expression says what kind of secret it is, and is none.
    pub fn veiled(&self) -> String {
        let parts = self.segments.iter().enumerate().map(|(at, segment)| match segment {
            Segment::Literal(text) if is_scheme(text) && at + 1 < self.segments.len() => text.clone(),
            Segment::Literal(_) => "***".to_owned(),
            Segment::Value(expression) => format!("{{{{ {} }}}}", expression.veiled()),
        });
        parts.collect()
    }

    /// The literal text between the expressions, in order.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(text) => Some(text.as_str()),
            Segment::Value(_) => None,
        })
    }
}

/// Words before a token that name its kind.
const SCHEMES: [&str; 6] = ["Basic", "Bearer", "Token", "SSWS", "ApiKey", "JWT"];

fn is_scheme(text: &str) -> bool {
    let word = text.strip_suffix(' ').unwrap_or_default();
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

impl fmt::Debug for Template {
    // Its literals may be secrets, so only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template")?;
        f.debug_list()
            .entries(self.segments.iter().map(|segment| match segment {
                Segment::Literal(_) => "text".to_owned(),
                Segment::Value(expression) => format!("{expression:?}"),
            }))
            .finish()
    }
}

pub(super) fn value_text(expression: &Expression, scope: &Scope) -> Result<String, EvalError> {
    to_text(&expression.eval(scope)?).map_err(|error| expression.prefixed(error))
}

/// Cuts a source into its segments.
pub(super) fn segments(source: &str) -> Result<Vec<Segment>, LanguageError> {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find("{{") {
        let open = at + found;
        literal(&mut segments, source, at, open)?;
        if source[..open].ends_with('$') {
            return Err(LanguageError::new(
                open - 1,
                "`${{` is GitHub's syntax, which is replaced in workflow files only",
            )
            .with_hint("write `{{ env.NAME }}` and set NAME in the workflow's `env`"));
        }
        let start = open + 2;
        let Some(length) = expression_length(&source[start..]) else {
            return Err(LanguageError::new(open, "`{{` has no `}}`").with_hint("close the expression with `}}`"));
        };
        let inner = &source[start..start + length];
        if inner.starts_with(['-', '+']) || inner.ends_with(['-', '+']) {
            return Err(LanguageError::new(open, "`{{-` and `-}}` are not supported")
                .with_hint("leave the `-` out, or put a space before it"));
        }
        let expression = Expression::parse(inner).map_err(|error| error.moved(start))?;
        segments.push(Segment::Value(expression));
        at = start + length + 2;
    }
    literal(&mut segments, source, at, source.len())?;
    Ok(segments)
}

fn literal(segments: &mut Vec<Segment>, source: &str, from: usize, to: usize) -> Result<(), LanguageError> {
    let text = &source[from..to];
    for (mark, what) in [("{%", "statements (`{% %}`)"), ("{#", "comments (`{# #}`)")] {
        if let Some(at) = text.find(mark) {
            return Err(
                LanguageError::new(from + at, format!("{what} are not part of the language")).with_hint(format!(
                    "use `{{{{ ... }}}}`, or write `{{{{ \"{mark}\" }}}}` if the text itself is meant"
                )),
            );
        }
    }
    if !text.is_empty() {
        segments.push(Segment::Literal(text.to_owned()));
    }
    Ok(())
}

/// The length of the expression before its `}}`, which doesn't count inside quotes or a map.
fn expression_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' | '\'' => {
                at += quoted(&text[at..], c);
                continue;
            }
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' if text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::why::Why;
    use crate::language::Environment;

    fn scope() -> Scope {
        let environment = Environment::new([("PW".to_owned(), "{{ id }}".to_owned())], None);
        Scope::new()
            .with_json(
                "body",
                &json!({"id": 7, "big": 12_345_678_901_234_567_890_u64, "ok": true, "none": null,
                        "list": [1, {"a": "b"}], "half": 0.5, "text": "x\"y"}),
            )
            .with("id", "u-1")
            .environment(&environment)
    }

    fn render(source: &str) -> String {
        match Template::parse(source) {
            Ok(template) => template
                .render(&scope())
                .unwrap_or_else(|error| format!("error: {}", Why::from(error).in_line())),
            Err(error) => format!(
                "at {}: {error}{}",
                error.offset,
                error.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"))
            ),
        }
    }

    #[test]
    fn templates_render_scalars_and_nothing_else() {
        for (source, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a{{ id }}b{{ body.id }}", "au-1b7"),
            (
                "{{ body.big }} {{ body.ok }} {{ body.half }}",
                "12345678901234567890 true 0.5",
            ),
            ("{{ '}}' }}{{ \"{{\" }}", "}}{{"),
            ("{{ {'a': {'b': id}}.a.b }}", "u-1"),
            ("{{ env.PW }}", "{{ id }}"),
            ("{{ body.list | tojson }}", r#"[1,{"a":"b"}]"#),
            ("{{ body.text | tojson }}", r#""x\"y""#),
            (
                "{{ body.none }}",
                "error: `body.none`: null can't be put into text; hint: write `| default(\"...\", true)` to give it a replacement",
            ),
            (
                "{{ body.list }}",
                "error: `body.list`: a sequence can't be put into text; hint: write `| tojson` if its JSON is meant",
            ),
            (
                "{{ body.lst }}",
                "error: `body.lst` is undefined; hint: did you mean `body.list`?",
            ),
            (
                "{{ bdy.id }}",
                "error: unknown name `bdy` in `bdy.id`; hint: did you mean `body`?",
            ),
            ("{{ env.MISSING }}", "error: `env.MISSING` is undefined"),
            ("{{ env.MISSING | default('d') }}", "d"),
            ("{{ 'a' ~ body.absent }}", "error: `body.absent` is undefined"),
            (
                "{% if x %}",
                "at 0: statements (`{% %}`) are not part of the language (use `{{ ... }}`, or write `{{ \"{%\" }}` if the text itself is meant)",
            ),
            (
                "a {# x #}",
                "at 2: comments (`{# #}`) are not part of the language (use `{{ ... }}`, or write `{{ \"{#\" }}` if the text itself is meant)",
            ),
            (
                "a ${{ secrets.X }}",
                "at 2: `${{` is GitHub's syntax, which is replaced in workflow files only (write `{{ env.NAME }}` and set NAME in the workflow's `env`)",
            ),
            ("a {{ id", "at 2: `{{` has no `}}` (close the expression with `}}`)"),
            ("a {{ }}", "at 5: the expression is empty"),
            (
                "{{- id -}}",
                "at 0: `{{-` and `-}}` are not supported (leave the `-` out, or put a space before it)",
            ),
            ("{{ id | uper }}", "at 8: unknown filter `uper` (did you mean `upper`?)"),
            (
                "{{ id is strin }}",
                "at 9: unknown test `strin` (did you mean `string`?)",
            ),
            ("{{ rang(3) }}", "at 3: unknown function `rang` (did you mean `range`?)"),
        ] {
            assert_eq!(render(source), expected, "{source}");
        }
    }

    #[test]
    fn a_lone_expression_keeps_its_type() {
        for (source, expected) in [
            ("{{ body.id }}", json!(7)),
            ("{{ body.list }}", json!([1, {"a": "b"}])),
            ("{{ body.none }}", json!(null)),
            ("{{ body.id }} ", json!("7 ")),
            ("{{ 1 + 1 }}", json!(2)),
            ("{{ {'b': 1, 'a': 2} }}", json!({"b": 1, "a": 2})),
        ] {
            let template = Template::parse(source).unwrap();
            assert_eq!(template.render_value(&scope()).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn debug_shows_no_literal() {
        let template = Template::parse("hunter2{{ 'hunter2' }}{{ env.PW }}").unwrap();
        assert_eq!(
            format!("{template:?}"),
            r#"Template["text", "Expression(over [])", "Expression(env.PW)"]"#
        );
    }
}
