//! One expression: compiled once, evaluated as often as needed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::ValueKind;
use minijinja::{Environment as Engine, ErrorKind, Value};

use super::arguments::{check_arguments, clock};
use super::convert::{to_text, undefined, within_limit};
use super::error::{EvalError, EvalErrorKind, LanguageError};
use super::jinja::{OPTIONAL, STRICT};
use super::nearest::nearest;
use super::scope::Scope;
use super::syntax;
use super::tokens::{EnvUse, Lexeme, env_uses, guarded, has_literal, last_names, tokens, without_literals};
use super::vocabulary::{FUNCTIONS, check_product, check_words};

/// The most words and marks of an expression. The engine goes through chains such as `a.a.a` by recursion, with no limit of its own.
const TOKENS_LIMIT: usize = 500;

/// The most items of a list or map that an evaluation gives.
const ITEMS_LIMIT: usize = 1_000_000;

/// An expression over a [`Scope`], cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

/// Compiled where it is first needed, since it takes some kilobytes and most expressions of a large document are never evaluated.
type Lazy = OnceLock<Result<minijinja::Expression<'static, 'static>, minijinja::Error>>;

struct Compiled {
    source: String,
    strict: Lazy,
    optional: Lazy,
    /// The names at the top: `body` of `body.data.id`.
    names: Vec<String>,
    /// The names with all their attributes: `body.data.id`.
    paths: Vec<String>,
    guarded: Vec<String>,
    env: Vec<EnvUse>,
    has_literal: bool,
    joins_text: bool,
    multiplies: bool,
    clock: Option<&'static str>,
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
        let tokens = tokens(source);
        if tokens.len() > TOKENS_LIMIT {
            return Err(LanguageError::new(0, "the expression is too long"));
        }
        if source.starts_with("{{") {
            return Err(LanguageError::new(0, "this is an expression already, not a template")
                .with_hint("write it without `{{` and `}}`"));
        }
        let strict = STRICT
            .compile_expression_owned(source.to_owned())
            .map_err(|error| syntax::explain(&error, source))?;
        check_words(&tokens)?;
        check_arguments(source, &tokens)?;
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
            strict: OnceLock::new(),
            optional: OnceLock::new(),
            guarded: guarded(&tokens),
            env: env_uses(&tokens)?,
            has_literal: has_literal(&tokens),
            joins_text: tokens.iter().any(|(_, token)| *token == Lexeme::Mark('~')),
            multiplies: check_product(&tokens)?,
            clock: clock(&tokens),
        })))
    }

    /// The source as it was written, without the space around it.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The source with `***` for each literal that could be a secret.
    pub fn veiled(&self) -> String {
        without_literals(self.source())
    }

    /// The names at the top that it reads, in order: `body` of `body.data.id`.
    pub fn names(&self) -> &[String] {
        &self.0.names
    }

    /// The names with their attributes, in order: `body.data.id`.
    pub fn paths(&self) -> &[String] {
        &self.0.paths
    }

    /// Does it say itself what holds where this path is not there, by `default` or `is defined`?
    pub fn guards(&self, path: &str) -> bool {
        self.0.guarded.iter().any(|guarded| guarded == path)
    }

    /// The names of the fields that it reads last: `code` of `body.items[0].code`.
    pub fn last_names(&self) -> Vec<&str> {
        last_names(&tokens(self.source()))
    }

    /// What of it goes by the moment at which a request is sent: `now` or `totp`.
    pub fn clock(&self) -> Option<&'static str> {
        self.0.clock
    }

    /// The variables that it reads.
    pub fn env_uses(&self) -> &[EnvUse] {
        &self.0.env
    }

    /// The value. Whatever is undefined is an error.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        self.check(scope)?;
        let value = self
            .run(&self.0.strict, &STRICT, scope)
            .map_err(|error| self.failure(&error, scope))?;
        if value.is_undefined() {
            return Err(self.undefined(scope));
        }
        self.bounded(value)
    }

    /// The value, or `None` where it is undefined at any depth, null or empty text: `body.data.id` of an HTML page is `None`.
    /// Text that is joined (`~`) from a part that isn't there isn't there either.
    pub fn eval_optional(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        self.check(scope)?;
        let strict = self.run(&self.0.strict, &STRICT, scope);
        let value = match strict {
            Ok(value) => value,
            Err(error) if is_undefined(&error) && self.0.joins_text => return Ok(None),
            Err(error) if is_undefined(&error) => {
                match self.run(&self.0.optional, &OPTIONAL, scope) {
                    Ok(value) => value,
                    // A filter that can't work on what isn't there has nothing to give.
                    Err(error) if !is_out_of_fuel(&error) => return Ok(None),
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

    fn run(&self, compiled: &Lazy, engine: &'static Engine<'static>, scope: &Scope) -> Result<Value, minijinja::Error> {
        if let Some(value) = self.looked_up(scope) {
            return Ok(value);
        }
        let compile = || engine.compile_expression_owned(self.0.source.clone());
        match compiled.get_or_init(compile) {
            Ok(expression) => expression.eval(Value::from_object(scope.clone())),
            // It is the same syntax in both engines, and was read before.
            Err(error) => Err(minijinja::Error::new(error.kind(), "invalid expression")),
        }
    }

    /// The value of a bare path such as `body.data.id`, which most expressions are: walking it takes a tenth of what the
    /// engine takes to start. Where it leads nowhere the engine says so.
    fn looked_up(&self, scope: &Scope) -> Option<Value> {
        let [path] = self.0.paths.as_slice() else { return None };
        if *path != self.0.source {
            return None;
        }
        let mut parts = path.split('.');
        let mut value = scope.get(parts.next()?)?.clone();
        for part in parts {
            value = value.get_attr(part).ok()?;
        }
        (!value.is_undefined()).then_some(value)
    }

    /// As [`Self::eval_optional`], as text: whole numbers digit by digit. A number that lost digits, a list or a map is an error.
    pub fn eval_text(&self, scope: &Scope) -> Result<Option<String>, EvalError> {
        self.eval_optional(scope)?
            .map(|value| to_text(&value).map_err(|error| self.prefixed(error)))
            .transpose()
    }

    /// As [`Self::eval_text`], for an id: a number with a fraction or an exponent is an error. Once `1e2` is read as a number
    /// its digits are gone, and `100.0` may be another's id.
    pub fn eval_id(&self, scope: &Scope) -> Result<Option<String>, EvalError> {
        let value = self.eval_optional(scope)?;
        if value
            .as_ref()
            .is_some_and(|value| value.is_number() && !value.is_integer())
        {
            return Err(self.prefixed(EvalError::new(
                EvalErrorKind::Unfit,
                "a number with a fraction or an exponent is no id",
            )));
        }
        value
            .map(|value| to_text(&value).map_err(|error| self.prefixed(error)))
            .transpose()
    }

    /// Is it true? A condition on what is not there doesn't hold, however it is turned: `not body.active` of an HTML page is false.
    pub fn eval_bool(&self, scope: &Scope) -> Result<bool, EvalError> {
        self.check(scope)?;
        match self.run(&self.0.strict, &STRICT, scope) {
            Ok(value) => Ok(value.is_true()),
            Err(error) if is_undefined(&error) => Ok(false),
            Err(error) => Err(self.failure(&error, scope)),
        }
    }

    /// What has to hold of a scope before anything is evaluated. Names that it doesn't have at all are mistakes of the
    /// configuration, not properties of an answer.
    fn check(&self, scope: &Scope) -> Result<(), EvalError> {
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
        if self.0.multiplies && self.0.paths.iter().any(|path| is_list(path, scope)) {
            return Err(self.prefixed(EvalError::new(
                EvalErrorKind::Unfit,
                "a list can't be repeated with `*`",
            )));
        }
        Ok(())
    }

    fn bounded(&self, value: Value) -> Result<Value, EvalError> {
        if let Some(text) = value.as_str() {
            within_limit(text).map_err(|error| self.prefixed(error))?;
        } else if value.len().is_some_and(|length| length > ITEMS_LIMIT) {
            // The engine repeats lists without making them, so that their length costs it nothing.
            return Err(self.prefixed(EvalError::new(
                EvalErrorKind::TooMuch,
                "the result has more than a million items",
            )));
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
        if is_undefined(error) {
            return self.undefined(scope);
        }
        if let Some(stated) = stated(error) {
            return self.prefixed(stated.clone());
        }
        if is_out_of_fuel(error) {
            return self.prefixed(EvalError::new(EvalErrorKind::TooMuch, "takes too much work or memory"));
        }
        // The detail of other errors may quote a value, which may be a secret.
        let kind = error.kind();
        let is_about_names = matches!(
            kind,
            ErrorKind::UnknownMethod | ErrorKind::MissingArgument | ErrorKind::TooManyArguments
        );
        let message = match error.detail() {
            Some(detail) if is_about_names => format!("{kind}: {detail}"),
            _ => kind.to_string(),
        };
        self.prefixed(EvalError::new(EvalErrorKind::Failed, message))
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

fn is_out_of_fuel(error: &minijinja::Error) -> bool {
    causes(error).any(|error| {
        error
            .downcast_ref::<minijinja::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::OutOfFuel)
    })
}

/// The error of a filter of ours, which holds no value.
fn stated(error: &minijinja::Error) -> Option<&EvalError> {
    causes(error).find_map(|error| error.downcast_ref::<EvalError>())
}

/// The error and what it comes from: filters wrap the error of what they work on.
fn causes(error: &minijinja::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
}

/// Does a path lead to a list?
fn is_list(path: &str, scope: &Scope) -> bool {
    let mut parts = path.split('.');
    let first = parts.next().and_then(|name| scope.get(name)).cloned();
    let value = parts.fold(first.unwrap_or_default(), |value, part| {
        value.get_attr(part).unwrap_or_default()
    });
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

#[cfg(test)]
mod tests;
