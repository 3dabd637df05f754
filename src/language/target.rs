//! Where a request goes: `GET /users/{{ id }}?x={{ y }}`.
//!
//! A value can never leave its place: it is one segment of the path, or one value of the query, whatever characters it has. This is
//! what keeps a service that answers with the id `../admin` from choosing what is deleted.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::encoding::ENCODED;
use super::error::{EvalError, EvalErrorKind, LanguageError};
use super::expression::Expression;
use super::scope::Scope;
use super::template::{Segment, segments, value_text};

/// What a literal part may not hold as it stands; the rest of the configuration's own text is taken as it was written.
const LITERAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; the only one that follows redirects.
    Get,
    /// Reads the head alone.
    Head,
    /// Creates or acts.
    Post,
    /// Creates or replaces.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A method, a path and perhaps a query, below the service's own address.
#[derive(Clone, Debug)]
pub struct Target {
    /// The method.
    pub method: Method,
    source: String,
    pub(super) path: Vec<Segment>,
    pub(super) query: Option<Vec<Segment>>,
}

impl Target {
    /// Reads `METHOD /path?query`.
    pub fn parse(source: &str) -> Result<Self, LanguageError> {
        let (word, rest) = source.split_once(' ').unwrap_or((source, ""));
        let method = Method::ALL.into_iter().find(|method| method.as_str() == word);
        let Some(method) = method else {
            let shown = if word.chars().count() <= 20 && !word.contains("{{") {
                format!("unknown method `{word}`")
            } else {
                "the request doesn't begin with a method".to_owned()
            };
            return Err(LanguageError::new(0, shown)
                .with_hint("write `METHOD /path`, with GET, HEAD, POST, PUT, PATCH or DELETE"));
        };
        let path = rest.trim_start();
        let start = source.len() - path.len();
        if !path.starts_with('/') {
            let scheme = path.to_ascii_lowercase();
            let message = if scheme.starts_with("http:") || scheme.starts_with("https:") {
                "a request goes to the service's own `url`, not to another address"
            } else {
                "the path of a request begins with `/`"
            };
            return Err(LanguageError::new(start, message)
                .with_hint(format!("write `{method} /...`; a path in `url` comes before it")));
        }
        let segments = segments(path).map_err(|error| error.moved(start))?;
        let target = Self::split(method, source, segments);
        target.check(start)?;
        Ok(target)
    }

