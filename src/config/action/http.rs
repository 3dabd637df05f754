//! A request of HTTP, as it is described.

use std::borrow::Cow;

use super::{Effect, Named, Part, Spot};
use crate::language::{JsonTemplate, Method, Target, Template};

/// A request of HTTP, below the service's address.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Method and path.
    pub target: Target,
    /// Further query parameters, values not yet encoded.
    pub query: Vec<(String, Template)>,
    /// Header fields, on top of the service's own.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub payload: Payload,
}

/// What a request of HTTP carries.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    None,
    /// `json:`
    Json(JsonTemplate),
    /// `form:`, URL-encoded; values not yet encoded.
    Form(Vec<(String, Template)>),
    /// `body:`, as it is.
    Text(Template),
}

impl Payload {
    /// What it is sent as, unless the request says so itself.
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Json(_) => Some("application/json"),
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
            Self::Text(_) => Some("text/plain; charset=utf-8"),
        }
    }
}

impl HttpRequest {
    pub(super) fn effect(&self) -> Effect {
        match self.target.method {
            Method::Get | Method::Head => Effect::Reads,
            Method::Post | Method::Patch => Effect::Changes,
            // RFC 9110, section 9.3.4.
            Method::Put => Effect::Replaces,
            Method::Delete => Effect::Deletes,
        }
    }

    /// RFC 9110, section 13.1.2.
    pub(super) fn is_conditional(&self) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(name, _)| name.eq_ignore_ascii_case("If-None-Match"))
    }

    pub(super) fn replace(&mut self, query: Vec<(String, Template)>, json: Option<JsonTemplate>) {
        for (name, value) in query {
            self.query.retain(|(known, _)| *known != name);
            self.query.push((name, value));
        }
        if let Some(json) = json {
            self.payload = Payload::Json(json);
        }
    }

    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts: Vec<Part<'_>> = Vec::new();
        let mut take = |spot, expression| parts.push(Part { spot, expression });
        self.target.expressions().for_each(|one| take(Spot::Address, one));
        for (name, value) in self.headers.iter().chain(&self.query) {
            value.expressions().for_each(|one| take(Spot::Field(name), one));
        }
        match &self.payload {
            Payload::None => {}
            Payload::Json(json) => json.expressions().for_each(|one| take(Spot::Body(None), one)),
            Payload::Form(pairs) => {
                for (name, value) in pairs {
                    value.expressions().for_each(|one| take(Spot::Body(Some(name)), one));
                }
            }
            Payload::Text(text) => text.expressions().for_each(|one| take(Spot::Body(None), one)),
        }
        parts
    }

    pub(super) fn named(&self) -> Vec<Named<'_>> {
        let mut found: Vec<Named<'_>> = Vec::new();
        let pairs = self.headers.iter().chain(&self.query);
        let form = match &self.payload {
            Payload::Form(pairs) => pairs.as_slice(),
            Payload::None | Payload::Json(_) | Payload::Text(_) => &[],
        };
        found.extend(pairs.chain(form).map(|(name, value)| Named {
            names: vec![Cow::from(name)],
            value: Cow::Borrowed(value),
        }));
        let (_, query) = self.target.source().split_once('?').unwrap_or_default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            // What an expression gives is encoded as it is sent; what stands there is encoded already.
            let value = if value.contains("{{") {
                Cow::from(value)
            } else {
                percent_encoding::percent_decode_str(value).decode_utf8_lossy()
            };
            if let Ok(value) = Template::parse(&value) {
                let (names, value) = (vec![Cow::from(name)], Cow::Owned(value));
                found.push(Named { names, value });
            }
        }
        if let Payload::Json(json) = &self.payload {
            in_json(json, &mut Vec::new(), &mut found);
        }
        found
    }
}

/// Does a header field let somebody in? Whoever logs in as the account itself is let in by the service too.
pub fn is_credential(name: &str, value: &Template) -> bool {
    let logs_in = ["authorization", "cookie"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known));
    logs_in || value.expressions().any(|expression| !expression.env_uses().is_empty())
}

fn in_json<'r>(json: &'r JsonTemplate, names: &mut Vec<Cow<'r, str>>, found: &mut Vec<Named<'r>>) {
    match json {
        JsonTemplate::Text(value) if !names.is_empty() => found.push(Named {
            names: names.clone(),
            value: Cow::Borrowed(value),
        }),
        JsonTemplate::Text(_) | JsonTemplate::Scalar(_) => {}
        JsonTemplate::List(items) => items.iter().for_each(|item| in_json(item, names, found)),
        JsonTemplate::Map(entries) => {
            for (key, value) in entries {
                names.push(Cow::from(key.source()));
                if key.expressions().next().is_some() {
                    found.push(Named {
                        names: names.clone(),
                        value: Cow::Borrowed(key),
                    });
                }
                in_json(value, names, found);
                names.pop();
            }
        }
    }
}
