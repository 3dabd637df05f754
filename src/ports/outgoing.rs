//! A request as it will be sent, and how one of the configuration becomes it.

use crate::config::{Payload, Request};
use crate::language::{EvalError, Scope, Template};

/// With which credentials a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Those of the service's `auth`, unless the request brings an `Authorization` of its own.
    Own,
    /// None at all, to see whether the service refuses a stranger.
    Anonymous,
}

/// A request as it will be sent, rendered and safe. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Outgoing {
    /// The method, upper case.
    pub method: String,
    /// Path and query below the service's base URL, percent-encoded, beginning with `/`.
    pub target: String,
    /// A reference that is resolved against the target and takes its place, as the address of a next page is. It never
    /// leads to another origin.
    pub next: Option<String>,
    /// Header fields beside those of the service.
    pub headers: Vec<(String, String)>,
    /// Content type and body.
    pub payload: Option<(String, Vec<u8>)>,
    /// With which credentials.
    pub identity: Identity,
}

impl Outgoing {
    /// Sets a query parameter of the target, in place of any of the same name.
    pub fn set_query(&mut self, name: &str, value: &str) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known != name);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(name, value)
            .finish();
        self.target = format!("{path}?{query}");
    }

    /// Puts the values in. A value that would lead a path elsewhere is an error here, before anything is sent.
    pub fn render(request: &Request, scope: &Scope, identity: Identity) -> Result<Self, EvalError> {
        let mut target = request.target.render(scope)?;
        let pairs = fields(&request.query, scope)?;
        if !pairs.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&query);
        }
        let payload = match &request.payload {
            Payload::None => None,
            Payload::Json(json) => Some((
                "application/json".to_owned(),
                json.render(scope)?.to_string().into_bytes(),
            )),
            Payload::Form(pairs) => {
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields(pairs, scope)?)
                    .finish();
                Some(("application/x-www-form-urlencoded".to_owned(), body.into_bytes()))
            }
            Payload::Text(text) => Some(("text/plain; charset=utf-8".to_owned(), text.render(scope)?.into_bytes())),
        };
        Ok(Self {
            method: request.target.method.as_str().to_owned(),
            target,
            next: None,
            headers: fields(&request.headers, scope)?,
            payload,
            identity,
        })
    }
}

fn fields(pairs: &[(String, Template)], scope: &Scope) -> Result<Vec<(String, String)>, EvalError> {
    pairs
        .iter()
        .map(|(name, value)| Ok((name.clone(), value.render(scope)?)))
        .collect()
}
