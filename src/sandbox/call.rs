//! One request as the sandbox understands it: which service, which path, what it bears.
//!
//! Reading only; nothing is decided here. Requests are foreign text, so every part of one may be missing or nonsense.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

use super::fault::{Fault, PathKind};

/// What a path inside a service stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Accounts,
    Account(String),
    Me,
    Health,
    Unknown,
}

/// One request, read whole.
#[derive(Debug)]
pub(super) struct Call {
    /// Its place among all requests of the sandbox, from 1.
    pub(super) n: u64,
    /// When it came, since the start of the sandbox.
    pub(super) came: Duration,
    pub(super) method: Method,
    pub(super) target: Resource,
    /// The path and query inside the service, as they came.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    /// The body, where it is JSON.
    pub(super) json: Option<Value>,
}

/// What an `Authorization` header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presented {
    None,
    Basic { user: String, password: String },
    Bearer(String),
}

/// Splits `/SERVICE/REST`. The rest keeps its slash and its query and is cut to a length that a log line can bear.
pub(super) fn split_service(uri: &Uri) -> Option<(&str, String)> {
    let (service, rest) = uri.path().strip_prefix('/')?.split_once('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((service, format!("/{rest}{query}").chars().take(300).collect()))
}

impl Call {
    pub(super) fn new(n: u64, came: Duration, path: String, parts: Parts, body: &[u8]) -> Self {
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        Self {
            n,
            came,
            target: target(parts.uri.path()),
            method: parts.method,
            path,
            query,
            headers: parts.headers,
            json: serde_json::from_slice(body).ok(),
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn credentials(&self) -> Presented {
        let Some(text) = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return Presented::None;
        };
        let Some((scheme, rest)) = text.split_once(' ') else {
            return Presented::None;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return Presented::Bearer(rest.trim().to_owned());
        }
        let pair = STANDARD
            .decode(rest.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((user, password)) if scheme.eq_ignore_ascii_case("basic") => Presented::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            },
            _ => Presented::None,
        }
    }

    /// The user name that the request itself shows: of a create or a change its body's, of a look-up its query's.
    pub(super) fn username(&self) -> Option<&str> {
        self.json
            .as_ref()
            .and_then(|json| json.get("username"))
            .and_then(Value::as_str)
            .or_else(|| self.parameter("username"))
    }

    /// Whether `fault` is about this request to `service`, which concerns the account of `username`.
    pub(super) fn is_meant_by(&self, fault: &Fault, service: &str, username: Option<&str>) -> bool {
        fault.service.as_deref().is_none_or(|wanted| wanted == service)
            && fault.method.as_ref().is_none_or(|wanted| *wanted == self.method)
            && self.is_on(fault.path)
            && fault
                .username
                .as_deref()
                .is_none_or(|text| username.is_some_and(|name| name.contains(text)))
    }

    fn is_on(&self, path: PathKind) -> bool {
        let is_find = self.target == Resource::Accounts && self.parameter("username").is_some();
        match path {
            PathKind::AccountPaths => matches!(self.target, Resource::Accounts | Resource::Account(_)),
            PathKind::Accounts => self.target == Resource::Accounts && !is_find,
            PathKind::Find => is_find,
            PathKind::Account => matches!(self.target, Resource::Account(_)),
            PathKind::Me => self.target == Resource::Me,
            PathKind::Health => self.target == Resource::Health,
            PathKind::Any => true,
        }
    }
}

fn target(path: &str) -> Resource {
    let mut segments = path.split('/').skip(2);
    match (segments.next(), segments.next(), segments.next()) {
        (Some("accounts"), None, None) => Resource::Accounts,
        (Some("accounts"), Some(id), None) if !id.is_empty() => {
            Resource::Account(percent_decode_str(id).decode_utf8_lossy().into_owned())
        }
        (Some("me"), None, None) => Resource::Me,
        (Some("health"), None, None) => Resource::Health,
        _ => Resource::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: Method, uri: &str, authorization: &str) -> Call {
        let (parts, ()) = hyper::Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, authorization)
            .body(())
            .unwrap()
            .into_parts();
        Call::new(1, Duration::ZERO, String::new(), parts, b"")
    }

    #[test]
    fn a_path_is_a_service_and_a_target() {
        let cases = [
            ("/users/accounts", Resource::Accounts),
            ("/users/accounts/a%2Fb", Resource::Account("a/b".into())),
            ("/users/accounts/", Resource::Unknown),
            ("/users/accounts/a/b", Resource::Unknown),
            ("/users/me", Resource::Me),
            ("/users/health", Resource::Health),
            ("/users/else", Resource::Unknown),
        ];
        for (path, expected) in cases {
            assert_eq!(target(path), expected, "{path}");
        }
        let uri: Uri = "/users/accounts?username=bob".parse().unwrap();
        assert_eq!(split_service(&uri), Some(("users", "/accounts?username=bob".into())));
        assert_eq!(split_service(&"/users".parse().unwrap()), None);
    }

    #[test]
    fn credentials_are_read_and_nonsense_is_none() {
        let basic = Presented::Basic {
            user: "qa".into(),
            password: "p:w".into(),
        };
        assert_eq!(call(Method::GET, "/u/me", "Basic cWE6cDp3").credentials(), basic);
        assert_eq!(
            call(Method::GET, "/u/me", "bearer abc").credentials(),
            Presented::Bearer("abc".into())
        );
        for nonsense in ["", "Basic", "Basic ???", "Basic cWE=", "Digest cWE6cDp3"] {
            assert_eq!(
                call(Method::GET, "/u/me", nonsense).credentials(),
                Presented::None,
                "{nonsense}"
            );
        }
    }

    #[test]
    fn a_fault_means_the_requests_that_it_names() {
        let meant = |line: &str, method: Method, uri: &str| {
            let call = call(method, uri, "");
            call.is_meant_by(&line.parse().unwrap(), "users", call.username())
        };
        assert!(meant(
            "users GET find 1 drop",
            Method::GET,
            "/users/accounts?username=bob"
        ));
        assert!(!meant("users GET find 1 drop", Method::GET, "/users/accounts?limit=2"));
        assert!(!meant(
            "users GET accounts 1 drop",
            Method::GET,
            "/users/accounts?username=bob"
        ));
        assert!(meant("* * @bo 1 drop", Method::GET, "/users/accounts?username=bob"));
        assert!(!meant("* * @al 1 drop", Method::GET, "/users/accounts?username=bob"));
        assert!(!meant("orders GET 1 drop", Method::GET, "/users/accounts"));
        assert!(!meant("users GET 1 drop", Method::GET, "/users/health"));
        assert!(meant("users GET any 1 drop", Method::GET, "/users/health"));
        assert!(meant(
            "users DELETE account 1 drop",
            Method::DELETE,
            "/users/accounts/x"
        ));
    }
}
