//! A request of HTTP as it will be sent.

use serde_json::{Map, Value};

use super::{Identity, ShownRequest};
use crate::config::{Carrier, HttpRequest, Payload};
use crate::domain::secret::{lets_in, spoilt};
use crate::language::{EvalError, Scope, Template};

/// A request of HTTP as it will be sent. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct HttpMessage {
    /// The method, upper case.
    pub method: String,
    /// Path and query below the service's base URL, percent-encoded, beginning with `/`.
    pub target: String,
    /// What a log may show of it; only where somebody reads such logs.
    pub shown: Option<Box<ShownRequest>>,
    /// A reference that is resolved against the target and takes its place, as the address of a next page is. It never
    /// leads to another origin.
    pub next: Option<String>,
    /// Header fields beside those of the service.
    pub headers: Vec<(String, String)>,
    /// Content type and body.
    pub payload: Option<(String, Vec<u8>)>,
}

impl HttpMessage {
    /// One that carries nothing and goes to the service's own address.
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: String::new(),
            shown: None,
            next: None,
            headers: Vec::new(),
            payload: None,
        }
    }

    /// Puts the values in. A value that would lead a path elsewhere is an error here, before anything is sent.
    pub fn render(request: &HttpRequest, scope: &Scope, identity: Identity) -> Result<Self, EvalError> {
        let mut target = request.target.render(scope)?;
        let mut pairs = fields(&request.query, scope)?;
        let mut headers = fields(&request.headers, scope)?;
        if identity == Identity::Anonymous {
            pairs.retain(|(name, _)| !lets_in(name));
            headers.retain(|(name, _)| !lets_in(name));
            target = without_credentials(&target);
        }
        if identity == Identity::Spoilt {
            let own = |(name, _): &&mut (String, String)| lets_in(name);
            for (_, value) in pairs.iter_mut().chain(&mut headers).filter(own) {
                *value = spoilt(value);
            }
            target = with_spoilt_credentials(&target);
        }
        if !pairs.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&query);
        }
        let body = match &request.payload {
            Payload::None => None,
            Payload::Json(json) => Some(json.render(scope)?.to_string()),
            Payload::Form(pairs) => {
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields(pairs, scope)?)
                    .finish();
                Some(body)
            }
            Payload::Text(text) => Some(text.render(scope)?),
        };
        let kind = request.payload.content_type();
        let is_debugged = tracing::enabled!(tracing::Level::DEBUG);
        Ok(Self {
            method: request.target.method.as_str().to_owned(),
            target,
            shown: is_debugged.then(|| Box::new(ShownRequest::of(request, scope, identity))),
            next: None,
            headers,
            payload: kind.zip(body).map(|(kind, body)| (kind.to_owned(), body.into_bytes())),
        })
    }

    /// Asks for what is there now, and not for what a cache has kept (RFC 9111, section 5.2.1.4).
    pub(super) fn set_fresh(&mut self) {
        let is_set = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("Cache-Control"));
        if !is_set {
            self.headers.push(("Cache-Control".to_owned(), "no-cache".to_owned()));
        }
    }

    /// A look that carries nothing.
    pub(super) fn only_look(&mut self) {
        "GET".clone_into(&mut self.method);
        self.payload = None;
        if let Some(shown) = &mut self.shown {
            shown.only_look();
        }
    }

    /// Carries a field more.
    pub(super) fn set_field(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
        if let Some(shown) = &mut self.shown {
            shown.with_field(name);
        }
    }

    /// Goes where a reference leads, if there is one.
    pub(super) fn follow(&mut self, reference: Option<String>) {
        if let Some(shown) = &mut self.shown {
            shown.set_follows(reference.is_some());
        }
        self.next = reference;
    }

    pub(super) fn brings_credentials(&self) -> bool {
        self.headers.iter().any(|(name, _)| lets_in(name))
    }

    pub(super) fn set_page(&mut self, carrier: Carrier, param: &str, value: Value) -> Result<(), String> {
        if let Some(shown) = &mut self.shown {
            shown.set_page(carrier, param, &value);
        }
        match (carrier, value) {
            // Its templates have put it in.
            (Carrier::Template, _) => {}
            (Carrier::Json, value) => self
                .set_json(param, value)
                .map_err(|key| format!("`{param}` is no place in the body: `{key}` is no map there"))?,
            (Carrier::Query, Value::String(text)) => self.set_query(param, &text),
            (Carrier::Query, value) => self.set_query(param, &value.to_string()),
        }
        Ok(())
    }

    /// Sets a query parameter of the target, in place of any of the same name.
    fn set_query(&mut self, name: &str, value: &str) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known != name);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(name, value)
            .finish();
        self.target = format!("{path}?{query}");
    }

    /// Sets a value in a body of JSON, where `path` leads: keys with dots between them; maps that are not there are made. `Err` is the
    /// key below which there can be none.
    fn set_json(&mut self, path: &str, value: Value) -> Result<(), String> {
        let body = self
            .payload
            .as_ref()
            .map(|(_, body)| body.as_slice())
            .unwrap_or_default();
        let mut whole: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut place = &mut whole;
        let mut above = "body";
        for key in path.split('.') {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let map = place.as_object_mut().ok_or_else(|| above.to_owned())?;
            place = map.entry(key).or_insert(Value::Null);
            above = key;
        }
        *place = value;
        if let Some((_, body)) = &mut self.payload {
            *body = whole.to_string().into_bytes();
        }
        Ok(())
    }
}

/// The target without what lets its sender in.
fn without_credentials(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let is_kept = |pair: &&str| !lets_in(pair.split('=').next().unwrap_or_default());
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// The target with something wrong in what lets its sender in.
fn with_spoilt_credentials(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let spoil = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if lets_in(name) => format!("{name}={}", spoilt(value)),
        Some(_) | None => pair.to_owned(),
    };
    let pairs: Vec<String> = query.split('&').map(spoil).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn fields(pairs: &[(String, Template)], scope: &Scope) -> Result<Vec<(String, String)>, EvalError> {
    pairs
        .iter()
        .map(|(name, value)| Ok((name.clone(), value.render(scope)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_set_where_its_path_leads_in_the_body() {
        for (body, path, expected) in [
            (r#"{"a": 1}"#, "p", Ok(json!({"a": 1, "p": 7}))),
            (
                r#"{"query": {"limit": 5, "offset": 1}}"#,
                "query.offset",
                Ok(json!({"query": {"limit": 5, "offset": 7}})),
            ),
            ("{}", "a.b", Ok(json!({"a": {"b": 7}}))),
            (r#"{"a": null}"#, "a.b", Ok(json!({"a": {"b": 7}}))),
            (r#"{"a": [1]}"#, "a.b", Err("a")),
            ("[1]", "a", Err("body")),
        ] {
            let mut page = HttpMessage {
                payload: Some(("application/json".to_owned(), body.as_bytes().to_vec())),
                ..HttpMessage::new("POST")
            };
            let set = page.set_json(path, json!(7));
            let (_, body) = page.payload.unwrap();
            let set = set.map(|()| serde_json::from_slice::<Value>(&body).unwrap());
            assert_eq!(set, expected.map_err(str::to_owned), "{path}");
        }
    }
}
