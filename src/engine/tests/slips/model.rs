//! How a real service behaves, as data: its routes, what they take and what they show.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    /// It refuses strangers.
    #[serde(default)]
    pub(super) guarded: bool,
    /// Where a request says of which tenant it speaks: `path`, `key`, `header:NAME`; there is one tenant where nothing is said.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    /// How it numbers accounts.
    #[serde(default)]
    pub(super) ids: Ids,
    /// It takes equal names.
    #[serde(default)]
    pub(super) twins: bool,
    /// It refuses equal e-mails.
    #[serde(default)]
    pub(super) unique_email: bool,
    /// An account as it is shown.
    pub(super) shows: Value,
    /// How it says no, where not by an ordinary status and a short text.
    #[serde(default)]
    pub(super) failure: Option<Said>,
    /// How it says that a name is taken.
    #[serde(default)]
    pub(super) taken: Option<Said>,
    /// What it can be asked.
    pub(super) routes: Map<String, Value>,
}

/// How ids are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ids {
    /// 101, 102, 103.
    #[default]
    Counted,
    /// Long ones by chance.
    Random,
    /// The name.
    Name,
    /// As the request says.
    Given,
}

/// An answer that is always the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) body: Value,
}

/// What a route does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a trait of its own, and most are rare"
)]
pub(super) struct Act {
    #[serde(rename = "do")]
    pub(super) verb: Verb,
    #[serde(default)]
    pub(super) status: Option<u16>,
    /// What the request's body says, as a pattern.
    #[serde(default)]
    pub(super) takes: Value,
    /// The answer around `$account` or `$items`; nothing where it is `none`.
    #[serde(default)]
    pub(super) answers: Option<Value>,
    /// The `Location` of what was made.
    #[serde(default)]
    pub(super) location: Option<String>,
    /// A create of a name that is there changes it, with this status.
    #[serde(default)]
    pub(super) upserts: Option<u16>,
    /// Query parameters by which a list is narrowed.
    #[serde(default)]
    pub(super) filters: Map<String, Value>,
    /// What of the path or the body a list is narrowed by.
    #[serde(default)]
    pub(super) by: Option<String>,
    /// Pages.
    #[serde(default)]
    pub(super) pages: Option<Pages>,
    /// A probe that needs the right to see.
    #[serde(default)]
    pub(super) sees: bool,
    /// It shows what is deactivated or in the bin.
    #[serde(default)]
    pub(super) shows_inactive: bool,
    /// What of the query says who is meant.
    #[serde(default)]
    pub(super) asks: Map<String, Value>,
    /// It is done so many milliseconds later.
    #[serde(default)]
    pub(super) later: u64,
    /// The status where nobody is there.
    #[serde(default)]
    pub(super) missing: Option<u16>,
    /// It needs the header `If-Match` to hold.
    #[serde(default)]
    pub(super) matches: bool,
    /// Nobody needs credentials for it.
    #[serde(default)]
    pub(super) public: bool,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verb {
    Create,
    Read,
    List,
    /// For good.
    Delete,
    /// Into the bin.
    Bin,
    /// Out of the bin, for good.
    Purge,
    /// An account in the bin.
    Binned,
    /// What is in the bin.
    Bins,
    /// It stays readable, and is used by nobody any more.
    Deactivate,
    /// It deactivates who is active, and deletes who is not.
    Expire,
    /// Something beside the account, such as a password.
    Touch,
    /// Makes the account a member.
    Join,
    /// Ends the membership.
    Leave,
    Probe,
}

/// How a list is cut into pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pages {
    pub(super) style: Style,
    /// The parameter that says which.
    pub(super) param: String,
    /// The number of the first.
    #[serde(default)]
    pub(super) first: usize,
    /// The parameter that says how long one is.
    pub(super) size: String,
    /// How long one is where nothing is said.
    pub(super) usual: usize,
}

/// How a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Style {
    Page,
    Offset,
    Link,
}

/// Fills `$NAME` in.
pub(super) fn fill(template: &Value, value: &impl Fn(&str) -> Option<Value>) -> Value {
    match template {
        Value::String(text) => {
            if let Some(found) = text.strip_prefix('$').and_then(value) {
                return found;
            }
            let Some((before, name, after)) = split(text) else {
                return template.clone();
            };
            match value(name) {
                Some(Value::String(inner)) => Value::String(format!("{before}{inner}{after}")),
                Some(other) => Value::String(format!("{before}{other}{after}")),
                None => template.clone(),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill(item, value)).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, item)| (key.clone(), fill(item, value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}

/// Reads out of a body what stands where the pattern has `$NAME`.
pub(super) fn take(pattern: &Value, body: &Value, found: &mut Vec<(String, String)>) {
    match (pattern, body) {
        (Value::Object(entries), Value::Object(given)) => {
            for (key, inner) in entries {
                if let Some(value) = given.get(key) {
                    take(inner, value, found);
                }
            }
        }
        (Value::Array(items), Value::Array(given)) => {
            for (inner, value) in items.iter().zip(given) {
                take(inner, value, found);
            }
        }
        (Value::String(text), given) => {
            let given = match given {
                Value::String(given) => given.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return,
            };
            if let Some((before, name, after)) = split(text)
                && let Some(inner) = given.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
            {
                found.push((name.to_owned(), inner.to_owned()));
            }
        }
        _ => {}
    }
}

/// The text before `$NAME`, the name, and the text after it.
pub(super) fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('$')?;
    let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    Some((before, &rest[..end], &rest[end..]))
}
