//! Values of the engine, as text and as JSON, within bounds.

use minijinja::value::{Value, ValueKind};
use serde_json::Value as Json;

use super::error::{EvalError, EvalErrorKind};

/// The longest text that an evaluation may give, in bytes.
pub(super) const TEXT_LIMIT: usize = 1024 * 1024;
/// The bytes and items of one value as JSON: parts that a value shares are written out each time, so the engine can't count them.
const JSON_LIMIT: usize = 8 * 1024 * 1024;
const DEPTH_LIMIT: usize = 128;
/// Whole numbers above this are not all exact in a double (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A scalar as text: strings as they are, whole numbers digit by digit, `true` and `false`.
pub(super) fn to_text(value: &Value) -> Result<String, EvalError> {
    let text = match value.kind() {
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number => number(value)?.to_string(),
        ValueKind::Undefined => return Err(undefined()),
        ValueKind::None => {
            return Err(EvalError::new(EvalErrorKind::Unfit, "null can't be put into text")
                .with_hint("write `| default(\"...\", true)` to give it a replacement"));
        }
        kind @ (ValueKind::Seq
        | ValueKind::Map
        | ValueKind::Iterable
        | ValueKind::Bytes
        | ValueKind::Plain
        | ValueKind::Invalid
        | _) => {
            return Err(
                EvalError::new(EvalErrorKind::Unfit, format!("a {kind} can't be put into text"))
                    .with_hint("write `| tojson` if its JSON is meant"),
            );
        }
    };
    within_limit(&text)?;
    Ok(text)
}

/// Any value as JSON.
pub(super) fn to_json(value: &Value) -> Result<Json, EvalError> {
    build(value, 0, &mut JSON_LIMIT.clone())
}

/// Refuses text over the limit.
pub(super) fn within_limit(text: &str) -> Result<(), EvalError> {
    if text.len() > TEXT_LIMIT {
        return Err(EvalError::new(
            EvalErrorKind::TooMuch,
            "the result is longer than 1 MiB",
        ));
    }
    Ok(())
}

pub(super) fn undefined() -> EvalError {
    EvalError::new(EvalErrorKind::Undefined, "the value is undefined")
}

fn build(value: &Value, depth: usize, left: &mut usize) -> Result<Json, EvalError> {
    let cost = 16 + value.as_str().map_or(0, str::len);
    *left = left
        .checked_sub(cost)
        .ok_or_else(|| EvalError::new(EvalErrorKind::TooMuch, "the result is larger than 8 MiB"))?;
    if depth > DEPTH_LIMIT {
        return Err(EvalError::new(
            EvalErrorKind::TooMuch,
            "the result is nested more than 128 deep",
        ));
    }
    Ok(match value.kind() {
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => Json::Number(number(value)?),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            within_limit(text)?;
            Json::String(text.to_owned())
        }
        ValueKind::Undefined => return Err(undefined()),
        ValueKind::Seq | ValueKind::Iterable => Json::Array(
            items(value)?
                .map(|item| build(&item?, depth + 1, left))
                .collect::<Result<_, EvalError>>()?,
        ),
        ValueKind::Map => {
            let mut map = serde_json::Map::new();
            for key in items(value)? {
                let key = key?;
                let item = value.get_item(&key).map_err(|_| unfit("map"))?;
                map.insert(to_text(&key)?, build(&item, depth + 1, left)?);
            }
            Json::Object(map)
        }
        kind @ (ValueKind::Bytes | ValueKind::Plain | ValueKind::Invalid | _) => {
            return Err(unfit(&kind.to_string()));
        }
    })
}

fn items(value: &Value) -> Result<impl Iterator<Item = Result<Value, EvalError>>, EvalError> {
    let kind = value.kind();
    let items = value.try_iter().map_err(|_| unfit(&kind.to_string()))?;
    Ok(items
        .checked()
        .map(move |item| item.map_err(|_| unfit(&kind.to_string()))))
}

fn unfit(kind: &str) -> EvalError {
    EvalError::new(
        EvalErrorKind::Unfit,
        format!("a {kind} of this kind can't be written as JSON"),
    )
}

/// A number that is still the one that was written: a double that stands for a whole number it can't hold is refused.
fn number(value: &Value) -> Result<serde_json::Number, EvalError> {
    let lost = || {
        EvalError::new(EvalErrorKind::Unfit, "the number has more digits than can be kept")
            .with_hint("have the service send it as text")
    };
    if value.is_integer() {
        if let Some(small) = value.as_i64() {
            return Ok(small.into());
        }
        return u64::try_from(value.clone()).map(Into::into).map_err(|_| lost());
    }
    let double = f64::try_from(value.clone()).map_err(|_| lost())?;
    if double.abs() >= EXACT {
        return Err(lost());
    }
    serde_json::Number::from_f64(double).ok_or_else(lost)
}
