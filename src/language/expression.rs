//! One expression: compiled once, evaluated as often as needed.

use std::fmt;
use std::sync::Arc;

use minijinja::{ErrorKind, Value};

use super::convert::{to_text, undefined, within_limit};
use super::engine::{FUNCTIONS, OPTIONAL, STRICT};
use super::error::{EvalError, EvalErrorKind, LanguageError};
use super::filters::{FILTERS, TESTS};
use super::nearest::nearest;
use super::scope::Scope;
use super::tokens::{EnvUse, Token, env_uses, has_literal, tokens};

/// An expression over a [`Scope`], cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    source: String,
    strict: minijinja::Expression<'static, 'static>,
    optional: minijinja::Expression<'static, 'static>,
    /// The names at the top: `body` of `body.data.id`.
    names: Vec<String>,
    /// The names with all their attributes: `body.data.id`.
    paths: Vec<String>,
    env: Vec<EnvUse>,
    has_literal: bool,
    joins_text: bool,
}

impl Expression {
    /// Reads an expression. Unknown filters, tests and functions are found here, unknown names of the scope when it is known.
    pub fn parse(source: &str) -> Result<Self, LanguageError> {
        let indent = source.len() - source.trim_start().len();
        Self::parse_trimmed(source.trim()).map_err(|error| error.moved(indent))
    }

