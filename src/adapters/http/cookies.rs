//! The cookies that a log-in's answers set: RFC 6265.

use std::cell::RefCell;

use cookie_store::CookieStore;
use reqwest::Url;
use reqwest::header::{HeaderMap, SET_COOKIE};

use crate::domain::secret::Secret;

/// A shorter value is a setting such as a language, and no secret.
const SECRET_MIN: usize = 8;

/// The cookies of one service. One that is for another host is not taken, and a `Secure` one goes over https or to this
/// machine alone, as browsers have it.
#[derive(Default)]
pub(super) struct CookieJar(RefCell<CookieStore>);

impl CookieJar {
    /// Takes the cookies that an answer from this address sets. What is none is ignored.
    pub(super) fn learn(&self, from: &Url, headers: &HeaderMap) {
        let mut store = self.0.borrow_mut();
        for field in headers.get_all(SET_COOKIE) {
            if let Ok(text) = field.to_str() {
                // What is wrong with a cookie that a service sets is nobody's business here.
                store.parse(text, from).ok();
            }
        }
    }

    /// The field that carries those for an address.
    pub(super) fn field(&self, to: &Url) -> Option<Secret> {
        let store = self.0.borrow();
        let mut pairs: Vec<String> = store
            .get_request_values(to)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.sort_unstable();
        (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
    }

    /// Are there none?
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().iter_unexpired().next().is_none()
    }

    /// The values of those that may let somebody in.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let store = self.0.borrow();
        store
            .iter_unexpired()
            .map(|cookie| cookie.value())
            .filter(|value| value.len() >= SECRET_MIN)
            .map(Secret::new)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn jar(from: &str, set: &[&str]) -> CookieJar {
        let jar = CookieJar::default();
        let mut headers = HeaderMap::new();
        for field in set {
            headers.append(SET_COOKIE, field.parse().expect("a field"));
        }
        jar.learn(&url(from), &headers);
        jar
    }

    #[test]
    fn a_cookie_goes_where_it_is_for() {
        let here = "https://api.example.com/login";
        for (from, set, to, expected) in [
            (
                here,
                &["a=1", "b=2; Path=/"][..],
                "https://api.example.com/users",
                Some("a=1; b=2"),
            ),
            (here, &["a=1; Path=/admin"], "https://api.example.com/users", None),
            (
                here,
                &["a=1; Path=/admin"],
                "https://api.example.com/admin/x",
                Some("a=1"),
            ),
            (here, &["a=1; Max-Age=0"], "https://api.example.com/", None),
            (
                here,
                &["a=1; Expires=Wed, 21-Oct-2015 07:28:00 GMT"],
                "https://api.example.com/",
                None,
            ),
            (here, &["a=1", "a=2"], "https://api.example.com/", Some("a=2")),
            // Of another host, and of the whole domain.
            (here, &["a=1; Domain=example.org"], "https://api.example.com/", None),
            (
                here,
                &["a=1; Domain=example.com"],
                "https://api.example.com/",
                Some("a=1"),
            ),
            (here, &["a=1"], "https://other.example.com/", None),
            // Never in the clear, but on this machine.
            (here, &["a=1; Secure"], "http://api.example.com/", None),
            (here, &["a=1; Secure"], "https://api.example.com/", Some("a=1")),
            (
                "http://127.0.0.1:1/",
                &["a=1; Secure"],
                "http://127.0.0.1:1/",
                Some("a=1"),
            ),
            (here, &["nothing", "=", ""], "https://api.example.com/", None),
        ] {
            let field = jar(from, set).field(&url(to));
            assert_eq!(field.as_ref().map(Secret::expose), expected, "{set:?} to {to}");
        }
    }

    #[test]
    fn what_is_long_enough_is_a_secret() {
        let secrets = jar("https://a.test/", &["sid=0123456789abcdef", "lang=de"]).secrets();
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["0123456789abcdef"]);
    }
}
