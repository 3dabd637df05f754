//! What came back from a service, as the core sees it, whatever protocol it was asked by.

use serde_json::Value;

use super::meaning::Meaning;

/// An answer, read whole and within bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// How the protocol itself says that it went.
    pub head: Head,
    /// What came with it.
    pub body: Body,
    /// What it means, where the service's description says it otherwise than its protocol.
    told: Option<Meaning>,
}

/// What a protocol puts in front of a body. Each kind of step has its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// HTTP's.
    Http {
        /// The status code, 100 to 599.
        status: u16,
        /// Header fields in the order of arrival, names in lower case.
        headers: Vec<(String, String)>,
    },
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
    /// An answer of HTTP.
    pub fn http(status: u16, headers: Vec<(String, String)>, body: Body) -> Self {
        let head = Head::Http { status, headers };
        let told = None;
        Self { head, body, told }
    }

    /// What it means, in the terms that the engine decides by.
    pub fn meaning(&self) -> Meaning {
        self.told.unwrap_or_else(|| self.usual_meaning())
    }

    /// What it means as its protocol has it.
    pub fn usual_meaning(&self) -> Meaning {
        match self.head {
            Head::Http { status, .. } => Meaning::of_http(status),
        }
    }

    /// Does the description say that it was throttled, or its credentials not taken, where its protocol doesn't?
    pub fn is_overruled(&self) -> bool {
        let is_one = |told| matches!(told, Meaning::Throttled | Meaning::Unauthorized);
        self.told
            .is_some_and(|told| is_one(told) && told != self.usual_meaning())
    }

    /// Was it read by the service's description?
    pub fn is_judged(&self) -> bool {
        self.told.is_some()
    }

    /// It means this, as the service's description says.
    pub fn set_meaning(&mut self, meaning: Meaning) {
        self.told = Some(meaning);
    }

    /// The number by which the protocol says how it went: the status of HTTP.
    pub fn code(&self) -> u16 {
        match self.head {
            Head::Http { status, .. } => status,
        }
    }

    /// The same for people, such as "status 404 (not found)".
    pub fn told(&self) -> String {
        match self.head {
            Head::Http { status, .. } => format!("status {status}{}", Meaning::words_of_http(status)),
        }
    }

    /// The header fields; none where the protocol has no such thing.
    pub fn headers(&self) -> &[(String, String)] {
        match &self.head {
            Head::Http { headers, .. } => headers,
        }
    }

    /// The first header field of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Does the protocol say that it was done? For HTTP any 2xx.
    pub fn is_success(&self) -> bool {
        self.meaning() == Meaning::Done
    }

    /// Its form: its code, and what its body is made of.
    pub fn form(&self) -> String {
        let body = match &self.body {
            Body::Text(text) if text.is_empty() => String::new(),
            Body::Text(_) => "text".to_owned(),
            Body::Json(json) => shape(json, 2),
        };
        format!("{} {body}", self.code())
    }
}

fn shape(json: &Value, depth: usize) -> String {
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "list".to_owned(),
        Value::Object(_) if depth == 0 => "map".to_owned(),
        Value::Object(map) => {
            let mut keys: Vec<String> = map
                .iter()
                .take(32)
                .map(|(key, value)| format!("{key}: {}", shape(value, depth - 1)))
                .collect();
            keys.sort_unstable();
            format!("{{{}}}", keys.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_told_by_its_code_and_compared_by_its_form() {
        let deep = json!({"b": {"c": {"d": 1}}, "a": [1], "e": "x", "f": null, "g": true, "h": 1.5});
        for (status, body, told, form) in [
            (404, Body::Text(String::new()), "status 404 (not found)", "404 "),
            (418, Body::Text("tea".to_owned()), "status 418", "418 text"),
            (200, Body::Json(json!([])), "status 200", "200 list"),
            (
                500,
                Body::Json(deep),
                "status 500 (the service failed)",
                "500 {a: list, b: {c: map}, e: text, f: null, g: true, h: number}",
            ),
        ] {
            let answer = Answer::http(status, vec![("etag".to_owned(), "1".to_owned())], body);
            assert_eq!((answer.told().as_str(), answer.form().as_str()), (told, form));
            assert_eq!((answer.header("etag"), answer.header("date")), (Some("1"), None));
        }
    }
}
