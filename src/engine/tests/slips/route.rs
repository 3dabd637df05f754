//! Which route of a model a request takes, and what it says on the way.

use serde_json::Value;
use url::form_urlencoded;

use super::super::http;
use super::model::{Act, Model, take};
use crate::ports::Outgoing;

/// A route, ready to be compared.
#[derive(Clone, Debug)]
pub(super) struct Route {
    method: String,
    segments: Vec<String>,
    /// What a body must hold, where one address serves for everything.
    word: Option<String>,
    /// What it does.
    pub(super) act: Act,
}

/// What a request says.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    /// By the path and the body.
    pub(super) params: Vec<(String, String)>,
    /// By the query.
    pub(super) query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// Its body, where that is JSON.
    pub(super) body: Value,
}

impl Call {
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

impl Route {
    /// The routes of a model.
    pub(super) fn all(model: &Model) -> Vec<Self> {
        let route = |(pattern, act): (&String, &Value)| {
            let mut words = pattern.split(' ');
            let mut word = || words.next().map(str::to_owned);
            let method = word().expect("a method");
            let path = word().expect("a path");
            Self {
                method,
                segments: path.split('/').map(str::to_owned).collect(),
                word: word(),
                act: serde_json::from_value(act.clone()).unwrap_or_else(|error| panic!("`{pattern}`: {error}")),
            }
        };
        model.routes.iter().map(route).collect()
    }

    /// What the request says, if this is its route.
    fn takes(&self, method: &str, segments: &[String], call: &Call) -> Option<Vec<(String, String)>> {
        if self.method != method || self.segments.len() != segments.len() {
            return None;
        }
        if let Some(word) = &self.word
            && !call.body["query"]
                .as_str()
                .is_some_and(|text| text.contains(&format!("{word}(")))
        {
            return None;
        }
        let mut params = Vec::new();
        for (pattern, segment) in self.segments.iter().zip(segments) {
            let Some((before, rest)) = pattern.split_once('{') else {
                if pattern == segment {
                    continue;
                }
                return None;
            };
            let (name, after) = rest.split_once('}').expect("a whole placeholder");
            let inner = segment.strip_prefix(before)?.strip_suffix(after)?;
            if inner.is_empty() {
                return None;
            }
            params.push((name.to_owned(), inner.to_owned()));
        }
        for (asked, name) in &self.act.asks {
            let value = find(&call.query, asked)?;
            params.push((name.as_str()?.to_owned(), value.to_owned()));
        }
        take(&self.act.takes, &call.body, &mut params);
        Some(params)
    }
}

/// Finds the route of a request that came to this path. `None` is an address that the service does not know.
pub(super) fn find_route<'r>(routes: &'r [Route], request: &Outgoing, target: &str) -> (Option<&'r Route>, Call) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            percent_encoding::percent_decode_str(segment)
                .decode_utf8_lossy()
                .into_owned()
        })
        .collect();
    let body = http(request).payload.as_ref().map_or(Value::Null, |(kind, bytes)| {
        if kind == "application/x-www-form-urlencoded" {
            let pairs = form_urlencoded::parse(bytes);
            return Value::Object(
                pairs
                    .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                    .collect(),
            );
        }
        serde_json::from_slice(bytes).unwrap_or(Value::Null)
    });
    let mut call = Call {
        params: Vec::new(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: http(request)
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
        body,
    };
    for route in routes {
        if let Some(params) = route.takes(&http(request).method, &segments, &call) {
            call.params = params;
            return (Some(route), call);
        }
    }
    (None, call)
}
