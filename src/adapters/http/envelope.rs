//! A request of HTTP that is about to be sent, and how credentials sign it.

use std::borrow::Cow;
use std::rc::Rc;

use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use serde_json::{Map, Value};

use super::cookies::CookieJar;
use super::credentials::spoilt_field;
use super::signer::{Signer, Unsigned};
use super::token::Carried;
use crate::domain::secret::spoilt;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{HttpMessage, lets_in};

/// A request of HTTP with all that it is sent with.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(super) struct Envelope<'m> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Cow<'m, [u8]>>,
    message: &'m HttpMessage,
    /// The cookies that go with it.
    pub(super) jar: Option<Rc<CookieJar>>,
    /// Those that its answers set are kept for later.
    pub(super) keeps_cookies: bool,
    /// What signs it at each try.
    pub(super) signer: Option<&'m Signer>,
    /// Something wrong is to be put into what lets it in.
    is_spoilt: bool,
    /// It may be sent twice in a row.
    pub(super) repeatable: bool,
    /// It goes to another address than the service's.
    pub(super) is_elsewhere: bool,
}

impl<'m> Envelope<'m> {
    /// A message to an address, on top of the fields that every request there carries. Nothing lets it in yet but what it
    /// brings itself.
    pub(super) fn new(url: Url, own: HeaderMap, message: &'m HttpMessage, repeatable: bool) -> Result<Self, Why> {
        let method = Method::from_bytes(message.method.as_bytes())
            .map_err(|_| Why::from(format!("`{}` is not a method", message.method)))?;
        let mut headers = own;
        for (name, value) in &message.headers {
            set(&mut headers, name, value)?;
        }
        if let Some((content_type, _)) = &message.payload
            && !headers.contains_key(CONTENT_TYPE)
        {
            set(&mut headers, CONTENT_TYPE.as_str(), content_type)?;
        }
        Ok(Self {
            method,
            url,
            headers,
            body: message.payload.as_ref().map(|(_, body)| Cow::from(body.as_slice())),
            message,
            jar: None,
            keeps_cookies: false,
            signer: None,
            is_spoilt: false,
            repeatable,
            is_elsewhere: false,
        })
    }

