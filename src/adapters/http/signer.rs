//! What signs each request as it is sent: made anew for every try, with the moment of that try.

use std::fmt;

use minijinja::Value;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::aws::AwsSigner;
use super::credentials::spoilt_field;
use super::envelope::set;
use crate::config::Sign;
use crate::domain::answer::{Answer, Body};
use crate::domain::secret::{Secret, looks_secret, spoilt};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::{Expression, Scope, Template};
use crate::ports::HttpMessage;

/// A shorter part of a signature is a time or a name.
const SECRET_MIN: usize = 16;

/// What signs requests.
#[derive(Clone)]
pub enum Signer {
    /// AWS Signature Version 4.
    Aws(AwsSigner),
    /// Templates of the service's own.
    Own(OwnSigner),
}

/// A signature of the service's own.
#[derive(Clone)]
pub struct OwnSigner {
    /// What is made.
    pub sign: Sign,
    /// What its templates see beside `request`.
    pub scope: Scope,
}

/// A request that is about to be sent, without its signature.
pub(super) struct Unsigned<'e> {
    pub(super) method: &'e Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: &'e [u8],
    pub(super) message: &'e HttpMessage,
}

impl Signer {
    /// Signs it. `wrongly` puts something wrong into what is made.
    pub(super) fn sign(&self, request: &mut Unsigned<'_>, now: Timestamp, wrongly: bool) -> Result<(), Why> {
        match self {
            Self::Aws(aws) => {
                let what = (request.method, &request.url);
                aws.sign(what, &mut request.headers, request.body, now, wrongly)
            }
            Self::Own(own) => own.sign(request, now, wrongly),
        }
    }

    /// Every secret in it.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Aws(aws) => {
                let token = aws.session_token.iter().cloned();
                std::iter::once(aws.secret_access_key.clone()).chain(token).collect()
            }
            Self::Own(own) => own.secrets(),
        }
    }

    /// The names of the fields that it makes.
    pub(super) fn field_names(&self) -> Vec<&str> {
        match self {
            Self::Aws(aws) => aws.field_names(),
            Self::Own(own) => own.sign.headers.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }

    /// Which parts of a signature an answer repeats: some services say what they were given.
    pub(super) fn repeated(&self, signed: &Unsigned<'_>, answer: &Answer) -> Vec<Secret> {
        let in_fields = self.field_names().into_iter().filter_map(|name| {
            let value = signed.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        });
        let in_query: Vec<String> = match self {
            Self::Aws(_) => Vec::new(),
            Self::Own(own) => {
                let is_ours = |name: &str| own.sign.query.iter().any(|(ours, _)| ours == name);
                let pairs = signed.url.query_pairs().filter(|(name, _)| is_ours(name));
                pairs.map(|(_, value)| value.into_owned()).collect()
            }
        };
        let body = match &answer.body {
            Body::Json(json) => json.to_string(),
            Body::Text(text) => text.clone(),
        };
        let is_repeated =
            |part: &str| body.contains(part) || answer.headers().iter().any(|(_, value)| value.contains(part));
        let whole: Vec<String> = in_fields.chain(in_query).collect();
        // `Signature=...` of a longer field, and the field itself.
        let parts = whole
            .iter()
            .flat_map(|value| value.split([' ', ',', '=']).chain([value.as_str()]));
        parts
            .filter(|part| part.len() >= SECRET_MIN && is_repeated(part))
            .map(Secret::new)
            .collect()
    }
}

impl OwnSigner {
    fn sign(&self, request: &mut Unsigned<'_>, now: Timestamp, wrongly: bool) -> Result<(), Why> {
        let sent = [
            ("method", request.method.as_str().to_owned()),
            ("url", request.url.as_str().to_owned()),
            ("path", request.url.path().to_owned()),
            ("query", request.url.query().unwrap_or_default().to_owned()),
            ("body", String::from_utf8_lossy(request.body).into_owned()),
        ];
        let scope = self.scope.clone().at(now).with("request", Value::from_pairs(sent));
        let render = |name: &str, template: &Template| {
            let value = template.render(&scope);
            value.map_err(|error| Why::from(error).context(format_args!("`{name}` of `auth.sign`")))
        };
        let spoils = |name: &str, template: &Template| wrongly && (!self.has_marked() || is_marked(name, template));
        for (name, template) in &self.sign.headers {
            let mut value = render(name, template)?;
            if spoils(name, template) {
                value = spoilt_field(&value);
            }
            // What the request brings itself is meant.
            let mut brought = request.message.headers.iter();
            if !brought.any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                set(&mut request.headers, name, &value)?;
            }
        }
        for (name, template) in &self.sign.query {
            let mut value = render(name, template)?;
            if spoils(name, template) {
                value = spoilt(&value);
            }
            request.url.query_pairs_mut().append_pair(name, &value);
        }
        Ok(())
    }

    /// The values of the variables that it is made of.
    fn secrets(&self) -> Vec<Secret> {
        let env = self.scope.get("env");
        let uses = self.sign.templates().flat_map(Template::expressions);
        let uses = uses.flat_map(Expression::env_uses);
        uses.filter_map(|read| {
            let value = env?.get_attr(&read.name).ok()?;
            value.as_str().filter(|text| !text.is_empty()).map(Secret::new)
        })
        .collect()
    }

    /// Does it say by a name or a variable which part of it lets in?
    fn has_marked(&self) -> bool {
        let mut parts = self.sign.headers.iter().chain(&self.sign.query);
        parts.any(|(name, template)| is_marked(name, template))
    }
}

fn is_marked(name: &str, template: &Template) -> bool {
    looks_secret(name)
        || template
            .expressions()
            .any(|expression| !expression.env_uses().is_empty())
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws(_) => "Signer::Aws",
            Self::Own(_) => "Signer::Own",
        })
    }
}
