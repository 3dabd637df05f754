//! How much a line of the log matters, and what it is as JSON.

use std::time::{Duration, UNIX_EPOCH};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::harmless;
use crate::domain::time::Timestamp;

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only with `verbose`.
    Debug,
    /// The story.
    Info,
    /// Worth a mark on the run's page.
    Notice,
    /// Something may need a look.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line, as an object.
pub(super) fn json_line(
    now: Timestamp,
    level: Level,
    title: Option<String>,
    text: String,
    fields: Vec<(String, String)>,
) -> String {
    let mut object = Map::new();
    let time = humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(now.as_millis())).to_string();
    object.insert("time".to_owned(), Value::from(time));
    object.insert("level".to_owned(), Value::from(level.name()));
    if let Some(title) = title {
        object.insert("title".to_owned(), Value::from(title));
    }
    object.insert("message".to_owned(), Value::from(text));
    if !fields.is_empty() {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        object.insert("fields".to_owned(), Value::Object(fields));
    }
    harmless::json(&Value::Object(object).to_string()) + "\n"
}