    /// Puts credentials onto it, the last thing that happens before it is sent: a kind that signs method, address and body
    /// finds all of them here. `fixed` are the fields that never change, `carried` what was fetched. A field that the message
    /// brings replaces that of the credentials, since it proves that the account itself can log in; an `Authorization`
    /// replaces all of them.
    pub(super) fn sign(&mut self, message: &HttpMessage, fixed: &HeaderMap, carried: &Carried) -> Result<(), Why> {
        for (name, value) in &carried.query {
            self.url.query_pairs_mut().append_pair(name, value.expose());
        }
        if self.headers.contains_key(AUTHORIZATION) {
            return Ok(());
        }
        self.jar.clone_from(&carried.jar);
        self.merge(&carried.json);
        let brings = |name: &str| message.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        for (name, value) in fixed {
            if !brings(name.as_str()) {
                self.headers.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &carried.headers {
            if !brings(name) {
                set(&mut self.headers, name, value.expose())?;
            }
        }
        Ok(())
    }

    /// Merges keys into a body of JSON, whose own come first.
    fn merge(&mut self, keys: &[(String, Value)]) {
        let Some(body) = self.body.as_ref().filter(|_| !keys.is_empty()) else {
            return;
        };
        if let Ok(Value::Object(own)) = serde_json::from_slice(body) {
            let merged = below(keys.iter().cloned().collect(), own);
            self.body = Some(Cow::from(Value::Object(merged).to_string().into_bytes()));
        }
    }

    /// The address and the fields with which it goes there at this moment: with its cookies, and signed. The moment is that of
    /// this try, so that none is sent with a signature of an earlier one.
    pub(super) fn dispatch(&self, url: &Url, now: Timestamp) -> Result<Unsigned<'_>, Why> {
        let mut request = Unsigned {
            method: &self.method,
            url: url.clone(),
            headers: self.headers.clone(),
            body: self.body.as_deref().unwrap_or_default(),
            message: self.message,
        };
        if let Some(cookies) = self.jar.as_ref().and_then(|jar| jar.field(url))
            && !self.headers.contains_key(COOKIE)
        {
            let cookies = cookies.expose();
            let field = if self.is_spoilt {
                spoilt(cookies)
            } else {
                cookies.to_owned()
            };
            set(&mut request.headers, COOKIE.as_str(), &field)?;
        }
        if let Some(signer) = self.signer {
            signer.sign(&mut request, now, self.is_spoilt)?;
        }
        Ok(request)
    }

    /// Takes off whatever would let it in: the credentials' fields, and those of the service that look like some.
    pub(super) fn strip(&mut self, own: &HeaderMap, fixed: &HeaderMap) {
        let own = own.keys().filter(|name| lets_in(name.as_str()));
        for name in fixed.keys().chain(own) {
            self.headers.remove(name);
        }
        self.headers.remove(AUTHORIZATION);
    }

    /// Puts something wrong into whatever lets it in, and leaves its form.
    pub(super) fn spoil(&mut self, own: &HeaderMap, fixed: &HeaderMap, carried: &Carried) {
        self.is_spoilt = true;
        if !carried.json.is_empty()
            && let Some(Ok(Value::Object(mut body))) = self.body.as_ref().map(|body| serde_json::from_slice(body))
        {
            for (name, value) in &carried.json {
                if body.get(name) == Some(value) {
                    body.insert(name.clone(), spoilt_json(value));
                }
            }
            self.body = Some(Cow::from(Value::Object(body).to_string().into_bytes()));
        }
        let own = own.keys().filter(|name| lets_in(name.as_str())).cloned();
        let fetched = carried.headers.iter();
        let fetched = fetched.filter_map(|(name, _)| HeaderName::from_bytes(name.as_bytes()).ok());
        let mut names: Vec<HeaderName> = fixed.keys().cloned().chain(own).chain(fetched).collect();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        for name in names {
            let value = self.headers.get(&name).and_then(|value| value.to_str().ok());
            let spoilt = value.and_then(|value| HeaderValue::from_str(&spoilt_field(value)).ok());
            if let Some(mut spoilt) = spoilt {
                spoilt.set_sensitive(true);
                self.headers.insert(name, spoilt);
            }
        }
        let is_ours = |name: &str| carried.query.iter().any(|(ours, _)| ours == name);
        if !carried.query.is_empty() {
            let pairs: Vec<(String, String)> = self.url.query_pairs().into_owned().collect();
            let spoil = |(name, value): (String, String)| {
                let value = if is_ours(&name) { spoilt(&value) } else { value };
                (name, value)
            };
            self.url
                .query_pairs_mut()
                .clear()
                .extend_pairs(pairs.into_iter().map(spoil));
        }
    }

    /// Does it ask for the connection to be closed after the answer?
    pub(super) fn closes(&self) -> bool {
        let mut fields = self.headers.get_all(CONNECTION).iter();
        fields.any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
    }
}

/// A map with what another has on top of it.
fn below(mut base: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in over {
        let value = match (base.remove(&name), value) {
            (Some(Value::Object(base)), Value::Object(over)) => Value::Object(below(base, over)),
            (_, value) => value,
        };
        base.insert(name, value);
    }
    base
}

fn spoilt_json(value: &Value) -> Value {
    match value {
        Value::String(text) => spoilt(text).into(),
        Value::Array(items) => items.iter().map(spoilt_json).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), spoilt_json(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Sets a header field. A value that can't stand in one is refused before anything is sent; the value itself is not shown.
pub(super) fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Why> {
    let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a valid header name"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        let what = if value.contains(['\n', '\r']) {
            "a line break"
        } else {
            "a control character"
        };
        Why::hinted(
            format!("the value of the header `{name}` has {what}"),
            "check the variable that it comes from: a secret that is pasted often ends in a line break",
        )
    })?;
    value.set_sensitive(true);
    headers.insert(field, value);
    Ok(())
}