    fn parse_trimmed(source: &str) -> Result<Self, LanguageError> {
        if source.is_empty() {
            return Err(LanguageError::new(0, "the expression is empty"));
        }
        if source.len() > 16 * 1024 {
            return Err(LanguageError::new(0, "the expression is longer than 16 KiB"));
        }
        if source.starts_with("{{") {
            return Err(LanguageError::new(0, "this is an expression already, not a template")
                .with_hint("write it without `{{` and `}}`"));
        }
        let strict = STRICT
            .compile_expression_owned(source.to_owned())
            .map_err(|error| syntax(&error))?;
        let optional = OPTIONAL
            .compile_expression_owned(source.to_owned())
            .map_err(|error| syntax(&error))?;
        let tokens = tokens(source);
        check_words(&tokens)?;
        let sorted = |nested| {
            let mut names: Vec<String> = strict.undeclared_variables(nested).into_iter().collect();
            names.sort();
            names
        };
        let mut names = sorted(false);
        names.retain(|name| !FUNCTIONS.contains(&name.as_str()));
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            names,
            paths: sorted(true),
            strict,
            optional,
            env: env_uses(&tokens)?,
            has_literal: has_literal(&tokens),
            joins_text: tokens.iter().any(|(_, token)| *token == Token::Mark('~')),
        })))
    }

    /// The source as it was written, without the space around it.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The names at the top that it reads, in order: `body` of `body.data.id`.
    pub fn names(&self) -> &[String] {
        &self.0.names
    }

    /// The names with their attributes, in order: `body.data.id`.
    pub fn paths(&self) -> &[String] {
        &self.0.paths
    }

    /// The variables that it reads.
    pub fn env_uses(&self) -> &[EnvUse] {
        &self.0.env
    }

    /// Does it hold text or a number of its own, which could be a secret?
    pub fn has_literal(&self) -> bool {
        self.0.has_literal
    }

    /// The value. Whatever is undefined is an error.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        self.check_names(scope)?;
        let value = self
            .0
            .strict
            .eval(Value::from_object(scope.clone()))
            .map_err(|error| self.failure(&error, scope))?;
        if value.is_undefined() {
            return Err(self.undefined(scope));
        }
        self.bounded(value)
    }

    /// The value, or `None` where it is undefined at any depth, null or empty text: `body.data.id` of an HTML page is `None`.
    /// Text that is joined (`~`) from a part that isn't there isn't there either.
    pub fn eval_optional(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        self.check_names(scope)?;
        let strict = self.0.strict.eval(Value::from_object(scope.clone()));
        let value = match strict {
            Ok(value) => value,
            Err(error) if is_undefined(&error) && self.0.joins_text => return Ok(None),
            Err(error) if is_undefined(&error) => {
                match self.0.optional.eval(Value::from_object(scope.clone())) {
                    Ok(value) => value,
                    // A filter that can't work on what isn't there has nothing to give.
                    Err(error) if error.kind() != ErrorKind::OutOfFuel => return Ok(None),
                    Err(error) => return Err(self.failure(&error, scope)),
                }
            }
            Err(error) => return Err(self.failure(&error, scope)),
        };
        if value.is_undefined() || value.is_none() || value.as_str().is_some_and(str::is_empty) {
            return Ok(None);
        }
        self.bounded(value).map(Some)
    }

    /// As [`Self::eval_optional`], as text: whole numbers digit by digit. A number that lost digits, a list or a map is an error.
    pub fn eval_text(&self, scope: &Scope) -> Result<Option<String>, EvalError> {
        self.eval_optional(scope)?
            .map(|value| to_text(&value).map_err(|error| self.prefixed(error)))
            .transpose()
    }

    /// Is it true? A condition on what is not there doesn't hold, however it is turned: `not body.active` of an HTML page is false.
    pub fn eval_bool(&self, scope: &Scope) -> Result<bool, EvalError> {
        self.check_names(scope)?;
        match self.0.strict.eval(Value::from_object(scope.clone())) {
            Ok(value) => Ok(value.is_true()),
            Err(error) if is_undefined(&error) => Ok(false),
            Err(error) => Err(self.failure(&error, scope)),
        }
    }

    /// Names that the scope doesn't have at all are mistakes of the configuration, not properties of an answer.
    fn check_names(&self, scope: &Scope) -> Result<(), EvalError> {
        for name in &self.0.names {
            if scope.get(name).is_none() {
                let error = EvalError::new(
                    EvalErrorKind::UnknownName,
                    format!("unknown name `{name}` in `{}`", self.shown()),
                );
                return Err(match nearest(name, scope.names()) {
                    Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                    None => error,
                });
            }
        }
        Ok(())
    }

    fn bounded(&self, value: Value) -> Result<Value, EvalError> {
        if let Some(text) = value.as_str() {
            within_limit(text).map_err(|error| self.prefixed(error))?;
        }
        Ok(value)
    }

    /// The source for a message; not where it holds literals, which may be secrets.
    fn shown(&self) -> &str {
        if self.0.has_literal && self.0.source.len() > 200 {
            "..."
        } else {
            &self.0.source
        }
    }

    pub(super) fn prefixed(&self, mut error: EvalError) -> EvalError {
        error.message = format!("`{}`: {}", self.shown(), error.message);
        error
    }

    /// The first path that leads nowhere, with the name that was probably meant.
    fn undefined(&self, scope: &Scope) -> EvalError {
        for path in &self.0.paths {
            let mut parts = path.split('.');
            let Some(mut value) = parts.next().and_then(|name| scope.get(name)).cloned() else {
                continue;
            };
            let mut seen = path.split('.').next().unwrap_or_default().to_owned();
            for part in parts {
                let next = value.get_attr(part).unwrap_or_default();
                if next.is_undefined() {
                    let error = EvalError::new(EvalErrorKind::Undefined, format!("`{seen}.{part}` is undefined"));
                    let known: Vec<String> = value
                        .try_iter()
                        .into_iter()
                        .flatten()
                        .filter_map(|key| key.as_str().map(str::to_owned))
                        .take(1000)
                        .collect();
                    return match nearest(part, known.iter().map(String::as_str)) {
                        Some(meant) => error.with_hint(format!("did you mean `{seen}.{meant}`?")),
                        None => error,
                    };
                }
                seen = format!("{seen}.{part}");
                value = next;
            }
        }
        self.prefixed(undefined())
    }

    fn failure(&self, error: &minijinja::Error, scope: &Scope) -> EvalError {
        match error.kind() {
            ErrorKind::UndefinedError => self.undefined(scope),
            ErrorKind::OutOfFuel => {
                self.prefixed(EvalError::new(EvalErrorKind::TooMuch, "takes too much work or memory"))
            }
            // The detail of an engine's error may quote a value. It is told only where no secret can be in sight.
            kind => {
                let has_secrets = self
                    .0
                    .names
                    .iter()
                    .any(|name| !matches!(name.as_str(), "status" | "headers" | "id" | "run" | "service"));
                let message = match error.detail() {
                    Some(detail) if !has_secrets => format!("{kind}: {detail}"),
                    _ => kind.to_string(),
                };
                self.prefixed(EvalError::new(EvalErrorKind::Failed, message))
            }
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.has_literal {
            write!(f, "Expression(over {:?})", self.0.names)
        } else {
            write!(f, "Expression({})", self.0.source)
        }
    }
}

fn is_undefined(error: &minijinja::Error) -> bool {
    error.kind() == ErrorKind::UndefinedError
}

fn syntax(error: &minijinja::Error) -> LanguageError {
    let message = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    LanguageError::new(error.range().map_or(0, |range| range.start), message)
}

/// Filters, tests and functions that don't exist are found before anything runs.
fn check_words(tokens: &[(usize, Token<'_>)]) -> Result<(), LanguageError> {
    let name = |at: usize| match tokens.get(at) {
        Some((_, Token::Name(name))) => Some(*name),
        _ => None,
    };
    for (at, (offset, token)) in tokens.iter().enumerate() {
        let Token::Name(word) = *token else { continue };
        let before = at.checked_sub(1).map(|at| tokens[at].1);
        let is_test = before == Some(Token::Name("is")) && word != "not"
            || before == Some(Token::Name("not")) && at > 1 && name(at - 2) == Some("is");
        let is_call = tokens.get(at + 1).map(|(_, token)| *token) == Some(Token::Mark('('));
        let (kind, known) = if before == Some(Token::Mark('|')) {
            ("filter", FILTERS)
        } else if before == Some(Token::Mark('.')) {
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
