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
    /// Header fields beside those of the service.
    pub headers: Vec<(String, String)>,
    /// Content type and body.
    pub payload: Option<(String, Vec<u8>)>,
    /// With which credentials.
    pub identity: Identity,
}

impl Outgoing {
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