    /// One that is still to be written, and is never sent: it reads at no path.
    pub fn unwritten(source: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            source: source.into(),
            path: Vec::new(),
            query: None,
        }
    }

    /// The source as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The expressions in it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.path
            .iter()
            .chain(self.query.iter().flatten())
            .filter_map(|segment| match segment {
                Segment::Literal(_) => None,
                Segment::Value(expression) => Some(expression),
            })
    }

    /// `/path?query`, ready to be put behind the service's address. Fails where a value, or a segment that values make, is empty,
    /// `.` or `..`: those would name another thing than the one that is meant.
    pub fn render(&self, scope: &Scope) -> Result<String, EvalError> {
        let mut path = String::new();
        for part in &self.path {
            match part {
                Segment::Literal(text) => path.push_str(&encode_literal(text)),
                Segment::Value(expression) => {
                    let value = value_text(expression, scope)?;
                    if is_dangerous(&value) {
                        return Err(self.refused(Some(expression), &value));
                    }
                    path.push_str(&encode(&value));
                }
            }
        }
        if let Some(segment) = dangerous_segment(&path) {
            return Err(self.refused(None, segment));
        }
        if let Some(query) = &self.query {
            path.push('?');
            for part in query {
                match part {
                    Segment::Literal(text) => path.push_str(&encode_literal(text)),
                    Segment::Value(expression) => {
                        path.push_str(&encode(&value_text(expression, scope)?));
                    }
                }
            }
        }
        Ok(path)
    }

    /// Cuts at the first literal `?`.
    fn split(method: Method, source: &str, segments: Vec<Segment>) -> Self {
        let mut path = Vec::new();
        let mut query: Option<Vec<Segment>> = None;
        for segment in segments {
            match (segment, &mut query) {
                (segment, Some(query)) => query.push(segment),
                (Segment::Literal(text), None) => match text.split_once('?') {
                    Some((before, after)) => {
                        path.push(Segment::Literal(before.to_owned()));
                        query = Some(vec![Segment::Literal(after.to_owned())]);
                    }
                    None => path.push(Segment::Literal(text)),
                },
                (segment @ Segment::Value(_), None) => path.push(segment),
            }
        }
        Self {
            method,
            source: source.to_owned(),
            path,
            query,
        }
    }

    /// What is wrong whatever the values are.
    fn check(&self, offset: usize) -> Result<(), LanguageError> {
        let mut skeleton = String::new();
        for part in &self.path {
            match part {
                Segment::Literal(text) => skeleton.push_str(text),
                Segment::Value(_) => skeleton.push('x'),
            }
        }
        let literals = self.path.iter().chain(self.query.iter().flatten());
        for part in literals {
            let Segment::Literal(text) = part else {
                continue;
            };
            if let Some(bad) = text
                .chars()
                .find(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '#'))
            {
                return Err(
                    LanguageError::new(offset, format!("`{}` is not allowed in a path", bad.escape_default()))
                        .with_hint("percent-encode it"),
                );
            }
        }
        if dangerous_segment(&skeleton).is_some() {
            return Err(LanguageError::new(
                offset,
                "a segment of the path is empty, `.` or `..`",
            ));
        }
        Ok(())
    }

    fn refused(&self, expression: Option<&Expression>, value: &str) -> EvalError {
        let what = if value.is_empty() {
            "empty".to_owned()
        } else {
            format!("`{value}`")
        };
        let whose = expression.map_or_else(
            || "a segment".to_owned(),
            |expression| format!("`{}`", expression.source()),
        );
        EvalError::new(
            EvalErrorKind::Unfit,
            format!(
                "{whose} is {what} in the path of `{}`, which would name something else",
                self.source
            ),
        )
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => write!(f, "{text:?}"),
            Self::Value(expression) => write!(f, "{expression:?}"),
        }
    }
}

