//! What came back from a service, as the core sees it.

use serde_json::Value;

/// An HTTP answer, read whole and within bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code, 100 to 599.
    pub status: u16,
    /// Header fields in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// It parsed as JSON, whatever the content type said.
    Json(Value),
    /// Anything else; bytes that are not UTF-8 as U+FFFD, or as `?` where there is much. Empty where there was no body.
    Text(String),
}

impl Answer {
    /// The first field of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Is it 2xx?
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
