//! How requests to a service prove who they are.

mod decode;

use std::time::Duration;

use super::request::Request;
use crate::language::{Expression, Template};

pub(super) use decode::auth;

/// How requests prove who they are. An `Authorization` header of a request stands in its place.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// RFC 7617.
    Basic {
        /// The user.
        username: Template,
        /// The password.
        password: Template,
    },
    /// RFC 6750.
    Bearer(Template),
    /// Header fields with secret values.
    Header(Vec<(String, Template)>),
    /// A token of RFC 6749, sent as RFC 6750 says.
    OAuth2(Box<OAuth2>),
    /// What the answer to a request of the service's own gives.
    Login(Box<Login>),
    /// The ID token of a job on GitHub, as a bearer token or exchanged for one.
    GithubOidc {
        /// Whom the token is for; without it the service's own origin.
        audience: Option<Template>,
        /// Where the ID token is exchanged for the one that is sent.
        exchange: Option<Exchange>,
    },
}

/// A token of RFC 6749.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// The whole address of the token endpoint.
    pub token_url: Template,
    /// Which grant is asked for.
    pub grant: Grant,
    /// The client.
    pub client_id: Template,
    /// Its secret; a public client has none.
    pub client_secret: Option<Template>,
    /// The user; there if and only if the grant is `password`.
    pub username: Option<Template>,
    /// The user's password; there if and only if the grant is `password`.
    pub password: Option<Template>,
    /// Section 3.3, separated by spaces.
    pub scope: Option<Template>,
    /// Whom the token is for, where the server asks (Auth0 does).
    pub audience: Option<Template>,
    /// Further fields of the token request.
    pub params: Vec<(String, Template)>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
}

/// A grant of RFC 6749.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Section 4.4.
    ClientCredentials,
    /// Section 4.3.
    Password,
}

/// How a client proves itself at the token endpoint: RFC 6749, section 2.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In an `Authorization` header; the default of a client with a secret.
    Basic,
    /// As fields of the token request; the default of a client without a secret.
    Body,
}

/// A log-in at the service itself.
#[derive(Clone, Debug)]
pub struct Login {
    /// The request, which carries no credentials but its own. It sees `env`, `run`, `service` and `with`.
    pub request: Request,
    /// Header fields of every later request. They see `capture` too: what the log-in's answer gave.
    pub use_headers: Vec<(String, Template)>,
    /// Query parameters of every later request, which see the same.
    pub use_query: Vec<(String, Template)>,
    /// How long it holds; without it until an answer says 401.
    pub expires_in: Option<Expiry>,
}

/// How long a log-in holds.
#[derive(Clone, Debug)]
pub enum Expiry {
    /// So long after the answer; never nothing.
    After(Duration),
    /// As many seconds after the answer as this gives over it.
    Expression(Expression),
}

/// An exchange of tokens: RFC 8693.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The whole address of the token endpoint.
    pub token_url: Template,
    /// Further fields of the token request, which may replace those that are always sent.
    pub params: Vec<(String, Template)>,
}