pub(super) fn encode(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

pub(super) fn encode_literal(text: &str) -> String {
    utf8_percent_encode(text, LITERAL).to_string()
}

fn is_dangerous(segment: &str) -> bool {
    matches!(segment, "" | "." | "..")
}

/// A segment of a path with which the address would mean another thing. One slash at the end is fine. Clients and servers take
/// `%2e` for a dot (URL Standard, "single-dot URL path segment"), so segments are compared decoded.
fn dangerous_segment(path: &str) -> Option<&str> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() && path.len() <= 1 {
        return None;
    }
    inner
        .split('/')
        .find(|segment| is_dangerous(&percent_decode_str(segment).decode_utf8_lossy()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(source: &str) -> String {
        match Target::parse(source) {
            Ok(target) => format!("{} with {} values", target.method, target.expressions().count()),
            Err(error) => format!("{}: {error}", error.offset),
        }
    }

    fn rendered(source: &str, id: &serde_json::Value) -> String {
        let scope = Scope::new().with_json("id", id);
        match Target::parse(source).unwrap().render(&scope) {
            Ok(path) => path,
            Err(error) => format!("error: {}", error.message),
        }
    }

    #[test]
    fn targets_are_a_method_and_a_path_below_the_service() {
        for (source, expected) in [
            ("GET /", "GET with 0 values"),
            ("POST /users/", "POST with 0 values"),
            ("DELETE  /users/{{ id }}/x?y={{ id }}", "DELETE with 2 values"),
            ("get /users", "0: unknown method `get`"),
            ("/users", "0: unknown method `/users`"),
            ("", "0: unknown method ``"),
            ("GET", "3: the path of a request begins with `/`"),
            ("GET users", "4: the path of a request begins with `/`"),
            (
                "GET https://x/users",
                "4: a request goes to the service's own `url`, not to another address",
            ),
            ("GET {{ id }}", "4: the path of a request begins with `/`"),
            ("GET //host/x", "4: a segment of the path is empty, `.` or `..`"),
            ("GET //", "4: a segment of the path is empty, `.` or `..`"),
            ("GET /a/../b", "4: a segment of the path is empty, `.` or `..`"),
            ("GET /a/%2E%2e/b", "4: a segment of the path is empty, `.` or `..`"),
            ("GET /a\\b", "4: `\\\\` is not allowed in a path"),
            ("GET /a#b", "4: `#` is not allowed in a path"),
            ("GET /a b", "4: ` ` is not allowed in a path"),
            ("GET /a\r\nX: y", "4: `\\r` is not allowed in a path"),
            ("GET /a/{{ id", "7: `{{` has no `}}`"),
        ] {
            assert_eq!(parsed(source), expected, "{source}");
        }
    }

    #[test]
    fn a_value_is_one_segment_or_an_error() {
        let path = "DELETE /users/{{ id }}";
        for (id, expected) in [
            (json!("u-1"), "/users/u-1"),
            (json!(42), "/users/42"),
            (json!(18_446_744_073_709_551_615_u64), "/users/18446744073709551615"),
            (json!("../admin"), "/users/..%2Fadmin"),
            (json!("a/b?c"), "/users/a%2Fb%3Fc"),
            (json!("%2e"), "/users/%252e"),
            (json!("%2e%2e"), "/users/%252e%252e"),
            (json!("a\r\nX-Evil: 1"), "/users/a%0D%0AX-Evil%3A%201"),
            (json!("a#b&c=d;e\\f"), "/users/a%23b%26c%3Dd%3Be%5Cf"),
            (json!("ä€😀"), "/users/%C3%A4%E2%82%AC%F0%9F%98%80"),
            (json!("..."), "/users/..."),
            (json!("{{ id }}"), "/users/%7B%7B%20id%20%7D%7D"),
            (
                json!(""),
                "error: `id` is empty in the path of `DELETE /users/{{ id }}`, which would name something else",
            ),
            (
                json!("."),
                "error: `id` is `.` in the path of `DELETE /users/{{ id }}`, which would name something else",
            ),
            (
                json!(".."),
                "error: `id` is `..` in the path of `DELETE /users/{{ id }}`, which would name something else",
            ),
            (json!(["a"]), "error: `id`: a sequence can't be put into text"),
            (json!({"a": 1}), "error: `id`: a map can't be put into text"),
            (json!(null), "error: `id`: null can't be put into text"),
            (json!(1e22), "error: `id`: the number has more digits than can be kept"),
        ] {
            assert_eq!(rendered(path, &id), expected, "{id}");
        }
    }

    #[test]
    fn a_segment_that_values_and_text_make_together_is_checked_too() {
        for (source, id, expected) in [
            ("GET /.{{ id }}", json!("x"), "/.x"),
            (
                "GET /a{{ id }}",
                json!("."),
                "error: `id` is `.` in the path of `GET /a{{ id }}`, which would name something else",
            ),
            ("GET /users/{{ id }}/", json!("7"), "/users/7/"),
            ("GET /a?x={{ id }}&y=.", json!("a&b=/c"), "/a?x=a%26b%3D%2Fc&y=."),
            ("GET /a?x={{ id }}", json!(""), "/a?x="),
            ("GET /a?{{ id }}", json!("x=1"), "/a?x%3D1"),
            ("GET /a%20b/ü", json!("x"), "/a%20b/%C3%BC"),
        ] {
            assert_eq!(rendered(source, &id), expected, "{source} {id}");
        }
    }
}
